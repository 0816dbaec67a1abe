// Load and sun of a site in the next 48 hours, how sure that is, and how good it lately was.

import { $, $$, attribute, h, put } from "./dom.js";
import { ask } from "./api.js";
import { fanChart } from "./forecast_charts.js";
import * as words from "./words.js";

const { t } = words;
const RETRY_MS = 30_000;
const KINDS = {
  "site-load": { word: "outlook.load", point: "load_kw", spread: "load_q", tone: "vwap", unit: "kW", digits: 1 },
  "site-pv": { word: "outlook.pv", point: "pv_kw", spread: "pv_q", tone: "price", unit: "kW", digits: 1 },
};
const OF = { "site-load": "load", "site-pv": "pv" };

export function siteForecast(page) {
  let loaded = null;
  let asking = false;
  let pressed = false;
  const shown = {
    live: page.live, forecast: null,
    get state() { return page.state; },
    short: () => t(page.state.forecast === null ? "outlook.none" : "state.loading"),
  };
  const charts = Object.keys(KINDS).map((name) => fanChart(shown, name, KINDS));
  const draw = () => {
    charts.forEach((chart) => chart.draw());
    drawQuality(page, shown.forecast);
    drawTables();
  };
  const drawTables = () => {
    const button = $("#outlook-table");
    attribute(button, "aria-pressed", String(pressed));
    if (pressed) charts.forEach((chart) => chart.table());
    else for (const node of $$("#outlook .numbers")) node.remove();
  };
  const load = async () => {
    const issued = page.state.forecast?.issued_us;
    if (issued && issued !== loaded && !asking) {
      asking = true;
      try {
        shown.forecast = await ask("GET", `/api/forecast/site/${encodeURIComponent(page.site)}`);
        loaded = issued;
      } catch (error) {
        put("outlook-sub", error.message);
        setTimeout(load, RETRY_MS);
        return;
      } finally {
        asking = false;
      }
    }
    draw();
  };
  page.live.on(["forecast"], load);
  document.addEventListener("language", draw);
  $("#outlook-table").addEventListener("click", () => {
    pressed = !pressed;
    drawTables();
  });
  draw();
}

function drawQuality(page, forecast) {
  put("outlook-sub", forecast ? t("outlook.made", { time: words.moment(Date.parse(forecast.issued_at) * 1000) }) : "");
  for (const kind of Object.values(OF)) {
    const rung = forecast?.quality[kind];
    const parts = rung ? [t("outlook.models", { quality: t(`quality.${rung}`) }), ...scores(page.state.forecast?.[kind])] : [];
    put(`outlook-${kind}`, parts.join(" · "));
  }
  const flags = [...(forecast?.flags ?? []), ...(forecast?.old ? ["old"] : [])].filter((flag) => words.has(`outlook.flag.${flag}`));
  const mark = words.number(1.5, 1) + flags.join();
  const box = $("#outlook-flags");
  if (box.dataset.shown === mark) return;
  box.dataset.shown = mark;
  box.replaceChildren(...flags.map((flag) => h("span", { class: "tag" }, t(`outlook.flag.${flag}`))));
}

/** What the last two weeks say, in words. */
function scores(found) {
  if (!found) return [];
  const percent = (share) => words.number(Math.round(100 * share));
  const told = [t("outlook.error", { error: words.withUnit(words.number(found.mae_kw, 1), "kW") })];
  if (found.rmae !== null) told.push(t(found.rmae <= 1 ? "outlook.better" : "outlook.worse", { share: percent(Math.abs(1 - found.rmae)) }));
  if (found.coverage80 !== null) told.push(t("outlook.inside", { share: percent(found.coverage80) }));
  return told;
}
