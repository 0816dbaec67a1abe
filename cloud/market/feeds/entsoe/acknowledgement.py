"""What the platform says instead of data, and what to do then. Pure.

The wording is not stable and is used for two things only: to tell "nothing published" from other
uses of code 999, and to find the two numbers of a question that was too large.

Source: market data, §3.3.
"""

import re
from dataclasses import dataclass
from enum import Enum, unique

NOTHING_OR_TOO_MUCH = "999"
"""The platform's reason for nearly everything."""
_NOTHING = re.compile(r"no\s+matching\s+data", re.IGNORECASE)
_NUMBERS = re.compile(r"(?<![\w.:/+-])\d{1,9}(?![\w:/-]|\.\d)", re.ASCII)
"""Whole numbers that stand alone: no dates, no area codes."""


@unique
class Reaction(Enum):
    """What to do after an acknowledgement."""

    NOTHING_PUBLISHED = "nothing published"
    """No error: ask again by plan."""
    ASK_FOR_LESS = "ask for less"
    TROUBLE = "trouble"
    """Back off; no data, and no word on whether there will be any."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Code and text, "" where the platform left one out."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """An answer without data."""

    reasons: tuple[Reason, ...]

    def reaction(self) -> Reaction:
        """Return what to do; several reasons are as bad as the worst of them."""
        found = {_reaction(reason) for reason in self.reasons}
        for reaction in (Reaction.TROUBLE, Reaction.ASK_FOR_LESS, Reaction.NOTHING_PUBLISHED):
            if reaction in found:
                return reaction
        return Reaction.TROUBLE

    def numbers(self) -> tuple[int, int] | None:
        """Return how many documents were asked for and how many are allowed, if it says so."""
        return next((two for reason in self.reasons if (two := _two(reason.text))), None)

    def __str__(self) -> str:
        said = "; ".join(f"{reason.code or 'no code'}: {reason.text}" for reason in self.reasons)
        return said or "no reason"


def _reaction(reason: Reason) -> Reaction:
    if reason.code != NOTHING_OR_TOO_MUCH:
        return Reaction.TROUBLE
    if _NOTHING.search(reason.text):
        return Reaction.NOTHING_PUBLISHED
    return Reaction.ASK_FOR_LESS if _two(reason.text) else Reaction.TROUBLE


def _two(text: str) -> tuple[int, int] | None:
    """Return the larger and the smaller of exactly two different numbers."""
    numbers = [int(found) for found in _NUMBERS.findall(text)]
    if len(numbers) != 2 or numbers[0] == numbers[1]:
        return None
    return max(numbers), min(numbers)
