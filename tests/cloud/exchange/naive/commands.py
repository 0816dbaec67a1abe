"""Random commands: mostly sensible ones, about what lives in the naive venue."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from cloud.exchange.matching.codes import (
    Execution,
    Kind,
    Linking,
    Side,
    State,
    TradeState,
    Validity,
)
from cloud.exchange.matrix import CONTINUOUS, Codes
from cloud.exchange.venue.commands import (
    Basket,
    Command,
    Entry,
    Halt,
    Kill,
    Modification,
    MoveTrade,
    Switch,
    SwitchAll,
)
from cloud.market.contracts import Contract
from tests.cloud.exchange.naive.flows import AROUND_TICKS, some_owners
from tests.cloud.exchange.naive.recalls import NEXT
from tests.cloud.exchange.naive.venue import NaiveVenue
from tests.support.exchange import NOON_US, RULE
from wire.clock import QUARTER_HOUR_US

_RESTING = sorted(
    (c for c in CONTINUOUS.accepted if c.validity is not Validity.NON),
    key=lambda c: [code.value for code in c],
)
_AT_ONCE = sorted(
    (c for c in CONTINUOUS.accepted if c.validity is Validity.NON),
    key=lambda c: [code.value for code in c],
)
_SIDES = list(Side)
_FOK = Codes(Kind.LIMIT, Execution.FOK, Validity.NON, State.ACTIVE)


def contracts(random: Random) -> list[Contract]:
    """Return two quarter-hours, the range of both, and the hour around on another market.

    They open and close within microseconds, so that a short flow meets it all.
    """
    made: list[Contract] = []
    for number in range(2):
        start_us = NOON_US + 3_600_000_000 + number * QUARTER_HOUR_US
        closes_us = NOON_US + random.randint(40, 120) + number * 20
        made.append(_contract("QUARTER", "PT15M", start_us, QUARTER_HOUR_US, closes_us))
    closes_us = min(part.closes_us for part in made)
    first = made[0]
    block = _contract("QUARTER", "BLOCK", first.start_us, 2 * QUARTER_HOUR_US, closes_us)
    made.append(replace(block, parts=tuple(made)))
    closes_us = NOON_US + random.randint(40, 160)
    made.append(_contract("HOUR", "PT60M", first.start_us, 4 * QUARTER_HOUR_US, closes_us))
    return made


def _contract(market: str, product: str, start_us: int, long_us: int, closes_us: int) -> Contract:
    return Contract(
        market=market,
        area="AT",
        product=product,
        start_us=start_us,
        end_us=start_us + long_us,
        opens_us=NOON_US + 2,
        closes_us=closes_us,
        rule=replace(RULE, protection_ticks=1),
    )


@dataclass
class Commands:
    random: Random
    naive: NaiveVenue
    """What the commands are about."""
    at_us: int = NOON_US

    def __post_init__(self) -> None:
        self.owners = some_owners(self.random)
        self.contracts = contracts(self.random)
        self.around = self.random.choice(AROUND_TICKS)
        self.client_ids = 0
        self.makers: list[tuple[int, Callable[[], Command]]] = [
            (60, self.entry),
            (8, self.basket),
            (10, self.modification),
            (12, self.switch),
            (2, self.switch_all),
            (4, self.halt),
            (2, self.kill),
            (6, self.move),
        ]

    def next(self, at_us: int) -> Command:
        self.at_us = at_us
        weights = [weight for weight, _ in self.makers]
        _, make = self.random.choices(self.makers, weights=weights)[0]
        return make()

    def entry(self, codes: Codes | None = None) -> Entry:
        random = self.random
        if codes is None:
            codes = random.choice(_RESTING if random.random() < 0.7 else _AT_ONCE)
        side = random.choice(_SIDES)
        singles = [contract for contract in self.contracts if not contract.parts]
        ranges = [contract for contract in self.contracts if contract.parts]
        iceberg = codes.kind is Kind.ICEBERG
        delta = random.choice((0, 1, 2)) if iceberg else 0
        client_id = ""
        if random.random() < 0.1:
            self.client_ids += random.random() < 0.6
            client_id = f"own-{self.client_ids}"
        dated = codes.validity is Validity.GTD
        may_have_none = codes.kind is Kind.LIMIT and codes.validity is Validity.NON
        market_order = may_have_none and random.random() < 0.2
        return Entry(
            owner=random.choice(self.owners),
            contract=random.choice(ranges if codes.kind is Kind.BLOCK else singles),
            side=side,
            price_ticks=None if market_order else self.around + random.randint(-2, 2),
            quantity_steps=random.choice((1, 2, 3, 5, 8, 13)),
            kind=codes.kind,
            execution=codes.execution,
            validity=codes.validity,
            state=codes.state,
            valid_until_us=self.at_us + random.randint(0, 40) if dated else 0,
            display_steps=random.choice((1, 2, 4)) if iceberg else 0,
            delta_ticks=-delta if side is Side.BUY else delta,
            client_order_id=client_id,
        )

    def basket(self) -> Basket:
        linking = self.random.choice(list(Linking))
        codes = _FOK if linking is Linking.LINKED else None
        entries = [self.entry(codes) for _ in range(self.random.randint(1, 3))]
        return Basket(
            entries=tuple(replace(entry, client_order_id="") for entry in entries),
            linking=linking,
        )

    def target(self) -> tuple[str, int, int]:
        """Return account, number and revision of an order, now and then of none or a wrong one."""
        random = self.random
        number = random.randint(1, self.naive.orders + 1)
        if self.naive.lives and random.random() < 0.85:
            number = random.choice(list(self.naive.lives))
        life = self.naive.lives.get(number)
        owner = random.choice(self.owners)
        if life is None:
            return owner.account, number, 1
        if random.random() < 0.95:
            owner = life.owner
        return owner.account, number, life.revision - (random.random() < 0.1)

    def modification(self) -> Modification:
        random = self.random
        account, number, revision = self.target()
        life = self.naive.lives.get(number)
        change = Modification(account=account, order_id=number, revision=revision)
        what = random.choice(("price", "quantity", "less", "date", "text", "peak"))
        if what == "price":
            change.price_ticks = self.around + random.randint(-2, 2)
        elif what == "quantity":
            change.quantity_steps = random.choice((1, 3, 9, 20))
        elif what == "less" and life is not None:
            change.quantity_steps = max(1, life.total - random.randint(1, 4))
        elif what == "date" and life is not None and life.until_us:
            change.valid_until_us = self.at_us + random.randint(0, 40)
        elif what == "peak" and life is not None and life.paper.display:
            change.display_steps = random.choice((1, 2, 4))
        else:
            change.text = "another text"
        return change

    def switch(self) -> Switch:
        account, number, revision = self.target()
        to = self.random.choice(list(State))
        return Switch(account=account, order_id=number, to=to, revision=revision)

    def switch_all(self) -> SwitchAll:
        market = self.random.choice(("", "QUARTER", "HOUR"))
        owner = self.random.choice(self.owners)
        return SwitchAll(account=owner.account, to=self.random.choice(list(State)), market=market)

    def halt(self) -> Halt:
        contract, owner = self.random.choice(self.contracts), self.random.choice(self.owners)
        scopes = {
            "venue": "",
            "area": contract.area,
            "product": contract.product,
            "market": contract.market,
            "contract": f"{contract.market}/{contract.start_us}",
            "member": owner.member,
            "account": owner.account,
        }
        resume = bool(self.naive.halts) and self.random.random() < 0.8
        scope, value = self.random.choice(list(scopes.items()))
        if resume:
            scope, value = self.random.choice(sorted(self.naive.halts))
        return Halt(scope=scope, value=value, by="operator", reason="test", resume=resume)

    def move(self) -> MoveTrade:
        """Take a step with one of the last trades, mostly one that is possible."""
        random = self.random
        number = max(0, len(self.naive.trades) - random.randint(0, 3))
        state = self.naive.recalls.states.get(number, ("ACTI", ""))[0]
        possible = [TradeState(code) for code in NEXT[state].split()]
        to = random.choice(possible if possible and random.random() < 0.9 else list(TradeState))
        account = random.choice(self.owners).account if to is TradeState.RECALL_ASKED else ""
        by = random.choice(("one", "two"))
        return MoveTrade(trade_id=number, to=to, by=by, account=account, reason="test")

    def kill(self) -> Kill:
        release = bool(self.naive.stopped) and self.random.random() < 0.8
        account = self.random.choice(self.owners).account
        if release:
            account = self.random.choice(sorted(self.naive.stopped))
        return Kill(account=account, by="operator", reason="test", release=release)
