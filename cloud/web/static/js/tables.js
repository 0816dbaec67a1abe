// Tables of rows: heads in the language, rows kept while they do not change, CSV of what is shown.

import { $, h, text } from "./dom.js";
import * as words from "./words.js";

const { t } = words;
export const iso = (us) => new Date(us / 1000).toISOString();
export const heading = (key) => (words.has(key) ? t(key) : key);

/** Columns: heading, class, cell, and the plain value that the filter and the CSV see.
 *
 * `key` names a row; a row is drawn anew when `state` of it changed: what its cells depend on.
 */
export function drawTable(box, columns, rows, { name, key, state = JSON.stringify, empty, rowClass = () => "" }) {
  const table = $("table", box);
  table.hidden = rows.length === 0;
  const note = $(".empty", box);
  note.hidden = rows.length > 0;
  text(note, empty);
  const mark = name + words.currentLanguage();
  if (table.dataset.mark !== mark) {
    table.dataset.mark = mark;
    $("thead", table).replaceChildren(h("tr", {}, columns.map(([label, kind]) => h("th", { scope: "col", class: kind }, label === "" ? h("span", { class: "vh" }, t("blotter.action")) : heading(label)))));
    $("tbody", table).replaceChildren();
  }
  const body = $("tbody", table);
  const there = new Map([...body.children].map((node) => [node.dataset.key, node]));
  rows.forEach((row, i) => {
    const id = String(key(row));
    const now = state(row);
    let node = there.get(id);
    if (!node || node.dataset.state !== now) {
      const made = h("tr", { "data-key": id, "data-state": now, class: rowClass(row) }, columns.map(([label, kind, cell]) => h("td", { class: kind, "data-label": label === "" ? null : heading(label) }, cell(row))));
      keepFocus(node, made);
      node?.replaceWith(made);
      node = made;
    }
    there.delete(id);
    if (body.children[i] !== node) body.insertBefore(node, body.children[i] ?? null);
  });
  for (const node of there.values()) node.remove();
}

/** A row that is drawn anew under the keyboard keeps it. */
function keepFocus(before, after) {
  if (!before?.contains(document.activeElement)) return;
  const place = [...before.querySelectorAll("a, button, input")].indexOf(document.activeElement);
  queueMicrotask(() => after.querySelectorAll("a, button, input")[place]?.focus());
}

/** Everything a row says, for the filter. */
export function said(columns, row) {
  const shown = (cell) => (cell instanceof Node ? cell.textContent : cell);
  return columns.map(([, , cell, plain]) => `${plain ? plain(row) : ""} ${shown(cell(row))}`).join(" ").toLowerCase();
}

export function download(name, columns, rows) {
  const kept = columns.filter(([, , , plain]) => plain);
  const quote = (value) => `"${String(value ?? "").replaceAll('"', '""')}"`;
  const lines = [kept.map(([label]) => quote(heading(label))), ...rows.map((row) => kept.map(([, , , plain]) => quote(plain(row))))];
  const blob = new Blob(["\ufeff" + lines.map((line) => line.join(";")).join("\r\n") + "\r\n"], { type: "text/csv" });
  const link = h("a", { href: URL.createObjectURL(blob), download: `${name}.csv` });
  link.click();
  URL.revokeObjectURL(link.href);
}
