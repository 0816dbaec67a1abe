"""An MQTT broker of our own, for simulated devices where no other is at hand. Not for production.

The only file that imports amqtt. It speaks MQTT 3.1.1 and lets everybody in.
"""

import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from amqtt.broker import Broker
from amqtt.contexts import BrokerConfig, ListenerConfig
from amqtt.errors import BrokerError

_OPEN = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}

for _name in ("amqtt", "transitions"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)


@asynccontextmanager
async def serving(host: str, port: int) -> AsyncIterator[int]:
    """Run a broker until the block ends; port 0 takes a free one, and the value is the port.

    Raises:
        OSError: the port is taken.
    """
    with socket.create_server((host, port)) as probe:
        bound: int = probe.getsockname()[1]
    listener = ListenerConfig(bind=f"{host}:{bound}")
    broker = Broker(config=BrokerConfig(listeners={"default": listener}, plugins=dict(_OPEN)))
    try:
        await broker.start()
    except BrokerError as error:
        raise OSError(0, str(error)) from error
    try:
        yield bound
    finally:
        await broker.shutdown()
