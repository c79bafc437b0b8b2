"""Random acts on each panel while a model trains: whatever was done, the page ends with one answer, and no error.

`RECWIDGETS_FAULTS=90` goes on for 90 s on each panel, on pages of both layouts, each time with other acts; without it
they are few, and the same each time.
"""

import json
import os
import random
import re
import time

import agreement
import labpage
import look
import pytest
from panelpage import PanelPage

pytestmark = [pytest.mark.browser, pytest.mark.long]

LONG = float(os.environ.get("RECWIDGETS_FAULTS") or 0)  # s on each panel
ACTS = 20
PANELS = ("gnn", "knn", "session", "compare")
TEACHER = {"compare": "knn"}  # who trains meanwhile, for a panel that cannot
# What a person could use now, brought into sight: the one at `part` (0 to 1) of all of them, or of all that is
# drawn in the charts, and what it is.
USABLE = """([selector, part, drawn]) => {
    const panel = document.querySelector(selector);
    const what = drawn ? 'path.slice, rect.bar, path.dot'
        : 'button, [role=button], [role=option], [role=combobox], input, select, summary';
    const all = [...panel.querySelectorAll(what)].filter(e =>
        !e.disabled && !e.dataset.copy && e.dataset.input !== 'rate'  // of 1.0, no number is printed that adds up
        && e.getClientRects().length && e.checkVisibility({visibilityProperty: true, opacityProperty: true}));
    if (!all.length) return null;
    const one = all[Math.floor(part * all.length)];
    one.scrollIntoView({block: 'nearest'});
    const box = one.getBoundingClientRect(), role = one.getAttribute('role');
    const name = one.getAttribute('aria-label') || one.dataset.act || one.textContent.trim() || one.tagName;
    const kind = role === 'combobox' ? 'text' : one.tagName === 'SELECT' ? 'select' : one.type || '';
    return {x: box.x, y: box.y, width: box.width, height: box.height, name: name.slice(0, 40), kind};
}"""
# Every fault that is said on the page from now on, by any panel.
LISTEN = """() => {
    window.__said = new Set();
    const look = () => document.querySelectorAll('.rw-panel :is(.rw-message, .rw-dead)').forEach(e => {
        if (/did not work|stopped:|not saved|No answer|gone/.test(e.innerText)) window.__said.add(e.innerText.trim());
    });
    new MutationObserver(look).observe(document.querySelector('.jp-Notebook'), {subtree: true, childList: true,
        characterData: true});
}"""
TYPED = ("7", "120", "4711", "Noir", "Space 2", "x", "")
# What is no fault: a name that nobody has; and a click on what a click before it, not yet answered, has taken away.
REFUSED = re.compile(
    r"There is no (user|film)|user must be one of|must be one of the history shown|while there is no list, got"
    r"|is the film selected; choose another one|only the film that was taken out last can be put back"
    r"|^No answer yet"  # a machine that is very busy
)
KEYS = ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End")


def one_act(panel, rng, done):
    """Click somewhere, drag, type or press a key; now and then begin to train again."""
    page = panel.page
    if panel.kind != "compare" and rng.random() < 0.15:
        train = panel.root.locator(".rw-train")
        if train.is_enabled():
            done.append("Train")
            return train.evaluate("button => button.click()")
    found = page.evaluate(USABLE, [panel.selector, rng.random(), rng.random() < 0.1])
    if found is None:
        return
    part = rng.random() if found["kind"] == "range" else 0.5
    x, y = found["x"] + part * found["width"], found["y"] + found["height"] / 2
    done.append(f"{found['name']!r} at {part:.2f}")
    page.mouse.click(x, y, click_count=2 if rng.random() < 0.1 else 1)
    if found["kind"] == "text":
        done.append(f"typed {(text := rng.choice(TYPED))!r}")
        page.keyboard.type(text)
        page.keyboard.press(rng.choice(("Enter", "Escape", "Tab")))
    elif found["kind"] in ("range", "select") and rng.random() < 0.5:
        key = rng.choice(KEYS)
        done.append(key)
        for _ in range(rng.randint(1, 8)):
            page.keyboard.press(key)
    elif found["kind"] == "range" and rng.random() < 0.5:
        page.mouse.down()
        page.mouse.move(found["x"] + rng.random() * found["width"], y, steps=5)
        page.mouse.up()


def acts(panel, rng):
    done = []
    end = time.monotonic() + LONG
    while len(done) < ACTS or time.monotonic() < end:
        one_act(panel, rng, done)
    return done


@pytest.mark.parametrize("page", [{"width": 1680}, *([{"width": 1280}] if LONG else [])], indirect=True, ids=str)
def test_random_acts_while_training_leave_one_answer_and_no_error(open_in_lab, page, tmp_path):
    look.write_notebook(agreement.BEGIN, tmp_path / "random.ipynb", *map(agreement.cell, PANELS))
    open_in_lab(tmp_path / "random.ipynb")
    labpage.run_all(page)
    seed = random.randrange(1 << 32) if LONG else 14
    page.evaluate(LISTEN)
    for n, kind in enumerate(PANELS):
        panel, teacher = PanelPage(page, kind), PanelPage(page, TEACHER.get(kind, kind))
        panel.root.locator("[data-row]").first.wait_for()
        teacher.click("Train")
        teacher.wait_text(".rw-status", "^Training")
        done = acts(panel, random.Random(seed + n))
        try:
            agreement.in_kernel(
                page, f"{teacher.kind}.pause()\nif getattr({kind}.state, 'playing', False): {kind}.act('play')"
            )
            agreement.agree(panel)
        except AssertionError as error:
            error.add_note(f"seed {seed}, {kind}, {len(done)} acts, the last: {'; '.join(done[-30:])}")
            raise
        if LONG:
            print(kind, len(done), "acts, seed", seed + n, flush=True)
    agreement.in_kernel(page, "session.reset()\nsession.step()")  # a curve of one point
    PanelPage(page, "session").wait_text(".rw-timebar .rw-thumb", "^1$")
    for kind in PANELS:
        agreement.agree(PanelPage(page, kind))
    said = page.evaluate("[...window.__said]")
    if LONG:
        print(json.dumps(said, indent=1))
    assert [text for text in said if not REFUSED.search(text)] == []
    assert not labpage.state(page)["errors"]
