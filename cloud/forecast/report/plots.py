"""The plots of a report. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

import numpy as np

from cloud.forecast.arrays import FloatArray, IntArray
from cloud.forecast.days import HOURS
from cloud.forecast.report.figures import Figures, awake
from cloud.forecast.report.speech import Speech
from cloud.forecast.report.svg import Axis, Plot, axis
from cloud.forecast.report.told import LAST_WEEK, LEVELS, OURS, Told
from cloud.forecast.report.value import SHOWN, Value

ROLLING_DAYS = 28
_LETTERS_MAX = 36
"""Below a plot; more touch each other."""
_MONTHS_APART = 28
_PLACES_MAX = 130
_COLOURS = 12
"""Of bands; the style sheet has so many."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A plot with its legend."""

    key: str
    """Of its title among the words of the page."""
    svg: str
    legend: tuple[tuple[str, str], ...] = ()
    """Class of the mark, and key or name."""
    note: str = ""


def all_plots(
    told: Told,
    splits: Mapping[str, Mapping[str, Figures]],
    probabilities: Figures,
    worth: list[Value],
    words: Speech,
) -> Iterator[Drawn]:
    """Yield the plots in the order of the page; those that have no figures are left out."""
    yield _by("month", splits["month"], words)
    yield _by("hour", splits["hour"], words)
    yield _rolling(told, words)
    if told.banded.size:
        yield _reliability(probabilities, words)
        yield _pit(probabilities, words)
        yield _coverage(probabilities, words)
    yield _weights(told, words)
    yield from _fans(told, words)
    if worth:
        yield _shares(worth, words)
        yield _earned(told, next(one for one in worth if one.rules == SHOWN), words)


def _by(group: str, rows: Mapping[str, Figures], words: Speech) -> Drawn:
    found = [(name, row) for name, row in rows.items() if row["mae"] is not None]
    ours = [_number(row["mae"]) for _, row in found]
    naive = [_number(row["mae_last_week"]) for _, row in found]
    xs = [float(place) for place in range(len(found))]
    ends = _named([name for name, _ in found])
    plot = Plot(ends, axis([*ours, *naive], words.comma, zero=True))
    marks = [plot.bars(xs, ours, 0.7, "ours"), plot.line(xs, naive, "naive")]
    legend = (("bar ours", OURS), ("line naive", LAST_WEEK))
    key = f"plot.{group}"
    return Drawn(key, plot.drawn(words.plain(key), "MAE, EUR/MWh", marks), legend)


def _rolling(told: Told, words: Speech) -> Drawn:
    days = _thinned(len(told.true))
    lines = {
        "ours": _trailing(told, told.point),
        "naive": _trailing(told, told.naive[LAST_WEEK]),
    }
    best = min(
        told.references,
        key=lambda name: _mean_error(told, told.references[name]),
        default=None,
    )
    legend = [("line ours", OURS), ("line naive", LAST_WEEK)]
    if best is not None:
        lines["other"] = _trailing(told, told.references[best])
        legend.append(("line other", best))
    plot = Plot(_dated(told), axis(np.concatenate(list(lines.values())), words.comma, zero=True))
    marks = [plot.line(days, line[days], kind) for kind, line in lines.items()]
    return Drawn(
        "plot.rolling",
        plot.drawn(words.plain("plot.rolling"), "MAE, EUR/MWh", marks),
        tuple(legend),
    )


def _reliability(found: Figures, words: Speech) -> Drawn:
    nominal = [100.0 * level for level in LEVELS]
    seen = [_number(share) for share in _list(found["reliability_pct"])]
    ends = axis((0.0, 100.0), words.comma)
    plot = Plot(ends, ends)
    marks = [
        plot.line((0.0, 100.0), (0.0, 100.0), "aim"),
        plot.line(nominal, seen, "ours"),
    ]
    legend = (("line aim", "aim"), ("line ours", "seen"))
    return Drawn(
        "plot.reliability", plot.drawn(words.plain("plot.reliability"), "%", marks), legend
    )


