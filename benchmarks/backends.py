"""What training costs with TensorFlow, and with numpy with and without scipy.sparse: in one run, side by side."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from .browser import PANELS, _tools
from .memory import kernel_says
from .options import LABELS, MODELS, Options
from .report import Row, below, ratio, spans, spread
from .usage import clocked

ROUNDS = 5  # after a first one, in which TensorFlow traces
CLICKS, SETTLE = 5, 2000  # first epochs of each model in JupyterLab; ms until a panel is at rest
TUTORIAL = 2  # of the TFRS tutorial's loop, as slow as it is, after its first
WAYS = {"tensorflow": "TensorFlow", "scipy": "numpy with scipy.sparse", "numpy": "numpy alone"}
MOST = {"scipy": 2, "numpy": 4}  # times TensorFlow's CPU seconds
SPLITS = {"p1": "ML-100K, p1", "p2": "ML-100K, p2", "small": "ml-latest-small, each user's newest fifth"}
NUMBERS = {"top_10_accuracy": "share of the test rows in the first 10", "ndcg": "nDCG@10"}
WITHIN = 2  # standard deviations of one seed that the two backends' means may be apart
NUMPY = {"RECWIDGETS_BACKEND": "numpy"}  # for the kernels that a server starts
CELL = """
from benchmarks import ml100k
from benchmarks.backends import way_of
from benchmarks.usage import peak_mb
from recwidgets.models import make
import recwidgets as rw
with way_of({way!r}) as backend:
    train, test = ml100k.parts_of("p3")
    split = rw.Split(train, train.take([]), test, "random", 42, None)
    model = make({name!r}, seed={seed}, backend=backend)
    panel = rw.Panel(split, model=model)
    history = rw.fit(model, train, test, {epochs!r}, progress=False)
    print("PEAK", peak_mb(), len(history.events))
