"""I24: what has not been proved is tried with little power, and no product relies on it. Pure.

Two things can be unproved: the register map of a kind of device, which a person confirms in its
profile, and the sign of this very installation, which a self-test against an independent meter
proves. A new firmware, another profile or another meter has another fingerprint and has to be
proved anew.
"""

from collections.abc import Collection, Iterator

from agent.control.cuts import Cut
from agent.control.interlocks.supervision.config import SelfTest
from agent.control.limits import UnitLimits
from agent.control.plant import UnitState

UNPROVED = "the inverter's profile has not been confirmed at a device"
UNTESTED = "the sign of the power has not been proved by a self-test"


def cuts(unit: UnitState, limits: UnitLimits, proved: Collection[str]) -> Iterator[Cut]:
    """Yield what may be tried of what is not proved; `proved` are fingerprints."""
    share = unit.power_share_max
    if share < 1.0:
        yield _tried(UNPROVED, share, limits)
    settings = limits.supervision
    if settings.self_test is SelfTest.REQUIRED and (
        not unit.fingerprint or unit.fingerprint not in proved
    ):
        yield _tried(UNTESTED, settings.self_test_pct / 100.0, limits)


def _tried(why: str, share: float, limits: UnitLimits) -> Cut:
    text = f"{why}: {share * 100:g} % of the rated power at most"
    return Cut("I24", text, -share * limits.charge_kw_max, share * limits.discharge_kw_max)
