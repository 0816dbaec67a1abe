"""A device behind an OPC UA server that also takes power."""

import asyncio
import math

from drivers.errors import DeviceRefused, DeviceUnreachable, ProfileError
from drivers.opcua.client import Lost
from drivers.opcua.device import OpcUaDevice, Session
from drivers.opcua.gate import Gate
from drivers.opcua.profile import Control, Item, OpcUaProfile, Order
from drivers.opcua.translate import Node
from wire.clock import Clock

_SAME = 1e-6
"""Relative; a number comes back from 32 bits."""


class OpcUaInverter(OpcUaDevice):
    """A device that also takes power: a `drivers.base.PowerSetter`."""

    def __init__(
        self, device: str, profile: OpcUaProfile, control: Control, access: Gate, clock: Clock
    ) -> None:
        super().__init__(device, profile, access, clock)
        self._control = control
        self._taken: Session | None = None
        self._enabled_s = -math.inf
        self._count = 0

    @property
    def refresh_s(self) -> float:
        return self._control.refresh_s

    @property
    def power_share_max(self) -> float:
        return self.profile.power_share_max

    async def take_over(self) -> None:
        """See `drivers.base.PowerSetter`."""
        session = self._up()
        self._taken, self._enabled_s = None, -math.inf
        for order in self._control.settings:
            if not await self._holds(session, order):
                await self._write(session, order)
                if not await self._holds(session, order):
                    raise DeviceRefused(
                        f"{order.item.tag.name}: {order.value:g} was written, but is not kept"
                    )
        self._taken = session

    async def write_power_kw(self, power_kw: float) -> None:
        """See `drivers.base.PowerSetter`; takes over first after every new connection.

        Raises:
            DeviceUnreachable: whether the server took the value is not known.
            DeviceRefused: the server said no.
            ProfileError: the setpoint's node cannot carry the value.
        """
        session, control = self._up(), self._control
        if self._taken is not session:
            await self.take_over()
        await self._write(session, Order(control.setpoint, power_kw))
        now_s = asyncio.get_running_loop().time()
        if control.enable is not None and now_s >= self._enabled_s + self.refresh_s:
            await self._write(session, control.enable)
            self._enabled_s = now_s
        if control.counter is not None:
            self._count = (self._count + control.counter.increment) % control.counter.wrap
            await self._write(session, Order(control.counter.item, float(self._count)))

    async def _holds(self, session: Session, order: Order) -> bool:
        """Say whether the server has this value already."""
        node = self._node(session, order.item)
        try:
            (sample,) = await session.connection.read([node])
        except Lost as error:
            raise DeviceUnreachable(f"{self.access.url}: {error}") from error
        wanted = order.item.tag.raw(order.value)
        held = sample.value
        return isinstance(held, float) and math.isclose(held, wanted, rel_tol=_SAME, abs_tol=_SAME)

    async def _write(self, session: Session, order: Order) -> None:
        tag = order.item.tag
        node = self._node(session, order.item)
        raw = tag.raw(order.value)
        if tag.value(raw) is None:
            raise ProfileError(
                f"{tag.name}: {order.value:g} is not allowed; {tag.low} to {tag.high} is expected"
            )
        try:
            refusal = await session.connection.write(node, raw, session.types[tag.name])
        except Lost as error:
            raise DeviceUnreachable(f"{self.access.url}: {error}") from error
        except ValueError as error:
            raise ProfileError(f"{tag.name}: {error}") from error
        if refusal:
            raise DeviceRefused(f"{tag.name}: the server refused {order.value:g}: {refusal}")

    def _node(self, session: Session, item: Item) -> Node:
        node = session.nodes.get(self.profile.items.index(item))
        if node is None:
            raise DeviceRefused(f"{item.tag.name}: the server has no node {item.address}")
        return node

    def _up(self) -> Session:
        if self.session is None:
            raise DeviceUnreachable(self.why)
        return self.session
