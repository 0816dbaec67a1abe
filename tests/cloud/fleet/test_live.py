"""cloud.fleet.live: who watches is told to boxes, what boxes send is shown, nothing is kept."""

from hypothesis import given
from hypothesis import strategies as st

from cloud.fleet.live import ALL, KEEP_US, WATCH_US, LiveValues, overlaid, watch_topic
from cloud.fleet.model import Newest
from cloud.kernel.bus import Bus
from wire.block import Quality, Reading
from wire.clock import SetClock
from wire.live import VALUES_MAX, WATCHED_MAX, Live

_NOON_US = 1_795_262_400_000_000
_SOC = "battery.soc_pct"


class Desk:
    """A memory, its bus and a clock that the test moves."""

    def __init__(self) -> None:
        self.clock = SetClock(_NOON_US)
        self.bus = Bus()
        self.live = LiveValues(self.bus, self.clock)

    def send(self, value: float | None, *, at_us: int | None = None, point: str = _SOC) -> None:
        at = self.clock.now_us() if at_us is None else at_us
        quality = Quality.LOST if value is None else Quality.GOOD
        reading = Reading(point, value, quality, at)
        self.live.take("a", Live(at, (("inverter", reading),)))

    def wakes(self) -> int:
        return self.bus.version(watch_topic("a"))


def _newest(value: float | None, at_us: int, sampled_us: int | None = None) -> Newest:
    return Newest(
        device="inverter",
        point=_SOC,
        value=value,
        at_us=at_us,
        quality=Quality.GOOD,
        sampled_us=at_us if sampled_us is None else sampled_us,
    )


def test_what_is_watched_is_told_until_nobody_asked_for_it_for_a_while() -> None:
    desk = Desk()
    assert desk.live.watched("a") == ()
    desk.live.watch("a", ["battery.soc_pct", "ac.power_kw"])
    assert desk.live.watched("a") == ("ac.power_kw", "battery.soc_pct")
    assert desk.live.watched("b") == ()
    desk.clock.at_us += WATCH_US
    desk.live.watch("a", ["ac.power_kw"])
    desk.clock.at_us += 1
    assert desk.live.watched("a") == ("ac.power_kw",)


def test_the_box_is_woken_when_more_is_watched_and_not_when_it_is_the_same() -> None:
    desk = Desk()
    desk.live.watch("a", [_SOC])
    assert desk.wakes() == 1
    desk.clock.at_us += 1_000_000
    desk.live.watch("a", [_SOC])
    assert desk.wakes() == 1
    desk.live.watch("a")
    assert desk.wakes() == 2
    assert desk.live.watched("a") == (ALL,)


def test_more_points_than_a_box_takes_mean_the_whole_site() -> None:
    desk = Desk()
    desk.live.watch("a", [f"meter.p{i}_kw" for i in range(WATCHED_MAX + 1)])
    assert desk.live.watched("a") == (ALL,)


def test_a_live_value_is_shown_until_the_box_was_silent_for_long() -> None:
    desk = Desk()
    desk.live.watch("a", [_SOC])
    desk.send(61.5)
    assert [each.value for each in desk.live.newest("a")] == [61.5]
    desk.clock.at_us += KEEP_US
    assert desk.live.newest("a") == ()


def test_what_nobody_watches_is_not_kept() -> None:
    desk = Desk()
    desk.send(61.5)
    assert desk.live.newest("a") == ()
    desk.live.watch("a", ["ac.power_kw"])
    desk.send(61.5)
    assert desk.live.newest("a") == []


def test_an_older_frame_changes_nothing() -> None:
    desk = Desk()
    desk.live.watch("a")
    desk.send(61.5)
    desk.send(10.0, at_us=_NOON_US - 1)
    assert desk.live.newest("a")[0].value == 61.5


def test_a_sample_without_a_number_keeps_the_last_number_and_its_time() -> None:
    desk = Desk()
    desk.live.watch("a")
    desk.send(61.5)
    desk.clock.at_us += 1_000_000
    desk.send(None)
    (known,) = desk.live.newest("a")
    assert (known.value, known.at_us, known.quality) == (61.5, _NOON_US, Quality.LOST)
    assert known.sampled_us == _NOON_US + 1_000_000


def test_a_clock_that_is_ahead_makes_no_value_fresher() -> None:
    desk = Desk()
    desk.live.watch("a")
    desk.send(61.5, at_us=_NOON_US + 3_600_000_000)
    assert desk.live.newest("a")[0].at_us == _NOON_US


def test_a_site_holds_no_more_values_than_a_frame_may_have() -> None:
    desk = Desk()
    desk.live.watch("a")
    for half in range(2):
        values = tuple(
            (f"d{half}", Reading(f"meter.p{i}_kw", 1.0, Quality.GOOD, _NOON_US))
            for i in range(VALUES_MAX)
        )
        desk.live.take("a", Live(_NOON_US, values))
    assert len(desk.live.newest("a")) == VALUES_MAX


def test_the_newer_of_the_stored_and_the_live_value_is_shown() -> None:
    stored = [_newest(60.0, _NOON_US)]
    assert overlaid(stored, [_newest(61.5, _NOON_US + 1)])[0].value == 61.5
    assert overlaid(stored, [_newest(59.0, _NOON_US - 1)])[0].value == 60.0
    assert overlaid([], [_newest(61.5, _NOON_US)])[0].value == 61.5
    (lost,) = overlaid(stored, [_newest(None, _NOON_US + 1)])
    assert (lost.value, lost.at_us, lost.sampled_us) == (60.0, _NOON_US, _NOON_US + 1)


@given(
    st.lists(
        st.tuples(st.integers(-5, 5), st.sampled_from(["a.b", "c.d"]), st.floats(0, 100)),
        max_size=12,
    )
)
def test_whatever_the_order_of_frames_the_sample_of_the_latest_time_is_shown(
    frames: list[tuple[int, str, float]],
) -> None:
    desk = Desk()
    desk.clock.at_us += 100
    desk.live.watch("a")
    for offset, point, value in frames:
        desk.send(value, at_us=_NOON_US + offset, point=point)
    shown = {each.point: each.sampled_us - _NOON_US for each in desk.live.newest("a")}
    assert shown == {
        point: max(offset for offset, other, _ in frames if other == point)
        for _, point, _ in frames
    }
