// Orders, trades and events of the account as one table with tabs, a filter and CSV.

import { $, $$, h, put, text, toast } from "./dom.js";
import { ask } from "./api.js";
import * as words from "./words.js";

const { t } = words;
const SEVERITIES = ["info", "warning", "alarm"];

const sideTag = (side) => h("span", { class: `tag ${side === "BUY" ? "buy" : "sell"}` }, side === "BUY" ? `▲ ${t("side.buy")}` : `▼ ${t("side.sell")}`);
const euro = (trade) => ((trade.side === "SELL" ? 1 : -1) * trade.price_ticks * trade.quantity_kw * (trade.end_us - trade.start_us)) / 3.6e14;

/** Columns: heading, class, cell, and the plain value that the filter and the CSV see. */
const TABLES = {
  orders: (page) => [
    ["blotter.time", "num mut wide", (o) => words.timeExact(o.at_us), (o) => iso(o.at_us)],
    ["blotter.delivery", "num", (o) => h("b", {}, words.time(o.start_us)), (o) => iso(o.start_us)],
    ["blotter.site", "wide", (o) => page.siteName(o.site), (o) => o.site ?? ""],
    ["blotter.side", "", (o) => sideTag(o.side), (o) => o.side],
    ["kW", "r num", (o) => words.number(o.open_kw), (o) => o.open_kw],
    ["€/MWh", "r num", (o) => words.price(o.price_ticks), (o) => (o.price_ticks / 100).toFixed(2)],
    ["blotter.filled", "wide", filledCell, (o) => o.quantity_kw - o.open_kw],
    ["", "r", (o) => withdrawCell(page, o), null],
  ],
  trades: (page) => [
    ["blotter.time", "num mut", (d) => words.timeExact(d.at_us), (d) => iso(d.at_us)],
    ["blotter.delivery", "num", (d) => h("b", {}, words.time(d.start_us)), (d) => iso(d.start_us)],
    ["blotter.site", "wide", (d) => page.siteName(d.site), (d) => d.site ?? ""],
    ["blotter.side", "", (d) => sideTag(d.side), (d) => d.side],
    ["kW", "r num", (d) => words.number(d.quantity_kw), (d) => d.quantity_kw],
    ["€/MWh", "r num", (d) => words.price(d.price_ticks), (d) => (d.price_ticks / 100).toFixed(2)],
    ["€", "r num wide", (d) => words.number(euro(d), 2, true), (d) => euro(d).toFixed(4)],
  ],
  events: (page) => [
    ["blotter.time", "num mut", (e) => words.timeExact(e.at_us), (e) => iso(e.at_us)],
    ["blotter.severity", "", severityCell, (e) => SEVERITIES[e.severity]],
    ["blotter.site", "", (e) => page.siteName(e.site), (e) => e.site ?? ""],
    ["blotter.code", "wide", (e) => h("span", { class: "mut" }, e.code), (e) => e.code],
    ["blotter.text", "text", (e) => e.text, (e) => e.text],
  ],
};
const KEYS = { orders: (o) => o.order_id, trades: (d) => `${d.trade_id}${d.side}`, events: (e) => e.id };

const iso = (us) => new Date(us / 1000).toISOString();

export function blotter(page) {
  const box = $("#blotter-table");
  const filter = $("#filter");
  let tab = "orders";
  const draw = () => drawTable(page, tab, filter.value, box);
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
  $("#csv").addEventListener("click", () => download(page, tab, filter.value));
  for (const name of Object.keys(TABLES)) {
    page.live.on([name], () => {
      counts();
      if (tab === name) draw();
    });
  }
  page.live.on(["sites", "connection"], draw);
  document.addEventListener("language", () => {
    $("thead", box).replaceChildren();
    draw();
  });
  choose("orders");
}

function visible(page, tab, wish) {
  const columns = TABLES[tab](page);
  const needle = wish.trim().toLowerCase();
  const rows = page.state[tab] ?? [];
  if (!needle) return rows;
  const content = (row) => columns.map(([, , cell, plain]) => `${plain ? plain(row) : ""} ${shown(cell, row)}`).join(" ").toLowerCase();
  return rows.filter((row) => content(row).includes(needle));
}

