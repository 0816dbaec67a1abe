/* The home view: writes the picture into the page twice a second. Ages use the box's clock. */

import { renderAlarms } from "./alarms.js";
import { renderBanners } from "./banners.js";
import { format, known, language, text, words } from "./context.js";
import { $, fill, make, mark, tick, upperFirst, write } from "./dom.js";
import { offerPeriod, renderProof } from "./evidence.js";
import { direction, US_PER_S, WAIT_S } from "./format.js";
import { renderLatches } from "./latches.js";
import { connect } from "./live.js";
import { lookingBack, tellNow } from "./past.js";
import { renderProducts, renderUnits } from "./products.js";
import { renderSchedule } from "./schedule.js";
import { renderLadder } from "./why.js";

const STALE_S = 5;
const MAIN = ["battery.soc_pct", "ac.power_kw", "battery.energy_kwh", "battery.capacity_kwh"];
const SIDE = new Set(["battery.temp_mean_c", "grid.frequency_hz", "battery.max_discharge_kw",
  "battery.max_charge_kw", "pcs.set_power_kw", "ac.reactive_kvar", "ac.voltage_v", "site.power_kw"]);
const SIGNED = new Set(["ac.power_kw", "pcs.set_power_kw", "site.power_kw", "ac.reactive_kvar"]);
const REPAINT_MS = 500;

let picture = null;
let linkedAt = null; /* when control was last seen connected, for the banner's patience */

const line = connect((newest) => { picture = newest; render(); });

const BYTES_PER_MB = 1e6;
const ageS = (atUs, nowUs) => (nowUs - atUs) / US_PER_S;
const isStale = (value, nowUs) => !value || value.q === "stale" || value.q === "lost" || ageS(value.at_us, nowUs) > STALE_S;

/** The newest value of a point, whichever device has it. */
function find(point) {
  const found = picture.values.filter((value) => value.point === point);
  return found.find((value) => value.q === "good") ?? found[0];
}

function render() {
  line.watch();
  if (!picture) { renderBanners({ picture, nowUs: 0, fresh: false, unlinkedS: 0 }, line); return; }
  const nowUs = picture.now_us + line.silence() * US_PER_S;
  const control = picture.control;
  const fresh = control !== null && ageS(control.at_us, nowUs) <= STALE_S;
  if (picture.linked || linkedAt === null) linkedAt = nowUs;
  write($("#clock"), format.minute(nowUs));
  renderFacts();
  renderDevice(nowUs, fresh);
  renderHub(nowUs);
  renderBanners({ picture, nowUs, fresh, unlinkedS: ageS(linkedAt, nowUs) }, line);
  renderLatches(picture.latches, nowUs);
  tellNow(nowUs, picture.site);
  offerPeriod(nowUs);
  renderHero(nowUs);
  renderMode(nowUs, fresh);
  renderSchedule(picture, nowUs);
  renderValues(nowUs);
  renderData(nowUs);
  renderAlarms(picture.alarms, nowUs);
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
  why.classList.toggle("stale", !known && !lookingBack());
  if (control && !lookingBack()) renderLadder(why, control);
  renderProducts(control, known);
  renderUnits(control, known);
  renderProof(control);
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
  const { buffer, hub, clock, control, schedule } = picture;
  const put = (key, content) => write($(`#data [data-k=${key}]`), content);
  const since = (atUs) => (atUs ? format.age(ageS(atUs, nowUs)) : text("age.never"));
  put("unsent", buffer.unsent === null ? "–" : format.withUnit(buffer.unsent, 0, text("data.values")));
  put("acked", hub.configured ? since(hub.acked_us) : "–");
  put("stored", since(buffer.stored_us));
  put("used", buffer.bytes === null ? "–" : format.withUnit(100 * buffer.bytes / buffer.bytes_max, 1, "%"));
  put("dropped", format.withUnit(buffer.dropped === null ? null : buffer.dropped + (control?.dropped ?? 0), 0, ""));
  put("gaps", buffer.gaps === null ? "–" : format.withUnit(buffer.gaps, 0, ""));
  put("wear", buffer.written_bytes_day === null ? "–" : format.withUnit(buffer.written_bytes_day / BYTES_PER_MB, 0, "MB"));
  const off = clock.correction_us ? ` (${format.withUnit(clock.correction_us / US_PER_S, 1, "s", true)})` : "";
  put("clock", text(`data.clock.${clock.state}`) + off);
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
    const often = event.count > 1 ? ` (${event.count}×)` : "";
    item.append(shape, make("span", "", (words[`event.${event.code}`] ?? event.code) + often), make("time", "num", format.secondDated(event.at_us, nowUs)));
    const about = language === "en" || !words[`event.${event.code}`] ? `${event.source}: ${event.text}` : event.source;
    item.append(make("small", "", about));
    return item;
  });
}

setInterval(render, REPAINT_MS);
