/* The line to the box: server-sent events, watched, and opened again with growing pauses. */

const PAUSES_S = [1, 2, 4, 8];
const SILENCE_S = 4;

/** Call `onPicture` with each picture; `state()` tells how the line is. */
export function connect(onPicture) {
  let source = null;
  let attempts = 0;
  const now = () => performance.now() / 1_000;
  let heardAt = now();
  let heardDate = Date.now() / 1_000;
  let heardOnce = false;
  let openedAt = 0;
  let retryAt = 0;

  /* A sleeping phone stops one of the two clocks; the larger step is the true one. */
  const silence = () => Math.max(now() - heardAt, Date.now() / 1_000 - heardDate);

  function heard(picture) {
    heardAt = now();
    heardDate = Date.now() / 1_000;
    heardOnce = true;
    attempts = 0;
    onPicture(picture);
  }

  function open() {
    close();
    retryAt = 0;
    openedAt = now();
    source = new EventSource("/api/stream");
    source.onmessage = (event) => heard(JSON.parse(event.data));
    source.onerror = lost;
  }

  function close() {
    if (source) source.close();
    source = null;
  }

  async function lost() {
    if (retryAt) return;
    close();
    retryAt = now() + PAUSES_S[Math.min(attempts, PAUSES_S.length - 1)];
    attempts += 1;
    try {
      const answer = await fetch("/api/picture", { cache: "no-store" });
      if (answer.status === 401) location.assign("/login");
    } catch { /* the box is not there: the retry will tell */ }
  }

  function watch() {
    if (retryAt && now() >= retryAt) open();
    else if (source && Math.min(silence(), now() - openedAt) > SILENCE_S) lost();
  }

  for (const [target, name] of [[document, "visibilitychange"], [window, "pageshow"], [window, "online"]]) {
    target.addEventListener(name, () => {
      if (document.visibilityState === "visible" && silence() > 2) { attempts = 0; open(); }
    });
  }
  addEventListener("pagehide", close);
  open();
  return {
    watch,
    silence,
    live: () => heardOnce && silence() <= SILENCE_S,
    retryIn: () => (retryAt ? Math.max(0, Math.ceil(retryAt - now())) : 0),
  };
}
