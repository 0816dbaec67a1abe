// The order book of the chosen contract: a ladder with cumulative depth; a click takes the price.

import { $, h, text } from "./dom.js";
import * as words from "./words.js";

const { t } = words;
const ROW_PX = 24;
const FRAME_PX = 48;
const PHONE = matchMedia("(max-width: 700px)");

export function depth(page, takePrice) {
  const ladder = $("#ladder");
  let levels = 0;
  const rows = { asks: [], bids: [] };
  let spread;
  const build = (wanted) => {
    levels = wanted;
    rows.asks = Array.from({ length: levels }, () => level("ask", takePrice)).reverse();
    rows.bids = Array.from({ length: levels }, () => level("bid", takePrice));
    spread = h("div", { class: "spread" }, h("span"), h("span"));
    ladder.replaceChildren(...head(), ...rows.asks.toReversed().flatMap((row) => row.nodes), spread, ...rows.bids.flatMap((row) => row.nodes));
  };
  const draw = () => {
    const wanted = fitting(ladder.parentElement);
    if (wanted !== levels) build(wanted);
    const book = page.depth() ?? { bids: [], asks: [] };
    const most = Math.max(total(book.bids, levels), total(book.asks, levels), 1);
    fill(rows.asks, book.asks, most, "depth.take_ask");
    fill(rows.bids, book.bids, most, "depth.take_bid");
    const [bid, ask] = [book.bids[0]?.[0], book.asks[0]?.[0]];
    pair(spread.firstChild, t("depth.spread"), bid === undefined || ask === undefined ? "–" : words.price(ask - bid));
    pair(spread.lastChild, t("contracts.last"), words.price(page.contract()?.last_ticks ?? null));
  };
  page.live.on(["depth", "contracts"], draw);
  page.onSelection(draw);
  const rebuild = () => {
    levels = 0;
    draw();
  };
  document.addEventListener("language", rebuild);
  PHONE.addEventListener("change", rebuild);
  new ResizeObserver(draw).observe(ladder.parentElement);
}

function fitting(box) {
  if (PHONE.matches) return 4;
  return Math.max(2, Math.min(10, Math.floor((box.clientHeight - FRAME_PX) / (2 * ROW_PX))));
}

const total = (side, levels) => side.slice(0, levels).reduce((sum, [, kw, , aonKw]) => sum + kw + aonKw, 0);

const head = () =>
  ["", t("depth.bid_kw"), "€/MWh", t("depth.ask_kw"), ""].map((label, i) => {
    const node = h("div", { class: "head" }, label);
    if (i === 2) node.style.textAlign = "center";
    if (i === 3) node.style.textAlign = "left";
    return node;
  });

function level(side, takePrice) {
  const button = h("button", { type: "button" });
  const price = h("div", { class: "price" }, button);
  const size = h("div", { class: `level ${side}` }, h("b", { class: "num" }), h("span", { class: "aon", hidden: true }));
  const own = h("div", { class: "own" }, h("b", { hidden: true }));
  const blank = () => h("div");
  const row = { button, size, own: own.firstChild, ticks: null, nodes: side === "ask" ? [blank(), blank(), price, size, own] : [own, size, price, blank(), blank()] };
  button.addEventListener("click", () => row.ticks !== null && takePrice(row.ticks, side));
  return row;
}

function fill(rows, side, most, key) {
  let sum = 0;
  rows.forEach((row, i) => {
    const [ticks, kw, own, aonKw] = side[i] ?? [null, 0, 0, 0];
    sum += kw + aonKw;
    row.ticks = ticks;
    row.button.disabled = ticks === null;
    text(row.button, ticks === null ? "\u00a0" : words.price(ticks));
    row.button.setAttribute("aria-label", ticks === null ? t("depth.no_level") : t(key, { price: words.price(ticks) }));
    text(row.size.firstChild, kw ? words.number(kw) : "");
    const aon = row.size.lastChild;
    aon.hidden = !aonKw;
    if (aonKw) text(aon, t("depth.aon", { kw: words.number(aonKw) }));
    row.size.style.setProperty("--share", ticks === null ? "0%" : `${(100 * sum) / most}%`);
    row.own.hidden = !own;
    if (own) text(row.own, words.number(own));
    row.own.title = own ? t("depth.own", { kw: words.number(own) }) : "";
  });
}

function pair(node, label, value) {
  if (node.dataset.shown === label + value) return;
  node.dataset.shown = label + value;
  node.replaceChildren(label + " ", h("b", { class: "num" }, value));
}
