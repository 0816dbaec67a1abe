/* The home view: writes the picture into the page twice a second. Ages use the box's clock. */

import { direction, formatter, US_PER_S } from "./format.js";
import { connect } from "./live.js";

const { language, words, points } = JSON.parse(document.getElementById("words").textContent);
const format = formatter(language, words);
const known = new Map(points.map((point) => [point.name, point]));
const $ = (selector, root = document) => root.querySelector(selector);

const STALE_S = 5;
const WAIT_S = 3; /* how long something may be missing before it is an alarm */
const MAIN = ["battery.soc_pct", "ac.power_kw", "battery.energy_kwh", "battery.capacity_kwh"];
const SIDE = new Set(["battery.temp_mean_c", "grid.frequency_hz", "battery.max_discharge_kw",
  "battery.max_charge_kw", "pcs.set_power_kw", "ac.reactive_kvar", "ac.voltage_v", "site.power_kw"]);
const SIGNED = new Set(["ac.power_kw", "pcs.set_power_kw", "site.power_kw", "ac.reactive_kvar"]);
const CLOCK_OFF_US_MAX = 60 * US_PER_S;
const STEPS_SHOWN = 5;

let picture = null;
let linkedAt = null; /* when control was last seen connected, for the banner's patience */

const text = (key, values = {}) =>
  Object.entries(values).reduce((line, [name, value]) => line.replace(`{${name}}`, value), words[key] ?? key);
const line = connect((newest) => { picture = newest; render(); });

function make(tag, className = "", content = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (content) node.textContent = content;
  return node;
}

const upperFirst = (name) => name.charAt(0).toUpperCase() + name.slice(1);

function write(node, content) {
  if (node.textContent !== content) node.textContent = content;
}

/** Write a number digit by digit, so that only what changed moves. */
function tick(node, content, value, still) {
  if (node.dataset.shown === content) return;
  const before = node.dataset.shown ?? "";
  const rises = value >= Number(node.dataset.value ?? value);
  node.dataset.shown = content;
  node.dataset.value = String(value ?? 0);
  node.setAttribute("aria-label", content);
  node.setAttribute("role", "img");
  node.replaceChildren(...[...content].map((letter, i) => {
    const digit = make("b", "", letter);
    digit.setAttribute("aria-hidden", "true");
    if (!still && before && before.length === content.length && before[i] !== letter && /\d/.test(letter)) {
      digit.className = rises ? "up" : "down";
    }
    return digit;
  }));
}

/** Mark a box as frozen, with the time its value is from; or take the mark off. */
function mark(box, stale, atUs, nowUs) {
  box.classList.toggle("stale", stale);
  const chip = $(".age", box);
  if (!chip) return;
  chip.hidden = !stale || !atUs;
  if (!chip.hidden) write(chip, text("state.as_of", { time: format.secondDated(atUs, nowUs) }));
}

const ageS = (atUs, nowUs) => (nowUs - atUs) / US_PER_S;
const isStale = (value, nowUs) => !value || value.q === "stale" || value.q === "lost" || ageS(value.at_us, nowUs) > STALE_S;

/** The newest value of a point, whichever device has it. */
function find(point) {
  const found = picture.values.filter((value) => value.point === point);
  return found.find((value) => value.q === "good") ?? found[0];
}

function render() {
  line.watch();
  if (!picture) { renderBanners(0); return; }
  const nowUs = picture.now_us + line.silence() * US_PER_S;
  const control = picture.control;
  const fresh = control !== null && ageS(control.at_us, nowUs) <= STALE_S;
  if (picture.linked || linkedAt === null) linkedAt = nowUs;
  write($("#clock"), format.minute(nowUs));
  renderFacts();
  renderDevice(nowUs, fresh);
  renderHub(nowUs);
  renderBanners(nowUs, fresh);
  renderHero(nowUs);
  renderMode(nowUs, fresh);
  renderSchedule(nowUs);
  renderValues(nowUs);
  renderData(nowUs);
  renderEvents(nowUs);
}

function renderFacts() {
  const capacity = find("battery.capacity_kwh");
  const { discharge_kw_max: out, charge_kw_max: into } = picture.site;
  const power = out === into ? format.withUnit(out, 0, "kW") : `${format.number(out, 0)} / ${format.withUnit(into, 0, "kW")}`;
  write($("#facts"), capacity?.v ? `${power} · ${format.withUnit(capacity.v, 0, "kWh")}` : power);
}

