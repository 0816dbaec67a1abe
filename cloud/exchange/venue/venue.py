"""The venue: one writer's whole decision, message by message. Pure.

It reads no clock and draws nothing: the writer stamps each command, and the same commands with
the same stamps, or the facts that they led to, rebuild the same venue.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cloud.exchange.facts import Fact
from cloud.exchange.venue import (
    allotment,
    baskets,
    changes,
    halts,
    modify,
    policies,
    recall,
    snapshot,
    timed,
)
from cloud.exchange.venue import entry as entries
from cloud.exchange.venue.answers import Answer
from cloud.exchange.venue.commands import (
    Allot,
    Basket,
    Command,
    Configure,
    Entry,
    Halt,
    Kill,
    Modification,
    MoveTrade,
    Switch,
    SwitchAll,
)
from cloud.exchange.venue.desk import FAR_US, Desk, Lookup
from cloud.exchange.venue.guard import Guard
from cloud.exchange.venue.profile import Profile
from cloud.exchange.venue.replay import replay
from cloud.exchange.venue.unguarded import NoGuard


class Venue:
    """Books of one or several markets, and all that lives in them."""

    __slots__ = ("desk",)

    def __init__(
        self,
        guard: Guard | None = None,
        profile: Profile | None = None,
        lookup: Lookup | None = None,
    ) -> None:
        self.desk = Desk(guard or NoGuard(), profile or Profile(), lookup)

    def handle(self, command: Command, at_us: int) -> list[Fact]:
        """Do what is due by then, then what is asked for; return all that happened."""
        desk = self.desk
        facts: list[Fact] = []
        if desk.next_us <= at_us:
            timed.advance(desk, at_us, facts)
        desk.answers.now = []
        if type(command) is Entry:
            entries.enter(desk, command, at_us, facts)
        elif type(command) is Switch:
            changes.switch(desk, command, at_us, facts)
        else:
            _DO[type(command)](desk, command, at_us, facts)
        return facts

    def replay(self, facts: Sequence[Fact]) -> None:
        """Do again what whole messages did, without the checks.

        Raises:
            ReplayDiffers: something else happens than what the facts say.
        """
        replay(self.desk, facts)

    def dump(self) -> dict[str, Any]:
        """Return the whole state as JSON has it, for a snapshot."""
        return snapshot.dump(self.desk)

    def load(self, state: dict[str, Any]) -> None:
        """Take up what `dump` returned; the venue is new.

        Raises:
            ReplayDiffers: it is of another version, or not whole.
        """
        snapshot.load(self.desk, state)

    def next_us(self) -> int | None:
        """Return when the next order expires or the next gate closes, None where none does."""
        return None if self.desk.next_us == FAR_US else self.desk.next_us

    def advance(self, at_us: int) -> list[Fact]:
        """Do what is due by then: orders expire, gates close."""
        facts: list[Fact] = []
        timed.advance(self.desk, at_us, facts)
        return facts

    def answers(self) -> list[Answer]:
        """Return what became of each command of the last message; ask before the next one."""
        return self.desk.answers.given()


_DO: Mapping[type[Command], Callable[[Desk, Any, int, list[Fact]], None]] = {
    Basket: baskets.enter,
    Modification: modify.modify,
    SwitchAll: changes.switch_all,
    Halt: halts.halt,
    Kill: halts.kill,
    MoveTrade: recall.move,
    Configure: policies.configure,
    Allot: allotment.allot,
}
