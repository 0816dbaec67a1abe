// Alarms that last or wait for somebody to have seen them, and the dialog to say so.

import { $, h, keyed, put, text, toast } from "./dom.js";
import { ask } from "./api.js";
import { mark, severityKind, told } from "./standing.js";
import * as words from "./words.js";

const { t } = words;

/** Alarms first, then warnings, unseen before seen, newest first. */
const order = (a, b) => (a.cleared_us !== null) - (b.cleared_us !== null) || (a.acked_us !== null) - (b.acked_us !== null) || b.severity - a.severity || b.raised_us - a.raised_us;

/** `siteName` is given on pages with more than one site. */
export function alarms(page, siteName = null) {
  const list = $("#alarm-rows");
  const past = $("#alarm-all");
  let asked = null;
  const draw = () => {
    const all = [...(page.state.alarms ?? [])].sort(order);
    const rows = all.filter((row) => past?.checked || row.cleared_us === null || row.acked_us === null);
    keyed(list, rows, (row) => `${row.gateway}/${row.id}`, () => h("li"), (node, row) => drawAlarm(page, node, row, siteName, open));
    const empty = $("#alarm-empty");
    empty.hidden = rows.length > 0;
    text(empty, page.state.alarms ? t("alarm.none") : t("state.loading"));
    const unseen = all.filter((row) => row.acked_us === null).length;
    put("alarm-count", unseen ? t("alarm.unseen", { count: unseen }) : "");
  };
  const open = (row) => {
    asked = row;
    text($("#ack-what"), told(row));
    $("#ack-note").value = "";
    $("#ack-problem").hidden = true;
    $("#ack-dialog").showModal();
    $("#ack-note").focus();
  };
  $("#ack-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await ask("POST", `/api/v1/alarms/${encodeURIComponent(asked.gateway)}/${encodeURIComponent(asked.id)}/acknowledge`, { note: $("#ack-note").value.trim() });
      $("#ack-dialog").close();
      toast(t("alarm.acknowledged"));
    } catch (error) {
      text($("#ack-problem"), error.message);
      $("#ack-problem").hidden = false;
    }
  });
  past?.addEventListener("change", draw);
  page.live.on(["alarms", "fleet", "connection"], draw);
  document.addEventListener("language", draw);
  setInterval(draw, 5000);
}

function drawAlarm(page, node, row, siteName, open) {
  const now = JSON.stringify([row, words.currentLanguage(), siteName?.(row.site)]);
  if (node.dataset.state === now) return;
  node.dataset.state = now;
  const over = row.cleared_us !== null;
  node.className = over ? "over" : "";
  const where = siteName ? h("a", { href: `/fleet/${encodeURIComponent(row.site)}`, class: "link" }, siteName(row.site)) : null;
  node.replaceChildren(
    mark(over ? "off" : severityKind(row.severity)),
    h("div", {},
      h("b", {}, where, where ? ": " : null, told(row)),
      told(row) === row.text ? null : h("p", {}, row.text),
      h("p", { class: "dim" }, row.source, " · ", row.code),
      h("p", {}, history(row)),
      row.note ? h("p", { class: "note" }, row.note) : null),
    row.acked_us === null
      ? h("button", { class: "btn sm", type: "button", disabled: !page.mayAct, title: page.mayAct ? null : t("order.role"), "aria-label": t("alarm.acknowledge_one", { what: told(row) }), onclick: () => open(row) }, t("alarm.acknowledge"))
      : h("span", { class: "tag" }, t("alarm.seen")));
}

function history(row) {
  const parts = [t("alarm.since", { time: words.moment(row.raised_us) })];
  if (row.cleared_us !== null) parts.push(t("alarm.until", { time: words.moment(row.cleared_us) }));
  if (row.acked_us !== null) parts.push(t("alarm.by", { who: row.acked_by || "–", time: words.moment(row.acked_us) }));
  return parts.join(" · ");
}
