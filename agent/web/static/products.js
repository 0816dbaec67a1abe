/* Frequency products and units: what is armed and what it does, what each inverter is told. */

import { format, text, words } from "./context.js";
import { $, fill, make, upperFirst, write } from "./dom.js";

const MHZ_PER_HZ = 1_000;

export function renderProducts(control, fresh) {
  const products = control?.products ?? [];
  const judged = control?.frequency ?? null;
  const panel = $("#products");
  panel.hidden = !products.length && !judged?.injected;
  panel.classList.toggle("stale", !fresh);
  frequency($("#judged"), judged);
  fill($("#products .products"), products, product);
}

function frequency(box, judged) {
  const line = judged ?? { hz: null, applied_hz: null, device: "", believed: false, injected: false, code: "", share: 1 };
  write($("[data-hz]", box), format.withUnit(line.hz, 3, "Hz"));
  write($("[data-meter]", box), line.device || text("products.no_meter"));
  fill($(".chips", box), [line.injected, line.believed, line.code, Math.round(line.share * 100), line.applied_hz].map(String), (_, i) => {
    if (i === 0 && line.injected) return chip("warning", text("products.injected", { hz: format.withUnit(line.applied_hz, 3, "Hz") }));
    if (i === 1 && !line.believed) return chip("warning", words[`reason.${line.code}`] ?? text("products.unbelieved"));
    if (i === 3 && line.share < 1) return chip("warning", text("products.share", { share: format.withUnit(line.share * 100, 0, "%") }));
    return "";
  });
}

function chip(kind, content) {
  const item = make("li", `chip ${kind}`);
  if (kind === "warning") {
    const shape = make("i", "shape small warning");
    shape.setAttribute("aria-hidden", "true");
    item.append(shape);
  } else if (kind === "ok") item.append(make("i", "dot"));
  item.append(make("span", "", content));
  return item;
}

function product(state) {
  const item = make("li");
  item.dataset.product = state.product;
  item.append(make("b", "", upperFirst(words[`product.${state.product}`] ?? state.product)));
  item.append(make("b", "num", format.withUnit(state.capacity_kw, 0, "kW")));
  const chips = make("ul", "chips");
  chips.append(...chipsOf(state));
  item.append(chips);
  if (state.refusals.length) {
    const why = make("ul", "refusals");
    for (const refusal of state.refusals) {
      const line = make("li", "", words[`reason.${refusal.code}`] ?? refusal.code);
      const exact = make("small", "exact", `${refusal.code}: ${refusal.text}`);
      exact.lang = "en";
      line.append(exact);
      why.append(line);
    }
    item.append(why);
  }
  const facts = make("dl", "facts");
  const deviation = state.deviation_hz === null ? null : state.deviation_hz * MHZ_PER_HZ;
  for (const [key, content] of [
    ["deviation", format.withUnit(deviation, 0, "mHz", true)],
    ["response", format.kilowatts(state.response_kw, 1)],
    ["management", format.kilowatts(state.management_kw, 1)],
    ["endurance", state.endurance_min === null ? "–" : format.age(state.endurance_min * 60)],
  ]) {
    const pair = make("div");
    pair.append(make("dt", "", text(`products.${key}`)), make("dd", "num value", content));
    facts.append(pair);
  }
  item.append(facts);
  return item;
}

function* chipsOf(state) {
  if (!state.armed) yield chip("warning", text("products.unarmed"));
  else if (state.refusals.length) yield chip("warning", text("products.unavailable"));
  else yield chip("ok", text("products.armed"));
  if (state.alert) yield chip("warning", text("products.alert"));
  if (state.nem) yield chip("", text(state.nem < 0 ? "products.nem_charge" : "products.nem_discharge"));
  if (state.aem) yield chip("warning", text("products.aem"));
  if (state.reserve_mode) yield chip("warning", text("products.reserve_mode"));
}

export function renderUnits(control, fresh) {
  const units = control?.units ?? [];
  const panel = $("#units");
  panel.hidden = !units.length;
  panel.classList.toggle("stale", !fresh);
  fill($("ul", panel), units, (unit) => {
    const item = make("li");
    item.dataset.unit = unit.unit;
    item.append(make("b", "", unit.unit));
    item.append(make("b", "num value", unit.power_kw === null ? text("units.untold") : format.kilowatts(unit.power_kw, 1)));
    item.append(make("small", "num", text("why.interval", { low: format.kilowatts(unit.lower_kw, 0), high: format.kilowatts(unit.upper_kw, 0) })));
    if (unit.code) {
      const chips = make("ul", "chips");
      chips.append(chip("warning", text("units.blocked", { reason: words[`reason.${unit.code}`] ?? unit.code })));
      const exact = make("small", "exact", `${unit.code}: ${unit.text}`);
      exact.lang = "en";
      item.append(chips, exact);
    }
    return item;
  });
}
