"""The products on recorded frequencies: energy, and the one alert of a month."""

import csv
import gzip
from collections.abc import Sequence
from itertools import pairwise

import pytest

from agent.control.response import curve as curves
from agent.control.response.alert import Alert, step
from agent.control.response.curve import Curve, share
from tests.conftest import SHARED

pytestmark = pytest.mark.shared
FOLDER = SHARED / "data" / "frequency"
MONTH_S, MONTH_SAMPLES = 10.0, 267_840
TOLEDO_S, TOLEDO_END = 2.0, "2025-04-28T10:33:16Z"


@pytest.fixture(scope="module")
def month_hz() -> list[float]:
    """The deviations of May 2019, Continental Europe."""
    with gzip.open(FOLDER / "rte_ce_201905_10s.csv.gz", "rt") as file:
        rows = list(csv.reader(file))[1:]
    deviations_hz = [float(row[2]) / 1_000 for row in rows]
    assert len(deviations_hz) == MONTH_SAMPLES
    return deviations_hz


@pytest.fixture(scope="module")
def toledo_hz() -> list[float]:
    """The deviations before the blackout; a gap holds the value before it."""
    deviations_hz: list[float] = []
    with (FOLDER / "iberia_20250428_toledo_2s.csv").open() as file:
        for at, hz, _ in list(csv.reader(file))[1:]:
            if at > TOLEDO_END:
                break
            deviations_hz.append(float(hz) - 50.0 if hz else deviations_hz[-1])
    return deviations_hz


def _energy(
    curve: Curve, deviations_hz: Sequence[float], sample_s: float
) -> tuple[float, float, float, float, float, float]:
    """Return discharge, charge, net charge, both ends of the swing in MWh, and the peak in p.u."""
    discharge = charge = stored = low = high = peak = 0.0
    for deviation_hz in deviations_hz:
        pu = share(curve, deviation_hz)
        energy = pu * sample_s / 3_600
        discharge, charge = discharge + max(0.0, energy), charge - min(0.0, energy)
        stored -= energy
        low, high, peak = min(low, stored), max(high, stored), max(peak, abs(pu))
    return discharge, charge, charge - discharge, low, high, peak


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        (curves.FCR_CE, (28.625960, 29.724625, 1.098665, -0.161489, 2.305462, 0.647500)),
        (curves.DC, (0.490040, 0.498341, 0.008301, -0.007813, 0.046455, 0.030946)),
        (curves.DM, (1.067079, 1.092111, 0.025033, -0.017274, 0.107861, 0.330250)),
        (curves.DR, (9.800809, 9.966826, 0.166017, -0.156267, 0.929101, 0.618919)),
        (curves.FCR_N, (57.251336, 59.440850, 2.189514, -0.322978, 4.603347, 1.000000)),
        (curves.FCR_D, (0.000146, 0.002100, 0.001954, -0.000146, 0.001954, 0.073750)),
    ],
)
def test_the_energy_of_the_recorded_month_is_that_of_the_reference(
    month_hz: list[float], curve: Curve, expected: tuple[float, ...]
) -> None:
    assert _energy(curve, month_hz, MONTH_S) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        (curves.FCR_CE, (0.057910, 0.065092, 0.007182, -0.022989, 0.010046, 0.290000)),
        (curves.DC, (0.001059, 0.000941, -0.000118, -0.000586, 0.000000, 0.011622)),
        (curves.DM, (0.002306, 0.002048, -0.000258, -0.001275, 0.000000, 0.025294)),
        (curves.DR, (0.021189, 0.018823, -0.002366, -0.011721, 0.000003, 0.232432)),
        (curves.FCR_N, (0.115819, 0.130183, 0.014364, -0.045978, 0.020092, 0.580000)),
        (curves.FCR_D, (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)),
    ],
)
def test_the_energy_before_the_blackout_is_that_of_the_reference(
    toledo_hz: list[float], curve: Curve, expected: tuple[float, ...]
) -> None:
    assert _energy(curve, toledo_hz, TOLEDO_S) == pytest.approx(expected, abs=1e-6)


def test_the_recorded_month_has_exactly_one_alert(month_hz: list[float]) -> None:
    state, begins, longest, held = Alert(), [], [0.0, 0.0], 0
    before = False
    for number, deviation_hz in enumerate(month_hz):
        state = step(state, deviation_hz, MONTH_S)
        longest = [max(longest[0], state.c1_s), max(longest[1], state.c2_s)]
        if state.alert and not before:
            begins.append(number)
        held += bool(state.alert)
        before = bool(state.alert)
    assert len(begins) == 1
    assert held * MONTH_S == pytest.approx(270.0, abs=10.0)
    assert longest == [1_160.0, 140.0]


def test_no_two_samples_of_the_month_make_a_leap(month_hz: list[float]) -> None:
    assert max(abs(b - a) for a, b in pairwise(month_hz)) / MONTH_S < 5.0