"""


@contextmanager
def way_of(way: str) -> Iterator[str]:
    """The backend of a way; numpy alone does not find scipy while this is open."""
    if way != "numpy":
        yield "tensorflow" if way == "tensorflow" else "numpy"
        return
    with patch("recwidgets.nets.parts_numpy.scipy_sparse", lambda: None):
        yield "numpy"


def epochs(name: str, options: Options) -> dict[str, Any]:
    """One process: an epoch of each way in turn, and again; evaluation of the epoch included.

    Beside them the loop of the TFRS tutorial, in the first rounds.
    """
    from recwidgets.models import make

    from . import ml100k
    from .tutorial import Tutorial

    train, test = ml100k.parts_of("p3")
    rounds = 2 if options.quick else ROUNDS + 1
    used: dict[str, Any] = {way: [] for way in WAYS} | {"tutorial": []}
    tutorial = Tutorial(train, test)
    trainings = {}
    for way in WAYS:
        with way_of(way) as backend:
            trainings[way] = make(name, seed=0, backend=backend).steps(train, test, rounds)
    for number in range(rounds):
        if number <= TUTORIAL:
            with clocked() as spent:
                tutorial.epoch()
            used["tutorial"].append(spent)
        for way, training in trainings.items():
            with way_of(way), clocked() as spent:
                next(training)
            used[way].append(spent)
    return {"used": used}


def first(name: str, way: str, options: Options) -> dict[str, Any]:
    """Seconds from Step to the end of the first epoch, in a panel on the embedded data, in a process of its own."""
    import recwidgets as rw
    from recwidgets.models import make

    with way_of(way) as backend:
        panel = rw.Panel(rw.load_movielens("latest-small").split("temporal"), model=make(name, backend=backend))
        before = time.monotonic()
        panel.step()  # in a plain program it comes back when the epoch is there
        return {"first": time.monotonic() - before, "epochs": panel.training.newest}


# milliseconds from the click on Train to the page that says the second epoch has begun
CLICK = """panel => new Promise(done => {
    const status = () => document.querySelector(`${panel} .rw-status`)?.innerText || "";
    const start = performance.now();
    const look = () => /Training [2-9]|trained here/.test(status()) ? done(performance.now() - start)
        : setTimeout(look, 10);
    document.querySelector(`${panel} .rw-train`).click();
    look();
})"""


def click(options: Options) -> dict[str, list[float]]:
    """Seconds from the click on Train to the end of the first epoch on the page, in JupyterLab, each in a new kernel.

    The browser has the same cores.
    """
    labpage, look, servers, sync_playwright = _tools()
    found: dict[str, list[float]] = {name: [] for name in MODELS}
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, NUMPY), sync_playwright() as playwright:
        root = Path(folder) / "root"
        root.mkdir()
        with (
            servers.jupyterlab(root, Path(folder) / "home", "light") as address,
            labpage.browser(playwright) as program,
        ):
            for _ in range(1 if options.quick else CLICKS):
                for name in MODELS:
                    page = labpage.new_page(program, 1500, 1600)
                    look.write_notebook(f"import recwidgets as rw\nrw.{PANELS[name]}(user='42')", root / "first.ipynb")
                    labpage.open_notebook(page, address, "first.ipynb")
                    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
                    page.locator(f".rw-{name} .rw-list [data-row]").nth(9).wait_for()
                    page.wait_for_timeout(SETTLE)
                    found[name].append(float(page.evaluate(CLICK, f".rw-{name}")) / 1e3)
                    page.context.close()
                    servers.end_kernels(address)
    return found


def peak(name: str, way: str, options: Options) -> dict[str, Any]:
    """A real notebook kernel with a panel open that trains on ML-100K: its peak."""
    from . import ml100k

    ml100k.ml100k()  # prepared and cached before the kernel looks for it
    most, trained = kernel_says(CELL.format(name=name, way=way, seed=options.seeds[0], epochs=options.epochs), "PEAK ")
    return {"peak": most, "epochs": int(trained)}


def whole(key: str, name: str, backend: str, options: Options) -> dict[str, Any]:
    """Trained to the end with the model's own number of epochs, once a seed: what the test rows say of each."""
    import recwidgets as rw
    from recwidgets.evaluation import score_lists
    from recwidgets.models import make

    from . import ml100k

    if key == "small":
        split = rw.load_movielens("latest-small").split("temporal", test=0.2, validation=0)
    else:
        train, test = ml100k.parts_of(key)
        split = rw.Split(train, train.take([]), test, "temporal" if key == "p2" else "random", 42, None)
    runs = []
    for seed in options.seeds:
        model = make(name, seed=seed, backend=backend)
        with clocked() as used:
            epochs = len(rw.fit(model, split.train, epochs=options.epochs, progress=False).events)
        found = score_lists(rw.recommend_all(model, split.train, 10), split, (10,), 10)
        runs.append({number: found[number] for number in NUMBERS} | used | {"epochs": epochs})
    return {"runs": runs}


PARTS = {
    "click": click,
    **{f"epochs_{name}": (lambda options, name=name: epochs(name, options)) for name in MODELS},
    **{
        f"first_{way}_{name}": (lambda options, name=name, way=way: first(name, way, options))
        for way in WAYS
        for name in MODELS
    },
    **{
        f"peak_{way}_{name}": (lambda options, name=name, way=way: peak(name, way, options))
        for way in WAYS
        for name in MODELS
    },
    **{
        f"whole_{key}_{name}_{backend}": (
            lambda options, key=key, name=name, backend=backend: whole(key, name, backend, options)
        )
        for key in SPLITS
        for name in MODELS
        for backend in ("numpy", "tensorflow")
    },
}


# -- the table --------------------------------------------------------------------------------------


