"""Pictures of every state, in three widths and three themes, beside kept references; a contact sheet of what differs.

A theme has colours of its own and no sizes: the widths are looked at in the light one, and a test compares the boxes.

A broken layout fails: the picture is compared with its reference as a coarse grey mosaic, in which text
that differs a little is the same, and a missing chart or a box over another is not. After a change that is meant:

    RECWIDGETS_RENEW=1 python dev.py test tests/browser/test_pictures.py     and look at ci-artifacts/contact-sheet.png
"""

import contextlib
import json
import os
import shutil
from pathlib import Path

import labpage
import numpy as np
import pytest
from panelpage import PanelPage
from PIL import Image, ImageDraw

pytestmark = [pytest.mark.browser, pytest.mark.needs_tf, pytest.mark.long]

REFERENCES = Path(__file__).with_name("references")
SHEET = labpage.PICTURES.parent / "contact-sheet.png"
IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
# the pictures of the README and the documentation
SHOWN = {f"{kind}-wide-light": f"{kind}-light.png" for kind in ("gnn", "knn", "session", "compare")}
SHOWN |= {"gnn-wide-dark": "gnn-dark.png"}
RENEW = bool(os.environ.get("RECWIDGETS_RENEW"))
WIDTHS = {"narrow": 820, "wide": 1290, "projector": 1900}  # of the window; the panel has 180 px less
TILE, GREY, HEIGHT = 24, 40, 0.12  # px of a tile; how much a tile may differ in grey; how much the height, as a share

