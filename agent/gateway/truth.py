"""What is believed of the time: its lead on the machine's monotonic clock, and by whom. Pure.

A machine's monotonic clock runs evenly from its start to its end, so one number puts every stamp
of that run right, whenever it becomes known. A time service that keeps the system's clock is
believed first, then the hub. Once known, the truth is held against a system clock that is set by
hand; how far the machine's crystal has run away meanwhile, only the next answer tells.
"""

from dataclasses import dataclass, field, replace

from agent.timekeeping import STEP_US_MIN
from wire.report import ClockState

AGREE_US_MAX = 2_000_000
"""A system clock this near to the hub's is confirmed, and stamps are left as it makes them."""
RIGHT_US_MAX = 20_000
"""A stamp this near to the truth is left; two reads of the same clock differ by less."""
DRIFT_PPM = 20.0
"""What a machine's crystal may run away by, unless its data sheet says worse."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The hub's time as an offset to our monotonic clock, and how far that may be off."""

    offset_us: int
    unsure_us: int
    at_s: float
    """When, by the event loop's time."""


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed."""

    state: ClockState
    offset_us: int | None
    """What the true time is ahead of the monotonic clock; None: not known."""
    heard: Heard | None = field(default=None, compare=False)
    """What the hub said last; None: it is not the hub whom we believe, or it was another run."""

    def error_us(self, at_s: float) -> int | None:
        """Return what we may be wrong by, at most; None: nobody has measured it.

        The way to the hub may have taken all of its time in one direction.
        """
        if self.heard is None or self.offset_us is None:
            return None
        off_us = abs(self.heard.offset_us - self.offset_us) + self.heard.unsure_us
        return off_us + round(max(0.0, at_s - self.heard.at_s) * DRIFT_PPM)

    def correction_us(self, system_us: int) -> int:
        """Return what to add to a system clock that is `system_us` ahead of the monotonic one."""
        if self.state is not ClockState.CORRECTED or self.offset_us is None:
            return 0
        return self.offset_us - system_us


NOTHING = Belief(ClockState.UNKNOWN, None)


def judged(
    belief: Belief, system_us: int, *, synchronised: bool, heard: Heard | None = None
) -> Belief:
    """Return what is to be believed now.

    Args:
        belief: what was believed until now.
        system_us: what the system's clock is ahead of the monotonic one.
        synchronised: a time service keeps the system's clock.
        heard: what the hub has just said, if it was asked.
    """
    if synchronised:
        return Belief(ClockState.SYNCHRONISED, system_us)
    if heard is not None:
        return replace(_with_hub(belief, system_us, heard), heard=heard)
    if belief.offset_us is None:
        return belief
    if belief.state is ClockState.CORRECTED:
        return belief
    if abs(system_us - belief.offset_us) > STEP_US_MIN:
        return replace(belief, state=ClockState.CORRECTED)
    return replace(belief, state=ClockState.CONFIRMED, offset_us=system_us)


def _with_hub(belief: Belief, system_us: int, heard: Heard) -> Belief:
    # A clock that was once found wrong has to come nearer than one that was always right: no
    # correction shall come and go.
    bound_us = STEP_US_MIN if belief.state is ClockState.CORRECTED else AGREE_US_MAX
    if abs(heard.offset_us - system_us) <= bound_us:
        return Belief(ClockState.CONFIRMED, system_us)
    known_us = belief.offset_us
    if known_us is not None and abs(heard.offset_us - known_us) <= heard.unsure_us + RIGHT_US_MAX:
        return replace(belief, state=ClockState.CORRECTED)
    return Belief(ClockState.CORRECTED, heard.offset_us)


def shift_us(truth_us: int, offset_us: int) -> int:
    """Return what to add to stamps made with `offset_us`; 0 where they are right as they are."""
    by_us = truth_us - offset_us
    return by_us if abs(by_us) > RIGHT_US_MAX else 0