function renderChip(id, dot, main, small, stale) {
  const box = $(id);
  box.classList.toggle("stale", stale);
  $(".dot", box).className = `dot ${dot}`;
  write($("[data-line]", box), main);
  write($("[data-small]", box), small);
}

function renderDevice(nowUs, fresh) {
  const control = picture.control;
  if (!picture.linked || !control) {
    const waited = ageS(linkedAt, nowUs) > WAIT_S;
    const since = control ? text("state.as_of", { time: format.secondDated(control.at_us, nowUs) }) : text("device.waiting");
    renderChip("#device", waited ? "bad" : "off", text(waited ? "banner.control" : "device.starting"), since, false);
    return;
  }
  const lost = picture.devices.filter((device) => !device.connected);
  if (lost.length) {
    const last = lost[0].answered_us;
    const small = last ? `${text("device.last")} ${format.secondDated(last, nowUs)}` : text("age.never");
    renderChip("#device", "bad", text("device.lost"), small, false);
    return;
  }
  const many = picture.devices.length > 1;
  const oldest = Math.min(...picture.devices.map((device) => device.answered_us ?? nowUs));
  const name = many ? "" : `${picture.devices[0]?.id ?? ""} · `;
  renderChip("#device", "", many ? text("device.many", { n: picture.devices.length }) : text("device.connected"),
    name + format.age(ageS(oldest, nowUs)), !fresh || !line.live());
}

function renderHub(nowUs) {
  const { hub, schedule } = picture;
  const until = schedule && schedule.ends_us > nowUs
    ? text("hub.schedule_until", { time: format.minuteDated(schedule.ends_us, nowUs) })
    : text("hub.no_schedule");
  if (!hub.configured) renderChip("#hub", "off", text("hub.none"), text("hub.kept"), false);
  else if (hub.connected) renderChip("#hub", "", text("hub.connected"), format.age(ageS(hub.answered_us, nowUs)), !line.live());
  else renderChip("#hub", "off", text(hub.trouble || hub.answered_us ? "hub.lost" : "hub.searching"), until, false);
}

/** What a person has to know now: worst first. */
function* banners(nowUs, fresh) {
  const { buffer, hub, control } = picture ?? {};
  if (!line.live() && line.silence() > WAIT_S) {
    const wait = line.retryIn();
    yield ["page", "warning", picture ? format.minute(nowUs) : "", wait ? text("banner.page.retry", { s: wait }) : ""];
  }
  if (!picture) return;
  if (!picture.linked && ageS(linkedAt, nowUs) > WAIT_S) yield ["control", "alarm", "", ""];
  else if (fresh) {
    for (const device of picture.devices.filter((d) => !d.connected)) {
      yield ["device", "alarm", device.id, device.answered_us ? format.secondDated(device.answered_us, nowUs) : ""];
    }
    if (control.mode === "safe" && picture.devices.every((d) => d.connected)) yield ["safe", "warning", "", ""];
  }
  if (buffer.trouble) yield ["blocked", "alarm", "", ""];
  if (buffer.bytes > 0.8 * buffer.bytes_max) yield ["full", "warning", format.withUnit(100 * buffer.bytes / buffer.bytes_max, 0, "%"), ""];
  if (hub.code === "CLOCK_OFF" || Math.abs(hub.clock_off_us) > CLOCK_OFF_US_MAX) yield ["clock", "warning", "", ""];
  else if (hub.code) yield ["refused", "warning", hub.code, ""];
}

