// The session of the chosen contract in figures, and its indices; what is not known is a dash.

import { $, h } from "./dom.js";
import * as words from "./words.js";

const { t } = words;

export function stats(page) {
  const list = $("#stats");
  const draw = () => {
    const session = page.state.session;
    const known = session && session.market === page.market && session.start_us === page.startUs ? session : null;
    const [volume, unit] = words.energies((known?.volume_wh ?? 0) / 1e6);
    const rows = [
      ["stats.mark", words.price(known?.mark_ticks), known?.mark_source ? t(`mark.${known.mark_source.toLowerCase()}`) : ""],
      ["stats.open", words.price(known?.open_ticks), ""],
      ["stats.high", words.price(known?.high_ticks), ""],
      ["stats.low", words.price(known?.low_ticks), ""],
      ["stats.volume", known ? words.withUnit(volume, unit) : "–", ""],
      ...["ID1", "ID3", "IDFull"].map((name) => [name, words.price(known?.indices?.[name] ?? null), ""]),
    ];
    const shown = JSON.stringify(rows);
    if (list.dataset.shown === shown) return;
    list.dataset.shown = shown;
    list.replaceChildren(...rows.map(([key, value, more]) => h("div", {}, h("dt", {}, words.has(key) ? t(key) : key), h("dd", { class: "num", title: more || null }, value))));
  };
  page.live.on(["session", "watch", "markets"], draw);
  page.onSelection(draw);
  document.addEventListener("language", draw);
  draw();
}
