// The page of the market data, put together: sources, series, what is set apart, comparisons.

import { $, h, put, toggle } from "./dom.js";
import { ask } from "./api.js";
import { Live } from "./live.js";
import { Operate } from "./operate.js";
import { asides } from "./market_asides.js";
import { badge } from "./standing.js";
import { keys, shell } from "./shell.js";
import { download, drawTable, said } from "./tables.js";
import { currentLanguage, loadWords } from "./words.js";
import * as words from "./words.js";

await loadWords(currentLanguage());
const { t } = words;
const POLL_MS = 5000;
const DAYS = 3;
/** Told before the day begins; of the others a day is whole when it is over. */
const FORETOLD = new Set("price.day_ahead load.forecast generation.forecast".split(" "));
/** Received longer ago: a source that says something every day has said nothing for more than one. */
const OLD_S = 26 * 3600;
const live = new Live({ page: "market" });
const page = {
  live, overview: null, asides: null, events: null, reload: () => void load(),
  get state() { return live.state; },
  role: document.body.dataset.role,
};
const operate = new Operate(page);
let asking = false;
let again = false;

const us = (stamp) => (stamp ? Date.parse(stamp) * 1000 : null);
const named = (group, name) => (words.has(`${group}.${name}`) ? t(`${group}.${name}`) : name);
const what = (one) => [named("series", one.kind), one.area, one.detail && named("series", one.detail)].filter(Boolean).join(" · ");
const source = (one) => h("span", {}, h("b", {}, one.source), one.simulated ? h("span", { class: "tag warn" }, t("forecast.simulated")) : null);
const since = (stamp) => (stamp ? words.span(live.ageS(us(stamp))) : "–");
const ahead = (stamp) => (stamp ? words.moment(us(stamp)) : "–");

/** Ask for everything; news that come meanwhile are asked for once more. */
async function load() {
  if (asking) {
    again = true;
    return;
  }
  asking = true;
  try {
    const open = !$("#with-past").checked;
    [page.overview, page.asides, page.events] = await Promise.all([
      ask("GET", "/api/v1/market/overview"),
      ask("GET", `/api/v1/market/quarantine?limit=200&open=${open}`).then((found) => found.quarantine),
      ask("GET", "/api/v1/market/events?limit=50").then((found) => found.events),
    ]);
    put("market-sub", t("feeds.as_of", { time: words.timeExact(us(page.overview.at)) }));
  } catch (error) {
    put("market-sub", error.message);
  }
  asking = false;
  draw();
  if (again) {
    again = false;
    void load();
  }
}

function feedState(feed) {
  if (feed.error_code) return badge(feed.error_code === "refused" ? "alarm" : "warn", t("feeds.fails"));
  if (feed.odd.length) return badge("warn", t("feeds.odd"));
  return feed.answered ? badge("ok", t("feeds.answers")) : badge("off", t("feeds.not_asked"));
}

function feedSaid(feed) {
  if (!feed.error && !feed.odd.length) return "–";
  if (!feed.error) return h("span", {}, t("feeds.odd_more", { count: words.number(feed.odd.length) }), h("span", { class: "second" }, feed.odd[0]));
  const since_ = t("feeds.since", { time: words.moment(us(feed.stale_since)), count: words.number(feed.failures) });
  return h("span", {}, named("feederror", feed.error_code), h("span", { class: "second" }, `${since_} · ${feed.error}`));
}

const feedColumns = () => [
  ["feeds.source", "head", source, (f) => f.source],
  ["feeds.what", "", what, what],
  ["feeds.state", "mark", feedState, (f) => f.error_code ?? ""],
  ["feeds.answered", "r num", (f) => since(f.answered), (f) => f.answered],
  ["feeds.next", "r num", (f) => ahead(f.next_try), (f) => f.next_try],
  ["feeds.error", "text", feedSaid, (f) => f.error],
];

/** Whether something is missing of a day that should be whole by now, and has begun to be told. */
function lacks(one, place) {
  const day = one.days[place];
  return Boolean(day) && day.present > 0 && !day.complete && (place === 0 || FORETOLD.has(one.kind));
}

/** 96/96, with a triangle where something is missing. */
function wholeDay(one, place) {
  const day = one.days[place];
  if (!day || day.present === 0) return h("span", { class: "dim" }, "–");
  const counted = `${words.number(day.present)}/${words.number(day.expected)}`;
  if (!lacks(one, place)) return h("span", { class: "whole-day", title: day.day }, counted);
  return h("span", { class: "warned", title: day.day }, h("i", { class: "warn-mark", "aria-hidden": "true" }), ` ${counted}`);
}