function renderBanners(nowUs, fresh) {
  const wanted = [...banners(nowUs, fresh)];
  const home = $("#banners");
  const keep = new Set(wanted.map(([key, , about]) => `${key} ${key === "device" ? about : ""}`));
  for (const old of [...home.children]) if (!keep.has(old.dataset.key)) old.remove();
  for (const [key, severity, about, moment] of wanted) {
    const id = `${key} ${key === "device" ? about : ""}`;
    let box = [...home.children].find((node) => node.dataset.key === id);
    if (!box) {
      box = make("section", `panel banner ${severity}`);
      box.dataset.key = id;
      const body = make("div");
      const head = make("span", "head");
      const when = make("span");
      when.setAttribute("aria-hidden", "true"); /* a countdown must not be read out */
      head.append(make("span"), when);
      body.append(head, make("h2", "", text(`banner.${key}`)), make("p", "", text(`banner.${key}.text`)));
      const shape = make("i", `shape ${severity}`);
      shape.setAttribute("aria-hidden", "true");
      box.append(shape, body);
      home.append(box);
    }
    const [first, second] = $(".head", box).children;
    write(first, [text(`state.${severity}`), about].filter(Boolean).join(" · "));
    write(second, moment ? ` · ${moment}` : "");
  }
}

function renderHero(nowUs) {
  const soc = find("battery.soc_pct");
  const energy = find("battery.energy_kwh");
  const capacity = find("battery.capacity_kwh");
  const socStale = isStale(soc, nowUs);
  tick($("#soc [data-number]"), soc?.v == null ? "–" : format.number(soc.v, 1), soc?.v, socStale);
  write($("#soc [data-under]"), energy?.v == null ? "\u00a0"
    : `${format.number(energy.v, 1)} / ${format.withUnit(capacity?.v ?? null, 1, "kWh")}`);
  mark($("#soc"), socStale, soc?.at_us, nowUs);
  renderGauge(soc, socStale);

  const power = find("ac.power_kw");
  const powerStale = isStale(power, nowUs);
  const flow = direction(power?.v ?? 0);
  tick($("#power [data-number]"), power?.v == null ? "–" : format.number(power.v, 0, true), power?.v, powerStale);
  $("#power .big").className = `big ${power?.v == null ? "" : flow.kind}`;
  const under = $("#power [data-under]");
  under.className = `under value ${flow.kind}`;
  write(under, power?.v == null ? "\u00a0" : `${flow.glyph} ${text(`direction.${flow.word}`)}`);
  mark($("#power"), powerStale, power?.at_us, nowUs);
}

function renderGauge(soc, stale) {
  const { soc_min_pct: low, soc_max_pct: high } = picture.site;
  const bar = $("#bar");
  const level = Math.max(0, Math.min(100, soc?.v ?? 0));
  bar.parentElement.classList.toggle("stale", stale);
  $(".fill", bar).style.width = `${level}%`;
  $(".mark", bar).style.left = `${level}%`;
  $(".mark", bar).hidden = soc?.v == null;
  $(".limit.low", bar).style.width = `${low}%`;
  $(".limit.high", bar).style.width = `${100 - high}%`;
  const marks = bar.nextElementSibling;
  $(".low", marks).style.left = `min(${low}%, 40%)`;
  $(".high", marks).style.right = `min(${100 - high}%, 40%)`;
  bar.setAttribute("aria-label", text("soc.bar", {
    soc: format.withUnit(soc?.v ?? null, 1, "%"), min: format.withUnit(low, 0, "%"), max: format.withUnit(high, 0, "%"),
  }));
}

function renderMode(nowUs, fresh) {
  const control = picture.control;
  const box = $("#mode");
  const known = fresh && picture.linked;
  write($("[data-mode]", box), text(`mode.${known ? control.mode : "unknown"}`));
  write($("[data-setpoint]", box), `${text("setpoint")} ${format.kilowatts(control?.setpoint_kw)}`);
  mark(box, !known, control?.at_us, nowUs);
  const why = $("#why");
  why.hidden = !control?.reasons.length;
  why.classList.toggle("stale", !known);
  fill($("ul", why), control?.reasons ?? [], (reason) => {
    const item = make("li");
    item.append(make("span", "value", words[`reason.${reason.code}`] ?? reason.text));
    item.append(make("b", "num value", format.kilowatts(reason.power_kw, 1)));
    if (language === "en" && words[`reason.${reason.code}`]) item.append(make("small", "", reason.text));
    return item;
  });
}

/** Rebuild a list only when its content changed. */
function fill(list, entries, build, about = "") {
  const content = JSON.stringify([entries, about]);
  if (list.dataset.content === content) return;
  list.dataset.content = content;
  list.replaceChildren(...entries.map(build));
}

