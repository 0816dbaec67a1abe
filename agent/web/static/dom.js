/* Writing into the page: only what has changed. */

import { format, text } from "./context.js";

export const $ = (selector, root = document) => root.querySelector(selector);

export function make(tag, className = "", content = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (content) node.textContent = content;
  return node;
}

export const upperFirst = (name) => name.charAt(0).toUpperCase() + name.slice(1);

export function write(node, content) {
  if (node.textContent !== content) node.textContent = content;
}

/** Write a number digit by digit, so that only what changed moves. */
export function tick(node, content, value, still) {
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
export function mark(box, stale, atUs, nowUs) {
  box.classList.toggle("stale", stale);
  const chip = $(".age", box);
  if (!chip) return;
  chip.hidden = !stale || !atUs;
  if (!chip.hidden) write(chip, text("state.as_of", { time: format.secondDated(atUs, nowUs) }));
}

/** Rebuild a list only when its content changed. */
export function fill(list, entries, build, about = "") {
  const content = JSON.stringify([entries, about]);
  if (list.dataset.content === content) return;
  list.dataset.content = content;
  list.replaceChildren(...entries.map(build));
}
