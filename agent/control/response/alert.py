"""The alert state of Continental Europe: three counters on the deviation. Pure.

Alert holds at once from 200 mHz on, after 5 minutes from 100 mHz on and after 15 minutes from
50 mHz on; each counter starts anew only below its own threshold, so that a touch of 200 mHz ends
with the touch. The rule says both "greater than" and "greater or equal": the earlier is taken.
Source: SOGL, TenneT FCR manual 3.10.
"""

from dataclasses import dataclass

ALERT_HZ = 0.050
ALERT_S = 900.0
ALERT_LARGE_HZ = 0.100
ALERT_LARGE_S = 300.0
ALERT_AT_ONCE_HZ = 0.200
FREEZE_S = 2.0
"""Without a believed frequency the counters stand still for so long; then nobody knows."""
_ROUNDING_HZ = 1e-9
"""50.2 less 50 is not quite 0.2 in a computer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """The counters and what they say."""

    c1_s: float = 0.0
    c2_s: float = 0.0
    alert: bool | None = False
    """None: unknown, the frequency has not been believed for too long."""
    doubted_s: float = 0.0


def step(before: Alert, deviation_hz: float | None, elapsed_s: float) -> Alert:
    """Return the counters after `elapsed_s` more at a deviation in Hz; None: it is not believed."""
    if deviation_hz is None:
        doubted_s = before.doubted_s + elapsed_s
        known = before.alert if doubted_s <= FREEZE_S else None
        return Alert(c1_s=before.c1_s, c2_s=before.c2_s, alert=known, doubted_s=doubted_s)
    size_hz = abs(deviation_hz) + _ROUNDING_HZ
    c1_s = before.c1_s + elapsed_s if size_hz >= ALERT_HZ else 0.0
    c2_s = before.c2_s + elapsed_s if size_hz >= ALERT_LARGE_HZ else 0.0
    alert = c1_s >= ALERT_S or c2_s >= ALERT_LARGE_S or size_hz >= ALERT_AT_ONCE_HZ
    return Alert(c1_s=c1_s, c2_s=c2_s, alert=alert)
