/* Alarms: what lasts or nobody has seen yet, and the little form in which a person says "seen". */

import { format, language, text, words } from "./context.js";
import { $, fill, make } from "./dom.js";

const box = $("#alarms");
const dialog = $("#acknowledge");
let asked = "";

export function renderAlarms(alarms, nowUs) {
  box.hidden = alarms.length === 0;
  fill($("ul", box), alarms, (alarm) => row(alarm, nowUs), format.minute(nowUs));
}

function row(alarm, nowUs) {
  const item = make("li", alarm.cleared_us ? "over" : "");
  const shape = make("i", `shape small ${alarm.severity}`);
  shape.setAttribute("role", "img");
  shape.setAttribute("aria-label", text(`severity.${alarm.severity}`));
  const name = words[`event.${alarm.code}`] ?? alarm.code;
  item.append(shape, make("span", "", name), make("time", "num", format.secondDated(alarm.raised_us, nowUs)));
  const about = language === "en" || !words[`event.${alarm.code}`] ? `${alarm.source}: ${alarm.text}` : alarm.source;
  item.append(make("small", "", about), make("small", "num", state(alarm, nowUs)));
  if (alarm.note) item.append(make("small", "note", alarm.note));
  if (!alarm.acked_us) {
    const button = make("button", "", text("alarms.ack"));
    button.type = "button";
    button.setAttribute("aria-label", `${text("alarms.ack")}: ${name}, ${alarm.source}`);
    button.addEventListener("click", () => ask(alarm.id, name, alarm.source));
    item.append(button);
  }
  return item;
}

function state(alarm, nowUs) {
  const lasts = alarm.cleared_us ? text("alarms.over", { time: format.secondDated(alarm.cleared_us, nowUs) }) : text("alarms.lasts");
  if (!alarm.acked_us) return lasts;
  return `${lasts} · ${text("alarms.acked", { who: alarm.acked_by, time: format.secondDated(alarm.acked_us, nowUs) })}`;
}

function ask(id, name, source) {
  asked = id;
  $("[data-about]", dialog).textContent = `${name} · ${source}`;
  $("#note").value = "";
  $("#ack-trouble").hidden = true;
  dialog.showModal();
}

async function send(event) {
  event.preventDefault();
  const body = JSON.stringify({ who: $("#who").value.trim(), note: $("#note").value.trim() });
  try {
    const answer = await fetch(`/api/alarms/${asked}/acknowledge`, {
      method: "POST", body, headers: { "Content-Type": "application/json" },
    });
    if (answer.status === 401) location.assign("/login");
    else if (answer.ok) dialog.close();
    else $("#ack-trouble").hidden = false;
  } catch {
    $("#ack-trouble").hidden = false;
  }
}

$("form", dialog).addEventListener("submit", send);
$("#ack-cancel").addEventListener("click", () => dialog.close());