def _pit(found: Figures, words: Speech) -> Drawn:
    shares = [100.0 * _number(share) for share in _list(found["pit"])]
    aim = 100.0 / len(shares)
    xs = [aim * (place + 0.5) for place in range(len(shares))]
    plot = Plot(axis((0.0, 100.0), words.comma), axis([*shares, aim], words.comma, zero=True))
    marks = [plot.bars(xs, shares, 0.9 * aim, "ours"), plot.level(aim, "aim")]
    return Drawn(
        "plot.pit", plot.drawn(words.plain("plot.pit"), "%", marks), (("line aim", "aim"),)
    )


def _coverage(found: Figures, words: Speech) -> Drawn:
    shares = [_number(share) for share in _list(found["coverage80_by_hour_pct"])]
    xs = [float(hour) for hour in range(HOURS)]
    plot = Plot(
        _named([f"{hour:02d}" for hour in range(HOURS)]), axis([*shares, 70.0, 90.0], words.comma)
    )
    marks = [
        plot.band((xs[0], xs[-1]), (78.0, 78.0), (82.0, 82.0), "outer"),
        plot.line(xs, shares, "ours"),
        plot.level(80.0, "aim"),
    ]
    legend = (("line ours", "seen"), ("line aim", "aim"), ("band outer", "corridor"))
    return Drawn("plot.coverage", plot.drawn(words.plain("plot.coverage"), "%", marks), legend)


def _weights(told: Told, words: Speech) -> Drawn:
    days = _thinned(len(told.shares))
    plot = Plot(_dated(told), axis((0.0, 100.0), words.comma))
    below = np.zeros(len(days))
    marks, legend = [], []
    for place, name in enumerate(told.members):
        above = below + 100.0 * told.shares[days, place]
        marks.append(plot.band(days, below, above, f"m{place % _COLOURS}"))
        legend.append((f"band m{place % _COLOURS}", name))
        below = above
    return Drawn("plot.weights", plot.drawn(words.plain("plot.weights"), "%", marks), tuple(legend))