const shown = (cell, row) => {
  const value = cell(row);
  return value instanceof Node ? value.textContent : value;
};

function drawTable(page, tab, wish, box) {
  const columns = TABLES[tab](page);
  const rows = visible(page, tab, wish);
  const table = $("table", box);
  table.hidden = rows.length === 0;
  const empty = $(".empty", box);
  empty.hidden = rows.length > 0;
  text(empty, page.state[tab] ? t(wish.trim() ? "blotter.nothing_found" : `blotter.no_${tab}`) : t("state.loading"));
  const mark = tab + words.currentLanguage();
  if (table.dataset.mark !== mark) {
    table.dataset.mark = mark;
    $("thead", table).replaceChildren(h("tr", {}, columns.map(([key, kind]) => h("th", { scope: "col", class: kind }, key === "" ? h("span", { class: "vh" }, t("blotter.action")) : heading(key)))));
    $("tbody", table).replaceChildren();
  }
  reconcile($("tbody", table), rows, KEYS[tab], columns);
}

const heading = (key) => (words.has(key) ? t(key) : key);

/** Keep the rows that did not change: a button under the pointer must not be replaced. */
function reconcile(body, rows, keyOf, columns) {
  const there = new Map([...body.children].map((node) => [node.dataset.mark, node]));
  const nodes = rows.map((row) => {
    const mark = `${keyOf(row)}|${JSON.stringify(row)}`;
    const node = there.get(mark) ?? h("tr", { "data-mark": mark }, columns.map(([, kind, cell]) => h("td", { class: kind }, cell(row))));
    there.delete(mark);
    return node;
  });
  for (const node of there.values()) node.remove();
  nodes.forEach((node, i) => body.children[i] !== node && body.insertBefore(node, body.children[i] ?? null));
}

function filledCell(order) {
  const share = Math.round((100 * (order.quantity_kw - order.open_kw)) / order.quantity_kw);
  return h("span", {}, h("span", { class: "filled", "--share": `${share}%` }, h("b")), h("span", { class: "num mut" }, words.withUnit(words.number(share), "%")));
}

function withdrawCell(page, order) {
  if (!page.mayTrade) return "";
  const button = h("button", { class: "btn sm ghost", type: "button", "aria-label": t("blotter.withdraw_one", { id: order.order_id }) }, t("blotter.withdraw"));
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await ask("DELETE", `/api/v1/orders/${encodeURIComponent(order.order_id)}`);
      toast(t("blotter.withdrawn", { id: order.order_id }));
    } catch (error) {
      button.disabled = false;
      toast(t("blotter.not_withdrawn", { id: order.order_id, message: error.message }), true);
    }
  });
  return button;
}

function severityCell(event) {
  const name = SEVERITIES[event.severity];
  const mark = event.severity > 0 ? h("i", { class: "warn-mark", "aria-hidden": "true" }) : h("i", { class: "dot off", "aria-hidden": "true" });
  return h("span", { class: event.severity > 1 ? "bad" : "" }, mark, " ", t(`severity.${name}`));
}

function download(page, tab, wish) {
  const columns = TABLES[tab](page).filter(([, , , plain]) => plain);
  const quote = (value) => `"${String(value).replaceAll('"', '""')}"`;
  const lines = [columns.map(([key]) => quote(heading(key))), ...visible(page, tab, wish).map((row) => columns.map(([, , , plain]) => quote(plain(row))))];
  const blob = new Blob(["\ufeff" + lines.map((line) => line.join(";")).join("\r\n") + "\r\n"], { type: "text/csv" });
  const link = h("a", { href: URL.createObjectURL(blob), download: `${tab}-${iso(page.live.nowUs()).slice(0, 19).replaceAll(":", "")}Z.csv` });
  link.click();
  URL.revokeObjectURL(link.href);
}
