"""Is the idea what makes it good? Each model with its idea taken away, on the validation parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

import recwidgets as rw
from recwidgets.core import Person

from . import ml100k
from .accuracy import Done
from .options import Options
from .report import Row, clearly_above
from .trained import trained


class Queries:
    """Somebody else's query vectors, ranked with a model's films."""

    def __init__(self, queries: Any, films: Any) -> None:
        self.queries, self.films = queries.astype(np.float32), films

    def vectors(self) -> tuple[Any, Any]:
        return self.queries, self.films


def gnn(options: Options) -> dict[str, Any]:
    """Trained with its layers, trained without any, and trained with but asked without."""
    train, _ = ml100k.parts_of("p1v")
    runs: dict[str, list[float]] = {"default": [], "layers=0": [], "layers=0 when asked": []}
    for seed in options.seeds:
        model, _ = trained("gnn", train, "p1v", seed, options)
        without, _ = trained("gnn", train, "p1v", seed, options, layers=0)
        for name, system in zip(runs, (model, without, model.at(layers=0)), strict=True):
            runs[name].append(_ndcg(system, train))
    return {"runs": runs}


def knn(options: Options) -> dict[str, Any]:
    """Its neighbours, one neighbour, random neighbours, and none: the user vector alone, or the value."""
    train, _ = ml100k.parts_of("p1v")
    runs: dict[str, list[float]] = {
        name: [] for name in ("default", "k=1", "neighbours at random", "no neighbours", "place alone")
    }
    for seed in options.seeds:
        model, _ = trained("knn", train, "p1v", seed, options)
        queries, films = model.vectors()
        values = alone(model.at(k=1), train)
        lot = np.random.default_rng(seed).integers(0, len(values), (len(values), int(model.values["k"])))
        alone_systems = (Queries(values, films), Queries(model.user_vectors(), films))
        systems = (model, model.at(k=1), Queries(values[lot].mean(1), films), *alone_systems)
        for name, system in zip(runs, systems, strict=True):
            runs[name].append(_ndcg(system, train))
    return {"runs": runs}


def alone(model: Any, data: rw.Interactions) -> Any:
    """What each user hands on to those who ask, (n_users, dim). model: with k=1.

    The nearest neighbour of a stranger with somebody's very history is that somebody.
    """
    return np.stack([model.query(data.items[data.history(user)].tolist()) for user in range(data.n_users)])


def session(options: Options) -> dict[str, Any]:
    """The same trained model, told the histories in their order, and in a random order."""
    train, _ = ml100k.parts_of("p2v")
    keys = ("HR@10", "NDCG@10", "HR@10_kept")
    runs: dict[str, dict[str, list[float]]] = {name: {key: [] for key in keys} for name in ("default", "shuffled")}
    for seed in options.seeds:
        model, _ = trained("session", train, "p2v", seed, options)
        for name, system in (("default", model), ("shuffled", Shuffled(model, train, seed))):
            numbers = ml100k.score("p2v", ml100k.everything_ranked(system, train))
            for key in keys:
                runs[name][key].append(numbers[key])
    return {"runs": runs}


class Shuffled:
    """A model that is given all histories in a random order."""

    def __init__(self, model: Any, data: rw.Interactions, seed: int) -> None:
        self.model, self.data, self.lot = model, data, np.random.default_rng(seed)

    def scores(self, user: str) -> Any:
        index = self.data.user_index(user)
        return self.model.scores(Person(index, self.lot.permutation(self.data.history(index))))


def _ndcg(model: Any, train: rw.Interactions) -> float:
    return ml100k.score("p1v", ml100k.everything_ranked(model, train))["nDCG@10"]


PARTS = {"gnn": gnn, "knn": knn, "session": session}


def rows(done: Mapping[str, Any]) -> list[Row]:
    out: list[Row] = []
    for name, make in (("gnn", _gnn), ("knn", _knn), ("session", _session)):
        if "runs" in done.get(name, {}):
            out += make(done[name]["runs"])
    return out


def _gnn(runs: Done) -> list[Row]:
    asked = f"trained with layers but asked without: {np.mean(runs['layers=0 when asked']):.4f}"
    what = "GNN, p1v nDCG@10: default against trained with layers=0"
    return [clearly_above(what, runs["default"], runs["layers=0"], asked)]


def _knn(runs: Done) -> list[Row]:
    return [
        clearly_above(f"KNN, p1v nDCG@10: default against {other}", runs["default"], runs[other], note)
        for other, note in (
            ("place alone", "the mean of the own films' embeddings, as it stands, in place of the neighbours'"),
            ("no neighbours", "what the user would hand on to others, in place of the neighbours'"),
            ("neighbours at random", "as many, drawn at random"),
            ("k=1", "the nearest alone"),
        )
    ]


def _session(runs: Done) -> list[Row]:
    labels = {"HR@10": "HR@10, seen removed", "NDCG@10": "NDCG@10, seen removed", "HR@10_kept": "HR@10, seen kept"}
    return [
        clearly_above(
            f"Session, p2v {label}: default against histories shuffled when asked",
            runs["default"][key],
            runs["shuffled"][key],
        )
        for key, label in labels.items()
    ]
