/* One dialog for what a person does to the plant: who, why, held, and what came of it. */

import { text, words } from "./context.js";
import { $, write } from "./dom.js";
import { hold } from "./hold.js";

const dialog = $("#deed");
const form = $("form", dialog);
const button = $("#deed-go");
const trouble = $("#deed-trouble");
let asked = null;

/**
 * Ask. `deed` has title, about, effect, label (of the button), reason (whether one is needed), busy
 * (what is said meanwhile), path, and `done(answer)`, which may be async.
 */
export function ask(deed) {
  asked = deed;
  $("#deed-title").textContent = deed.title;
  $("[data-about]", dialog).textContent = deed.about;
  $("[data-effect]", dialog).textContent = deed.effect;
  $("[data-reason]", dialog).hidden = !deed.reason;
  $("#deed-reason").required = deed.reason;
  $("#deed-reason").value = "";
  settle("");
  dialog.showModal();
}

function settle(fault) {
  button.disabled = false;
  write($("span", button), asked.label);
  trouble.hidden = !fault;
  write($("[data-fault]", trouble), fault);
}

async function act() {
  const deed = asked;
  button.disabled = true;
  trouble.hidden = true;
  write($("span", button), deed.busy);
  const said = { who: $("#deed-who").value.trim() };
  if (deed.reason) said.reason = $("#deed-reason").value.trim();
  let fault = "";
  try {
    const answer = await fetch(deed.path, {
      method: "POST", body: JSON.stringify(said), headers: { "Content-Type": "application/json" },
    });
    if (answer.status === 401) { location.assign("/login"); return; }
    const document = await answer.json();
    if (answer.ok) deed.done(document);
    else fault = refusal(document);
  } catch {
    fault = text("deed.no_answer");
  }
  if (asked !== deed) return; /* the dialog is about something else by now */
  settle(fault);
  if (!fault) dialog.close();
}

/** What the box says to a deed that it did not do. */
export function refusal({ code = "", message = "" }) {
  const key = `refused.${code}`;
  if (key in words) return text(key, { message });
  return code ? `${text("refused.OTHER")} (${code}: ${message})` : text("refused.OTHER");
}

form.addEventListener("submit", (event) => event.preventDefault());
hold(button, () => form.reportValidity(), act);
$("#deed-cancel").addEventListener("click", () => dialog.close());
