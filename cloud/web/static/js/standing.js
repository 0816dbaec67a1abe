// How a box is: one mark, one word, one rank to sort by. A mark is told by its shape, not its colour.

import { h } from "./dom.js";
import * as words from "./words.js";

const { t } = words;
export const SILENT_S = 60;
export const SEVERITIES = ["info", "warning", "alarm"];
const RANKS = { alarm: 0, warn: 1, ok: 2, off: 3 };

/** `kind` is alarm, warn, ok or off; the rows of a list are sorted by `rank`. */
export function standing(row, live) {
  const made = (kind, word) => ({ kind, word, rank: RANKS[kind] });
  if (!row.gateway) return made("off", t("standing.no_box"));
  if (row.seen_us === null) return made("off", t("standing.never"));
  if (live.ageWhenHeardS(row.seen_us) > SILENT_S) return made("alarm", t("standing.offline"));
  const [alarms, warnings] = row.alarms;
  if (alarms) return made("alarm", t("severity.alarm"));
  const report = row.report;
  if (warnings || (report && (report.trouble || !report.linked || report.clock === "unknown"))) return made("warn", t("severity.warning"));
  return made("ok", "OK");
}

export const mark = (kind) => h("i", { class: `state ${kind}`, "aria-hidden": "true" });

export const badge = (kind, word) => h("span", { class: "standing" }, mark(kind), h("span", {}, word));

export const severityKind = (severity) => ["ok", "warn", "alarm"][severity];

/** The words for a code of a box, or the box's own English text where we have none. */
export function told(row) {
  const key = `code.${row.code.toLowerCase()}`;
  return words.has(key) ? t(key, { source: row.source }) : row.text;
}

/** An old instant as a chip with a clock, a young one as plain text. */
export function ageNode(live, atUs, staleS = SILENT_S) {
  if (atUs === null || atUs === undefined) return h("span", { class: "dim" }, "–");
  const seconds = live.ageS(atUs);
  return h("span", { class: seconds > staleS ? "age num" : "num" }, words.span(seconds));
}
