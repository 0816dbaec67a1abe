"""agent/web/static/tokens.css: text can be read, in sunlight too."""

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).resolve().parents[3] / "agent" / "web" / "static" / "tokens.css"
TEXTS = ("t1", "t2", "t3", "gold-text", "ok", "buy", "sell", "alarm", "warn")
SURFACES = ("bg", "surface", "raised")
FILLS = (("on-gold", "gold"), ("on-alarm", "alarm-fill"), ("on-warn", "warn-fill"))
TINTS = (("t1", "alarm-tint"), ("t2", "alarm-tint"), ("t1", "warn-tint"), ("t2", "warn-tint"))
LEAST = {"light": 4.5, "dark": 4.5, "sun": 7.0}


def themes() -> dict[str, dict[str, str]]:
    """Return the colours of each appearance; dark and sun change some of the light ones."""
    found: dict[str, dict[str, str]] = {}
    for head, body in re.findall(r"([^{}]+)\{([^}]*)\}", TOKENS.read_text(encoding="utf-8")):
        name = re.search(r'data-theme="(\w+)"', head)
        colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", body))
        found[name[1] if name else "light"] = {**found.get("light", {}), **colours}
    return found


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the ratio of WCAG 2.2, 1.4.3."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", LEAST)
def test_every_text_colour_stands_out_from_every_surface(theme: str) -> None:
    colours = themes()[theme]
    for text in TEXTS:
        for surface in SURFACES:
            ratio = contrast(colours[text], colours[surface])
            assert ratio >= LEAST[theme], f"{text} on {surface}: {ratio:.2f}"


@pytest.mark.parametrize("theme", LEAST)
def test_text_on_filled_and_tinted_areas_stands_out(theme: str) -> None:
    colours = themes()[theme]
    for text, area in (*FILLS, *TINTS):
        ratio = contrast(colours[text], colours[area])
        assert ratio >= 4.5, f"{text} on {area}: {ratio:.2f}"
