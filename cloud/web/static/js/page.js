// What the page looks at: market, contract and site, chosen by the person or following the clock.

export const SECTIONS_OF_MARKET = ["markets", "contracts", "positions", "watch"];

export class Page {
  market = null;
  startUs = null;
  site = null;
  /** True until a person picks a contract: then the page stays where they are. */
  following = true;
  /** Set by the ticket while a person is writing an order: never move the contract under them. */
  busy = () => false;
  #listeners = [];

  constructor(live, role) {
    this.live = live;
    this.role = role;
    live.on(["markets", "contracts", "sites"], () => this.#settle());
  }

  get state() {
    return this.live.state;
  }

  get mayTrade() {
    return this.role === "trader" || this.role === "admin";
  }

  onSelection(listener) {
    this.#listeners.push(listener);
  }

  select(wish, byPerson = true) {
    const marketChanges = "market" in wish && wish.market !== this.market;
    Object.assign(this, wish);
    if (marketChanges) {
      this.startUs = null;
      this.following = true;
    } else if ("startUs" in wish && byPerson) this.following = false;
    this.live.watch({ market: this.market, start_us: this.startUs, site: this.site });
    for (const listener of this.#listeners) listener();
  }

  rule() {
    return (this.state.markets ?? []).find((market) => market.code === this.market) ?? null;
  }

  /** All tradable contracts, nearest delivery first. */
  contracts() {
    const rows = this.state.watch?.market === this.market ? this.state.contracts ?? {} : {};
    return Object.values(rows).sort((a, b) => a.start_us - b.start_us);
  }

  contract() {
    if (this.startUs === null || this.state.watch?.market !== this.market) return null;
    return this.state.contracts?.[this.startUs] ?? null;
  }

  /** Own net position in kW: one site's, or of all sites together. */
  position(startUs, site = this.site) {
    const bySite = this.state.positions ?? {};
    if (site !== null) return bySite[site]?.[startUs] ?? 0;
    return Object.values(bySite).reduce((sum, one) => sum + (one[startUs] ?? 0), 0);
  }

  depth() {
    const depth = this.state.depth;
    return depth && depth.start_us === this.startUs && depth.market === this.market ? depth : null;
  }

  tape() {
    const tape = this.state.tape;
    return tape && tape.start_us === this.startUs && tape.market === this.market ? tape : null;
  }

  siteName(id) {
    return this.state.sites?.[id]?.name ?? id ?? "–";
  }

  move(by) {
    const rows = this.contracts();
    const at = rows.findIndex((row) => row.start_us === this.startUs);
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + by))];
    if (next) this.select({ startUs: next.start_us });
  }

  #hasFreshPower(site) {
    const [, , atUs] = this.state.sites[site].points["ac.power_kw"] ?? [null, null, 0];
    return !this.live.staleAt(atUs);
  }

  #settle() {
    const wish = {};
    const codes = (this.state.markets ?? []).map((market) => market.code);
    if (codes.length && !codes.includes(this.market)) wish.market = this.state.watch?.market ?? codes[0];
    const sites = Object.keys(this.state.sites ?? {}).sort();
    if (!sites.includes(this.site)) {
      const next = sites.find((id) => this.#hasFreshPower(id)) ?? sites[0] ?? null;
      if (next !== this.site) wish.site = next;
    }
    const rows = Object.values(this.state.contracts ?? {});
    const gone = this.startUs === null || !rows.some((row) => row.start_us === this.startUs);
    if (rows.length && gone && (this.startUs === null || !this.busy())) {
      wish.startUs = Math.min(...rows.map((row) => row.start_us));
      this.following = true;
    }
    if (Object.keys(wish).length) {
      const { market, ...rest } = wish;
      if (market !== undefined) this.market = market;
      this.select(rest, false);
    }
  }
}
