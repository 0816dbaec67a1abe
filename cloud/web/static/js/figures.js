// The figures on top: last price, moving averages of the contract's trades, position, cash.

import { $, h, put, tick } from "./dom.js";
import { SECTIONS_OF_MARKET } from "./page.js";
import * as words from "./words.js";

const { t } = words;
const ALPHA = 0.2;
const CHANGE_US = 15 * 60e6;
const NS = "http://www.w3.org/2000/svg";

/** Last price, EMA (one step a trade, α = 0.2) and volume-weighted price after each trade. */
export function averages(trades) {
  let ema = null;
  let value = 0;
  let volume = 0;
  return trades.map(([atUs, ticks, kw]) => {
    ema = ema === null ? ticks : ALPHA * ticks + (1 - ALPHA) * ema;
    value += ticks * kw;
    volume += kw;
    return { atUs, ticks, kw, ema, vwap: value / volume, volume };
  });
}

export function figures(page) {
  const draw = () => {
    const contract = page.contract();
    put("period", contract ? words.period(contract.start_us, contract.end_us) : "");
    drawPrices(page);
    drawPosition(page, contract);
    drawCash(page);
  };
  page.live.on([...SECTIONS_OF_MARKET, "tape", "orders", "account"], draw);
  page.onSelection(draw);
  document.addEventListener("language", draw);
}

function drawPrices(page) {
  const tape = page.tape();
  const steps = averages(tape?.trades ?? []);
  const last = steps.at(-1);
  tick("last", words.price(last?.ticks ?? null));
  tick("ema", words.price(last?.ema ?? null));
  tick("vwap", words.price(last?.vwap ?? null));
  put("last-more", last ? changeText(page, steps) : t("kpi.no_trade"));
  put("ema-more", last ? t("kpi.above_ema", { delta: words.signedPrice(last.ticks - last.ema) }) : "");
  put("vwap-more", last ? volumeText(tape, last) : "");
  spark(steps.slice(-60));
}

function changeText(page, steps) {
  const last = steps.at(-1);
  const then = steps.findLast((step) => step.atUs <= page.live.nowUs() - CHANGE_US);
  if (!then) return t("kpi.last_at", { time: words.timeExact(last.atUs) });
  const delta = last.ticks - then.ticks;
  return t("kpi.change", { arrow: delta > 0 ? "↗" : delta < 0 ? "↘" : "→", delta: words.signedPrice(delta) });
}

function volumeText(tape, last) {
  const [amount, unit] = words.energies(last.volume / 4000);
  const count = tape.trades.length;
  const key = !tape.complete ? "kpi.volume_part" : count === 1 ? "kpi.volume_one" : "kpi.volume";
  return t(key, { energy: words.withUnit(amount, unit), count: words.number(count) });
}

function spark(steps) {
  const svg = $("#spark");
  if (steps.length < 2) return svg.replaceChildren();
  const prices = steps.map((step) => step.ticks);
  const low = Math.min(...prices);
  const range = Math.max(...prices) - low || 1;
  const points = prices.map((p, i) => `${((63 * i) / (prices.length - 1)).toFixed(1)} ${(26 - (24 * (p - low)) / range).toFixed(1)}`);
  const path = document.createElementNS(NS, "path");
  path.setAttribute("d", `M${points.join("L")}`);
  path.style.setProperty("--c", "var(--price)");
  return svg.replaceChildren(path);
}

function drawPosition(page, contract) {
  const kw = contract ? page.position(contract.start_us) : null;
  tick("position", words.power(kw));
  put("position-site", page.site === null ? "" : page.siteName(page.site));
  const node = $('[data-k="position-more"]');
  if (kw === null) return node.replaceChildren();
  const { glyph, tone } = words.direction(kw);
  const said = kw > 0 ? t("kpi.sold") : kw < 0 ? t("kpi.bought") : t("kpi.flat");
  const open = openKw(page, contract.start_us);
  const rest = open.sell || open.buy ? ` · ${t("kpi.in_orders", { sell: words.number(open.sell), buy: words.number(open.buy) })}` : "";
  return node.replaceChildren(h("span", { class: tone }, `${glyph} ${said}`), rest);
}

/** What own resting orders of the chosen site would add, in kW a side. */
export function openKw(page, startUs) {
  const sum = { buy: 0, sell: 0 };
  for (const order of page.state.orders ?? []) {
    const covers = order.start_us <= startUs && startUs < order.end_us;
    if (!covers || order.state !== "ACTI" || order.site !== page.site) continue;
    sum[order.side === "BUY" ? "buy" : "sell"] += order.open_kw;
  }
  return sum;
}

function drawCash(page) {
  const account = page.state.account;
  tick("cash", account ? words.number(account.cash_eur, 2, true) : "–");
  const [sold, bought, unit] = words.energies(account?.sold_mwh ?? 0, account?.bought_mwh ?? 0);
  put("cash-more", account ? t("kpi.traded", { sold, bought: words.withUnit(bought, unit) }) : "");
}