def rows(done: Mapping[str, Any]) -> list[Row]:
    out = []
    for name in MODELS:
        used = done.get(f"epochs_{name}", {}).get("used")
        for way, most in MOST.items() if used else ():
            ours, theirs = ([run["cpu"] for run in used[key]][1:] for key in (way, "tensorflow"))
            ratios = [our / their for our, their in zip(ours, theirs, strict=True)]
            note = f"{spans(ours)} CPU s, TensorFlow {spans(theirs)} CPU s, ML-100K, evaluation included"
            out.append(ratio(f"{LABELS[name]}, an epoch: CPU s, {WAYS[way]} / TensorFlow", ratios, most, False, note))
        if used and "tutorial" in used:
            each = {
                WAYS.get(key, "the TFRS tutorial's own loop"): [run["cpu"] for run in used[key]][1:] for key in used
            }
            note = "; ".join(f"{who} {spans(cpu)} CPU s" for who, cpu in each.items()) + ", without an evaluation"
            loop = np.median([run["cpu"] for run in used["tutorial"]][1:])
            times = [f"{loop / np.median([run['cpu'] for run in used[way]][1:]):.0f}×" for way in WAYS]
            what = f"{LABELS[name]}, an epoch: the CPU s of the TFRS tutorial's own loop / {', '.join(WAYS.values())}"
            out.append(Row(what, "", ", ".join(times), None, note))
    for name in MODELS:
        seconds = done.get("click", {}).get(name)
        if seconds:
            what = f"{LABELS[name]}, first epoch after the click in JupyterLab, latest-small, numpy"
            middle = float(np.median(seconds))
            note = f"median of {len(seconds)}, {spans(seconds)} s, to the page that says it; browser on the same cores"
            out.append(below(what, middle, 1, "s", note, 2))
    for way in WAYS:
        for name in MODELS:
            part = done.get(f"first_{way}_{name}", {})
            what = f"{LABELS[name]}, first epoch in a plain program, latest-small, {WAYS[way]}"
            out += _measured(what, part.get("first"), None, "s", 2)
    for way in WAYS:
        for name in MODELS:
            part = done.get(f"peak_{way}_{name}", {})
            what = f"{LABELS[name]}, peak of a training kernel with a panel, ML-100K, {WAYS[way]}"
            out += _measured(what, part.get("peak"), None if way == "tensorflow" else 350, "MB", 0)
    for key in SPLITS:
        for name in MODELS:
            runs = [done.get(f"whole_{key}_{name}_{backend}", {}).get("runs") for backend in ("numpy", "tensorflow")]
            if all(runs):
                out += [_within(f"{LABELS[name]}, {SPLITS[key]}", number, *runs) for number in NUMBERS]
    return out


def _within(what: str, number: str, ours: Sequence[Any], theirs: Sequence[Any]) -> Row:
    """Does the other backend move the accuracy more than another seed does?

    The means of both may be WITHIN standard deviations of a single seed apart, those of both backends pooled. The
    standard error of the difference is beside it: with few seeds the spread is not well known itself.
    """
    one, two = ([run[number] for run in runs] for runs in (ours, theirs))
    apart = float(np.mean(one) - np.mean(two))
    pooled = float(np.sqrt((np.var(one, ddof=1) + np.var(two, ddof=1)) / 2)) if len(one) > 1 else float("nan")
    seconds = [np.mean([run["cpu"] for run in runs]) for runs in (ours, theirs)]
    return Row(
        f"{what}: {NUMBERS[number]} after a whole training, numpy against TensorFlow",
        f"means ≤ {WITHIN} sd of a seed apart",
        f"{spread(one)} against {spread(two)}",
        bool(abs(apart) <= WITHIN * pooled),
        f"{apart:+.4f} = {apart / pooled:+.2f} sd, standard error {pooled * np.sqrt(1 / len(one) + 1 / len(two)):.4f}; "
        f"{len(one)} seeds each, {ours[0]['epochs']} epochs, {seconds[0]:.0f} and {seconds[1]:.0f} CPU s",
    )


def _measured(what: str, value: float | None, most: float | None, unit: str, digits: int) -> list[Row]:
    """A row, with a target where there is one; none for what was not measured."""
    if value is None:
        return []
    if most is None:
        return [Row(what, "", f"{value:.{digits}f} {unit}")]
    return [below(what, value, most, unit, digits=digits)]
