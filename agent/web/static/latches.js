/* What is latched: a banner each, with what, since when and why, and the way to reset it. */

import { format, text, words } from "./context.js";
import { $, fill, make } from "./dom.js";
import { ask } from "./deed.js";

const SLICE_US = 60_000_000;

export function renderLatches(latches, nowUs) {
  const codes = [...new Set(latches.map((latch) => latch.code))];
  const groups = codes.map((code) => latches.filter((latch) => latch.code === code));
  fill($("#latches"), groups, (group) => banner(group, nowUs), Math.floor(nowUs / SLICE_US));
}

function banner(group, nowUs) {
  const [{ code }] = group;
  const name = words[`reason.${code}`] ?? code;
  const box = make("section", "panel banner alarm latch");
  box.dataset.code = code;
  const body = make("div");
  const since = group.map((latch) => latch.since_us).filter(Boolean);
  const when = since.length ? text("latch.since", { time: format.secondDated(Math.min(...since), nowUs) }) : text("latch.before");
  body.append(make("span", "head num", `${text("latch.latched")} · ${when}`), make("h2", "", `${name} (${code})`));
  if (words[`cause.${code}`]) body.append(make("p", "", words[`cause.${code}`]));
  const list = make("ul");
  for (const latch of group) {
    const item = make("li", "", latch.unit || latch.source || text("latch.plant"));
    if (latch.text) {
      const exact = make("small", "", latch.text);
      exact.lang = "en";
      item.append(exact);
    }
    list.append(item);
  }
  const button = make("button", "", text("latch.reset"));
  button.type = "button";
  button.setAttribute("aria-label", `${text("latch.reset")}: ${name}`);
  button.addEventListener("click", () => ask({
    title: text("latch.reset"),
    about: `${name} (${code})`,
    effect: text("latch.effect"),
    label: text("latch.hold", { code }),
    busy: text("latch.busy"),
    reason: true,
    path: `/api/latches/${encodeURIComponent(code)}/reset`,
    done: () => {},
  }));
  body.append(list, button);
  const shape = make("i", "shape alarm");
  shape.setAttribute("role", "img");
  shape.setAttribute("aria-label", text("state.alarm"));
  box.append(shape, body);
  return box;
}
