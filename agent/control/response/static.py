"""Static FCR-D: what was once activated stays until the frequency has been calm. Pure.

Released only after 60 s without a break in the normal band, at 2 % a second: requirement 7 allows
2.5 % in 10 s, and the inverter's lag and the meter's noise come on top; at 49.8 or 50.2 Hz and
beyond the release pauses. Source: Nordic FCR requirements 1.1, requirements 5 to 7.
"""

from dataclasses import dataclass

CALM_HZ = 0.100
CALM_S = 60.0
PAUSE_HZ = 0.200
RELEASE_PER_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Static:
    """What is activated, and since when the frequency is calm; times are the event loop's."""

    share: float = 0.0
    calm_since_s: float | None = None
    releasing: bool = False
    at_s: float = 0.0


def step(before: Static, share: float, deviation_hz: float, at_s: float) -> Static:
    """Return what is activated where the curve asks for `share` of the capacity."""
    calm_since_s = before.calm_since_s if abs(deviation_hz) < CALM_HZ else None
    if abs(deviation_hz) < CALM_HZ and calm_since_s is None:
        calm_since_s = at_s
    if abs(share) >= abs(before.share):
        return Static(share=share, calm_since_s=calm_since_s, at_s=at_s)
    calm = calm_since_s is not None and at_s - calm_since_s >= CALM_S
    releasing, left = before.releasing or calm, abs(before.share)
    if releasing and abs(deviation_hz) < PAUSE_HZ:
        left -= RELEASE_PER_S * max(0.0, at_s - before.at_s)
    left = max(left, abs(share))
    return Static(
        share=left if before.share > 0.0 else -left,
        calm_since_s=calm_since_s,
        releasing=releasing,
        at_s=at_s,
    )
