/* Hold to confirm: what changes power must not happen by a slip of a glove. */

const HOLD_MS = 1_500;

/** Run `done` once the button was pressed for 1.5 s, by pointer or by Space or Enter held, if `ready()`. */
export function hold(button, ready, done) {
  let since = 0;
  let frame = 0;
  const stop = () => {
    cancelAnimationFrame(frame);
    frame = 0;
    since = 0;
    button.style.setProperty("--held", "0%");
  };
  const step = (now) => {
    since ||= now;
    const share = Math.min(1, (now - since) / HOLD_MS);
    button.style.setProperty("--held", `${share * 100}%`);
    if (share < 1) { frame = requestAnimationFrame(step); return; }
    stop();
    done();
  };
  const start = () => {
    if (!button.disabled && !frame && ready()) frame = requestAnimationFrame(step);
  };
  button.addEventListener("pointerdown", start);
  for (const name of ["pointerup", "pointerleave", "pointercancel", "blur", "keyup"]) button.addEventListener(name, stop);
  button.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (!event.repeat) start();
  });
  button.addEventListener("click", (event) => event.preventDefault());
  button.addEventListener("contextmenu", (event) => event.preventDefault());
}
