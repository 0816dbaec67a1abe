"""agent.control.response.curve: the products' tables, exact, falling, and nothing but tables."""

from bisect import bisect_left
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.control.response import curve as curves
from agent.control.response.catalogue import PRODUCTS
from agent.control.response.curve import Curve, falls, share

SIX = {
    "FCR_CE": curves.FCR_CE,
    "FCR_N": curves.FCR_N,
    "FCR_D": curves.FCR_D,
    "DC": curves.DC,
    "DM": curves.DM,
    "DR": curves.DR,
}
ALL = {**SIX, **{name: product.curve for name, product in PRODUCTS.items()}}
GRID_HZ = [47 + 6 * i / 10_000 for i in range(10_001)]

deviations_hz = st.floats(-5, 5)
tables = st.lists(st.floats(-5, 5), min_size=1, max_size=20, unique=True).flatmap(
    lambda hz: st.tuples(
        st.just(sorted(hz)),
        st.lists(st.floats(-1, 1), min_size=len(hz), max_size=len(hz)),
    )
)


@pytest.mark.parametrize(
    ("frequency_hz", "shares"),
    [
        (47.500, (1.000000, 1.000000, 1.000000, 1.000000, 1.000000, 1.000000)),
        (49.600, (1.000000, 1.000000, 0.750000, 0.683333, 1.000000, 1.000000)),
        (49.800, (1.000000, 1.000000, 0.250000, 0.050000, 1.000000, 1.000000)),
        (49.850, (0.750000, 1.000000, 0.125000, 0.036486, 0.525000, 0.729730)),
        (49.900, (0.500000, 1.000000, 0.000000, 0.022973, 0.050000, 0.459459)),
        (49.920, (0.400000, 0.800000, 0.000000, 0.017568, 0.038235, 0.351351)),
        (49.950, (0.250000, 0.500000, 0.000000, 0.009459, 0.020588, 0.189189)),
        (49.980, (0.100000, 0.200000, 0.000000, 0.001351, 0.002941, 0.027027)),
        (49.985, (0.075000, 0.150000, 0.000000, 0.000000, 0.000000, 0.000000)),
        (50.000, (0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000)),
        (50.030, (-0.150000, -0.300000, 0.000000, -0.004054, -0.008824, -0.081081)),
        (50.200, (-1.000000, -1.000000, -0.250000, -0.050000, -1.000000, -1.000000)),
        (50.350, (-1.000000, -1.000000, -0.625000, -0.525000, -1.000000, -1.000000)),
        (51.500, (-1.000000, -1.000000, -1.000000, -1.000000, -1.000000, -1.000000)),
    ],
)
def test_curves_give_the_reference_values(frequency_hz: float, shares: tuple[float, ...]) -> None:
    found = [share(curve, frequency_hz - 50.0) for curve in SIX.values()]
    assert found == pytest.approx(shares, abs=1e-6)


def _exactly(points: list[tuple[Fraction, Fraction]], frequency_hz: float) -> Fraction:
    """Evaluate a curve in exact fractions, by weights instead of slopes."""
    at = Fraction(frequency_hz) - 50
    right = bisect_left([hz for hz, _ in points], at)
    if right == 0:
        return points[0][1]
    if right == len(points):
        return points[-1][1]
    (x0, y0), (x1, y1) = points[right - 1], points[right]
    return (y0 * (x1 - at) + y1 * (at - x0)) / (x1 - x0)


@pytest.mark.parametrize("name", ALL)
def test_a_curve_is_exact_to_a_billionth_at_ten_thousand_points(name: str) -> None:
    curve = ALL[name]
    points = [(Fraction(str(hz)), Fraction(str(pu))) for hz, pu in curve]
    errors = [abs(share(curve, hz - 50.0) - _exactly(points, hz)) for hz in GRID_HZ]
    assert max(errors) <= 1e-9


@pytest.mark.parametrize("name", ALL)
def test_a_curve_is_exact_at_every_point_of_its_table_and_never_jumps(name: str) -> None:
    curve = ALL[name]
    assert [share(curve, hz) for hz, _ in curve] == [pu for _, pu in curve]
    assert [hz for hz, _ in curve] == sorted({hz for hz, _ in curve})
    for hz, pu in curve:
        assert share(curve, hz - 1e-9) == pytest.approx(pu, abs=1e-6)
        assert share(curve, hz + 1e-9) == pytest.approx(pu, abs=1e-6)


@pytest.mark.parametrize("curve", SIX.values(), ids=SIX)
@given(deviation_hz=deviations_hz)
def test_a_symmetric_product_answers_both_sides_alike(curve: Curve, deviation_hz: float) -> None:
    assert share(curve, -deviation_hz) == pytest.approx(-share(curve, deviation_hz), abs=1e-12)


@given(st.sampled_from([*ALL.values()]), deviations_hz, deviations_hz)
def test_more_frequency_never_brings_more_power(
    curve: Curve, one_hz: float, other_hz: float
) -> None:
    low_hz, high_hz = sorted((one_hz, other_hz))
    assert 1.0 >= share(curve, low_hz) >= share(curve, high_hz) - 1e-12 >= -1.0 - 1e-12


@given(tables, deviations_hz)
def test_any_table_is_read_between_its_least_and_its_most(
    table: tuple[list[float], list[float]], deviation_hz: float
) -> None:
    curve = tuple(zip(*table, strict=True))
    least, most = min(table[1]), max(table[1])
    assert least - 1e-9 <= share(curve, deviation_hz) <= most + 1e-9


@given(tables)
def test_a_curve_falls_where_no_point_is_above_the_one_before(
    table: tuple[list[float], list[float]],
) -> None:
    hz, pu = table
    assert falls(tuple(zip(hz, sorted(pu, reverse=True), strict=True)))
    rising = tuple(zip(hz, sorted(pu), strict=True))
    assert falls(rising) == (len(set(pu)) == 1)


@pytest.mark.parametrize("curve", SIX.values(), ids=SIX)
@given(deviation_hz=deviations_hz)
def test_the_one_sided_halves_of_a_curve_make_the_whole(curve: Curve, deviation_hz: float) -> None:
    whole = share(curve, deviation_hz)
    low, high = share(curves.low(curve), deviation_hz), share(curves.high(curve), deviation_hz)
    assert (low, high) == pytest.approx((max(0.0, whole), min(0.0, whole)), abs=1e-12)


def test_a_curve_of_one_point_is_a_constant() -> None:
    assert [share(((0.0, 0.5),), hz) for hz in (-1.0, 0.0, 1.0)] == [0.5, 0.5, 0.5]


@given(st.floats(49.8, 50.2), st.sampled_from([-0.009, 0.009]))
def test_no_insensitivity_is_used_however_little_the_frequency_moves(
    around_hz: float, step_hz: float
) -> None:
    before = share(curves.FCR_CE, around_hz - 50.0)
    after = share(curves.FCR_CE, min(max(around_hz + step_hz, 49.8), 50.2) - 50.0)
    moved_hz = min(max(around_hz + step_hz, 49.8), 50.2) - around_hz
    assert after - before == pytest.approx(-moved_hz / 0.2, abs=1e-9)
