"""Two acts of a few lines: a newer key, and an alarm that somebody at the hub has seen."""

from dataclasses import dataclass

from agent.enrol.credentials import CredentialStore, CredentialsUnusable
from agent.gateway.alarms import Alarms
from agent.gateway.errors import BufferBlocked, HubRefused, HubUnreachable
from agent.gateway.executor import ActFailed
from agent.gateway.hub import Hub
from agent.gateway.lease import Lease
from wire.order import AcknowledgeOrder


@dataclass(slots=True)
class RotateKey:
    """Fetches a newer key; from then on it signs, and the first answer to it ends the older one."""

    hub: Hub
    keys: CredentialStore

    async def memo(self) -> str:
        return self.keys.keys()[0].key_id

    async def begin(self, lease: Lease) -> str:
        try:
            key_id = await self.keys.rotate(self.hub.new_key)
        except (HubUnreachable, HubRefused, CredentialsUnusable) as error:
            raise ActFailed(f"the older key stays: {error}") from error
        return f"key {key_id} signs"

    async def resume(self, lease: Lease) -> str:
        """A key that reached the disk before the interruption is in use."""
        newest = self.keys.keys()[0].key_id
        if newest == lease.memo:
            raise ActFailed("interrupted; the older key stays")
        return f"key {newest} signs"


@dataclass(slots=True)
class Acknowledge:
    """Notes at the alarm who has seen it; done twice it changes nothing."""

    alarms: Alarms

    async def memo(self) -> str:
        return ""

    async def begin(self, lease: Lease) -> str:
        assert lease.command is not None, "a command without content is never begun"
        order = lease.command.order
        assert isinstance(order, AcknowledgeOrder), "acts are chosen by their kind"
        try:
            alarm = await self.alarms.acknowledge(order.alarm, order.who, order.note, order.at_us)
        except KeyError:
            raise ActFailed(f"there is no alarm {order.alarm}") from None
        except BufferBlocked as error:
            raise ActFailed(f"it could not be written: {error}") from error
        return f"{alarm.source} {alarm.code} is acknowledged by {alarm.acked_by}"

    async def resume(self, lease: Lease) -> str:
        return await self.begin(lease)
