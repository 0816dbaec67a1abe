// The contract list, the day matrix above it, and the choice of market.

import { $, attribute, h, keyed, text, toggle } from "./dom.js";
import { haltOver } from "./halts.js";
import { SECTIONS_OF_MARKET } from "./page.js";
import { phaseOf } from "./phases.js";
import * as words from "./words.js";

const { t } = words;
const SOON_S = 300;
const QUARTER_US = 900e6;
const days = new Map();

export function contracts(page) {
  const body = $("#contract-rows");
  const choice = $("#market-choice");
  const draw = () => {
    drawChoice(page, choice);
    drawRows(page, body);
    drawMatrix(page);
    drawGates(page, body);
  };
  choice.addEventListener("change", () => page.select({ market: choice.value }));
  page.live.on(SECTIONS_OF_MARKET, draw);
  page.onSelection(draw);
  document.addEventListener("language", draw);
  setInterval(() => drawGates(page, body), 500);
}

function drawChoice(page, choice) {
  const markets = page.state.markets ?? [];
  keyed(choice, markets, (m) => m.code, (m) => h("option", { value: m.code }), (node, m) => text(node, marketName(m.code)));
  choice.hidden = markets.length === 0;
  if (page.market) choice.value = page.market;
}

export function marketName(code) {
  const key = `market.${code}`;
  return words.has(key) ? t(key) : code;
}

function drawRows(page, body) {
  const rows = page.contracts();
  const empty = $("#contracts-empty");
  empty.hidden = rows.length > 0;
  text(empty, page.state.markets ? t("contracts.empty") : t("state.loading"));
  keyed(body, rows, (row) => row.start_us, (row) => makeRow(page, row), (node, row) => {
    const [delivery, bid, ask, last, position] = node.children;
    const own = page.position(row.start_us);
    attribute(node, "aria-selected", String(row.start_us === page.startUs));
    text(delivery.firstChild, words.time(row.start_us));
    text(bid, words.price(row.bid_ticks));
    text(ask, words.price(row.ask_ticks));
    text(last, words.price(row.last_ticks));
    text(position, own ? words.power(own) : "–");
    toggle(bid, "buy", row.bid_ticks !== null);
    toggle(ask, "sell", row.ask_ticks !== null);
    toggle(position, "dim", !own);
  });
  const shown = body.querySelector('[aria-selected="true"]');
  if (shown && shown.dataset.key !== body.dataset.shown) {
    body.dataset.shown = shown.dataset.key;
    if (page.following) body.closest(".scroll").scrollTop = 0;
    else keepVisible(shown);
  }
}

function keepVisible(row) {
  const box = row.closest(".scroll");
  const head = 30;
  if (row.offsetTop < box.scrollTop + head) box.scrollTop = row.offsetTop - head;
  const below = row.offsetTop + row.offsetHeight - box.clientHeight;
  if (below > box.scrollTop) box.scrollTop = below;
}

function makeRow(page, row) {
  const choose = () => page.select({ startUs: row.start_us });
  return h("tr", { onclick: choose },
    h("td", {}, h("button", { type: "button" }), " ", h("span", { class: "tag", hidden: true }), h("span", { class: "closes num" })),
    h("td", { class: "r num" }), h("td", { class: "r num" }), h("td", { class: "r num" }), h("td", { class: "r num" }));
}

/** How long the contract can still be traded; written only where it is soon. */
function drawGates(page, body) {
  const nowUs = page.live.nowUs();
  for (const node of body.children) {
    const row = page.state.contracts?.[node.dataset.key];
    if (!row) continue;
    const leftS = (row.closes_us - nowUs) / 1e6;
    const soon = leftS < SOON_S && page.live.fresh;
    const mark = node.firstChild.lastChild;
    text(mark, soon ? words.span(Math.max(0, Math.floor(leftS))) : "");
    toggle(mark, "soon", soon);
    const special = haltOver(page, row.start_us) ? "HALTED" : row.phase === "AREA_ONLY" ? row.phase : null;
    const tag = node.firstChild.children[1];
    tag.hidden = special === null;
    if (special) text(tag, t(`phase.${special.toLowerCase()}`));
  }
  drawGate(page, nowUs);
}

