// The live feed: one socket, one state document, listeners by section. Its messages are described
// in cloud/web/live.py. Age is judged by the newest message heard, never by the socket's word.

const STALE_MS = 5000;
const SILENT_MS = 8000;
const BACK_OFF_MS = [1000, 2000, 4000, 8000];
const MERGED = new Set(["contracts", "sites", "schedules", "fleet", "values"]);
const CLOSED_BY_RULE = 1008;

export class Live {
  state = {};
  heardMs = null;
  lostUs = null;
  retryAtMs = null;
  #offsetMs = 0;
  #listeners = [];
  #watch = {};
  #socket = null;
  #attempt = 0;
  #timer = 0;
  #path;

  /** The sections that come depend on the page: `{page: "site", site: "werk-sued"}`. */
  constructor(page = {}) {
    this.#path = `/ws/live?${new URLSearchParams(page)}`;
  }

  /** Call `listener` after each message that touches one of the sections. */
  on(sections, listener) {
    this.#listeners.push({ sections: new Set(sections), listener });
  }

  /** Say what to follow: market, contract, site. The hub answers with the sections for it. */
  watch(wish) {
    this.#watch = { ...this.#watch, ...wish };
    if (this.#socket?.readyState === WebSocket.OPEN) this.#sendWatch();
  }

  /** The hub's clock now, in microseconds. */
  nowUs() {
    return (Date.now() + this.#offsetMs) * 1000;
  }

  ageMs() {
    return this.heardMs === null ? null : Date.now() - this.heardMs;
  }

  get fresh() {
    return this.heardMs !== null && this.ageMs() < STALE_MS;
  }

  ageS(atUs) {
    return Math.max(0, (this.nowUs() - atUs) / 1e6);
  }

  /** How old something was when the newest message came: silence of the hub ages no box. */
  ageWhenHeardS(atUs) {
    return Math.max(0, this.ageS(atUs) - (this.ageMs() ?? 0) / 1000);
  }

  staleAt(atUs) {
    return (this.nowUs() - atUs) / 1000 > STALE_MS;
  }

  start() {
    this.#open();
    setInterval(() => {
      if (this.#socket && this.heardMs !== null && this.ageMs() > SILENT_MS) this.reconnect();
    }, 1000);
    const wakeUp = () => {
      if (document.visibilityState === "visible" && !this.fresh && this.heardMs !== null) this.reconnect();
    };
    document.addEventListener("visibilitychange", wakeUp);
    addEventListener("pageshow", wakeUp);
    addEventListener("online", wakeUp);
  }

  /** Try again now, with a new socket; the hub begins with a whole snapshot. */
  reconnect() {
    this.#drop();
    this.#open();
  }

  #open() {
    clearTimeout(this.#timer);
    this.retryAtMs = null;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}${this.#path}`);
    this.#socket = socket;
    socket.addEventListener("open", () => this.#sendWatch());
    socket.addEventListener("message", (event) => this.#heard(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => {
      if (this.#socket === socket) this.#lost(event);
    });
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#markLost();
  }

  #markLost() {
    if (this.heardMs !== null) this.lostUs ??= (this.heardMs + this.#offsetMs) * 1000;
  }

  async #lost(event) {
    this.#socket = null;
    this.#markLost();
    if (event.code === CLOSED_BY_RULE || this.heardMs === null) await this.#toLogInWhenAsked();
    const waitMs = BACK_OFF_MS[Math.min(this.#attempt, BACK_OFF_MS.length - 1)];
    this.#attempt += 1;
    this.retryAtMs = Date.now() + waitMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(), waitMs);
    this.#tell(["connection"]);
  }

  /** A refused socket does not say why; a session that has ended sends the page to the log-in. */
  async #toLogInWhenAsked() {
    try {
      const answer = await fetch(location.pathname, { method: "HEAD", redirect: "manual" });
      if (answer.type === "opaqueredirect") location.assign("/login");
    } catch {
      // the hub is away: the next attempt will tell
    }
  }

  #sendWatch() {
    this.#socket.send(JSON.stringify({ kind: "watch", ...this.#watch }));
  }

  #heard(message) {
    const was = this.lostUs;
    this.heardMs = Date.now();
    this.#offsetMs = message.at_us / 1000 - this.heardMs;
    this.lostUs = null;
    this.#attempt = 0;
    if (message.kind === "snapshot") this.state = message.state;
    if (message.kind === "update") this.#merge(message.state);
    if (message.state) this.#tell(Object.keys(message.state));
    if (was !== null || message.kind === "snapshot") this.#tell(["connection"]);
  }

  #merge(changes) {
    for (const [section, value] of Object.entries(changes)) {
      if (!MERGED.has(section)) {
        this.state[section] = value;
        continue;
      }
      const rows = (this.state[section] ??= {});
      for (const [key, row] of Object.entries(value)) {
        if (row === null) delete rows[key];
        else rows[key] = row;
      }
    }
  }

  #tell(sections) {
    for (const { sections: wanted, listener } of this.#listeners) {
      if (sections.some((section) => wanted.has(section))) listener(this.state);
    }
  }
}
