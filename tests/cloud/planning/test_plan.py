"""cloud.planning.plan: the one place where a trade becomes power, and when that is news."""

from hypothesis import given
from hypothesis import strategies as st

from cloud.fleet.model import Site
from cloud.planning import plan
from tests.support.exchange import NOON_US
from wire import schedule as schedules
from wire.clock import QUARTER_HOUR_US

DAY_US = 24 * plan.HOUR_US


def site(fcr_kw: float = 0) -> Site:
    return Site(
        id="werk-sued", name="Werk", account="a", power_kw=100, energy_kwh=200, fcr_kw=fcr_kw
    )


def test_what_is_sold_is_discharged_and_what_is_bought_is_charged() -> None:
    later_us = NOON_US + QUARTER_HOUR_US
    made = plan.schedule(site(), {NOON_US: 30, later_us: -20}, NOON_US, DAY_US, version=7)
    assert [slot.power_kw for slot in made.slots[:3]] == [30.0, -20.0, 0.0]
    assert made.slots[0].start_us == NOON_US
    assert made.version == 7


@given(
    st.integers(0, QUARTER_HOUR_US - 1),
    st.dictionaries(st.integers(0, 95), st.integers(-100, 100)),
)
def test_a_schedule_covers_its_horizon_without_gaps_and_keeps_every_trade(
    late_us: int, positions: dict[int, int]
) -> None:
    net_kw = {NOON_US + n * QUARTER_HOUR_US: power_kw for n, power_kw in positions.items()}
    made = plan.schedule(site(), net_kw, NOON_US + late_us, DAY_US, version=1)
    assert len(made.slots) == 96
    assert made.ends_us == NOON_US + DAY_US
    assert {s.start_us: s.power_kw for s in made.slots if s.power_kw} == {
        start_us: power_kw for start_us, power_kw in net_kw.items() if power_kw
    }
    assert schedules.from_document(schedules.to_document(made)) == made


def test_awarded_capacity_becomes_a_frequency_service_over_the_whole_horizon() -> None:
    made = plan.schedule(site(fcr_kw=20), {}, NOON_US, DAY_US, version=1)
    (service,) = made.services
    assert (service.product, service.capacity_kw) == ("fcr_ce", 20)
    assert (service.start_us, service.end_us) == (NOON_US, NOON_US + DAY_US)
    assert service.curve == ((-0.2, 1.0), (0.2, -1.0))
    assert plan.schedule(site(), {}, NOON_US, DAY_US, version=1).services == ()


def test_the_same_content_a_quarter_hour_later_is_no_news() -> None:
    last = plan.schedule(site(20), {NOON_US + QUARTER_HOUR_US: 5}, NOON_US, DAY_US, version=1)
    now_us = NOON_US + QUARTER_HOUR_US
    new = plan.schedule(site(20), {now_us: 5}, now_us, DAY_US, version=2)
    assert not plan.is_news(new, last, DAY_US)


def test_another_power_another_service_and_a_short_horizon_are_news() -> None:
    last = plan.schedule(site(), {}, NOON_US, DAY_US, version=1)
    assert plan.is_news(last, None, DAY_US)

    def again(net_kw: dict[int, int], fcr_kw: float, now_us: int) -> schedules.Schedule:
        return plan.schedule(site(fcr_kw), net_kw, now_us, DAY_US, version=2)

    assert plan.is_news(again({NOON_US: 1}, 0, NOON_US), last, DAY_US)
    assert plan.is_news(again({}, 10, NOON_US), last, DAY_US)
    assert not plan.is_news(again({}, 0, NOON_US + plan.REISSUE_US), last, DAY_US)
    assert plan.is_news(again({}, 0, NOON_US + plan.REISSUE_US + 1), last, DAY_US)


def test_after_a_long_silence_there_is_news() -> None:
    last = plan.schedule(site(), {}, NOON_US, DAY_US, version=1)
    new = plan.schedule(site(), {}, NOON_US + 3 * DAY_US, DAY_US, version=2)
    assert plan.is_news(new, last, DAY_US)