const value = (one) => (one.value === null ? "–" : words.withUnit(words.number(one.value, one.unit === "EUR/MWh" ? 2 : 1), one.unit.replace("EUR", "€")));
const dayColumn = (place, key) => [key, "r num", (one) => wholeDay(one, place), (one) => (one.days[place] ? `${one.days[place].present}/${one.days[place].expected}` : "")];
const seriesColumns = () => [
  ["feeds.source", "head", source, (one) => one.source],
  ["feeds.what", "", (one) => h("span", {}, what(one), h("span", { class: "second" }, t("feeds.every", { minutes: words.number(one.resolution_s / 60) }))), what],
  ["feeds.newest", "r num", (one) => h("span", {}, value(one), h("span", { class: "second" }, ahead(one.newest))), (one) => one.value],
  dayColumn(0, "feeds.yesterday"),
  dayColumn(1, "feeds.today"),
  dayColumn(2, "feeds.next_day"),
  ["feeds.received", "r num", (one) => h("span", { class: live.ageS(us(one.received)) > OLD_S ? "age" : "" }, since(one.received)), (one) => one.received],
  ["feeds.licence", "text", (one) => (one.licence ? h("span", { class: "short-licence", title: one.licence }, one.licence) : "–"), (one) => one.licence],
];

const comparisonColumns = () => [
  ["feeds.sources", "head", (c) => h("b", {}, `${c.ours} – ${c.theirs}`)],
  ["forecast.area", "", (c) => `${c.area} · ${words.day(us(`${c.day}T12:00:00Z`))}`],
  ["feeds.state", "mark", (c) => (c.compared === 0 ? badge("off", t("feeds.nothing_to_compare")) : c.differing ? badge("warn", t("feeds.differs")) : badge("ok", t("feeds.agrees")))],
  ["feeds.compared", "r num", (c) => words.number(c.compared)],
  ["feeds.differing", "r num", (c) => words.number(c.differing)],
  ["feeds.worst", "r num", (c) => (c.worst === null ? "–" : h("span", {}, words.withUnit(words.number(c.worst, 2, true), c.unit.replace("EUR", "€")), h("span", { class: "second" }, words.moment(us(c.worst_at)))))],
];

function fillState(fill) {
  if (fill.state !== "running") return badge({ done: "ok", failed: "alarm", broken_off: "warn" }[fill.state], t(`fill.${fill.state}`));
  const share = words.withUnit(words.number((100 * fill.done) / Math.max(1, fill.total)), "%");
  return h("span", {}, h("progress", { max: String(fill.total), value: String(fill.done), "aria-label": share }), ` ${share}`);
}
const fillColumns = () => [
  ["feeds.what", "head", (f) => h("span", {}, h("b", {}, f.source), h("span", { class: "second" }, what(f)))],
  ["feeds.state", "mark", fillState],
  ["feeds.stretch", "num", (f) => `${f.first} – ${f.last}`],
  ["feeds.days", "r num", (f) => `${words.number(f.done)}/${words.number(f.total)}`],
  ["feeds.error", "text", (f) => f.error ?? "–"],
];

const eventColumns = () => [
  ["blotter.time", "num mut head", (e) => words.moment(us(e.at))],
  ["feeds.state", "mark", (e) => badge({ alarm: "alarm", warning: "warn" }[e.severity] ?? "ok", named("marketevent", e.code))],
  ["blotter.text", "text", (e) => e.text],
];

