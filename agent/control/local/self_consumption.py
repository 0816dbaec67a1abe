"""Self-consumption: the power at the connection is led to a target near 0. Pure.

An integrator on what was really written in the cycle before, so that whatever cut it cannot wind
it up. Its speed comes from the lags of meter and inverter: half the gain that dead time alone
would allow. While a frequency product answers, the power at the connection is that which there
would be without the response: the base must not depend on the grid's frequency.
"""

from agent.control.arbitrate import Proposal
from agent.control.limits import Ramp
from agent.control.local.config import SelfConsumptionSettings
from agent.control.local.scene import WISH_US, Scene

CODE = "SELF_CONSUMPTION"
TARGET_SHARE = -0.005
"""Of rated power: a slight import avoids hunting around 0."""
CAUTION = 2.0


def proposal(
    scene: Scene, settings: SelfConsumptionSettings, cls: int, sub: int, *, low: bool
) -> Proposal | None:
    """Return what leads to the target; None: the meter tells nothing, and others decide.

    Args:
        low: the charge is at or below the floor of self-consumption.
    """
    if scene.site_kw is None or scene.residual_kw is None:
        return None
    surplus_kw = scene.residual_kw
    return Proposal(
        source="self_consumption",
        cls=cls,
        sub=sub,
        code=CODE,
        text="the power at the connection is led to its target",
        valid_from_us=scene.now_us,
        expires_us=scene.now_us + WISH_US,
        preferred_kw=_wanted_kw(scene, settings, scene.site_kw, surplus_kw),
        lower_kw=None if settings.grid_charging else -max(0.0, surplus_kw),
        upper_kw=0.0 if low else None if settings.battery_export else max(0.0, -surplus_kw),
        ramp=Ramp.LOCAL,
    )


def _wanted_kw(
    scene: Scene, settings: SelfConsumptionSettings, site_kw: float, surplus_kw: float
) -> float:
    target_kw = settings.target_kw
    if target_kw is None:
        target_kw = TARGET_SHARE * scene.rated_kw
    of_base_kw = surplus_kw + scene.base_kw if scene.armed else site_kw
    error_kw = of_base_kw - target_kw
    if abs(error_kw) <= settings.deadband_pct / 100 * scene.rated_kw:
        return scene.base_kw
    lag_s = CAUTION * (settings.meter_lag_s + settings.inverter_lag_s)
    gain = 1.0 if scene.elapsed_s >= lag_s else scene.elapsed_s / lag_s
    return scene.base_kw - gain * error_kw
