"""cloud.web.texts: every word of the pages exists in every language, and the reader's is found."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from agent.gateway import alarmbook
from cloud.exchange.matching.codes import Action, Ending, TradeState
from cloud.exchange.venue.scopes import SCOPES
from cloud.fleet.operation.model import Standing
from cloud.kernel.keys import Role
from cloud.market.contracts import Phase
from cloud.web import assets, texts
from wire import order as orders
from wire.gap import Cause
from wire.order import Mode, Part
from wire.report import ClockState

_WEB = Path(texts.__file__).parent
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_USED = re.compile(
    r"""(?:\bt\(|\blabel\(|\bsay\([^,]+,\s*|texts\[|blocked\(|data-t-placeholder=|problem=)\s*["']([a-z]+\.[a-z_]+)["']"""
)
_CHOSEN = re.compile(r"""[?:]\s*["']([a-z]+\.[a-z_]+)["']""")
_HEADINGS = re.compile(r"""\[["']([a-z]+\.[a-z_]+)["'],""")
_MADE = (
    "action.",
    "blotter.no_",
    "cause.",
    "class.",
    "clock.",
    "code.",
    "command.",
    "feederror.",
    "fill.",
    "flag.",
    "forecast.alarm.",
    "form.",
    "indicator.",
    "input.",
    "job.",
    "kind.",
    "mark.",
    "market.",
    "marketevent.",
    "mode.",
    "orderstate.",
    "outlook.flag.",
    "part.",
    "phase.",
    "pin.",
    "quality.",
    "record.no_",
    "role.",
    "scope.",
    "series.",
    "severity.",
    "stats.",
    "tradestate.",
    "why.",
)
"""Beginnings of keys that are put together from data."""


def _sources() -> list[str]:
    paths = [*_WEB.glob("templates/*.html"), *_WEB.glob("static/js/*.js"), *_WEB.glob("*.py")]
    return [path.read_text(encoding="utf-8") for path in paths]


def _used() -> set[str]:
    return {
        key
        for source in _sources()
        for pattern in (_USED, _CHOSEN, _HEADINGS)
        for key in pattern.findall(source)
    }


def test_all_languages_have_the_same_keys() -> None:
    german, *others = (texts.dictionary(language) for language in texts.LANGUAGES)
    for other in others:
        assert german.keys() == other.keys()


def test_no_text_is_empty_and_all_languages_have_the_same_places_for_values() -> None:
    german, english = (texts.dictionary(language) for language in texts.LANGUAGES)
    for key, text in german.items():
        assert text.strip(), key
        assert english[key].strip(), key
        assert set(_PLACEHOLDER.findall(text)) == set(_PLACEHOLDER.findall(english[key])), key


def test_every_key_that_a_page_uses_is_in_the_dictionaries() -> None:
    missing = _used() - texts.dictionary(texts.DEFAULT).keys()
    assert not missing


def test_every_key_in_the_dictionaries_is_used_by_a_page() -> None:
    everything = "\n".join(_sources())
    unused = [
        key
        for key in texts.dictionary(texts.DEFAULT)
        if not key.startswith(_MADE) and key not in everything
    ]
    assert not unused


def test_every_code_of_an_alarm_has_words() -> None:
    hub = {"GATEWAY_SILENT", "CLOCK_WRONG", "BACKLOG_OLD", "QUARANTINE"}
    wanted = {f"code.{code.lower()}" for code in hub | alarmbook.RULES.keys()}
    assert not wanted - texts.dictionary(texts.DEFAULT).keys()


@pytest.mark.parametrize(
    ("beginning", "kinds"),
    [
        ("kind", orders.KINDS),
        ("mode", Mode),
        ("part", Part),
        ("command", Standing),
        ("cause", Cause),
        ("clock", ClockState),
        ("role", Role),
        ("phase", [phase.value for phase in Phase]),
        ("scope", SCOPES),
        ("action", [action.value for action in Action]),
        ("orderstate", [ending.value for ending in Ending]),
        ("tradestate", [state.value for state in TradeState]),
    ],
)
def test_everything_that_can_be_listed_has_words(beginning: str, kinds: Iterable[str]) -> None:
    wanted = {f"{beginning}.{kind}".lower() for kind in kinds}
    assert not wanted - texts.dictionary(texts.DEFAULT).keys()


def test_no_key_is_written_twice() -> None:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        assert len(keys) == len(set(keys))
        return dict(pairs)

    for language in texts.LANGUAGES:
        json.loads(assets.load().files[f"lang/{language}.json"].body, object_pairs_hook=once)


@pytest.mark.parametrize(
    ("asked", "kept", "accepted", "language"),
    [
        (None, None, None, "de"),
        (None, None, "en-GB,en;q=0.9,de;q=0.8", "en"),
        (None, None, "fr-FR,de;q=0.7,en;q=0.3", "de"),
        (None, "en", "de-DE", "en"),
        ("de", "en", "en", "de"),
        ("xx", None, "nothing", "de"),
    ],
)
def test_the_language_is_the_asked_one_then_the_kept_one_then_the_browsers(
    asked: str | None, kept: str | None, accepted: str | None, language: str
) -> None:
    assert texts.choose(asked, kept, accepted) == language


def test_the_theme_is_dark_where_nobody_says_otherwise() -> None:
    assert texts.choose_theme(None, None) == "dark"
    assert texts.choose_theme(None, "light") == "light"
    assert texts.choose_theme("dark", "light") == "dark"
    assert texts.choose_theme("neon", None) == "dark"
