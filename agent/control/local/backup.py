"""Backup reserve: charge that is kept for a failure of the grid. Pure.

Below it nothing discharges but what an operator asks for and what a frequency product answers.
"""

from collections.abc import Iterator

from agent.control.arbitrate import Proposal
from agent.control.limits import Ramp
from agent.control.local.config import BackupSettings
from agent.control.local.scene import WISH_US, Scene

CODE = "BACKUP"
CLASS = 2
SUB = 9
FILL_CLASS = 4


def proposals(scene: Scene, settings: BackupSettings, *, low: bool) -> Iterator[Proposal]:
    """Yield what keeps the reserve, and what fills it again where the site wants that."""
    if not low:
        return
    text = f"{settings.reserve_pct:g} % of charge are kept for a failure of the grid"
    expires_us = scene.now_us + WISH_US
    yield Proposal(
        source="backup",
        cls=CLASS,
        sub=SUB,
        code=CODE,
        text=text,
        valid_from_us=scene.now_us,
        expires_us=expires_us,
        upper_kw=0.0,
        ramp=Ramp.LOCAL,
    )
    if settings.recharge_kw and scene.soc_pct is not None and scene.soc_pct < settings.reserve_pct:
        yield Proposal(
            source="backup",
            cls=FILL_CLASS,
            sub=0,
            code=CODE,
            text=text,
            valid_from_us=scene.now_us,
            expires_us=expires_us,
            preferred_kw=-settings.recharge_kw,
            ramp=Ramp.LOCAL,
        )
