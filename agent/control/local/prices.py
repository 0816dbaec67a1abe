"""Price rules: charge when energy is cheap, discharge when it is dear, feed in nothing for less.

The prices come with the schedule; without one for this hour nothing is asked for. Pure.
"""

from collections.abc import Iterator

from agent.control.arbitrate import Proposal
from agent.control.limits import Ramp
from agent.control.local.config import PriceSettings
from agent.control.local.scene import WISH_US, Scene

CODE = "PRICE"
_CT = 100.0


def eur_mwh(scene: Scene) -> float | None:
    """Return the price that holds now; None: the schedule tells none."""
    price = None if scene.schedule is None else scene.schedule.price_at(scene.now_us)
    return None if price is None else price.ct_mwh / _CT


def curtails(scene: Scene, settings: PriceSettings) -> bool:
    """Say whether nothing is to be fed in for this price."""
    least, price = settings.curtail_below_eur_mwh, eur_mwh(scene)
    return least is not None and price is not None and price < least


def proposals(
    scene: Scene, settings: PriceSettings, cls: int, sub: int, *, low: bool, high: bool
) -> Iterator[Proposal]:
    """Yield what the price of this hour asks for.

    Args:
        low: the charge is at or below the floor of the price rules.
        high: and at or above their ceiling.
    """
    price = eur_mwh(scene)
    if price is None:
        return
    preferred_kw: float | None = None
    cheap, dear = settings.charge_below_eur_mwh, settings.discharge_above_eur_mwh
    if cheap is not None and price <= cheap and not high:
        preferred_kw = -settings.charge_kw
    elif dear is not None and price >= dear and not low:
        preferred_kw = settings.discharge_kw
    upper_kw = None
    if curtails(scene, settings) and scene.residual_kw is not None:
        upper_kw = -scene.residual_kw
    if preferred_kw is None and upper_kw is None:
        return
    yield Proposal(
        source="prices",
        cls=cls,
        sub=sub,
        code=CODE,
        text=f"energy costs {price:g} EUR/MWh now",
        valid_from_us=scene.now_us,
        expires_us=scene.now_us + WISH_US,
        preferred_kw=preferred_kw,
        upper_kw=upper_kw,
        ramp=Ramp.LOCAL,
    )
