"""What the kernel knows: which run of the machine this is, and whether its clock is kept.

Source: adjtimex(2), random(4).
"""

import ctypes
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wire.clock import Clock, SystemClock

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_TIME_ERROR = 5
_TIMEX_BYTES = 512
"""More than any platform's ``struct timex``."""


class _Timex(ctypes.Structure):
    """The head of ``struct timex``; the rest is not looked at."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("rest", ctypes.c_char * _TIMEX_BYTES),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What is asked of a machine; made by `this_machine`."""

    boot_id: str
    synchronised: Callable[[], bool]
    error_us: Callable[[], int | None]
    """What the time service believes its clock to be wrong by; None: it does not say."""


def this_machine(clock: Clock) -> Machine:
    """Return the machine that we run on; a clock that is moved is not the one it keeps."""
    moved = isinstance(clock, SystemClock) and clock.shift_us != 0
    kept = (lambda: False) if moved else synchronised
    return Machine(boot_id=boot_id(), synchronised=kept, error_us=error_us)


def boot_id() -> str:
    """Return what names this run of the machine.

    Where the kernel hides it, every run of the process counts as one of the machine: nothing that
    was stamped in another is then put right by mistake.
    """
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return f"hidden-{secrets.token_hex(8)}"


def synchronised() -> bool:
    """Say whether a time service keeps the machine's clock (STA_UNSYNC is clear)."""
    return 0 <= int(ctypes.CDLL(None).adjtimex(ctypes.byref(_Timex()))) < _TIME_ERROR


def error_us() -> int | None:
    """Return what the time service believes its clock to be wrong by.

    Its estimate is taken, not the bound: some services set the bound to 0 with each answer and the
    kernel lets it grow by 500 ppm, which says nothing. One that leaves the estimate at 0 does not
    say.
    """
    timex = _Timex()
    if int(ctypes.CDLL(None).adjtimex(ctypes.byref(timex))) < 0:
        return None
    return int(timex.esterror) or None
