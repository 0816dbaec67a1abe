"""What makes the loop punctual: real-time scheduling if granted, and no long collections."""

import gc
import logging
import os

PRIORITY = 20
"""SCHED_FIFO; see deploy/systemd: the unit grants as much."""

_logger = logging.getLogger(__name__)


def take_priority() -> bool:
    """Ask for real-time scheduling; say whether the process has it."""
    if os.sched_getscheduler(0) == os.SCHED_FIFO:
        return True
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    except OSError as error:
        _logger.warning("no real-time scheduling, the beat may come late under load: %s", error)
        return False
    return True


def freeze_heap() -> None:
    """Take all that the start left behind out of the collector's sight and switch it off.

    From here on `collect` is called between two beats.
    """
    gc.collect()
    gc.freeze()
    gc.disable()


def collect() -> None:
    """Collect what has become garbage since the last call; the heap to look at is small."""
    gc.collect()
