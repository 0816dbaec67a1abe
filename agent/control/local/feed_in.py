"""PV curtailment, the second means after the battery: what the PV may produce now. Pure.

The battery comes first: the PV is held back only by what the battery, charging as fast as
protection lets it, cannot take. Without the meter the PV alone may not exceed the cap.
"""

from agent.control.local.scene import SITE_AGE_S_MAX, Scene, power_of


def pv_limit_kw(
    scene: Scene, cap_kw: float | None, installed_kw: float | None, charge_kw: float
) -> float | None:
    """Return what the PV may produce; None: whatever it can.

    Args:
        cap_kw: what may be fed in at the connection; None: whatever comes.
        installed_kw: what the PV can produce at most; None: not known.
        charge_kw: what the battery may take, a magnitude.
    """
    if cap_kw is None:
        return None
    pv = scene.plant.pv_kw
    pv_kw = None if pv is None else power_of(pv, SITE_AGE_S_MAX)
    if scene.residual_kw is None or pv_kw is None:
        limit_kw = cap_kw
    else:
        load_kw = max(0.0, pv_kw - scene.residual_kw)
        limit_kw = cap_kw + load_kw + max(0.0, charge_kw)
    if installed_kw is not None and limit_kw >= installed_kw:
        return None
    return max(0.0, limit_kw)
