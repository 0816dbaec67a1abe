/* What needs a person: cause, effect, what to do. Each stays as long as its condition lasts. */

import { format, text } from "./context.js";
import { $, make, write } from "./dom.js";
import { US_PER_S, WAIT_S } from "./format.js";

const CLOCK_OFF_US_MAX = 60 * US_PER_S;
const FULL = 0.8; /* share of the buffer */

/** What a person has to know now: worst first. */
function* banners({ picture, nowUs, fresh, unlinkedS }, line) {
  const { buffer, hub, clock, control } = picture ?? {};
  if (!line.live() && line.silence() > WAIT_S) {
    const wait = line.retryIn();
    yield ["page", "warning", picture ? format.minute(nowUs) : "", wait ? text("banner.page.retry", { s: wait }) : ""];
  }
  if (!picture) return;
  if (!picture.linked && unlinkedS > WAIT_S) yield ["control", "alarm", "", ""];
  else if (fresh) {
    for (const device of picture.devices.filter((d) => !d.connected)) {
      yield ["device", "alarm", device.id, device.answered_us ? format.secondDated(device.answered_us, nowUs) : ""];
    }
    if (control.mode === "safe" && picture.devices.every((d) => d.connected)) yield ["safe", "warning", "", ""];
  }
  if (buffer.trouble) yield ["blocked", "alarm", "", ""];
  if (buffer.bytes > FULL * buffer.bytes_max) yield ["full", "warning", format.withUnit(100 * buffer.bytes / buffer.bytes_max, 0, "%"), ""];
  if (hub.code === "CLOCK_OFF" || Math.abs(hub.clock_off_us) > CLOCK_OFF_US_MAX) yield ["clock", "warning", "", ""];
  else if (clock.state === "corrected") yield ["corrected", "warning", "", ""];
  else if (clock.state === "unknown" && hub.trouble) yield ["unsure", "warning", "", ""];
  else if (hub.code) yield ["refused", "warning", hub.code, ""];
}

/** Show the banners that `view` calls for and take the others away; `line` is the line to the box. */
export function renderBanners(view, line) {
  const wanted = [...banners(view, line)];
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
