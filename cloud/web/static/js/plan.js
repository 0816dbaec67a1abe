// Plan and actual of the chosen site: schedule as bars, power and state of charge as lines.

import { $, $$, attribute, colour, text, toggle } from "./dom.js";
import { Plot, axis, nowLine, timeAxis } from "./charts.js";
import { reading } from "./sites.js";
import { ask } from "./api.js";
import * as words from "./words.js";

/* global uPlot */
const { t } = words;
const PAST_SHARE = 0.5;
const PAST_SHARE_DAY = 1 / 6;
const POINTS_PER_WINDOW = 600;
const GAP_FACTOR = 4;
const FORBIDDEN_PCT = [[0, 10], [90, 100]];

export function planChart(page) {
  const box = $("#plan-plot");
  const empty = $("#plan-empty");
  let hours = 1;
  let trace = { site: null, rows: [] };
  const nowUs = () => page.live.nowUs();
  const windowS = () => {
    const past = hours * 3600 * (hours > 6 ? PAST_SHARE_DAY : PAST_SHARE);
    return [nowUs() / 1e6 - past, nowUs() / 1e6 + hours * 3600 - past];
  };
  const stepS = () => Math.max(1, (windowS()[1] - windowS()[0]) / POINTS_PER_WINDOW);
  const site = () => page.state.sites?.[page.site] ?? null;

  const load = async () => {
    if (page.site === null) return;
    const [begin] = windowS();
    const wanted = { site: page.site, hours };
    const query = new URLSearchParams({ site: page.site, from_us: Math.round(begin * 1e6), step_s: Math.ceil(stepS()) });
    const answer = await ask("GET", `/trade/trace?${query}`);
    if (wanted.site !== page.site || wanted.hours !== hours) return;
    const newest = trace.site === page.site ? trace.rows.filter(([us]) => us > (answer.rows.at(-1)?.[0] ?? 0)) : [];
    trace = { site: page.site, rows: [...answer.rows, ...newest] };
    draw();
  };
  const grow = () => {
    const power = reading(page, site(), "ac.power_kw");
    const soc = reading(page, site(), "battery.soc_pct");
    if (power.atUs === null) return;
    if (trace.site !== page.site) trace = { site: page.site, rows: [] };
    if (power.atUs - (trace.rows.at(-1)?.[0] ?? 0) < stepS() * 1e6) return;
    trace.rows.push([power.atUs, power.value, soc.value]);
    const keepUs = windowS()[0] * 1e6;
    while (trace.rows.length && trace.rows[0][0] < keepUs) trace.rows.shift();
  };
  const plot = new Plot(box, () => options(page, windowS, nowUs));
  const draw = () => {
    const chosen = site();
    empty.hidden = chosen !== null;
    toggle(box, "vh", chosen === null);
    text(empty, page.state.sites ? t("plan.empty") : t("state.loading"));
    if (!chosen) return;
    plot.show(columns(slotsOf(page), trace.site === page.site ? trace.rows : [], windowS(), stepS()));
    describe(page, box, chosen);
  };
  page.live.on(["sites"], () => {
    grow();
    draw();
  });
  page.live.on(["schedules"], draw);
  page.onSelection(() => {
    plot.rebuild();
    void load().catch(() => draw());
  });
  page.live.on(["connection"], () => page.live.fresh && void load().catch(() => draw()));
  document.addEventListener("language", draw);
  setInterval(() => {
    if (page.live.fresh) draw();
    mark(page, site());
  }, 1000);
  for (const button of $$("#plan-range button")) {
    button.addEventListener("click", () => {
      hours = Number(button.dataset.hours);
      for (const other of $$("#plan-range button")) other.setAttribute("aria-pressed", String(other === button));
      void load().catch(() => draw());
      draw();
    });
  }
}

const slotsOf = (page) => page.state.schedules?.[page.site]?.slots ?? [];

function mark(page, site) {
  const panel = $("#plan");
  const power = reading(page, site, "ac.power_kw");
  const stale = site !== null && power.stale;
  toggle(panel, "stale", stale);
  const chip = $(".age", panel);
  chip.hidden = !stale;
  text(chip, power.atUs === null ? t("sites.no_data") : t("state.as_of", { time: words.timeExact(power.atUs) }));
}

