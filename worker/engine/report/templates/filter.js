
"use strict";
(() => {
  const form = document.getElementById("filter");
  if (!form) return;
  const count = document.getElementById("filter-count");
  const nothing = document.getElementById("filter-nothing");
  // macOS spells an accent as a character of its own.
  const plain = (text) => text.normalize("NFC").toLowerCase();
  const groups = [...document.querySelectorAll("[data-kinds]")].map((element) => ({
    element,
    kinds: element.dataset.kinds.split(" "),
    paths: [...element.querySelectorAll("[data-path]")].map((tile) => plain(tile.dataset.path)),
  }));
  const filter = () => {
    const kinds = new Set([...form.querySelectorAll("[name=kind]:checked")].map((box) => box.value));
    const text = plain(form.elements.path.value.trim());
    let shown = 0;
    for (const { element, kinds: own, paths } of groups) {
      element.hidden = !(own.some((kind) => kinds.has(kind)) && paths.some((path) => path.includes(text)));
      shown += !element.hidden;
    }
    count.textContent = `${shown} of ${groups.length} ${groups.length === 1 ? "group" : "groups"} shown`;
    nothing.hidden = shown > 0;
  };
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  form.hidden = false;
  filter(); // a browser that comes back to the page has kept what was entered
})();
