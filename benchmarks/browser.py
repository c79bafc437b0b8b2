"""From a learner's act to the changed chart, in a real JupyterLab, beside a bare Dropdown → bqplot Bars.

What is clicked and what is awaited are the page's own: the time runs from the event to the first change of
the chart's geometry. Motion is off in both, so that the waiting is for the answer and not for the eye.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .options import LABELS, MODELS, Missing, Options
from .report import Row, below

HELPERS = Path(__file__).resolve().parents[1] / "tests" / "browser"
PANELS = {"gnn": "GNNPanel", "knn": "KNNPanel", "session": "SessionPanel"}
KNOBS = {"gnn": ("Layers", (1, 2)), "knn": ("Neighbours k", (4, 9)), "session": ("Half-life", (2, 8))}
TIMES, SETTLE = 20, 150  # measurements of an act; ms of rest between two
IDLE, TRAINING = 1.5, 2.5  # p95 against the bare one's
KERNEL = 100  # ms of kernel time for one act

BARE = """
import bqplot, ipywidgets, numpy as np
draw = np.random.default_rng(0)
heights = {str(n): draw.random(10) for n in range(10)}
scales = {"x": bqplot.OrdinalScale(), "y": bqplot.LinearScale(min=0, max=1)}
bars = bqplot.Bars(x=list(range(10)), y=heights["0"], scales=scales)
figure = bqplot.Figure(marks=[bars], animation_duration=0)
choice = ipywidgets.Dropdown(options=list(heights))
choice.observe(lambda change: setattr(bars, "y", heights[change["new"]]), "value")
box = ipywidgets.VBox([choice, figure])
box.add_class("bare")
"""
# [chart, act]: milliseconds from the act to the first change of what is drawn; -1 where nothing changes
MEASURE = """([chart, act]) => new Promise(done => {
    const drawn = document.querySelector(chart);
    const watch = new MutationObserver(() => { watch.disconnect(); done(performance.now() - start); });
    const names = ['d', 'x', 'y', 'width', 'height', 'transform', 'points'];
    watch.observe(drawn, {subtree: true, childList: true, attributes: true, attributeFilter: names});
    const start = performance.now();
    new Function(act)();
    setTimeout(() => { watch.disconnect(); done(-1); }, 4000);
})"""


def _tools() -> tuple[Any, Any, Any, Any]:
    """The browser tests' helpers: labpage, look, servers, and Playwright. Raises Missing where there is no browser."""
    sys.path.insert(0, str(HELPERS))
    try:
        import chromium
        import labpage
        import look
        import servers
        from playwright.sync_api import sync_playwright

        chromium.find_or_install()
    except (ImportError, OSError, SystemExit) as error:
        raise Missing(f"needs a browser and the test tools: {error}") from None
    return labpage, look, servers, sync_playwright


def measure(name: str, options: Options) -> dict[str, Any]:
    """{act: milliseconds of each time}; "bare" beside "user", "knob", "epoch", "you", idle and while training."""
    labpage, look, servers, sync_playwright = _tools()
    code = f"{BARE}\nimport recwidgets as rw\npanel = rw.{PANELS[name]}(user='42', animate=False)\n"
    code += "ipywidgets.VBox([box, panel])"
    times = 3 if options.quick else TIMES
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        root = Path(folder) / "root"
        root.mkdir()
        look.write_notebook(code, root / "speed.ipynb")
        serve = servers.jupyterlab(root, Path(folder) / "home", "light")
        with serve as address, labpage.browser(playwright) as program:
            page = labpage.new_page(program, 1500, 2400)
            labpage.open_notebook(page, address, "speed.ipynb")
            labpage.run_all(page)
            page.locator(f".rw-{name} .rw-list [data-row]").nth(9).wait_for()
            page.wait_for_timeout(2000)
            idle = _acts(page, name, times, ("user", "knob", "epoch", "you"))
            page.locator(f".rw-{name} .rw-train").click()
            page.wait_for_function(
                f"/Training [2-9]/.test(document.querySelector('.rw-{name} .rw-status').innerText)", timeout=120_000
            )
            training = _acts(page, name, times, ("user",))
    return {"idle": idle, "training": training, "kernel": kernel(name, times)}


