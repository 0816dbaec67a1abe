// Words and numbers in the chosen language. Numbers: true minus, narrow space before a unit.

const ZONE = "Europe/Berlin";
const LOCALES = { de: "de-DE", en: "en-GB" };
const NARROW = "\u202f";
const NONE = "–";

let language = document.body.dataset.language;
let words = {};
const made = new Map();

export const currentLanguage = () => language;

export async function loadWords(wanted) {
  const body = document.body.dataset;
  const answer = await fetch(wanted === "en" ? body.wordsEn : body.words);
  words = await answer.json();
  language = wanted;
  made.clear();
}

/** The text of a key, with {names} replaced. An unknown key shows itself: a test looks for that. */
export function t(key, values = {}) {
  const text = words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export const has = (key) => key in words;

/** Put the words of the language into everything the server marked with a key. */
export function retranslate(root = document) {
  document.documentElement.lang = language;
  for (const node of root.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of root.querySelectorAll("[data-t-label]")) node.setAttribute("aria-label", t(node.dataset.tLabel));
  for (const node of root.querySelectorAll("[data-t-placeholder]")) node.placeholder = t(node.dataset.tPlaceholder);
}

function format(kind, options, make) {
  const key = kind + JSON.stringify(options);
  if (!made.has(key)) made.set(key, make(LOCALES[language], options));
  return made.get(key);
}

export function number(value, digits = 0, signed = false) {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: signed ? "exceptZero" : "negative" };
  return format("n", options, (locale, o) => new Intl.NumberFormat(locale, o)).format(value).replace("-", "\u2212");
}

export const price = (ticks) => number(ticks === null || ticks === undefined ? null : ticks / 100, 2);
export const signedPrice = (ticks) => number(ticks / 100, 2, true);
export const power = (kw) => number(kw, 0, true);
export const withUnit = (text, unit) => (text === NONE ? NONE : text + NARROW + unit);

/** Energies in MWh with one unit for all: kWh while they are small. */
export function energies(...mwh) {
  const small = Math.max(...mwh) < 1;
  return [...mwh.map((value) => number(small ? value * 1000 : value, small ? 1 : 2)), small ? "kWh" : "MWh"];
}

const stamp = (options) => format("d", { timeZone: ZONE, hourCycle: "h23", ...options }, (locale, o) => new Intl.DateTimeFormat(locale, o));
const at = (us) => new Date(us / 1000);

export const time = (us) => stamp({ hour: "2-digit", minute: "2-digit" }).format(at(us));
export const timeExact = (us) => stamp({ hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(at(us));
export const day = (us) => stamp({ weekday: "short", day: "2-digit", month: "2-digit" }).format(at(us));
/** Day and time: 21.11. 14:07. */
export const moment = (us) => stamp({ day: "2-digit", month: "2-digit", hour: "2-digit", minute: "2-digit" }).format(at(us)).replace(", ", " ");
export const zone = (us) => stamp({ timeZoneName: "short", hour: "2-digit" }).formatToParts(at(us)).find((p) => p.type === "timeZoneName").value;

/** Local day, hour and minute of an instant; the hour that autumn repeats has the same label twice. */
export function local(us) {
  const parts = stamp({ year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" }).formatToParts(at(us));
  const part = Object.fromEntries(parts.map((p) => [p.type, p.value]));
  return { day: `${part.year}-${part.month}-${part.day}`, hour: Number(part.hour), minute: Number(part.minute) };
}

export const period = (startUs, endUs) => `${time(startUs)}–${time(endUs)}`;

/** An age or a wait: 0,4 s · 12 s · 5:12 · 2 h. */
export function span(seconds) {
  if (seconds < 10) return withUnit(number(Math.max(0, seconds), 1), "s");
  if (seconds < 60) return withUnit(number(seconds), "s");
  if (seconds < 6000) return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
  return withUnit(number(seconds / 3600), "h");
}

/** Bytes: 640 B · 12,3 MB. */
export function bytes(count) {
  if (count === null || count === undefined) return NONE;
  const power = Math.min(4, Math.floor(Math.log10(Math.max(1, count)) / 3));
  return withUnit(number(count / 1000 ** power, power ? 1 : 0), ["B", "kB", "MB", "GB", "TB"][power]);
}

/** What a power does to the battery: glyph, colour and word always together. */
export function direction(kw) {
  if (kw === null || kw === undefined) return { glyph: "", tone: "dim", word: NONE };
  if (Math.abs(kw) < 0.5) return { glyph: "■", tone: "mut", word: t("direction.idle") };
  return kw > 0
    ? { glyph: "▼", tone: "sell", word: t("direction.discharge") }
    : { glyph: "▲", tone: "buy", word: t("direction.charge") };
}

/** Take the marks between thousands out of a number; null where one stands wrong. */
function ungrouped(text) {
  const [group, decimal] = language === "de" ? [".", ","] : [",", "."];
  const plain = text.replace(/\s/g, "");
  if (/^[^.,]*[.,]\d{1,2}$/.test(plain)) return plain;
  const [whole, ...fraction] = plain.split(decimal);
  const groups = whole.split(group);
  const wrong = groups.slice(1).some((digits) => !/^\d{3}$/.test(digits));
  return wrong ? null : [groups.join(""), ...fraction].join(".");
}

/** Read what a person typed as a price, in ticks; either decimal mark will do. Null: it is none. */
export function ticksOf(text) {
  const match = /^([-\u2212]?)(\d{1,5})(?:[.,](\d{1,2}))?$/.exec(ungrouped(text) ?? "");
  if (!match) return null;
  const ticks = Number(match[2]) * 100 + Number((match[3] ?? "").padEnd(2, "0"));
  return match[1] ? -ticks : ticks;
}

/** Read what a person typed as a whole number of kW; null where it is none. */
export function kilowattsOf(text) {
  const plain = ungrouped(text) ?? "";
  return /^\d{1,7}$/.test(plain) && Number(plain) > 0 ? Number(plain) : null;
}
