"""Pages of the guide name no picture and no page that is not there, and no picture is idle."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.source import ROOT, check, files, texts

_NAMED = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_PICTURES = (".svg", ".png")


def _named() -> dict[Path, set[Path]]:
    """Return what each page names of our own files, from the root of the repository."""
    found: dict[Path, set[Path]] = {}
    for page, text in texts("docs", "README.md", suffixes=[".md"]):
        for address in _NAMED.findall(text):
            target = urlsplit(address)
            if not target.scheme and target.path:
                place = (ROOT / page.parent / target.path).resolve()
                found.setdefault(page, set()).add(place)
    return found


def test_whatever_a_page_names_is_there() -> None:
    check(
        f"{page}:1: {place.name} is not there"
        for page, places in _named().items()
        for place in places
        if not place.exists()
    )


def test_every_picture_of_the_guide_is_on_a_page() -> None:
    shown = set().union(*_named().values())
    pictures = files("docs/guide", suffixes=_PICTURES)
    check(f"{path}:1: on no page" for path in pictures if ROOT / path not in shown)
