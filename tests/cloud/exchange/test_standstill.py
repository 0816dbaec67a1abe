"""cloud.exchange.standstill: markets pause when their data say so; operators keep their halts."""

from datetime import UTC, datetime

from cloud.exchange.standstill import BY, Standstills
from cloud.exchange.venue.commands import Command, Entry, Halt
from cloud.exchange.venue.venue import Venue
from cloud.market import catalogue
from tests.support.venues import SELL, Pit
from wire.clock import SetClock, micros

CODE = "SIDC_AT_INTRADAY_15MIN"
SIDC = catalogue.known()[CODE]
DAY = micros(datetime(2026, 11, 21, tzinfo=UTC))
MINUTE_US = 60_000_000


class Floor:
    """A venue whose clock is set by hand; 14:40 in Vienna is 13:40 UTC in November."""

    def __init__(self) -> None:
        self.clock = SetClock(DAY)
        self.venue = Venue()
        desk = self.venue.desk
        self.standstills = Standstills({CODE: SIDC}, self.clock, desk.halts, self.ask)

    async def ask(self, command: Command) -> None:
        self.venue.handle(command, self.clock.at_us)

    async def at(self, hour: int, minute: int) -> str:
        """Look at this time; return who has halted the market, '' for nobody."""
        self.clock.at_us = DAY + (hour * 60 + minute) * MINUTE_US
        await self.standstills.look()
        halt = self.venue.desk.halts.get(("market", CODE))
        return "" if halt is None else halt.by

    async def halt(self, *, resume: bool = False) -> None:
        command = Halt(scope="market", value=CODE, by="anna", reason="why", resume=resume)
        await self.ask(command)

    def enter(self) -> str:
        contract = SIDC.contract(DAY + 20 * 60 * MINUTE_US)
        assert contract is not None
        owner = Pit().owner("ada")
        entry = Entry(
            owner=owner, contract=contract, side=SELL, price_ticks=5_000, quantity_steps=1
        )
        self.venue.handle(entry, self.clock.at_us)
        (answer,) = self.venue.answers()
        return answer.code or answer.state


async def test_a_market_stands_still_around_its_auction_and_then_goes_on() -> None:
    floor = Floor()
    assert (await floor.at(13, 39), floor.enter()) == ("", "ACTI")
    assert (await floor.at(13, 40), floor.enter()) == (BY, "HALTED")
    (order,) = floor.venue.desk.orders.values()
    assert order.state.value == "HIBE"
    assert (await floor.at(14, 19), floor.enter()) == (BY, "HALTED")
    assert (await floor.at(14, 20), floor.enter()) == ("", "ACTI")
    assert order.state.value == "HIBE", "whoever sleeps is woken by its owner alone"
    assert await floor.at(20, 45) == BY


async def test_a_halt_of_an_operator_outlives_the_break() -> None:
    floor = Floor()
    await floor.at(13, 30)
    await floor.halt()
    assert [await floor.at(13, 45), await floor.at(14, 30)] == ["anna", "anna"]


async def test_what_an_operator_lets_go_on_within_a_break_goes_on() -> None:
    floor = Floor()
    assert await floor.at(13, 40) == BY
    await floor.halt(resume=True)
    assert [await floor.at(13, 41), await floor.at(14, 30), await floor.at(21, 0)] == ["", "", BY]


async def test_a_hub_that_starts_after_the_break_lifts_what_it_left() -> None:
    floor = Floor()
    await floor.at(13, 40)
    floor.standstills = Standstills({CODE: SIDC}, floor.clock, floor.venue.desk.halts, floor.ask)
    assert await floor.at(15, 0) == ""
