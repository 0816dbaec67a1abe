// One own order in a dialog: change it, let it rest aside, take it back, and what has happened to it.

import { $, attribute, h, text, toast } from "./dom.js";
import { ask, NoAnswer } from "./api.js";
import { haltOver, haltText } from "./halts.js";
import { formName, MINUTES } from "./forms.js";
import * as words from "./words.js";

const { t } = words;
const HOUR_US = 3.6e9;
const UNTIL_CLOSE = "close";
const path = (order) => `/api/v1/orders/${encodeURIComponent(order.order_id)}`;

const silenced = (order) => order.state === "HIBE" && order.reason === "SITE_SILENT";
export const stateName = (order) => t(silenced(order) ? "orderstate.site_silent" : `orderstate.${(order.ending ?? order.state).toLowerCase()}`);
/** Why an order sleeps or was taken back, as whoever did it wrote it; the hub's own reason in words. */
export const reasonText = (order) => (silenced(order) ? t("own.site_silent") : order.reason);
export const kindName = (order) => formName(order.kind, order.execution);
/** For a narrow column: Limit, AON, IOC, FOK, Iceberg, Block AON. */
export const shortKind = (order) => (order.kind === "B" ? `Block ${order.execution}` : order.kind === "O" && order.execution !== "NON" ? order.execution : kindName(order));
export const sideName = (side) => (side === "BUY" ? `▲ ${t("side.buy")}` : `▼ ${t("side.sell")}`);

/** Do something with an order and say what came of it. */
export async function act(order, method, where, body, done) {
  try {
    const answer = await ask(method, path(order) + where, body);
    toast(t(done, { id: order.order_id }));
    return answer;
  } catch (error) {
    toast(error instanceof NoAnswer ? t("own.no_answer") : t("own.refused", { id: order.order_id, code: error.code, message: error.message }), true);
    return null;
  }
}

export const withdraw = (order) => act(order, "DELETE", "", undefined, "blotter.withdrawn");
const hibernate = (order) => act(order, "POST", "/hibernate", { revision: order.revision }, "own.hibernated");
const activate = (order) => act(order, "POST", "/activate", { revision: order.revision }, "own.activated");

export class OwnOrder {
  #order = null;
  #busy = false;
  #seen = "";

  constructor(page) {
    this.page = page;
    this.dialog = $("#own-order");
    this.inputs = ["quantity", "price", "display", "delta"].map((name) => $(`#change-${name}`));
    for (const input of this.inputs) input.addEventListener("input", () => this.#drawEffect());
    this.validity = $("#change-validity");
    this.validity.addEventListener("change", () => this.#drawEffect());
    $("#change-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#change();
    });
    $("#order-withdraw").addEventListener("click", () => void this.#do(withdraw));
    $("#order-switch").addEventListener("click", () => void this.#do(this.#order.state === "HIBE" ? activate : hibernate));
    page.live.on(["orders", "ended", "halts", "connection"], () => this.#follow());
    document.addEventListener("language", () => {
      this.#drawValidities();
      if (this.dialog.open) this.#draw();
    });
    this.#drawValidities();
  }

  open(order) {
    this.#order = order;
    this.#seen = "";
    this.#fill();
    this.#draw();
    this.dialog.showModal();
  }

  #fill() {
    const { quantity_kw: kw, price_ticks: ticks, display_kw: display, delta_ticks: delta } = this.#order;
    const shown = [words.number(kw), words.price(ticks), words.number(display), words.price(Math.abs(delta))];
    this.inputs.forEach((input, i) => (input.value = shown[i]));
    this.validity.value = "";
  }

  #drawValidities() {
    const chosen = this.validity.value;
    const times = MINUTES.map((minutes) => h("option", { value: minutes }, t("own.from_now", { minutes })));
    this.validity.replaceChildren(h("option", { value: "" }, t("own.valid_same")), h("option", { value: UNTIL_CLOSE }, t("form.until_close")), ...times);
    this.validity.value = chosen;
  }

  /** The end that is chosen; null: it stays as it is. What is beyond the gate ends with the gate. */
  #until() {
    const { value } = this.validity;
    if (value === "") return null;
    const us = value === UNTIL_CLOSE ? this.#order.start_us : Math.min(this.#order.start_us, this.page.live.nowUs() + Number(value) * 60e6);
    return new Date(us / 1000).toISOString();
  }

  /** An order that lost its place goes on under a new number: stay with it. */
  #follow() {
    if (!this.dialog.open) return;
    const all = [...(this.page.state.orders ?? []), ...(this.page.state.ended ?? [])];
    const now = all.find((order) => order.order_id === this.#order.order_id) ?? this.#order;
    if (JSON.stringify(now) !== JSON.stringify(this.#order)) {
      this.#order = now;
      this.#draw();
    } else this.#drawEffect();
  }

  #draw() {
    const order = this.#order;
    const live = order.ending === null;
    text($("#own-order-title"), t("own.title", { id: order.order_id }));
    text($("#own-order-what"), `${sideName(order.side)} · ${words.day(order.start_us)} ${words.period(order.start_us, order.end_us)} · ${this.page.siteName(order.site)}`);
    const facts = [
      ["blotter.state", stateName(order)],
      ["blotter.kind", kindName(order)],
      ["own.filled", words.withUnit(`${words.number(order.filled_kw)} / ${words.number(order.quantity_kw)}`, "kW")],
      ["own.shown", live ? words.withUnit(words.number(order.shown_kw), "kW") : "–"],
      ["own.valid", order.validity === "GTD" ? words.moment(order.valid_until_us) : t(order.validity === "NON" ? "own.at_once" : "form.until_close")],
      ["own.entered", words.moment(order.at_us)],
    ];
    if (order.reason) facts.push(["own.reason", reasonText(order)]);
    $("#own-order-facts").replaceChildren(...facts.flatMap(([key, value]) => [h("dt", {}, t(key)), h("dd", { class: "num" }, value)]));
    $("#change-form").hidden = !live || !this.page.mayTrade;
    $("#change-iceberg").hidden = order.kind !== "I";
    text($("#order-switch"), t(order.state === "HIBE" ? "own.activate" : "own.hibernate"));
    this.#drawEffect();
    void this.#drawHistory();
  }

  /** What is written, in the API's words; null under `problem` what is wrong with it. */
  #wanted() {
    const order = this.#order;
    const [kw, ticks, display, delta] = [words.kilowattsOf(this.inputs[0].value), words.ticksOf(this.inputs[1].value), words.kilowattsOf(this.inputs[2].value), words.ticksOf(this.inputs[3].value)];
    const halt = haltOver(this.page, order.start_us);
    if (halt) return { problem: haltText(halt) };
    if (!this.page.live.fresh) return { problem: t("ticket.stale") };
    if (kw === null) return { problem: t("ticket.bad_quantity", { step: words.number(this.page.rule()?.step_kw ?? 1) }) };
    if (ticks === null) return { problem: t("ticket.bad_price") };
    const body = { revision: order.revision };
    if (kw !== order.quantity_kw) body.power_kw = kw;
    if (ticks !== order.price_ticks) body.limit_price_eur_mwh = (ticks / 100).toFixed(2);
    const until = this.#until();
    if (until !== null) body.valid_until = until;
    if (order.kind === "I") {
      if (display === null) return { problem: t("ticket.bad_display") };
      if (delta === null) return { problem: t("ticket.bad_delta") };
      if (display !== order.display_kw) body.display_kw = display;
      if (Math.abs(delta) !== Math.abs(order.delta_ticks)) body.peak_price_delta_eur_mwh = (((order.side === "BUY" ? -1 : 1) * Math.abs(delta)) / 100).toFixed(2);
    }
    return { body, kw };
  }

