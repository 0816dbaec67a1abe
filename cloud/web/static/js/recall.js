// Asking for the recall of a trade: with a reason, while its gate is open; operations decides.

import { $, text, toast } from "./dom.js";
import { ask } from "./api.js";
import * as words from "./words.js";

const { t } = words;
const IN_FORCE = new Set(["ACTI", "RREJ", "CREJ"]);

export function mayRecall(page, trade) {
  return page.mayTrade && IN_FORCE.has(trade.state) && trade.closes_us > page.live.nowUs();
}

export class Recall {
  #trade = null;

  constructor(page) {
    this.page = page;
    this.dialog = $("#recall-dialog");
    $("#recall-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send();
    });
  }

  open(trade) {
    this.#trade = trade;
    $("#recall-reason").value = "";
    $("#recall-problem").hidden = true;
    text($("#recall-what"), t("recall.what", {
      id: trade.trade_id,
      what: `${t(trade.side === "BUY" ? "side.buy" : "side.sell")} ${words.withUnit(words.number(trade.quantity_kw), "kW")} @ ${words.price(trade.price_ticks)}`,
      period: words.period(trade.start_us, trade.end_us),
    }));
    this.dialog.showModal();
  }

  async #send() {
    const problem = $("#recall-problem");
    try {
      await ask("POST", `/api/v1/trades/${encodeURIComponent(this.#trade.trade_id)}/recall`, { reason: $("#recall-reason").value.trim() });
      this.dialog.close();
      toast(t("recall.asked", { id: this.#trade.trade_id }));
    } catch (error) {
      problem.hidden = false;
      text(problem, error.code ? t("ticket.refused", { code: error.code, message: error.message }) : t("own.no_answer"));
    }
  }
}
