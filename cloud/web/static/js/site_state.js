// What a site does now, and how its box is: charge, power, setpoint, clock, backlog, disk.

import { $, attribute, h, put, text, tick, toggle } from "./dom.js";
import { SILENT_S, badge, standing } from "./standing.js";
import * as words from "./words.js";

const { t } = words;
const STALE_S = 5;

/** The value of a point of any device, the freshest one; its age says whether it is live. */
export function reading(page, point) {
  const found = Object.values(page.state.values ?? {}).filter((row) => row.point === point);
  found.sort((a, b) => b.at_us - a.at_us);
  const row = found[0];
  if (!row || row.value === null) return { value: null, atUs: null, stale: true };
  return { value: row.value, atUs: row.at_us, stale: page.live.ageS(row.at_us) > STALE_S };
}

export function siteState(page) {
  const draw = () => {
    const { site, boxes } = page.state;
    if (!site) return;
    put("site-size", t("site.size", { power: words.withUnit(words.number(site.power_kw), "kW"), energy: words.withUnit(words.number(site.energy_kwh), "kWh") }));
    drawStanding(page, boxes ?? []);
    drawFigures(page, site);
    drawFacts(page, boxes ?? []);
  };
  page.live.on(["site", "boxes", "values", "connection"], draw);
  document.addEventListener("language", () => {
    $("#facts").replaceChildren();
    draw();
  });
  setInterval(draw, 500);
}

function drawStanding(page, boxes) {
  const all = boxes.map((row) => standing(row, page.live)).sort((a, b) => a.rank - b.rank);
  const { kind, word } = all[0] ?? { kind: "off", word: t("standing.no_box") };
  const place = $("#site-standing");
  if (place.dataset.mark !== kind + word) {
    place.dataset.mark = kind + word;
    place.replaceChildren(badge(kind, word));
  }
  const mode = boxes.find((row) => row.report?.mode)?.report.mode ?? "";
  const tag = $("#site-mode");
  tag.hidden = mode === "";
  text(tag, words.has(`mode.${mode}`) ? t(`mode.${mode}`) : mode);
}

function drawFigures(page, site) {
  const soc = reading(page, "battery.soc_pct");
  const power = reading(page, "ac.power_kw");
  const { glyph, tone, word } = words.direction(power.value);
  tick("soc", words.number(soc.value, 1));
  put("energy", soc.value === null ? "–" : t("site.energy", { stored: words.number((site.energy_kwh * soc.value) / 100), capacity: words.withUnit(words.number(site.energy_kwh), "kWh") }));
  const bar = $("#state .soc-bar");
  bar.style.setProperty("--soc-share", `${soc.value ?? 0}%`);
  attribute(bar, "aria-label", t("sites.soc", { soc: words.withUnit(words.number(soc.value, 1), "%") }));
  tick("power", words.power(power.value));
  $("#power-figure").className = `big num v ${tone}`;
  text($("#power-word"), power.value === null ? t("sites.no_data") : `${glyph} ${word}`);
  $("#power-word").className = `v ${tone}`;
  const stale = power.stale || soc.stale;
  toggle($("#state"), "stale", stale);
  const oldest = [power.atUs, soc.atUs].filter((us) => us !== null);
  put("state-age", stale || !oldest.length ? "" : t("site.age", { age: words.span(page.live.ageS(Math.min(...oldest))) }));
  const chip = $("#state .age");
  chip.hidden = !stale;
  text(chip, oldest.length ? t("state.as_of", { time: words.moment(Math.min(...oldest)) }) : t("sites.no_data"));
}

function drawFacts(page, boxes) {
  const { live } = page;
  const row = boxes.find((each) => each.report) ?? boxes[0];
  const report = row?.report;
  const setpoint = reading(page, "control.setpoint_kw").value;
  const facts = [
    ["site.setpoint", words.withUnit(words.power(setpoint), "kW")],
    ["site.next", nextSlot(page)],
    ["site.box", row?.gateway ? `${row.gateway}${report ? ` · ${report.version}` : ""}` : "–"],
    ["fleet.seen", row?.seen_us ? t("site.ago", { age: words.span(live.ageS(row.seen_us)) }) : "–"],
    ["fleet.clock", clockText(report), report?.clock === "unknown" ? "warned" : ""],
    ["fleet.backlog", backlogText(report, live), report?.backlog && live.ageWhenHeardS(report.backlog_from_us ?? 0) > SILENT_S ? "warned" : ""],
    ["site.disk", report ? t("site.disk_free", { free: words.bytes(report.disk_free_bytes), all: words.bytes(report.disk_bytes) }) : "–"],
    ["site.wear", report?.written_bytes_day == null ? "–" : t("site.a_day", { size: words.bytes(report.written_bytes_day) })],
    ...(report?.quarantined ? [["site.quarantined", words.number(report.quarantined), "warned"]] : []),
    ...(report?.trouble ? [["site.trouble", report.trouble, "bad"]] : []),
  ];
  const place = $("#facts");
  const state = JSON.stringify([facts, words.currentLanguage()]);
  if (place.dataset.state === state) return;
  place.dataset.state = state;
  place.replaceChildren(...facts.flatMap(([label, shown, tone]) => [h("dt", {}, t(label)), h("dd", { class: `num ${tone ?? ""}` }, shown)]));
}

function clockText(report) {
  if (!report) return "–";
  const off = report.clock_off_us / 1e6;
  return t(`clock.${report.clock}`) + (report.clock === "corrected" ? ` ${words.withUnit(words.number(off, Math.abs(off) < 10 ? 1 : 0, true), "s")}` : "");
}

function backlogText(report, live) {
  if (!report) return "–";
  if (!report.backlog) return t("fleet.no_backlog");
  const size = `${words.number(report.backlog)} ${t("fleet.frames")} · ${words.bytes(report.backlog_bytes)}`;
  return report.backlog_from_us === null ? size : `${size} · ${words.span(live.ageS(report.backlog_from_us))}`;
}

function nextSlot(page) {
  const nowUs = page.live.nowUs();
  if (!page.state.schedule) return t("sites.no_schedule");
  const slot = (page.state.schedule.slots ?? []).find(([, end, kw]) => end > nowUs && kw !== 0);
  if (!slot) return t("sites.nothing_planned");
  const { glyph } = words.direction(slot[2]);
  return `${words.period(slot[0], slot[1])} ${glyph} ${words.withUnit(words.power(slot[2]), "kW")}`;
}
