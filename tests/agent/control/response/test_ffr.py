"""agent.control.response.ffr: what the inverter has to do is known to the ms, and watched."""

from collections.abc import Callable

import pytest
from pydantic import ValidationError

from agent.control.response.config import FULL_S, FfrSettings
from agent.control.response.ffr import Ffr, Watched, step, watch

PERIOD_S = 0.1
SHORT = FfrSettings(threshold_hz=49.5, support_s=5)
CAPACITY_KW = 100.0


def _shares(settings: FfrSettings, hz_at: Callable[[float], float], lasts_s: float) -> list[float]:
    ffr, shares = Ffr(), []
    for beat in range(round(lasts_s / PERIOD_S)):
        share, ffr = step(settings, ffr, hz_at(beat * PERIOD_S), beat * PERIOD_S)
        shares.append(share)
    return shares


def test_defect_2_fifty_hertz_is_refused_with_a_clear_line() -> None:
    with pytest.raises(
        ValidationError, match=r"threshold_hz: 50\.000 is not allowed; one of 49\.7"
    ):
        FfrSettings(threshold_hz=50.0)


@pytest.mark.parametrize(
    "values",
    [
        {"threshold_hz": 49.65},
        {"threshold_hz": float("nan")},
        {"threshold_hz": 49.5, "support_s": 10},
        {"threshold_hz": 49.5, "support_s": 5, "release_pct_per_s": 25},
    ],
)
def test_defect_2_what_is_no_product_is_refused_when_it_is_loaded(values: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="is not allowed"):
        FfrSettings.model_validate(values)


@pytest.mark.parametrize("threshold_hz", FULL_S)
def test_defect_2_a_trigger_a_millisecond_after_a_cycle_is_full_in_time(
    threshold_hz: float,
) -> None:
    settings = FfrSettings(threshold_hz=threshold_hz)
    triggers_s = 3 * PERIOD_S + 0.001
    shares = _shares(settings, lambda at_s: threshold_hz if at_s >= triggers_s else 50.0, 2.0)
    full_s = shares.index(1.0) * PERIOD_S - triggers_s
    assert 0.0 < full_s <= settings.full_s
    assert full_s <= PERIOD_S


def test_defect_2_instances_are_independent() -> None:
    one, other = Ffr(), Ffr()
    high, low = FfrSettings(threshold_hz=49.7), FfrSettings(threshold_hz=49.5)
    for beat in range(40):
        hz = 49.65 if beat < 20 else 49.4
        one_share, one = step(high, one, hz, beat * PERIOD_S)
        other_share, other = step(low, other, hz, beat * PERIOD_S)
        assert (one_share, other_share) == (1.0, 0.0 if beat < 20 else 1.0)


def test_defect_2_five_seconds_of_support_are_released_by_a_fifth_a_second() -> None:
    shares = _shares(SHORT, lambda at_s: 49.4 if at_s < 1.0 else 49.95, 15.0)
    assert set(shares[:51]) == {1.0}
    falls = [before - after for before, after in zip(shares, shares[10:], strict=False)]
    assert max(falls) <= 0.2 + 1e-9
    assert shares[101] == 0.0


def test_an_activation_is_over_before_the_next_one_begins() -> None:
    shares = _shares(SHORT, lambda at_s: 49.4, 60.0)
    assert set(shares[110:]) == {0.0}
    again = _shares(SHORT, lambda at_s: 49.95 if 12.0 <= at_s < 13.0 else 49.4, 20.0)
    assert again[131] == 1.0


def test_without_a_believed_frequency_nothing_begins() -> None:
    assert step(SHORT, Ffr(), None, 1.0) == (0.0, Ffr())
    assert step(SHORT, Ffr(), float("nan"), 1.0)[0] == 0.0


def _watched(settings: FfrSettings, power_kw: Callable[[float], float | None]) -> Watched:
    """Watch an inverter through an event that begins at 1 s and lasts 3 s."""
    watched = Watched()
    for beat in range(400):
        at_s = beat * PERIOD_S
        watched = watch(
            settings,
            CAPACITY_KW,
            watched,
            hz=49.4 if 1.0 <= at_s < 4.0 else 49.95,
            power_kw=power_kw(at_s - 1.0),
            at_s=at_s,
        )
    return watched


def _course(delay_s: float, support_s: float, per_s: float) -> Callable[[float], float]:
    def power_kw(at_s: float) -> float:
        if at_s < delay_s:
            return 20.0
        return 20.0 + CAPACITY_KW * min(1.0, max(0.0, 1.0 - per_s * (at_s - support_s)))

    return power_kw


def test_an_inverter_that_does_as_it_must_has_no_faults() -> None:
    watched = _watched(SHORT, _course(0.3, 5.2, 0.19))
    assert watched.faults == ()


@pytest.mark.parametrize(
    ("course", "fault"),
    [
        (_course(0.9, 6.0, 0.1), "0.70 s"),
        (_course(0.3, 3.0, 0.1), "less than full power"),
        (_course(0.3, 6.0, 5.0), "faster than 20 %"),
        (lambda at_s: 20.0, "0.70 s"),
    ],
)
def test_an_inverter_that_does_not_is_found_out(
    course: Callable[[float], float], fault: str
) -> None:
    assert any(fault in found for found in _watched(SHORT, course).faults)


def test_a_power_that_nobody_measures_is_no_fault() -> None:
    assert _watched(SHORT, lambda at_s: None).faults == ()
