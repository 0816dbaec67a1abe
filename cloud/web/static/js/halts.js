// Where trading is halted: a banner as long as it lasts, and the reason on the ticket.

import { $, h, text } from "./dom.js";
import * as words from "./words.js";

const { t } = words;

const WHAT = {
  venue: () => true,
  area: (halt, market) => market?.area === halt.value,
  product: (halt, market) => market?.product === halt.value,
  market: (halt, market) => market?.code === halt.value,
  contract: (halt, market, startUs) => halt.value === `${market?.code}/${startUs}`,
  account: () => true,
};

/** The halt or the kill switch that a contract is under, for this account; null: none. */
export function haltOver(page, startUs) {
  const halts = page.state.halts ?? [];
  const stop = halts.find((halt) => halt.scope === "stop");
  return stop ?? halts.find((halt) => WHAT[halt.scope]?.(halt, page.rule(), startUs)) ?? null;
}

export function haltText(halt) {
  if (halt.scope === "stop") return t("halt.stopped", { reason: halt.reason });
  return t("halt.halted", { what: [t(`scope.${halt.scope}`), halt.value].filter(Boolean).join(" "), reason: halt.reason });
}

export function halts(page) {
  const box = $("#halts");
  const draw = () => {
    const rows = page.state.halts ?? [];
    const shown = JSON.stringify(rows) + words.currentLanguage();
    if (box.dataset.shown === shown) return;
    box.dataset.shown = shown;
    box.hidden = rows.length === 0;
    box.replaceChildren(...rows.map((halt) => {
      const line = h("p", {}, h("i", { class: "warn-mark", "aria-hidden": "true" }), " ", h("b", {}), " ", h("span"));
      text(line.querySelector("b"), haltText(halt));
      text(line.querySelector("span"), t("halt.since", { time: words.moment(halt.at_us) }));
      return line;
    }));
  };
  page.live.on(["halts"], draw);
  document.addEventListener("language", draw);
}
