// The page of the forecasts, put together: newest forecast, what it is made of, jobs, reports.

import { $, $$, h, put, text, toast, toggle } from "./dom.js";
import { ask } from "./api.js";
import { KINDS, fanChart } from "./forecast_charts.js";
import { next, why } from "./forecast_outlook.js";
import { drawPin, pinForm } from "./forecast_pin.js";
import { Live } from "./live.js";
import { keys, shell } from "./shell.js";
import { download, drawTable } from "./tables.js";
import { currentLanguage, loadWords } from "./words.js";
import * as words from "./words.js";

await loadWords(currentLanguage());
const { t } = words;
const POLL_MS = 5000;
const JOBS_MAX = 50;
const SCORES_MS = 60_000;
const AGE_S_MAX = { dayahead: 26 * 3600, intraday: 3 * 3600 };
const TYPES = { dayahead: "forecast.dayahead", intraday: "forecast.intraday" };
const HOURS = 2;
const USUAL_AREA = "AT";
const live = new Live({ page: "forecast" });
const page = {
  live, area: null, kind: "dayahead", forecast: null, jobs: null, scores: null, absent: false,
  get state() { return live.state; },
  message: () => (page.absent ? why(page) : t("state.loading")),
  short: () => t(page.absent ? "forecast.none" : "state.loading"),
};
let loaded = "";
let pressed = false;
let scoredMs = -Infinity;
const charts = Object.keys(KINDS).map((name) => [name, fanChart(page, name)]);
const us = (stamp) => Date.parse(stamp) * 1000;
const said = (group, name) => (words.has(`${group}.${name}`) ? t(`${group}.${name}`) : name);
const role = document.body.dataset.role;

/** Ask for the jobs, and for the newest forecast when one was done since. */
async function load() {
  try {
    page.jobs = (await ask("GET", `/api/forecast/jobs?limit=${JOBS_MAX}`)).jobs;
    page.area ??= page.jobs.find((job) => job.status === "done")?.area ?? page.jobs[0]?.area ?? page.state.outlook?.[0]?.area;
    if (!page.area && page.state.outlook) page.area = USUAL_AREA;
    if (!page.area) return;
    const newest = page.jobs.find((job) => job.status === "done" && job.area === page.area && job.type === page.kind);
    const mark = [page.area, page.kind, newest?.job_id, newest?.ended].join();
    const none = !newest && page.jobs.length < JOBS_MAX; // asked for all the same, it would be a 404
    if (none) Object.assign(page, { forecast: null, absent: true });
    else if (mark !== loaded) await loadForecast(mark);
    if (performance.now() - scoredMs > SCORES_MS) await loadScores();
  } catch (error) {
    put("forecast-sub", error.message);
  }
  draw();
}

async function loadForecast(mark) {
  const wanted = `${page.area} ${page.kind}`;
  const found = await ask("GET", `/api/forecast/newest?area=${encodeURIComponent(page.area)}&type=${page.kind}`).catch((error) => {
    if (error.status === 404) return null;
    throw error;
  });
  if (wanted !== `${page.area} ${page.kind}`) return;
  loaded = mark;
  page.forecast = found;
  page.absent = found === null;
}

/** How good the forecasts of each area were. */
async function loadScores() {
  scoredMs = performance.now();
  page.scores = await Promise.all(areasKnown().map((area) => ask("GET", `/api/forecast/watch?area=${encodeURIComponent(area)}&days=60`)));
}

const areasKnown = () => [...new Set([page.area, ...(page.jobs ?? []).map((job) => job.area), ...(page.state.outlook ?? []).map((one) => one.area)])].filter(Boolean).sort();

function choose(change) {
  Object.assign(page, change, { forecast: null, absent: false });
  loaded = "";
  draw();
  void load();
}

function drawChoices() {
  const areas = areasKnown();
  const fill = (box, values, shown, chosen) => {
    const mark = currentLanguage() + values.join();
    if (box.dataset.shown !== mark) {
      box.dataset.shown = mark;
      box.replaceChildren(...values.map((value) => h("option", { value }, shown(value))));
    }
    box.value = chosen;
  };
  fill($("#area-choice"), areas, (area) => area, page.area ?? "");
  fill($("#kind-choice"), Object.keys(TYPES), (kind) => t(TYPES[kind]), page.kind);
}

const stale = () => page.forecast !== null && live.ageS(us(page.forecast.issued_at)) > AGE_S_MAX[page.kind];

/** Hatch what is too old, or what nobody confirms any more. */
function age() {
  const old = stale();
  const lost = live.heardMs !== null && !live.fresh;
  for (const node of $$("[data-aged], .kpis .kpi")) toggle(node, "stale", old || lost);
  $("#forecast-age").hidden = !old;
  if (old) text($("#forecast-age"), t("forecast.old", { time: words.moment(us(page.forecast.issued_at)) }));
}