def _fans(told: Told, words: Speech) -> Iterator[Drawn]:
    """Yield the day of the smallest error, of the median one, and of the largest."""
    rows = told.banded if told.banded.size else told.rows
    if not len(rows):
        return
    size = np.abs(told.point[rows] - told.true[rows]).mean(axis=1)
    order = rows[np.argsort(size, kind="stable")]
    places = {"best": 0, "middle": len(order) // 2, "worst": len(order) - 1}
    for name, place in places.items():
        yield _fan(told, int(order[place]), name, words)


def _fan(told: Told, row: int, name: str, words: Speech) -> Drawn:
    hours = np.arange(told.slots) * HOURS / told.slots
    quantiles, point, true = told.quantiles[row], told.point[row], told.true[row]
    outside = [LEVELS.index(level) for level in (0.05, 0.95)]
    inside = [LEVELS.index(level) for level in (0.25, 0.75)]
    ticks = tuple((float(hour), f"{hour:02d}") for hour in range(0, HOURS, 4))
    heights = axis(np.concatenate([quantiles[:, outside].ravel(), point, true]), words.comma)
    plot = Plot(Axis(0.0, float(hours[-1]), ticks), heights)
    marks = [
        plot.band(hours, quantiles[:, outside[0]], quantiles[:, outside[1]], "outer"),
        plot.band(hours, quantiles[:, inside[0]], quantiles[:, inside[1]], "inner"),
        plot.line(hours, point, "ours"),
        plot.line(hours, true, "true"),
    ]
    legend = (
        ("line true", "true"),
        ("line ours", OURS),
        ("band inner", "P25-P75"),
        ("band outer", "P5-P95"),
    )
    key = f"plot.fan.{name}"
    title = f"{words.plain(key)} {told.on(row)}"
    return Drawn(key, plot.drawn(title, "EUR/MWh", marks), legend, note=f"{told.on(row)}")


def _shares(worth: list[Value], words: Speech) -> Drawn:
    """Return what each model earns of perfect foresight, for the rules that are shown."""
    found = next(one for one in worth if one.rules == SHOWN)
    shares = {name: 100.0 * found.share(name) for name in found.earned}
    heights = list(shares.values())
    ticks = tuple((float(at), words.number(share, 1)) for at, share in enumerate(heights))
    ends = axis([*heights, 100.0], words.comma, zero=True)
    plot = Plot(Axis(-0.6, len(heights) - 0.4, ticks), ends)
    kinds = ["ours", "naive", "naive2", *(f"m{place}" for place in range(len(heights)))]
    marks = [
        plot.bars([float(at)], [share], 0.7, kind)
        for at, (share, kind) in enumerate(zip(heights, kinds, strict=False))
    ]
    legend = [(f"bar {kind}", name) for kind, name in zip(kinds, shares, strict=False)]
    svg = plot.drawn(words.plain("plot.shares"), "%", [*marks, plot.level(100.0, "aim")])
    return Drawn("plot.shares", svg, tuple(legend), note=words.rules(asdict(found.rules)))


def _earned(told: Told, found: Value, words: Speech) -> Drawn:
    """Return the sums of the months: ours before those of perfect foresight."""
    months = [f"{told.on(row):%Y-%m}" for row in found.days]
    names = sorted(set(months))
    of = np.array([names.index(month) for month in months])
    best = [float(found.foresight[of == month].sum()) for month in range(len(names))]
    ours = [float(found.earned[OURS][of == month].sum()) for month in range(len(names))]
    xs = [float(place) for place in range(len(names))]
    plot = Plot(_named(names), axis([*best, *ours], words.comma, zero=True))
    marks = [plot.bars(xs, best, 0.8, "others"), plot.bars(xs, ours, 0.5, "ours")]
    legend = (("bar ours", OURS), ("bar others", "foresight"))
    svg = plot.drawn(words.plain("plot.earned"), "EUR/MW", marks)
    return Drawn("plot.earned", svg, legend, note=words.rules(asdict(found.rules)))


def _named(names: list[str]) -> Axis:
    """Return an axis of places with names, of which so many are written as there is room."""
    longest = max(map(len, names), default=1)
    every = -(-len(names) // max(_LETTERS_MAX // longest, 1))
    ticks = tuple((float(place), name) for place, name in enumerate(names) if place % every == 0)
    return Axis(-0.6, len(names) - 0.4, ticks)


def _dated(told: Told) -> Axis:
    count = len(told.true)
    every = -(-count // 5)
    ticks = tuple(
        (
            float(row),
            f"{told.on(row):%m-%d}" if count < _MONTHS_APART * 4 else f"{told.on(row):%Y-%m}",
        )
        for row in range(every // 2, count, every)
    )
    return Axis(0.0, float(max(count - 1, 1)), ticks)


def _thinned(count: int) -> IntArray:
    """Return the rows that are drawn of many days: a plot has 440 places across."""
    every = -(-count // _PLACES_MAX)
    return np.arange((count - 1) % every, count, every)


def _trailing(told: Told, said: FloatArray) -> FloatArray:
    """Return the mean error of the last days, NaN before there are enough of them."""
    errors = np.abs(said - told.true).mean(axis=1)
    found = np.full(len(errors), np.nan)
    reach = min(ROLLING_DAYS, max(len(errors) // 3, 1))
    for day in range(reach - 1, len(errors)):
        found[day] = errors[day - reach + 1 : day + 1].mean()
    return found


def _mean_error(told: Told, said: FloatArray) -> float:
    rows = awake(told, said)
    return float(np.abs(said[rows] - told.true[rows]).mean()) if len(rows) else float("inf")


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
