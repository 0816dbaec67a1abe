"""Composition of what is told about our own plant. Loaded only where ``[publish]`` asks for it."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

from agent.gateway.latest import Latest
from agent.publish.config import PublishSettings
from agent.publish.dashboard import Dashboard
from agent.publish.home_assistant import Topics
from agent.publish.plant import Plant, plant
from agent.publish.speaker import Speaker
from agent.publish.teller import Teller
from wire.clock import Clock


async def run(
    settings: PublishSettings, site: str, site_name: str, latest: Latest, clock: Clock
) -> None:
    """Tell what `latest` knows until cancelled; a broker that is not there is tried again."""

    def look() -> Plant:
        return plant(latest.status, clock.now_us())

    # A name of our own that lasts: a broker then ends our old connection before the new one begins.
    place = settings.place(site)
    async with asyncio.TaskGroup() as tasks:
        for name, teller in _tellers(settings, site, site_name):
            own = replace(place, client_id=f"{place.client_id}-{name}")
            speaker = Speaker(name, own, teller, look, clock)
            tasks.create_task(speaker.run(), name=f"publish {name}")


def _tellers(settings: PublishSettings, site: str, site_name: str) -> Iterator[tuple[str, Teller]]:
    """Yield every manner of telling with its name; each has a connection, for it has a will."""
    if settings.sparkplug:
        from agent.publish.sparkplug import EdgeNode  # a library that plain topics do not need
        from drivers.mqtt.sparkplug.topic import Node

        yield "sparkplug", EdgeNode(Node(settings.group, settings.node or site))
    if settings.home_assistant:
        topics = Topics(settings.prefix, site, settings.discovery_prefix)
        yield "topics", Dashboard(topics, site_name or site)
