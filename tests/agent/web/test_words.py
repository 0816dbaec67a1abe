"""agent.web: two languages with the same keys, each used; pages load nothing from outside."""

import re
from pathlib import Path

import pytest

from agent.gateway import buffer, inlet, restamp, timekeeper, uplink
from agent.gateway.alarmbook import RULES
from agent.web.words import LANGUAGES, choose, words
from tests.support.source import ROOT

FOLDER = Path(__file__).resolve().parents[3] / "agent" / "web"
PAGES = sorted([*FOLDER.glob("templates/*.html"), *FOLDER.glob("static/*")])
_LITERAL_KEY = re.compile(r"""(?:w\[|text\()"([a-z_]+(?:\.[A-Za-z_0-9]+)*)"[\])),]""")
_PREFIXES = (
    "event.",
    "reason.",
    "severity.",
    "banner.",
    "mode.",
    "direction.",
    "next.",
    "state.",
    "product.",
    "products.",
    "cause.",
    "source.",
    "refused.",
    "why.",
    "selftest.",
    "evidence.format.",
)
"""Keys that are put together from a code at run time."""


def test_both_languages_have_the_same_keys_and_no_empty_text() -> None:
    german, english = (words(language) for language in LANGUAGES)
    assert german.keys() == english.keys()
    assert all(german.values())
    assert all(english.values())


def test_placeholders_are_the_same_in_both_languages() -> None:
    for key, german in words("de").items():
        assert set(re.findall(r"{\w+}", german)) == set(re.findall(r"{\w+}", words("en")[key])), key


def test_every_key_that_a_page_names_has_a_text_and_every_text_is_used() -> None:
    sources = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    named = set(_LITERAL_KEY.findall(sources))
    assert len(named) > 30
    assert named <= words("de").keys()
    python = (FOLDER / "app.py").read_text(encoding="utf-8")
    unused = {
        key
        for key in words("de")
        if f'"{key}"' not in sources + python and not key.startswith((*_PREFIXES, "data.", "age."))
    }
    assert unused == set()


def test_every_event_that_the_gateway_reports_has_a_text() -> None:
    for module in (buffer, inlet, restamp, timekeeper, uplink):
        assert module.__file__ is not None
        source = Path(module.__file__).read_text(encoding="utf-8")
        for code in re.findall(r'"([A-Z]+_[A-Z_]+)"', source):
            assert f"event.{code}" in words("de"), code


def test_every_alarm_has_a_text() -> None:
    assert {f"event.{code}" for code in RULES} <= words("de").keys()


def test_every_event_and_reason_of_control_has_a_text() -> None:
    source = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "agent/control").rglob("*.py")
    )
    events = set(re.findall(r'_tell\(\s*"([A-Z_]+)"', source))
    reasons = set(re.findall(r'(?:Cut|Reason)\(\s*"([A-Z0-9_]+)"', source))
    reasons |= set(re.findall(r'cls=[^,]+,\s+(?:sub=[^,]+,\s+)?code="([A-Z0-9_]+)"', source))
    assert len(events) > 4
    assert len(reasons) > 6
    assert {f"event.{code}" for code in events} <= words("de").keys()
    assert {f"reason.{code}" for code in reasons} <= words("de").keys()


def test_every_reason_but_those_of_arming_has_a_sentence_for_the_ladder() -> None:
    keys = words("de").keys()
    reasons = {key.removeprefix("reason.") for key in keys if key.startswith("reason.")}
    assert {code for code in reasons if not code.startswith("ARM_")} == {
        key.removeprefix("cause.") for key in keys if key.startswith("cause.")
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_loads_anything_from_elsewhere_or_runs_inline_code(page: Path) -> None:
    content = page.read_text(encoding="utf-8").replace("http://www.w3.org/", "")
    assert "http://" not in content
    assert "https://" not in content
    assert "//cdn" not in content
    if page.suffix == ".html":
        assert " style=" not in content
        assert not re.search(r"\son[a-z]+=", content)
        for script in re.findall(r"<script[^>]*>", content):
            assert "src=" in script


@pytest.mark.parametrize(
    ("asked", "cookie", "accepted", "language"),
    [
        ("en", "de", "de", "en"),
        ("fr", "en", "de", "en"),
        (None, None, "fr-FR, en-GB;q=0.8, de;q=0.5", "en"),
        (None, None, "", "de"),
        (None, "xx", "*", "de"),
    ],
)
def test_the_language_is_asked_for_remembered_or_the_browsers(
    asked: str | None, cookie: str | None, accepted: str, language: str
) -> None:
    assert choose(asked, cookie, accepted) == language


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(KeyError):
        words("../../secret")