function describe(page, box, site) {
  const power = reading(page, site, "ac.power_kw");
  const soc = reading(page, site, "battery.soc_pct");
  attribute(box, "aria-label", t("plan.label", { site: site.name, power: words.withUnit(words.power(power.value), "kW"), soc: words.withUnit(words.number(soc.value, 1), "%") }));
}

/** Columns for uPlot: time, sold, bought, power, state of charge; nulls keep their series apart. */
function columns(slots, rows, [begin, end], stepS) {
  const points = [];
  for (const [startUs, endUs, kw] of slots) {
    const [start, stop] = [startUs / 1e6, endUs / 1e6];
    if (stop > begin && start < end) points.push([start, kw > 0 ? kw : 0, kw < 0 ? kw : 0, undefined, undefined], [stop - 0.001, kw > 0 ? kw : 0, kw < 0 ? kw : 0, undefined, undefined]);
  }
  let last = null;
  for (const [us, power, soc] of rows) {
    const at = us / 1e6;
    if (last !== null && at - last > Math.max(stepS * GAP_FACTOR, 15)) points.push([last + 0.5, undefined, undefined, null, null]);
    points.push([at, undefined, undefined, power, soc]);
    last = at;
  }
  points.sort((a, b) => a[0] - b[0]);
  return [0, 1, 2, 3, 4].map((column) => points.map((point) => point[column]));
}

function options(page, windowS, nowUs) {
  const rated = page.state.sites?.[page.site]?.power_kw || 1;
  const stepped = uPlot.paths.stepped({ align: 1 });
  return {
    padding: [8, null, 0, null],
    scales: {
      x: { time: true, range: () => windowS() },
      kw: { range: () => [-rated * 1.1, rated * 1.1] },
      pct: { range: () => [-5, 105] },
    },
    axes: [
      timeAxis(),
      axis({ scale: "kw", size: 52, splits: () => [-rated, -rated / 2, 0, rated / 2, rated], values: (_plot, splits) => splits.map((v) => words.power(v)) }),
      axis({ scale: "pct", side: 1, size: 46, grid: { show: false }, splits: () => [0, 25, 50, 75, 100], values: (_plot, splits) => splits.map((v) => words.withUnit(words.number(v), "%")) }),
    ],
    series: [
      {},
      { scale: "kw", stroke: colour("sell"), fill: `${colour("sell")}88`, width: 0, paths: stepped, points: { show: false } },
      { scale: "kw", stroke: colour("buy"), fill: `${colour("buy")}88`, width: 0, paths: stepped, points: { show: false } },
      { scale: "kw", stroke: colour("t1"), width: 1.7, points: { show: false } },
      { scale: "pct", stroke: colour("soc"), width: 2.2, points: { show: false } },
    ],
    hooks: { drawClear: [forbidden], draw: [nowLine(nowUs)] },
    tip: (plot, i) => tip(page, plot, i),
  };
}

/** The bands of the state of charge in which nobody wants to be. */
function forbidden(plot) {
  const { left, width } = plot.bbox;
  plot.ctx.save();
  plot.ctx.fillStyle = colour("hatch");
  for (const [low, high] of FORBIDDEN_PCT) {
    const [top, bottom] = [plot.valToPos(high, "pct", true), plot.valToPos(low, "pct", true)];
    plot.ctx.fillRect(left, top, width, bottom - top);
  }
  plot.ctx.restore();
}

function tip(page, plot, i) {
  const us = plot.data[0][i] * 1e6;
  const slot = slotsOf(page).find(([start, end]) => start <= us && us < end);
  const [power, soc] = [plot.data[3][i], plot.data[4][i]];
  const lines = [slot ? words.period(slot[0], slot[1]) : words.timeExact(us)];
  if (slot) lines.push(t("plan.tip_plan", { power: words.withUnit(words.power(slot[2]), "kW") }));
  if (typeof power === "number") lines.push(t("plan.tip_power", { time: words.timeExact(us), power: words.withUnit(words.power(power), "kW") }));
  if (typeof soc === "number") lines.push(t("plan.tip_soc", { soc: words.withUnit(words.number(soc, 1), "%") }));
  return lines;
}
