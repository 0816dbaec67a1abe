/* Numbers, ages and times as a person reads them. No document, no network. */

export const US_PER_S = 1_000_000;
export const WAIT_S = 3; /* how long something may be missing before it is worth an alarm */
const ZONE = "Europe/Berlin";
const NARROW = "\u202f";

export function formatter(language, words) {
  const locale = language === "de" ? "de-DE" : "en-GB";
  const numbers = new Map();

  /** A number with true minus and thin groups; `sign`: also a plus. */
  function number(value, decimals, sign = false) {
    const key = `${decimals}${sign}`;
    if (!numbers.has(key)) {
      numbers.set(key, new Intl.NumberFormat(locale, {
        minimumFractionDigits: decimals,
        maximumFractionDigits: decimals,
        signDisplay: sign ? "exceptZero" : "negative",
      }));
    }
    return numbers.get(key).format(value).replace("-", "\u2212").replace(/\u00a0/g, NARROW);
  }

  function withUnit(value, decimals, unit, sign = false) {
    if (value === null || value === undefined) return "–";
    return unit ? `${number(value, decimals, sign)}${NARROW}${unit}` : number(value, decimals, sign);
  }

  const kilowatts = (value, decimals = 0) => withUnit(value, decimals, "kW", true);

  /** An age: tenths below ten seconds, then whole seconds, minutes, hours, days. */
  function age(seconds) {
    const s = Math.max(0, seconds);
    if (s < 10) return withUnit(s, 1, words["age.second"]);
    if (s < 100) return withUnit(Math.floor(s), 0, words["age.second"]);
    if (s < 6_000) return withUnit(Math.floor(s / 60), 0, words["age.minute"]);
    if (s < 360_000) return withUnit(Math.floor(s / 3_600), 0, words["age.hour"]);
    return withUnit(Math.floor(s / 86_400), 0, words["age.day"]);
  }

  const part = (options) => {
    const format = new Intl.DateTimeFormat(locale, { timeZone: ZONE, ...options });
    return (us) => format.format(new Date(us / 1_000));
  };
  const day = part({ year: "numeric", month: "2-digit", day: "2-digit" });
  const short = part({ day: "2-digit", month: "2-digit" });
  const minute = part({ hour: "2-digit", minute: "2-digit" });
  const second = part({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const dated = (time) => (us, nowUs) => (day(us) === day(nowUs) ? time(us) : `${short(us)} ${time(us)}`);

  return { number, withUnit, kilowatts, age, minute, minuteDated: dated(minute), secondDated: dated(second), asInput, fromInput };
}

const LOCAL = new Intl.DateTimeFormat("sv-SE", {
  timeZone: ZONE, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
});

/** An instant as a field for date and time takes it: local time of the site. */
function asInput(us) {
  return LOCAL.format(new Date(us / 1_000)).replace(" ", "T");
}

/** The instant in such a field; null: there is none. Of an hour that comes twice it is one of both. */
function fromInput(content) {
  const wanted = Date.parse(`${content}Z`);
  if (Number.isNaN(wanted)) return null;
  let ms = wanted;
  for (let turn = 0; turn < 2; turn += 1) ms += wanted - Date.parse(`${asInput(ms * 1_000)}Z`);
  return ms * 1_000;
}

/** Glyph, class and word of a power: what happens to the battery. */
export function direction(powerKw) {
  const rounded = Math.round(powerKw);
  if (rounded > 0) return { glyph: "▼", kind: "sell", word: "discharge" };
  if (rounded < 0) return { glyph: "▲", kind: "buy", word: "charge" };
  return { glyph: "■", kind: "quiet", word: "idle" };
}