STATES = {
    "gnn": "panel = rw.GNNPanel(user='42', animate=False)",
    "knn": "panel = rw.KNNPanel(user='414', animate=False)",
    "session": "panel = rw.SessionPanel(user='42', animate=False)",
    "compare": "panel = rw.ComparePanel(user='414')",
    "one rating": "panel = rw.Panel(few, model=fitted(few), chart=rw.Pie(), user='u0', animate=False)",
    "long titles": "panel = rw.Panel(few, model=fitted(few), chart=rw.Columns(), user='u4', animate=False)",
    "700 ratings": "panel = rw.SessionPanel(user='414', epoch=3, animate=False)",
    "empty you": "panel = rw.KNNPanel(user='42', animate=False); panel.act('you', '')",
    "you": "panel = rw.GNNPanel(user='42', animate=False); panel.act('you', '')\n"
    "for title in ('alien', 'fargo', 'amelie'): panel.act('add-title', title)",
    "evidence out": "panel = rw.SessionPanel(user='42', animate=False)\n"
    "panel.act('drop', f'film:{panel.person.history[-1]}')",
    "not trained": "panel = rw.GNNPanel(user='42', animate=False); panel.reset()",
    "bad input": "panel = rw.KNNPanel(user='42', animate=False); panel.act('choose', 'qqqq')",
    "failed": "model = rw.GNN(dim=4, learning_rate=1e30, backend='numpy')\n"
    "panel = rw.Panel(few, model=model, user='u4', animate=False); panel.train()",
    "opening": "from recwidgets.panel.opening import Opening\nreal = Opening._after_the_cell\n"
    "Opening._after_the_cell = lambda *_: None  # what is seen until it is filled stays\n"
    "panel = rw.GNNPanel(user='42'); Opening._after_the_cell = real",
    "getting ready": "panel = rw.Panel(few, model=Waits(0), user='u4', animate=False); start(panel)",
    "training": "panel = rw.Panel(few, model=Waits(3), user='u4', animate=False); start(panel)",
    "paused": "panel = rw.Panel(few, model=Waits(8), user='u4', animate=False)\nfor epoch in (1, 2, 3):\n"
    "    panel.step()\n"
    "    while panel.training.newest < epoch: await asyncio.sleep(0.05)",
    "stopped": "panel = rw.Panel(few, model=Waits(3), user='u4', animate=False); start(panel)\n"
    "while panel.training.newest < 3: await asyncio.sleep(0.05)\n"
    "panel.stop()",
    "no network": "os.environ |= {'HTTPS_PROXY': 'http://127.0.0.1:9', 'HTTP_PROXY': 'http://127.0.0.1:9'}\n"
    "panel = rw.GNNPanel('20m', user='42', animate=False)",
    "saved": "panel = rw.KNNPanel(user='42', animate=False); panel.act('save', '')",
    "knob turned": "panel = rw.GNNPanel(user='42', animate=False)\n"
    "panel.act('knob:layers', '4'); panel.act('drawer', 'more')",
    "trained here": "model = rw.KNN(dim=4, seed=0)\nhistory = rw.fit(model, few, few, 3, progress=False)\n"
    "panel = rw.Panel(few, model=model, history=history, chart=rw.Polygon(), user='u4', animate=False)",
}
SAYS = {  # what is to be waited for
    "failed": "Failed", "opening": "Opening", "getting ready": "Getting ready", "training": "Training 4 of 8",
    "paused": "Paused after 3 of 8", "stopped": "Stopped", "no network": "Use the built-in data", "saved": "Saved.",
    "knob turned": "On average two users share",
}  # fmt: skip
FIRST = """
import asyncio, os, threading, time
import pandas as pd
import recwidgets as rw
from recwidgets.panel import effects

titles = ["<b>Bold</b> & Sons (1999)", "千と千尋の神隠し (2001)", "Бриллиантовая рука (1969)",
          "Dr. Strangelove or: How I Learned to Stop Worrying and Love the Bomb, the Whole of It (1964)"]
rows = [(f"u{u}", i, 1 + (u + i) % 5, u * 100 + i)
        for u in range(30) for i in range(24) if (u and (u * i) % 3) or i == u]
frame = pd.DataFrame(rows, columns=["user", "item", "rating", "time"])
frame["title"] = [titles[i % 4] if i < 8 else f"Film {i} (19{50 + i})" for i in frame["item"]]
few = rw.Interactions.from_frame(frame)

def fitted(data):
    model = rw.Popularity()
    rw.fit(model, data, progress=False)
    return model

class Waits(rw.Popularity):
    # learns some epochs, then waits for ever: the state of a training that stays as it is
    label, name = "Graph neural network", "gnn"
    def __init__(self, epochs):
        super().__init__()
        self.until = epochs
    def steps(self, data, validation=None, epochs=None):
        for n in range(1, self.until + 1):
            for event in super().steps(data, validation):
                yield rw.FitEvent(n, 8, {"loss": 7 / n, "top_10_accuracy": n / 20}, event.snapshot)
        threading.Event().wait()

def start(panel):
    # as if there were no other panel: a training pauses the others
    effects.PANELS.clear()
    panel.train()
    time.sleep(0.5)
"""


def cell(source, n):
    return {
        "cell_type": "code",
        "id": f"c{n}",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": source,
    }


