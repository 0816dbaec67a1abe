"""Rule sets for the energy of limited reservoirs: data with a version and a date. Pure.

A rule set says what an area permits or demands. Demands (NEM and AEM of the Nordic area) hold once
the settings choose the set; permissions (over-fulfilment, deadband, schedule transactions) need to
be asked for one by one as well. What nobody has confirmed is marked and asks for an extra word.
"""

from collections.abc import Mapping
from dataclasses import dataclass

OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Nordic:
    """NEM and AEM of one product; minutes are energy at full capacity."""

    frequency_zero_hz: float
    """Where the product begins to answer."""
    frequency_full_hz: tuple[float, float]
    """Where it is saturated, lower and upper; one of them is `frequency_zero_hz` if one-sided."""
    enable_min: float
    disable_min: float
    aem_enable_min: float
    aem_disable_min: float
    power_share: float
    """Of the capacity, that NEM may move; a provider may choose up to `NEM_SHARE_MAX`."""
    up: bool
    """It discharges when the frequency falls: its lower end is guarded."""
    down: bool


NEM_SHARE_MAX = 0.50


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """What one area's rules, in one version, say about the energy of the products they name."""

    name: str
    products: tuple[str, ...]
    """Empty: any."""
    dated: str
    source: str
    confirmed: bool
    """False: read second hand; to be compared with the rule book before it is relied on."""
    guard_min: float = 15.0
    """Full activation that must be left at the moment of an alert, minutes."""
    planning_min: float = 15.0
    """Full activation that the schedule keeps away from, minutes."""
    over_fulfil_max: float = 1.0
    deadband_hz: float = 0.0
    """Half the width around 50 Hz in which there is no duty to deliver; 0: none."""
    schedule_tx: bool = False
    """Energy trades may move the operating point."""
    reserve_mode: bool = False
    """The rules know it; our equations are a reconstruction."""
    lead_min: float = 0.0
    """From the announcement of a schedule transaction to its start, at least."""


_NORDIC = "Technical Requirements for FCR Provision in the Nordic Synchronous Area v1.1"

_FCR_N = Nordic(
    frequency_zero_hz=50.0,
    frequency_full_hz=(49.9, 50.1),
    enable_min=30.0,
    disable_min=57.5,
    aem_enable_min=5.0,
    aem_disable_min=10.0,
    power_share=0.34,
    up=True,
    down=True,
)


def _fcr_d(*, up: bool) -> Nordic:
    return Nordic(
        frequency_zero_hz=49.9 if up else 50.1,
        frequency_full_hz=(49.5, 49.9) if up else (50.1, 50.5),
        enable_min=20.0,
        disable_min=20.0,
        aem_enable_min=5.0,
        aem_disable_min=10.0,
        power_share=0.20,
        up=up,
        down=not up,
    )


NORDIC: Mapping[str, Nordic] = {
    "fcr_n": _FCR_N,
    "fcr_d_up": _fcr_d(up=True),
    "fcr_d_down": _fcr_d(up=False),
    "fcr_d_up_static": _fcr_d(up=True),
    "fcr_d_down_static": _fcr_d(up=False),
}
"""By product. Nordic requirements v1.1 of 28 March 2025, limited energy reservoirs."""

_SETS = (
    RuleSet(name=OFF, products=(), dated="", source="nothing is managed", confirmed=True),
    RuleSet(
        name="nordic_v1_1",
        products=("fcr_n",),
        dated="2025-03-28",
        source=_NORDIC,
        confirmed=True,
        guard_min=5.0,
        planning_min=60.0,
    ),
    RuleSet(
        name="nordic_d_v1_1",
        products=("fcr_d_up", "fcr_d_down", "fcr_d_up_static", "fcr_d_down_static"),
        dated="2025-03-28",
        source=_NORDIC,
        confirmed=True,
        guard_min=5.0,
        planning_min=20.0,
    ),
    RuleSet(
        name="nl_tnl_v3_10",
        products=("fcr_ce",),
        dated="2026-04-01",
        source="TenneT NL, FCR Manual for BSPs, V3.10",
        confirmed=True,
        planning_min=25.0,
        schedule_tx=True,
        reserve_mode=True,
        lead_min=15.0,
    ),
    RuleSet(
        name="de_2014",
        products=("fcr_ce",),
        dated="2014-01-01",
        source="German framework of 2014 as reported by Fleer and Stenzel (2016); historic",
        confirmed=False,
        planning_min=25.0,
        over_fulfil_max=1.2,
        deadband_hz=0.010,
        schedule_tx=True,
        lead_min=30.0,
    ),
    RuleSet(
        name="gb_dc_2024",
        products=("dc", "dcl", "dch"),
        dated="2024-07-01",
        source="NESO, New Dynamic Services; state-of-energy rules not confirmed",
        confirmed=False,
        guard_min=15.0,
        planning_min=15.0,
    ),
    RuleSet(
        name="gb_dm_2024",
        products=("dm", "dml", "dmh"),
        dated="2024-07-01",
        source="NESO, New Dynamic Services; state-of-energy rules not confirmed",
        confirmed=False,
        guard_min=30.0,
        planning_min=30.0,
    ),
    RuleSet(
        name="gb_dr_2024",
        products=("dr", "drl", "drh"),
        dated="2024-07-01",
        source="NESO, New Dynamic Services; state-of-energy rules not confirmed",
        confirmed=False,
        guard_min=60.0,
        planning_min=60.0,
    ),
)

RULE_SETS: Mapping[str, RuleSet] = {rules.name: rules for rules in _SETS}