function draw() {
  drawChoices();
  const { forecast } = page;
  const button = $("#ask");
  button.disabled = !["trader", "admin"].includes(role) || page.area === null;
  button.title = ["trader", "admin"].includes(role) ? "" : t("forecast.may_not");
  put("forecast-sub", forecast ? [t("forecast.issued", { area: forecast.area, time: words.moment(us(forecast.issued_at)), as_of: words.time(us(forecast.as_of)) }), next(page)].filter(Boolean).join(" · ") : page.short());
  $("#simulated").hidden = !forecast?.simulated;
  age();
  drawFlags(forecast);
  figures(forecast);
  for (const [, chart] of charts) chart.draw();
  tables(forecast);
  drawPin(page);
}

function drawFlags(forecast) {
  const flags = forecast?.flags ?? [];
  $("#flags").hidden = flags.length === 0;
  $("#flags").replaceChildren(...flags.map((flag) => h("li", {}, flag.startsWith("clipped_") ? t("flag.clipped", { count: flag.slice(8) }) : said("flag", flag))));
}

/** Mean of the dearest and of the cheapest two hours in a row. */
function spread(series, minutes) {
  const count = Math.max(1, (HOURS * 60) / minutes);
  const prices = series.map((row) => row.price_eur_mwh);
  if (prices.length < count || prices.includes(null)) return null;
  const means = prices.slice(count - 1).map((_price, i) => prices.slice(i, i + count).reduce((a, b) => a + b, 0) / count);
  return Math.max(...means) - Math.min(...means);
}

function figures(forecast) {
  const rows = (forecast?.series ?? []).filter((row) => row.price_eur_mwh !== null);
  const sorted = rows.toSorted((a, b) => a.price_eur_mwh - b.price_eur_mwh);
  for (const [key, row] of [["trough", sorted[0]], ["peak", sorted.at(-1)]]) {
    put(key, words.number(row?.price_eur_mwh, 1));
    put(`${key}-more`, row ? [words.moment(us(row.ts)), ...range(forecast, row)].join(" · ") : "");
  }
  put("spread", words.number(forecast ? spread(forecast.series, forecast.granularity_min) : null, 1));
  put("spread-more", t("forecast.two_hours"));
  const mean = rows.length ? rows.reduce((sum, row) => sum + row.price_eur_mwh, 0) / rows.length : null;
  put("mean", words.number(mean, 1));
  put("mean-more", forecast ? t("forecast.slots", { count: words.number(forecast.series.length), minutes: forecast.granularity_min }) : "");
  put("quality", forecast ? said("quality", forecast.quality) : "–");
  put("quality-more", forecast?.simulated ? t("forecast.simulated") : "");
  const oldest = Object.entries(forecast?.data_age_s ?? {}).sort((a, b) => b[1] - a[1])[0];
  put("oldest", oldest ? words.span(oldest[1]) : "–");
  put("oldest-more", oldest ? said("input", oldest[0]) : "");
}

function range(forecast, row) {
  const place = (level) => forecast.quantile_levels.indexOf(level);
  return row.price_q ? [`P10 ${words.number(row.price_q[place(0.1)])}`, `P90 ${words.number(row.price_q[place(0.9)])}`] : [];
}

function tables(forecast) {
  const drawn = (id, columns, rows, key, empty) => drawTable($(id), columns(), rows, { name: id, key, empty });
  const ages = Object.entries(forecast?.data_age_s ?? {});
  const shares = Object.entries(forecast?.weights ?? {}).sort((a, b) => b[1] - a[1]);
  put("forecast-model", forecast?.model ?? "");
  drawn("#inputs-table", inputColumns, ages, ([name]) => name, page.short());
  drawn("#weights-table", weightColumns, shares, ([name]) => name, forecast ? t("forecast.no_weights") : page.short());
  drawn("#jobs-table", jobColumns, page.jobs ?? [], (job) => job.job_id, page.jobs ? t("forecast.no_jobs") : t("state.loading"));
  drawn("#scores-table", scoreColumns, page.scores ?? [], (one) => one.area, t("state.loading"));
  drawn("#soon-table", soonColumns, page.scores ?? [], (one) => one.area, t("state.loading"));
  drawn("#backtests-table", reportColumns, page.state.backtests ?? [], (one) => one.name, page.state.backtests ? t("forecast.no_backtests") : t("state.loading"));
}

const inputColumns = () => [
  ["forecast.input", "", ([name]) => said("input", name)],
  ["forecast.age", "r num", ([, seconds]) => words.span(seconds)],
];
const weightColumns = () => [
  ["forecast.member", "", ([name]) => name],
  ["forecast.share", "r num", ([, share]) => words.withUnit(words.number(share * 100, 1), "%")],
];

function jobState(job) {
  const mark = { failed: "alarm", done: "ok", queued: "off" }[job.status];
  if (mark) return h("span", { class: "standing" }, h("i", { class: `state ${mark}`, "aria-hidden": "true" }), t(`job.${job.status}`));
  const share = words.withUnit(words.number(job.progress * 100), "%");
  return h("span", {}, `${t("job.running")} `, h("progress", { max: "1", value: String(job.progress), "aria-label": share }), ` ${share}`);
}

