// One dialog for all that operations do: what, its effect, a reason, and a button that is held.

import { $, h, hold, text, toast } from "./dom.js";
import { ask } from "./api.js";
import * as words from "./words.js";

const { t } = words;

export class Operate {
  #wish = null;
  #sending = false;

  constructor(page) {
    this.page = page;
    this.dialog = $("#act-dialog");
    this.reason = $("#act-reason");
    this.reason.addEventListener("input", () => this.#draw());
    $("#act-form").addEventListener("submit", (event) => event.preventDefault());
    hold($("#act-send"), () => void this.#send());
    page.live.on(["connection"], () => this.dialog.open && this.#draw());
    setInterval(() => this.dialog.open && this.#draw(), 1000);
  }

  /** `wish`: title, what, effect, word on the button; `send(reason)` returns [method, path, body]. */
  open(wish) {
    this.#wish = wish;
    this.reason.value = "";
    $("#act-problem").hidden = true;
    text($("#act-title"), wish.title);
    text($("#act-what"), wish.what);
    text($("#act-effect"), wish.effect);
    $("#act-reason-field").hidden = wish.noReason === true;
    this.#draw();
    this.dialog.showModal();
  }

  #draw() {
    const send = $("#act-send");
    const missing = !this.#wish.noReason && !this.reason.value.trim();
    send.disabled = this.#sending || missing || !this.page.live.fresh;
    text(send.firstElementChild, !this.page.live.fresh ? t("order.stale") : missing ? t("order.bad_reason") : t("order.hold", { what: this.#wish.word }));
  }

  async #send() {
    const [method, path, body] = this.#wish.send(this.reason.value.trim());
    this.#sending = true;
    this.#draw();
    try {
      await ask(method, path, body);
      this.dialog.close();
      toast(t("operations.done", { what: this.#wish.title }));
      this.#wish.done?.();
    } catch (error) {
      $("#act-problem").hidden = false;
      text($("#act-problem"), error.code ? t("ticket.refused", { code: error.code, message: error.message }) : t("own.no_answer"));
    }
    this.#sending = false;
    this.#draw();
  }
}

/** A button of a row that opens the dialog. */
export function actButton(operate, word, wish, disabled = null) {
  const button = h("button", { class: "btn sm", type: "button", disabled: disabled !== null, title: disabled }, word);
  button.addEventListener("click", () => operate.open(wish()));
  return button;
}
