// The page of the auctions, put together: gate, prices, curves of a period, own orders and results.

import { $, attribute, h, put, text, toggle } from "./dom.js";
import { curvesChart, pricesChart } from "./auction_charts.js";
import { ask } from "./api.js";
import { Live } from "./live.js";
import { keys, shell } from "./shell.js";
import { download, drawTable } from "./tables.js";
import { currentLanguage, loadWords } from "./words.js";
import * as words from "./words.js";

await loadWords(currentLanguage());
const { t } = words;
const STAGES = { PLANNED: "auction.planned", OPEN: "auction.open", CLOSED: "auction.closed", PUBLISHED: "auction.published" };
const FATES = { ACCEPTED: "auction.accepted", PARTLY_ACCEPTED: "auction.partly", REJECTED: "auction.rejected", PARADOXICALLY_REJECTED: "auction.paradox" };
const EMPTY = { result: null, orders: [], awards: [], leftOut: [] };
const live = new Live({ page: "auction" });
const page = {
  live, period: 0, ...EMPTY,
  get state() { return live.state; },
  get session() { return (live.state.auctions ?? []).find((one) => keyOf(one) === chosen) ?? null; },
  /** Start of a period, and its label: the hour that autumn repeats is told apart. */
  startUs: (period) => page.session.start_us + period * page.session.period_us,
  label: (period) => labels()[period] ?? "",
  hours: () => page.session.period_us / 3.6e9,
  ownKw: (period) => (page.awards.length ? page.awards.reduce((sum, award) => sum + award.powers_kw[period], 0) : null),
  choosePeriod,
};
let chosen = null;
let byPerson = false;
let loaded = "";

const keyOf = (one) => `${one.code}/${one.day}`;
const address = (rest = "") => `/api/v1/auctions/${chosen}${rest}`;

function labels() {
  const { session } = page;
  if (!session) return [];
  const times = Array.from({ length: session.periods }, (_, n) => words.time(page.startUs(n)));
  return times.map((time, n) => (times.indexOf(time) === times.lastIndexOf(time) ? time : `${time} ${times.indexOf(time) === n ? "A" : "B"}`));
}

const prices = pricesChart(page);
const curves = curvesChart(page, address);

/** Ask for all of the chosen auction when it is another one, or has moved on. */
async function load() {
  const { session } = page;
  if (!session) return;
  const mark = [chosen, session.stage, session.ordered].join();
  if (mark === loaded) return;
  loaded = mark;
  const wanted = chosen;
  try {
    const [result, own, got] = await Promise.all([ask("GET", address()), ask("GET", address("/orders")), ask("GET", address("/awards"))]);
    if (wanted !== chosen) return;
    Object.assign(page, { result, orders: own.submissions, awards: got.awards, leftOut: got.left_out });
  } catch (error) {
    loaded = "";
    if (wanted === chosen) put("auction-sub", error.message);
    return;
  }
  draw();
  curves.load();
}

function settle() {
  const auctions = page.state.auctions ?? [];
  if (!byPerson || !page.session) {
    const first = auctions.find((one) => one.ordered) ?? auctions[0];
    if (first && !page.session) choose(keyOf(first));
  }
  drawChoice(auctions);
  figures();
  void load();
}

function choose(key) {
  chosen = key;
  loaded = "";
  Object.assign(page, EMPTY, { period: 0 });
  draw();
}

function drawChoice(auctions) {
  const box = $("#auction-choice");
  box.hidden = auctions.length === 0;
  const mark = currentLanguage() + auctions.map((one) => keyOf(one) + one.stage + one.ordered).join();
  if (box.dataset.shown !== mark) {
    box.dataset.shown = mark;
    box.replaceChildren(...auctions.map((one) => h("option", { value: keyOf(one) }, `${one.area} ${words.day(one.start_us)} · ${t(STAGES[one.stage])}${one.ordered ? ` · ${t("auction.ordered")}` : ""}`)));
  }
  if (chosen !== null) box.value = chosen;
}

const energy = (kw) => (kw * page.hours()) / 1000;
const countdown = (seconds) => [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60].map((part) => String(part).padStart(2, "0")).join(":");

