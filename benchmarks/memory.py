"""Memory: peaks of what is imported, of a panel and of a kernel that trains; what trainings and panels leave behind.

What is measured is imported inside the functions, so that nothing else is in its process.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .options import LABELS, MODELS, Missing, Options
from .report import Row, below
from .usage import peak_mb, settled_mb

PANELS = {"gnn": "GNNPanel", "knn": "KNNPanel", "session": "SessionPanel"}

FITS, PANELS_CLOSED, RUNS = 12, 20, 30

# What a learner's kernel holds when it trains: the panel and its charts, too.
CELL = """
from benchmarks import ml100k
from benchmarks.usage import peak_mb
from recwidgets.models import make
import recwidgets as rw
train, test = ml100k.parts_of("p3")
split = rw.Split(train, train.take([]), test, "random", 42, None)
model = make({name!r}, seed={seed}, backend="tensorflow")
panel = rw.Panel(split, model=model)
history = rw.fit(model, train, test, {epochs!r}, progress=False)
print("PEAK", peak_mb(), len(history.events))
"""


# A cell as a learner runs it again and again; what it shows is kept in Out.
PANEL_CELL = """
import recwidgets as rw
panel = rw.{panel}(user="42")
panel
"""
MEASURE = """
from benchmarks.usage import settled_mb
from ipywidgets.widgets import widget
print("HELD", settled_mb(), len(widget._instances))
"""


def importing(*modules: str) -> dict[str, Any]:
    for module in modules:
        importlib.import_module(module)
    return {"peak": peak_mb()}


def tensorflow(options: Options) -> dict[str, Any]:
    from recwidgets import _tf

    _tf.load()
    return {"peak": peak_mb()}


def panel(name: str, options: Options) -> dict[str, Any]:
    import recwidgets as rw

    getattr(rw, PANELS[name])()
    return {"peak": peak_mb()}


def kernel(name: str, options: Options) -> dict[str, Any]:
    """A real notebook kernel, as JupyterLab starts it, told to train with a panel open."""
    from . import ml100k

    ml100k.ml100k()  # prepared and cached before the kernel looks for it
    peak, epochs = kernel_says(CELL.format(name=name, seed=options.seeds[0], epochs=options.epochs), "PEAK ")
    return {"peak": peak, "epochs": int(epochs)}


def kernel_says(cell: str, word: str) -> tuple[float, float]:
    """The two numbers that a cell prints after `word`, in a notebook kernel of its own."""
    with _kernel() as client:
        return _told(client, cell, word)


def closed(name: str, options: Options) -> dict[str, Any]:
    """Panels opened, asked and closed, one after the other: what each leaves behind, in MB, after the third."""
    from ipywidgets.widgets import widget

    import recwidgets as rw

    held = []
    for _ in range(4 if options.quick else PANELS_CLOSED):
        panel = getattr(rw, PANELS[name])(user="42")
        panel.user = "7"
        panel.selected = 3
        panel.drop(panel.data.items[panel.person.history[0]])
        panel.close()
        del panel
        held.append(settled_mb())
    return {"held": held, "each": (held[-1] - held[2]) / (len(held) - 3), "widgets": len(widget._instances)}


def run_again(name: str, options: Options) -> dict[str, Any]:
    """One cell with a panel, run again and again in a notebook kernel: what each run leaves behind, in MB."""
    held, widgets = [], []
    with _kernel() as client:
        for _ in range(4 if options.quick else RUNS):
            _run(client, PANEL_CELL.format(panel=PANELS[name]), "the-cell")
            mb, n = _told(client, MEASURE, "HELD ")
            held.append(mb)
            widgets.append(int(n))
    return {"held": held, "each": (held[-1] - held[2]) / (len(held) - 3), "widgets": widgets}


@contextmanager
def _kernel() -> Iterator[Any]:
    """A client of a notebook kernel of its own."""
    try:
        from jupyter_client.manager import start_new_kernel
    except ImportError:
        raise Missing("needs a notebook kernel: pip install 'recwidgets[lab]'") from None
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(Path(__file__).resolve().parents[1]))
    try:
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _told(client: Any, cell: str, word: str) -> tuple[float, float]:
    """The two numbers that the cell prints after `word`."""
    said: list[str] = []
    client.execute_interactive(cell, timeout=900, output_hook=lambda message: said.append(_text(message)))
    words = "".join(said).partition(word)[2].split()
    if not words:
        raise RuntimeError("the kernel said: " + "".join(said)[-500:])
    return float(words[0]), float(words[1])


def _run(client: Any, code: str, cell: str) -> None:
    """Run a cell as JupyterLab does: the request says which cell it is."""
    content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
    request = client.session.msg("execute_request", content, metadata={"cellId": cell})
    client.shell_channel.send(request)
    reply = client._recv_reply(request["header"]["msg_id"], timeout=300)
    if reply["content"]["status"] != "ok":
        raise RuntimeError("the kernel said: " + "\n".join(reply["content"].get("traceback", ())))


def repeated(name: str, options: Options) -> dict[str, Any]:
    """Trainings of one epoch, one after the other, each dropped: what each leaves behind, in MB, after the third."""
    import recwidgets as rw
    from recwidgets.models import make

    from . import ml100k

    train, _ = ml100k.parts_of("p3")
    held = []
    for _ in range(4 if options.quick else FITS):
        rw.fit(make(name, seed=0), train, epochs=1, progress=False)
        held.append(settled_mb())
    return {"held": held, "each": (held[-1] - held[2]) / (len(held) - 3)}


def _text(message: Mapping[str, Any]) -> str:
    content = message["content"]
    return content.get("text", "") or "\n".join(content.get("traceback", ()))


PARTS = {
    "recwidgets": lambda options: importing("recwidgets", "recwidgets.data"),
    "bqplot": lambda options: importing("bqplot"),
    "tensorflow": tensorflow,
    **{f"panel_{name}": (lambda options, name=name: panel(name, options)) for name in MODELS},
    **{f"kernel_{name}": (lambda options, name=name: kernel(name, options)) for name in MODELS},
    **{f"repeated_{name}": (lambda options, name=name: repeated(name, options)) for name in MODELS},
    **{f"closed_{name}": (lambda options, name=name: closed(name, options)) for name in MODELS},
    **{f"again_{name}": (lambda options, name=name: run_again(name, options)) for name in MODELS},
}


def rows(done: Mapping[str, Any]) -> list[Row]:
    peaks = {name: part["peak"] for name, part in done.items() if "peak" in part}
    out = []
    for name in MODELS:
        if f"kernel_{name}" in peaks:
            note = "a notebook kernel with a panel open, ML-100K, all epochs; TensorFlow and TFRS alone: see below"
            what = f"{LABELS[name]}, peak of a training kernel"
            out.append(below(what, peaks[f"kernel_{name}"], 900, "MB", note))
    for name in MODELS:
        if f"panel_{name}" in peaks:
            what = f"{LABELS[name]}, peak of rw.{PANELS[name]}(), pretrained, in plain Python"
            out.append(below(what, peaks[f"panel_{name}"], 160, "MB"))
    for name in MODELS:
        part = done.get(f"repeated_{name}", {})
        if "each" in part:
            note = f"{len(part['held'])} trainings of one epoch, each dropped: {part['held'][-1]:.0f} MB after the last"
            what = f"{LABELS[name]}, left behind by each training after the third"
            out.append(below(what, part["each"], 3, "MB", note, 1))
    for name in MODELS:
        part = done.get(f"closed_{name}", {})
        if "each" in part:
            note = (
                f"{len(part['held'])} panels, {part['widgets']} widgets left, {part['held'][-1]:.0f} MB after the last"
            )
            what = f"{LABELS[name]}, left behind by each panel opened, asked and closed, after the third"
            out.append(below(what, part["each"], 2, "MB", note, 2))
    for name in MODELS:
        part = done.get(f"again_{name}", {})
        if "each" in part:
            first, last = part["widgets"][0], part["widgets"][-1]
            note = f"{len(part['held'])} runs; widgets after the first: {first}, after the last: {last}"
            what = f"{LABELS[name]}, left behind by each further run of a cell with a panel, after the third"
            out.append(below(what, part["each"], 2, "MB", note, 2))
    labels = {
        "tensorflow": "importing TensorFlow and TFRS alone",
        "bqplot": "importing bqplot alone",
        "recwidgets": "importing recwidgets and recwidgets.data alone",
    }
    out += [Row(f"Peak of {label}", "", f"{peaks[name]:.0f} MB") for name, label in labels.items() if name in peaks]
    return out