# the notebook run from its first to its last cell: milliseconds until something of `selector` is drawn
PAINT = """selector => new Promise(done => {
    const start = performance.now();
    const drawn = () => [...document.querySelectorAll(selector)].some(e => {
        const box = e.getBoundingClientRect();
        return box.width > 2 && box.height > 2;
    });
    const look = () => drawn() ? done(performance.now() - start)
        : performance.now() - start > 60000 ? done(-1) : setTimeout(look, 5);
    window.jupyterapp.commands.execute('notebook:run-all-cells');
    look();
})"""
PAINTED = {"gnn": "path.slice", "knn": "path.line", "session": "rect.bar"}


def first_paint(options: Options) -> dict[str, list[float]]:
    """{"bare", "bare figure", "gnn", "gnn frame", …: ms from Run to the first drawn mark}, each time in a new kernel.

    "bare" is the figure that the other acts are compared with; a panel's frame is what is seen before its chart.
    """
    labpage, look, servers, sync_playwright = _tools()
    sources = {"bare": (f"{BARE}\nbox", ".bare rect.bar")}
    for name, panel in PANELS.items():
        code = f"import recwidgets as rw\nrw.{panel}(user='42')"
        sources[name] = (code, f".rw-{name} .rw-chart {PAINTED[name]}")
        sources[f"{name} frame"] = (code, ".rw-panel .rw-status")  # a frame has no model yet
    found: dict[str, list[float]] = {what: [] for what in sources}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        root = Path(folder) / "root"
        root.mkdir()
        with (
            servers.jupyterlab(root, Path(folder) / "home", "light") as address,
            labpage.browser(playwright) as program,
        ):
            for _ in range(2 if options.quick else 7):  # all in turn, so that what slows the machine slows all
                for what, (code, selector) in sources.items():
                    page = labpage.new_page(program, 1500, 1600)
                    look.write_notebook(code, root / "paint.ipynb")
                    labpage.open_notebook(page, address, "paint.ipynb")
                    found[what].append(float(page.evaluate(PAINT, selector)))
                    page.context.close()
                    servers.end_kernels(address)
    return {what: [value for value in values[1:] if value >= 0] for what, values in found.items()}  # the first warms up


def _acts(page: Any, name: str, times: int, acts: tuple[str, ...]) -> dict[str, list[float]]:
    """Every act and the bare one in turn, so that what slows the machine slows all."""
    panel, chart = f".rw-{name}", f".rw-{name} .rw-chart .bqplot"
    label, (low, high) = KNOBS[name]
    slide = "const s = document.querySelector('{}'); s.value = {}; "
    slide += "s.dispatchEvent(new Event('change', {{bubbles: true}}))"
    found: dict[str, list[float]] = {"bare": [], **{act: [] for act in acts}}
    for act in acts:
        if act == "you":  # a history of one's own has to be begun
            page.locator(f"{panel} .rw-you").click()
            page.locator(f"{panel} .rw-own [data-act=add]").first.wait_for()
            page.locator(f"{panel} .rw-own [data-act=add]").first.click()
            page.wait_for_timeout(500)
        for n in range(times):
            bare = f"const s = document.querySelector('.bare select'); s.selectedIndex = {1 + n % 9}; "
            found["bare"].append(
                _one(page, ".bare .bqplot", bare + "s.dispatchEvent(new Event('change', {bubbles: true}))")
            )
            script = {
                "user": f"document.querySelector('{panel} [data-act=next]').click()",
                "knob": slide.format(f'{panel} input[aria-label="{label}"]', (low, high)[n % 2]),
                "epoch": slide.format(f"{panel} .rw-timebar input", (1, 8)[n % 2]),
                # one film in, one film out: the shelf stays open below five films
                "you": f"document.querySelector('{panel} .rw-own [data-act={('add', 'remove')[n % 2]}]').click()",
            }[act]
            found[act].append(_one(page, chart, script))
    return {act: [value for value in values if value >= 0] for act, values in found.items()}