function figures() {
  const { session, result, awards } = page;
  if (!session) return;
  const rest = (session.gate_us - live.nowUs()) / 1e6;
  const open = session.stage === "OPEN" && rest > 0;
  put("gate", open ? countdown(rest) : t(STAGES[session.stage === "OPEN" ? "CLOSED" : session.stage]));
  put("gate-more", t(open ? "auction.gate_at" : "auction.gate_was", { time: words.moment(session.gate_us) }));
  put("auction-sub", `${session.code} · ${t("auction.periods", { count: words.number(session.periods) })}`);
  const known = (result?.results ?? []).map((row) => row.price_eur_mwh).filter((price) => price !== null);
  const mean = known.length ? known.reduce((a, b) => a + b, 0) / known.length : null;
  const [low, high] = [Math.min(...known), Math.max(...known)];
  put("base", words.number(mean, 2));
  put("base-more", result?.results.length ? t("auction.with_price", { count: words.number(known.length), all: words.number(session.periods) }) : "");
  put("range", known.length ? words.number(high - low, 2) : "–");
  put("range-more", known.length ? t("auction.from_to", { low: words.number(low, 2), high: words.number(high, 2) }) : "");
  const published = (result?.results ?? []).length > 0;
  put("volume", published ? words.number(energy(result.results.reduce((sum, row) => sum + row.volume_kw, 0)), 1) : "–");
  put("volume-more", published ? t("auction.block_counts", { accepted: words.number(result.blocks_accepted + result.blocks_partly_accepted), paradox: words.number(result.blocks_paradoxically_rejected) }) : "");
  const powers = awards.flatMap((award) => award.powers_kw);
  const sum = (list) => list.reduce((a, b) => a + b, 0);
  put("own", awards.length ? words.number(energy(sum(powers)), 2, true) : "–");
  put("own-more", awards.length ? t("auction.sold_bought", { sold: words.number(energy(sum(powers.map((kw) => Math.max(0, kw)))), 2), bought: words.number(energy(sum(powers.map((kw) => Math.max(0, -kw)))), 2) }) : t("auction.nothing_yet"));
  put("cash", awards.length ? words.number(sum(awards.map((award) => award.cash_eur)), 2, true) : "–");
  put("cash-more", awards.length ? t("auction.cash_more") : "");
  put("welfare", published ? t(result.gap > 0 ? "auction.welfare_gap" : "auction.welfare", { eur: words.withUnit(words.number(result.welfare_eur), "€"), gap: result.gap.toExponential(1) }) : "");
}

const resultColumns = () => [
  ["blotter.delivery", "num", (r) => page.label(r.period), (r) => r.delivery_start],
  ["auction.price_unit", "r num", (r) => h("b", {}, words.number(r.price_eur_mwh, 2)), (r) => r.price_eur_mwh],
  ["auction.volume_unit", "r num", (r) => words.number(r.volume_kw), (r) => r.volume_kw],
  ["auction.own_unit", "r num", (r) => ownCell(r.period), (r) => page.ownKw(r.period)],
  ["auction.cash_unit", "r num", (r) => words.number(ownCash(r), 2, true), ownCash],
];

function ownCell(period) {
  const kw = page.ownKw(period);
  if (kw === null) return "–";
  const { glyph, tone } = words.direction(kw);
  return h("span", { class: tone }, `${words.power(kw)} ${kw ? glyph : ""}`);
}

function ownCash(row) {
  const kw = page.ownKw(row.period);
  return kw === null ? null : (kw * (row.price_eur_mwh ?? 0) * page.hours()) / 1000;
}

/** What stands where nothing is: not yet asked for, or really nothing. */
const emptyText = (key) => t(page.state.auctions?.length === 0 ? "auction.none" : page.result === null ? "state.loading" : key);

function drawResults() {
  const rows = page.result?.results ?? [];
  drawTable($("#results-table"), resultColumns(), rows, { name: `results ${chosen}`, key: (r) => r.period, state: (r) => JSON.stringify([r, page.ownKw(r.period)]), empty: emptyText("auction.no_result") });
  for (const row of $("#results-table tbody").children) attribute(row, "aria-selected", Number(row.dataset.key) === page.period ? "true" : null);
}

const orderColumns = () => [
  ["auction.site", "head", (r) => h("b", {}, r.site ?? t("auction.no_site"))],
  ["auction.received", "num", (r) => words.moment(Date.parse(r.received_at) * 1000)],
  ["auction.curves_count", "r num", (r) => words.number(r.curves)],
  ["auction.blocks_count", "r num", (r) => words.number(r.blocks)],
];

const blockColumns = () => [
  ["auction.block", "head", (r) => h("span", {}, h("b", {}, r.name), h("span", { class: "second" }, [r.site, conditions(r)].filter(Boolean).join(" · ")))],
  ["blotter.delivery", "num", (r) => span(r)],
  ["auction.power_unit", "r num", (r) => h("span", { class: words.direction(r.parts[0][1]).tone }, `${words.power(peak(r))} ${words.direction(peak(r)).glyph}`)],
  ["auction.price_unit", "r num", (r) => words.number(r.price_eur_mwh, 2)],
  ["auction.fate", "text", (r) => fate(r)],
];

