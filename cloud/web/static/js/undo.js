// Trades that are to be undone, and all others from which one can be chosen.

import { $, $$, attribute, h } from "./dom.js";
import { actButton } from "./operate.js";
import { drawTable } from "./tables.js";
import * as words from "./words.js";

const { t } = words;
const RECALL = new Set(["RREQ", "RSFA"]);
const IN_FORCE = new Set(["ACTI", "RREJ", "CREJ"]);
const VOID = new Set(["RGRA", "CNCL"]);

export function tradesToUndo(page, operate) {
  let shown = "waiting";
  const columns = () => [
    ["blotter.time", "num mut", (d) => words.timeExact(d.at_us)],
    ["operations.trade", "num head", (d) => h("span", {}, h("b", {}, d.trade_id), h("span", { class: "second" }, `${words.day(d.start_us)} ${words.period(d.start_us, d.end_us)}`))],
    ["kW", "r num", (d) => words.number(d.quantity_kw)],
    ["€/MWh", "r num", (d) => words.price(d.price_ticks)],
    ["operations.parties", "", (d) => h("span", {}, h("span", { class: "buy" }, `▲ ${d.buyer}`), " · ", h("span", { class: "sell" }, `▼ ${d.seller}`))],
    ["blotter.state", "", (d) => h("span", {}, h("span", { class: VOID.has(d.state) ? "tag" : "mut" }, t(`tradestate.${d.state.toLowerCase()}`)), d.who ? h("span", { class: "second" }, d.who) : null)],
    ["", "r", (d) => h("span", { class: "acts" }, ...actions(page, operate, d))],
  ];
  const draw = () => drawTable($("#trades-table"), columns(), page.state[shown] ?? [], {
    name: shown,
    key: (d) => d.trade_id,
    state: (d) => JSON.stringify(d),
    rowClass: (d) => (shown === "waiting" ? "edge-warn" : VOID.has(d.state) ? "over" : ""),
    empty: t(page.state[shown] ? (shown === "waiting" ? "operations.nothing_waits" : "blotter.no_trades") : "state.loading"),
  });
  for (const button of $$("#trades-choice button")) {
    button.addEventListener("click", () => {
      shown = button.dataset.rows;
      for (const other of $$("#trades-choice button")) attribute(other, "aria-pressed", String(other === button));
      draw();
    });
  }
  page.live.on(["waiting", "trades", "me"], draw);
  document.addEventListener("language", draw);
}

/** What can be done with a trade as it stands; the person who asked cannot confirm. */
function actions(page, operate, trade) {
  const step = (name, where, word, effect, locked = null) => actButton(operate, t(word), () => ({
    title: t(word),
    what: t("recall.what", { id: trade.trade_id, what: `${words.withUnit(words.number(trade.quantity_kw), "kW")} @ ${words.price(trade.price_ticks)} · ${trade.buyer} / ${trade.seller}`, period: words.period(trade.start_us, trade.end_us) }),
    effect: t(effect),
    word: t(word),
    send: (reason) => ["POST", `/api/v1/exchange/trades/${trade.trade_id}/${where}`, { step: name, reason }],
  }), locked);
  if (RECALL.has(trade.state)) {
    const wait = trade.state === "RREQ" ? [step("WAIT", "recall", "operations.wait", "operations.effect_wait")] : [];
    return [step("GRANT", "recall", "operations.grant", "operations.effect_void"), step("REJECT", "recall", "operations.reject", "operations.effect_reject"), ...wait];
  }
  if (trade.state === "CREQ") {
    const own = trade.mine ? t("operations.second_person") : null;
    return [step("CONFIRM", "cancellation", "operations.confirm", "operations.effect_void", own), step("REJECT", "cancellation", "operations.reject", "operations.effect_reject")];
  }
  return IN_FORCE.has(trade.state) ? [step("ASK", "cancellation", "operations.cancel_trade", "operations.effect_ask")] : [];
}
