// What is set apart: values, what is allowed, why, and the decision on them.

import { $, h } from "./dom.js";
import { actButton } from "./operate.js";
import { drawTable } from "./tables.js";
import * as words from "./words.js";

const { t } = words;
const VALUES_MAX = 3;
const DONE = { released: "feeds.released", rejected: "feeds.rejected" };
const EFFECTS = { released: "feeds.effect_released", rejected: "feeds.effect_rejected" };
const us = (stamp) => Date.parse(stamp) * 1000;
const unit = (one) => one.unit.replace("EUR", "€");

function shownValues(one) {
  const first = one.values.slice(0, VALUES_MAX).map((value) => words.number(value, 2)).join(" · ");
  const rest = one.values.length - VALUES_MAX;
  return `${words.withUnit(first, unit(one))}${rest > 0 ? ` … +${words.number(rest)}` : ""}`;
}

const allowed = (one) => (one.low === null ? "–" : words.withUnit(`${words.number(one.low)} … ${words.number(one.high)}`, unit(one)));

function interval(one) {
  const [fromUs, toUs] = [us(one.starts[0]), us(one.starts.at(-1)) + one.resolution_s * 1e6];
  const until = words.day(fromUs) === words.day(toUs - 1) ? words.time(toUs) : words.moment(toUs);
  return one.starts.length === 1 ? words.moment(fromUs) : `${words.moment(fromUs)} – ${until}`;
}

function decided(one) {
  const { at, verdict, account, reason } = one.decision;
  return h("span", {}, t(DONE[verdict]), h("span", { class: "second" }, `${words.moment(us(at))} · ${account} · ${reason}`));
}

/** Return what draws the table. */
export function asides(page, operate, what) {
  const wish = (one, verdict) => () => ({
    title: t(verdict === "released" ? "feeds.release" : "feeds.reject"),
    what: `${one.source} · ${what(one)} · ${interval(one)}: ${shownValues(one)}`,
    effect: t(EFFECTS[verdict]),
    word: t(verdict === "released" ? "feeds.release" : "feeds.reject"),
    send: (reason) => ["POST", `/api/v1/market/quarantine/${one.id}`, { verdict, reason }],
    done: page.reload,
  });
  const barred = () => (page.role === "admin" ? null : t("feeds.may_not"));
  const acts = (one) => (one.decision ? decided(one) : h("span", { class: "acts" }, actButton(operate, t("feeds.release"), wish(one, "released"), barred()), actButton(operate, t("feeds.reject"), wish(one, "rejected"), barred())));
  const columns = () => [
    ["feeds.source", "head", (one) => h("span", {}, h("b", {}, one.source), h("span", { class: "second" }, what(one)))],
    ["feeds.interval", "num", interval],
    ["feeds.value", "r num strong", shownValues],
    ["feeds.allowed", "r num", allowed],
    ["feeds.why", "text", (one) => t(`why.${one.why}`)],
    ["feeds.received", "r num", (one) => words.moment(us(one.received))],
    ["", "r", acts],
  ];
  return () =>
    drawTable($("#quarantine-table"), columns(), page.asides ?? [], {
      name: "quarantine",
      key: (one) => one.id,
      rowClass: (one) => (one.decision ? "over" : "edge-warn"),
      empty: t(page.asides ? "feeds.apart_none" : "state.loading"),
    });
}