const peak = (block) => block.parts.map(([, kw]) => kw).reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a));

function span(block) {
  const periods = block.parts.map(([period]) => period).sort((a, b) => a - b);
  return `${page.label(periods[0])}–${words.time(page.startUs(periods.at(-1) + 1))}`;
}

function conditions(block) {
  const said = [];
  if (block.min_ratio < 1) said.push(t("auction.at_least", { share: words.number(block.min_ratio * 100) }));
  if (block.parent) said.push(t("auction.linked", { parent: block.parent }));
  if (block.group) said.push(t("auction.exclusive", { group: block.group }));
  if (block.loop) said.push(t("auction.loop", { loop: block.loop }));
  return said.join(" · ");
}

function fate(block) {
  if (!block.fate) return h("span", { class: "mut" }, t("auction.waits"));
  const well = block.fate.endsWith("ACCEPTED");
  const mark = well ? "ok" : block.fate === "REJECTED" ? "off" : "warn";
  const why = block.fate === "PARADOXICALLY_REJECTED" ? t("auction.paradox_why") : block.fate === "REJECTED" ? t(block.surplus_eur < 0 ? "auction.out_of_money" : "auction.condition") : t("auction.surplus", { eur: words.withUnit(words.number(block.surplus_eur, 2, true), "€") });
  return h("span", {}, h("span", { class: "standing" }, h("i", { class: `state ${mark}` }), t(FATES[block.fate])), h("span", { class: "second" }, why));
}

function drawOrders() {
  const { orders, awards, leftOut } = page;
  drawTable($("#orders-table"), orderColumns(), orders, { name: "orders", key: (r) => r.site ?? "", empty: emptyText("auction.no_orders") });
  const blocks = orders.flatMap((one) => {
    const fates = awards.find((award) => award.site === one.site)?.blocks ?? [];
    return one.ordered_blocks.map((block) => ({ ...block, site: one.site, ...fates.find((each) => each.name === block.name) }));
  });
  drawTable($("#blocks-table"), blockColumns(), blocks, { name: `blocks ${chosen}`, key: (r) => `${r.site}/${r.name}`, rowClass: (r) => (r.fate === "PARADOXICALLY_REJECTED" ? "edge-warn" : ""), empty: emptyText("auction.no_blocks") });
  put("orders-note", orders.length && page.session?.stage === "OPEN" ? t("auction.sealed") : "");
  put("blocks-note", blocks.length ? words.number(blocks.length) : "");
  const box = $("#left-out");
  box.hidden = leftOut.length === 0;
  box.replaceChildren(...leftOut.map((one) => h("li", {}, h("b", {}, t("auction.left_out", { site: one.site ?? t("auction.no_site") })), ` ${one.code}: ${one.message}`)));
}

function drawPeriods() {
  const box = $("#period-choice");
  const mark = chosen + currentLanguage() + (page.session?.periods ?? "");
  if (box.dataset.shown !== mark) {
    box.dataset.shown = mark;
    box.replaceChildren(...labels().map((label, n) => h("option", { value: n }, label)));
  }
  box.value = String(page.period);
}

function choosePeriod(period) {
  page.period = Math.max(0, Math.min((page.session?.periods ?? 1) - 1, period));
  drawPeriods();
  drawResults();
  prices.draw();
  curves.load();
}

function draw() {
  figures();
  drawResults();
  drawOrders();
  drawPeriods();
  prices.draw();
  curves.draw();
  for (const [id, message] of [["prices", emptyText("auction.no_result")], ["curves", emptyText("auction.no_curve")]]) text($(`#${id}-empty`), message);
  toggle($("#kpi-own"), "none", page.awards.length === 0);
}

live.on(["auctions"], settle);
document.addEventListener("language", () => {
  drawChoice(page.state.auctions ?? []);
  draw();
});
$("#auction-choice").addEventListener("change", (event) => {
  byPerson = true;
  choose(event.target.value);
  void load();
});
$("#period-choice").addEventListener("change", (event) => choosePeriod(Number(event.target.value)));
$("#period-before").addEventListener("click", () => choosePeriod(page.period - 1));
$("#period-after").addEventListener("click", () => choosePeriod(page.period + 1));
$("#results-table").addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-key]");
  if (row) choosePeriod(Number(row.dataset.key));
});
$("#csv").addEventListener("click", () => download(`auction ${chosen}`, resultColumns(), page.result?.results ?? []));
setInterval(() => live.fresh && figures(), 1000);
shell(page);
keys({
  "/": () => $("#auction-choice").focus(),
  ArrowLeft: () => choosePeriod(page.period - 1),
  ArrowRight: () => choosePeriod(page.period + 1),
});
live.start();
