// Power, setpoint and state of charge of the past; the hub chooses how finely it answers.

import { $, $$, attribute, colour, text, toggle } from "./dom.js";
import { Plot, axis, nowLine, numbers, timeAxis } from "./charts.js";
import { ask } from "./api.js";
import * as words from "./words.js";

const { t } = words;
const POINTS = "ac.power_kw,control.setpoint_kw,battery.soc_pct".split(",");
const RELOAD_MS = 30_000;
const DAY_H = 24;
const GAP_FACTOR = 3;
const NEIGHBOURS = 50;
const STEPS_S = { raw: 5, "1m": 60, "15m": 900, "1h": 3600, "1d": 86_400 };
const POWER = 0;
const LOW = 3;
const HIGH = 4;

/** Columns of a plot: seconds, one column a point, and the power's extremes within each step.
 *
 * A hole in the record is a hole in the lines.
 */
export function columns(answer) {
  const rows = new Map();
  const stepS = STEPS_S[answer.step] ?? STEPS_S.raw;
  const [low, high] = [answer.columns?.indexOf("min") ?? -1, answer.columns?.indexOf("max") ?? -1];
  const row = (second) => {
    if (!rows.has(second)) rows.set(second, [null, null, null, null, null]);
    return rows.get(second);
  };
  for (const series of answer.points) {
    const at = POINTS.indexOf(series.point);
    for (const sample of series.samples) {
      if (at < 0 || sample[1] === null) continue;
      const found = row(Math.floor(sample[0] / 1e6 / stepS) * stepS);
      found[at] = sample[1];
      if (at === POWER && low > 0) [found[LOW], found[HIGH]] = [sample[low], sample[high]];
    }
  }
  const seconds = [...rows.keys()].sort((a, b) => a - b);
  const apart = Math.max(stepS, usual(seconds));
  const found = [[], [], [], [], [], []];
  const add = (second, cells) => found.forEach((column, i) => column.push(i ? cells[i - 1] : second));
  seconds.forEach((second, i) => {
    if (i && second - seconds[i - 1] > GAP_FACTOR * apart) add(seconds[i - 1] + apart, [null, null, null, null, null]);
    add(second, rows.get(second));
  });
  return found;
}

/** How far apart samples usually are: some points are only recorded when they change. */
function usual(seconds) {
  const steps = seconds.slice(1, NEIGHBOURS).map((second, i) => second - seconds[i]).sort((a, b) => a - b);
  return steps[steps.length >> 1] ?? 0;
}

export function history(page) {
  const box = $("#history-plot");
  const empty = $("#history-empty");
  const nowUs = () => page.live.nowUs();
  let hours = DAY_H;
  let data = null;
  let failed = "";
  const windowS = () => [nowUs() / 1e6 - hours * 3600, nowUs() / 1e6];
  const query = (what = "", more = {}) => {
    const [begin, end] = windowS();
    const period = { from: new Date(begin * 1e3).toISOString(), to: new Date(end * 1e3).toISOString() };
    return `/api/v1/sites/${encodeURIComponent(page.site)}/telemetry${what}?${new URLSearchParams({ points: POINTS.join(","), ...period, step: "auto", ...more })}`;
  };
  const plot = new Plot(box, () => options(page, windowS, nowUs, () => data));
  const load = async () => {
    const wanted = hours;
    try {
      const answer = await ask("GET", query());
      if (wanted !== hours) return;
      data = columns(answer);
      failed = "";
    } catch (error) {
      failed = error.message;
    }
    draw();
  };
  const draw = () => {
    const known = data !== null && data[0].length > 0;
    empty.hidden = known;
    toggle(box, "vh", !known);
    text(empty, failed || (data ? t("history.none") : t("state.loading")));
    if (!known) return;
    plot.show(data);
    attribute(box, "aria-label", t("history.label", { count: words.number(data[0].length) }));
    if ($(".numbers", box.parentElement)) table();
  };
  const table = () => numbers(box.parentElement, [t("blotter.time"), `${t("plan.power")} kW`, `${t("site.setpoint")} kW`, t("plan.soc")],
    data[0].map((second, i) => [words.moment(second * 1e6), words.power(data[1][i]), words.power(data[2][i]), words.number(data[3][i], 1)]).toReversed().slice(0, 300));
  const button = $("#history-table");
  button.addEventListener("click", () => {
    const shown = $(".numbers", box.parentElement);
    if (shown) shown.remove();
    else if (data) table();
    button.setAttribute("aria-pressed", String(!shown));
  });
  for (const choice of $$("#history-range button")) {
    choice.addEventListener("click", () => {
      hours = Number(choice.dataset.hours);
      for (const other of $$("#history-range button")) other.setAttribute("aria-pressed", String(other === choice));
      plot.rebuild();
      void load();
    });
  }
  $("#history-csv").addEventListener("click", (event) => event.currentTarget.setAttribute("href", query("/export", { format: "csv" })));
  page.live.on(["connection"], () => page.live.fresh && void load());
  document.addEventListener("language", draw);
  setInterval(() => page.live.fresh && void load(), RELOAD_MS);
}

function options(page, windowS, nowUs, data) {
  const most = () => (page.state.site?.power_kw ?? 100) * 1.1;
  const days = () => windowS()[1] - windowS()[0] > 2 * DAY_H * 3600;
  return {
    scales: { x: { time: true, range: windowS }, y: { range: () => [-most(), most()] }, soc: { range: () => [0, 100] } },
    axes: [
      days() ? { ...timeAxis(), values: (_plot, splits) => splits.map((s) => words.day(s * 1e6)) } : timeAxis(),
      axis({ scale: "y", size: 56, values: (_plot, splits) => splits.map((v) => words.power(v)) }),
      axis({ scale: "soc", side: 1, size: 44, grid: { show: false }, values: (_plot, splits) => splits.map((v) => words.withUnit(words.number(v), "%")) }),
    ],
    series: [
      {},
      { scale: "y", stroke: colour("t1"), width: 1.8, points: { show: false } },
      { scale: "y", stroke: colour("gold-text"), width: 1.5, dash: [5, 4], points: { show: false } },
      { scale: "soc", stroke: colour("soc"), width: 2.2, points: { show: false } },
      { scale: "y", width: 0, points: { show: false } },
      { scale: "y", width: 0, points: { show: false } },
    ],
    bands: [{ series: [5, 4], fill: colour("line") }],
    hooks: { draw: [nowLine(nowUs)] },
    tip: (_plot, i) => {
      const [seconds, power, setpoint, soc] = data();
      return [
        days() ? words.moment(seconds[i] * 1e6) : words.timeExact(seconds[i] * 1e6),
        `${t("plan.power")} ${words.withUnit(words.power(power[i]), "kW")}`,
        `${t("site.setpoint")} ${words.withUnit(words.power(setpoint[i]), "kW")}`,
        `SoC ${words.withUnit(words.number(soc[i], 1), "%")}`,
      ];
    },
  };
}
