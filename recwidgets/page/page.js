// One region of the panel: HTML from Python, patched into place so that focus, sliders and CSS
// transitions survive, and acts of the learner sent back. No framework, no state of its own.

const isField = (element) => element.getAttribute?.("role") === "combobox";

// what stands in a field is what is shown, not what is typed: typing replaces it, until something is typed
function offer(field) {
  field.rwOffered = true;
  field.select();
}

function morphAttributes(from, to) {
  for (const { name } of [...from.attributes]) {
    // opened by the reader, who may go on reading, unless it is another story now
    const opened = name === "open" && from.tagName === "DETAILS" && from.dataset.of === to.dataset.of;
    if (!to.hasAttribute(name) && !opened) from.removeAttribute(name);
  }
  if (from.classList.contains("rw-marked")) to.classList.add("rw-marked"); // a tour points there
  for (const { name, value } of [...to.attributes]) {
    if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
  const busy = from.rwBusy && (from.type === "range" || document.activeElement === from);
  if (from.tagName === "INPUT" && !busy) {
    const wanted = to.getAttribute("value") ?? "";
    const other = to.dataset.stamp !== from.rwShown;
    if (other || from.type === "range") from.value = wanted;
    if (other && isField(from) && document.activeElement === from) offer(from);
    from.rwShown = to.dataset.stamp;
  }
  if ("disabled" in from) from.disabled = to.hasAttribute("disabled");
}

function morph(from, to) {
  const old = [...from.childNodes];
  const fresh = [...to.childNodes];
  fresh.forEach((node, n) => {
    const here = old[n];
    if (!here) return from.appendChild(node);
    const same = here.nodeType === node.nodeType && here.nodeName === node.nodeName;
    if (!same) return from.replaceChild(node, here);
    if (node.nodeType === Node.TEXT_NODE) {
      if (here.data !== node.data) here.data = node.data;
      return;
    }
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    morphAttributes(here, node);
    morph(here, node);
  });
  old.slice(fresh.length).forEach((node) => node.remove());
}

const WIDE = 1298; // px inside the panel's border, as in frame.css

function moveThumb(slider, thumb) {
  const { min, max, value } = slider;
  thumb.style.setProperty("--part", max > min ? (value - min) / (max - min) : 0);
  thumb.textContent = value;
}

function describeFigure(el, alt) {
  // bqplot has no text alternative: the figure beside us gets ours
  const figure = el.parentElement?.querySelector(".bqplot");
  if (!figure || !alt) return;
  figure.setAttribute("role", "img");
  figure.setAttribute("aria-label", alt);
}

const GONE = "The kernel is gone, so this panel cannot answer. Restart the kernel and run this cell again.";
const LOST = " The epochs trained here went with it.";
const SILENT =
  "No answer yet. The kernel is busy with another cell, or gone: wait, or restart it and run this cell again.";

function render({ model, el }) {
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  let patience = null; // an act that is not answered in time means a busy kernel, or none
  let sent = 0; // acts are numbered, and answered by their number
  const view = Math.random().toString(36).slice(2); // whose numbers they are
  const send = (act, value, typed = false) => {
    clearTimeout(patience);
    patience = setTimeout(() => warn(SILENT), 5000);
    sent += 1;
    try {
      model.send({ act, value: value ?? "", n: sent, view, typed });
    } catch {
      warn(goneWords()); // the channel to the kernel is closed
    }
    return sent;
  };
  const goneWords = () => {
    const status = el.closest(".rw-panel")?.querySelector(".rw-status")?.textContent ?? "";
    return /^(Training|Paus|Failed after)|trained here/.test(status) ? GONE + LOST : GONE;
  };
  const onAnswer = ({ answered }) => {
    clearTimeout(patience);
    warn("");
    if (answered >= sent) rows.settled();
    for (const slider of el.querySelectorAll("input[type=range]")) {
      if (slider.rwSent <= answered) {
        slider.rwBusy = Boolean(slider.rwNext);
        fly(slider);
      }
      // one that was put where nothing is goes back to what is shown
      const thumb = slider.parentElement.querySelector(".rw-thumb");
      if (!slider.rwBusy && slider.value !== slider.getAttribute("value")) {
        slider.value = slider.getAttribute("value");
        if (thumb) moveThumb(slider, thumb);
      }
    }
  };
  const warn = (text) => {
    const note = el.querySelector(".rw-dead");
    if (!text) return note?.remove();
    const shown = note ?? el.appendChild(document.createElement("p"));
    shown.className = "rw-dead";
    shown.setAttribute("role", "alert");
    shown.textContent = text;
  };
  // A slider is the learner's until its last value is answered: what Python says of earlier ones must not put it back,
  // or the next key press would start from there. It sends the next value when the one before is answered.
  const soon = (slider, act, value) => {
    slider.rwBusy = true;
    slider.rwNext = [act, value];
    if (!slider.rwFlight) fly(slider);
  };
  const fly = (slider) => {
    clearTimeout(slider.rwFlight);
    slider.rwFlight = null;
    if (!slider.rwNext) return;
    const wait = 100 - (performance.now() - (slider.rwTime ?? -Infinity)); // ms: at most ten values a second
    if (wait > 0) {
      slider.rwFlight = setTimeout(fly, wait, slider);
      return;
    }
    slider.rwTime = performance.now();
    slider.rwLast = slider.rwNext[1];
    slider.rwSent = send(...slider.rwNext);
    slider.rwNext = null;
    slider.rwFlight = setTimeout(fly, 1000, slider); // an act that failed may stay without an answer
  };

  const words = tips(el); // tips.js
  const rows = sortable(el, send); // sortable.js
  let subject = model.get("subject");
  const toTop = () => {
    subject = model.get("subject");
    for (const box of [el, ...el.querySelectorAll("*")]) if (box.scrollTop) box.scrollTop = 0;
  };
  const paint = () => {
    const fresh = document.createElement("div");
    fresh.innerHTML = model.get("html");
    warn("");
    const was = rows.before();
    morph(el, fresh);
    rows.after(was);
    if (model.get("subject") !== subject) toTop();
    words.painted();
    for (const slider of el.querySelectorAll("input[type=range]")) {
      const thumb = slider.rwBusy && slider.parentElement.querySelector(".rw-thumb");
      if (thumb) moveThumb(slider, thumb);
    }
    const alt = el.querySelector("[data-alt]")?.dataset.alt;
    if (alt) requestAnimationFrame(() => describeFigure(el, alt));
  };

  const copy = async (button) => {
    const text = button.dataset.copy;
    let copied = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // no clipboard without https: the old way
      const area = document.createElement("textarea");
      area.value = text;
      document.body.appendChild(area).select();
      copied = document.execCommand("copy");
      area.remove();
      button.focus({ preventScroll: true });
    }
    const label = button.textContent;
    if (label !== "Copy this setup") return;
    button.setAttribute("aria-live", "polite");
    button.textContent = copied ? "Copied" : "Not copied";
    setTimeout(() => (button.textContent = label), 1500);
  };
  const onClick = (event) => {
    const { target } = event;
    if (isField(target) && target.rwOffered) {
      // the press that gave it the focus has put the caret there; another one leaves it
      if (target.selectionStart === target.selectionEnd) target.select();
      target.rwOffered = false;
    }
    const option = target.closest("[role=option]");
    if (option) for (const field of el.querySelectorAll("[role=combobox]")) field.rwBusy = false;
    const copied = event.target.closest("[data-copy]");
    if (copied && el.contains(copied)) return copy(copied);
    const button = event.target.closest("[data-act]");
    if (!button || !el.contains(button) || button.disabled) return;
    const row = button.closest("[data-item]"); // of a list that is put in order
    const { act, value = row?.dataset.item } = button.dataset;
    if (!rows.allows(event, button, act, value)) return;
    if (row) rows.keep(row, { screen: true, focus: row.contains(document.activeElement) && act });
    send(act, value);
  };
  const onInput = (event) => {
    const { type, dataset, value } = event.target;
    const thumb = type === "range" && event.target.parentElement.querySelector(".rw-thumb");
    if (thumb) moveThumb(event.target, thumb); // before Python answers
    event.target.rwBusy = true; // kept beside the attributes, which Python's markup replaces
    event.target.rwOffered = false;
    if (isField(event.target)) {
      // what is offered is of the text before: Enter takes the text, until Python offers anew
      options().forEach((option) => option.setAttribute("aria-selected", "false"));
    }
    if (dataset.input && type === "range") soon(event.target, dataset.input, value);
    else if (dataset.input) send(dataset.input, value, true);
  };
  const onChange = (event) => {
    const { type, dataset, value, rwLast, rwNext } = event.target;
    if (type !== "range") event.target.rwBusy = false;
    if (!dataset.change) return;
    if (type !== "range") send(dataset.change, value);
    else if (value !== (rwNext ? rwNext[1] : rwLast)) soon(event.target, dataset.change, value);
  };
  const options = () => [...el.querySelectorAll("[role=option]")];
  const onKey = (event) => {
    const target = event.target;
    event.stopPropagation(); // JupyterLab's own single-letter shortcuts stay out of the panel
    if (rows.onKey(event)) return;
    if (isField(target)) {
      const all = options();
      const now = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && all.length) {
        event.preventDefault();
        const next = all[(now + step + all.length) % all.length];
        all.forEach((option) => option.setAttribute("aria-selected", String(option === next)));
        next.id ||= `rw-option-${Math.random().toString(36).slice(2)}`; // unique among all panels
        target.setAttribute("aria-activedescendant", next.id);
        next.scrollIntoView({ block: "nearest" });
      } else if (event.key === "Enter") {
        event.preventDefault();
        target.rwBusy = false;
        if (now >= 0) send(all[now].dataset.act, all[now].dataset.value);
        else send(target.dataset.enter, target.value);
      } else if (event.key === "Escape") {
        target.rwBusy = false;
        send(target.dataset.escape, "");
      }
      return;
    }
    if ((event.key === "Enter" || event.key === " ") && target.matches("[role=button][data-act]:not(button)")) {
      event.preventDefault(); // a node of the graph is no <button>, which would do this by itself
      return send(target.dataset.act, target.dataset.value);
    }
    const stops = target.dataset.stops?.split(" ").map(Number); // the only values that this slider can stand at
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (stops && by) {
      event.preventDefault();
      const here = Number(target.value);
      const next = by > 0 ? stops.find((stop) => stop > here) : stops.findLast((stop) => stop < here);
      if (next === undefined) return;
      target.value = next;
      target.dispatchEvent(new Event("input", { bubbles: true })); // as the browser's own step does
      return;
    }
    const row = target.closest("[data-row]");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (row && step) {
      event.preventDefault();
      const rows = [...el.querySelectorAll("[data-row]")];
      const next = rows[rows.indexOf(row) + step];
      if (next) {
        next.focus();
        send(next.dataset.act, next.dataset.value);
      }
    }
  };
  const onLeave = (event) => {
    const box = event.target;
    if (box.type !== "range") box.rwBusy = false;
    if (isField(box) && box.getAttribute("aria-expanded") === "true") {
      setTimeout(() => send(box.dataset.escape, "leave"), 150); // after a click on an option
    }
  };
  // a page with room for all drawers at once says so, whenever that changes
  let roomy = null;
  const sizes = new ResizeObserver(([{ contentRect }]) => {
    if (!contentRect.width) return; // out of sight
    const now = contentRect.width >= WIDE;
    if (now !== (roomy ?? false)) send("wide", now ? "1" : "");
    roomy = now;
  });
  const onMotion = () => send("motion", still.matches ? "still" : "moving");

  const onKernel = () => {
    // ipywidgets marks the panel of a restarted or dead kernel with a class, a moment later
    const gone = () => el.closest(".rw-panel")?.classList.contains("jupyter-widgets-disconnected");
    if (model.get("probe") || el.querySelector(".rw-bones")) setTimeout(() => warn(gone() ? goneWords() : ""), 50);
  };

  el.addEventListener("click", onClick);
  el.addEventListener("input", onInput);
  el.addEventListener("change", onChange);
  el.addEventListener("keydown", onKey);
  el.addEventListener("focusout", onLeave);
  // at once: a key that is pressed before a timer would be selected too, and lost with the next one
  el.addEventListener("focusin", ({ target }) => isField(target) && offer(target));
  el.addEventListener("mousedown", (event) => {
    const { target } = event;
    // choosing an option must not take the focus out of the field first
    if (target.closest("[role=option]")) event.preventDefault();
    if (isField(target) && target.rwOffered && document.activeElement === target) {
      event.preventDefault(); // what is offered stays selected, once
      target.select();
      target.rwOffered = false;
      const kept = (release) => release.preventDefault(); // else the caret would be put where it was pressed
      target.addEventListener("mouseup", kept, { once: true });
    }
  });
  const mark = () => {
    const panel = el.closest(".rw-panel");
    panel?.querySelectorAll(".rw-marked").forEach((one) => one.classList.remove("rw-marked"));
    const place = model.get("mark") && panel?.querySelector(model.get("mark"));
    if (!place) return;
    place.classList.add("rw-marked");
    place.scrollIntoView({ block: "nearest", behavior: still.matches ? "auto" : "smooth" });
  };
  // a page that is slow to paint is sent less: it says when it has worked off all that came before this number
  const onBeat = () => setTimeout(() => {
    try {
      model.send({ beat: model.get("beat") });
    } catch {
      // no kernel that would wait for it
    }
  });
  model.on("change:beat", onBeat);
  model.on("change:mark", mark);
  model.on("change:html", paint);
  model.on("msg:custom", onAnswer);
  if (model.get("probe")) {
    if (model.get("beat")) onBeat(); // opened while it trains: somebody looks again
    still.addEventListener("change", onMotion);
    if (still.matches) onMotion();
    requestAnimationFrame(() => el.closest(".rw-panel") && sizes.observe(el.closest(".rw-panel")));
  }
  model.on("comm_live_update", onKernel);
  linesDrawnFirst(model.widget_manager); // lines.js
  paint();
  return () => {
    model.off("change:html", paint);
    model.off("change:mark", mark);
    model.off("change:beat", onBeat);
    model.off("msg:custom", onAnswer);
    clearTimeout(patience);
    words.end();
    rows.stop();
    sizes.disconnect();
    model.off("comm_live_update", onKernel);
    still.removeEventListener("change", onMotion);
  };
}

export default { render };
