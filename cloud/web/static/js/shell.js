// Around the page: clock, connection, banner, language, theme, dialogs, keys, log-out.

import { $, $$, put, text, toggle } from "./dom.js";
import * as words from "./words.js";

const { t } = words;
const YEAR_S = 365 * 86_400;
const GO_MS = 1500;
/** After G. */
const PLACES = { t: "/trade", a: "/auction", p: "/forecast", m: "/market", f: "/fleet", o: "/operations" };

const keep = (name, value) => {
  document.cookie = `${name}=${value};path=/;max-age=${YEAR_S};samesite=strict`;
};

export function shell(page) {
  choices();
  dialogs();
  for (const button of $$("[data-log-out]")) button.addEventListener("click", () => void logOut());
  $("#reconnect").addEventListener("click", () => page.live.reconnect());
  const draw = () => drawConnection(page);
  page.live.on(["connection"], draw);
  document.addEventListener("language", draw);
  setInterval(draw, 250);
  draw();
}

async function logOut() {
  await fetch("/logout", { method: "POST", headers: { "X-Requested-With": "phoenyra" } });
  location.assign("/login");
}

function choices() {
  for (const button of $$("[data-theme-choice]")) {
    button.addEventListener("click", () => {
      const theme = button.dataset.themeChoice;
      document.documentElement.dataset.theme = theme;
      keep("theme", theme);
      for (const other of $$("[data-theme-choice]")) other.setAttribute("aria-pressed", String(other.dataset.themeChoice === theme));
      document.dispatchEvent(new Event("theme"));
    });
  }
  for (const button of $$("[data-language]")) {
    if (button === document.body) continue;
    button.addEventListener("click", async () => {
      const wanted = button.dataset.language;
      await words.loadWords(wanted);
      keep("lang", wanted);
      words.retranslate();
      for (const other of $$("button[data-language]")) other.setAttribute("aria-pressed", String(other.dataset.language === wanted));
      document.dispatchEvent(new Event("language"));
    });
  }
}

function dialogs() {
  for (const button of $$("[data-open]")) button.addEventListener("click", () => $(`#${button.dataset.open}`).showModal());
  for (const button of $$("[data-close]")) button.addEventListener("click", () => button.closest("dialog").close());
}

function drawConnection(page) {
  const { live } = page;
  const begun = live.heardMs !== null;
  const lost = begun && !live.fresh;
  const nowUs = live.nowUs();
  if (begun) {
    put("clock", words.timeExact(nowUs));
    put("date", `${words.zone(nowUs)} · ${words.day(nowUs)}`);
  }
  const age = begun ? words.span(live.ageMs() / 1000) : "";
  put("connection", t(live.fresh ? "shell.live" : lost ? "shell.lost" : "shell.connecting"));
  put("connection-age", age);
  put("feed-age", lost ? t("status.since", { age }) : age);
  $("#connection .dot").className = $("#status-feed .dot").className = live.fresh ? "dot" : "dot off";
  toggle($("#connection"), "stale", lost);
  for (const node of $$("[data-feed]")) {
    toggle(node, "stale", lost);
    const chip = $(".label > .age", node);
    if (!chip) continue;
    chip.hidden = !lost;
    if (lost) text(chip, words.time(sinceUs(live)));
  }
  drawBanner(page, begun, lost);
}

/** When the newest message was heard. */
const sinceUs = (live) => live.lostUs ?? live.nowUs() - live.ageMs() * 1000;

function drawBanner(page, begun, lost) {
  const { live } = page;
  const waiting = !begun && live.retryAtMs !== null;
  const banner = $("#banner");
  if (banner.hidden !== !(lost || waiting)) banner.hidden = !(lost || waiting);
  if (banner.hidden) return;
  put("banner-what", begun ? t("banner.lost", { time: words.timeExact(sinceUs(live)) }) : t("banner.not_connected"));
  const orders = page.state.orders?.length ?? 0;
  const effect = begun ? t(orders === 0 ? "banner.frozen_none" : orders === 1 ? "banner.frozen_one" : "banner.frozen", { count: words.number(orders) }) : t("banner.nothing_yet");
  put("banner-effect", effect + (live.retryAtMs === null ? "" : ` ${t("banner.retry", { wait: words.withUnit(words.number(Math.ceil(Math.max(0, live.retryAtMs - Date.now()) / 1000)), "s") })}`));
}

/** Keys of a page beside those of all pages, off while somebody types. */
export function keys(own) {
  const actions = { "/": () => $("#filter").focus(), "?": () => $("#keys-dialog").showModal(), ...own };
  let goingSince = -Infinity;
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]")) return;
    if (event.target.closest("input, select, textarea")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const place = event.timeStamp - goingSince < GO_MS ? PLACES[key] : undefined;
    goingSince = key === "g" ? event.timeStamp : -Infinity;
    if (place) return location.assign(place);
    if (event.key === "Enter" && event.target.closest("button, a")) return;
    if (event.key.startsWith("Arrow") && event.target.closest("[role=tablist], .scroll:not(.contracts .scroll)")) return;
    if (!actions[key]) return;
    event.preventDefault();
    actions[key]();
  });
}
