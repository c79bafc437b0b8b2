"""Does the cost of one interaction stay the same from a hundred thousand to three million? On synthetic worlds."""

from __future__ import annotations

import dataclasses
import os
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import recwidgets as rw
from recwidgets import _tf
from recwidgets._threads import one_thread
from recwidgets.data import Interactions, popularity_world
from recwidgets.graph import Graph, graph_of
from recwidgets.models import make
from recwidgets.models.knn import mean_of, unit
from recwidgets.nets.settings import SAMPLED_ITEMS, SAMPLED_USERS
from recwidgets.ranking import BLOCK

from .options import LABELS, MODELS, SIZES, Missing, Options
from .report import Row, ratio
from .tap import tapped
from .usage import clocked, now_mb, peak_mb

FLAT, K = 1.3, 100
STEPS = {"gnn": 5, "knn": 5, "session": 30}  # batches of an epoch that are run; all are taken for the quickest
TABLES = {"gnn": (8, 0), "knn": (12, 8)}  # float32 of users × films drawn, and users × users drawn, alive in one step


def measure(name: str, n: int, options: Options) -> dict[str, Any]:
    """CPU seconds of the data structures, one epoch and ranking all users; bytes of everything that this took."""
    _tf.load()
    start = now_mb()
    data = popularity_world(n)
    _refuse(name, data)
    structures, held = _structures(data)
    model, epoch, setting_up = _epoch(name, data)
    found = {}
    with one_thread():  # as a panel and a training work: processors that wait for each other would be counted too
        if name == "knn":  # the search for neighbours has lines of its own, since it is quadratic in users
            found = neighbours(model)
            known = model.at()
            known.vectors()
            ranking = least_cpu(lambda: rw.recommend_all(known, data, k=K))
        else:
            ranking = least_cpu(lambda: rw.recommend_all(model.at(), data, k=K))  # a view has worked out nothing yet
    return {
        "n": n, "users": data.n_users, "films": data.n_items,
        "structures": structures, "epoch": epoch, "setting up": setting_up, "ranking": ranking,
        "bytes": (peak_mb() - start) * 1e6, "held": held, **found,
    }  # fmt: skip


