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
"""More than any platform's ``struct timex``; none of its fields is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What is asked of a machine; made by `this_machine`."""

    boot_id: str
    synchronised: Callable[[], bool]


def this_machine(clock: Clock) -> Machine:
    """Return the machine that we run on; a clock that is moved is not the one it keeps."""
    moved = isinstance(clock, SystemClock) and clock.shift_us != 0
    return Machine(boot_id=boot_id(), synchronised=(lambda: False) if moved else synchronised)


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
    answer = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    return 0 <= int(answer) < _TIME_ERROR