const jobColumns = () => [
  ["forecast.area", "", (job) => `${job.area} ${t(TYPES[job.type])}`],
  ["forecast.state", "", jobState],
  ["forecast.created", "r num", (job) => words.moment(us(job.created))],
  ["forecast.ended", "r num", (job) => (job.ended ? words.moment(us(job.ended)) : "–")],
  ["forecast.reason", "text", (job) => job.reason ?? "–"],
];
const percent = (share) => (share === null ? "–" : words.withUnit(words.number(share * 100, 1), "%"));
const standing = (one) => one.alarms.filter((alarm) => alarm.ended === null).map((alarm) => said("forecast.alarm", alarm.code)).join(", ");
const scoreColumns = () => [
  ["forecast.area", "", (one) => one.area],
  ["forecast.mae14", "r num", (one) => words.number(one.mae14, 2)],
  ["forecast.rmae14", "r num", (one) => words.number(one.rmae14, 3)],
  ["forecast.mae60", "r num", (one) => words.number(one.mae60, 2)],
  ["forecast.rmae60", "r num", (one) => words.number(one.rmae60, 3)],
  ["forecast.coverage", "r num", (one) => percent(one.coverage80)],
  ["forecast.scored", "r num", (one) => words.number(one.scores.length)],
  ["forecast.alarms", "text", (one) => standing(one) || "–"],
];
const ofLast = (mae, last) => (mae === null || !last ? "–" : percent(mae / last));
const soonColumns = () => [
  ["forecast.area", "", (one) => one.area],
  ["forecast.mae14", "r num", (one) => words.number(one.intraday.mae14, 2)],
  ["forecast.of_last14", "r num", (one) => ofLast(one.intraday.mae14, one.intraday.last_mae14)],
  ["forecast.mae60", "r num", (one) => words.number(one.intraday.mae60, 2)],
  ["forecast.of_last60", "r num", (one) => ofLast(one.intraday.mae60, one.intraday.last_mae60)],
  ["forecast.coverage", "r num", (one) => percent(one.intraday.coverage80)],
  ["forecast.scored", "r num", (one) => words.number(one.intraday.scores.length)],
  ["forecast.told_now", "text", (one) => t(one.intraday.shut ? "forecast.told_last" : "forecast.told_better")],
];
const reportColumns = () => [
  ["forecast.report", "", (one) => h("a", { href: `/forecast/backtests/${one.name}/report${currentLanguage() === "de" ? ".de" : ""}.html` }, one.name)],
  ["forecast.area", "", (one) => one.area],
  ["forecast.stretch", "num", (one) => `${one.first_day} – ${one.last_day}`],
  ["MAE", "r num", (one) => words.number(one.mae, 2)],
  ["rMAE", "r num", (one) => words.number(one.rmae, 3)],
  ["forecast.coverage", "r num", (one) => words.withUnit(words.number(one.coverage80_pct, 1), "%")],
  ["forecast.leakage", "", (one) => t(one.passed ? "forecast.clean" : "forecast.leaks")],
];
const csvColumns = () => [
  ["ts", "", null, (row) => row.ts],
  ...Object.values(KINDS).flatMap(({ point, spread: q }) => [[point, "", null, (row) => row[point]], ...page.forecast.quantile_levels.map((level, i) => [`${q}${Math.round(level * 100)}`, "", null, (row) => row[q]?.[i]])]),
];

async function request() {
  try {
    const { status } = await ask("POST", `/api/forecast/${page.kind}`, { area: page.area });
    toast(t(status === "done" ? "forecast.same" : "forecast.asked"));
  } catch (error) {
    toast(error.message, true);
  }
  void load();
}

live.on(["backtests", "connection"], draw);
live.on(["outlook"], () => (page.area ? draw() : void load()));
document.addEventListener("language", draw);
$("#area-choice").addEventListener("change", (event) => choose({ area: event.target.value }));
$("#kind-choice").addEventListener("change", (event) => choose({ kind: event.target.value }));
$("#ask").addEventListener("click", () => void request());
$("#csv").addEventListener("click", () => page.forecast && download(`forecast ${page.area} ${page.kind}`, csvColumns(), page.forecast.series));
$("#price-table").addEventListener("click", () => {
  pressed = !pressed;
  $("#price-table").setAttribute("aria-pressed", String(pressed));
  if (pressed) for (const [, chart] of charts) chart.table();
  else for (const node of $$(".forecast .numbers")) node.remove();
});
setInterval(age, 1000);
setInterval(() => document.visibilityState === "visible" && void load(), POLL_MS);
pinForm(page, () => loadScores().then(draw));
shell(page);
keys({ "/": () => $("#area-choice").focus() });
live.start();
void load();
