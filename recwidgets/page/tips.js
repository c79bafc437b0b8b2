// A word that explains itself: its sentence in a small box, on hover, focus and tap. One box is open at a time.
// It is a popover, in the browser's top layer, so that no panel clips it; Python writes the word (terms.py).

const TIP_GAP = 6; // px between word and box
const TIP_EDGE = 8; // px that stay free at the window's edges
const TIP_WAIT = 200; // ms over a word before its box opens, and after leaving before it closes

function tips(el) {
  const box = document.createElement("div");
  box.className = "rw-tip";
  box.id = `rw-tip-${Math.random().toString(36).slice(2)}`; // unique among all panels
  box.setAttribute("role", "tooltip");
  const layered = "showPopover" in box;
  if (layered) box.setAttribute("popover", "manual");
  let word = null; // whose sentence is shown
  let pinned = false; // opened by click or tap: stays until another one
  let timer = null;

  const place = () => {
    const at = word.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = box;
    const panel = word.closest(".rw-panel")?.getBoundingClientRect();
    const edge = Math.min(panel?.right ?? Infinity, document.documentElement.clientWidth - TIP_EDGE);
    const left = Math.max(TIP_EDGE, Math.min(at.left, edge - width));
    const above = at.top - TIP_GAP - height;
    const below = at.bottom + TIP_GAP;
    const top = below + height > window.innerHeight - TIP_EDGE && above >= TIP_EDGE ? above : below;
    box.style.left = `${left}px`;
    box.style.top = `${top}px`;
  };
  const close = () => {
    clearTimeout(timer);
    if (!word) return;
    if (word.getAttribute("aria-describedby") === box.id) word.removeAttribute("aria-describedby");
    word = null;
    pinned = false;
    if (layered && box.isConnected && box.matches(":popover-open")) box.hidePopover();
    box.remove();
    for (const [name, act] of outside) window.removeEventListener(name, act, true);
  };
  const open = (next, pin = false) => {
    clearTimeout(timer);
    if (word === next) {
      pinned ||= pin;
      return;
    }
    close();
    document.dispatchEvent(new CustomEvent("rw-tip", { detail: box })); // others close
    word = next;
    pinned = pin;
    box.textContent = word.dataset.tip;
    // in the panel, whose colours it takes, but in no region: a region's content is Python's
    (el.closest(".rw-panel") ?? document.body).append(box);
    word.setAttribute("aria-describedby", box.id);
    if (layered) box.showPopover();
    place();
    for (const [name, act] of outside) window.addEventListener(name, act, true);
  };
  const later = (act) => {
    clearTimeout(timer);
    timer = setTimeout(act, TIP_WAIT);
  };
  const onOther = ({ detail }) => detail !== box && close();
  const onScroll = () => {
    const at = word.getBoundingClientRect();
    if (at.bottom < 0 || at.top > window.innerHeight) close();
    else place();
  };
  const onEscape = (event) => {
    if (event.key !== "Escape") return;
    if (el.contains(event.target)) {
      event.stopPropagation(); // it closes the box, and nothing else
      event.preventDefault();
    }
    close();
  };
  const onElsewhere = ({ target }) => {
    if (!word.contains(target) && !box.contains(target)) close();
  };
  const outside = [
    ["keydown", onEscape],
    ["pointerdown", onElsewhere],
    ["scroll", onScroll],
    ["resize", close],
  ];

  const wordAt = ({ target }) => target.closest?.(".rw-term");
  const onOver = (event) => {
    const next = wordAt(event);
    if (next && event.pointerType !== "touch" && !pinned) later(() => next.isConnected && open(next));
  };
  const onOut = (event) => {
    if (wordAt(event) && !pinned && document.activeElement !== word) later(close);
  };
  const onFocus = (event) => {
    const next = wordAt(event);
    if (next?.matches(":focus-visible")) open(next);
  };
  const onBlur = (event) => {
    if (wordAt(event) === word) close();
  };
  const onTap = (event) => {
    const next = wordAt(event);
    if (!next) return;
    if (next === word && pinned) close();
    else open(next, true);
  };
  box.addEventListener("pointerenter", () => clearTimeout(timer)); // the sentence can be pointed at, and read on
  box.addEventListener("pointerleave", () => !pinned && document.activeElement !== word && later(close));
  el.addEventListener("pointerover", onOver);
  el.addEventListener("pointerout", onOut);
  el.addEventListener("focusin", onFocus);
  el.addEventListener("focusout", onBlur);
  el.addEventListener("click", onTap);
  document.addEventListener("rw-tip", onOther);

  return {
    // after the region was painted anew: the word may be gone, or say another thing
    painted() {
      if (!word) return;
      if (!word.isConnected || !word.matches(".rw-term")) return close();
      word.setAttribute("aria-describedby", box.id);
      if (box.textContent !== word.dataset.tip) box.textContent = word.dataset.tip;
      place();
    },
    end() {
      close();
      document.removeEventListener("rw-tip", onOther);
    },
  };
}
