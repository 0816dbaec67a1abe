"""Whether control lives: it polls, decides and writes. Only then is the watchdog fed.

A cycle that beats on while the task of a device hangs would look well from outside, and that
device would be held by nobody. Every call of a driver is bounded, so a task that is at work and
has not moved for longer than that is broken, and the process is better started anew.
"""

from collections.abc import Sequence

from agent.control.dispatch import CALL_S_MAX
from agent.control.port import Port

STALL_S = CALL_S_MAX + 1.0
"""A task that has not moved for longer is not waiting for its device."""


def stalled(ports: Sequence[Port], now_s: float) -> str:
    """Return the device whose task hangs; empty: all of them move."""
    return next((p.device for p in ports if p.busy_s(now_s) > STALL_S), "")
