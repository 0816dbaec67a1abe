// The sites panel, the choice of site in the header, and the fleet's figure.

import { $, attribute, h, keyed, put, text, tick, toggle } from "./dom.js";
import * as words from "./words.js";

const { t } = words;
const MINI_SLOTS = 16;

/** The value of a point, its age in seconds, and whether that is too old to be called live. */
export function reading(page, site, point) {
  const [value, , atUs] = site?.points?.[point] ?? [null, null, null];
  if (atUs === null) return { value: null, ageS: null, atUs: null, stale: true };
  return { value, atUs, ageS: page.live.ageS(atUs), stale: page.live.staleAt(atUs) };
}

export function sites(page) {
  const list = $("#site-rows");
  const choice = $("#site-choice");
  const draw = () => {
    const rows = Object.values(page.state.sites ?? {}).sort((a, b) => a.id.localeCompare(b.id));
    keyed(choice, rows, (s) => s.id, (s) => h("option", { value: s.id }), (node, s) => text(node, s.name));
    choice.hidden = rows.length === 0;
    if (page.site !== null) choice.value = page.site;
    const empty = $("#sites-empty");
    empty.hidden = rows.length > 0;
    text(empty, page.state.sites ? t("sites.empty") : t("state.loading"));
    keyed(list, rows, (s) => s.id, (s) => makeSite(page, s), (node, s) => drawSite(page, node, s));
    drawFleet(page, rows);
  };
  choice.addEventListener("change", () => page.select({ site: choice.value }));
  page.live.on(["sites", "schedules"], draw);
  page.onSelection(draw);
  document.addEventListener("language", draw);
  setInterval(draw, 500);
}

function makeSite(page, site) {
  const part = (name, tag = "span", extra = {}) => h(tag, { class: name, ...extra });
  return h("li", { class: "site", onclick: () => page.select({ site: site.id }) },
    h("div", {}, h("button", { class: "name", type: "button" }, h("i", { class: "dot off" }), part("title"), part("age", "span", { hidden: true })), part("power v")),
    h("div", {}, h("span", { class: "soc v" }, h("span", { class: "soc-bar", role: "img" }, h("b")), part("pct num")), part("info num")),
    h("div", { class: "slots" }, part("mini", "span", { role: "img" }), part("next")));
}

function drawSite(page, node, site) {
  const power = reading(page, site, "ac.power_kw");
  const soc = reading(page, site, "battery.soc_pct");
  const setpoint = reading(page, site, "control.setpoint_kw");
  const { glyph, tone, word } = words.direction(power.value);
  attribute(node, "aria-current", String(site.id === page.site));
  toggle(node, "stale", power.stale);
  $(".dot", node).className = power.atUs === null || power.stale ? "dot off" : "dot";
  text($(".title", node), site.name);
  const age = $(".age", node);
  age.hidden = !power.stale;
  text(age, power.atUs === null ? t("sites.no_data") : words.timeExact(power.atUs));
  const shown = $(".power", node);
  shown.className = `power v ${tone}`;
  text(shown, power.value === null ? "–" : `${glyph} ${words.withUnit(words.power(power.value), "kW")}`);
  attribute(shown, "title", word);
  attribute(shown, "data-value", power.value === null ? null : String(power.value));
  const bar = $(".soc-bar", node);
  bar.style.setProperty("--soc-share", `${soc.value ?? 0}%`);
  const pct = words.withUnit(words.number(soc.value, 1), "%");
  attribute(bar, "aria-label", t("sites.soc", { soc: pct }));
  text($(".pct", node), pct);
  text($(".info", node), [power.value === null ? null : word, t("sites.setpoint", { kw: words.withUnit(words.power(setpoint.value), "kW") }), power.stale ? null : words.span(power.ageS)].filter(Boolean).join(" · "));
  drawSlots(page, node, site);
}

/** The next quarter-hours of the schedule, up is discharge, as high as the share of rated power. */
function drawSlots(page, node, site) {
  const schedule = page.state.schedules?.[site.id];
  const nowUs = page.live.nowUs();
  const slots = (schedule?.slots ?? []).filter(([, end]) => end > nowUs).slice(0, MINI_SLOTS);
  const mini = $(".mini", node);
  const mark = JSON.stringify([schedule?.version, slots[0]?.[0], words.currentLanguage()]);
  const next = slots.find(([start, , kw]) => kw !== 0 && start > nowUs);
  const now = slots.find(([start, end, kw]) => kw !== 0 && start <= nowUs && nowUs < end);
  text($(".next", node), slotText(schedule, now, next));
  if (mini.dataset.mark === mark) return;
  mini.dataset.mark = mark;
  mini.replaceChildren(...slots.map(([, , kw]) => h("i", { class: kw > 0 ? "up" : kw < 0 ? "down" : "", "--size": `${Math.min(50, (50 * Math.abs(kw)) / (site.power_kw || 1))}%` })));
  mini.setAttribute("aria-label", t("sites.next_hours"));
  mini.hidden = slots.length === 0;
}

function slotText(schedule, now, next) {
  if (!schedule) return t("sites.no_schedule");
  const say = ([start, end, kw], key) => {
    const { glyph, word } = words.direction(kw);
    return t(key, { period: words.period(start, end), power: `${glyph} ${word} ${words.withUnit(words.power(kw), "kW")}` });
  };
  if (now) return say(now, "sites.now");
  return next ? say(next, "sites.next") : t("sites.nothing_planned");
}

function drawFleet(page, rows) {
  const all = rows.map((site) => ({ site, soc: reading(page, site, "battery.soc_pct"), power: reading(page, site, "ac.power_kw") }));
  const known = all.filter(({ soc, power }) => soc.value !== null && power.value !== null);
  const live = known.filter(({ soc, power }) => !soc.stale && !power.stale);
  const capacity = known.reduce((sum, { site }) => sum + site.energy_kwh, 0);
  const stored = known.reduce((sum, { site, soc }) => sum + (site.energy_kwh * soc.value) / 100, 0);
  const kw = known.reduce((sum, { power }) => sum + power.value, 0);
  tick("fleet-soc", known.length ? words.number((100 * stored) / capacity, 1) : "–");
  put("fleet-energy", known.length ? `· ${words.withUnit(words.number(stored), "kWh")}` : "");
  const { glyph, tone, word } = words.direction(known.length ? kw : null);
  const line = $('[data-k="fleet-power"]');
  const shown = known.length ? `${glyph} ${word} ${words.withUnit(words.power(kw), "kW")}` : t("sites.no_data");
  if (line.dataset.shown !== shown + tone) {
    line.dataset.shown = shown + tone;
    line.replaceChildren(h("span", { class: tone }, shown));
  }
  const card = $("#kpi-fleet");
  const stale = rows.length > 0 && live.length < rows.length;
  toggle(card, "stale", stale);
  const chip = $(".age", card);
  chip.hidden = !stale;
  text(chip, t("sites.chip", { live: live.length, all: rows.length }));
  put("sites-count", rows.length ? t("sites.live_of", { live: live.length, all: rows.length }) : "");
  put("sites-line", rows.length ? t("sites.line", { live: live.length, all: rows.length }) : t("sites.none"));
  $("#status-sites .dot").className = rows.length === 0 ? "dot off" : stale ? "dot warn" : "dot";
}
