/* Looking back: any second of the archive, chosen on a chart, by time, or from change to change. */

import { refusal } from "./deed.js";
import { format, text, words } from "./context.js";
import { $, make, write } from "./dom.js";
import { US_PER_S } from "./format.js";
import { reasonOf, renderLadder } from "./why.js";

const WINDOW_S = 3_600;
const LAG_S = 3; /* so long the newest second may be on its way to the disk */
const WIDTH = 600;
const HEIGHT = 110;
const WAIT_MS = 120;

const box = $("#why");
const panel = $("#past");
const slider = $("#past-second");
const field = $("#past-time");
const fault = $("#past-fault");
let open = false;
let fromUs = 0;
let atUs = 0;
let turns = []; /* the decisions of the window */
let asking = 0;
let timer = 0;
let now = () => 0;
let ratedKw = 1;

export const lookingBack = () => open;

/** Tell the time of the box, and what the plant can. */
export function tellNow(nowUs, site) {
  now = () => nowUs;
  ratedKw = Math.max(site.discharge_kw_max, site.charge_kw_max);
}

const iso = (us) => new Date(us / 1_000).toISOString();
const second = (us) => Math.floor(us / US_PER_S) * US_PER_S;

async function get(path) {
  const answer = await fetch(path, { cache: "no-store" });
  if (answer.status === 401) location.assign("/login");
  const document = await answer.json();
  if (!answer.ok) throw new Error(refusal(document));
  return document;
}

function fail(error) {
  fault.hidden = false;
  write($("span:last-child", fault), error instanceof TypeError ? text("deed.no_answer") : error.message);
}

/** Load the hour that ends at `toUs`, and look at `wantedUs`. */
async function load(toUs, wantedUs) {
  const mine = ++asking;
  fromUs = second(toUs) - WINDOW_S * US_PER_S;
  pick(wantedUs, false);
  try {
    const found = await get(`/api/decisions?from=${iso(fromUs)}&to=${iso(fromUs + WINDOW_S * US_PER_S)}`);
    if (mine !== asking) return;
    turns = found.decisions;
    fault.hidden = true;
  } catch (error) {
    if (mine !== asking) return;
    turns = [];
    fail(error);
  }
  draw();
  await look();
}

/** Choose a second; `wait`: the finger may still be moving. */
function pick(us, wait = true) {
  atUs = Math.min(Math.max(second(us), fromUs), fromUs + WINDOW_S * US_PER_S);
  slider.value = String((atUs - fromUs) / US_PER_S);
  slider.setAttribute("aria-valuetext", format.secondDated(atUs, now()));
  field.value = format.asInput(atUs);
  mark();
  clearTimeout(timer);
  if (wait) timer = setTimeout(look, WAIT_MS);
}

async function look() {
  const wantedUs = atUs;
  write($("#past-at"), text("past.at", { time: format.secondDated(wantedUs, now()) }));
  try {
    const found = await get(`/api/decisions?at=${iso(wantedUs)}`);
    if (!open || wantedUs !== atUs) return;
    if (turns.length) fault.hidden = true;
    show(found);
  } catch (error) {
    if (open && wantedUs === atUs) { show({ row: null, decision: null }); fail(error); }
  }
}

function show({ row, decision }) {
  const [lower, upper] = decision?.interval_kw ?? [null, null];
  renderLadder(box, {
    reasons: (decision?.reasons ?? []).map(reasonOf),
    base_kw: row?.p_base_kw ?? decision?.base_kw,
    response_kw: row?.p_resp_kw ?? decision?.resp_kw,
    management_kw: row?.p_nem_kw,
    setpoint_kw: row?.p_set_kw ?? decision?.cmd_kw,
    lower_kw: row?.p_min_kw ?? lower,
    upper_kw: row?.p_max_kw ?? upper,
  });
  write($("[data-none]", box), text(decision ? "why.none" : "past.nothing"));
  const seen = [
    ["past.measured", format.kilowatts(row?.p_meas_kw, 1)],
    ["past.frequency", format.withUnit(row?.f_hz, 3, "Hz")],
    ["past.soc", format.withUnit(row?.soc_pct, 1, "%")],
    ["past.mode", decision ? words[`mode.${decision.mode}`] ?? decision.mode : "–"],
    ["past.since", decision ? format.secondDated(decision.t_us, now()) : "–"],
  ];
  $("#past-seen").replaceChildren(...seen.map(([key, content]) => {
    const line = make("div");
    line.append(make("dt", "", text(key)), make("dd", "num", content));
    return line;
  }));
  const skipped = $("#past-skipped");
  skipped.hidden = !decision?.skipped;
  write(skipped, text("past.skipped", { n: decision?.skipped ?? 0 }));
}

