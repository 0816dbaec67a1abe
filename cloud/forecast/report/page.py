"""The page of a report: one HTML file with everything inside, that loads nothing. Pure."""

from collections.abc import Iterator
from html import escape

from cloud.forecast.report.plots import Drawn, all_plots
from cloud.forecast.report.speech import Speech
from cloud.forecast.report.tables import Document, all_tables, errors
from cloud.forecast.report.told import LAST_WEEK, OURS, Told
from cloud.forecast.report.value import SHOWN, Value
from cloud.forecast.report.words import FILES, LANGUAGES


def page(found: Document, told: Told, worth: list[Value], language: str, style: str) -> str:
    """Return the whole file; `style` is the text of its style sheet."""
    say = Speech(language)
    span = f"{found['first_day']} {say('to')} {found['last_day']}"
    title = f"{say('title')} {escape(found['area'])}"
    other = next(one for one in LANGUAGES if one != language)
    parts = [
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f"<title>{title} · {span}</title><style>{style}</style></head><body><main>",
        f'<header><h1>{title}</h1><span class="sub">{span} · {_days(found, say)}</span>',
        f'<a href="{FILES[other]}" lang="{other}">{say("other")}</a></header>',
        f'<section class="kpis">{"".join(_figures(found, say))}</section>',
        f'<section class="grid">{"".join(_plots(found, told, worth, say))}</section>',
        errors(found, say),
        f'<section class="columns">{"".join(all_tables(found, say))}</section>',
        f"{_origin(found, say)}</main></body></html>\n",
    ]
    return "".join(parts)


def _days(found: Document, say: Speech) -> str:
    return say("days_of").format(scored=found["days_scored"], asked=found["days_asked"])


def _figures(found: Document, say: Speech) -> Iterator[str]:
    ours, spread = found["errors"][OURS], found["quantiles"]
    if ours is None:
        return
    share = f"{say.number(_pct(ours['rmae']), 1)} % {say('kpi.rmae')}"
    naive = found["best_naive"]
    if naive is not None and naive["name"] != LAST_WEEK:
        share += f" · {say.number(_pct(naive['share']), 1)} %: {say(naive['name'])}"
    yield _figure(say("kpi.mae"), say.number(ours["mae"], 3), "EUR/MWh", share)
    off = (
        f"{say('kpi.bias')} {say.number(ours['bias'])} · sMAPE {say.number(ours['smape_pct'], 1)} %"
    )
    yield _figure(say("kpi.rmse"), say.number(ours["rmse"], 3), "EUR/MWh", off)
    if spread["days"]:
        crossed = f"{spread['crossings']} {say('kpi.crossings')}"
        yield _figure(say("kpi.pinball"), say.number(spread["pinball"], 3), "EUR/MWh", crossed)
        inner = spread["intervals"]["80"]
        check = f"{say('kpi.kupiec')} {say.probability(inner['kupiec_p'])}"
        yield _figure(say("kpi.coverage"), say.number(inner["coverage_pct"], 1), "%", check)
    for value in found["revenue"]:
        if value["rules"]["said"] == str(SHOWN):
            got = say.number(value["models"][OURS]["share_pct"], 1)
            rules = f"{say('kpi.foresight')} · {say.rules(value['rules'])}"
            yield _figure(say("kpi.revenue"), got, "%", rules)
    passed = found["leakage"]["passed"]
    mark = "good" if passed else "bad"
    answer = f'<i class="{mark}">{say("clean" if passed else "leaks")}</i>'
    days = f"{say('kpi.tested')} {', '.join(found['leakage']['days'])}"
    yield _figure(say("kpi.leakage"), answer, "", days)


def _figure(label: str, value: str, unit: str, below: str) -> str:
    return (
        f'<div class="kpi"><span>{label}</span><b>{value} <small>{unit}</small></b>'
        f"<span>{below}</span></div>"
    )


def _plots(found: Document, told: Told, worth: list[Value], say: Speech) -> Iterator[str]:
    for drawn in all_plots(told, found["by"], found["quantiles"], worth, say):
        yield _plot(drawn, say)


def _plot(drawn: Drawn, say: Speech) -> str:
    items = "".join(
        f'<li><svg viewBox="0 0 20 10" aria-hidden="true">{_mark(kind)}</svg>{say(name)}</li>'
        for kind, name in drawn.legend
    )
    legend = f'<ul class="legend">{items}</ul>' if items else ""
    note = f'<p class="note">{escape(drawn.note)}</p>' if drawn.note else ""
    return f'<section class="panel"><h2>{say(drawn.key)}</h2>{drawn.svg}{legend}{note}</section>'


def _mark(kind: str) -> str:
    if kind.startswith("line"):
        return f'<path class="{kind}" d="M0 5H20"/>'
    return f'<rect class="{kind}" width="20" height="10"/>'


def _origin(found: Document, say: Speech) -> str:
    data, configuration = found["data"], found["configuration"]
    left_out = [f"{one['day']}: {say(one['why'])}" for one in found["days_left_out"]]
    rows = {
        "data.files": [
            f"{escape(file['name'])} (sha256 {file['sha256']})" for file in data["files"]
        ],
        "data.price": [escape(data["price"])],
        "data.inputs": [escape(name) for name in data["inputs"]],
        "data.left_out": [escape(name) for name in data["left_out"]],
        "data.history": [f"{data['first_day']}, {data['days']} {say('days')}, {data['step_s']} s"],
        "data.holidays": [f"{data['holidays']}"],
        "data.warm_up": [f"{found['warm_up_days']} {say('days')}"],
        "data.days_left_out": left_out,
        "data.clock_changes": _clock_changes(found, say),
        "data.reference": [escape(data["reference"])] if data["reference"] else [],
        "data.configuration": [f"{configuration['name']} ({configuration['digest']})"],
        "data.code": [f"sha256 {found['code_sha256']}"],
        "data.digest": [data["digest"]],
    }
    items = "".join(
        f"<dt>{say(key)}</dt><dd>{'<br>'.join(texts) or say('none')}</dd>"
        for key, texts in rows.items()
    )
    return (
        f'<section class="panel"><h2>{say("table.data")}</h2><dl>{items}</dl>'
        f'<p class="note">{say("note.leakage")}</p></section>'
    )


def _clock_changes(found: Document, say: Speech) -> list[str]:
    days = found["clock_change_days"]
    if not days:
        return []
    return [f"{', '.join(days)}: MAE {say.number(found['clock_change_mae'])}"]


def _pct(share: float | None) -> float | None:
    return None if share is None else 100.0 * share
