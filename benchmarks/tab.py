"""Training in a browser's tab, on the embedded data: how long a slice keeps clicks waiting, an epoch, the memory.

In the site as `python dev.py lite` builds it, in Chromium: Python is one thread, with clicks and training on one event
loop. Each slice is timed where it runs; another user is chosen meanwhile, by a click in the page.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .binder import ROOT, _run
from .browser import PANELS, _tools, p95
from .options import LABELS, MODELS, Missing, Options
from .report import Row, below
from .tree import family, field

SLICE, CHANGES, EPOCHS = 50, 20, 2  # ms; user changes and whole epochs, at least
LONG = 600_000  # ms
CODE = """
import json, time
import recwidgets as rw
from recwidgets.panel import sliced, trainer
slices, ends = [], []
class Timed(sliced.SlicedDriver):
    def work(self):
        began = time.perf_counter()
        super().work()
        slices.append((time.perf_counter() - began) * 1e3)
    def _part(self):
        left = self._left
        super()._part()
        if self._left != left:
            ends.append(time.perf_counter())
trainer.SlicedDriver = Timed
"""
SAY = """
import pyodide_js
print("SAID", json.dumps({"slices": slices, "ends": ends, "wasm": pyodide_js._module.HEAP8.length / 1e6}))
"""
BESIDE = """
import json, time
import recwidgets as rw
from recwidgets.panel import background
slices = []
def timed(name):
    work = getattr(background.Background, name)
    def done(*arguments):
        began = time.perf_counter()
        work(*arguments)
        slices.append((time.perf_counter() - began) * 1e3)
    setattr(background.Background, name, done)
timed("_slice"), timed("_take")
"""
SAY_BESIDE = 'print("SAID", json.dumps({"slices": slices}))'
# panel: milliseconds from a click on the next user to the list of that user
CHANGE = """panel => new Promise((done, failed) => {
    const heading = () => document.querySelector(`${panel} .rw-list h3`)?.innerText;
    const before = heading(), start = performance.now();
    const watch = new MutationObserver(() => {
        if (heading() === before) return;
        watch.disconnect();
        done(performance.now() - start);
    });
    watch.observe(document.querySelector(panel), {subtree: true, childList: true, characterData: true});
    document.querySelector(`${panel} [data-act=next]`).click();
    setTimeout(() => failed('no other user within 60 s'), 60000);
})"""


@contextlib.contextmanager
def opened(options: Options) -> Iterator[tuple[Any, Any, Any]]:
    """The site, built once a run, in a new browser: the page, its server, and the helpers of such a page."""
    if not os.environ.get("RECWIDGETS_PYODIDE"):
        raise Missing("needs RECWIDGETS_PYODIDE, an archive of Pyodide")
    labpage, _, _, sync_playwright = _tools()
    import litepage  # beside the tools

    with tempfile.TemporaryDirectory() as name:
        folder = Path(options.kept or name) / "site"
        if not folder.exists():
            build = [sys.executable, str(ROOT / "lite" / "build.py"), "--out", str(folder)]
            _run(build, ROOT, {"PYTHONPATH": str(ROOT)})
        with litepage.served(folder) as server, sync_playwright() as playwright, labpage.browser(playwright) as program:
            page = labpage.new_page(program, 1500, 1600)
            litepage.open_site(page, server.address)
            yield page, labpage, litepage


def train(name: str, options: Options) -> dict[str, Any]:
    """Milliseconds of all slices and of each user change, seconds of the epochs after the first, MB."""
    panel, epochs = f".rw-{name}", 1 if options.quick else EPOCHS
    with opened(options) as (page, labpage, litepage):
        litepage.open_cells(page, "tab.ipynb", CODE, f"rw.{PANELS[name]}(user='42', animate=False)", SAY)
        for cell in (0, 1):
            litepage.run_cell(page, cell)
        page.locator(f"{panel} .rw-list [data-row]").nth(9).wait_for(timeout=litepage.LONG)
        before = tab_mb()
        page.locator(f"{panel} .rw-train").click()
        status = page.locator(f"{panel} .rw-status")
        changes: list[float] = []
        training = f"() => /^Training/.test(document.querySelector('{panel} .rw-status').innerText)"
        page.wait_for_function(training, polling=labpage.POLL, timeout=LONG)
        while len(changes) < (3 if options.quick else CHANGES):
            assert status.inner_text().startswith("Training"), "it ended before there were so many changes"
            changes.append(float(page.evaluate(CHANGE, panel)))
            page.wait_for_timeout(300)
        page.wait_for_function(
            f"() => parseInt(document.querySelector('{panel} .rw-status').innerText.match(/\\d+/)) > {epochs}",
            polling=labpage.POLL,
            timeout=LONG,
        )
        training_mb, heap = tab_mb(), page.evaluate("performance.memory.usedJSHeapSize") / 1e6
        page.get_by_role("button", name="Pause", exact=True).click()
        said = _said(page, labpage, litepage)
    ends = said.pop("ends")
    took = [last - first for first, last in zip(ends, ends[1:], strict=False)]
    return said | {"epochs": took, "user": changes, "before": before, "training": training_mb, "heap": heap}


def beside(name: str, options: Options) -> dict[str, Any]:
    """Milliseconds of all slices of work beside: popularity's line, the ranks at all epochs, a knob for all users."""
    panel = f".rw-{name}"
    with opened(options) as (page, labpage, litepage):
        cells = BESIDE, f"rw.{PANELS[name]}(user='42', animate=False)", SAY_BESIDE
        litepage.open_cells(page, "tab.ipynb", *cells)
        for cell in (0, 1):
            litepage.run_cell(page, cell)
        page.locator(f"{panel} .rw-list [data-row]").nth(9).wait_for(timeout=litepage.LONG)
        page.locator(f"{panel} [data-act=drawer][data-value=ranks]").first.click()
        page.locator(f"{panel} .rw-ranks-head", has_text=re.compile(r"^(?!.*Ranking).*The 10 ", re.DOTALL)).wait_for()
        if name == "gnn":
            page.locator(f"{panel} .rw-handle-more").click()
            page.get_by_label("Layers", exact=True).fill("1")
            page.locator(f"{panel} .rw-all-users", has_text="On average two users share").wait_for()
        return _said(page, labpage, litepage)


