"""Energy management of limited reservoirs, worked out again from the record and compared. Pure.

Source: Technical Requirements for FCR Provision in the Nordic Synchronous Area v1.1, normal-state
and alert-state energy management. The equations are evaluated here a second time, at whole
seconds, from nothing but the recorded frequency and state of charge.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.prequalify.series import Series
from agent.prequalify.verdict import Verdict

MEAN_S = 300
BAND_HZ = (49.9, 50.1)
NEM_ERROR_PCT = 0.5
AEM_ERROR_PCT = 1.0
SHIFT_S = 1
"""So far record and equations may be apart in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One product's numbers; minutes are energy at full capacity."""

    zero_hz: float
    """Where the product begins to answer."""
    full_span_hz: float
    nem_share: float
    enable_min: float
    disable_min: float
    aem_enable_min: float = 5.0
    aem_disable_min: float = 10.0
    up: bool = True
    down: bool = True


PRODUCTS = {
    "fcr_n": Product(
        zero_hz=50.0,
        full_span_hz=0.1,
        nem_share=0.34,
        enable_min=30.0,
        disable_min=57.5,
    ),
    "fcr_d_up": Product(
        zero_hz=49.9,
        full_span_hz=0.4,
        nem_share=0.20,
        enable_min=20.0,
        disable_min=20.0,
        down=False,
    ),
    "fcr_d_down": Product(
        zero_hz=50.1,
        full_span_hz=0.4,
        nem_share=0.20,
        enable_min=20.0,
        disable_min=20.0,
        up=False,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """The operating range of a product."""

    low_pct: float
    high_pct: float
    """Of the state of charge."""
    energy_kwh: float

    def filled(self, soc_pct: float) -> float:
        return (soc_pct - self.low_pct) / (self.high_pct - self.low_pct)


@dataclass(frozen=True, slots=True)
class Expected:
    """One second of the equations."""

    nem_kw: float
    response_kw: float
    aem: bool


def judge(series: Series, name: str, capacity_kw: float, reach: Range) -> Iterator[Verdict]:
    """Yield how far the record is from the equations, and whether everything has been seen."""
    places = [series.span(second - 1e-3, series.at_s[-1]).start for second in _seconds(series)]
    expected = list(_equations(series, places, PRODUCTS[name], capacity_kw, reach))
    nem_kw = [series.management_kw[place] for place in places]
    response_kw = [series.response_kw[place] for place in places]
    nem_off = _apart(nem_kw, [one.nem_kw for one in expected])
    aem_off = _apart(response_kw, [one.response_kw for one in expected])
    yield Verdict(code="nem_error", value=100 * nem_off / capacity_kw, unit="%", high=NEM_ERROR_PCT)
    yield Verdict(code="aem_error", value=100 * aem_off / capacity_kw, unit="%", high=AEM_ERROR_PCT)
    product = PRODUCTS[name]
    for code, seen in (
        ("nem_charged", any(one < 0 for one in series.nem) or not product.up),
        ("nem_discharged", any(one > 0 for one in series.nem) or not product.down),
        ("aem_seen", any(one > 0 for one in series.aem)),
        ("released", series.nem[-1] == 0 and series.aem[-1] == 0),
    ):
        yield Verdict(code=code, value=float(seen), low=1.0)


def _seconds(series: Series) -> range:
    return range(int(series.at_s[0]) + 1, int(series.at_s[-1]))


def _equations(
    series: Series, places: Sequence[int], product: Product, capacity_kw: float, reach: Range
) -> Iterator[Expected]:
    """Evaluate the equations second by second."""
    hour_kw = capacity_kw / reach.energy_kwh / 60.0
    allowed: deque[int] = deque([0] * MEAN_S, MEAN_S)
    means: deque[float] = deque([product.zero_hz] * MEAN_S, MEAN_S)
    low = high = aem = False
    for place in places:
        hz, soc = series.hz[place], reach.filled(series.soc_pct[place])
        nem_kw = product.nem_share * capacity_kw * sum(allowed) / MEAN_S
        if BAND_HZ[0] < hz < BAND_HZ[1]:
            enable, disable = product.enable_min * hour_kw, product.disable_min * hour_kw
            low = product.up and (soc < enable or (low and soc < disable))
            high = product.down and (soc > 1 - enable or (high and soc > 1 - disable))
        else:
            low = high = False
        allowed.append(-1 if low else 1 if high else 0)
        enable, disable = product.aem_enable_min * hour_kw, product.aem_disable_min * hour_kw
        edge = disable if aem else enable
        aem = (product.up and soc < edge) or (product.down and soc > 1 - edge)
        saturated_hz = _saturated(hz, product)
        means.append(saturated_hz if aem else product.zero_hz)
        reference_hz = sum(means) / MEAN_S
        response_kw = capacity_kw / product.full_span_hz * (reference_hz - saturated_hz)
        total_kw = _limited(response_kw + nem_kw, product, capacity_kw)
        yield Expected(nem_kw, total_kw - nem_kw, aem)


def _limited(total_kw: float, product: Product, capacity_kw: float) -> float:
    """Keep response and management together within what the product may take."""
    share_kw = product.nem_share * capacity_kw
    low_kw = -share_kw - (capacity_kw if product.down else 0.0)
    high_kw = share_kw + (capacity_kw if product.up else 0.0)
    return min(max(total_kw, low_kw), high_kw)


def _saturated(hz: float, product: Product) -> float:
    zero_hz = product.zero_hz
    low_hz = zero_hz - product.full_span_hz if product.up else zero_hz
    high_hz = zero_hz + product.full_span_hz if product.down else zero_hz
    return min(max(hz, low_hz), high_hz)


def _apart(recorded: Sequence[float], expected: Sequence[float]) -> float:
    """Return the largest distance, each value compared with its neighbours in time as well."""
    last = len(expected) - 1
    return max(
        min(
            abs(value - expected[near])
            for near in range(max(0, at - SHIFT_S), min(last, at + SHIFT_S) + 1)
        )
        for at, value in enumerate(recorded)
    )
