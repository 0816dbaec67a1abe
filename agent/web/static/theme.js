/* Appearance: light, sun, dark. Runs before the first paint, so that nothing flashes. */
(() => {
  "use strict";
  const THEMES = ["light", "sun", "dark"];
  const root = document.documentElement;
  const read = () => {
    try { return localStorage.getItem("theme"); } catch { return null; }
  };
  const apply = (theme) => {
    root.dataset.theme = theme;
    try { localStorage.setItem("theme", theme); } catch { /* private mode: only this visit */ }
  };
  const wish = new URLSearchParams(location.search).get("theme") ?? read();
  if (THEMES.includes(wish)) apply(wish);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#theme")) return;
    apply(THEMES[(THEMES.indexOf(root.dataset.theme) + 1) % THEMES.length]);
  });
})();
