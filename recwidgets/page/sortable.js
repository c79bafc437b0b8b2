// A list that is put in order: by drag, by keys, by the buttons of a row. The order itself is Python's; here is what a
// pointer and a focus do. A row that was acted on stays under the pointer, and the focus goes where its item goes.

const SLIP = 4; // px that a pointer may move and still be a click
const EDGE = 24; // px at the ends of the list where a drag scrolls it
const TWICE = 500; // ms within which a second click on one spot belongs to the first

function sortable(el, send) {
  const list = () => el.querySelector("[data-sort]");
  const rows = () => [...(list()?.querySelectorAll("li[data-item]:not(.rw-taken)") ?? [])];
  const rowOf = (item) => [...(list()?.children ?? [])].find((row) => row.dataset.item === item);
  const pad = { top: 0, bottom: 0 }; // room that lets a row at an end of the list stay where it is
  let follow = null; // the row acted on: {item, top: where on the screen, or null; focus: where it goes along, "" = not}
  let grabbed = null; // the item that the arrows move
  let drag = null; // {item, row, button, x, y, to, timer}
  let last = null; // the last click: {x, y, time, act, value}

  const setPad = (ol) => {
    ol.style.paddingTop = pad.top ? `${pad.top}px` : "";
    ol.style.paddingBottom = pad.bottom ? `${pad.bottom}px` : "";
  };
  const relax = () => {
    const ol = list();
    if (!ol || (!pad.top && !pad.bottom)) return;
    const seen = ol.scrollTop - pad.top;
    pad.top = pad.bottom = 0;
    setPad(ol);
    ol.scrollTop = seen;
  };
  /** Called before a paint: what the browser would lose. */
  const before = () => ({ scroll: list()?.scrollTop ?? 0, first: list()?.dataset.first });
  /** Called after a paint: the row acted on is where it was on the screen, and has the focus if it had it. */
  const after = ({ scroll }) => {
    const ol = list();
    if (!ol) return stopDrag();
    const all = rows();
    const row = follow && rowOf(follow.item);
    const focused = (follow?.focus && row) || all.find((one) => one.contains(document.activeElement)) || all[0];
    for (const one of ol.children) {
      const hold = one.querySelector(".rw-hold");
      for (const button of one.querySelectorAll("button")) button.tabIndex = -1; // one stop of the Tab key for all
      if (one === focused) hold.tabIndex = 0;
      one.classList.toggle("rw-grabbed", one.dataset.item === grabbed);
      hold.setAttribute("aria-pressed", String(one.dataset.item === grabbed));
    }
    setPad(ol);
    ol.scrollTop = scroll;
    if (!row) return;
    if (follow.top === null) reveal(ol, row);
    else stay(ol, row, follow.top);
    const hold = row.querySelector(".rw-hold");
    const same = row.querySelector(`[data-act="${follow.focus}"]:not([disabled])`);
    if (follow.focus) (same ?? hold).focus({ preventScroll: true });
  };
  const reveal = (ol, row) => {
    const [box, here] = [ol.getBoundingClientRect(), row.getBoundingClientRect()];
    ol.scrollTop += Math.min(0, here.top - box.top) + Math.max(0, here.bottom - box.bottom);
  };
  const stay = (ol, row, top) => {
    const off = () => Math.round(row.getBoundingClientRect().top - top);
    ol.scrollTop += off();
    if (off() < 0) pad.top -= off();
    else pad.bottom += off();
    setPad(ol);
    ol.scrollTop += off();
  };

  /** An act on a row is about to be sent. */
  const keep = (row, { screen = false, focus = "" }) => {
    follow = { item: row.dataset.item, top: screen ? row.getBoundingClientRect().top : null, focus };
  };
  /** May this click act? Not if it is the second one on a spot where something else has come to lie, or the second one
   * of an act that is done once: its answer may be on its way. */
  const allows = (event, button, act, value) => {
    const sort = !!button.closest("[data-item], [role=option]");
    const once = button.matches("[data-once], [role=option]");
    const now = { x: event.clientX, y: event.clientY, time: event.timeStamp, act, value, sort, once };
    const was = last;
    if (event.detail) last = now; // 0: no pointer
    if (!was || !event.detail || now.time - was.time > TWICE) return true;
    if (Math.abs(now.x - was.x) > SLIP || Math.abs(now.y - was.y) > SLIP) return true;
    if (was.act === act && was.value === value) return !once;
    return !(was.sort || now.sort || was.once);
  };

  // -- by drag ---------------------------------------------------------------------------------------
  const mark = () => {
    for (const row of list()?.children ?? []) row.classList.remove("rw-drop-above", "rw-drop-below", "rw-dragged");
    if (!drag?.moving) return;
    const others = rows().filter((row) => row.dataset.item !== drag.item);
    const to = others.findIndex((row) => {
      const box = row.getBoundingClientRect();
      return drag.y < box.top + box.height / 2;
    });
    drag.to = to < 0 ? others.length : to;
    rowOf(drag.item)?.classList.add("rw-dragged");
    if (to < 0) others.at(-1)?.classList.add("rw-drop-below");
    else others[to].classList.add("rw-drop-above");
  };
  const stopDrag = () => {
    if (!drag) return;
    clearInterval(drag.timer);
    drag = null;
    mark();
  };
  const scroll = () => {
    const box = list()?.getBoundingClientRect();
    if (!box || !drag) return stopDrag();
    const by = drag.y < box.top + EDGE ? -8 : drag.y > box.bottom - EDGE ? 8 : 0;
    if (by) {
      list().scrollTop += by;
      mark();
    }
  };
  const onDown = (event) => {
    const hold = event.target.closest?.("[data-sort] .rw-hold");
    if (!list()?.contains(event.target)) relax();
    const grip = event.target.closest?.(".rw-hold > i");
    if (!hold || event.button || (event.pointerType !== "mouse" && !grip) || hold.closest(".rw-taken")) return;
    drag = { item: hold.closest("[data-item]").dataset.item, hold, x: event.clientX, y: event.clientY, moving: false };
  };
  const onMove = (event) => {
    if (!drag) return;
    if (!drag.moving && Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > SLIP) {
      drag.moving = true;
      drag.hold.setPointerCapture(event.pointerId);
      drag.timer = setInterval(scroll, 16);
    }
    drag.y = event.clientY;
    if (!drag.moving) return;
    event.preventDefault();
    mark();
  };
  const onUp = () => {
    if (!drag) return;
    const { item, to, moving } = drag;
    const from = rows().findIndex((row) => row.dataset.item === item);
    stopDrag();
    if (!moving || to === from || to === undefined) return;
    keep(rowOf(item), { focus: "hold" });
    send(list().dataset.sort, `${item}:${to + Number(list().dataset.first)}`);
  };

  // -- by key ----------------------------------------------------------------------------------------
  const grab = (item) => {
    grabbed = item;
    after(before());
  };
  /** True if the key was the list's. */
  const onKey = (event) => {
    const hold = event.target.closest(".rw-hold");
    if (!hold || !list()?.contains(hold)) return false;
    const row = hold.closest("[data-item]");
    const { item } = row.dataset;
    const taken = row.classList.contains("rw-taken");
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const moves = event.altKey || event.ctrlKey || event.metaKey || grabbed === item;
    const act = (name) => {
      keep(row, { focus: "hold" });
      send(name, item);
    };
    if (event.key === "Escape" && (drag || grabbed)) {
      stopDrag();
      grab(null);
    } else if (step && moves) {
      if (!taken) act(step < 0 ? "later" : "earlier");
    } else if (step) {
      const all = [...list().querySelectorAll(".rw-hold")];
      const next = all[all.indexOf(hold) + step];
      grabbed = null;
      next?.focus();
      grab(null);
    } else if (event.key === "Home") {
      if (!taken) act("front");
    } else if (event.key === "Delete" || event.key === "Backspace") {
      if (!taken) act("remove");
    } else if (event.key === "Enter" || event.key === " ") {
      if (taken) act("put-back");
      else grab(grabbed === item ? null : item);
    } else {
      return false;
    }
    event.preventDefault();
    return true;
  };

  const onFocus = ({ target }) => {
    // whoever goes on elsewhere before the answer is there stays there
    if (follow && !rowOf(follow.item)?.contains(target)) follow.focus = "";
  };

  el.addEventListener("focusin", onFocus);
  el.addEventListener("pointerdown", onDown);
  el.addEventListener("pointermove", onMove);
  el.addEventListener("pointerup", onUp);
  el.addEventListener("pointercancel", stopDrag);
  el.addEventListener("pointerout", ({ pointerType, relatedTarget }) => {
    if (pointerType === "mouse" && !list()?.contains(relatedTarget)) relax();
  });
  const elsewhere = ({ target }) => {
    if (!el.contains(target)) last = null; // a click in between: the next one here is the first again
  };
  document.addEventListener("pointerdown", elsewhere, true);
  const stop = () => {
    stopDrag();
    document.removeEventListener("pointerdown", elsewhere, true);
  };
  const settled = () => (follow = null); // all acts are answered: later paints have other reasons
  return { before, after, settled, keep, allows, onKey, stop };
}
