"""cloud.exchange.silence: what rests does not trade for a battery that nobody has heard of."""

from collections.abc import Sequence

from cloud.exchange.checks.battery import Battery
from cloud.exchange.checks.sites import Sites
from cloud.exchange.facts import Hibernated
from cloud.exchange.matching.codes import State
from cloud.exchange.matching.order import Owner
from cloud.exchange.refusals import OrderRefused
from cloud.exchange.service import Exchange
from cloud.exchange.silence import Silences
from cloud.exchange.venue.answers import Answer
from cloud.exchange.venue.commands import Command, Entry, Switch
from cloud.exchange.venue.venue import Venue
from cloud.kernel.context import Hub
from tests.support.exchange import TradingHub, body, charge, trading
from tests.support.hub import clock_of
from tests.support.venues import OPENS_US, SELL, Pit, quarter
from wire.clock import SetClock

S = 1_000_000
AGE_S, MORE_S = 900, 600
LATE = {"delivery_start": "2026-11-21T20:00:00Z", "delivery_end": None}
CODE = "SITE_SILENT"


class Floor:
    """A venue with orders of two sites, batteries that are told by hand, and a clock set so."""

    def __init__(self, silent_s: int = MORE_S) -> None:
        self.clock = SetClock(OPENS_US)
        self.pit = Pit(Venue(), at_us=OPENS_US)
        self.sites = Sites()
        self.busy = False
        self.asked: list[Command] = []
        owners = self.pit.venue.desk.owners
        self.silences = Silences(
            self.sites, owners, self.clock, self.ask, self.look_at, silent_s=silent_s
        )
        self.late: Battery | None = None
        """What is found when the site is looked at once more."""

    async def ask(self, command: Command) -> Sequence[Answer]:
        if self.busy:
            raise OrderRefused("BUSY", "4096 commands wait already")
        self.asked.append(command)
        self.pit.at_us = max(self.pit.at_us, self.clock.at_us)
        facts = self.pit.venue.handle(command, self.pit.at_us)
        self.pit.past += facts
        return self.pit.venue.answers()

    async def look_at(self, site: str) -> None:
        if self.late is not None and self.late.site == site:
            self.sites.seen(self.late)

    def battery(self, site: str, soc_pct: float | None = 50.0, at_us: int | None = None) -> Battery:
        return Battery(
            site=site,
            energy_kwh=1_000,
            charge_kw_max=1_000,
            discharge_kw_max=1_000,
            soc_pct=soc_pct,
            soc_at_us=self.clock.at_us if at_us is None else at_us,
            age_s_max=AGE_S,
        )

    def heard(self, site: str, soc_pct: float | None = 50.0) -> None:
        self.sites.seen(self.battery(site, soc_pct))

    async def enter(self, account: str, site: str) -> int:
        entry = Entry(
            owner=Owner(0, account, site=site),
            contract=quarter(),
            side=SELL,
            price_ticks=5_000,
            quantity_steps=1,
        )
        (answer,) = await self.ask(entry)
        assert answer.code == ""
        return answer.order_id

    async def after(self, seconds: int) -> str:
        """Look so much later; return the states of all orders, A(ctive) or H(ibernated)."""
        self.clock.at_us += seconds * S
        await self.silences.look()
        orders = self.pit.venue.desk.orders
        return "".join(orders[number].state.value[0] for number in sorted(orders))


async def floor_of(*sites: str, silent_s: int = MORE_S) -> Floor:
    """Return a floor where ada has an order of each site; '' is one without a battery."""
    floor = Floor(silent_s)
    for site in sites:
        if site:
            floor.heard(site)
        await floor.enter("ada", site)
    return floor


async def test_the_orders_of_a_silent_site_and_no_others_fall_asleep_after_the_time_set() -> None:
    floor = await floor_of("nord", "sued", "")
    await floor.enter("bob", "nord")
    assert await floor.after(AGE_S) == "AAAA"
    floor.heard("sued")
    assert await floor.after(MORE_S) == "AAAA"
    assert await floor.after(1) == "HAAH"
    slept = [fact for fact in floor.pit.past if isinstance(fact, Hibernated)]
    assert {(fact.by, fact.reason) for fact in slept} == {("system", CODE)}
    assert len(slept) == 2


async def test_a_silence_puts_to_sleep_once_and_ends_without_waking_anybody() -> None:
    floor = await floor_of("nord")
    assert await floor.after(AGE_S + MORE_S + 1) == "H"
    asked = len(floor.asked)
    assert await floor.after(60) == "H"
    await floor.enter("ada", "nord")  # the venue alone: what lessens what the site owes
    assert await floor.after(7_200) == "HA"
    assert len(floor.asked) == asked + 1
    floor.heard("nord")
    assert await floor.after(1) == "HA"
    await floor.ask(Switch(account="ada", order_id=1, to=State.ACTIVE, revision=2))
    assert await floor.after(1) == "AA"
    assert await floor.after(AGE_S + MORE_S) == "HH", "the next silence"