def _one(page: Any, chart: str, script: str) -> float:
    page.wait_for_timeout(SETTLE)
    return float(page.evaluate(MEASURE, [chart, script]))


def kernel(name: str, times: int) -> dict[str, list[float]]:
    """Milliseconds that the kernel works for each act: asking the model and showing all views."""
    return asyncio.run(_kernel(name, times))


async def _kernel(name: str, times: int) -> dict[str, list[float]]:
    """In an event loop, as in a notebook: ranking all users, once a knob rests, is not a part of the act."""
    import recwidgets as rw

    panel = getattr(rw, PANELS[name])(user="42")
    knob = panel.model.knobs[0].name

    def timed(act: str, value: str) -> float:
        start = time.perf_counter()
        panel.act(act, value)
        return (time.perf_counter() - start) * 1e3

    found = {"user": [timed("next", "") for _ in range(times)]}
    found["knob"] = [timed(f"knob:{knob}", str(1 + n % 2)) for n in range(times)]
    found["epoch"] = [timed("epoch", str((1, 8)[n % 2])) for n in range(times)]
    panel.act("you", "")
    shelf = np.argsort(-panel.train_data.popularity)[:times].tolist()
    found["you"] = [timed("add", str(film)) for film in shelf]
    return found


PARTS = {name: (lambda options, name=name: measure(name, options)) for name in MODELS}
PARTS["paint"] = first_paint


def p95(values: list[float]) -> float:
    return float(np.percentile(values, 95))


def rows(done: Mapping[str, Any]) -> list[Row]:
    out: list[Row] = []
    words = {"user": "another user", "knob": "a knob", "epoch": "an epoch", "you": "a film of one's own"}
    for name in MODELS:
        part = done.get(name, {})
        for when, limit in (("idle", IDLE), ("training", TRAINING)):
            for act, values in part.get(when, {}).items():
                if act != "bare" and values:
                    out.append(_row(LABELS[name], words[act], when, values, part[when]["bare"], limit))
        for act, values in part.get("kernel", {}).items():
            what = f"{LABELS[name]}, {words[act]}: kernel time, p95"
            out.append(below(what, p95(values), KERNEL, "ms", f"median {statistics.median(values):.0f} ms"))
    paint = done.get("paint", {})
    if paint.get("bare"):
        for name in MODELS:
            for what, said in ((name, "chart"), (f"{name} frame", "frame")):
                out.append(
                    _painted(
                        f"{LABELS[name]}, pretrained, in a new kernel: first paint of the {said}",
                        paint[what],
                        paint["bare"],
                    )
                )
    return out


def _painted(what: str, ours: list[float], bare: list[float]) -> Row:
    one, two = statistics.median(ours), statistics.median(bare)
    return Row(
        f"{what} / a bare bqplot figure's", f"≤ {IDLE:g}×", f"{one / two:.2f}×", one <= IDLE * two,
        f"medians {one / 1e3:.2f} and {two / 1e3:.2f} s of {len(ours)}",
    )  # fmt: skip


def _row(label: str, what: str, when: str, ours: list[float], bare: list[float], limit: float) -> Row:
    ratio = p95(ours) / p95(bare)
    while_training = " while training" if when == "training" else ""
    return Row(
        f"{label}, {what}{while_training}: to the changed chart, p95 / bare Dropdown → Bars",
        f"≤ {limit:g}×", f"{ratio:.2f}×", ratio <= limit,
        f"p95 {p95(ours):.0f} ms against {p95(bare):.0f} ms; medians {statistics.median(ours):.0f} and "
        f"{statistics.median(bare):.0f} ms; {len(ours)} times",
    )  # fmt: skip
