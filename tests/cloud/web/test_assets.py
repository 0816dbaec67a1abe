"""cloud.web.assets: files from memory under a version; nothing from outside, nothing unreadable."""

import gzip
import hashlib
import itertools
import re
from pathlib import Path

import pytest

from cloud.web import assets

_TOKEN = re.compile(r"--([a-z0-9-]+):\s*(#[0-9a-f]{6})\b")
_OUTSIDE = re.compile(r"""(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}""")
_NAMESPACE = "http://www.w3.org/2000/svg"
_TRADE_PAGE_BYTES_MAX = 150_000
"""Packed, with chart library and font: what a phone loads on its first visit."""


def _own() -> dict[str, str]:
    return {
        name: asset.body.decode()
        for name, asset in assets.load().files.items()
        if not name.startswith("vendor/")
    }


def test_a_changed_file_changes_the_address_of_all_files(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a")
    first = assets.load(tmp_path).url("a.css")
    assets.load.cache_clear()
    (tmp_path / "a.css").write_text("b")
    assert assets.load(tmp_path).url("a.css") != first


def test_a_file_of_an_unknown_kind_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "page.exe").write_text("x")
    with pytest.raises(ValueError, match=r"page\.exe"):
        assets.load(tmp_path)


def test_an_address_of_no_file_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        assets.load().url("css/none.css")


def test_packed_files_unpack_to_the_plain_ones() -> None:
    for asset in assets.load().files.values():
        assert gzip.decompress(asset.packed) == asset.body


def test_own_files_and_templates_ask_for_nothing_from_outside() -> None:
    pages = (assets.FOLDER.parent / "templates").glob("*.html")
    sources = {**_own(), **{page.name: page.read_text() for page in pages}}
    for name, text in sources.items():
        assert not _OUTSIDE.search(text.replace(_NAMESPACE, "")), name


def test_templates_have_no_inline_script_or_style() -> None:
    for page in (assets.FOLDER.parent / "templates").glob("*.html"):
        text = page.read_text()
        assert " style=" not in text, page.name
        assert "<style" not in text, page.name
        assert not re.search(r"\son[a-z]+=", text), page.name
        for script in re.findall(r"<script\b[^>]*>", text):
            assert " src=" in script, page.name


def test_vendored_files_are_the_published_ones_and_carry_their_licence() -> None:
    for folder in (assets.FOLDER / "vendor").iterdir():
        manifest = (folder / "MANIFEST.sha256").read_text().splitlines()
        listed = {line.split("  ")[1]: line.split("  ")[0] for line in manifest}
        files = {path.name for path in folder.iterdir()} - {"MANIFEST.sha256"}
        assert listed.keys() == files
        assert "LICENSE" in files
        for name, digest in listed.items():
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_the_trade_page_stays_light() -> None:
    files = assets.load().files
    own = {address.partition("js/")[2] for address in assets.load().modules("js/trade.js")}
    assert {"trade.js", "dom.js", "depth.js"} <= own
    assert "site.js" not in own
    needed = [n for n in files if n.endswith((".css", ".woff2")) or n == "lang/de.json"]
    needed += [f"js/{name}" for name in own] + ["vendor/uPlot-1.6.32/uPlot.iife.min.js"]
    assert sum(len(files[name].packed) for name in needed) <= _TRADE_PAGE_BYTES_MAX


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _themes() -> dict[str, dict[str, str]]:
    css = _own()["css/base.css"]
    blocks = {
        "dark": css.split(":root {", 1)[1].split("}", 1)[0],
        "light": css.split('[data-theme="light"] {', 1)[1].split("}", 1)[0],
    }
    dark = dict(_TOKEN.findall(blocks["dark"]))
    return {"dark": dark, "light": {**dark, **dict(_TOKEN.findall(blocks["light"]))}}


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_text_and_state_colours_are_readable_on_every_surface(theme: str) -> None:
    tokens = _themes()[theme]
    texts = ("t1", "t2", "t3", "gold-text", "ok", "buy", "sell", "alarm", "warn")
    for text, surface in itertools.product(texts, ("surface", "raised")):
        assert _contrast(tokens[text], tokens[surface]) >= 4.5, (text, surface)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_text_on_coloured_buttons_and_chips_is_readable(theme: str) -> None:
    tokens = _themes()[theme]
    pairs = [
        ("on-gold", "gold"),
        ("on-alarm", "alarm-fill"),
        ("on-warn", "warn-fill"),
        ("on-side", "buy"),
        ("on-side", "sell"),
    ]
    for text, fill in pairs:
        assert _contrast(tokens[text], tokens[fill]) >= 4.5, (text, fill)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_chart_lines_can_be_told_from_the_surface(theme: str) -> None:
    tokens = _themes()[theme]
    for line in ("price", "ema", "vwap", "soc", "ctl"):
        assert _contrast(tokens[line], tokens["surface"]) >= 3.0, line