async def test_what_has_come_meanwhile_counts() -> None:
    floor = await floor_of("nord")
    floor.late = floor.battery("nord", at_us=OPENS_US + AGE_S * S)
    assert await floor.after(AGE_S + MORE_S + 1) == "A"
    assert await floor.after(AGE_S) == "H"


async def test_a_battery_that_tells_no_number_is_silent_since_its_last_one() -> None:
    floor = await floor_of("nord")
    for _ in range(5):
        assert await floor.after(300) == "A"
        floor.heard("nord", soc_pct=None)
    assert await floor.after(1) == "H"


async def test_of_a_battery_that_has_never_told_a_number_the_first_look_counts() -> None:
    floor = Floor()
    floor.heard("nord", soc_pct=None)
    await floor.enter("ada", "nord")
    assert await floor.after(7_200) == "A"
    assert await floor.after(AGE_S + MORE_S) == "A"
    assert await floor.after(1) == "H"


async def test_a_busy_venue_is_asked_again() -> None:
    floor = await floor_of("nord")
    floor.busy = True
    assert await floor.after(AGE_S + MORE_S + 1) == "A"
    floor.busy = False
    assert await floor.after(10) == "H"


async def test_a_clock_that_is_set_back_begins_anew_and_one_set_ahead_is_believed() -> None:
    floor = await floor_of("nord")
    assert await floor.after(-7_200) == "A"
    assert await floor.after(AGE_S + MORE_S) == "A"
    assert await floor.after(1) == "H"
    floor = await floor_of("nord")
    assert await floor.after(7_200) == "H"


async def test_with_a_time_of_zero_nothing_ever_falls_asleep() -> None:
    floor = await floor_of("nord", silent_s=0)
    floor.clock.at_us += 10 * 86_400 * S
    await floor.silences.run()
    assert len(floor.asked) == 1


async def test_a_replay_of_a_silence_is_equal() -> None:
    floor = await floor_of("nord", "sued", "")
    await floor.after(AGE_S + MORE_S + 1)
    again = Venue()
    again.replay(floor.pit.past)
    assert again.dump() == floor.pit.venue.dump()


async def _orders(desk: TradingHub) -> list[tuple[str, str | None]]:
    found = (await desk.werk.get("/api/v1/orders")).json()["orders"]
    return [(row["state"], row["reason"]) for row in found]


async def test_the_owner_the_supervision_and_the_metrics_are_told_of_a_silence(hub: Hub) -> None:
    async with trading(hub) as desk:
        silences = hub.service(Silences)
        for client, side, price in ((desk.werk, "SELL", 90), (desk.handel, "BUY", 70)):
            answer = await client.post("/api/orders", json=body(side, 0.0025, price, **LATE))
            assert answer.status_code == 200, answer.text
        settings = hub.settings
        clock_of(hub).at_us += (settings.soc_age_s + settings.silent_site_s) * S
        await silences.look()
        assert await _orders(desk) == [("ACTI", "")]
        clock_of(hub).at_us += 1
        await silences.look()
        assert await _orders(desk) == [("HIBE", CODE)]
        metrics = (await desk.admin.get("/metrics")).text
        assert 'pho_silenced_orders_total{site="werk-sued"}' in metrics
        assert (await desk.handel.get("/api/v1/orders")).json()["orders"][0]["state"] == "ACTI"
        path = f"/api/v1/exchange/surveillance?code={CODE}"
        (row,) = (await desk.admin.get(path)).json()["incidents"]
        assert (row["account"], row["action"]) == ("stadtwerk", "AHIB")
    async with trading(hub) as desk:
        assert await _orders(desk) == [("HIBE", CODE)], "replayed"
        (order,) = (await desk.werk.get("/api/v1/orders")).json()["orders"]
        wake = f"/api/v1/orders/{order['order_id']}/activate"
        revision = {"revision": order["revision"]}
        refused = await desk.werk.post(wake, json=revision)
        assert refused.json()["code"] == "SITE_STALE"
        await charge(hub, "werk-sued")
        await hub.service(Silences).look()
        assert await _orders(desk) == [("HIBE", CODE)]
        await hub.service(Exchange).batteries.look_at("werk-sued")
        assert (await desk.werk.post(wake, json=revision)).status_code == 200
        await hub.service(Silences).look()
        assert await _orders(desk) == [("ACTI", "")]
