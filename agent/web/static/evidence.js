/* Evidence to take along: a period of the archive as a file, and the proof of the sign. */

import { ask, refusal } from "./deed.js";
import { format, text } from "./context.js";
import { $, make, write } from "./dom.js";
import { US_PER_S } from "./format.js";

const DAY_US = 86_400 * US_PER_S;
const form = $("#archive");
const fault = $("#archive-fault");

/** Fill in the last day, once the box's time is known. */
export function offerPeriod(nowUs) {
  if ($("#archive-from").value) return;
  $("#archive-from").value = format.asInput(nowUs - DAY_US);
  $("#archive-to").value = format.asInput(nowUs);
}

function say(content) {
  fault.hidden = !content;
  write($("span:last-child", fault), content);
}

/** Ask for the first bytes only: what cannot be had is told here, not in a file of nonsense. */
async function download(event) {
  event.preventDefault();
  const [from, to] = ["#archive-from", "#archive-to"].map((id) => format.fromInput($(id).value));
  if (from === null || to === null || to <= from) { say(text("evidence.bad_period")); return; }
  const asked = { from: new Date(from / 1_000).toISOString(), to: new Date(to / 1_000).toISOString(), format: $("#archive-format").value };
  if (asked.format === "nordic") Object.assign(asked, { product: $("#archive-product").value, area: $("#archive-area").value.trim() });
  const path = `/api/archive.csv?${new URLSearchParams(asked)}`;
  const line = new AbortController();
  say("");
  try {
    const answer = await fetch(path, { cache: "no-store", signal: line.signal });
    if (answer.status === 401) { location.assign("/login"); return; }
    if (!answer.ok) { say(refusal(await answer.json())); return; }
  } catch {
    say(text("deed.no_answer"));
    return;
  } finally {
    line.abort();
  }
  const link = make("a");
  link.href = path;
  link.download = "";
  document.body.append(link);
  link.click();
  link.remove();
}

form.addEventListener("submit", download);
const product = () => { $("#archive-nordic").hidden = $("#archive-format").value !== "nordic"; };
$("#archive-format").addEventListener("change", product);
product();

/* self-test */
export function renderProof(control) {
  const codes = [...(control?.reasons ?? []), ...(control?.products ?? []).flatMap((one) => one.refusals)].map((one) => one.code);
  $("#unproved").hidden = !codes.includes("I24");
}

function result(outcome) {
  const box = $("#tested");
  box.hidden = false;
  box.className = `tested ${outcome.passed ? "" : "failed"}`;
  const head = make("p");
  const shape = make("i", outcome.passed ? "dot" : "shape small alarm");
  shape.setAttribute("aria-hidden", "true");
  head.append(shape, make("b", "", text(outcome.passed ? "selftest.passed" : "selftest.failed")));
  const exact = make("small", "", outcome.text);
  exact.lang = "en";
  const table = make("table");
  const names = make("tr");
  for (const key of ["told", "inverter", "meter"]) {
    const name = make("th", "", text(`selftest.${key}`));
    name.scope = "col";
    names.append(name);
  }
  table.append(names);
  for (const pulse of outcome.pulses) {
    const row = make("tr");
    for (const kw of [pulse.told_kw, pulse.inverter_kw[1] - pulse.inverter_kw[0], pulse.meter_kw[1] - pulse.meter_kw[0]]) {
      row.append(make("td", "num", format.kilowatts(kw, 1)));
    }
    table.append(row);
  }
  box.replaceChildren(head, exact, table);
}

$("#selftest").addEventListener("click", () => ask({
  title: text("selftest.title"),
  about: text("selftest.about"),
  effect: text("selftest.effect"),
  label: text("selftest.hold"),
  busy: text("selftest.busy"),
  reason: false,
  path: "/api/selftest",
  done: result,
}));
