"""What operators want, as proposals of their class: above the schedule, below all duties. Pure.

An override goes before the mode: a setpoint in standby holds for its time, then standby holds
again. It ends by itself, also when nobody is there to end it.
"""

from collections.abc import Iterator

from agent.control.arbitrate import Proposal
from agent.steering import Override, Steering
from wire.clock import utc
from wire.order import Mode

CLASS = 2
STANDBY_US = 10_000_000
"""How long the proposal of a mode lives; it is made anew in every cycle."""


def proposals(steering: Steering, now_us: int) -> Iterator[Proposal]:
    """Yield what is asked for at `now_us`; nothing for an override that is over."""
    override = _in_force(steering, now_us)
    if override is not None:
        yield Proposal(
            source="operator",
            cls=CLASS,
            code="OPERATOR",
            text=f"an operator asks for {_asked(override)}",
            valid_from_us=now_us,
            expires_us=override.until_us,
            preferred_kw=override.power_kw,
        )
    if steering.mode is Mode.STANDBY:
        yield Proposal(
            source="operator",
            cls=CLASS,
            sub=1,
            code="STANDBY",
            text="an operator asks for standby",
            valid_from_us=now_us,
            expires_us=now_us + STANDBY_US,
            preferred_kw=0.0,
        )


def followed(steering: Steering, now_us: int) -> str:
    """Return the id of the override in force; empty: none."""
    override = _in_force(steering, now_us)
    return "" if override is None else override.id


def text(steering: Steering) -> str:
    """Return what operators want, in one line."""
    if steering.override is None:
        return steering.mode.value
    return f"{_asked(steering.override)} (command {steering.override.id}), {steering.mode.value}"


def _in_force(steering: Steering, now_us: int) -> Override | None:
    override = steering.override
    return override if override is not None and now_us < override.until_us else None


def _asked(override: Override) -> str:
    return f"{override.power_kw:g} kW until {utc(override.until_us):%Y-%m-%d %H:%M:%S} UTC"