  #drawEffect() {
    const order = this.#order;
    if (order.ending !== null) return;
    const { body, kw, problem } = this.#wanted();
    const changes = body ? Object.keys(body).length - 1 : 0;
    const others = body ? Object.keys(body).filter((key) => !["revision", "valid_until", "power_kw"].includes(key)) : [];
    const lost = others.length > 0 || kw > order.quantity_kw;
    const less = body !== undefined && "power_kw" in body;
    const effect = () => {
      if (changes === 0) return t("own.unchanged");
      if (lost) return t("own.effect_lost");
      if (less) return t(kw <= order.filled_kw ? "own.effect_deleted" : "own.effect_kept");
      return t("own.effect_valid");
    };
    text($("#change-effect"), problem ?? effect());
    $("#order-change").disabled = this.#busy || Boolean(problem) || changes === 0;
    const asleep = order.state === "HIBE";
    $("#order-switch").disabled = this.#busy || !this.page.live.fresh || (asleep && haltOver(this.page, order.start_us) !== null);
    $("#order-withdraw").disabled = this.#busy;
    attribute($("#order-switch"), "aria-describedby", "change-effect");
  }

  async #do(what) {
    this.#busy = true;
    this.#drawEffect();
    const answer = await what(this.#order);
    this.#busy = false;
    if (answer !== null) this.dialog.close();
    else this.#drawEffect();
  }

  async #change() {
    const { body, problem } = this.#wanted();
    if (problem) return;
    await this.#do((order) => act(order, "PATCH", "", body, "own.changed"));
  }

  async #drawHistory() {
    const order = this.#order;
    const list = $("#own-order-history");
    const mark = `${order.order_id}|${order.revision}|${order.changed_us}|${words.currentLanguage()}`;
    if (this.#seen === mark) return;
    this.#seen = mark;
    try {
      const { actions } = await ask("GET", `${path(order)}/history`);
      if (this.#seen === mark) list.replaceChildren(...actions.map((row) => happened(row, order)));
    } catch (error) {
      list.replaceChildren(h("li", { class: "bad" }, error.message));
    }
  }
}

/** One line of what happened: when, what, by whom, and what it was about. */
function happened(row, order) {
  const kilowatts = (mwh) => words.withUnit(words.number(Math.round((mwh * HOUR_US * 1000) / (order.end_us - order.start_us))), "kW");
  const about = row.changed_mwh ? kilowatts(row.changed_mwh) : row.quantity_mwh ? kilowatts(row.quantity_mwh) : "";
  const details = [
    about && `${about} @ ${words.number(row.price, 2)}`,
    row.open_mwh ? t("own.left", { kw: kilowatts(row.open_mwh) }) : "",
    row.trade_id && t("own.trade", { id: row.trade_id }),
    row.order_id === order.order_id ? "" : t("own.title", { id: row.order_id }),
    row.code && (words.has(`orderstate.${row.code.toLowerCase()}`) ? t(`orderstate.${row.code.toLowerCase()}`) : row.code),
    row.text,
  ].filter(Boolean).join(" · ");
  const time = words.timeExact(Date.parse(row.timestamp) * 1000);
  return h("li", {}, h("span", { class: "num mut" }, time), h("div", {}, h("b", {}, t(`action.${row.action.toLowerCase()}`)), row.who ? h("span", { class: "dim" }, ` ${row.who}`) : null, h("span", { class: "second" }, details)));
}
