"""The frequency products that the box knows, as data: what each asks of a site. Pure.

A product that is awarded brings its own curve; what stands here is everything else. One that is
not here is treated like the freely definable ones: its own curve, no factor, the strictest gate
of those that the box executes itself.
"""

from dataclasses import dataclass

from agent.control.response import curve as curves
from agent.control.response.curve import Curve


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What a product asks of the frequency that it answers, of the loop and of the box."""

    resolution_hz_max: float = 0.001
    period_s_max: float = 0.2
    lag_measured: bool = False
    """The lag of the meter has to be measured; else a documented one will do."""
    loop_s_max: float = 1.0
    """From a step of the frequency to power at the meter."""
    clock_error_s_max: float = 0.1
    real_time: bool = False
    """Real-time scheduling is required; else its absence is only an alarm."""
    dead_zone_max: float = 0.02
    """What the inverter cannot do near 0, of the capacity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One product."""

    name: str
    area: str
    curve: Curve
    start_s_max: float
    """0: not artificially delayed; the box never delays a response at all."""
    full_s_max: float
    endurance_min: float
    """That a limited reservoir has to last at full response."""
    source: str
    kept_factor: float = 1.0
    """Power kept free per unit of capacity, in a direction of the product."""
    opposite_factor: float = 0.0
    """And in the direction that a one-sided product does not have, for its energy management."""
    gate: Gate = Gate()
    alert: bool = False
    """It has the alert state of Continental Europe."""
    adds_to_lfsm: bool = False
    """Outside ±200 mHz the inverter's own droop joins in: the response never shrinks there."""
    outlasts: bool = False
    """A response that runs at the end of its period goes on until the frequency is calm."""
    static: bool = False
    """Released only after a minute of calm, and slowly; see `agent.control.response.static`."""
    in_inverter: bool = False
    """The inverter or the plant controller answers; the box arms, keeps power free and watches."""
    both_ways: bool = True
    """Symmetric: energy has to be there in both directions."""
    valid_hz: tuple[float, float] = (47.5, 51.5)
    """Where delivery is owed."""
    confirmed: bool = True
    """False: frequencies of the curve are still to be checked against the rule book."""


_CE = Gate()
_NORDIC = Gate(period_s_max=0.1, lag_measured=True, loop_s_max=0.25, real_time=True)
_FAST = Gate(period_s_max=0.05, loop_s_max=0.4, clock_error_s_max=0.01, dead_zone_max=0.01)
_SOGL = "SOGL Annex V; TenneT FCR manual 3.10"
_FCR = "Nordic FCR requirements 1.1"
_NESO = "NESO dynamic services, as published in 2024"


def _fcr_d(name: str, curve: Curve, *, static: bool) -> Product:
    return Product(
        name=name,
        area="Nordic",
        curve=curve,
        start_s_max=2.5 if static else 0.0,
        full_s_max=7.5,
        endurance_min=20.0,
        source=_FCR,
        opposite_factor=0.20,
        gate=_NORDIC,
        outlasts=True,
        static=static,
        both_ways=False,
    )


def _gb(name: str, curve: Curve, start_s: float, full_s: float, minutes: float) -> Product:
    return Product(
        name=name,
        area="Great Britain",
        curve=curve,
        start_s_max=start_s,
        full_s_max=full_s,
        endurance_min=minutes,
        source=_NESO,
        gate=_CE if name.startswith("dr") else _FAST,
        both_ways=curve[0][1] > 0.0 > curve[-1][1],
        confirmed=False,
    )


PRODUCTS = {
    product.name: product
    for product in (
        Product(
            name="fcr_ce",
            area="Continental Europe",
            curve=curves.FCR_CE,
            start_s_max=2.0,
            full_s_max=30.0,
            endurance_min=15.0,
            source=_SOGL,
            kept_factor=1.25,
            alert=True,
            adds_to_lfsm=True,
        ),
        Product(
            name="fcr_n",
            area="Nordic",
            curve=curves.FCR_N,
            start_s_max=0.0,
            full_s_max=180.0,
            endurance_min=60.0,
            source=_FCR,
            kept_factor=1.34,
            gate=_NORDIC,
        ),
        _fcr_d("fcr_d_up", curves.FCR_D_UP, static=False),
        _fcr_d("fcr_d_down", curves.FCR_D_DOWN, static=False),
        _fcr_d("fcr_d_up_static", curves.FCR_D_UP, static=True),
        _fcr_d("fcr_d_down_static", curves.FCR_D_DOWN, static=True),
        *(
            _gb(name + suffix, made, start_s, full_s, minutes)
            for name, whole, start_s, full_s, minutes in (
                ("dc", curves.DC, 0.5, 1.0, 15.0),
                ("dm", curves.DM, 0.5, 1.0, 30.0),
                ("dr", curves.DR, 2.0, 10.0, 60.0),
            )
            for suffix, made in (
                ("", whole),
                ("l", curves.low(whole)),
                ("h", curves.high(whole)),
            )
        ),
    )
}
"""By name, those that have a curve."""

FFR = Product(
    name="ffr",
    area="Nordic",
    curve=((0.0, 0.0),),
    start_s_max=0.0,
    full_s_max=1.3,
    endurance_min=0.5,
    source="Fingrid, fast frequency reserve",
    gate=_NORDIC,
    in_inverter=True,
    both_ways=False,
)
"""A step at a threshold, within 0.7 s to 1.3 s; see `agent.control.response.ffr`."""


def product_of(name: str, curve: Curve) -> Product:
    """Return what is known of a product; of a freely defined one what follows from its curve."""
    known = FFR if name == FFR.name else PRODUCTS.get(name)
    if known is not None:
        return known
    return Product(
        name=name,
        area="",
        curve=curve,
        start_s_max=0.0,
        full_s_max=30.0,
        endurance_min=15.0,
        source="",
        both_ways=curve[0][1] > 0.0 > curve[-1][1],
    )
