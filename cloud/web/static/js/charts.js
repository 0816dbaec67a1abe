// The two charts. uPlot draws; this file says what: trades of the contract, plan and actual of a site.

import { $, $$, attribute, colour, h, text, toggle } from "./dom.js";
import { averages } from "./figures.js";
import * as words from "./words.js";

/* global uPlot */
const { t } = words;
const ZONE = "Europe/Berlin";
const FONT = '500 11px Inter, "Segoe UI", Roboto, system-ui, sans-serif';
const toZone = (seconds) => uPlot.tzDate(new Date(seconds * 1e3), ZONE);

/** A plot that fills its box, is built again when colours or language change, and shows a tip. */
export class Plot {
  #box;
  #options;
  #plot = null;
  #data = null;
  #tip = h("div", { class: "tip", hidden: true });

  constructor(box, options) {
    this.#box = box;
    this.#options = options;
    new ResizeObserver(() => this.#fit()).observe(box);
    document.addEventListener("theme", () => this.rebuild());
    document.addEventListener("language", () => this.rebuild());
  }

  show(data) {
    this.#data = data;
    if (this.#plot) this.#plot.setData(data);
    else this.rebuild();
  }

  rebuild() {
    this.#plot?.destroy();
    this.#plot = null;
    const { clientWidth: width, clientHeight: height } = this.#box;
    if (!this.#data || width < 40 || height < 40) return;
    const base = { width, height, tzDate: toZone, legend: { show: false }, cursor: { y: false, points: { size: 7 } }, padding: [8, null, 0, null] };
    const own = this.#options();
    own.hooks = { ...own.hooks, setCursor: [(plot) => this.#point(plot, own.tip)] };
    this.#plot = new uPlot({ ...base, ...own }, this.#data, this.#box);
    this.#plot.over.append(this.#tip);
  }

  #fit() {
    const { clientWidth: width, clientHeight: height } = this.#box;
    if (!this.#plot) this.rebuild();
    else if (width > 40 && height > 40) this.#plot.setSize({ width, height });
  }

  #point(plot, describe) {
    const { idx, left } = plot.cursor;
    const lines = idx === null || idx === undefined || left < 0 ? null : describe(plot, idx);
    this.#tip.hidden = !lines;
    if (!lines) return;
    this.#tip.replaceChildren(...lines.map((line) => h("div", {}, line)));
    const room = plot.over.clientWidth;
    this.#tip.style.left = `${left + this.#tip.offsetWidth + 14 > room ? left - this.#tip.offsetWidth - 10 : left + 10}px`;
    this.#tip.style.top = "4px";
  }
}

export const axis = (extra) => ({
  stroke: colour("t3"), font: FONT, size: 46, gap: 4,
  grid: { stroke: colour("line"), width: 1 }, ticks: { show: false }, ...extra,
});

export const timeAxis = () =>
  axis({ size: 24, space: 70, values: (_plot, splits) => splits.map((s) => (splits[1] - splits[0] < 60 ? words.timeExact(s * 1e6) : words.time(s * 1e6))) });

/** A dashed gold line at the present. */
export function nowLine(nowUs) {
  return (plot) => {
    const x = Math.round(plot.valToPos(nowUs() / 1e6, "x", true)) + 0.5;
    const { left, top, width, height } = plot.bbox;
    if (x < left || x > left + width) return;
    const context = plot.ctx;
    context.save();
    context.strokeStyle = colour("gold-text");
    context.lineWidth = devicePixelRatio * 1.5;
    context.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
    context.beginPath();
    context.moveTo(x, top);
    context.lineTo(x, top + height);
    context.stroke();
    context.restore();
  };
}

/** The newest trades as a line; returns what shows or hides the same as a table. */
export function priceChart(page) {
  const nowUs = () => page.live.nowUs();
  const empty = $("#price-empty");
  const box = $("#price-plot");
  let steps = [];
  const range = () => {
    const end = nowUs() / 1e6;
    const begin = Math.min((steps[0]?.atUs ?? Infinity) / 1e6, end - 120);
    return [begin, end + (end - begin) * 0.03];
  };
  const plot = new Plot(box, () => ({
    scales: {
      x: { time: true, range },
      y: { range: (_plot, low, high) => spread(low, high) },
      kw: { range: (_plot, _low, high) => [0, (high || 1) * 4.5] },
    },
    axes: [timeAxis(), axis({ scale: "y", size: 56, values: (_plot, splits) => splits.map((v) => words.number(v, splits[1] - splits[0] < 1 ? 1 : 0)) }), { show: false, scale: "kw" }],
    series: [
      {},
      { scale: "kw", stroke: colour("t3"), fill: colour("line"), width: 0, paths: uPlot.paths.bars({ size: [0.6, 9, 2] }), points: { show: false } },
      { scale: "y", stroke: colour("vwap"), width: 1.8, points: { show: false } },
      { scale: "y", stroke: colour("ema"), width: 1.6, dash: [5, 4], points: { show: false } },
      { scale: "y", stroke: colour("price"), width: 2.2, paths: uPlot.paths.stepped({ align: 1 }), points: { show: (_plot, _series, from, to) => to - from < 60, size: 4, fill: colour("price") } },
    ],
    hooks: { draw: [nowLine(nowUs)] },
    tip: (_plot, i) => steps[i] && [
      words.timeExact(steps[i].atUs),
      `${words.withUnit(words.price(steps[i].ticks), "€/MWh")} · ${words.withUnit(words.number(steps[i].kw), "kW")}`,
      `EMA ${words.price(steps[i].ema)} · VWAP ${words.price(steps[i].vwap)}`,
    ],
  }));
  /** The last price holds until the next trade: its line is drawn up to now. */
  const show = () => {
    const column = (pick, now) => [...steps.map(pick), ...(steps.length ? [now] : [])];
    plot.show([
      column((s) => s.atUs / 1e6, nowUs() / 1e6),
      column((s) => s.kw, null),
      column((s) => s.vwap / 100, null),
      column((s) => s.ema / 100, null),
      column((s) => s.ticks / 100, (steps.at(-1)?.ticks ?? 0) / 100),
    ]);
  };
  const draw = () => {
    steps = averages(page.tape()?.trades ?? []);
    empty.hidden = steps.length > 0;
    toggle(box, "vh", steps.length === 0);
    text(empty, page.state.markets ? t("price.empty") : t("state.loading"));
    const last = steps.at(-1);
    show();
    attribute(box, "aria-label", last ? t("price.label", { count: steps.length, last: words.price(last.ticks), ema: words.price(last.ema), vwap: words.price(last.vwap) }) : t("price.empty"));
    if ($(".numbers", box.parentElement)) table();
  };
  const table = () => numbers(box.parentElement, [t("blotter.time"), "€/MWh", "kW", "EMA", "VWAP"],
    steps.toReversed().slice(0, 200).map((s) => [words.timeExact(s.atUs), words.price(s.ticks), words.number(s.kw), words.price(s.ema), words.price(s.vwap)]));
  page.live.on(["tape", "markets"], draw);
  page.onSelection(draw);
  document.addEventListener("language", draw);
  setInterval(() => page.live.fresh && steps.length && show(), 1000);
  return table;
}

/** One button shows the numbers of the chart that is seen. */
export function tableButton(tableOfTrades, candles) {
  const button = $("#price-table");
  const hide = () => {
    for (const node of $$("#price-panel .numbers")) node.remove();
    button.setAttribute("aria-pressed", "false");
  };
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-pressed") === "true") return hide();
    if (candles.on) candles.table();
    else tableOfTrades();
    button.setAttribute("aria-pressed", "true");
    return undefined;
  });
  document.addEventListener("candles", hide);
}

/** The accessible alternative to a chart: the same numbers as a table in its place. */
export function numbers(parent, heads, rows) {
  $(".numbers", parent)?.remove();
  parent.append(h("div", { class: "numbers scroll", tabindex: "0", role: "region", "aria-label": t("chart.table") },
    h("table", {}, h("thead", {}, h("tr", {}, heads.map((label, i) => h("th", { scope: "col", class: i ? "r" : "" }, label)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, i) => h("td", { class: i ? "r num" : "num" }, cell))))))));
}

function spread(low, high) {
  if (low === null || high === null) return [0, 1];
  const room = Math.max((high - low) * 0.12, 0.2);
  return [low - room, high + room];
}
