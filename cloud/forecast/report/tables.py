"""The tables of a report as HTML text. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any

from cloud.forecast.report.speech import Speech
from cloud.forecast.report.told import OURS

Cells = Sequence[str]
Document = dict[str, Any]
"""A report, as `cloud.forecast.report.document` made it."""
_ERRORS = ("mae", "rmae", "rmse", "rmse_without_5_worst_slots", "smape_pct", "bias")
_INTERVAL = ("coverage_pct", "kupiec_p", "width", "winkler")
_PLACES = {"rmae": 3, "kupiec_p": 4, "smape_pct": 1, "coverage_pct": 1}


def all_tables(found: Document, say: Speech) -> Iterator[str]:
    """Yield the narrow tables in the order of the page."""
    yield comparisons(found, say)
    if found["quantiles"]["days"]:
        yield intervals(found, say)
        yield levels(found, say)
    for value in found["revenue"]:
        yield revenue(value, say)
    for value in found["offers"]:
        yield offers(value, say)
    yield split(found, "weekday", say)
    yield split(found, "regime", say)
    yield split(found, "state", say)


def errors(found: Document, say: Speech) -> str:
    head = [say("model"), say("days"), say("mae"), say("rmae"), say("rmse"), say("rmse_without")]
    rows = []
    for name, row in found["errors"].items():
        if row is not None:
            figures = [say.number(row[key], _PLACES.get(key, 3)) for key in _ERRORS]
            rows.append(([say(name), f"{row['days']}", *figures], name == OURS))
    head += [say("smape_pct"), say("bias")]
    return table(say("table.errors"), head, rows, say("note.errors"))


def comparisons(found: Document, say: Speech) -> str:
    rows = [
        (
            [
                say(name),
                f"{row['days']}",
                say.probability(row["p_plain"]),
                say.probability(row["p_newey_west"]),
                say.probability(row["p_giacomini_white"]),
            ],
            False,
        )
        for name, row in found["comparisons"][OURS].items()
    ]
    head = [say("model"), say("days"), say("p_plain"), say("p_newey_west")]
    head.append(say("p_giacomini_white"))
    return table(say("table.comparisons"), head, rows, say("note.comparisons"))


def intervals(found: Document, say: Speech) -> str:
    rows = [
        (
            [
                f"{pct} %",
                *(
                    say.probability(row[key])
                    if key == "kupiec_p"
                    else say.number(row[key], _PLACES.get(key, 2))
                    for key in _INTERVAL
                ),
            ],
            False,
        )
        for pct, row in found["quantiles"]["intervals"].items()
    ]
    head = [say("interval"), *map(say, _INTERVAL)]
    return table(say("table.intervals"), head, rows, say("note.intervals"))


def levels(found: Document, say: Speech) -> str:
    rows = [
        ([say.number(float(level), 2), say.number(value, 3)], False)
        for level, value in found["quantiles"]["pinball_by_level"].items()
    ]
    return table(say("table.levels"), [say("level"), "EUR/MWh"], rows)


def revenue(value: Document, say: Speech) -> str:
    rows = [([say("foresight"), say.number(value["foresight_eur_per_mw_and_day"]), "", ""], False)]
    for name, row in value["models"].items():
        figures = [
            say.number(row["eur_per_mw_and_day"]),
            say.number(row["share_pct"], 1),
            say.number(row["gap_closed_pct"], 1),
        ]
        rows.append(([say(name), *figures], name == OURS))
    head = [say("model"), say("eur_day"), say("share_pct"), say("gap_pct")]
    title = f"{say('table.revenue')}: {say.rules(value['rules'])}"
    return table(title, head, rows, say("note.revenue"))


def offers(value: Document, say: Speech) -> str:
    """Return one plan that is followed, and several that are offered, side by side."""
    rows = [
        ([say("foresight"), say.number(value["foresight_eur_per_mw_and_day"]), ""], False),
        (_offer(say("offers.followed"), value["followed"], say), False),
    ]
    *fewer, last = value["taken"]
    for count in (*fewer, last):
        name = f"{say('offers.taken')} {count}"
        rows.append((_offer(name, value["taken"][count], say), count == last))
    head = [f"{value['days']} {say('days')}", say("eur_day"), say("share_pct")]
    title = f"{say('table.offers')}: {say.rules(value['rules'])}"
    return table(title, head, rows, say("note.offers"))


def _offer(name: str, row: Document, say: Speech) -> list[str]:
    return [name, say.number(row["eur_per_mw_and_day"]), say.number(row["share_pct"], 1)]


def split(found: Document, group: str, say: Speech) -> str:
    rows = [
        (
            [
                say(name),
                f"{row['slots']}",
                *(say.number(row[key]) for key in ("mae", "rmse", "bias", "mae_last_week")),
            ],
            False,
        )
        for name, row in found["by"][group].items()
    ]
    head = ["", say("slots"), say("mae"), say("rmse"), say("bias"), say("last week")]
    return table(say(f"table.{group}"), head, rows)


def table(title: str, head: Cells, rows: Sequence[tuple[Cells, bool]], note: str = "") -> str:
    """Return a panel with a table; rows come with whether they are the leading one."""
    body = []
    for cells, lead in rows:
        mark = ' class="lead"' if lead else ""
        data = "".join(f"<td>{cell}</td>" for cell in cells[1:])
        body.append(f'<tr{mark}><th scope="row">{cells[0]}</th>{data}</tr>')
    names = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    below = f'<p class="note">{note}</p>' if note else ""
    return (
        f'<section class="panel"><h2>{title}</h2>'
        f'<div class="scroll" tabindex="0" role="region" aria-label="{title}">'
        f"<table><thead><tr>{names}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
        f"{below}</section>"
    )
