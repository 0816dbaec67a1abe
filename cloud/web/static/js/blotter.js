// Orders, trades and events of the account as one table with tabs, a filter and CSV.

import { $, $$, h, put } from "./dom.js";
import { kindName, reasonText, shortKind, stateName, withdraw } from "./own_order.js";
import { mayRecall } from "./recall.js";
import { download, drawTable, iso, said } from "./tables.js";
import * as words from "./words.js";

const { t } = words;
const SEVERITIES = ["info", "warning", "alarm"];
const VOID = new Set(["RGRA", "CNCL"]);

const sideTag = (side) => h("span", { class: `tag ${side === "BUY" ? "buy" : "sell"}` }, side === "BUY" ? `▲ ${t("side.buy")}` : `▼ ${t("side.sell")}`);
const euro = (trade) => ((trade.side === "SELL" ? 1 : -1) * trade.price_ticks * trade.quantity_kw * (trade.end_us - trade.start_us)) / 3.6e14;
const longer = (row) => row.end_us - row.start_us > 900e6;
const delivery = (row) => h("b", {}, longer(row) ? words.period(row.start_us, row.end_us) : words.time(row.start_us));

/** Columns: heading, class, cell, and the plain value that the filter and the CSV see. */
const orderColumns = (page, parts) => [
  ["blotter.time", "num mut roomy", (o) => words.timeExact(o.at_us), (o) => iso(o.at_us)],
  ["blotter.delivery", "num", delivery, (o) => iso(o.start_us)],
  ["blotter.side", "", (o) => sideTag(o.side), (o) => o.side],
  ["kW", "r num", powerCell, (o) => o.open_kw],
  ["€/MWh", "r num", (o) => words.price(o.price_ticks), (o) => (o.price_ticks / 100).toFixed(2)],
  ["blotter.kind", "wide", (o) => h("span", { title: kindName(o) }, shortKind(o)), (o) => `${o.kind} ${o.execution} ${o.validity}`],
  ["blotter.filled", "wide", filledCell, (o) => o.filled_kw],
  ["blotter.state", "wide", stateCell, (o) => o.ending ?? o.state],
  ["", "r", (o) => orderCell(page, o, parts), null],
];

const TABLES = {
  orders: orderColumns,
  trades: (page, parts) => [
    ["blotter.time", "num mut", (d) => words.timeExact(d.at_us), (d) => iso(d.at_us)],
    ["blotter.delivery", "num", delivery, (d) => iso(d.start_us)],
    ["blotter.site", "wide", (d) => page.siteName(d.site), (d) => d.site ?? ""],
    ["blotter.side", "", (d) => sideTag(d.side), (d) => d.side],
    ["kW", "r num", (d) => words.number(d.quantity_kw), (d) => d.quantity_kw],
    ["€/MWh", "r num", (d) => words.price(d.price_ticks), (d) => (d.price_ticks / 100).toFixed(2)],
    ["€", "r num wide", (d) => (VOID.has(d.state) ? "–" : words.number(euro(d), 2, true)), (d) => (VOID.has(d.state) ? "" : euro(d).toFixed(4))],
    ["blotter.state", "wide", tradeStateCell, (d) => d.state],
    ["", "r", (d) => recallCell(page, d, parts), null],
  ],
  ended: orderColumns,
  events: (page) => [
    ["blotter.time", "num mut", (e) => words.timeExact(e.at_us), (e) => iso(e.at_us)],
    ["blotter.severity", "", severityCell, (e) => SEVERITIES[e.severity]],
    ["blotter.site", "", (e) => page.siteName(e.site), (e) => e.site ?? ""],
    ["blotter.code", "wide", (e) => h("span", { class: "mut" }, e.code), (e) => e.code],
    ["blotter.text", "text", (e) => e.text, (e) => e.text],
  ],
};
const KEYS = { orders: (o) => o.order_id, trades: (d) => `${d.trade_id}${d.side}`, ended: (o) => o.order_id, events: (e) => e.id };

