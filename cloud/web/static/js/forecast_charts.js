// The fan charts of a forecast: median, point and two bands round it, for price, load, sun and wind.

import { $, attribute, colour, toggle } from "./dom.js";
import { Plot, axis, nowLine, numbers, timeAxis } from "./charts.js";
import * as words from "./words.js";

const { t } = words;
const ROOM = 0.08;
/** What a chart draws of a row of the answer: its name, point, quantiles, colour and unit. */
export const KINDS = {
  price: { word: "forecast.price", point: "price_eur_mwh", spread: "price_q", tone: "price", unit: "€/MWh", digits: 2 },
  load: { word: "forecast.load", point: "load_mw", spread: "load_q", tone: "t1", unit: "MW", digits: 0 },
  solar: { word: "forecast.solar", point: "gen_solar_mw", spread: "solar_q", tone: "price", unit: "MW", digits: 0 },
  wind: { word: "forecast.wind", point: "gen_wind_mw", spread: "wind_q", tone: "vwap", unit: "MW", digits: 0 },
};
const EDGES = [0.05, 0.25, 0.5, 0.75, 0.95];

/** One chart; returns how it is drawn, and the same numbers as a table. */
export function fanChart(page, name, kinds = KINDS) {
  const kind = kinds[name];
  const box = $(`#${name}-plot`);
  let columns = [];
  const shade = (share) => colour(kind.tone) + Math.round(share * 2.55).toString(16).padStart(2, "0");
  const hidden = { scale: "y", stroke: "transparent", width: 0, points: { show: false } };
  const plot = new Plot(box, () => ({
    scales: { x: { time: true }, y: { range: (_plot, low, high) => room(low, high) } },
    axes: [timeAxis(), axis({ scale: "y", size: 56, values: (_plot, splits) => splits.map((v) => words.number(v)) })],
    series: [{}, hidden, hidden, { scale: "y", stroke: colour(kind.tone), width: 2, dash: [5, 4], points: { show: false } }, hidden, hidden],
    bands: [{ series: [5, 1], fill: shade(17) }, { series: [4, 2], fill: shade(28) }],
    hooks: { draw: [nowLine(() => page.live.nowUs())] },
    tip: (_plot, i) => tip(i),
  }));
  const tip = (i) => {
    if (!columns.length || columns[3][i] === null || columns[3][i] === undefined) return null;
    const value = (n) => words.withUnit(words.number(columns[n][i], kind.digits), kind.unit);
    const lines = [words.moment(columns[0][i] * 1e6), ...(columns[5][i] === null ? [] : [`P95 ${value(5)}`]), `P50 ${value(3)}`];
    return columns[1][i] === null ? lines : [...lines, `P5 ${value(1)}`];
  };
  const draw = () => {
    const rows = page.forecast?.series ?? [];
    const known = rows.filter((row) => row[kind.point] !== null);
    toggle(box, "vh", known.length === 0);
    const empty = $(`#${name}-empty`);
    empty.hidden = known.length > 0;
    empty.textContent = page.forecast ? t("forecast.not_told") : name === "price" ? page.message() : page.short();
    if (known.length === 0) return;
    columns = [rows.map((row) => Date.parse(row.ts) / 1000), ...EDGES.map((level) => rows.map((row) => at(row, level)))];
    plot.show(columns);
    const points = known.map((row) => row[kind.point]);
    attribute(box, "aria-label", t("forecast.chart_label", { what: t(kind.word), count: words.number(known.length), low: words.number(Math.min(...points), kind.digits), high: words.number(Math.max(...points), kind.digits), unit: kind.unit }));
  };
  const at = (row, level) => {
    const place = page.forecast.quantile_levels.indexOf(level);
    return row[kind.spread]?.[place] ?? (level === 0.5 ? row[kind.point] : null);
  };
  const table = () => numbers(box.parentElement, [t("blotter.time"), t("forecast.point"), "P5", "P50", "P95"],
    (page.forecast?.series ?? []).map((row) => [words.moment(Date.parse(row.ts) * 1000), words.number(row[kind.point], kind.digits), ...[0.05, 0.5, 0.95].map((level) => words.number(at(row, level), kind.digits))]));
  return { draw, table };
}

function room(low, high) {
  if (low === null || high === null) return [0, 1];
  const extra = Math.max((high - low) * ROOM, 1);
  return [low >= 0 && low - extra < 0 ? Math.min(0, low) : low - extra, high + extra];
}
