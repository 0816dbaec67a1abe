"""What operators want of control: the mode, and a power until an end. Pure."""

from dataclasses import dataclass

from wire.order import Mode


@dataclass(frozen=True, slots=True)
class Override:
    """An operator's power until an end; `id` is that of the command."""

    id: str
    power_kw: float
    until_us: int


@dataclass(frozen=True, slots=True)
class Steering:
    """What operators want of control now, as a whole: it replaces what was wanted before."""

    mode: Mode
    override: Override | None


FREE = Steering(Mode.AUTOMATIC, None)
"""Nobody wants anything but the schedule."""
