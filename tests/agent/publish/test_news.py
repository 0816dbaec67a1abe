"""`agent.publish.news`: told when it changed, told again in time, never more often than needed."""

from hypothesis import given
from hypothesis import strategies as st

from agent.publish.news import REPEAT_US, News, deadband
from wire.block import Quality, Reading


def soc(value: float | None, quality: Quality = Quality.GOOD) -> list[tuple[str, Reading]]:
    return [("inverter", Reading("battery.soc_pct", value, quality, 0))]


def test_a_value_is_told_when_a_person_would_see_the_change() -> None:
    news = News()
    assert news.of(soc(50.0), 0)
    assert not news.of(soc(50.05), 1)
    assert news.of(soc(50.1), 2)


def test_a_resting_value_is_told_again_so_that_silence_means_something() -> None:
    news = News()
    assert news.of(soc(50.0), 0)
    assert not news.of(soc(50.0), REPEAT_US - 1)
    assert news.of(soc(50.0), REPEAT_US)


def test_a_change_of_quality_is_told_at_once() -> None:
    news = News()
    news.of(soc(50.0), 0)
    assert news.of(soc(50.0, Quality.STALE), 1)
    assert news.of(soc(None, Quality.LOST), 2)
    assert not news.of(soc(None, Quality.LOST), 3)


def test_a_new_listener_and_a_clock_set_back_hear_everything_again() -> None:
    news = News()
    news.of(soc(50.0), 100)
    assert news.of(soc(50.0), 99)
    news.forget()
    assert news.of(soc(50.0), 100)


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(0, REPEAT_US)), min_size=1))
def test_what_was_told_last_is_never_further_away_than_the_deadband(
    steps: list[tuple[float, int]],
) -> None:
    news, told, now_us = News(), float("nan"), 0
    for value, later_us in steps:
        now_us += later_us
        for _, reading in news.of(soc(value), now_us):
            assert reading.value is not None
            told = reading.value
        assert abs(told - value) < deadband("battery.soc_pct")
