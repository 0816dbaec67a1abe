// All values of a site with their age, and the devices that they come from.

import { $, h, put } from "./dom.js";
import { ageNode, badge } from "./standing.js";
import { drawTable, said } from "./tables.js";
import * as words from "./words.js";

const { t } = words;
const QUALITIES = ["good", "stale", "bad", "lost"];
const UNITS = { kw: "kW", kwh: "kWh", pct: "%", hz: "Hz", v: "V", a: "A", kvar: "kvar", kva: "kVA", degc: "°C", c: "°C", s: "s", k: "K", kohm: "kΩ", mv: "mV", min: "min", count: "" };
const OLD_S = 15;
/** Boxes report their devices every 30 s. */
const REPORT_OLD_S = 90;
const SHOWN_MAX = 500;

const unitOf = (point) => UNITS[point.split("_").at(-1)] ?? "";

/** As many digits as say something: 0.043, 61.50, 1,204. */
function shownValue(row) {
  if (row.value === null) return "–";
  const size = Math.abs(row.value);
  const digits = Number.isInteger(row.value) && (size === 0 || size >= 100) ? 0 : size >= 1000 ? 0 : size >= 10 ? 2 : 3;
  return words.withUnit(words.number(row.value, digits), unitOf(row.point));
}

export function values(page) {
  const { live } = page;
  const columns = [
    ["values.point", "", (r) => h("span", {}, r.point, h("span", { class: "second" }, r.device))],
    ["values.value", "r num strong", shownValue],
    ["values.quality", "wide", (r) => h("span", { class: r.quality ? "warned" : "mut" }, t(`quality.${QUALITIES[r.quality]}`))],
    ["values.age", "r", (r) => ageNode(live, r.at_us, OLD_S)],
  ];
  const drawValues = () => {
    const all = Object.values(page.state.values ?? {}).sort((a, b) => a.device.localeCompare(b.device) || a.point.localeCompare(b.point));
    const needle = $("#filter").value.trim().toLowerCase();
    const rows = all.filter((row) => !needle || said(columns, row).includes(needle)).slice(0, SHOWN_MAX);
    put("values-count", all.length ? words.number(all.length) : "");
    drawTable($("#values-table").parentElement, columns, rows, {
      name: "values",
      key: (row) => `${row.device}|${row.point}`,
      state: (row) => JSON.stringify([row.value, row.quality, words.span(live.ageS(row.at_us)), live.ageS(row.at_us) > OLD_S]),
      rowClass: (row) => (live.ageS(row.at_us) > OLD_S || row.quality ? "stale" : ""),
      empty: page.state.values ? t(needle ? "blotter.nothing_found" : "values.none") : t("state.loading"),
    });
  };
  const draw = () => {
    drawValues();
    drawDevices(page);
  };
  page.live.on(["values", "boxes", "connection"], draw);
  $("#filter").addEventListener("input", drawValues);
  document.addEventListener("language", draw);
  setInterval(draw, 1000);
}

function drawDevices(page) {
  const { live } = page;
  const box = (page.state.boxes ?? []).find((row) => row.report);
  const rows = box?.report.devices ?? [];
  const columns = [
    ["devices.device", "strong", (d) => d.id],
    ["fleet.state", "", (d) => badge(d.connected ? "ok" : "alarm", t(d.connected ? "devices.connected" : "devices.lost"))],
    ["devices.answered", "r", (d) => ageNode(live, d.answered_us, REPORT_OLD_S)],
    ["blotter.text", "text wide", (d) => d.text || "–"],
  ];
  put("devices-note", box ? t("devices.as_of", { time: words.timeExact(box.report.at_us) }) : "");
  drawTable($("#devices-table").parentElement, columns, rows, {
    name: "devices",
    key: (d) => d.id,
    state: (d) => JSON.stringify([d, d.answered_us === null ? 0 : words.span(live.ageS(d.answered_us))]),
    empty: page.state.boxes ? t("devices.none") : t("state.loading"),
  });
}
