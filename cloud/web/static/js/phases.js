// The phases of all contracts of a delivery day, asked of the hub when a day comes into view.

import { ask } from "./api.js";
import * as words from "./words.js";

const OLD_MS = 30_000;
let known = { key: "", atMs: 0, phases: new Map() };

/** The phase of a contract of the watched market: PLANNED, OPEN … DELIVERED; null: not known yet. */
export function phaseOf(page, startUs) {
  const key = `${page.market}|${words.local(startUs).day}`;
  if (page.live.fresh && (key !== known.key || Date.now() - known.atMs > OLD_MS)) void load(page, key);
  return key === known.key ? (known.phases.get(startUs) ?? null) : null;
}

async function load(page, key) {
  const phases = key === known.key ? known.phases : new Map();
  known = { key, atMs: Date.now(), phases };
  const [market, day] = key.split("|");
  try {
    const { contracts } = await ask("GET", `/api/v1/markets/${encodeURIComponent(market)}/contracts?day=${day}`);
    const found = contracts.filter((one) => one.product !== "BLOCK").map((one) => [Date.parse(one.delivery_start) * 1000, one.phase]);
    if (known.key === key) known.phases = new Map(found);
  } catch {
    // the next look asks again
  }
}
