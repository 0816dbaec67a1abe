"""Reserve mode: a nearly empty or full unit reacts to the short-term part of a deviation. Pure.

During an alert a state of charge outside the limits makes the product react less and less to what
lasts and only to what is new; once the energy is restored it comes back the same way. The rule is
confirmed in words only (TenneT NL, FCR Manual V3.10, limited energy reservoirs); mean window,
weight and margin are our reconstruction and stay settings: compare before prequalification.
"""

from dataclasses import dataclass
from math import fsum

RESTORED_MARGIN = 0.01
"""Of the operating range: so much inside its limit the energy counts as restored. Ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FadeMemory:
    """Of one product."""

    on: bool = False
    faded_s: float = 0.0
    """How far the transition is, in seconds of its whole."""
    weight: float = 0.0
    """0: normal mode; 1: reserve mode."""
    deviations_hz: tuple[float, ...] = ()
    mean_hz: float = 0.0
    """Of the seconds before this one."""

    def reacted_hz(self, deviation_hz: float) -> float:
        """Return what the product reacts to: ``T·(df - mean) + (1 - T)·df``."""
        return deviation_hz - self.weight * self.mean_hz


def second(
    *,
    soc: float | None,
    limit: float,
    alert: bool | None,
    deviation_hz: float | None,
    fade_s: float,
    memory: FadeMemory,
    count: int = 1,
) -> FadeMemory:
    """Return the state of this second.

    Args:
        soc: energy per operating range, 0 to 1; None: not known, and the mode stays.
        limit: of the energy, from each end: capacity · `fade_s` / operating range.
        alert: of the area; only an alert brings reserve mode.
        deviation_hz: measured or injected; None: not credible, and the mean stays.
        fade_s: of the mean and of the transition.
        memory: of the second before.
        count: seconds since then.
    """
    on = memory.on
    if soc is not None:
        room = min(soc, 1.0 - soc)
        margin = max(0.0, min(RESTORED_MARGIN, 0.25 - limit / 2))
        entered = alert is True and room < limit
        on = entered or (on and room < limit + margin)
    before = memory.deviations_hz
    step_s = 0.0 if on is not memory.on else count
    faded_s = min(fade_s, max(0.0, memory.faded_s + (step_s if on else -step_s)))
    deviations_hz = before
    if deviation_hz is not None:
        deviations_hz = (*before, *(deviation_hz,) * count)[-max(1, round(fade_s)) :]
    return FadeMemory(
        on=on,
        faded_s=faded_s,
        weight=faded_s / fade_s,
        deviations_hz=deviations_hz,
        mean_hz=fsum(before) / len(before) if before else 0.0,
    )
