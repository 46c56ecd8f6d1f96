// What went wrong with something that was asked for from the page is said on it.
"use strict";
(() => {
  const say = (words) => {
    const place = document.getElementById("trouble");
    if (!place) return;
    place.textContent = words;
    place.hidden = !words;
  };
  document.addEventListener("htmx:beforeRequest", () => say(""));
  document.addEventListener("htmx:responseError", (event) => say(event.detail.xhr.responseText.slice(0, 300)));
  document.addEventListener("htmx:sendError", () => say("The server does not answer. Does `imagesieve up` still run?"));
})();
