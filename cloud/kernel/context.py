"""What every route and background task of the hub is handed."""

from dataclasses import dataclass, field
from typing import Annotated, TypeVar, cast

from fastapi import Depends
from starlette.requests import HTTPConnection

from cloud.kernel.bus import Bus
from cloud.kernel.database import Database
from cloud.kernel.sessions import Sessions
from cloud.settings import HubSettings
from wire.clock import Clock

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Hub:
    """Made once by the composition root; `app.state.hub` of the application."""

    settings: HubSettings
    clock: Clock
    database: Database
    sessions: Sessions
    bus: Bus = field(default_factory=Bus)
    _services: dict[type, object] = field(default_factory=dict)

    def provide(self, service: object) -> None:
        """Keep a feature's running service for its own routes, one of each type."""
        self._services[type(service)] = service

    def service(self, kind: type[T]) -> T:
        """Return the running service of this type; a missing one is a programmer's error."""
        return cast("T", self._services[kind])


def hub_of(connection: HTTPConnection) -> Hub:
    """Return the hub that serves this request or socket."""
    return cast("Hub", connection.app.state.hub)


async def _hub_here(connection: HTTPConnection) -> Hub:
    """As a coroutine, for one that is not would be run in a thread each time."""
    return hub_of(connection)


HubHere = Annotated[Hub, Depends(_hub_here)]
"""The type of a route's parameter that wants the hub."""
