// The order ticket: what is wanted, what stands against it, and sending it once.

import { $, $$, attribute, h, hold, text, toast, toggle } from "./dom.js";
import { ask, newOrderName, NoAnswer } from "./api.js";
import { openKw } from "./figures.js";
import { Form } from "./forms.js";
import { haltOver, haltText } from "./halts.js";
import { reading } from "./sites.js";
import * as words from "./words.js";

const { t } = words;
const WARN_SHARE = 0.8;
const HOUR_US = 3.6e9;
const DEFAULT_STEPS = 10;
const PRICE_STEP_TICKS = 10;

export class Ticket {
  side = "SELL";
  #touched = false;
  #sending = false;
  #unanswered = null;

  constructor(page) {
    this.page = page;
    this.quantity = $("#quantity");
    this.price = $("#price");
    this.form = new Form(page, () => this.#edited());
    page.busy = () => this.#touched || this.#sending;
    for (const button of $$(".sides button")) {
      button.addEventListener("click", () => this.choose(button.dataset.side));
      button.addEventListener("keydown", (event) => {
        if (!event.key.startsWith("Arrow")) return;
        event.preventDefault();
        event.stopPropagation();
        this.choose(this.side === "BUY" ? "SELL" : "BUY");
        $(".sides [aria-checked=true]").focus();
      });
    }
    for (const button of $$("[data-step]")) button.addEventListener("click", () => this.#step(button.dataset.step, Number(button.dataset.by)));
    for (const input of [this.quantity, this.price]) {
      input.addEventListener("input", () => this.#edited());
    }
    $("#ticket-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.send();
    });
    hold($("#withdraw-all"), () => void this.#withdrawAll());
    hold($("#stop-account"), () => void this.#stopAccount());
    const draw = () => this.draw();
    page.live.on(["contracts", "depth", "orders", "sites", "positions", "markets", "halts", "connection"], draw);
    page.onSelection(() => {
      if (!this.#touched) this.#suggest();
      this.form.draw();
      draw();
    });
    document.addEventListener("language", () => {
      const ticks = words.ticksOf(this.price.value);
      if (ticks !== null) this.price.value = words.price(ticks);
      draw();
    });
    setInterval(draw, 500);
  }

  choose(side) {
    this.side = side;
    this.#unanswered = null;
    if (!this.#touched) this.#suggest();
    this.draw();
  }

  /** Take a price from the ladder: clicking an offer means to buy from it, a bid to sell to it. */
  take(ticks, from) {
    this.side = from === "ask" ? "BUY" : "SELL";
    this.price.value = words.price(ticks);
    this.#edited();
    $("#send").focus({ preventScroll: innerWidth > 700 });
  }

  clear() {
    this.#touched = false;
    this.#unanswered = null;
    this.quantity.value = "";
    this.price.value = "";
    this.form.clear();
    this.#suggest();
    this.draw();
  }

  #edited() {
    this.#touched = true;
    this.#unanswered = null;
    this.draw();
  }

  /** Fill an untouched ticket with the best price of the other side, so that it would trade. */
  #suggest() {
    const rule = this.page.rule();
    if (!this.quantity.value && rule) this.quantity.value = words.number(rule.step_kw * (rule.step_kw > 1 ? 1 : DEFAULT_STEPS));
    const contract = this.page.contract();
    const best = this.side === "BUY" ? contract?.ask_ticks : contract?.bid_ticks;
    const ticks = best ?? contract?.last_ticks ?? null;
    this.price.value = ticks === null ? "" : words.price(ticks);
  }

  #step(name, by) {
    if (name === "quantity") {
      const step = this.page.rule()?.step_kw ?? 1;
      const kw = words.kilowattsOf(this.quantity.value) ?? 0;
      this.quantity.value = words.number(Math.max(step, kw + by * step * (step > 1 ? 1 : DEFAULT_STEPS)));
    } else {
      const ticks = words.ticksOf(this.price.value) ?? this.page.contract()?.last_ticks ?? 0;
      this.price.value = words.price(ticks + by * PRICE_STEP_TICKS);
    }
    this.#edited();
  }

  /** The order as written, or the reason why it cannot be sent. */
  read() {
    const { page } = this;
    const kw = words.kilowattsOf(this.quantity.value);
    const ticks = words.ticksOf(this.price.value);
    const contract = page.contract();
    const rule = page.rule();
    const form = this.form.read(kw);
    const blocked = (key, values) => ({ kw, ticks, contract, form, reason: t(key, values) });
    if (!page.mayTrade) return blocked("ticket.role");
    if (!page.live.fresh) return blocked("ticket.stale");
    if (!contract || contract.closes_us <= page.live.nowUs()) return blocked("ticket.closed");
    const halt = haltOver(page, contract.start_us);
    if (halt) return { kw, ticks, contract, form, reason: haltText(halt) };
    if (kw === null || kw % rule.step_kw) return blocked("ticket.bad_quantity", { step: words.number(rule.step_kw) });
    if (ticks === null && !form.market) return blocked("ticket.bad_price");
    if (form.problem) return blocked(form.problem, { step: words.number(rule.step_kw) });
    const share = this.#limitShare(kw, contract);
    if (share !== null && share > 1) return blocked("ticket.over_limit");
    return { kw, ticks, contract, form, reason: null };
  }

  draw() {
    if (!this.#touched && !this.price.value) this.#suggest();
    const { kw, ticks, contract, form, reason } = this.read();
    for (const button of $$(".sides button")) {
      attribute(button, "aria-checked", String(button.dataset.side === this.side));
      attribute(button, "tabindex", button.dataset.side === this.side ? "0" : "-1");
    }
    const send = $("#send");
    toggle(send, "to-buy", this.side === "BUY");
    send.disabled = reason !== null || this.#sending;
    const values = reason ? {} : { kw: words.number(kw), price: form.market ? t("form.market") : words.price(ticks), period: words.period(contract.start_us, form.endUs ?? contract.end_us) };
    text($("#send-text"), reason ?? t(this.side === "BUY" ? "ticket.send_buy" : "ticket.send_sell", values));
    text($("#send-for"), reason ? "" : values.period + (this.page.site === null ? "" : ` · ${this.page.siteName(this.page.site)}`));
    this.#drawChecks(kw, contract, form);
    const count = (this.page.state.orders ?? []).length;
    const all = $("#withdraw-all");
    all.disabled = count === 0 || !this.page.mayTrade;
    const stopped = (this.page.state.halts ?? []).some((halt) => halt.scope === "stop");
    $("#stop-account").disabled = stopped || !this.page.mayTrade;
    text($("#stop-account").firstElementChild, t(stopped ? "ticket.stopped" : "ticket.stop"));
    text(all.firstElementChild, count ? t("ticket.withdraw_count", { count: words.number(count) }) : t("ticket.withdraw_all"));
  }

  /** Share of the site's rated power that the position would reach if all open orders traded. */
  #limitShare(kw, contract) {
    const site = this.page.state.sites?.[this.page.site];
    if (!site || !contract) return null;
    const open = openKw(this.page, contract.start_us);
    const position = this.page.position(contract.start_us);
    const reached = this.side === "SELL" ? position + open.sell + (kw ?? 0) : -position + open.buy + (kw ?? 0);
    return Math.max(0, reached) / site.power_kw;
  }

  #drawChecks(kw, contract, form) {
    const site = this.page.state.sites?.[this.page.site];
    const rows = [];
    if (site) {
      const share = this.#limitShare(kw, contract);
      if (share !== null) rows.push([share > 1 ? "bad" : share >= WARN_SHARE ? "warn" : "good", t("check.limit"), words.withUnit(words.number(share * 100), "%")]);
      rows.push(this.#energy(site, kw ?? 0, contract ? (form.endUs ?? contract.end_us) - contract.start_us : 0));
    }
    const list = $("#checks");
    const shown = JSON.stringify(rows);
    if (list.dataset.shown === shown) return;
    list.dataset.shown = shown;
    list.replaceChildren(...rows.map(([state, label, value]) => h("li", {}, checkMark(state), h("span", {}, label), h("b", { class: "num" }, value))));
  }

  /** Energy of the order against what is stored (or free) now; a hint, since plans lie between. */
  #energy(site, kw, lengthUs) {
    const soc = reading(this.page, site, "battery.soc_pct");
    const selling = this.side === "SELL";
    const label = t(selling ? "check.stored" : "check.room");
    if (soc.value === null || soc.stale) return [null, label, "–"];
    const there = (site.energy_kwh * (selling ? soc.value : 100 - soc.value)) / 100;
    const needed = (kw * lengthUs) / HOUR_US;
    return [needed > there ? "warn" : "good", label, words.withUnit(`${words.number(needed, 1)} / ${words.number(there, 0)}`, "kWh")];
  }

  async send() {
    const { kw, ticks, contract, form, reason } = this.read();
    if (reason || this.#sending) return;
    const order = this.#body(kw, ticks, contract, form);
    this.#unanswered ??= newOrderName();
    this.#sending = true;
    this.draw();
    const began = performance.now();
    try {
      const answer = await ask("POST", "/api/v1/orders", { ...order, client_order_id: this.#unanswered });
      this.#tell(answer, kw, performance.now() - began);
      this.#unanswered = null;
      this.#touched = false;
      this.form.sent();
    } catch (error) {
      if (error instanceof NoAnswer) toast(t("ticket.no_answer"), true);
      else {
        this.#unanswered = null;
        toast(t("ticket.refused", { code: error.code, message: error.message }), true);
      }
    }
    this.#sending = false;
    this.draw();
  }

  /** The order as the API takes it; the sign of an iceberg's step follows from the side. */
  #body(kw, ticks, contract, form) {
    const { page } = this;
    const iso = (us) => new Date(us / 1000).toISOString();
    return {
      market: page.market,
      delivery_start: iso(contract.start_us),
      delivery_end: iso(form.endUs ?? contract.end_us),
      side: this.side,
      power_kw: kw,
      type: form.kind,
      execution: form.execution,
      validity: form.validity,
      state: form.state,
      ...(form.market ? {} : { limit_price_eur_mwh: (ticks / 100).toFixed(2) }),
      ...(form.validity === "GTD" ? { valid_until: iso(Math.min(contract.closes_us, page.live.nowUs() + form.validForUs)) } : {}),
      ...(form.kind === "I" ? { display_kw: form.displayKw, peak_price_delta_eur_mwh: ((this.side === "BUY" ? -1 : 1) * Math.abs(form.deltaTicks) / 100).toFixed(2) } : {}),
      ...(page.site === null ? {} : { site: page.site }),
    };
  }

  #tell(answer, kw, ms) {
    const values = { id: answer.order_id, ms: words.number(ms) };
    const keys = { FILLED: "ticket.filled", SELF_TRADE: "ticket.self_trade", KILLED: "ticket.killed" };
    const key = keys[answer.ending] ?? (answer.state === "HIBE" ? "ticket.asleep_now" : "ticket.accepted");
    toast(t(key, values), ["SELF_TRADE", "KILLED"].includes(answer.ending));
  }

  async #withdrawAll() {
    try {
      const { changed, refused } = await ask("DELETE", "/api/v1/orders");
      toast(t(refused ? "ticket.withdrawn_some" : "ticket.withdrawn_all", { done: words.number(changed), failed: words.number(refused) }), refused > 0);
    } catch (error) {
      toast(error instanceof NoAnswer ? t("own.no_answer") : t("ticket.refused", { code: error.code, message: error.message }), true);
    }
  }

  /** The kill switch: all own orders are deleted, none is taken until operations frees the account. */
  async #stopAccount() {
    const { account } = this.page.state.me;
    try {
      await ask("POST", `/api/v1/exchange/accounts/${encodeURIComponent(account)}/stop`, { reason: "kill switch of the trade page" });
      toast(t("ticket.stopped_now"));
    } catch (error) {
      toast(error instanceof NoAnswer ? t("own.no_answer") : t("ticket.refused", { code: error.code, message: error.message }), true);
    }
  }
}

function checkMark(state) {
  if (state === "warn") return h("i", { class: "warn-mark mark", "aria-label": t("state.warning"), role: "img" });
  const glyph = { good: "✓", bad: "✕" }[state] ?? "·";
  return h("span", { class: `mark ${state ?? "dim"}`, "aria-hidden": "true" }, glyph);
}