function renderSchedule(nowUs) {
  const schedule = picture.schedule;
  const over = schedule && schedule.ends_us <= nowUs;
  const empty = $("#no-schedule");
  empty.hidden = Boolean(schedule) && !over;
  write(empty, text(over ? "next.over" : "next.none"));
  for (const id of ["#bars", "#hours", "#steps"]) $(id).toggleAttribute("hidden", !empty.hidden);
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
  renderBars(schedule);
}

function renderBars(schedule) {
  const svg = $("#bars");
  const most = Math.max(picture.site.discharge_kw_max, picture.site.charge_kw_max,
    ...schedule.bars.map((power) => Math.abs(power ?? 0)));
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

function renderValues(nowUs) {
  const several = new Set(picture.values.map((value) => value.device)).size > 1;
  const rank = (value) => (known.has(value.point) ? [...known.keys()].indexOf(value.point) : known.size);
  const rest = picture.values.filter((value) => !MAIN.includes(value.point)).sort((a, b) => rank(a) - rank(b));
  renderList($("#values"), rest.filter((value) => SIDE.has(value.point)), several, nowUs);
  renderList($("#others dl"), rest.filter((value) => !SIDE.has(value.point)), several, nowUs);
  $("#readings").hidden = !rest.length;
  $("#others").hidden = !rest.some((value) => !SIDE.has(value.point));
}

function renderList(list, values, several, nowUs) {
  for (const value of values) {
    const key = `${value.device} ${value.point}`;
    let row = [...list.children].find((node) => node.dataset.key === key);
    const point = known.get(value.point);
    if (!row) {
      row = make("div");
      row.dataset.key = key;
      const name = make("dt", "", point ? upperFirst(point.text) : value.point);
      if (several) name.append(make("small", "", value.device));
      const cell = make("dd");
      cell.append(make("span", "value num"), make("span", "age"));
      row.append(name, cell);
      list.append(row);
    }
    const unit = point?.unit ?? "";
    const decimals = point?.decimals ?? (Number.isInteger(value.v) ? 0 : 1);
    write($(".value", row), format.withUnit(value.v, decimals, unit, SIGNED.has(value.point)));
    const stale = isStale(value, nowUs);
    mark(row, stale, value.at_us, nowUs);
    $(".age", row).classList.toggle("bad", value.q === "bad");
    if (value.q === "bad") {
      $(".age", row).hidden = false;
      write($(".age", row), text("state.bad"));
    } else if (stale) write($(".age", row), format.age(ageS(value.at_us, nowUs)));
  }
}

function renderData(nowUs) {
  const { buffer, hub, control, schedule } = picture;
  const put = (key, content) => write($(`#data [data-k=${key}]`), content);
  const since = (atUs) => (atUs ? format.age(ageS(atUs, nowUs)) : text("age.never"));
  put("unsent", buffer.unsent === null ? "–" : format.withUnit(buffer.unsent, 0, text("data.values")));
  put("acked", hub.configured ? since(hub.acked_us) : "–");
  put("stored", since(buffer.stored_us));
  put("used", buffer.bytes === null ? "–" : format.withUnit(100 * buffer.bytes / buffer.bytes_max, 1, "%"));
  put("dropped", format.withUnit(buffer.dropped === null ? null : buffer.dropped + (control?.dropped ?? 0), 0, ""));
  put("schedule", schedule ? String(schedule.version) : "–");
  put("beats", control ? `${format.number(control.beats, 0)} · ${format.number(control.missed, 0)} ${text("data.missed")}` : "–");
  $("#data").classList.toggle("stale", !line.live());
}

function renderEvents(nowUs) {
  $("#no-events").hidden = picture.events.length > 0;
  fill($("#events ul"), picture.events, (event) => {
    const item = make("li");
    const shape = make("i", `shape small ${event.severity}`);
    shape.setAttribute("role", "img");
    shape.setAttribute("aria-label", text(`severity.${event.severity}`));
    item.append(shape, make("span", "", words[`event.${event.code}`] ?? event.code), make("time", "num", format.secondDated(event.at_us, nowUs)));
    const about = language === "en" || !words[`event.${event.code}`] ? `${event.source}: ${event.text}` : event.source;
    item.append(make("small", "", about));
    return item;
  });
}

setInterval(render, 500);
