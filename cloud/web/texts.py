"""The pages' words in German and English, one dictionary a language. Pure but for the first read.

The dictionaries are the same files that the browser loads (``static/lang/*.json``); a key that
one of them lacks is found by a test, not by a reader.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import cast

from cloud.web import assets

LANGUAGES = ("de", "en")
DEFAULT = "de"
THEMES = ("dark", "light")


@cache
def dictionary(language: str) -> Mapping[str, str]:
    """Return the words of one of `LANGUAGES`."""
    body = assets.load().files[f"lang/{language}.json"].body
    return cast("Mapping[str, str]", json.loads(body))


def choose(asked: str | None, kept: str | None, accepted: str | None) -> str:
    """Return the language to answer in: the address first, then the cookie, then the browser."""
    for wish in (asked, kept):
        if wish in LANGUAGES:
            return wish
    for part in (accepted or "").split(","):
        wish = part.partition(";")[0].strip()[:2].lower()
        if wish in LANGUAGES:
            return wish
    return DEFAULT


def choose_theme(asked: str | None, kept: str | None) -> str:
    """Return the theme: the address first, then the cookie; dark where neither says."""
    return next((wish for wish in (asked, kept) if wish in THEMES), THEMES[0])
