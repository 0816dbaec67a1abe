"""A plot of a report as a picture of its own: an SVG file with title, legend and colours. Pure."""

from collections.abc import Iterator
from html import escape

from cloud.forecast.report.plots import Drawn
from cloud.forecast.report.speech import Speech
from cloud.forecast.report.svg import HEIGHT, WIDTH

_EDGE, _TITLE, _ROW, _MARK = 14, 42, 18, 20
_LETTER = 7.0
"""Width of a letter of the legend; a little more than most have, so that none touch."""
_FONT = "Segoe UI, Roboto, Helvetica Neue, system-ui, sans-serif"


def picture(drawn: Drawn, where: str, say: Speech, style: str) -> str:
    """Return the file; `where` stands below the title, `style` is the text of ``plots.css``."""
    below = " · ".join(filter(None, (where, drawn.note)))
    items = list(_legend(drawn, say))
    rows = max((row for _, row, _, _ in items), default=-1) + 1
    width, height = WIDTH + 2 * _EDGE, _TITLE + HEIGHT + rows * _ROW + _EDGE
    plot = drawn.svg.replace(
        "<svg ", f'<svg x="{_EDGE}" y="{_TITLE}" width="{WIDTH}" height="{HEIGHT}" ', 1
    )
    legend = "".join(_item(kind, name, x, row) for x, row, kind, name in items)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        f' width="{width}" height="{height}" font-family="{_FONT}">'
        f"<style>{style}"
        ".title { fill: var(--t1); font-size: 13px; font-weight: 650; }"
        " .said { fill: var(--t2); font-size: 12px; }</style>"
        f'<rect width="{width}" height="{height}" rx="10" fill="var(--surface)"/>'
        f'<text class="title" x="{_EDGE}" y="20">{escape(say.plain(drawn.key))}</text>'
        f'<text class="said" x="{_EDGE}" y="36">{escape(below)}</text>{plot}{legend}</svg>\n'
    )


def _legend(drawn: Drawn, say: Speech) -> Iterator[tuple[float, int, str, str]]:
    """Yield place, row, class of the mark and words of each item, as many in a row as fit."""
    x, row = float(_EDGE), 0
    for kind, key in drawn.legend:
        name = say.plain(key)
        wide = _MARK + 6 + len(name) * _LETTER + _EDGE
        if x + wide > WIDTH + _EDGE and x > _EDGE:
            x, row = float(_EDGE), row + 1
        yield x, row, kind, name
        x += wide


def _item(kind: str, name: str, x: float, row: int) -> str:
    middle = _TITLE + HEIGHT + row * _ROW + 6
    if kind.startswith("line"):
        mark = f'<path class="{kind}" d="M{x:.1f} {middle}h{_MARK}"/>'
    else:
        mark = f'<rect class="{kind}" x="{x:.1f}" y="{middle - 5}" width="{_MARK}" height="10"/>'
    return (
        f'{mark}<text class="said" x="{x + _MARK + 6:.1f}" y="{middle + 4}">{escape(name)}</text>'
    )
