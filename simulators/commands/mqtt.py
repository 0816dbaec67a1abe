"""``phoenyra-sim mqtt``: an inverter that speaks JSON on MQTT, or Sparkplug B."""

import argparse
import os
from contextlib import AsyncExitStack
from typing import Protocol as Kind

from drivers.beside import beside
from drivers.document import Document, Protocol, open_document
from drivers.mqtt.party import Place
from simulators.arguments import Parser, number
from simulators.commands.plants import add_plant, plant_of, run
from simulators.errors import BadInput
from simulators.plant import Plant
from wire import clock
from wire.clock import Clock


class _Device(Kind):
    async def run(self) -> None: ...
    def power_up(self) -> None: ...


def add(kinds: "argparse._SubParsersAction[Parser]") -> None:
    mqtt = kinds.add_parser(
        "mqtt",
        help="a battery inverter on MQTT: JSON or Sparkplug B",
        description="Publish what a profile of MQTT or Sparkplug describes, with a battery behind"
        " it, through a broker of its own or another one. Prints one line when it can be"
        " connected to; ends with Ctrl-C.",
    )
    mqtt.set_defaults(run=_run)
    mqtt.add_argument(
        "profile",
        metavar="PROFILE",
        help="generic-mqtt, seed-mqtt, generic-sparkplug, or a .toml file",
    )
    mqtt.add_argument("--host", default="127.0.0.1", help="of the broker (%(default)s)")
    mqtt.add_argument(
        "--port",
        type=number(int, 0, 65_535),
        default=0,
        help="of the broker; 0 takes a free one for our own (%(default)s)",
    )
    mqtt.add_argument(
        "--join", action="store_true", help="connect to a broker that is there already"
    )
    mqtt.add_argument("--prefix", default="", help="what {prefix} stands for in the topics")
    mqtt.add_argument("--group", default="plant", help="of Sparkplug (%(default)s)")
    mqtt.add_argument("--node", default="edge", help="of Sparkplug (%(default)s)")
    mqtt.add_argument("--member", default="battery", help="device behind the node (%(default)s)")
    mqtt.add_argument(
        "--watchdog-s",
        type=number(float, 0, 86_400),
        default=12.0,
        help="of Sparkplug: falls back to 0 kW without a set-point for so long (%(default)s)",
    )
    add_plant(mqtt)


async def _run(options: argparse.Namespace) -> None:
    document = open_document(options.profile)
    try:
        now = clock.from_environment(os.environ)
    except ValueError as error:
        raise BadInput(str(error)) from error
    async with AsyncExitStack() as stack:
        port = await _broker(options, stack)
        place = Place(host=options.host, port=port, client_id="")
        plant = plant_of(options)
        device = _device(options, document, plant, now, place)
        await stack.enter_async_context(beside(device.run(), "device"))
        await run(options, stack, plant, f"mqtt://{options.host}:{port}", device.power_up)


async def _broker(options: argparse.Namespace, stack: AsyncExitStack) -> int:
    """Return the port of the broker, our own or another's."""
    port: int = options.port
    if options.join:
        if not port:
            raise BadInput("--port: 0 is not allowed; the broker's port is expected with --join")
        return port
    from simulators import broker  # whoever joins another one need not carry it

    try:
        return await stack.enter_async_context(broker.serving(options.host, port))
    except OSError as error:
        raise BadInput(
            f"--port: {port} on {options.host} cannot be listened on: {error.strerror}"
        ) from error


def _device(
    options: argparse.Namespace, document: Document, plant: Plant, now: Clock, place: Place
) -> _Device:
    if document.protocol is Protocol.SPARKPLUG:
        from drivers.mqtt.sparkplug import profile as sparkplug_profile
        from drivers.mqtt.sparkplug.topic import Node
        from simulators.sparkplug import EdgeNode  # protobuf, which other devices need not carry

        node = Node(options.group, options.node)
        profile = sparkplug_profile.read_profile(document)
        return EdgeNode(
            profile, node, options.member, plant, now, place, timeout_s=options.watchdog_s
        )
    from drivers.mqtt.profile import read_profile
    from simulators.mqtt_device import MqttDevice

    return MqttDevice(read_profile(document), options.prefix, plant, now, place)
