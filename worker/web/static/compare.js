// Keys press the buttons that are on the page, and the two pictures move together. Nothing is decided in here.
"use strict";
(() => {
  const desk = document.getElementById("desk");
  if (!desk) return;
  const remembered = (name, usual) => {
    try { return sessionStorage.getItem(name) || usual; } catch { return usual; }
  };
  const remember = (name, value) => {
    try { sessionStorage.setItem(name, value); } catch { /* it is asked again then */ }
  };
  let zoom = 1, x = 0, y = 0, blinking = 0, laid = null, busy = false;
  const one = (selector) => desk.querySelector(selector);
  const all = (selector) => [...desk.querySelectorAll(selector)];
  const keysWork = () => remembered("keys", "yes") === "yes";

  // Zoom and pan, in shares of the view, so that both sides show the same place whatever their sizes.
  const place = () => {
    for (const image of all(".view img")) {
      image.style.transform = `translate(${x * 100}%, ${y * 100}%) scale(${zoom})`;
    }
  };
  const zoomTo = (factor, atX = 0, atY = 0) => {
    const next = factor === 0 ? 1 : Math.min(16, Math.max(1, zoom * factor));
    x = next === 1 ? 0 : atX - ((atX - x) * next) / zoom;
    y = next === 1 ? 0 : atY - ((atY - y) * next) / zoom;
    zoom = next;
    bound();
  };
  const bound = () => {
    const most = (zoom - 1) / 2;
    x = Math.max(-most, Math.min(most, x));
    y = Math.max(-most, Math.min(most, y));
    place();
  };

  // The other picture as it lies in this one: made by the server when it is first wanted.
  const lay = () => {
    const viewer = one(".viewer");
    if (laid) return laid;
    const said = one(".laidwords");
    said.textContent = "Laying one on the other…";
    laid = fetch(viewer.dataset.one).then((answer) => answer.json()).catch(() => ({ found: false })).then(async (meta) => {
      if (!viewer.isConnected) return meta;
      if (meta.found) {
        one(".over").src = viewer.dataset.over;
        one(".apart").src = viewer.dataset.difference;
        await Promise.all([one(".over").decode(), one(".apart").decode()]).catch(() => null);
        const share = (meta.overlap * 100).toFixed(meta.overlap > 0.995 ? 0 : 1);
        said.textContent = `They overlap in ${share} % of the left one and differ there by ${meta.mean} of 255 on average, ${meta.most} at most.`;
      } else said.textContent = "No way was found to lay one on the other; side by side shows both.";
      return meta;
    });
    return laid;
  };
  const show = async (mode) => {
    const viewer = one(".viewer");
    if (!viewer) return;
    clearInterval(blinking);
    remember("mode", mode);
    viewer.dataset.mode = mode;
    for (const button of all("[data-set]")) button.setAttribute("aria-pressed", String(button.dataset.set === mode));
    const over = one(".over"), apart = one(".apart"), range = one(".slide");
    over.hidden = apart.hidden = range.hidden = true;
    over.style.clipPath = "";
    one(".laidwords").hidden = mode === "side";
    if (mode === "side") return place();
    const meta = await lay();
    if (!viewer.isConnected || viewer.dataset.mode !== mode) return;
    if (!meta.found) { viewer.dataset.mode = "side"; return; }
    if (mode === "difference") apart.hidden = false;
    if (mode === "swap") over.hidden = false;
    if (mode === "blink") {
      over.hidden = false;
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      blinking = setInterval(() => { over.hidden = !over.hidden; }, calm ? 1500 : 600);
    }
    if (mode === "slider") { over.hidden = range.hidden = false; slide(); }
    place();
  };
  const slide = () => { one(".over").style.clipPath = `inset(0 0 0 ${one(".range").value}%)`; };

  const begin = () => {
    laid = null; zoom = 1; x = 0; y = 0; busy = false;
    const keys = one("#keys");
    if (keys) {
      keys.setAttribute("aria-pressed", String(keysWork()));
      keys.textContent = keysWork() ? "Keys work" : "Keys are off";
    }
    show(remembered("mode", "side"));
    for (const ahead of all("[data-ahead]")) new Image().src = ahead.dataset.ahead;
  };

  desk.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.id === "keys") { remember("keys", keysWork() ? "no" : "yes"); begin(); }
    const again = button.dataset.set === "swap" && one(".viewer").dataset.mode === "swap";
    if (again) { one(".over").hidden = !one(".over").hidden; return; }
    if (button.dataset.set) show(button.dataset.set);
    if (button.dataset.zoom) zoomTo(Number(button.dataset.zoom));
  });
  desk.addEventListener("input", (event) => { if (event.target.matches(".range")) slide(); });
  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || !keysWork()) return;
    if (event.target.closest("input, select, textarea")) return;
    if (event.key.startsWith("Arrow") && event.target.closest(".scroll")) return;
    const key = event.key === "=" ? "+" : event.key;
    const button = all("[data-key]").find((each) => each.dataset.key === key && !each.disabled);
    if (!button || (busy && button.hasAttribute("hx-post"))) return;
    event.preventDefault();
    button.click();
  });
  desk.addEventListener("wheel", (event) => {
    const view = event.target.closest(".view");
    if (!view) return;
    event.preventDefault();
    const box = view.getBoundingClientRect();
    const atX = (event.clientX - box.left) / box.width - 0.5, atY = (event.clientY - box.top) / box.height - 0.5;
    zoomTo(event.deltaY < 0 ? 1.25 : 0.8, atX, atY);
  }, { passive: false });
  const fingers = new Map();
  let apartBefore = 0;
  desk.addEventListener("pointerdown", (event) => {
    const view = event.target.closest(".view");
    if (!view || (zoom === 1 && event.pointerType === "mouse" && event.button !== 0)) return;
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    if (zoom > 1) view.setPointerCapture(event.pointerId);
  });
  desk.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId), view = event.target.closest(".view");
    if (!before || !view) return;
    const box = view.getBoundingClientRect();
    if (fingers.size === 2) {
      fingers.set(event.pointerId, [event.clientX, event.clientY]);
      const [a, b] = [...fingers.values()], apart = Math.hypot(a[0] - b[0], a[1] - b[1]);
      if (apartBefore) zoomTo(apart / apartBefore);
      apartBefore = apart;
      return;
    }
    if (zoom === 1) return;
    x += (event.clientX - before[0]) / box.width;
    y += (event.clientY - before[1]) / box.height;
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    bound();
  });
  for (const end of ["pointerup", "pointercancel"]) {
    document.addEventListener(end, (event) => { fingers.delete(event.pointerId); apartBefore = 0; });
  }
  document.addEventListener("htmx:beforeRequest", (event) => { if (event.detail.target === desk) busy = true; });
  for (const over of ["htmx:responseError", "htmx:sendError"]) document.addEventListener(over, () => { busy = false; });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== desk) return;
    clearInterval(blinking);
    begin();
    const pair = one("#pair");
    if (pair && !desk.contains(document.activeElement)) pair.focus({ preventScroll: true });
  });
  begin();
})();
