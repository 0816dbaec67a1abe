"""What control wants held in case it is started again: a text that only control understands. Pure.

It is told with every picture and said once at the start of each connection; a gateway keeps it in
memory only, since what is older than some seconds is not gone on with.
"""

from dataclasses import dataclass

from wire import fields
from wire.fields import BadMessage, Document

TEXT_MAX = 100_000
_AGE_S_MAX = 1e9


@dataclass(frozen=True, slots=True)
class Recall:
    """What the control before held, and how long ago it said so."""

    age_s: float
    text: str


def to_document(recall: Recall) -> dict[str, object]:
    return {"age_s": max(0.0, recall.age_s), "text": recall.text}


def from_document(document: Document, path: str = "recall") -> Recall:
    """Return what was held.

    Raises:
        BadMessage: a key is missing or wrong.
    """
    age_s = fields.number(document, "age_s", path, low=0.0, high=_AGE_S_MAX)
    return Recall(age_s, text(document, "text", path))


def text(document: Document, key: str, path: str) -> str:
    """Return the text at `key`; one that is missing is empty."""
    held = document.get(key, "")
    if not isinstance(held, str) or len(held) > TEXT_MAX:
        raise BadMessage(f"{path}.{key}", held, f"text of at most {TEXT_MAX} characters")
    return held