def _said(page: Any, labpage: Any, litepage: Any) -> dict[str, Any]:
    """What the third cell prints."""
    litepage.run_cell(page, 2)
    page.wait_for_function(
        "() => /SAID .*}/.test(document.querySelectorAll('.jp-CodeCell .jp-OutputArea')[2]?.innerText)",
        polling=labpage.POLL,
        timeout=LONG,
    )
    said: dict[str, Any] = json.loads(litepage.outputs(page, 2).partition("SAID ")[2])
    return said


def tab_mb() -> float:
    """MB of the process that draws the page and runs its Python: the largest of Chromium's."""
    sizes = [0.0]
    for process in family(os.getpid())[1:]:
        with contextlib.suppress(Exception):  # it ended meanwhile
            if "--type=renderer" in process.cmdline():
                sizes.append(field(Path(f"/proc/{process.pid}/smaps_rollup"), "Pss"))
    return max(sizes)


PARTS = {
    **{name: (lambda options, name=name: train(name, options)) for name in MODELS},
    **{f"beside_{name}": (lambda options, name=name: beside(name, options)) for name in MODELS},
}


def rows(done: Mapping[str, Any]) -> list[Row]:
    out: list[Row] = []
    for name in MODELS:
        label, part = LABELS[name], done.get(name, {})
        if "slices" in done.get(f"beside_{name}", {}):
            what = f"{label}, a slice of the work beside (popularity, ranks at all epochs, a knob): the longest"
            out.append(_longest(what, done[f"beside_{name}"]["slices"]))
        if "slices" not in part:
            continue
        out.append(_longest(f"{label}, a slice of a training: the longest", part["slices"]))
        if part["epochs"]:
            out.append(Row(f"{label}, an epoch, evaluation included", "", f"{statistics.median(part['epochs']):.1f} s"))
        note = f"median {statistics.median(part['user']):.0f} ms of {len(part['user'])}, click to list"
        out.append(Row(f"{label}, another user while training: p95", "", f"{p95(part['user']):.0f} ms", None, note))
        note = f"of these {part['wasm']:.0f} MB Python's own memory, {part['heap']:.0f} MB the page's objects; "
        note += f"{part['before']:.0f} MB before the training"
        out.append(Row(f"{label}, the tab while training", "", f"{part['training']:.0f} MB", None, note))
    return out


def _longest(what: str, slices: Sequence[float]) -> Row:
    over = sum(ms > SLICE for ms in slices)
    note = f"p99 {np.percentile(slices, 99):.0f} ms, median {statistics.median(slices):.0f} ms; "
    note += f"{over} of {len(slices):,} are longer than {SLICE} ms"
    return below(what, max(slices), SLICE, "ms", note)
