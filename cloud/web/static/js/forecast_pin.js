// Who is asked for the forecasts of an area: told to all, pinned and taken back by an admin.

import { $, $$, text, toast } from "./dom.js";
import { ask } from "./api.js";
import * as words from "./words.js";

const { t } = words;
const PIN = "/api/forecast/pin";
const DAYS = 7;

/** The watch of the area that is shown; undefined while it is not known. */
const shown = (page) => page.scores?.find((one) => one.area === page.area);

function standing(watch) {
  const without = watch.without.map((name) => t(`input.${name}`)).join(", ");
  const parts = [t(`pin.${watch.members}`)];
  if (without) parts.push(t("pin.left_out", { what: without }));
  const { pin } = watch;
  if (pin) parts.push(t("pin.by", { who: pin.account, until: words.day(Date.parse(`${pin.until}T12:00Z`) * 1000), reason: pin.reason }));
  else if (watch.members !== "all" || without) parts.push(t("pin.by_alarm"));
  return parts.join(" · ");
}

export function drawPin(page) {
  const watch = shown(page);
  text($("#pin-now"), watch ? standing(watch) : t("state.loading"));
  $("#pin-back").hidden = !watch?.pin;
}

/** Let an admin pin; `changed` reads the watch again. */
export function pinForm(page, changed) {
  const form = $("#pin-form");
  form.hidden = document.body.dataset.role !== "admin";
  $("#pin-until").value = new Date(Date.now() + DAYS * 86_400e3).toISOString().slice(0, 10);
  const send = async (method, path, body) => {
    try {
      await ask(method, path, body);
      toast(t(body ? "pin.done" : "pin.taken_back"));
    } catch (error) {
      toast(error.message, true);
    }
    changed();
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const without = $$("#pin-form [name=without]:checked").map((box) => box.value);
    void send("PUT", PIN, { area: page.area, members: $("#pin-members").value, without, until: $("#pin-until").value, reason: $("#pin-reason").value });
  });
  $("#pin-back").addEventListener("click", () => void send("DELETE", `${PIN}?area=${encodeURIComponent(page.area)}`));
}