/* chart */
const svg = $("#past-chart");
const shape = (name, attributes) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
};
const across = (us) => (us - fromUs) / US_PER_S / WINDOW_S * WIDTH;
const key = (turn) => `${turn.mode} ${turn.reasons.map(([code, , , source]) => `${code} ${source ?? ""}`)}`;
const changes = () => turns.filter((turn, i) => turn.t_us >= fromUs && (i === 0 || key(turn) !== key(turns[i - 1])));

function draw() {
  const most = Math.max(ratedKw, ...turns.map((turn) => Math.abs(turn.cmd_kw)));
  const level = (kw) => HEIGHT / 2 - kw / most * (HEIGHT / 2 - 12);
  const shapes = [shape("line", { x1: 0, x2: WIDTH, y1: HEIGHT / 2, y2: HEIGHT / 2, class: "zero" })];
  let path = "";
  for (const turn of turns) {
    const left = Math.max(0, across(turn.t_us));
    const right = Math.min(WIDTH, across(turn.until_us));
    path += `${path ? "L" : "M"}${left} ${level(turn.cmd_kw)}H${right}`;
  }
  if (path) shapes.push(shape("path", { d: path, class: "set" }));
  for (const turn of changes()) shapes.push(shape("path", { d: `M${across(turn.t_us)} 0v9`, class: "turn" }));
  shapes.push(shape("path", { class: "at", d: "" }));
  svg.replaceChildren(...shapes);
  const quarters = [0, 1, 2, 3, 4].map((i) => fromUs + i * WINDOW_S / 4 * US_PER_S);
  $("#past-hours").replaceChildren(...quarters.map((us) => make("span", "", format.minute(us))));
  mark();
}

function mark() {
  $(".at", svg)?.setAttribute("d", `M${across(atUs)} 0V${HEIGHT}`);
}

function jump(step) {
  const times = changes().map((turn) => turn.t_us + US_PER_S - 1).map(second);
  const next = step > 0 ? times.find((us) => us > atUs) : times.findLast((us) => us < atUs);
  if (next !== undefined) pick(next);
}

function begin() {
  open = true;
  const endUs = now() - LAG_S * US_PER_S;
  return load(endUs, endUs);
}

function toggle(wanted) {
  open = wanted;
  asking += 1;
  clearTimeout(timer);
  panel.hidden = !open;
  box.classList.toggle("past", open);
  $("#look").setAttribute("aria-expanded", String(open));
  write($("#look"), text(open ? "past.back" : "past.look"));
  if (open) begin();
}

$("#look").addEventListener("click", () => toggle(!open));
slider.addEventListener("input", () => pick(fromUs + Number(slider.value) * US_PER_S));
svg.addEventListener("click", (event) => {
  const { left, width } = svg.getBoundingClientRect();
  pick(fromUs + (event.clientX - left) / width * WINDOW_S * US_PER_S);
});
field.addEventListener("change", () => {
  const us = format.fromInput(field.value);
  if (us === null) return;
  if (us >= fromUs && us <= fromUs + WINDOW_S * US_PER_S) pick(us);
  else load(Math.min(us + WINDOW_S / 2 * US_PER_S, now() - LAG_S * US_PER_S), us);
});
for (const button of document.querySelectorAll("#past [data-jump]")) {
  button.addEventListener("click", () => jump(Number(button.dataset.jump)));
}
for (const button of document.querySelectorAll("#past [data-hours]")) {
  button.addEventListener("click", () => {
    const endUs = Math.min(fromUs + (1 + Number(button.dataset.hours)) * WINDOW_S * US_PER_S, now() - LAG_S * US_PER_S);
    load(endUs, endUs - WINDOW_S / 2 * US_PER_S);
  });
}
