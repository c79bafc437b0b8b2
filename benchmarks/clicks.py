"""What a click costs the kernel: CPU of each act that a reader does, in a panel without a browser.

On latest-small with the models that are shipped, and on a synthetic world of a million ratings, where the models
answer from random arrays of the right shapes: an answer costs the same whatever was learned.
What is measured is imported inside the functions, so that nothing else is in its process.
"""

from __future__ import annotations

import gc
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .options import LABELS, MODELS, Options
from .report import Row, below, ratio
from .usage import clocked

USERS, MILLION = 16, 1_000_000
OPENINGS, OPENING = 5, 3.0  # times that a panel is opened; seconds that it may take
OPEN = """
import sys, time
begin, cpu = time.perf_counter(), time.process_time()
from pathlib import Path
import recwidgets as rw
from recwidgets.data.cache import read_cache
split = read_cache(Path(sys.argv[1]) / "data.npz", "a million").split("temporal")
panel = rw.Panel(split, model=rw.load_model(Path(sys.argv[1]) / "model.npz"))
assert panel.recommendations.items
print(time.process_time() - cpu, time.perf_counter() - begin)
"""
CLICK, HEAVY = 100, 10  # ms that a click may take; so many users with the most films are measured one by one
ACTS = {"user": "a change of user", "select": "selecting another row", "drop": "dropping an item of the history"}
EACH = {**ACTS, "go": "what would have to go", "not": "why not another", "epoch": "another epoch", "undo": "undo"}


def small(name: str, options: Options) -> dict[str, Any]:
    """Milliseconds of CPU a click, of the shipped model."""
    import recwidgets as rw
    from recwidgets.pretrained import load_pretrained

    split = rw.load_movielens("latest-small").split("temporal")
    model, history = load_pretrained(name, split.train)
    found = clicks(rw.Panel(split, model=model, history=history), options)
    return {**found, "heavy": heavy(rw.Panel(split, model=model, history=history), options)}


@contextmanager
def full_collections() -> Iterator[list[float]]:
    """CPU milliseconds of each of Python's full collections of garbage within."""
    found, start = list[float](), [0.0]

    def told(phase: str, about: Mapping[str, int]) -> None:
        if about["generation"] == 2 and phase == "start":
            start[0] = time.process_time()
        elif about["generation"] == 2:
            found.append(1000 * (time.process_time() - start[0]))

    gc.callbacks.append(told)
    try:
        yield found
    finally:
        gc.callbacks.remove(told)


