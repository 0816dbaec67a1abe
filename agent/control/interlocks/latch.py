"""What stays until somebody resets it: the same for every interlock, across restarts. Pure.

A latch is named by its code, its unit and its source. It is kept by the gateway, told to control
when it connects, and taken away by a reset, never by time. An interlock whose cause is still there
latches again in the same cycle, so a reset never lets power through.
"""

from collections.abc import Collection, Iterable

from agent.latches import Latch as Latch

Latches = tuple[Latch, ...]
"""Sorted, each key once."""


def added(latches: Latches, more: Iterable[Latch]) -> Latches:
    """Return the latches with `more`; the first text of a key stays."""
    known = {latch.key: latch for latch in latches}
    fresh = {latch.key: latch for latch in more if latch.key not in known}
    return tuple(sorted((*latches, *fresh.values()))) if fresh else latches


def without(latches: Latches, codes: Collection[str]) -> Latches:
    """Return the latches that none of the reset `codes` names."""
    return tuple(latch for latch in latches if latch.code not in codes) if codes else latches
