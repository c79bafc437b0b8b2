"""Every user's first hundred films against numpy's own product and argpartition on the same arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import recwidgets as rw

from . import ml100k
from .options import LABELS, MODELS, Options
from .report import Row, ratio
from .trained import trained
from .usage import clocked

K, REPETITIONS = 100, 40


def bare(queries: Any, films: Any, k: int = K) -> Any:
    """The least that finds the k best, in no order and with seen films among them: int (n_users, k)."""
    scores = queries @ films.T  # (n_users, n_items)
    last = scores.shape[1] - k
    return np.argpartition(scores, last, axis=1)[:, last:]


def measure(name: str, options: Options) -> dict[str, Any]:
    """Seconds of both, one after the other, again and again; how long the queries take at first, beside them."""
    train, _ = ml100k.parts_of("p1")
    model, _ = trained(name, train, "p1", options.seeds[0], options)
    with clocked() as first:
        queries, films = model.vectors()
    ours, theirs = [], []
    for _ in range(4 if options.quick else REPETITIONS):
        with clocked() as used:
            rw.recommend_all(model, train, k=K)
        ours.append(used["wall"])
        with clocked() as used:
            bare(queries, films)
        theirs.append(used["wall"])
    return {"ours": ours, "theirs": theirs, "queries": first["wall"], "shape": [len(queries), *films.shape]}


PARTS = {name: (lambda options, name=name: measure(name, options)) for name in MODELS}


def rows(done: Mapping[str, Any]) -> list[Row]:
    out = []
    for name, part in done.items():
        if "ours" not in part:
            continue
        users, films, dim = part["shape"]
        middle = float(np.median(part["ours"])) * 1e3, float(np.median(part["theirs"])) * 1e3
        note = (
            f"{middle[0]:.1f} ms against {middle[1]:.1f} ms, wall, {users} users × {films} films × {dim}; ours also "
            f"leaves out seen films and sorts; the queries, once per snapshot: {part['queries'] * 1e3:.0f} ms"
        )
        what = f"{LABELS[name]}, top {K} of all users: recommend_all / (matmul + argpartition)"
        out.append(ratio(what, _paired(part["ours"], part["theirs"]), 1.5, False, note))
    return out


def _paired(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Each repetition's ratio, the lowest and highest tenth left out: they met another process on the machine."""
    ratios = sorted(mine / other for mine, other in zip(ours, theirs, strict=True))
    cut = len(ratios) // 10
    return ratios[cut : len(ratios) - cut] if cut else ratios
