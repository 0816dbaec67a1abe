// The charts of an auction: price and volume by period; supply, demand and the own curve of one.

import { $, attribute, colour, toggle } from "./dom.js";
import { Plot, axis, timeAxis } from "./charts.js";
import { ask } from "./api.js";
import * as words from "./words.js";

/* global uPlot */
const { t } = words;
const TICK = 0.01;
const ROOM = 0.08;

function shown(name, filled) {
  toggle($(`#${name}-plot`), "vh", !filled);
  $(`#${name}-empty`).hidden = filled;
}

/** Prices as steps over the day, what is traded as bars, the chosen period as a line. */
export function pricesChart(page) {
  const rows = () => page.result?.results ?? [];
  const plot = new Plot($("#prices-plot"), () => ({
    scales: { x: { time: true }, y: { range: (_plot, low, high) => spread(low, high) }, kw: { range: (_plot, _low, high) => [0, (high || 1) * 3] } },
    axes: [timeAxis(), axis({ scale: "y", size: 56, values: (_plot, splits) => splits.map((v) => words.number(v)) }), { show: false, scale: "kw" }],
    series: [
      {},
      { scale: "kw", stroke: colour("line"), fill: colour("line"), width: 0, paths: uPlot.paths.bars({ size: [0.9, 100], align: 1 }), points: { show: false } },
      { scale: "y", stroke: colour("price"), width: 2.2, paths: uPlot.paths.stepped({ align: 1 }), points: { show: false } },
    ],
    hooks: { draw: [upright(() => (page.session ? page.startUs(page.period) / 1e6 + page.session.period_us / 2e6 : null))] },
    tip: (_plot, i) => rows()[i] && [page.label(i), words.withUnit(words.number(rows()[i].price_eur_mwh, 2), "€/MWh"), words.withUnit(words.number(rows()[i].volume_kw), "kW")],
  }));
  const draw = () => {
    const found = rows();
    shown("prices", found.length > 0);
    if (found.length === 0) return;
    const end = page.startUs(found.length) / 1e6;
    plot.show([
      [...found.map((row) => page.startUs(row.period) / 1e6), end],
      [...found.map((row) => row.volume_kw), null],
      [...found.map((row) => row.price_eur_mwh), found.at(-1).price_eur_mwh],
    ]);
    attribute($("#prices-plot"), "aria-label", t("auction.prices_label", { count: words.number(found.length) }));
  };
  return { draw };
}

/** All curves of the chosen period when they are published, and the own ones at any time. */
export function curvesChart(page, address) {
  let points = [];
  let mark = "";
  const price = () => page.result?.results[page.period]?.price_eur_mwh ?? null;
  const plot = new Plot($("#curves-plot"), () => ({
    scales: { x: { time: false, range: () => edges(xs(), price()) }, y: { range: (_plot, low, high) => spread(low, high) } },
    axes: [axis({ size: 24, space: 60, values: (_plot, splits) => splits.map((v) => words.number(v)) }), axis({ scale: "y", size: 62, values: (_plot, splits) => splits.map((v) => words.number(v)) })],
    series: [
      {},
      { scale: "y", stroke: colour("sell"), width: 2, points: { show: false } },
      { scale: "y", stroke: colour("buy"), width: 2, points: { show: false } },
      { scale: "y", stroke: colour("vwap"), width: 2.2, points: { show: false } },
    ],
    hooks: { draw: [upright(price)] },
    tip: (chart, i) => [words.withUnit(words.number(chart.data[0][i], 2), "€/MWh"), ...["auction.supply", "auction.demand", "auction.own_curve"].map((key, n) => [key, chart.data[n + 1][i]]).filter(([, kw]) => kw !== null && kw !== undefined).map(([key, kw]) => `${t(key)} ${words.withUnit(words.number(kw, 0, key === "auction.own_curve"), "kW")}`)],
  }));
  const own = () => page.orders.flatMap((one) => one.ordered_curves.filter((curve) => curve.period === page.period));
  const xs = () => {
    const mine = own().flatMap((curve) => curve.points.flatMap(([x]) => (curve.style === "STEP" ? [x - TICK, x] : [x])));
    return [...new Set([...points.map((point) => point.price_eur_mwh), ...mine])].sort((a, b) => a - b);
  };
  const draw = () => {
    const [mine, all] = [own(), xs()];
    shown("curves", all.length > 0);
    if (all.length === 0) return;
    const [low, high] = edges(all, price());
    const grid = [...new Set([low, ...all.filter((x) => x > low && x < high), high])];
    const of = (name) => grid.map((x) => (points.length ? between(points.map((point) => [point.price_eur_mwh, point[name]]), x) : null));
    plot.show([grid, of("sold_kw"), of("bought_kw"), grid.map((x) => (mine.length ? mine.reduce((sum, curve) => sum + at(curve, x), 0) : null))]);
    attribute($("#curves-plot"), "aria-label", t("auction.curves_label", { period: page.label(page.period), price: words.number(price(), 2) }));
  };
  const load = async () => {
    const wanted = `${address()} ${page.period} ${page.session?.stage}`;
    if (wanted !== mark) {
      mark = wanted;
      points = [];
      if (page.session?.stage === "PUBLISHED") {
        const answer = await ask("GET", address(`/curves/${page.period}`)).catch(() => null);
        if (wanted !== mark) return;
        if (answer === null) mark = "";
        points = answer?.points ?? [];
      }
    }
    draw();
    plot.rebuild();
  };
  return { draw, load: () => void load() };
}

/** What a curve gives at a price. */
function at({ style, points }, x) {
  if (style === "LINEAR") return between(points, x);
  return (points.findLast(([price]) => price <= x) ?? points[0])[1];
}

/** A line through points of rising x; beyond them it stays as it is. */
function between(points, x) {
  const next = points.findIndex(([price]) => price > x);
  if (next === 0) return points[0][1];
  if (next < 0) return points.at(-1)[1];
  const [[x0, y0], [x1, y1]] = [points[next - 1], points[next]];
  return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
}

/** Where something happens: without the limits of the auction, at which everything just goes on. */
function edges(xs, price) {
  const inner = xs.length > 2 ? xs.slice(1, -1) : xs;
  const all = price === null ? inner : [...inner, price];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const room = Math.max((high - low) * ROOM, 5);
  return [low - room, high + room];
}

function spread(low, high) {
  if (low === null || high === null) return [0, 1];
  const room = Math.max((high - low) * ROOM, 1);
  return [low - room, high + room];
}

/** A dashed gold line at a value of x. */
function upright(where) {
  return (plot) => {
    const value = where();
    if (value === null || value === undefined) return;
    const x = Math.round(plot.valToPos(value, "x", true)) + 0.5;
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
