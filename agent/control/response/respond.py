"""Frequency products: from the grid's deviation to power while the frequency is credible. Pure.

A product is data: a curve of (deviation in Hz, response per unit), linear between its points and
held outside. Several products add up. A frequency that is old, outside 45 to 55 Hz or that leaps
is not believed (interlock I8): the last response is held for 2 s, let out over 10 s, and taken up
again only after 10 s of credible values. No insensitivity is implemented: it is a permission.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.control.plant import FREQUENCY_AGE_S_MAX, FrequencyMeter
from agent.control.quantity import Quantity
from wire.schedule import FrequencyService

NOMINAL_HZ = 50.0
FREQUENCY_HZ_MIN = 45.0
FREQUENCY_HZ_MAX = 55.0
RATE_HZ_PER_S_MAX = 5.0
RATE_SPAN_S_MIN = 0.1
"""Two samples closer than this are judged as if this far apart: jitter makes no leap."""
HOLD_S = 2.0
FADE_S = 10.0
TRUST_AGAIN_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What the plausibility check remembers from cycle to cycle; times are the event loop's."""

    last_hz: float | None = None
    last_s: float = 0.0
    """When the last sample was read."""
    doubted_since_s: float | None = None
    """None: the frequency is believed."""
    good_since_s: float | None = None
    """While doubted: since when the values look right again."""
    response_kw: float = 0.0
    """The response when the frequency was last believed."""


@dataclass(frozen=True, slots=True)
class Response:
    """What the products ask for in this cycle."""

    power_kw: float
    products: tuple[str, ...]
    """Names of the products in force."""
    believed: bool
    """False: the frequency is not credible, and the power is held or on its way to 0."""


def share(curve: Sequence[tuple[float, float]], deviation_hz: float) -> float:
    """Return the response per unit of capacity: linear between the points, held outside."""
    if deviation_hz <= curve[0][0]:
        return curve[0][1]
    if deviation_hz >= curve[-1][0]:
        return curve[-1][1]
    right = bisect_right(curve, deviation_hz, key=lambda point: point[0])
    (x0, y0), (x1, y1) = curve[right - 1], curve[right]
    return y0 + (y1 - y0) * (deviation_hz - x0) / (x1 - x0)


def in_force(services: Sequence[FrequencyService], now_us: int) -> tuple[FrequencyService, ...]:
    """Return the services whose period covers the instant."""
    return tuple(s for s in services if s.start_us <= now_us < s.end_us)


def first_fresh(meters: Sequence[FrequencyMeter]) -> Quantity | None:
    """Return the first that may be decided upon, else the preferred one; None: there is none."""
    fresh = (meter.hz for meter in meters if meter.hz.usable(FREQUENCY_AGE_S_MAX))
    return next(fresh, meters[0].hz if meters else None)


def respond(
    services: Sequence[FrequencyService], frequency: Quantity | None, now_s: float, trust: Trust
) -> tuple[Response, Trust]:
    """Return the response of the services in force, and what to remember for the next cycle."""
    trust = _judge(frequency, now_s, trust)
    products = tuple(service.product for service in services)
    if not services:
        return Response(0.0, products, True), replace(trust, response_kw=0.0)
    if trust.doubted_since_s is not None:
        doubted_s = now_s - trust.doubted_since_s
        left = 1.0 - max(0.0, doubted_s - HOLD_S) / FADE_S
        return Response(trust.response_kw * max(0.0, left), products, False), trust
    assert trust.last_hz is not None, "a believed frequency has a value"
    deviation_hz = trust.last_hz - NOMINAL_HZ
    power_kw = sum(s.capacity_kw * share(s.curve, deviation_hz) for s in services)
    return Response(power_kw, products, True), replace(trust, response_kw=power_kw)


def _judge(frequency: Quantity | None, now_s: float, trust: Trust) -> Trust:
    """Return the trust after this cycle's frequency has been looked at."""
    credible = frequency is not None and frequency.usable(FREQUENCY_AGE_S_MAX)
    last_hz, last_s = trust.last_hz, trust.last_s
    if frequency is not None and frequency.value is not None and credible:
        sampled_s = now_s - frequency.age_s
        leaps = last_hz is not None and (
            abs(frequency.value - last_hz)
            > RATE_HZ_PER_S_MAX * max(sampled_s - last_s, RATE_SPAN_S_MIN)
        )
        credible = not leaps and FREQUENCY_HZ_MIN <= frequency.value <= FREQUENCY_HZ_MAX
        last_hz, last_s = frequency.value, sampled_s
    doubted_since_s, good_since_s = trust.doubted_since_s, trust.good_since_s
    if not credible:
        doubted_since_s = now_s if doubted_since_s is None else doubted_since_s
        good_since_s = None
    elif doubted_since_s is not None:
        good_since_s = now_s if good_since_s is None else good_since_s
        if now_s - good_since_s >= TRUST_AGAIN_S:
            doubted_since_s = good_since_s = None
    return replace(
        trust,
        last_hz=last_hz,
        last_s=last_s,
        doubted_since_s=doubted_since_s,
        good_since_s=good_since_s,
    )
