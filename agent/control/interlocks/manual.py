"""I17, somebody or something on site says stop: at once, and until it is reset. Pure.

A contact is wired so that a cut wire stops too: 0 is stop. A stop acts on its first sample however
it bounces, and counts as over only when it has been away for a second. An input module that does
not answer stops the plant as well, but latches nothing: that is missing data, not a person.
"""

from collections.abc import Mapping

from agent.control.cuts import Cut
from agent.control.interlocks.config import StopInput
from agent.control.interlocks.latch import Latch
from agent.control.plant import UnitState
from agent.control.quantity import UNKNOWN, Quantity

SETTLE_S = 1.0
"""A contact that has bounced counts as released after so long without a bounce."""

Ended = Mapping[str, float]
"""Of each contact that said stop or nothing: when it last did, by the event loop's time."""


def contact_cuts(
    contacts: tuple[StopInput, ...],
    inputs: Mapping[str, Quantity],
    ended: Ended,
    at_s: float,
    *,
    code: str = "I17",
    settle_s: float = SETTLE_S,
) -> tuple[tuple[Cut, ...], Ended]:
    """Return a stop for each contact that says so, and when each last did."""
    found: list[Cut] = []
    after = dict(ended)
    for contact in contacts:
        quantity = inputs.get(contact.point, UNKNOWN)
        value = quantity.within(contact.age_s_max)
        if value is None:
            text = f"{contact.name or contact.point}: no signal, as if the wire were cut"
            found.append(Cut(code, text, 0.0, 0.0, blind=True))
            if quantity.value is not None:
                after[contact.point] = at_s
        elif says_stop(contact, value):
            text = f"{contact.name or contact.point} says stop"
            found.append(Cut(code, text, 0.0, 0.0, latched=contact.latched))
            after[contact.point] = at_s
        elif (last_s := after.get(contact.point)) is not None:
            if at_s - last_s >= settle_s:
                del after[contact.point]
            else:
                text = f"{contact.name or contact.point}: released for less than {settle_s:g} s"
                found.append(Cut(code, text, 0.0, 0.0))
    return tuple(found), after


def says_stop(contact: StopInput, value: float) -> bool:
    """Say whether a contact's value means stop; anything from 0.5 on is a closed contact."""
    return (value >= 0.5) == bool(contact.stops_at)


def unit_cuts(unit: UnitState) -> tuple[Cut, ...]:
    """Return a stop for each point of the unit that says so: contactor, insulation, fire, door."""
    if not unit.stops and not unit.silent_stops:
        return ()
    said = (Cut("I17", f"{point} says stop", 0.0, 0.0, latched=True) for point in unit.stops)
    text = "is not known now, and might say stop"
    silent = (Cut("I17", f"{p} {text}", 0.0, 0.0, blind=True) for p in unit.silent_stops)
    return (*said, *silent)


def latches(cuts: tuple[Cut, ...], unit: str) -> tuple[Latch, ...]:
    """Return what stays of the cuts until a reset; the text names the source."""
    return tuple(Latch(cut.code, unit, cut.text, cut.text) for cut in cuts if cut.latched)


def held(latch: Latch) -> Cut:
    return Cut(latch.code, latch.text, 0.0, 0.0, latched=True)
