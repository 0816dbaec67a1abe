// Candles of the chosen contract with one indicator over them; the hub computes, this file draws.

import { $, $$, attribute, colour, text, toggle } from "./dom.js";
import { ask } from "./api.js";
import { axis, nowLine, numbers, Plot, timeAxis } from "./charts.js";
import * as words from "./words.js";

/* global uPlot */
const { t } = words;
const REFRESH_MS = 5000;
const ASK_GAP_MS = 1000;
const SHOWN_MAX = 120;
/** Lines of an answer's indicators, by the choice; RSI and ATR have a scale of their own. */
const LINES = { none: [], sma: ["sma"], ema: ["ema"], bollinger: ["lower", "middle", "upper"], rsi: ["rsi"], atr: ["atr"] };
const OWN_SCALE = new Set(["rsi", "atr"]);

export class Candles {
  #minutes = 0;
  #indicator = "none";
  #rows = [];
  #asked = "";
  #askedMs = 0;
  #plot = null;
  #shape = "";

  constructor(page) {
    this.page = page;
    this.box = $("#candle-plot");
    for (const button of $$("#price-range [data-minutes]")) button.addEventListener("click", () => this.#choose(Number(button.dataset.minutes)));
    $("#indicator").addEventListener("change", () => {
      this.#indicator = $("#indicator").value;
      this.#refresh();
    });
    page.onSelection(() => this.#refresh());
    page.live.on(["tape"], () => Date.now() - this.#askedMs > ASK_GAP_MS && this.#refresh());
    document.addEventListener("language", () => this.#draw());
    setInterval(() => page.live.fresh && this.#refresh(), REFRESH_MS);
  }

  get on() {
    return this.#minutes > 0;
  }

  #choose(minutes) {
    this.#minutes = minutes;
    for (const button of $$("#price-range [data-minutes]")) attribute(button, "aria-pressed", String(Number(button.dataset.minutes) === minutes));
    toggle($("#price-panel"), "candles", this.on);
    $("#indicator-field").hidden = !this.on;
    if (this.on) this.#refresh();
    document.dispatchEvent(new Event("candles"));
  }

  async #refresh() {
    const { page } = this;
    if (!this.on || page.startUs === null) return;
    this.#askedMs = Date.now();
    const contract = page.contract();
    if (!contract) return;
    const asked = (this.#asked = `${page.market}|${page.startUs}|${this.#minutes}|${this.#indicator}`);
    const wish = { market: page.market, start_us: page.startUs, minutes: this.#minutes, ...(this.#indicator === "none" ? {} : { indicator: this.#indicator }) };
    try {
      const answer = await ask("GET", `/trade/candles?${new URLSearchParams(wish)}`);
      if (asked !== this.#asked) return;
      this.#rows = answer.candles.slice(-SHOWN_MAX);
      this.#draw();
    } catch (error) {
      if (asked === this.#asked) this.#say(error.message);
    }
  }

  #say(message) {
    this.#rows = [];
    this.#draw();
    text($("#candles-empty"), message);
  }

  #draw() {
    if (!this.on) return;
    const rows = this.#rows;
    const note = $("#candles-empty");
    note.hidden = rows.length > 0;
    text(note, t("price.empty"));
    toggle(this.box, "vh", rows.length === 0);
    const last = rows.at(-1);
    attribute(this.box, "aria-label", last ? t("candles.label", { count: rows.length, minutes: this.#minutes, last: words.price(last.close) }) : t("price.empty"));
    if (!rows.length) return;
    const lines = LINES[this.#indicator];
    const column = (pick) => rows.map(pick);
    const data = [column((c) => c.start_us / 1e6), column((c) => c.volume_kw), ...["open", "high", "low", "close"].map((name) => column((c) => c[name] / 100)),
      ...lines.map((name) => column((c) => (c[name] === null ? null : OWN_SCALE.has(name) && name === "rsi" ? c[name] : c[name] / 100)))];
    const shape = `${this.#indicator}|${this.#minutes}`;
    if (this.#plot === null) this.#plot = new Plot(this.box, () => this.#options());
    this.#plot.show(data);
    if (shape !== this.#shape) this.#plot.rebuild();
    this.#shape = shape;
    if ($(".numbers", this.box.parentElement)) this.table();
  }

  table() {
    numbers(this.box.parentElement, [t("blotter.time"), t("stats.open"), t("stats.high"), t("stats.low"), t("candles.close"), "VWAP", "kW"],
      this.#rows.toReversed().map((c) => [words.time(c.start_us), ...["open", "high", "low", "close", "vwap"].map((name) => words.price(c[name])), words.number(c.volume_kw)]));
  }

  #options() {
    const lines = LINES[this.#indicator];
    const lengthS = this.#minutes * 60;
    const nowUs = () => this.page.live.nowUs();
    const hidden = { scale: "y", stroke: "transparent", width: 0, points: { show: false } };
    const strokes = { sma: "ema", ema: "ema", lower: "vwap", middle: "ema", upper: "vwap", rsi: "vwap", atr: "vwap" };
    const own = lines.some((name) => OWN_SCALE.has(name));
    return {
      scales: {
        x: { time: true, range: (_plot, low, high) => [Math.min(low, high - lengthS * 12) - lengthS, high + lengthS * 1.5] },
        y: { range: (_plot, low, high) => room(low, high) },
        kw: { range: (_plot, _low, high) => [0, (high || 1) * 4.5] },
        own: { range: (_plot, low, high) => (this.#indicator === "rsi" ? [0, 100] : room(low, high)) },
      },
      axes: [timeAxis(), axis({ scale: "y", size: 56, values: (_plot, splits) => splits.map((v) => words.number(v, splits[1] - splits[0] < 1 ? 1 : 0)) }), { show: false, scale: "kw" },
        axis({ scale: "own", side: 1, size: 40, show: own, grid: { show: false }, values: (_plot, splits) => splits.map((v) => words.number(v, v < 10 && v % 1 ? 1 : 0)) })],
      series: [
        {},
        { scale: "kw", stroke: colour("t3"), fill: colour("line"), width: 0, paths: uPlot.paths.bars({ size: [0.6, 14, 2] }), points: { show: false } },
        hidden, hidden, hidden, hidden,
        ...lines.map((name) => ({ scale: OWN_SCALE.has(name) ? "own" : "y", stroke: colour(strokes[name]), width: 1.6, dash: name === "middle" ? [5, 4] : undefined, points: { show: false } })),
      ],
      hooks: { draw: [(plot) => candlesticks(plot, lengthS), nowLine(nowUs)] },
      tip: (_plot, i) => this.#rows[i] && this.#tip(this.#rows[i], lines),
    };
  }

  #tip(candle, lines) {
    return [
      words.period(candle.start_us, candle.start_us + this.#minutes * 60e6),
      `O ${words.price(candle.open)} · H ${words.price(candle.high)} · L ${words.price(candle.low)} · C ${words.price(candle.close)}`,
      `VWAP ${words.price(candle.vwap)} · ${words.withUnit(words.number(candle.volume_kw), "kW")}`,
      ...lines.filter((name) => candle[name] !== null).map((name) => `${t(`indicator.${name}`)} ${name === "rsi" ? words.number(candle[name], 1) : words.price(candle[name])}`),
    ];
  }
}

/** A hollow body rose, a filled one fell: no colour is needed to tell. */
function candlesticks(plot, lengthS) {
  const [xs, , opens, highs, lows, closes] = plot.data;
  const at = (value) => Math.round(plot.valToPos(value, "y", true));
  const width = Math.max(3, Math.min(18 * devicePixelRatio, Math.abs(plot.valToPos(xs[0] + lengthS, "x", true) - plot.valToPos(xs[0], "x", true)) * 0.6));
  const context = plot.ctx;
  context.save();
  context.lineWidth = devicePixelRatio * 1.3;
  context.strokeStyle = colour("price");
  xs.forEach((x, i) => {
    const middle = Math.round(plot.valToPos(x, "x", true));
    const [top, bottom] = [at(Math.max(opens[i], closes[i])), at(Math.min(opens[i], closes[i]))];
    context.beginPath();
    context.moveTo(middle, at(highs[i]));
    context.lineTo(middle, top);
    context.moveTo(middle, bottom);
    context.lineTo(middle, at(lows[i]));
    context.stroke();
    context.fillStyle = closes[i] < opens[i] ? colour("price") : colour("surface");
    context.fillRect(middle - width / 2, top, width, Math.max(1, bottom - top));
    context.strokeRect(middle - width / 2, top, width, Math.max(1, bottom - top));
  });
  context.restore();
}

function room(low, high) {
  if (low === null || high === null) return [0, 1];
  const more = Math.max((high - low) * 0.12, 0.2);
  return [low - more, high + more];
}
