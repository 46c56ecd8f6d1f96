// Puts what the server sends into the page, while the page is looked at.
"use strict";
(() => {
  const parts = ["found", "live", "past", "verdicts"];
  let source = null;
  const listen = () => {
    if (source) return;
    source = new EventSource("/live");
    for (const name of parts) {
      source.addEventListener(name, (event) => {
        const place = document.getElementById(name);
        if (place) place.innerHTML = event.data;
      });
    }
  };
  const leave = () => {
    if (source) source.close();
    source = null;
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : listen()));
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", () => document.hidden || listen());
  if (!document.hidden) listen();
})();
