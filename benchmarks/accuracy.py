"""How good the lists are: the evaluator's protocols, further splits, and the embedded data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import recwidgets as rw
from recwidgets.data import Interactions
from recwidgets.evaluation import score_lists
from recwidgets.models.popularity import Popularity

from . import ml100k, rivals
from .options import LABELS, MODELS, Options
from .report import Row, above, at_least
from .trained import trained

FURTHER = (1, 2, 3, 4, 5)  # seeds of the further splits: a fixed rule, chosen before any result
Done = Mapping[str, Any]


def on_protocol(protocol: str, models: Sequence[str], options: Options) -> dict[str, Any]:
    """{system: [the evaluator's numbers, one dict a seed]}; the seconds of each training beside them."""
    train, _ = ml100k.parts_of(protocol)
    found: dict[str, Any] = {name: [] for name in models}
    seconds: dict[str, Any] = {name: [] for name in models}
    for name in models:
        for seed in options.seeds:
            model, used = trained(name, train, protocol, seed, options)
            found[name].append(ml100k.score(protocol, ml100k.everything_ranked(model, train)))
            seconds[name].append(used)
    for name, make in RIVALS.items():
        found[name] = [ml100k.score(protocol, ml100k.everything_ranked(make(train), train))]
    return {"scores": found, "seconds": seconds}


RIVALS: dict[str, Callable[[Interactions], Any]] = {
    "popularity": lambda train: Popularity().learn(train),
    "ease": rivals.ease,
    "user_knn": rivals.user_knn,
}


def further(options: Options) -> dict[str, Any]:
    """nDCG@10 and MAP on five more random splits: GNN beside EASE, KNN beside user neighbours."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in ("gnn", "knn", "ease", "user_knn")}
    for seed in FURTHER[: 1 if options.quick else None]:
        split = ml100k.further_split(seed)
        for name in found:
            if name in RIVALS:
                model = RIVALS[name](split.train)
            else:
                model, _ = trained(name, split.train, f"further{seed}", options.seeds[0], options)
            numbers = score_lists(rw.recommend_all(model, split.train, 10), split, (10,), 10)
            found[name].append({"ndcg": numbers["ndcg"], "map": numbers["map"]})
    return {"scores": found}


def small(options: Options) -> dict[str, Any]:
    """ml-latest-small, each user's newest fifth held out, all else train: nDCG@10 as `rw.evaluate` gives it."""
    split = rw.load_movielens("latest-small").split("temporal", test=0.2, validation=0)
    found: dict[str, Any] = {}
    for name in MODELS:
        runs = []
        for seed in options.seeds:
            model, used = trained(name, split.train, "small", seed, options)
            result = rw.evaluate(model, split)
            runs.append({"ndcg": result["ndcg"], "popularity": result["baselines"]["popularity"]["ndcg"], **used})
        found[name] = runs
    return {"scores": found}


PARTS = {
    "p1": lambda options: on_protocol("p1", ("gnn", "knn"), options),
    "p2": lambda options: on_protocol("p2", ("session",), options),
    "p3": lambda options: on_protocol("p3", MODELS, options),
    "further": further,
    "small": small,
}


# -- the table --------------------------------------------------------------------------------------


def rows(done: Done) -> list[Row]:
    out: list[Row] = []
    for part, make in (("p1", _p1), ("p2", _p2), ("p3", _p3), ("further", _further), ("small", _small)):
        if "scores" in done.get(part, {}):
            out += make(done[part]["scores"])
    return out


def _values(runs: Sequence[Mapping[str, float]], key: str) -> list[float]:
    return [run[key] for run in runs]


def _beside(scores: Done, key: str) -> str:
    names = {"ease": "EASE", "user_knn": "UserKNN", "popularity": "popularity"}
    return "in the same run: " + ", ".join(f"{label} {scores[name][0][key]:.4f}" for name, label in names.items())


def _p1(scores: Done) -> list[Row]:
    targets = {"gnn": ((0.485, 0.495), (0.152, 0.155)), "knn": ((0.462, 0.484), (0.141, None))}
    out = []
    for name, pair in targets.items():
        for key, (target, aim) in zip(("nDCG@10", "MAP"), pair, strict=True):
            values = _values(scores[name], key)
            out.append(at_least(f"{LABELS[name]}, p1 {key}", values, target, aim, _beside(scores, key)))
    return out


def _p2(scores: Done) -> list[Row]:
    wanted = (
        ("HR@10", "HR@10, seen removed", 0.226, 0.24),
        ("NDCG@10", "NDCG@10, seen removed", 0.127, 0.135),
        ("HR@10_kept", "HR@10, seen kept", 0.131, 0.143),
    )
    return [
        at_least(f"Session, p2 {label}", _values(scores["session"], key), target, aim, _beside(scores, key))
        for key, label, target, aim in wanted
    ]


def _p3(scores: Done) -> list[Row]:
    out = []
    for key, label, target, aim in (("top100", "kept", 0.39, 0.41), ("top100_removed", "removed", 0.60, 0.63)):
        beside = _beside(scores, key)
        for name in ("gnn", "knn"):
            what = f"{LABELS[name]}, p3 top-100, seen {label}"
            out.append(at_least(what, _values(scores[name], key), target, aim, beside))
        ours, theirs = _values(scores["session"], key), _values(scores["popularity"], key)
        note = "order means little on a random split; aim .36 kept, .55 removed"
        out.append(above(f"Session, p3 top-100, seen {label}", ours, theirs, "above popularity", note))
    return out


def _further(scores: Done) -> list[Row]:
    out = []
    for name, rival, label in (("gnn", "ease", "EASE"), ("knn", "user_knn", "UserKNN")):
        for key, shown in (("ndcg", "nDCG@10"), ("map", "MAP")):
            ours, theirs = _values(scores[name], key), _values(scores[rival], key)
            wins = int(np.sum(np.array(ours) > np.array(theirs)))
            what = f"{LABELS[name]} against {label}, {shown}, {len(ours)} further random 75/25 splits"
            seeds = ", ".join(map(str, FURTHER[: len(ours)]))
            note = f"ahead on {wins} of {len(ours)}; ± is over the splits, made from the seeds {seeds}"
            out.append(above(what, ours, theirs, f"ahead of {label} on average", note))
    return out


def _small(scores: Done) -> list[Row]:
    out = []
    for name, runs in scores.items():
        times = [run["ndcg"] / run["popularity"] for run in runs]
        note = f"nDCG@10 {np.mean(_values(runs, 'ndcg')):.4f}, popularity {runs[0]['popularity']:.4f}"
        what = f"{LABELS[name]}, ml-latest-small, temporal: nDCG@10 / popularity's"
        out.append(at_least(what, times, 1.5, note=note, digits=2))
    return out
