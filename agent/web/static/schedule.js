/* The schedule: what holds now, what comes next, and six hours as bars. */

import { format, text, words } from "./context.js";
import { $, fill, make, write } from "./dom.js";
import { direction, US_PER_S } from "./format.js";

const STEPS_SHOWN = 5;

/** Write what is to come: steps as words, six hours as bars. */
export function renderSchedule(picture, nowUs) {
  const schedule = picture.schedule;
  const over = schedule && schedule.ends_us <= nowUs;
  const empty = $("#no-schedule");
  empty.hidden = Boolean(schedule) && !over;
  write(empty, text(over ? "next.over" : "next.none"));
  for (const id of ["#bars", "#hours", "#steps", "#services"]) $(id).toggleAttribute("hidden", !empty.hidden);
  if (!empty.hidden) return;
  const turns = schedule.steps.filter((step, i) => i === 0 || step.at_us > nowUs).slice(0, STEPS_SHOWN);
  fill($("#steps"), turns, (step, i) => {
    const item = make("li", i === 0 ? "now" : "");
    item.append(make("span", "num", i === 0 ? text("next.now") : format.minute(step.at_us)));
    if (step.power_kw === null) {
      item.append(make("span", "quiet", text("next.ends")), make("span"));
      return item;
    }
    const flow = direction(step.power_kw);
    item.append(make("span", flow.kind, `${flow.glyph} ${text(`next.${flow.word}`)}`));
    item.append(make("b", "num", format.kilowatts(step.power_kw)));
    return item;
  });
  renderBars(schedule, Math.max(picture.site.discharge_kw_max, picture.site.charge_kw_max));
  const services = $("#services");
  services.hidden = !schedule.services.length;
  fill(services, schedule.services, ({ product, capacity_kw: capacity }) =>
    make("li", "num", text("next.service", {
      product: words[`product.${product}`] ?? product, power: format.withUnit(capacity, 0, "kW"),
    })));
}

function renderBars(schedule, ratedKw) {
  const svg = $("#bars");
  const most = Math.max(ratedKw, ...schedule.bars.map((power) => Math.abs(power ?? 0)));
  fill(svg, [...schedule.bars, null], (power, i) => {
    const shape = document.createElementNS("http://www.w3.org/2000/svg", i < schedule.bars.length ? "rect" : "line");
    if (i === schedule.bars.length) {
      for (const [name, value] of [["x1", 0], ["x2", 240], ["y1", 32], ["y2", 32], ["class", "zero"]]) shape.setAttribute(name, value);
      return shape;
    }
    const height = power === null ? 64 : Math.max(2, Math.abs(power) / most * 30);
    const top = power === null ? 0 : power > 0 ? 32 - height : power < 0 ? 32 : 31;
    const kind = power === null ? "unknown" : power > 0 ? "sell" : power < 0 ? "buy" : "idle";
    for (const [name, value] of [["x", i * 10 + 1], ["y", top], ["width", 8], ["height", height], ["class", kind]]) shape.setAttribute(name, value);
    return shape;
  }, most);
  const quarterUs = 900 * US_PER_S;
  const marks = [0, 8, 16, 24].map((i) => schedule.bars_from_us + i * quarterUs);
  fill($("#hours"), marks, (at) => make("span", "", format.minute(at)));
}
