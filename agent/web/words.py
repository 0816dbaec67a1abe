"""The page's words: one JSON file a language, the same keys in each."""

import json
from functools import cache
from pathlib import Path

from wire.points import STANDARD

LANGUAGES = ("de", "en")
_FOLDER = Path(__file__).with_name("words")


@cache
def words(language: str) -> dict[str, str]:
    """Return text by key.

    Raises:
        KeyError: there is no such language.
    """
    if language not in LANGUAGES:
        raise KeyError(language)
    text = (_FOLDER / f"{language}.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


@cache
def points(language: str) -> list[dict[str, str | int]]:
    """Return name, text, unit and decimals of the standard points, in their order."""
    return [
        {
            "name": point.name,
            "text": point.text_de if language == "de" else point.text_en,
            "unit": point.unit,
            "decimals": point.decimals,
        }
        for point in STANDARD.values()
    ]


def choose(asked: str | None, cookie: str | None, accepted: str) -> str:
    """Return the language: what was asked for now, before, or by the browser; else German."""
    for wish in (asked, cookie):
        if wish in LANGUAGES:
            return wish
    for part in accepted.split(","):
        wish = part.strip()[:2].lower()
        if wish in LANGUAGES:
            return wish
    return LANGUAGES[0]
