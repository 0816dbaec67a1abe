/* Who cut what: the reasons of a decision as a ladder, its parts, and the toggle for the exact words. */

import { format, language, text, words } from "./context.js";
import { $, fill, make, write } from "./dom.js";

const PROTECTION = /^(I\d+|DERATE_.*|LIMIT)$/;
const ADDING = /^(RESPONSE|MANAGEMENT)$/; /* they add to what was left */
const FREQUENCY = /^I[78]$/;
const SAME_KW = 0.05;

/** The reasons of the archive's rows as the picture tells them. */
export const reasonOf = ([code, sentence, power, source, cls, asked]) =>
  ({ code, text: sentence, power_kw: power, source: source ?? "", cls: cls ?? null, asked_kw: asked ?? null });

/** A product that is refused: a fact beside the ladder, no step of the power. */
const refused = ({ code, text: sentence, source, cls, asked_kw: asked }) =>
  cls === 1 && asked === null && `product.${source}` in words && (!FREQUENCY.test(code) || sentence.includes("not armed"));

/** Write `view`: reasons and the parts of the setpoint, live or of a second of the past. */
export function renderLadder(box, view) {
  let before = null;
  const rungs = view.reasons.map((reason) => {
    if (refused(reason)) return { ...reason, before_kw: null, power_kw: null };
    const step = { ...reason, before_kw: before };
    before = reason.power_kw;
    return step;
  });
  fill($(".ladder", box), rungs, rung);
  $("[data-none]", box).hidden = rungs.length > 0;
  for (const key of ["base", "response", "management", "setpoint"]) {
    write($(`[data-part=${key}]`, box), format.kilowatts(view[`${key}_kw`], 1));
  }
  write($("[data-part=allowed]", box), view.lower_kw == null ? "–"
    : text("why.interval", { low: format.kilowatts(view.lower_kw, 0), high: format.kilowatts(view.upper_kw, 0) }));
}

function rung(reason) {
  const item = make("li");
  item.dataset.code = reason.code;
  item.append(make("b", "by", sourceName(reason)));
  if (reason.power_kw !== null) item.append(powers(reason));
  item.append(make("p", "", words[`cause.${reason.code}`] ?? words[`reason.${reason.code}`] ?? reason.code));
  const exact = make("small", "exact", `${reason.code}: ${reason.text}`);
  exact.lang = "en";
  item.append(exact);
  return item;
}

/** Asked → got; what cut nothing shows only what was left, what was added is not struck out. */
function powers({ code, asked_kw: asked, before_kw: before, power_kw: got }) {
  const cell = make("span", "num got");
  const from = asked ?? before;
  if (ADDING.test(code) && asked !== null) {
    cell.append(make("span", "was", text("why.adds", { kw: format.number(asked, 1, true) })), make("span", "to", "→"));
  } else if (from !== null && Math.abs(from - got) >= SAME_KW) {
    cell.append(make("s", "was", format.number(from, 1, true)), make("span", "to", "→"));
    cell.setAttribute("aria-label", text("why.cut", { from: format.kilowatts(from, 1), to: format.kilowatts(got, 1) }));
    cell.setAttribute("role", "img");
  }
  cell.append(make("b", "", format.kilowatts(got, 1)));
  return cell;
}

/** What people call a product: what is in the brackets of its name. */
const shortName = (name) => name && (name.match(/\(([^)]+)\)/)?.[1] ?? name);

export function sourceName({ source, cls, code }) {
  const name = words[`source.${source}`] ?? shortName(words[`product.${source}`]);
  if (name) return name;
  if (source && source.split(" and ").every((one) => `product.${one}` in words)) return text("source.products");
  if (source) return source;
  if (PROTECTION.test(code)) return text("source.protection");
  if (code === "RESPONSE" || code === "MANAGEMENT" || code.startsWith("ARM_") || code === "AEM") return text("source.products");
  return cls === null ? text("source.control") : text(`source.class_${cls}`);
}

const main = $("main");
const toggle = $("#exact");

function show(exact) {
  main.classList.toggle("exact-on", exact);
  toggle.setAttribute("aria-pressed", String(exact));
}

toggle.addEventListener("click", () => show(!main.classList.contains("exact-on")));
show(language === "en");