/** `parts`: the dialogs that a row can open, `{ownOrder, recall}`. */
export function blotter(page, parts) {
  const box = $("#blotter-table");
  const filter = $("#filter");
  let tab = "orders";
  const columns = () => TABLES[tab](page, parts);
  const visible = () => {
    const needle = filter.value.trim().toLowerCase();
    const rows = page.state[tab] ?? [];
    return needle ? rows.filter((row) => said(columns(), row).includes(needle)) : rows;
  };
  const draw = () => drawTable(box, columns(), visible(), {
    name: tab,
    key: KEYS[tab],
    state: (row) => JSON.stringify([row, page.siteName(row.site), tab === "trades" && mayRecall(page, row)]),
    rowClass: (row) => (tab === "trades" && VOID.has(row.state) ? "void" : ""),
    empty: page.state[tab] ? t(filter.value.trim() ? "blotter.nothing_found" : `blotter.no_${tab}`) : t("state.loading"),
  });
  const counts = () => {
    for (const name of Object.keys(TABLES)) put(`count-${name}`, page.state[name] ? words.number(page.state[name].length) : "");
  };
  const choose = (name) => {
    tab = name;
    for (const button of $$("[data-tab]")) {
      button.setAttribute("aria-selected", String(button.dataset.tab === tab));
      button.tabIndex = button.dataset.tab === tab ? 0 : -1;
    }
    box.setAttribute("aria-labelledby", `tab-${tab}`);
    box.scrollTop = 0;
    draw();
  };
  for (const button of $$("[data-tab]")) {
    button.addEventListener("click", () => choose(button.dataset.tab));
    button.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!by) return;
      const names = Object.keys(TABLES);
      choose(names[(names.indexOf(tab) + by + names.length) % names.length]);
      $(`#tab-${tab}`).focus();
    });
  }
  filter.addEventListener("input", draw);
  $("#csv").addEventListener("click", () => download(`${tab}-${iso(page.live.nowUs()).slice(0, 19).replaceAll(":", "")}Z`, columns(), visible()));
  for (const name of Object.keys(TABLES)) {
    page.live.on([name], () => {
      counts();
      if (tab === name) draw();
    });
  }
  page.live.on(["sites", "connection"], draw);
  document.addEventListener("language", draw);
  setInterval(() => tab === "trades" && draw(), 1000);
  choose("orders");
}

/** What can still trade; of an iceberg also how much of it the book shows. */
function powerCell(order) {
  if (order.ending !== null) return words.number(order.quantity_kw);
  if (order.kind !== "I") return words.number(order.open_kw);
  return h("span", { title: t("own.shown") }, words.number(order.open_kw), h("span", { class: "dim" }, ` (${words.number(order.shown_kw)})`));
}

function filledCell(order) {
  const share = Math.round((100 * order.filled_kw) / order.quantity_kw);
  const said = words.withUnit(words.number(share), "%");
  return h("span", { title: said }, h("span", { class: "filled", "--share": `${share}%`, role: "img", "aria-label": said }, h("b")));
}

function stateCell(order) {
  const asleep = order.state === "HIBE" && order.ending === null;
  const until = order.validity === "GTD" && order.ending === null ? t("blotter.until", { time: words.time(order.valid_until_us) }) : "";
  return h("span", { title: reasonText(order) || null }, h("span", { class: asleep ? "tag asleep" : "mut" }, asleep ? h("i", { class: "dot off", "aria-hidden": "true" }) : null, stateName(order)), until ? h("span", { class: "second roomy" }, until) : null);
}

function orderCell(page, order, { ownOrder }) {
  const name = (key) => ({ class: "btn sm ghost", type: "button", "aria-label": t(key, { id: order.order_id }) });
  const open = h("button", name("blotter.open_one"), t(order.ending === null && page.mayTrade ? "blotter.open" : "blotter.history"));
  open.addEventListener("click", () => ownOrder.open(order));
  if (order.ending !== null || !page.mayTrade) return open;
  const button = h("button", name("blotter.withdraw_one"), t("blotter.withdraw"));
  button.addEventListener("click", async () => {
    button.disabled = true;
    button.disabled = (await withdraw(order)) !== null;
  });
  return h("span", { class: "acts" }, open, button);
}

function tradeStateCell(trade) {
  const marks = [t(`tradestate.${trade.state.toLowerCase()}`)];
  if (trade.self_trade) marks.push(t("blotter.self_trade"));
  return h("span", { class: VOID.has(trade.state) ? "tag" : "mut" }, marks.join(" · "));
}

function recallCell(page, trade, { recall }) {
  if (!mayRecall(page, trade)) return "";
  const button = h("button", { class: "btn sm ghost", type: "button", "aria-label": t("recall.one", { id: trade.trade_id }) }, t("recall.ask"));
  button.addEventListener("click", () => recall.open(trade));
  return button;
}

function severityCell(event) {
  const name = SEVERITIES[event.severity];
  const mark = event.severity > 0 ? h("i", { class: "warn-mark", "aria-hidden": "true" }) : h("i", { class: "dot off", "aria-hidden": "true" });
  return h("span", { class: event.severity > 1 ? "bad" : "" }, mark, " ", t(`severity.${name}`));
}