function drawGate(page, nowUs) {
  const gate = $("#gate");
  const contract = page.contract();
  if (!contract) return text(gate, page.startUs === null ? "" : t("depth.closed"));
  const leftS = (contract.closes_us - nowUs) / 1e6;
  text(gate, leftS > 0 ? t("depth.closes", { wait: words.span(Math.floor(leftS)) }) : t("depth.closed"));
  toggle(gate, "soon", leftS < SOON_S);
  return undefined;
}

const reference = (row) => row.last_ticks ?? (row.bid_ticks !== null && row.ask_ticks !== null ? (row.bid_ticks + row.ask_ticks) / 2 : null);

/** The quarter-hours of the local day of a contract: 92, 96 or 100 of them, in columns of an hour. */
function dayOf(startUs) {
  if (!days.has(startUs)) days.set(startUs, quartersOfDay(startUs));
  return days.get(startUs);
}

function quartersOfDay(startUs) {
  const { day } = words.local(startUs);
  let first = startUs;
  while (words.local(first - QUARTER_US).day === day) first -= QUARTER_US;
  const quarters = [];
  for (let us = first; words.local(us).day === day; us += QUARTER_US) quarters.push(us);
  return quarters;
}

function drawMatrix(page) {
  const box = $("#matrix");
  if (page.startUs === null) return;
  const quarters = dayOf(page.startUs);
  const columns = quarters.length / 4;
  if (box.dataset.first !== String(quarters[0])) buildMatrix(page, box, quarters, columns);
  const known = quarters.map((us) => page.state.contracts?.[us]).filter(Boolean);
  const prices = known.map(reference).filter((price) => price !== null);
  const low = Math.min(...prices);
  const range = Math.max(...prices) - low || 1;
  for (const cell of box.querySelectorAll("i")) {
    const us = Number(cell.dataset.us);
    const row = page.state.contracts?.[us];
    const price = row ? reference(row) : null;
    toggle(cell, "has", price !== null);
    toggle(cell, "own", page.position(us) !== 0);
    toggle(cell, "past", us < page.live.nowUs());
    toggle(cell, "chosen", us === page.startUs);
    if (price !== null) cell.style.setProperty("--heat", `${Math.round(8 + (74 * (price - low)) / range)}%`);
    const phase = phaseOf(page, us);
    toggle(cell, "planned", phase === "PLANNED");
    const parts = [words.time(us), price === null ? null : words.withUnit(words.price(price), "€/MWh"), phase && t(`phase.${phase.toLowerCase()}`)];
    attribute(cell, "title", parts.filter(Boolean).join(" · "));
  }
  box.setAttribute("aria-label", prices.length
    ? t("contracts.matrix", { day: words.day(page.startUs), low: words.price(low), high: words.price(low + range), count: prices.length })
    : t("contracts.matrix_empty", { day: words.day(page.startUs) }));
}

function buildMatrix(page, box, quarters, columns) {
  box.dataset.first = quarters[0];
  box.style.gridTemplateColumns = `26px repeat(${columns}, minmax(0, 1fr))`;
  const place = (node, row, column) => {
    node.style.gridRow = row;
    node.style.gridColumn = column;
    return node;
  };
  const nodes = [0, 1, 2, 3].map((k) => place(h("span", {}, `:${String(k * 15).padStart(2, "0")}`), k + 2, 1));
  quarters.forEach((us, i) => {
    const column = Math.floor(i / 4) + 2;
    const { hour } = words.local(us);
    if (i % 4 === 0 && hour % 3 === 0 && words.local(us - QUARTER_US).hour !== hour) {
      nodes.push(place(h("span", {}, String(hour).padStart(2, "0")), 1, `${column} / span 2`));
    }
    const cell = h("i", { "data-us": String(us), onclick: () => page.state.contracts?.[us] && page.select({ startUs: us }) });
    nodes.push(place(cell, (i % 4) + 2, column));
  });
  box.replaceChildren(...nodes);
}