def notebook(path, states):
    cells = [cell(FIRST, 0)]
    for n, (name, code) in enumerate(states.items(), 1):
        cells.append(cell(f"{code}\npanel.add_class('rw-state-{name.replace(' ', '-')}')\npanel", n))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    path.write_text(
        json.dumps({"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}),
        encoding="utf-8",
    )
    return path


def mosaic(picture):
    """The mean grey of tiles of 24 px: small, and blind to the shape of letters. uint8 (rows, columns)."""
    grey = Image.open(picture).convert("L")
    size = max(grey.width // TILE, 1), max(grey.height // TILE, 1)
    return np.asarray(grey.resize(size, Image.Resampling.BOX))


def differs(picture, reference):
    """What is not as it was, as a sentence; "" where the layout is the same."""
    new, old = mosaic(picture), np.asarray(Image.open(reference))
    if new.shape[1] != old.shape[1] or abs(new.shape[0] - old.shape[0]) > max(2, HEIGHT * old.shape[0]):
        return f"the size is {new.shape[::-1]} tiles, it was {old.shape[::-1]}"
    rows = min(len(new), len(old))
    # a line of text more or less moves what is below it: each tile may be up to two tiles away
    off = np.min([np.abs(np.roll(new[:rows].astype(int), by, axis=0) - old[:rows]) for by in (-2, -1, 0, 1, 2)], axis=0)
    far = (off > GREY).mean()
    return f"{far:.1%} of the tiles differ" if far > 0.03 else ""


def compared(page, file, selector):
    """A picture of `selector`, and what is not as in its reference, as a list of sentences."""
    picture, reference = labpage.screenshot(page, f"state-{file}", selector), REFERENCES / f"{file}.png"
    if RENEW:
        Image.fromarray(mosaic(picture)).save(reference, optimize=True)
        if file in SHOWN:
            shutil.copy(picture, IMAGES / SHOWN[file])
    assert reference.is_file(), f"no reference for {file}: RECWIDGETS_RENEW=1, and look at it"
    said = differs(picture, reference)
    return [f"{file}: {said}"] if said else []


def picture_of_a_gone_kernel(page, theme):
    """What a restarted kernel leaves on the page says so."""
    root = page.locator(".rw-state-gnn")
    root.get_by_text("run this cell again").first.wait_for()
    root.scroll_into_view_if_needed()
    labpage.still(page, ".rw-state-gnn")
    return compared(page, f"kernel-gone-wide-{theme}", ".rw-state-gnn")


def contact_sheet(pictures, path):
    """All pictures, small, with their names under them."""
    width, gap, columns = 320, 16, 6
    small = [(p.stem, Image.open(p).convert("RGB")) for p in pictures]
    small = [(name, image.resize((width, max(1, image.height * width // image.width)))) for name, image in small]
    rows = [small[n : n + columns] for n in range(0, len(small), columns)]
    heights = [max(image.height for _, image in row) + 20 + gap for row in rows]
    sheet = Image.new("RGB", (columns * (width + gap) + gap, sum(heights) + gap), "#888")
    draw, top = ImageDraw.Draw(sheet), gap
    for row, height in zip(rows, heights, strict=True):
        for n, (name, image) in enumerate(row):
            sheet.paste(image, (gap + n * (width + gap), top))
            draw.text((gap + n * (width + gap), top + image.height + 4), name, fill="white")
        top += height
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.stem}-{os.getpid()}.partial")
    sheet.save(partial, "png")
    partial.replace(path)


# A page that has got room for all drawers, or has lost it, has been told so by Python: the editor is filled, or empty.
ROOM = """selector => {
    const root = document.querySelector(selector), editor = root.querySelector('.rw-own');
    if (!editor || root.matches('.rw-compare, .rw-open-edit, .jupyter-widgets-disconnected')) return true;
    return (root.clientWidth >= 1298) === editor.innerHTML.trim().length > 0;
}"""

# Where everything in the panels stands, relative to its panel: [name, left, top, width, height] in px.
BOXES = """() => [...document.querySelectorAll('.rw-panel')].flatMap(panel => {
    const own = panel.getBoundingClientRect();
    return [...panel.querySelectorAll('*')].filter(e => e.checkVisibility()).map(e => {
        const box = e.getBoundingClientRect();
        return [e.tagName, ...[box.left - own.left, box.top - own.top, box.width, box.height].map(Math.round)];
    });
})"""


def settled(page, read, timeout=5_000):
    """What `read` finds wrong, as a list; looked at again for some seconds while it finds anything."""
    with contextlib.suppress(AssertionError):
        labpage.becomes(page, read, [], timeout)
        return []
    return read()


def ready(page, name):
    """Wait until the state is the one that its name says."""
    selector = f".rw-state-{name.replace(' ', '-')}"
    root = page.locator(selector)
    root.wait_for()
    if name == "compare":
        root.locator(".rw-handles").filter(has_text="noise").wait_for(timeout=120_000)
    if name not in ("opening", "no network"):  # these two stay frames
        root.locator(".rw-skeleton").wait_for(state="detached")
        root.locator(".rw-list").first.wait_for(timeout=120_000)  # 22 panels and two trainings in one kernel
    if name in SAYS:
        root.get_by_text(SAYS[name]).first.wait_for(timeout=90_000)
    return root


@pytest.mark.parametrize("page", [{"width": WIDTHS["wide"], "height": 2400}], indirect=True, ids=["all widths"])
def test_every_state_looks_as_it_did(page, open_in_lab, tmp_path):
    """One notebook for all pictures: the page gets another width, then another theme, as it stands."""
    open_in_lab(notebook(tmp_path / "states.ipynb", STATES), "light")
    labpage.run_all(page, timeout=600_000)  # many panels in one page, while other workers compute
    wrong, out = [], []
    for name in STATES:
        ready(page, name).scroll_into_view_if_needed()
    for theme, width_name in [*(("light", width) for width in WIDTHS), ("dark", "wide"), ("contrast", "wide")]:
        labpage.use_theme(page, theme)
        page.set_viewport_size({"width": WIDTHS[width_name], "height": 2400})
        for name in STATES:
            selector = f".rw-state-{name.replace(' ', '-')}"
            page.locator(selector).scroll_into_view_if_needed()
            page.wait_for_function(ROOM, arg=selector, polling=labpage.POLL)
            labpage.still(page, selector)
            file = f"{name.replace(' ', '-')}-{width_name}-{theme}"
            wrong += compared(page, file, selector)
            kind = "gnn"  # the class is the model's; the layout's check needs a panel only
            panel = PanelPage.__new__(PanelPage)
            panel.page, panel.kind, panel.selector, panel.root = page, kind, selector, page.locator(selector)
            out += [f"{file}: {part}" for part in settled(panel.page, panel.sticks_out)]
    page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    for theme in ("contrast", "dark", "light"):
        labpage.use_theme(page, theme)
        wrong += picture_of_a_gone_kernel(page, theme)
    if wrong or out or RENEW:
        contact_sheet(sorted(labpage.PICTURES.glob("state-*.png")), SHEET)
    assert not out, "reaches beyond the panel: " + "; ".join(out)
    assert not wrong, f"look at {SHEET}: " + "; ".join(wrong)


@pytest.mark.parametrize("page", [{"width": WIDTHS["wide"], "height": 2400}], indirect=True, ids=["from 820 to 1560"])
def test_nothing_is_cut_between_the_widths_either(page, open_in_lab, tmp_path):
    """Laptops are 1366 and 1440 wide: columns that are too narrow to read stack instead."""
    states = {name: STATES[name] for name in ("gnn", "knn", "session")}
    open_in_lab(notebook(tmp_path / "widths.ipynb", states), "light")
    labpage.run_all(page)
    for name in states:
        ready(page, name)
        PanelPage(page, name).filled()
    out = []
    for width in (*range(820, 1420, 40), 1485, 1560):  # the last two: all drawers are open, side by side
        page.set_viewport_size({"width": width, "height": 2400})
        for name in states:
            panel = PanelPage(page, name)
            page.wait_for_function(ROOM, arg=panel.selector, polling=labpage.POLL)
            panel.still()
            out += [f"{name} at {width}: {part}" for part in settled(page, panel.sticks_out)]
            why = panel.root.locator(".rw-why").bounding_box()["width"]
            out += [f"{name} at {width}: why is {why:.0f} px wide"] if why < 300 else []
    assert not out, out
    for width in WIDTHS.values():
        page.set_viewport_size({"width": width, "height": 2400})
        for name in states:
            panel = PanelPage(page, name)
            page.wait_for_function(ROOM, arg=panel.selector, polling=labpage.POLL)
            panel.still()
        places = {}
        for theme in ("light", "dark", "contrast"):
            labpage.use_theme(page, theme)
            places[theme] = page.evaluate(BOXES)
        assert len(places["light"]) > 300
        assert places["dark"] == places["light"], f"{width} px: the dark theme moves something"
        assert places["contrast"] == places["light"], f"{width} px: the theme of high contrast moves something"
    labpage.use_theme(page, "light")


@pytest.mark.parametrize("page", [{"width": 360, "height": 900}], indirect=True, ids=["a phone"])
def test_a_phone_under_voila_scrolls_down_only(page, start_voila, tmp_path):
    states = {name: STATES[name] for name in ("gnn", "knn", "session")}
    page.goto(start_voila(notebook(tmp_path / "phone.ipynb", states)))
    for name in states:
        root = ready(page, name)
        root.locator(".rw-list [data-row]").nth(9).wait_for()
        root.scroll_into_view_if_needed()
        panel = PanelPage(page, name)
        panel.still()
        panel.fits()
        panel.wait("panel => panel.getBoundingClientRect().width <= 360")
        labpage.screenshot(page, f"{name}-phone", panel.selector)
    page.wait_for_function("document.documentElement.scrollWidth <= 360")


@pytest.mark.parametrize("page", [{"width": 1130, "height": 1300}], indirect=True, ids=["for the README"])
def test_the_moving_picture_of_the_readme(page, open_in_lab, tmp_path):
    """A film is taken apart, the layers turned, the epochs replayed: frames of the real panel, as an animated GIF."""
    open_in_lab(notebook(tmp_path / "film.ipynb", {"film": "panel = rw.GNNPanel(user='42')"}))
    labpage.run_all(page)
    panel = PanelPage(page, "gnn")
    panel.filled()
    panel.still()
    frames = []

    def film(times=1):
        for _ in range(times):
            frames.append(Image.open(labpage.screenshot(page, "film", panel.selector)).convert("RGB"))

    film(3)
    for place in (1, 2):
        panel.root.locator(".rw-list [data-row]").nth(place).click()
        panel.still()
        film(3)
    for layers in (1, 0, 3):
        panel.root.get_by_label("Layers", exact=True).fill(str(layers))
        panel.wait_text(".rw-own-knob output", rf"^{layers}\b")
        film(2)
        panel.still()
        film(2)
    for epoch in (1, 3, 8):
        panel.root.get_by_label("Epoch shown").fill(str(epoch))
        panel.wait_text(".rw-list h3", f"epoch {epoch} of")
        film(2)
        panel.still()
        film(2)
    size = min(frame.height for frame in frames)
    small = [f.crop((0, 0, f.width, size)).resize((760, size * 760 // f.width)).quantize(96) for f in frames]
    path = labpage.PICTURES / "panel.gif"
    small[0].save(path, save_all=True, append_images=small[1:], duration=420, loop=0, optimize=True)
    assert 20 < len(frames) < 60 and path.stat().st_size < 3_000_000
    assert len({frame.tobytes() for frame in frames}) > 6, "it moves"
    if RENEW:
        shutil.copy(path, IMAGES / "panel.gif")


def test_a_broken_layout_is_noticed(tmp_path):
    """A missing half, and another height, are differences; a little noise is none."""
    whole = Image.new("L", (480, 480), 255)
    ImageDraw.Draw(whole).ellipse((24, 24, 240, 240), fill=60)
    reference = tmp_path / "reference.png"
    whole.save(tmp_path / "whole.png")
    Image.fromarray(mosaic(tmp_path / "whole.png")).save(reference)
    assert differs(tmp_path / "whole.png", reference) == ""
    noisy = np.clip(np.asarray(whole, int) + np.random.default_rng(0).integers(-60, 60, (480, 480)), 0, 255)
    Image.fromarray(noisy.astype(np.uint8)).save(tmp_path / "noisy.png")
    assert differs(tmp_path / "noisy.png", reference) == ""
    Image.new("L", (480, 480), 255).save(tmp_path / "empty.png")
    assert "differ" in differs(tmp_path / "empty.png", reference)
    whole.crop((0, 0, 480, 240)).save(tmp_path / "half.png")
    assert "size" in differs(tmp_path / "half.png", reference)