def neighbours(model: Any) -> dict[str, float]:
    """CPU seconds of finding all users' neighbours, of the bare product in blocks of as many rows, and of averaging."""
    view = model.at()
    keys, _, values = view._keys()
    rows = max(1, BLOCK // len(keys))
    place, other = unit(keys), unit(keys)  # of an array with itself numpy works out a half and copies it to the other
    out = np.empty((min(rows, len(keys)), len(keys)), np.float32)

    def product() -> None:
        for first in range(0, len(place), rows):
            some = place[first : first + rows]
            np.matmul(some, other.T, out=out[: len(some)])

    def search() -> Any:
        asked = model.at()
        asked._cache["keys"] = view._keys()
        return [(index, near) for _, index, near, _ in asked._all_nearest()]

    found = search()
    product()
    return {
        "search": least_cpu(search), "product": least_cpu(product),
        "averaging": least_cpu(lambda: [mean_of(values, index, near) for index, near in found]),
    }  # fmt: skip


def least_cpu(work: Callable[[], Any]) -> float:
    """CPU seconds, the least of 3 to 15 times within 3 s: what is above it is the machine's other work, not ours."""
    spent: list[float] = []
    while len(spent) < 3 or (len(spent) < 15 and sum(spent) < 3):
        with clocked() as used:
            work()
        spent.append(used["cpu"])
    return min(spent)


def _structures(data: Interactions) -> tuple[float, int]:
    """CPU seconds of ordering by user and of both directions of the graph; bytes of all columns and of these."""

    def work() -> None:
        fresh.append(dataclasses.replace(data))  # has not ordered anything yet
        graphs.append(graph_of(fresh[-1]))

    fresh: deque[Interactions] = deque(maxlen=1)
    graphs: deque[Graph] = deque(maxlen=1)
    spent = least_cpu(work)
    last = fresh[-1]
    held = sum(array.nbytes for array in (last.user, last.item, last.rating, last.time, *last.by_user))
    return spent, held + sum(array.nbytes for edges in graphs[-1] for array in edges)


def _epoch(name: str, data: Interactions) -> tuple[Any, float, float]:
    """(model, CPU seconds of a whole epoch, of everything before its first batch: tracing, tables, optimiser).

    Some batches of a second epoch are timed; a batch costs as much as the quickest of these, since what is above it is
    the machine's other work, and making the snapshot is added once.
    """
    model = make(name, seed=0)
    with tapped(name, STEPS[name]) as tap:
        marks: list[float] = []
        training = model.steps(data, None, 2, between_batches=lambda done, batches: marks.append(time.process_time()))
        before = time.process_time()
        next(training)
        first = time.process_time()
        for _ in training:
            pass
        end = time.process_time()
    steps = [mark for mark in marks if mark > first]
    each = np.diff([first, *steps])
    batch = float(each.min())
    return model, batch * tap.batches + (end - steps[-1]), first - before - float(each.mean()) * len(steps)


def _refuse(name: str, data: Interactions) -> None:
    """Half of the machine's memory is the limit: a benchmark must not end other people's programs."""
    by_films, by_users = TABLES.get(name, (0, 0))
    columns = by_films * min(data.n_items, SAMPLED_ITEMS) + by_users * min(data.n_users, SAMPLED_USERS)
    need = 4e-9 * data.n_users * columns
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    if need > there / 2:
        raise Missing(f"a step of {name} at {len(data):,} interactions would need about {need:.0f} GB of {there:.0f}")


def parts(options: Options) -> dict[str, Any]:
    return {
        f"{name}_{n}": (lambda options, name=name, n=n: measure(name, n, options))
        for name in MODELS
        for n in options.sizes
    }


# -- the table --------------------------------------------------------------------------------------


def rows(done: Mapping[str, Any]) -> list[Row]:
    out: list[Row] = []
    for name in MODELS:
        sizes = sorted((part for key, part in done.items() if key.startswith(name) and "n" in part), key=_size)
        asked = max((int(key.rpartition("_")[2]) for key in done if key.startswith(name)), default=SIZES[-1])
        if len(sizes) < 2:
            continue
        if name == "gnn":  # the same for all, so the least of what their processes needed
            of_all = [
                part | {"structures": min(one["structures"] for one in done.values() if one.get("n") == part["n"])}
                for part in sizes
            ]
            out.append(_row("Data structures, CPU time", of_all, "structures", 1e6, "µs", asked))
            out.append(_row("Data structures, bytes held", sizes, "held", 1, "bytes", asked))
        label = LABELS[name]
        out.append(_row(f"{label}, an epoch, CPU time", sizes, "epoch", 1e6, "µs", asked))
        known = ", their neighbours known" if name == "knn" else ""
        out.append(_row(f"{label}, ranking all users{known}, CPU time", sizes, "ranking", 1e6, "µs", asked))
        out.append(_row(f"{label}, peak bytes of all that", sizes, "bytes", 1, "bytes", asked))
        out.append(
            _per_work(f"{label}, ranking all users{known}, CPU time per user and film", sizes, "ranking", _pairs)
        )
        if name == "knn":
            out.append(_per_work(f"{label}, an epoch, CPU time per user and candidate", sizes, "epoch", _candidates))
        if name == "session":
            out.append(
                _per_work(f"{label}, an epoch, CPU time per interaction and candidate", sizes, "epoch", _softmax)
            )
        out += [_search(label, part) for part in sizes if "search" in part]
    return out


def _size(part: Mapping[str, Any]) -> int:
    return int(part["n"])


def _short(n: int) -> str:
    return f"{n / 1e6:g}M" if n >= 1_000_000 else f"{n / 1e3:g}k"


def _row(what: str, sizes: list[Any], key: str, scale: float, unit: str, asked: int) -> Row:
    """Cost of one interaction, the largest size against the smallest. A size that could not be run is a miss."""
    costs = [part[key] * scale / part["n"] for part in sizes]
    ratio = costs[-1] / costs[0]
    note = ", ".join(f"{_short(part['n'])}: {cost:.3g}" for part, cost in zip(sizes, costs, strict=True))
    reached = "" if sizes[-1]["n"] >= asked else f"; {_short(asked)} could not be run, see below"
    met = ratio <= FLAT and not reached
    span = f"{_short(sizes[0]['n'])} → {_short(sizes[-1]['n'])}"
    return Row(f"{what} per interaction, {span}", f"≤ {FLAT}×", f"{ratio:.2f}×", met, f"{unit}: {note}{reached}")


def _search(label: str, part: Mapping[str, Any]) -> Row:
    found, averaged, product = part["search"], part["averaging"], part["product"]
    note = f"{found:.3f} CPU s to find, {averaged:.3f} to average, against {product:.3f}; {part['users']:,} users"
    what = f"{label}, exact neighbours of all users at {_short(part['n'])} / the bare product in blocks"
    return ratio(what, [(found + averaged) / product], 2, False, note)


def _pairs(part: Mapping[str, Any]) -> float:
    """Ranking looks at every user with every film, and the catalogue grows, too."""
    return float(part["users"] * part["films"])


def _candidates(part: Mapping[str, Any]) -> float:
    """A step of KNN compares each user with the films and the neighbours that are drawn, at most so many of each."""
    return float(part["users"] * (min(part["films"], SAMPLED_ITEMS) + min(part["users"], SAMPLED_USERS)))


def _softmax(part: Mapping[str, Any]) -> float:
    """The session model compares each position of a history with as many films as a step samples, or all there are."""
    return float(part["n"] * min(part["films"], SAMPLED_ITEMS))


def _per_work(what: str, sizes: list[Any], key: str, work: Callable[[Mapping[str, Any]], float]) -> Row:
    """Cost of what is done most often, the largest size against the smallest."""
    costs = [part[key] * 1e9 / work(part) for part in sizes]
    note = ", ".join(f"{_short(part['n'])}: {cost:.3g}" for part, cost in zip(sizes, costs, strict=True))
    rose = costs[-1] / costs[0]
    return Row(what, f"≤ {FLAT}×", f"{rose:.2f}×", rose <= FLAT, f"ns: {note}")
