"""A venue that is told orders in a few words, for worked examples: MW in tenths, EUR in ticks."""

from dataclasses import dataclass, field, replace

from cloud.exchange.facts import Ended, Fact, Traded
from cloud.exchange.matching.codes import Ending, Execution, Kind, SelfTrade, Side, State, Validity
from cloud.exchange.matching.order import Owner
from cloud.exchange.venue.answers import Answer
from cloud.exchange.venue.commands import Command, Entry, Modification, Switch
from cloud.exchange.venue.venue import Venue
from cloud.market.contracts import Contract
from tests.support.exchange import NOON_US, RULE
from wire.clock import QUARTER_HOUR_US

BUY, SELL = Side.BUY, Side.SELL
OPENS_US = NOON_US - 86_400_000_000
TENTHS = replace(RULE, step_kw=100, quantity_kw_max=999_000)


def quarter(number: int = 0, *, market: str = "AT", closes_us: int | None = None) -> Contract:
    """Return the quarter-hour of this number from noon on; it opens a day before noon."""
    start_us = NOON_US + number * QUARTER_HOUR_US
    return Contract(
        market=market,
        area="AT",
        start_us=start_us,
        end_us=start_us + QUARTER_HOUR_US,
        opens_us=OPENS_US,
        closes_us=start_us - 300_000_000 if closes_us is None else closes_us,
        rule=TENTHS,
    )


def block(*parts: Contract) -> Contract:
    """Return the range of these contracts."""
    closes_us = min(part.closes_us for part in parts)
    end_us = parts[-1].end_us
    return replace(parts[0], end_us=end_us, closes_us=closes_us, product="BLOCK", parts=parts)


@dataclass
class Pit:
    """A venue, and what its last message led to."""

    venue: Venue = field(default_factory=Venue)
    at_us: int = OPENS_US
    step_us: int = 1
    """How far the clock goes with each message."""
    owners: dict[str, Owner] = field(default_factory=dict)
    facts: list[Fact] = field(default_factory=list)
    """Of the last message."""
    past: list[Fact] = field(default_factory=list)
    """Of all messages."""

    def owner(self, account: str, policy: SelfTrade = SelfTrade.CANCEL_NEWEST) -> Owner:
        """Return the one owner of an account, who keeps the policy that he is first given."""
        if account not in self.owners:
            owner = Owner(len(self.owners) + 1, account)
            owner.self_trade = policy
            self.owners[account] = owner
        return self.owners[account]

    def give(self, command: Command) -> Answer:
        """Let the venue handle a command; return its last answer."""
        self.at_us += self.step_us
        self.facts = self.venue.handle(command, self.at_us)
        self.past += self.facts
        answers = self.venue.answers()
        return answers[-1]

    def entry(
        self,
        account: str,
        side: Side,
        price_ticks: int | None,
        steps: int,
        execution: Execution = Execution.NON,
        *,
        of: Contract | None = None,
        show: int = 0,
        delta: int = 0,
        until_us: int = 0,
        asleep: bool = False,
        client_order_id: str = "",
    ) -> Entry:
        of = of or quarter()
        validity = Validity.GTD if until_us else Validity.GFS
        if execution in (Execution.FOK, Execution.IOC):
            validity = Validity.NON
        return Entry(
            owner=self.owner(account),
            contract=of,
            side=side,
            price_ticks=price_ticks,
            quantity_steps=steps,
            kind=Kind.BLOCK if of.parts else Kind.ICEBERG if show else Kind.LIMIT,
            execution=execution,
            validity=validity,
            valid_until_us=until_us,
            state=State.HIBERNATED if asleep else State.ACTIVE,
            display_steps=show,
            delta_ticks=delta,
            client_order_id=client_order_id,
        )

    def enter(
        self,
        account: str,
        side: Side,
        price_ticks: int | None,
        steps: int,
        execution: Execution = Execution.NON,
        *,
        of: Contract | None = None,
        show: int = 0,
        delta: int = 0,
        until_us: int = 0,
        asleep: bool = False,
        client_order_id: str = "",
    ) -> Answer:
        entry = self.entry(
            account,
            side,
            price_ticks,
            steps,
            execution,
            of=of,
            show=show,
            delta=delta,
            until_us=until_us,
            asleep=asleep,
            client_order_id=client_order_id,
        )
        return self.give(entry)

    def change(
        self,
        order: Answer,
        account: str,
        *,
        price_ticks: int | None = None,
        steps: int | None = None,
    ) -> Answer:
        """Change an order as it was last answered."""
        return self.give(
            Modification(
                account=account,
                order_id=order.order_id,
                revision=order.revision,
                price_ticks=price_ticks,
                quantity_steps=steps,
            )
        )

    def switch(self, order: Answer, account: str, to: State) -> Answer:
        """Delete, hibernate or activate an order as it was last answered."""
        return self.give(
            Switch(account=account, order_id=order.order_id, to=to, revision=order.revision)
        )

    @property
    def fills(self) -> list[tuple[int, int]]:
        """Steps and ticks of the trades of the last message."""
        return [(f.quantity_steps, f.price_ticks) for f in self.facts if isinstance(f, Traded)]

    @property
    def endings(self) -> dict[int, Ending]:
        """Why orders ended that did not fill, in the last message."""
        return {f.order_id: f.ending for f in self.facts if isinstance(f, Ended)}

    def book(self, of: Contract | None = None) -> list[tuple[int, int, int, int]]:
        """Return number, ticks, shown and hidden steps of what rests, in priority."""
        of = of or quarter()
        stall = self.venue.desk.numbers.get((of.market, of.start_us, of.end_us))
        if stall is None:
            return []
        return [
            (o.order_id, o.price_ticks, o.open_steps, o.hidden_steps)
            for o in stall.book.in_priority()
        ]