function figures() {
  const { feeds, series, comparisons, fills, waiting } = page.overview;
  const failing = feeds.filter((feed) => feed.error_code);
  const answering = feeds.filter((feed) => feed.answered && !feed.error_code);
  put("sources", feeds.length ? `${words.number(answering.length)}/${words.number(feeds.length)}` : "–");
  const waiting_ = feeds.length - failing.length - answering.length;
  const well = waiting_ ? t("feeds.to_be_asked", { count: words.number(waiting_) }) : t(feeds.length ? "feeds.all_answer" : "feeds.no_feeds");
  put("sources-more", failing.length ? t("feeds.failing", { what: failing[0].source }) : well);
  toggle($("#kpi-sources"), "warned", failing.length > 0);
  const prices = series.filter((one) => one.kind === "price.day_ahead" && one.days.length === DAYS);
  const whole = prices.filter((one) => one.days[2].complete);
  put("tomorrow", prices.length ? `${words.number(whole.length)}/${words.number(prices.length)}` : "–");
  put("tomorrow-more", t("feeds.tomorrow_more"));
  const youngest = series.toSorted((a, b) => us(b.received) - us(a.received))[0];
  put("youngest", youngest ? since(youngest.received) : "–");
  put("youngest-more", youngest ? `${youngest.source} · ${what(youngest)}` : "");
  put("apart", words.number(waiting));
  put("apart-more", t(waiting ? "feeds.apart_wait" : "feeds.apart_none"));
  toggle($("#kpi-apart"), "warned", waiting > 0);
  const differing = comparisons.filter((one) => one.differing);
  put("differ", comparisons.length ? words.number(differing.length) : "–");
  put("differ-more", t(!comparisons.length ? "feeds.not_compared" : differing.length ? "feeds.differs" : "feeds.agrees"));
  const running = fills.find((fill) => fill.state === "running");
  put("filling", running ? words.withUnit(words.number((100 * running.done) / Math.max(1, running.total)), "%") : "–");
  put("filling-more", running ? `${running.source} · ${what(running)}` : t("feeds.no_fill"));
}

const needle = () => $("#filter").value.trim().toLowerCase();
const chosen = (columns, rows) => rows.filter((row) => !needle() || said(columns, row).includes(needle()));
const ageMark = (one) => JSON.stringify([one, Math.floor(live.nowUs() / 10e6)]);

function draw() {
  const { overview } = page;
  if (overview) figures();
  $("#simulated").hidden = !overview?.series.some((one) => one.simulated);
  const rows = (name) => overview?.[name] ?? [];
  const empty = (key) => t(overview ? (needle() ? "blotter.nothing_found" : key) : "state.loading");
  const rank = (feed) => (feed.error_code === "refused" ? 0 : feed.error_code || feed.odd.length ? 1 : 2);
  const order = (one) => (one.kind.startsWith("price.day") ? 0 : one.kind.startsWith("price.") ? 1 : 2);
  const feeds = chosen(feedColumns(), rows("feeds")).toSorted((a, b) => rank(a) - rank(b) || order(a) - order(b));
  drawTable($("#feeds-table"), feedColumns(), feeds, { name: "feeds", key: (f) => [f.source, f.kind, f.area, f.detail].join("/"), state: ageMark, rowClass: (f) => ["edge-alarm", "edge-warn", ""][rank(f)], empty: empty("feeds.no_feeds") });
  drawTable($("#series-table"), seriesColumns(), chosen(seriesColumns(), rows("series")).toSorted((a, b) => order(a) - order(b)), { name: "series", key: (one) => one.series, state: ageMark, rowClass: (one) => (one.days.some((_day, place) => lacks(one, place)) ? "edge-warn" : ""), empty: empty("feeds.no_series") });
  drawTable($("#comparisons-table"), comparisonColumns(), rows("comparisons"), { name: "comparisons", key: (c) => [c.ours, c.theirs, c.area, c.day, c.tolerance].join("/"), rowClass: (c) => (c.differing ? "edge-warn" : ""), empty: empty("feeds.not_compared") });
  drawTable($("#fills-table"), fillColumns(), rows("fills"), { name: "fills", key: (f) => [f.source, f.kind, f.area, f.detail].join("/"), empty: empty("feeds.no_fill") });
  drawTable($("#events-table"), eventColumns(), page.events ?? [], { name: "events", key: (e) => e.id, rowClass: (e) => (e.severity === "info" ? "" : "edge-warn"), empty: t(page.events ? "feeds.no_events" : "state.loading") });
  put("series-note", overview && (overview.outages || overview.left_out) ? t("feeds.not_listed", { outages: words.number(overview.outages), more: words.number(overview.left_out) }) : "");
  drawAsides();
}

const drawAsides = asides(page, operate, what);
live.on(["news"], () => void load());
live.on(["connection"], draw);
document.addEventListener("language", draw);
$("#filter").addEventListener("input", draw);
$("#with-past").addEventListener("change", () => void load());
$("#csv").addEventListener("click", () => page.overview && download("market data", seriesColumns(), chosen(seriesColumns(), page.overview.series)));
setInterval(() => document.visibilityState === "visible" && void load(), POLL_MS);
shell(page);
keys({
  Escape: () => {
    $("#filter").value = "";
    draw();
  },
});
live.start();
void load();
