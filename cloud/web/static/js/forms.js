// The kind of an order on the ticket: only what the exchange's matrix accepts can be chosen.

import { $, h, keyed, text } from "./dom.js";
import * as words from "./words.js";

const { t } = words;
/** How long an order may be made good for. */
export const MINUTES = [5, 15, 30, 60, 240];
const MARKET = "MARKET";
const DAY_US = 86_400e6;

const nameOf = (line) => `${line.kind}_${line.execution}`;
export const formName = (kind, execution) => t(`form.${kind.toLowerCase()}_${execution.toLowerCase()}`);

/** The lower part of the ticket: kind, validity, entry state, and the fields that a kind needs. */
export class Form {
  #changed;
  #lines;

  constructor(page, changed) {
    this.page = page;
    this.#changed = changed;
    this.#lines = JSON.parse($("#ticket-form").dataset.forms);
    this.choice = $("#form-choice");
    this.validity = $("#validity");
    this.asleep = $("#asleep");
    this.display = $("#display");
    this.delta = $("#delta");
    this.until = $("#block-end");
    for (const node of [this.choice, this.validity, this.asleep, this.display, this.delta, this.until]) {
      node.addEventListener(node.tagName === "INPUT" && node.type !== "checkbox" ? "input" : "change", () => {
        this.draw();
        this.#changed();
      });
    }
    document.addEventListener("language", () => this.#options());
    this.#options();
  }

  /** The matrix's line that is chosen; a market order is an IOC without a limit. */
  get line() {
    return this.#lines.find((line) => nameOf(line) === (this.isMarket ? "O_IOC" : this.choice.value));
  }

  get isMarket() {
    return this.choice.value === MARKET;
  }

  get isBlock() {
    return this.line.kind === "B";
  }

  clear() {
    this.choice.selectedIndex = 0;
    this.validity.selectedIndex = 0;
    this.asleep.checked = false;
    this.display.value = "";
    this.delta.value = "";
    this.draw();
  }

  /** The next order goes into the book unless somebody says otherwise again. */
  sent() {
    this.asleep.checked = false;
  }

  #options() {
    const chosen = this.choice.value;
    const options = this.#lines.map((line) => h("option", { value: nameOf(line) }, formName(line.kind, line.execution)));
    if (this.#lines.some((line) => nameOf(line) === "O_IOC")) options.push(h("option", { value: MARKET }, t("form.market")));
    this.choice.replaceChildren(...options);
    if (chosen) this.choice.value = chosen;
    this.validity.dataset.shown = "";
    this.draw();
  }

  /** Show the fields that belong to the chosen kind, and those only. */
  draw() {
    const { line } = this;
    const rests = line.validities.some((validity) => validity !== "NON");
    this.validity.parentElement.hidden = !rests;
    $("#asleep-field").hidden = !line.states.includes("HIBE");
    $("#iceberg-fields").hidden = line.kind !== "I";
    $("#block-fields").hidden = line.kind !== "B";
    $("#price").disabled = this.isMarket;
    if (rests) this.#drawValidities(line);
    if (line.kind === "B") this.#drawEnds();
  }

  #drawValidities(line) {
    const mark = line.validities.join() + words.currentLanguage();
    if (this.validity.dataset.shown === mark) return;
    this.validity.dataset.shown = mark;
    const chosen = this.validity.value;
    const options = line.validities.includes("GFS") ? [h("option", { value: "" }, t("form.until_close"))] : [];
    if (line.validities.includes("GTD")) options.push(...MINUTES.map((minutes) => h("option", { value: minutes }, t("form.for_minutes", { minutes }))));
    this.validity.replaceChildren(...options);
    this.validity.value = chosen;
    if (this.validity.selectedIndex < 0) this.validity.selectedIndex = 0;
  }

  /** The ends that a block beginning with the chosen contract can have: open, without a gap, one day. */
  #drawEnds() {
    const ends = blockEnds(this.page);
    keyed(this.until, ends, (end) => end, (end) => h("option", { value: end }), (node, end) => text(node, words.time(end)));
    if (this.until.selectedIndex < 0 && ends.length) this.until.value = ends[0];
  }

  /** What is chosen, or under `problem` the key of what is missing. */
  read(kw) {
    const { line, page } = this;
    const found = { kind: line.kind, execution: line.execution, market: this.isMarket, validity: line.validities[0], state: "ACTI", validForUs: null };
    if (line.validities[0] !== "NON" && this.validity.value) {
      found.validity = "GTD";
      found.validForUs = Number(this.validity.value) * 60e6;
    }
    if (line.states.includes("HIBE") && this.asleep.checked) found.state = "HIBE";
    if (line.kind === "I") {
      found.displayKw = words.kilowattsOf(this.display.value);
      found.deltaTicks = this.delta.value.trim() === "" ? 0 : words.ticksOf(this.delta.value);
      const step = page.rule()?.step_kw ?? 1;
      if (found.displayKw === null || found.displayKw % step || found.displayKw > (kw ?? 0)) return { ...found, problem: "ticket.bad_display" };
      if (found.deltaTicks === null) return { ...found, problem: "ticket.bad_delta" };
    }
    if (line.kind === "B") {
      found.endUs = Number(this.until.value);
      if (!found.endUs) return { ...found, problem: "ticket.no_block" };
    }
    return found;
  }
}

function blockEnds(page) {
  const rows = page.contracts();
  const at = rows.findIndex((row) => row.start_us === page.startUs);
  if (at < 0) return [];
  const { day } = words.local(rows[at].start_us);
  const ends = [];
  for (let i = at + 1; i < rows.length && rows[i].start_us === rows[i - 1].end_us; i += 1) {
    if (words.local(rows[i].start_us).day !== day || rows[i].start_us - rows[at].start_us > DAY_US) break;
    ends.push(rows[i].end_us);
  }
  return ends;
}
