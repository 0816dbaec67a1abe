"""agent.control.response.static: activated at once, released slowly after a minute of calm."""

from agent.control.response.curve import FCR_D_UP, share
from agent.control.response.static import Static, step

PERIOD_S = 0.1


def _run(*parts: tuple[float, float]) -> list[float]:
    """Return the share of every cycle over (seconds, frequency) one after the other."""
    static, at_s, shares = Static(), 100.0, []
    for lasts_s, hz in parts:
        for _ in range(round(lasts_s / PERIOD_S)):
            at_s += PERIOD_S
            deviation_hz = hz - 50.0
            static = step(static, share(FCR_D_UP, deviation_hz), deviation_hz, at_s)
            shares.append(static.share)
    return shares


def test_what_was_activated_stays_until_the_frequency_was_calm_for_a_minute() -> None:
    shares = _run((1, 50.0), (5, 49.5), (59, 49.95))
    assert shares[9:12] == [0.0, 1.0, 1.0]
    assert set(shares[10:]) == {1.0}


def test_requirement_7_the_release_keeps_both_rates_and_ends_at_zero() -> None:
    shares = _run((5, 49.5), (60, 49.95), (60, 50.0))
    assert all(before - after <= 0.2 for before, after in zip(shares, shares[10:], strict=False))
    assert all(
        before - after <= 0.25 + 1e-9 for before, after in zip(shares, shares[100:], strict=False)
    )
    assert shares[-1] == 0.0


def test_calm_that_is_broken_begins_anew() -> None:
    shares = _run((5, 49.5), (50, 49.95), (1, 49.88), (50, 49.95))
    assert set(shares) == {1.0}


def test_the_release_pauses_at_49_8_and_goes_on_above() -> None:
    shares = _run((5, 49.5), (80, 49.95), (10, 49.8), (10, 49.95))
    at_pause = shares[849]
    assert 0.5 < at_pause < 0.7
    assert set(shares[850:950]) == {at_pause}
    assert shares[-1] < at_pause


def test_a_deeper_fall_is_answered_at_once_while_it_is_released() -> None:
    shares = _run((5, 49.5), (80, 49.95), (1, 49.5))
    assert shares[-1] == 1.0
