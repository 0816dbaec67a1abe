// The operations page, put together: halts, accounts, trades to undo, refusals, limits, the journal.

import { $, h, put, toggle } from "./dom.js";
import { Live } from "./live.js";
import { Operate, actButton } from "./operate.js";
import { policies } from "./policies.js";
import { keys, shell } from "./shell.js";
import { download, drawTable, iso, said } from "./tables.js";
import { tradesToUndo } from "./undo.js";
import { currentLanguage, loadWords } from "./words.js";
import * as words from "./words.js";

await loadWords(currentLanguage());
const { t } = words;
const live = new Live({ page: "operations" });
const page = { live, get state() { return live.state; } };
const operate = new Operate(page);

const scopeText = (halt) => [t(`scope.${halt.scope}`), contractText(halt)].filter(Boolean).join(" ");

function contractText(halt) {
  if (halt.scope !== "contract") return halt.value;
  const [market, startUs] = halt.value.split("/");
  return `${market} ${words.moment(Number(startUs))}`;
}

const milliseconds = (value) => (value === null ? "–" : words.withUnit(words.number(value, value < 100 ? 1 : 0), "ms"));

function figures() {
  const { venue, halts, waiting } = page.state;
  if (!venue) return;
  const inForce = halts.filter((halt) => halt.resumed_us === null);
  put("halted", words.number(inForce.length));
  put("halted-more", inForce.length ? scopeText(inForce[0]) : t("operations.none_halted"));
  put("waiting", words.number(waiting.length));
  put("n-waiting", words.number(waiting.length));
  put("waiting-more", t(waiting.length ? "operations.second_person" : "operations.nothing_waits"));
  put("sequence", words.number(venue.sequence));
  put("sequence-more", t("operations.commit_times", { p50: milliseconds(venue.commit_p50_ms), p99: milliseconds(venue.commit_p99_ms) }));
  put("behind", words.number(venue.sequence - venue.projected));
  put("behind-more", t("operations.behind_more", { lag: milliseconds(venue.loop_lag_max_ms) }));
  put("kept", venue.snapshot ? words.number(venue.snapshot) : "–");
  put("kept-more", t("operations.to_replay", { count: words.number(venue.sequence - venue.snapshot) }));
  put("live-orders", words.number(venue.live_orders));
  put("live-orders-more", t("operations.feed_clients", { count: words.number(venue.feed_clients) }));
  const commits = t("operations.commits", { count: words.number(venue.commits), fence: words.number(venue.fence) });
  put("journal-line", `${t("operations.journal", { sequence: words.number(venue.sequence), closed: words.number(venue.closed_until) })} · ${commits}`);
  toggle($("#kpi-halted"), "warned", inForce.length > 0);
}

const haltColumns = () => [
  ["operations.scope", "head", (r) => h("b", {}, scopeText(r))],
  ["operations.since", "num", (r) => words.moment(r.at_us)],
  ["order.reason", "text", (r) => h("span", {}, r.reason, h("span", { class: "second" }, r.resumed_us === null ? r.who : t("operations.lifted", { time: words.moment(r.resumed_us), who: r.resumed_by })))],
  ["", "r", (r) => (r.resumed_us === null ? actButton(operate, t(r.scope === "stop" ? "operations.free" : "operations.resume"), () => lifting(r)) : "")],
];

function lifting(halt) {
  const stop = halt.scope === "stop";
  const [market, startUs] = halt.value.split("/");
  const scope = halt.scope === "contract" ? { scope: "contract", market, delivery_start: iso(Number(startUs)) } : { scope: halt.scope, value: halt.value };
  return {
    title: t(stop ? "operations.free" : "operations.resume"),
    what: scopeText(halt),
    effect: t(stop ? "operations.effect_free" : "operations.effect_resume"),
    word: t(stop ? "operations.free" : "operations.resume"),
    send: (reason) => (stop ? ["POST", `/api/v1/exchange/accounts/${encodeURIComponent(halt.value)}/free`, { reason }] : ["POST", "/api/v1/exchange/halts/resume", { ...scope, reason }]),
  };
}

