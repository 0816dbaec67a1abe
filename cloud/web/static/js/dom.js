// Small helpers around the document: making nodes, moving digits, toasts, hold to confirm.

const HOLD_MS = 1500;
const TOAST_MS = 5000;

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/** Make an element. Text always becomes a text node, so names from the outside stay text. */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name.startsWith("--")) node.style.setProperty(name, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function text(node, value) {
  if (node && node.textContent !== value) node.textContent = value;
}

/** Set the text of everything bound to a key. */
export function put(key, value, root = document) {
  for (const node of $$(`[data-k="${key}"]`, root)) text(node, value);
}

export function toggle(node, name, on) {
  if (node.classList.contains(name) !== on) node.classList.toggle(name, on);
}

export function attribute(node, name, value) {
  if (value === null ? node.hasAttribute(name) : node.getAttribute(name) !== value) {
    if (value === null) node.removeAttribute(name);
    else node.setAttribute(name, value);
  }
}

const plainNumber = (shown) => Number(shown.replace(/[^\d\u2212]/g, "").replace("\u2212", "-"));

/** Show a value so that only the digits that changed move, up or down. */
export function tick(key, shown) {
  const node = $(`[data-k="${key}"]`);
  const before = node.dataset.shown ?? "";
  if (before === shown) return;
  const move = plainNumber(shown) >= plainNumber(before) ? "up" : "down";
  node.dataset.shown = shown;
  node.className = "tick";
  node.replaceChildren(
    h("span", { class: "vh" }, shown),
    ...[...shown].map((character, i) => {
      const changed = before && before[i] !== character && /\d/.test(character);
      return h("b", { "aria-hidden": "true", class: changed && move }, character);
    }),
  );
}

export function toast(message, failed = false) {
  const node = h("div", { class: failed ? "toast fail" : "toast" }, message);
  $(".toasts").append(node);
  setTimeout(() => node.remove(), TOAST_MS);
}

/** Run `done` when the button was pressed for 1.5 s, by pointer or by Space or Enter held. */
export function hold(button, done) {
  let since = 0;
  let frame = 0;
  const stop = () => {
    cancelAnimationFrame(frame);
    since = 0;
    button.style.setProperty("--held", "0%");
  };
  const step = (now) => {
    since ||= now;
    const share = Math.min(1, (now - since) / HOLD_MS);
    button.style.setProperty("--held", `${share * 100}%`);
    if (share < 1) frame = requestAnimationFrame(step);
    else {
      stop();
      done();
    }
  };
  const start = () => {
    if (button.disabled || since) return;
    stop();
    frame = requestAnimationFrame(step);
  };
  button.addEventListener("pointerdown", start);
  for (const name of ["pointerup", "pointerleave", "pointercancel", "blur", "keyup"]) button.addEventListener(name, stop);
  button.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (!event.repeat) start();
  });
  button.addEventListener("contextmenu", (event) => event.preventDefault());
}

export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Put rows that belong to keys into a parent, in order, reusing the nodes that are there. */
export function keyed(parent, rows, keyOf, make, update) {
  const there = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  rows.forEach((row, i) => {
    const key = String(keyOf(row));
    let node = there.get(key);
    if (!node) {
      node = make(row);
      node.dataset.key = key;
    }
    there.delete(key);
    if (parent.children[i] !== node) parent.insertBefore(node, parent.children[i] ?? null);
    update(node, row);
  });
  for (const node of there.values()) node.remove();
}
