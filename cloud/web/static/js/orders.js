// The dialog that asks boxes for something: what, until when, why; then held for 1.5 s.

import { $, $$, attribute, h, hold, text, toast } from "./dom.js";
import { ask } from "./api.js";
import * as words from "./words.js";

const { t } = words;
const KINDS = ["setpoint", "mode", "restart", "logs", "reset", "software", "configuration", "rotate_key"];
const ADMIN_KINDS = new Set(["software", "configuration", "rotate_key"]);
const MINUTES = [5, 15, 30, 60, 240];

/** Viewers and traders see; operators run their own sites; what changes the box itself is an administrator's. */
export const mayAct = (role) => role === "operator" || role === "admin";
const mayAsk = (role, kind) => role === "admin" || (mayAct(role) && !ADMIN_KINDS.has(kind));

const field = (name, label, control) => h("div", { class: "field" }, h("label", { for: `order-${name}` }, t(label)), control);
const select = (name, options, chosen) => h("select", { class: "select", id: `order-${name}` }, options.map(([value, label]) => h("option", { value, selected: value === chosen }, label)));
const value = (name) => $(`#order-${name}`).value.trim();

/** ▼ Discharge 50 kW: without a sign, for the word says it. */
function wantedPower({ power_kw: kw }) {
  const { glyph, word } = words.direction(kw);
  return `${glyph} ${word} ${kw === 0 ? "" : words.withUnit(words.number(Math.abs(kw)), "kW")}`.trim();
}

/** For each kind: its fields, the payload they make (or a text that says what is wrong), the effect in words. */
const FORMS = {
  setpoint: {
    fields: (sites) => [
      field("direction", "order.direction", select("direction", [["1", `▼ ${t("direction.discharge")}`], ["-1", `▲ ${t("direction.charge")}`], ["0", `■ ${t("direction.idle")}`]])),
      field("power", "order.power", h("input", { class: "input", id: "order-power", inputmode: "decimal", placeholder: words.number(Math.min(...sites.map((s) => s.power_kw))) })),
      field("minutes", "order.until", select("minutes", MINUTES.map((m) => [String(m), m < 60 ? words.withUnit(words.number(m), "min") : words.withUnit(words.number(m / 60), "h")]), "15")),
    ],
    payload: (sites, nowUs) => {
      const sign = Number(value("direction"));
      const kw = sign === 0 ? 0 : words.kilowattsOf(value("power"));
      if (kw === null) return t("order.bad_power");
      const most = Math.min(...sites.map((s) => s.power_kw));
      if (kw > most) return t("order.over", { most: words.withUnit(words.number(most), "kW") });
      return { power_kw: sign * kw, until_us: Math.round(nowUs + Number(value("minutes")) * 60e6) };
    },
    short: (payload) => t("order.short_setpoint", { what: wantedPower(payload), time: words.time(payload.until_us) }),
    effect: (payload) => t("order.effect_setpoint", { what: wantedPower(payload), time: words.time(payload.until_us) }),
  },
  mode: {
    fields: () => [field("mode", "order.mode", select("mode", [["automatic", t("mode.automatic")], ["standby", t("mode.standby")]]))],
    payload: () => ({ mode: value("mode") }),
    effect: (payload) => t(payload.mode === "standby" ? "order.effect_standby" : "order.effect_automatic"),
  },
  restart: {
    fields: () => [field("part", "order.part", select("part", [["control", t("part.control")], ["gateway", t("part.gateway")], ["agent", t("part.agent")]]))],
    payload: () => ({ part: value("part") }),
    effect: (payload) => t(payload.part === "gateway" ? "order.effect_gateway" : "order.effect_restart"),
  },
  logs: {
    fields: () => [field("hours", "order.hours", h("input", { class: "input", id: "order-hours", inputmode: "numeric", value: "24" }))],
    payload: () => {
      const hours = words.kilowattsOf(value("hours"));
      return hours === null || hours > 168 ? t("order.bad_hours") : { hours };
    },
    effect: () => t("order.effect_logs"),
  },
  reset: {
    fields: () => [field("code", "order.code", h("input", { class: "input", id: "order-code", maxlength: "40", placeholder: "I16" }))],
    payload: () => (value("code") ? { code: value("code"), reason: $("#order-reason")?.value.trim() || value("code") } : t("order.bad_code")),
    effect: () => t("order.effect_reset"),
  },
  software: {
    fields: () => [field("version", "fleet.version", h("input", { class: "input", id: "order-version", maxlength: "60" }))],
    payload: () => (value("version") ? { version: value("version") } : t("order.bad_version")),
    effect: () => t("order.effect_software"),
  },
  configuration: {
    fields: () => [
      field("toml", "order.toml", h("textarea", { class: "input", id: "order-toml", rows: "10", spellcheck: "false" })),
      h("label", { class: "check" }, h("input", { type: "checkbox", id: "order-dry", checked: true }), " ", t("order.dry_run")),
    ],
    payload: () => (value("toml") ? { toml: `${value("toml")}\n`, dry_run: $("#order-dry").checked } : t("order.bad_toml")),
    effect: () => t("order.effect_configuration"),
  },
  rotate_key: { fields: () => [], payload: () => ({}), effect: () => t("order.effect_rotate_key") },
};