function drawHalts() {
  const past = $("#halts-past").checked;
  const rows = (page.state.halts ?? []).filter((row) => past || row.resumed_us === null);
  drawTable($("#halts-table"), haltColumns(), rows, { name: "halts", key: (r) => r.sequence, rowClass: (r) => (r.resumed_us === null ? "edge-warn" : "over"), empty: page.state.halts ? t("operations.none_halted") : t("state.loading") });
}

function drawScopes() {
  const scope = $("#halt-scope").value;
  const values = page.state.scopes?.[scope] ?? [];
  const box = $("#halt-value");
  const mark = scope + values.join();
  if (box.dataset.shown === mark) return;
  box.dataset.shown = mark;
  box.hidden = scope === "venue";
  box.replaceChildren(...values.map((value) => h("option", { value }, value)));
}

$("#halt-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const scope = $("#halt-scope").value;
  const value = scope === "venue" ? "" : $("#halt-value").value;
  operate.open({
    title: t("operations.halt"),
    what: scopeText({ scope, value }),
    effect: t("operations.effect_halt"),
    word: t("operations.halt"),
    send: (reason) => ["POST", "/api/v1/exchange/halts", { scope, value, reason }],
  });
});

const accountColumns = () => [
  ["operations.account", "head", (r) => h("span", {}, h("b", {}, r.account), r.stopped ? h("span", { class: "second warned" }, t("scope.stop")) : null), (r) => r.account],
  ["operations.entered", "r num", (r) => words.number(r.entered + r.changed + r.withdrawn)],
  ["operations.refused", "r num", (r) => words.number(r.refused)],
  ["blotter.trades", "r num", (r) => words.number(r.trades)],
  ["operations.ratio", "r num", (r) => (r.trades ? words.number((r.entered + r.changed + r.withdrawn) / r.trades, 1) : "–")],
  ["", "r", (r) => actButton(operate, t(r.stopped ? "operations.free" : "operations.stop"), () => (r.stopped ? lifting({ scope: "stop", value: r.account }) : stopping(r.account)))],
];

function stopping(account) {
  return {
    title: t("operations.stop"),
    what: account,
    effect: t("operations.effect_stop"),
    word: t("operations.stop"),
    send: (reason) => ["POST", `/api/v1/exchange/accounts/${encodeURIComponent(account)}/stop`, { reason }],
  };
}

function drawAccounts() {
  const rows = Object.values(page.state.accounts ?? {}).sort((a, b) => b.stopped - a.stopped || a.account.localeCompare(b.account));
  drawTable($("#accounts-table"), accountColumns(), rows, { name: "accounts", key: (r) => r.account, rowClass: (r) => (r.stopped ? "edge-warn" : ""), empty: t(page.state.accounts ? "operations.no_accounts" : "state.loading") });
}

const incidentColumns = () => [
  ["blotter.time", "num mut", (r) => words.timeExact(r.at_us), (r) => iso(r.at_us)],
  ["operations.account", "", (r) => h("b", {}, r.account || "–"), (r) => r.account],
  ["blotter.code", "head", (r) => h("span", { class: "tag" }, r.code), (r) => r.code],
  ["blotter.text", "text", (r) => r.text, (r) => r.text],
];
const incidents = () => {
  const needle = $("#filter").value.trim().toLowerCase();
  return (page.state.incidents ?? []).filter((row) => !needle || said(incidentColumns(), row).includes(needle));
};
const drawIncidents = () => drawTable($("#incidents-table"), incidentColumns(), incidents(), { name: "incidents", key: (r) => r.sequence, empty: t(page.state.incidents ? "operations.no_incidents" : "state.loading") });

function draw() {
  figures();
  drawHalts();
  drawScopes();
  drawAccounts();
  drawIncidents();
}

live.on(["venue", "halts", "waiting", "scopes", "accounts", "incidents"], draw);
document.addEventListener("language", draw);
$("#halts-past").addEventListener("change", drawHalts);
$("#halt-scope").addEventListener("change", drawScopes);
$("#filter").addEventListener("input", drawIncidents);
$("#csv").addEventListener("click", () => download("surveillance", incidentColumns(), incidents()));
tradesToUndo(page, operate);
policies(page, operate);
shell(page);
keys({
  Escape: () => {
    $("#filter").value = "";
    drawIncidents();
  },
});
live.start();
