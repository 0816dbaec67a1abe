"""How fine and how often a frequency really comes, whatever its profile says. Pure.

Registers of 10 mHz are common. They use up the whole insensitivity that is permitted and bend the
slope that is settled by a tenth, so they are found out: a value that for a minute moved, and only
in steps of 10 mHz, is a coarse one.
"""

from dataclasses import dataclass

COARSE_HZ = 0.010
MOVES_MIN = 5
"""A value that stands still says nothing about its steps."""
_ROUNDING = 1e-4
"""Of a step: 49.98 is not quite 4998 steps in a computer."""
_WEIGHT = 0.1
"""Of the newest gap in the mean of the gaps between samples."""
_GAPS_MIN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """What was seen of one meter; times are the event loop's."""

    device: str = ""
    hz: float | None = None
    sampled_s: float = 0.0
    since_s: float = 0.0
    """Since when every value has been a multiple of 10 mHz."""
    moves: int = 0
    """Within that time."""
    gap_s: float = 0.0
    """Mean time between two samples."""
    gaps: int = 0

    def coarse(self, at_s: float, coarse_s: float) -> bool:
        """Say whether the meter has shown nothing but steps of 10 mHz for long enough."""
        return self.moves >= MOVES_MIN and at_s - self.since_s >= coarse_s

    @property
    def period_s(self) -> float | None:
        """Return how often a sample comes; None: not seen for long enough."""
        return self.gap_s if self.gaps >= _GAPS_MIN else None


def step(before: Steps, device: str, hz: float, sampled_s: float) -> Steps:
    """Return what is known once a sample of this device, taken at `sampled_s`, was seen."""
    if before.device != device or before.hz is None:
        return Steps(device=device, hz=hz, sampled_s=sampled_s, since_s=sampled_s)
    if sampled_s <= before.sampled_s:
        return before
    elapsed_s = sampled_s - before.sampled_s
    gap_s = elapsed_s if not before.gaps else before.gap_s + _WEIGHT * (elapsed_s - before.gap_s)
    share = hz / COARSE_HZ
    fine = abs(share - round(share)) > _ROUNDING
    return Steps(
        device=device,
        hz=hz,
        sampled_s=sampled_s,
        since_s=sampled_s if fine else before.since_s,
        moves=0 if fine else before.moves + (hz != before.hz),
        gap_s=gap_s,
        gaps=min(before.gaps + 1, _GAPS_MIN),
    )