export class Orders {
  #sites = [];
  #form = FORMS.setpoint;

  constructor(page) {
    this.page = page;
    this.role = document.body.dataset.role;
    $("#order-kind").addEventListener("change", (event) => this.#choose(event.target.value));
    $("#order-form").addEventListener("input", () => this.#say());
    $("#order-form").addEventListener("submit", (event) => event.preventDefault());
    hold($("#order-send"), () => void this.#send());
    document.addEventListener("language", () => $("#order-dialog").open && this.open($("#order-kind").value, this.#sites));
  }

  /** `sites` are rows with id, name and power_kw; a command goes to the box of each. */
  open(kind, sites) {
    this.#sites = [...new Map(sites.map((site) => [site.id, site])).values()];
    const kinds = KINDS.filter((each) => mayAsk(this.role, each));
    $("#order-kind").replaceChildren(...kinds.map((each) => h("option", { value: each }, t(`kind.${each}`))));
    $("#order-kind").value = kinds.includes(kind) ? kind : kinds[0];
    const names = this.#sites.slice(0, 5).map((site) => site.name).join(", ");
    text($("#order-target"), this.#sites.length > 5 ? t("order.for_many", { names, count: words.number(this.#sites.length) }) : names);
    $("#order-reason").value = "";
    this.#choose($("#order-kind").value);
    if (!$("#order-dialog").open) $("#order-dialog").showModal();
  }

  #choose(kind) {
    this.#form = FORMS[kind];
    $("#order-fields").replaceChildren(...this.#form.fields(this.#sites));
    this.#fail(null);
    this.#say();
  }

  /** What would be sent now; a text where something is missing. */
  #payload() {
    const payload = this.#form.payload(this.#sites, this.page.live.nowUs());
    if (typeof payload === "string") return payload;
    return $("#order-reason").value.trim() ? payload : t("order.bad_reason");
  }

  #say() {
    const payload = this.#form.payload(this.#sites, this.page.live.nowUs());
    const whole = this.#payload();
    text($("#order-effect"), typeof payload === "string" ? payload : this.#form.effect(payload));
    const button = $("#order-send");
    button.disabled = typeof whole === "string" || !this.page.live.fresh;
    attribute(button, "title", typeof whole === "string" ? whole : this.page.live.fresh ? null : t("order.stale"));
    const what = typeof payload === "string" ? "" : this.#form.short?.(payload) ?? t(`kind.${$("#order-kind").value}`);
    text($("span", button), typeof whole === "string" ? whole : t("order.hold", { what }));
  }

  #fail(message) {
    $("#order-problem").hidden = message === null;
    text($("#order-problem"), message ?? "");
  }

  async #send() {
    const payload = this.#payload();
    if (typeof payload === "string") return this.#fail(payload);
    const button = $("#order-send");
    button.disabled = true;
    try {
      const answer = await ask("POST", "/api/v1/commands", { kind: $("#order-kind").value, payload, sites: this.#sites.map((site) => site.id), reason: $("#order-reason").value.trim() });
      const refused = (answer.commands ?? []).filter((each) => !each.id && each.code);
      $("#order-dialog").close();
      if (refused.length) toast(t("order.some_refused", { count: words.number(refused.length), message: refused[0].message ?? refused[0].code }), true);
      else toast(t("order.sent"));
    } catch (error) {
      this.#fail(t("order.refused", { message: error.message }));
    } finally {
      button.disabled = false;
    }
    return undefined;
  }
}

/** Let every button with an order open the dialog for these sites; viewers see why they cannot. */
export function orderButtons(page, orders, sites) {
  for (const button of $$("[data-order]")) {
    button.disabled = !page.mayAct;
    attribute(button, "title", page.mayAct ? null : t("order.role"));
    button.addEventListener("click", () => orders.open(button.dataset.order, sites()));
  }
}
