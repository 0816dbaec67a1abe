// The list of boxes with filter, states and tags, its CSV, and the figures of the whole fleet.

import { $, $$, attribute, h, put, text, tick, toggle } from "./dom.js";
import { SILENT_S, ageNode, badge, standing } from "./standing.js";
import { download, drawTable, iso, said } from "./tables.js";
import * as words from "./words.js";

const { t } = words;
const SHOWN_MAX = 300;
const REDRAW_MS = 1000;
const STALE_S = 5;

/** The value of a point, its age, and whether it is too old to be called live. */
function reading(row, live, point) {
  const [value, , atUs] = row.points?.[point] ?? [null, null, null];
  return { value, atUs, stale: atUs === null || live.ageS(atUs) > STALE_S };
}

export class FleetList {
  #state = "";
  #tag = "";
  #rows = [];

  constructor(page, orders) {
    this.page = page;
    this.columns = columns(page);
    for (const button of $$("[data-state]", $("#state-choice"))) {
      button.addEventListener("click", () => {
        this.#state = button.dataset.state;
        for (const other of $$("[data-state]", $("#state-choice"))) attribute(other, "aria-pressed", String(other === button));
        this.draw();
      });
    }
    $("#filter").addEventListener("input", () => this.draw());
    $("#tag-choice").addEventListener("change", (event) => {
      this.#tag = event.target.value;
      this.draw();
    });
    $("#csv").addEventListener("click", () => download(`fleet-${iso(page.live.nowUs()).slice(0, 19).replaceAll(":", "")}Z`, this.columns, this.#visible()));
    $("#bulk").addEventListener("click", () => orders.open("restart", this.#visible().filter((row) => row.gateway)));
    page.live.on(["fleet", "connection"], () => this.draw());
    document.addEventListener("language", () => this.draw());
    setInterval(() => this.draw(), REDRAW_MS);
  }

  nameOf(site) {
    return this.#rows.find((row) => row.id === site)?.name ?? site;
  }

  clear() {
    $("#filter").value = "";
    this.draw();
  }

  draw() {
    const { live, state } = this.page;
    this.#rows = Object.values(state.fleet ?? {}).map((row) => ({ ...row, standing: standing(row, live) }));
    this.#rows.sort((a, b) => a.standing.rank - b.standing.rank || a.name.localeCompare(b.name) || a.id.localeCompare(b.id));
    this.#choices();
    const rows = this.#visible();
    drawTable($("#fleet-table").parentElement, this.columns, rows.slice(0, SHOWN_MAX), {
      name: "fleet",
      key: (row) => `${row.id}/${row.gateway}`,
      state: (row) => JSON.stringify([row, ages(row, live)]),
      rowClass: (row) => `edge-${row.standing.kind}${reading(row, live, "ac.power_kw").stale ? " stale" : ""}`,
      empty: state.fleet ? t(this.#rows.length ? "blotter.nothing_found" : "sites.empty") : t("state.loading"),
    });
    const shown = Math.min(rows.length, SHOWN_MAX);
    put("fleet-shown", state.fleet && shown < (state.me?.sites ?? 0) ? t("fleet.shown", { shown: words.number(shown), all: words.number(state.me.sites) }) : "");
    const bulk = $("#bulk");
    bulk.disabled = !this.page.mayAct || rows.every((row) => !row.gateway);
    attribute(bulk, "title", this.page.mayAct ? null : t("order.role"));
    this.#figures();
  }

  #visible() {
    const needle = $("#filter").value.trim().toLowerCase();
    return this.#rows.filter((row) =>
      (!this.#state || row.standing.kind === this.#state) &&
      (!this.#tag || tagsOf(row).includes(this.#tag)) &&
      (!needle || said(this.columns, row).includes(needle)));
  }

  #choices() {
    const counts = { all: this.#rows.length, alarm: 0, warn: 0, ok: 0, off: 0 };
    for (const row of this.#rows) counts[row.standing.kind] += 1;
    for (const name of ["all", "alarm", "warn", "ok"]) put(`n-${name}`, this.page.state.fleet ? words.number(counts[name]) : "");
    const tags = [...new Set(this.#rows.flatMap(tagsOf))].sort();
    const choice = $("#tag-choice");
    choice.hidden = tags.length === 0;
    const mark = JSON.stringify([tags, words.currentLanguage()]);
    if (choice.dataset.mark === mark) return;
    choice.dataset.mark = mark;
    choice.replaceChildren(h("option", { value: "" }, t("fleet.any_tag")), ...tags.map((tag) => h("option", { value: tag }, tag)));
    choice.value = tags.includes(this.#tag) ? this.#tag : "";
  }

  #figures() {
    const { live, state } = this.page;
    if (!state.fleet) return;
    const sites = [...new Map(this.#rows.map((row) => [row.id, row])).values()];
    const sum = (rows, pick) => rows.reduce((total, row) => total + pick(row), 0);
    put("fleet-size", t("fleet.size", { count: words.number(state.me?.sites ?? sites.length), power: words.withUnit(words.number(sum(sites, (s) => s.power_kw)), "kW"), energy: words.withUnit(words.number(sum(sites, (s) => s.energy_kwh)), "kWh") }));
    drawPower(sites, live);
    drawStored(sites, live);
    const boxes = this.#rows.filter((row) => row.gateway);
    const alive = boxes.filter((row) => row.seen_us !== null && live.ageWhenHeardS(row.seen_us) <= SILENT_S);
    tick("live", words.number(alive.length));
    put("live-unit", t("fleet.of", { count: words.number(boxes.length) }));
    put("live-more", t("fleet.versions", { list: versions(boxes) || "–" }));
    const unseen = sum(this.#rows, (row) => row.alarms[2]);
    tick("alarms", words.number(sum(this.#rows, (row) => row.alarms[0] + row.alarms[1])));
    put("alarms-more", t("alarm.unseen", { count: words.number(unseen) }));
    drawBacklog(boxes, live);
    drawGaps(this.#rows);
    put("sites-line", boxes.length ? t("fleet.line", { live: alive.length, all: boxes.length }) : t("sites.none"));
    $("#status-sites .dot").className = boxes.length === 0 ? "dot off" : alive.length < boxes.length ? "dot warn" : "dot";
  }
}

const tagsOf = (row) => Object.entries(row.tags ?? {}).map(([key, value]) => `${key}: ${value}`);

/** What of a row changes by time alone, rounded as it is shown. */
const ages = (row, live) => [isLate(row, live), words.span(row.seen_us === null ? 0 : live.ageS(row.seen_us)), reading(row, live, "ac.power_kw").stale, reading(row, live, "battery.soc_pct").stale];

function columns(page) {
  const { live } = page;
  const of = (row, point) => reading(row, live, point);
  return [
    ["fleet.state", "mark", (r) => badge(r.standing.kind, r.standing.word), (r) => r.standing.word],
    ["blotter.site", "head", siteCell, (r) => r.name],
    ["site.soc", "full", (r) => socCell(r, live), (r) => of(r, "battery.soc_pct").value],
    ["fleet.power_kw", "r num full", (r) => powerCell(r, live), (r) => of(r, "ac.power_kw").value],
    ["fleet.alarms", "r num", (r) => countCell(r.alarms[0] + r.alarms[1], "bad"), (r) => r.alarms[0] + r.alarms[1]],
    ["fleet.backlog", "r num", (r) => backlogCell(r, live), (r) => r.report?.backlog],
    ["fleet.gaps", "r num", (r) => countCell(r.gaps.rows, "warned"), (r) => r.gaps.rows],
    ["fleet.version", "num mut short", (r) => h("span", { title: r.report?.version }, r.report?.version ?? "–"), (r) => r.report?.version],
    ["fleet.clock", "", clockCell, (r) => r.report?.clock],
    ["fleet.seen", "r", (r) => ageNode(live, r.seen_us), (r) => (r.seen_us === null ? null : iso(r.seen_us))],
  ];
}

function siteCell(row) {
  const rating = `${words.withUnit(words.number(row.power_kw), "kW")} · ${words.withUnit(words.number(row.energy_kwh), "kWh")}`;
  return h("div", {}, h("a", { href: `/fleet/${encodeURIComponent(row.id)}`, class: "link row-link" }, row.name), h("span", { class: "second num" }, [rating, row.gateway].filter(Boolean).join(" · ")), tagsOf(row).length ? h("span", { class: "tags" }, tagsOf(row).map((tag) => h("span", { class: "tag" }, tag))) : null);
}

function socCell(row, live) {
  const { value, atUs, stale } = reading(row, live, "battery.soc_pct");
  if (value === null) return h("span", { class: "dim" }, "–");
  const shown = h("span", { class: "num" }, words.withUnit(words.number(value, 1), "%"));
  if (stale) return h("span", { class: "soc" }, shown, h("span", { class: "age num" }, t("state.as_of", { time: words.time(atUs) })));
  return h("span", { class: "soc" }, h("span", { class: "soc-bar", role: "img", "aria-label": t("sites.soc", { soc: shown.textContent }), "--soc-share": `${value}%` }, h("b")), shown);
}

function powerCell(row, live) {
  const { value } = reading(row, live, "ac.power_kw");
  const { glyph, tone, word } = words.direction(value);
  const setpoint = reading(row, live, "control.setpoint_kw").value;
  return h("div", {}, h("span", { class: tone, title: word }, value === null ? "–" : `${glyph} ${words.power(value)}`), h("span", { class: "second" }, t("sites.setpoint", { kw: words.power(setpoint) })));
}

const countCell = (count, tone) => (count ? h("b", { class: tone }, words.number(count)) : h("span", { class: "dim" }, "0"));

/** A block or two are always on their way: only what waits for longer is a backlog. */
const isLate = (row, live) => row.report?.backlog > 0 && live.ageWhenHeardS(row.report.backlog_from_us ?? 0) > SILENT_S;

function backlogCell(row, live) {
  if (!row.report) return h("span", { class: "dim" }, "–");
  return isLate(row, live) ? countCell(row.report.backlog, "warned") : h("span", { class: "dim" }, words.number(row.report.backlog));
}

function clockCell(row) {
  const clock = row.report?.clock;
  if (!clock) return h("span", { class: "dim" }, "–");
  return h("span", { class: clock === "unknown" ? "warned" : clock === "corrected" ? "" : "mut" }, t(`clock.${clock}`));
}

function drawPower(sites, live) {
  const known = sites.map((row) => reading(row, live, "ac.power_kw")).filter(({ value }) => value !== null);
  const fresh = known.filter(({ stale }) => !stale);
  const kw = known.reduce((total, { value }) => total + value, 0);
  tick("power", known.length ? words.power(kw) : "–");
  const { glyph, tone, word } = words.direction(known.length ? kw : null);
  const line = $('[data-k="power-more"]');
  line.replaceChildren(h("span", { class: tone }, known.length ? `${glyph} ${word}` : t("sites.no_data")));
  staleCard("power", fresh.length, sites.length);
}

function drawStored(sites, live) {
  const known = sites.map((row) => ({ row, soc: reading(row, live, "battery.soc_pct") })).filter(({ soc }) => soc.value !== null);
  const capacity = known.reduce((total, { row }) => total + row.energy_kwh, 0);
  const stored = known.reduce((total, { row, soc }) => total + (row.energy_kwh * soc.value) / 100, 0);
  tick("soc", known.length ? words.number((100 * stored) / capacity, 1) : "–");
  put("soc-more", known.length ? t("fleet.stored", { stored: words.number(stored), capacity: words.withUnit(words.number(capacity), "kWh") }) : t("sites.no_data"));
  staleCard("soc", known.filter(({ soc }) => !soc.stale).length, sites.length);
}

function staleCard(name, live, all) {
  const card = $(`#kpi-${name}`);
  toggle(card, "stale", live < all);
  const chip = $(".label .age", card);
  chip.hidden = live === all;
  text(chip, t("sites.chip", { live, all }));
}

function drawBacklog(boxes, live) {
  const waiting = boxes.filter((row) => isLate(row, live));
  tick("backlog", words.number(waiting.reduce((total, row) => total + row.report.backlog, 0)));
  put("backlog-unit", t("fleet.frames"));
  const oldest = Math.min(...waiting.map((row) => row.report.backlog_from_us ?? Infinity));
  put("backlog-more", waiting.length ? t("fleet.backlog_of", { count: words.number(waiting.length), age: Number.isFinite(oldest) ? words.span(live.ageS(oldest)) : "–" }) : t("fleet.no_backlog"));
}

function drawGaps(rows) {
  const missing = rows.reduce((total, row) => total + row.gaps.n, 0);
  const unknown = rows.reduce((total, row) => total + row.gaps.unknown, 0);
  tick("gaps", words.number(missing));
  put("gaps-unit", t("fleet.values"));
  put("gaps-more", unknown ? t("fleet.unknown_gaps", { count: words.number(unknown) }) : t("fleet.gap_rows", { count: words.number(rows.reduce((total, row) => total + row.gaps.rows, 0)) }));
}

function versions(boxes) {
  const counts = new Map();
  for (const row of boxes) if (row.report) counts.set(row.report.version, (counts.get(row.report.version) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).slice(0, 3).map(([version, count]) => `${version} × ${count}`).join(", ");
}
