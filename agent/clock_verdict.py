"""What the gateway has found out about the machine's clock, for control."""

from dataclasses import dataclass

from wire import fields
from wire.fields import INSTANT_US_MAX, Document
from wire.report import ClockState


@dataclass(frozen=True, slots=True)
class ClockVerdict:
    """What the clock is worth, and what to add to it."""

    state: ClockState
    correction_us: int
    """To be added to the system's clock; 0 unless the state is CORRECTED."""
    error_us: int | None = None
    """What the clock, once corrected, may be wrong by as it was measured; None: nobody has."""


def to_document(verdict: ClockVerdict) -> dict[str, object]:
    document: dict[str, object] = {
        "state": verdict.state.value,
        "correction_us": verdict.correction_us,
    }
    if verdict.error_us is not None:
        document["error_us"] = verdict.error_us
    return document


def from_document(document: Document) -> ClockVerdict:
    """Return the verdict of a document of the link.

    Raises:
        BadMessage: it is not one.
    """
    state = fields.choice(document, "state", "link", ClockState)
    correction_us = fields.integer(
        document, "correction_us", "link", low=-INSTANT_US_MAX, high=INSTANT_US_MAX
    )
    error_us: int | None = None  # also from a gateway that does not say
    if document.get("error_us") is not None:
        error_us = fields.integer(document, "error_us", "link", high=INSTANT_US_MAX)
    return ClockVerdict(state, correction_us, error_us)
