// Limits of the accounts as a text that is checked while it is written, and the throttle's file.

import { $, put, text } from "./dom.js";
import * as words from "./words.js";

const { t } = words;

const shownLimits = (limits) => {
  const { default: everybody = {}, accounts = {}, members = {} } = limits?.content ?? {};
  return JSON.stringify({ default: everybody, accounts, members }, null, 2);
};

export function policies(page, operate) {
  const box = $("#limits-text");
  let touched = false;
  const draw = () => {
    const { limits, throttle } = page.state;
    if (limits === undefined) return;
    if (!touched && box.value !== shownLimits(limits)) box.value = shownLimits(limits);
    put("limits-note", note(limits));
    put("throttle-note", note(throttle));
    text($("#throttle-text"), throttle ? JSON.stringify(throttle.content, null, 2) : t("operations.no_throttle"));
    const { problem } = read();
    const unchanged = box.value === shownLimits(limits);
    text($("#limits-effect"), problem ?? t(unchanged ? "operations.limits_unchanged" : "operations.effect_limits"));
    $("#limits-send").disabled = Boolean(problem) || unchanged;
    $("#limits-back").disabled = unchanged;
  };
  const note = (policy) => (policy ? t("operations.in_force", { version: words.number(policy.version), time: words.moment(policy.at_us), who: policy.who }) : t("operations.none_set"));
  const read = () => {
    try {
      const { default: everybody = {}, accounts = {}, members = {}, ...more } = JSON.parse(box.value);
      if (Object.keys(more).length) return { problem: t("operations.limits_unknown", { name: Object.keys(more)[0] }) };
      return { content: { default: everybody, accounts, members } };
    } catch {
      return { problem: t("operations.limits_no_json") };
    }
  };
  box.addEventListener("input", () => {
    touched = true;
    draw();
  });
  $("#limits-back").addEventListener("click", () => {
    touched = false;
    draw();
  });
  $("#limits-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const version = (page.state.limits?.version ?? 0) + 1;
    operate.open({
      title: t("operations.limits_set"),
      what: t("operations.limits_version", { version: words.number(version) }),
      effect: t("operations.effect_limits"),
      word: t("operations.limits_set"),
      noReason: true,
      send: () => ["PUT", "/api/v1/exchange/limits", { version, ...read().content }],
      done: () => (touched = false),
    });
  });
  $("#throttle-reload").addEventListener("click", () => operate.open({
    title: t("operations.reload"),
    what: t("operations.reload_what"),
    effect: t("operations.effect_reload"),
    word: t("operations.reload"),
    noReason: true,
    send: () => ["POST", "/admin/policy/reload"],
  }));
  page.live.on(["limits", "throttle"], draw);
  document.addEventListener("language", draw);
}
