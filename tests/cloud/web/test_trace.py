"""cloud.web.trace: a chart's past shows measured values, one a step, and keeps its gaps."""

from cloud.fleet.model import History, Series
from cloud.web import trace
from wire.block import Quality

_SECOND_US = 1_000_000


def _series(point: str, *samples: tuple[int, float | None]) -> Series:
    return Series(
        device="inverter",
        point=point,
        at_us=tuple(at_s * _SECOND_US for at_s, _ in samples),
        values=tuple(value for _, value in samples),
        quality=tuple(Quality.LOST if value is None else Quality.GOOD for _, value in samples),
    )


def _rows(*series: Series, step_s: int = 10) -> list[trace.Row]:
    return trace.rows(History(series=series, next_us=None), step_s * _SECOND_US)


def test_each_step_shows_its_newest_values_at_their_time() -> None:
    power = _series("ac.power_kw", (0, 1.0), (4, 2.0), (12, 3.0))
    soc = _series("battery.soc_pct", (3, 60.0), (15, 61.0))
    assert _rows(power, soc) == [(4 * _SECOND_US, 2.0, 60.0), (15 * _SECOND_US, 3.0, 61.0)]


def test_a_step_without_good_values_has_no_row() -> None:
    power = _series("ac.power_kw", (0, 1.0), (10, None), (20, 3.0))
    assert [at_us // _SECOND_US for at_us, _, _ in _rows(power)] == [0, 20]


def test_a_point_that_is_missing_stays_missing() -> None:
    assert _rows(_series("battery.soc_pct", (1, 55.0))) == [(_SECOND_US, None, 55.0)]
