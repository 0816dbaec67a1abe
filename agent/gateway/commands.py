"""The commands that the box holds: written down before anything is done, and told until heard.

The table in the buffer's file is the truth; this object mirrors it. What an executor does with a
command, it does between two calls of `change`, each of which is on the disk when it returns.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from agent.gateway import lease as leases
from agent.gateway import ledger
from agent.gateway.buffer import Buffer
from agent.gateway.errors import BufferBlocked, HubRefused, HubUnreachable
from agent.gateway.hub import Hub
from agent.gateway.lease import Change, Lease
from agent.gateway.outage import Outage
from agent.steering import Steering
from wire.command import COMMANDS_MAX, Command, CommandResult

KEPT_MAX = 500
"""Commands at their end that are remembered, against being sent again."""
KEPT_US = 7 * 86_400 * 1_000_000
"""So long at least, if the hub knows the end."""
_OUR_FAULT = {400, 404, 409, 413, 422}
"""Refusals that sending the same again would not mend."""

_logger = logging.getLogger(__name__)


class Commands:
    """See the module; `restore` comes first."""

    def __init__(self, buffer: Buffer, now_us: Callable[[], int]) -> None:
        self._buffer = buffer
        self._now_us = now_us
        self._held: dict[str, Lease] = {}
        self._turn = asyncio.Lock()
        self._news = asyncio.Condition()

    async def restore(self) -> None:
        """Read what was held before the start."""
        self._held = {one.id: one for one in await self._buffer.look_up(ledger.read_leases)}

    @property
    def held(self) -> Sequence[Lease]:
        return tuple(self._held.values())

    def of(self, identity: str) -> Lease:
        return self._held[identity]

    def steering(self) -> Steering:
        """Return what operators want of control now."""
        return leases.steering(self.held, self._now_us())

    async def take(
        self, commands: Sequence[Command], unreadable: Sequence[tuple[str, str]] = ()
    ) -> None:
        """Hold what the hub sends; what is held already is only told again.

        Raises:
            BufferBlocked: nothing was written; the hub sends them again.
        """
        async with self._turn:
            now_us = self._now_us()
            open_count = sum(not one.state.final for one in self._held.values())
            changed: dict[str, Lease] = {}
            for command in commands:
                known = changed.get(command.id) or self._held.get(command.id)
                if known is None:
                    known = leases.admitted(command, open_count, now_us)
                    open_count += not known.state.final
                    _logger.info("command %s (%s): %s", known.id, command.kind, known.result.text)
                changed[command.id] = replace(known, said=None)
            for identity, why in unreadable:
                known = self._held.get(identity) or leases.unreadable(identity, why, now_us)
                changed[identity] = replace(known, said=None)
            await self._write([one for one in changed.values() if self._held.get(one.id) != one])

    async def change(self, change: Change, memo: str | None = None) -> Lease:
        """Bring a command into a later state.

        Raises:
            BufferBlocked: it was not written, so it has not happened.
            ValueError: the state is not a later one.
        """
        async with self._turn:
            before = self._held[change.id]
            after = before.at(change.state, change.text, self._now_us(), change.read_back_kw)
            if memo is not None:
                after = replace(after, memo=memo)
            await self._write([after])
            _logger.info("command %s: %s, %s", after.id, after.state.value, after.result.text)
            return after

    async def wait(self) -> None:
        """Return when something has changed, or somebody thinks so."""
        async with self._news:
            await self._news.wait()

    async def tell(self, hub: Hub, outage: Outage) -> None:
        """Tell the hub what has become of commands, for ever, each state until it was heard."""
        while True:
            results = self._unsaid()
            if not results:
                async with self._news:
                    await self._news.wait_for(lambda: bool(self._unsaid()))
                continue
            try:
                await self._tell(hub, results)
            except (HubUnreachable, HubRefused, BufferBlocked) as error:
                await outage.failed(error)
            else:
                outage.succeeded()

    def _unsaid(self) -> list[CommandResult]:
        waiting = [one for one in self._held.values() if one.unsaid]
        waiting.sort(key=lambda one: one.result.at_us)
        return [one.result for one in waiting[:COMMANDS_MAX]]

    async def _tell(self, hub: Hub, results: Sequence[CommandResult]) -> None:
        """Post `results`; one that the hub will never take is not told again."""
        try:
            await hub.results(results)
        except HubRefused as refused:
            if refused.status not in _OUR_FAULT:
                raise
            if len(results) > 1:
                for result in results:
                    await self._tell(hub, [result])
                return
            _logger.error("the hub does not take the result of %s: %s", results[0].id, refused)
        await self._heard(results)

    async def _heard(self, results: Sequence[CommandResult]) -> None:
        async with self._turn:
            heard = [
                replace(one, said=result.state)
                for result in results
                if (one := self._held.get(result.id)) is not None
            ]
            after = {**self._held, **{one.id: one for one in heard}}
            await self._write(heard, forget=self._forgettable(after.values()))

    def _forgettable(self, held: Collection[Lease]) -> list[str]:
        """Return the ids that need no longer be known: told, long ago, and not in force."""
        in_force = leases.newest_begun(held)
        limit_us = self._now_us() - KEPT_US
        ended = [
            one for one in held if one.state.final and not one.unsaid and one.id not in in_force
        ]
        ended.sort(key=lambda one: one.result.at_us)
        surplus = len(ended) - KEPT_MAX
        return [one.id for i, one in enumerate(ended) if i < surplus or one.result.at_us < limit_us]

    async def _write(self, changed: Sequence[Lease], forget: Sequence[str] = ()) -> None:
        if changed or forget:
            await self._buffer.append([], also=lambda database: _step(database, changed, forget))
        self._held.update({one.id: one for one in changed})
        for identity in forget:
            self._held.pop(identity, None)
        async with self._news:
            self._news.notify_all()


async def _step(database: ledger.Database, changed: Sequence[Lease], forget: Sequence[str]) -> None:
    await ledger.write_leases(database, changed)
    await ledger.forget_leases(database, forget)
