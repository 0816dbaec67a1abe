// What was asked of the box and what became of it, what of its record is missing, what happened.

import { $, $$, h, put, toast } from "./dom.js";
import { ask } from "./api.js";
import { SEVERITIES, badge, severityKind, told } from "./standing.js";
import { drawTable } from "./tables.js";
import * as words from "./words.js";

const { t } = words;
const CLASSES = ["settlement", "events", "telemetry"];
const MARKS = { done: "ok", failed: "alarm", refused: "warn", expired: "warn", cancelled: "off", issued: "off", received: "off", running: "off" };

/** For each tab: columns, the key of a row, and what is said when there is none. */
const TABS = {
  commands: {
    columns: (page) => [
      ["blotter.time", "num mut", (c) => words.moment(c.issued_us)],
      ["record.command", "head", (c) => h("div", {}, h("b", {}, t(`kind.${c.kind}`)), h("span", { class: "second" }, orderText(c)))],
      ["record.standing", "mark", (c) => badge(MARKS[c.standing], t(`command.${c.standing}`))],
      ["record.result", "text", resultCell],
      ["record.who", "text", (c) => h("div", {}, h("span", {}, c.reason || "–"), h("span", { class: "second" }, c.actor))],
      ["", "r", (c) => cancelCell(page, c)],
    ],
    key: (c) => c.id,
    note: () => "",
  },
  gaps: {
    columns: () => [
      ["record.period", "num head", (g) => h("div", {}, `${words.moment(g.from_us)} – ${words.moment(g.to_us)}`, h("span", { class: "second" }, words.span((g.to_us - g.from_us) / 1e6)))],
      ["record.cause", "mark", (g) => t(`cause.${g.cause}`)],
      ["record.class", "", (g) => t(`class.${CLASSES[g.class]}`)],
      ["devices.device", "", (g) => g.device || t("record.several")],
      ["record.missing", "r num strong", (g) => (g.n === null ? t("record.unknown") : words.number(g.n))],
      ["blotter.text", "text", (g) => g.text || "–"],
    ],
    key: (g) => `${g.gateway}/${g.id}`,
    note: (page) => {
      const total = page.state.gap_total;
      return total?.rows ? t("record.total", { values: words.number(total.n), rows: words.number(total.rows), unknown: words.number(total.unknown) }) : "";
    },
  },
  events: {
    columns: () => [
      ["blotter.time", "num mut", (e) => words.moment(e.at_us)],
      ["blotter.severity", "mark", (e) => badge(e.severity ? severityKind(e.severity) : "off", t(`severity.${SEVERITIES[e.severity]}`))],
      ["blotter.text", "text head", (e) => h("div", {}, told(e), h("span", { class: "second" }, e.source, " · ", e.code, told(e) === e.text ? "" : ` · ${e.text}`))],
    ],
    key: (e) => e.id,
    note: () => "",
  },
};

function orderText(command) {
  const p = command.payload;
  if (command.kind === "setpoint") {
    const { glyph, word } = words.direction(p.power_kw);
    return `${glyph} ${word} ${words.withUnit(words.power(p.power_kw), "kW")} ${t("record.until", { time: words.time(p.until_us) })}`;
  }
  if (command.kind === "mode") return t(`mode.${p.mode}`);
  if (command.kind === "restart") return t(`part.${p.part}`);
  if (command.kind === "logs") return words.withUnit(words.number(p.hours), "h");
  return p.version ?? p.code ?? "";
}

function resultCell(command) {
  const readBack = command.read_back_kw === null ? null : h("span", { class: "second num" }, t("record.read_back", { kw: words.withUnit(words.power(command.read_back_kw), "kW") }));
  const parts = [command.text || (command.by_box ? "" : command.standing === "issued" ? t("record.waiting") : "")];
  if (command.kind === "logs" && command.standing === "done") parts.push(h("a", { class: "link", href: `/api/v1/commands/${encodeURIComponent(command.id)}/bundle`, download: "" }, t("record.bundle")));
  return h("div", {}, parts, readBack);
}

function cancelCell(page, command) {
  if (!page.mayAct || command.standing !== "issued" || command.kind === "acknowledge") return "";
  const button = h("button", { class: "btn sm ghost", type: "button" }, t("record.cancel"));
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await ask("DELETE", `/api/v1/commands/${encodeURIComponent(command.id)}`);
      toast(t("record.cancelled"));
    } catch (error) {
      button.disabled = false;
      toast(error.message, true);
    }
  });
  return button;
}

export function record(page) {
  const box = $("#record-table");
  let tab = "commands";
  const draw = () => {
    const { columns, key, note } = TABS[tab];
    for (const name of Object.keys(TABS)) put(`count-${name}`, page.state[name] ? words.number(page.state[name].length) : "");
    put("record-note", note(page));
    drawTable(box, columns(page), page.state[tab] ?? [], { name: tab, key, empty: page.state[tab] ? t(`record.no_${tab}`) : t("state.loading") });
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
      const names = Object.keys(TABS);
      choose(names[(names.indexOf(tab) + by + names.length) % names.length]);
      $(`#tab-${tab}`).focus();
    });
  }
  page.live.on(["commands", "gaps", "events", "gap_total", "connection"], draw);
  document.addEventListener("language", draw);
  choose("commands");
}