def heavy(panel: Any, options: Options) -> dict[str, Any]:
    """CPU milliseconds of each act for the users with the most films, shown for the first time: the worst of them.

    What a knob or less of all users' taste does to all users is measured beside, so neither is an act here. A full
    collection of garbage is counted apart: it comes in whichever act it comes, and looks at all that the process holds.
    """
    import numpy as np

    data, found, garbage = panel.data, dict.fromkeys(EACH, 0.0), list[float]()
    most = np.argsort(-np.bincount(data.user, minlength=data.n_users), kind="stable")[: HEAVY + 1]
    steps = list(panel.training.steps)
    newest = steps[-1]
    for n, user in enumerate(data.users[most[::-1]].tolist()):  # the first one warms up
        for name, do in {
            "user": lambda user=user: setattr(panel, "user", user),
            "select": lambda: setattr(panel, "selected", 1),
            "go": lambda: panel.act("tab", "go"),
            "not": lambda: panel.act("rival", str(data.item_index(panel.recommendations.items[6]))),
            "epoch": lambda n=n: setattr(panel, "epoch", steps[(len(steps) - 2) * n // HEAVY]),  # never shown before
            "drop": lambda: panel.drop(data.items[panel.person.history[-1]]),
            "undo": lambda: panel.act("undo"),
        }.items():
            if name == "drop":
                panel.epoch = newest
            with full_collections() as these, clocked() as used:
                do()
            if n:
                found[name] = max(found[name], 1000 * used["cpu"] - sum(these))
                garbage += these
        panel.act("tab", "why")
    panel.close()
    return {**found, "garbage": garbage, "acts": HEAVY * len(EACH)}


def large(name: str, options: Options) -> dict[str, Any]:
    """The same at a million ratings, with arrays that were not learned; and what opening from files costs."""
    import recwidgets as rw
    from recwidgets.core import FitEvent
    from recwidgets.data import popularity_world
    from recwidgets.data.cache import write_cache
    from recwidgets.training import TrainingHistory

    data = popularity_world(min(MILLION, options.sizes[-1]) if options.quick else MILLION)
    split = data.split("temporal")
    model = unlearned(name, split.train)
    with tempfile.TemporaryDirectory() as folder:
        write_cache(data, Path(folder) / "data.npz")
        model.save(Path(folder) / "model.npz")
        opened = [_opened(folder) for _ in range(1 if options.quick else OPENINGS)]
    found = {**clicks(rw.Panel(split, model=model), options), "opened": opened}
    history = TrainingHistory((FitEvent(1, 1, {"loss": 0.0, "top_10_accuracy": 0.0}, model.snapshot),))
    return {**found, "heavy": heavy(rw.Panel(split, model=model, history=history), options)}


def _opened(folder: str) -> dict[str, float]:
    """Seconds of a new Python, from its first import to a panel that shows an answer; data and model from files."""
    ended = subprocess.run([sys.executable, "-c", OPEN, folder], capture_output=True, text=True, check=True)
    cpu, wall = ended.stdout.split()[-2:]
    return {"cpu": float(cpu), "wall": float(wall)}


def unlearned(name: str, data: Any) -> Any:
    """A model of the usual shapes with random arrays: those of one epoch on a small world, as long as `data` needs."""
    import numpy as np

    import recwidgets as rw
    from recwidgets.core import Snapshot
    from recwidgets.models import make

    world = rw.planted(n_users=60, n_items=80, seed=1).data
    # with numpy: to collect the garbage of a process that holds TensorFlow takes 0.2 s, in whatever is measured then
    model, draw = make(name, backend="numpy"), np.random.default_rng(0)
    rw.fit(model, world, epochs=1, progress=False)
    long = {world.n_users: data.n_users, world.n_items: data.n_items}
    arrays = {}
    for key, array in model.snapshot.arrays.items():
        shape = (long.get(array.shape[0], array.shape[0]), *array.shape[1:])
        # what is not as long as the data stays as learned: weights of ages are positive, and sum to one
        arrays[key] = array if shape == array.shape else draw.normal(0, 0.1, shape).astype(np.float32)
    model.data, model.snapshot = data, Snapshot(name, arrays)
    return model


def clicks(panel: Any, options: Options) -> dict[str, Any]:
    """CPU milliseconds of each act, the mean of some; each user was shown once before."""
    data = panel.data
    users = data.users[:: max(1, data.n_users // USERS)][:USERS].tolist()
    for user in users:
        panel.user = user
    out = {}
    with clocked() as used:
        for user in users[::-1]:
            panel.user = user
    out["user"] = 1000 * used["cpu"] / len(users)
    ranks = range(1, len(panel.recommendations.items))
    with clocked() as used:
        for rank in ranks:
            panel.selected = rank
    out["select"] = 1000 * used["cpu"] / max(len(ranks), 1)
    with clocked() as used:
        for _ in range(5):
            panel.drop(data.items[panel.person.history[-1]])
    out["drop"] = 1000 * used["cpu"] / 5
    panel.close()
    return out


PARTS = {
    **{f"small_{name}": (lambda options, name=name: small(name, options)) for name in MODELS},
    **{f"large_{name}": (lambda options, name=name: large(name, options)) for name in MODELS},
}


def rows(done: Mapping[str, Any]) -> list[Row]:
    out = []
    gnn, knn = done.get("small_gnn", {}), done.get("small_knn", {})
    for act, label in ACTS.items():
        if act in gnn and act in knn:
            note = f"{gnn[act]:.1f} and {knn[act]:.1f} ms of CPU"
            out.append(
                ratio(f"latest-small, {label}: the GNN's CPU against the KNN's", [gnn[act] / knn[act]], 2, False, note)
            )
    for name in MODELS:
        for act, label in EACH.items():
            worst = done.get(f"small_{name}", {}).get("heavy", {})  # results of before have none
            if act in worst:
                of = f"{LABELS[name]}, latest-small, {label}: the worst of the {HEAVY} users with the most films"
                out.append(below(of, worst[act], CLICK, "ms of CPU"))
        if found := worst.get("garbage"):
            what = f"{LABELS[name]}, latest-small, a full collection of garbage, which is in none of the acts above"
            note = f"the worst; in {len(found)} of {worst['acts']} acts"
            out.append(Row(what, "", f"{max(found):.0f} ms of CPU", None, note))
    for name in MODELS:
        for act, label in ACTS.items():
            part = done.get(f"large_{name}", {})
            if act in part:
                out.append(below(f"{LABELS[name]}, {label}, a million ratings", part[act], CLICK, "ms of CPU"))
        for act, label in EACH.items():
            if act in part.get("heavy", {}) and act != "epoch":
                of = f"{LABELS[name]}, a million ratings, {label}: the worst of the {HEAVY} users with the most films"
                out.append(below(of, part["heavy"][act], CLICK, "ms of CPU"))
        if "opened" in part:
            seconds = {kind: sorted(one[kind] for one in part["opened"]) for kind in ("cpu", "wall")}
            middle = {kind: times[len(times) // 2] for kind, times in seconds.items()}
            note = (
                f"a new Python, its imports included; the median of {len(part['opened'])}; wall {middle['wall']:.2f} s"
            )
            what = f"{LABELS[name]}, a panel on a million ratings opened, data and model from files"
            out.append(below(what, middle["cpu"], OPENING, "s of CPU", note, 2))
    return out
