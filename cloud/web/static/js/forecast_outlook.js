// Why there is no forecast yet, in words: computed, queued, waiting for feeds, or for nothing.

import * as words from "./words.js";

const { t } = words;
const US = 1e6;
const PRICE = "price.day_ahead";
/** By job: when it was first seen at which progress; how fast it goes is told by the rest. */
const seen = new Map();

/** Return what is said of an area and a kind that have no forecast.
 * @param page area, kind, jobs, live, outlook: one of `state.outlook`, or undefined */
export function why(page) {
  const outlook = page.state.outlook?.find((one) => one.area === page.area);
  if (!page.jobs || !page.state.outlook) return t("state.loading");
  const own = page.jobs.filter((job) => job.area === page.area && job.type === page.kind);
  const open = own.find((job) => job.status === "running") ?? own.find((job) => job.status === "queued");
  if (open) return ofJob(page, open);
  if (own[0]?.status === "failed") return t("outlook.failed", { reason: own[0].reason });
  return waiting(page, outlook);
}

function ofJob(page, job) {
  if (job.status === "queued") {
    const before = page.jobs.filter((one) => one.status !== "done" && one.status !== "failed" && one.created < job.created).length;
    return t(before ? "outlook.queued_behind" : "outlook.queued", { count: words.number(before) });
  }
  const share = words.withUnit(words.number(job.progress * 100), "%");
  const left = leftS(job, performance.now() / 1000);
  return left === null ? t("outlook.computing", { share }) : t("outlook.computing_left", { share, span: words.span(left) });
}

/** Seconds until a job is done, by how far it got since it was first seen; null: not known yet. */
function leftS(job, nowS) {
  const first = seen.get(job.job_id);
  if (!first) seen.set(job.job_id, { share: job.progress, atS: nowS });
  if (!first || job.progress <= first.share) return null;
  return Math.max(1, Math.round(((1 - job.progress) * (nowS - first.atS)) / (job.progress - first.share)));
}

function waiting(page, outlook) {
  const { area } = page;
  if (!outlook) return t("outlook.no_feed", { area });
  const sources = outlook.sources.toSorted((a, b) => Number(b.kind === PRICE) - Number(a.kind === PRICE));
  const filling = sources.find((one) => one.total !== null && one.done < one.total);
  const silent = sources.find((one) => one.answered_us === null);
  const failing = sources.find((one) => one.error && (one.kind === PRICE || !outlook.prices));
  const named = (one) => ({ source: one.source, area, what: kindOf(one) });
  if (failing && !outlook.prices) {
    return t("outlook.failing", { ...named(failing), error: failing.error, time: at(failing.next_us) });
  }
  if (filling) return t("outlook.filling", { ...named(filling), done: words.number(filling.done), total: words.number(filling.total) });
  if (silent && !silent.error) return t("outlook.silent", named(silent));
  if (!outlook.prices) return t("outlook.no_prices", { area });
  const next = outlook.next_us[page.kind];
  return next ? t("outlook.scheduled", { time: words.moment(next) }) : t("outlook.by_hand");
}

function kindOf(one) {
  const key = `series.${one.kind}`;
  return words.has(key) ? t(key) : one.kind;
}

const at = (us) => (us === null ? "–" : words.time(us));

/** When the timetable makes the next one, in words; "" where nothing does. */
export function next(page) {
  const us = page.state.outlook?.find((one) => one.area === page.area)?.next_us[page.kind];
  return us ? t("outlook.next", { time: words.moment(us), span: words.span(Math.max(0, Math.round((us - page.live.nowUs()) / US))) }) : "";
}
