"""cloud.portfolio.service: positions are the exact sums of what was traded, by owner and period."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from cloud.kernel.database import Database
from cloud.portfolio import service
from cloud.portfolio.model import Entry, Position
from tests.support.hub import NOON_US
from wire.clock import QUARTER_HOUR_US


def entry(power_kw: int, price_ticks: int = 8_550, *, void: bool = False, **more: object) -> Entry:
    where = {"account": "werk", "site": "werk-sued", "market": "PHO", "start_us": NOON_US, **more}
    return Entry(
        account=str(where["account"]),
        site=None if where["site"] is None else str(where["site"]),
        market=str(where["market"]),
        start_us=int(str(where["start_us"])),
        power_kw=power_kw,
        energy_wh=power_kw * 250,
        price_ticks=price_ticks,
        void=void,
    )


async def apply(database: Database, *entries: Entry) -> None:
    async with database.transaction() as connection:
        await service.apply(connection, entries)


async def positions(
    database: Database, account: str | None = None, site: str | None = None
) -> list[Position]:
    async with database.reading() as connection:
        found = await service.positions(
            connection,
            account=account,
            site=site,
            from_us=NOON_US,
            to_us=NOON_US + 10 * QUARTER_HOUR_US,
        )
    return list(found)


async def test_sold_and_bought_add_up_within_and_across_transactions(database: Database) -> None:
    await apply(database, entry(30), entry(-10, 8_000))
    await apply(database, entry(5, -100))
    (position,) = await positions(database)
    assert (position.net_kw, position.sold_wh, position.bought_wh) == (25, 8_750, 2_500)
    assert position.net_wh == 6_250
    assert position.cash == 7_500 * 8_550 - 2_500 * 8_000 - 1_250 * 100


async def test_owners_periods_and_markets_are_kept_apart(database: Database) -> None:
    later = NOON_US + QUARTER_HOUR_US
    await apply(
        database,
        entry(1),
        entry(2, start_us=later),
        entry(3, market="EPEX"),
        entry(4, account="handel", site=None),
    )
    assert [p.net_kw for p in await positions(database)] == [4, 3, 1, 2]
    assert [p.net_kw for p in await positions(database, account="handel")] == [4]
    assert [p.net_kw for p in await positions(database, site="werk-sued")] == [3, 1, 2]
    async with database.reading() as connection:
        net_kw = await service.net_kw_by_site(connection, NOON_US + 1, later + 1)
    assert net_kw == {"werk-sued": {NOON_US: 4, later: 2}}


async def test_a_void_trade_is_taken_back_from_what_was_sold_bought_and_earned(
    database: Database,
) -> None:
    await apply(database, entry(30), entry(-10, 8_000))
    await apply(database, entry(30, void=True))
    (position,) = await positions(database)
    assert (position.net_kw, position.sold_wh, position.bought_wh) == (-10, 0, 2_500)
    assert position.cash == -2_500 * 8_000


async def test_cleared_positions_begin_again_with_nothing(database: Database) -> None:
    await apply(database, entry(30))
    async with database.transaction() as connection:
        await service.clear(connection)
    assert not await positions(database)
    await apply(database, entry(5))
    assert [p.net_kw for p in await positions(database)] == [5]


async def test_energy_of_many_years_and_money_of_many_millions_stay_exact(
    database: Database,
) -> None:
    await apply(database, *[entry(1_000_000, 999_999)] * 30)
    (position,) = await positions(database)
    assert position.cash == 30 * 250_000_000 * 999_999


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(-50, 50), st.integers(-999, 999))))
def test_a_sum_of_entries_does_not_depend_on_how_they_are_cut(
    trades: list[tuple[str, int, int]],
) -> None:
    sums: dict[str, Position] = defaultdict(
        lambda: Position(account="", site=None, market="", start_us=0)
    )
    for account, power_kw, price in trades:
        sums[account] = sums[account].with_entry(entry(power_kw, price))
    assert sum(p.net_kw for p in sums.values()) == sum(power_kw for _, power_kw, _ in trades)
    assert all(p.net_wh == p.net_kw * 250 for p in sums.values())
    assert sum(p.cash for p in sums.values()) == sum(kw * 250 * price for _, kw, price in trades)
