"""Are the explanations exact, do they show what carries the score, and do they point at the cause?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

import recwidgets as rw
from recwidgets.core import Explanation, Person
from recwidgets.reasons.usual import usual

from . import ml100k
from .options import LABELS, MODELS, Options
from .report import Row
from .trained import trained
from .usage import clocked

PAIRS, DEPTH, EXACT = 200, 10, 1e-4
HEAVY, CLICK = 2000, 60.0  # films of a heavy user; CPU ms that a reason may take of a click's 100
SHOWN = {"gnn": "film", "knn": "neighbour", "session": "film"}


def exactness(model: Any, data: rw.Interactions, pairs: int, seed: int = 0) -> dict[str, float]:
    """Random users and films: how far the parts' sum is from the score, relative to the score and to the parts."""
    draw, errors, mild = np.random.default_rng(seed), [], []
    for _ in range(pairs):
        user = str(data.users[draw.integers(data.n_users)])
        item = int(draw.integers(data.n_items))
        parts = model.explain(user, data.items[item]).parts
        score = float(model.scores(user)[item])
        error = abs(sum(part.value for part in parts) - score)
        errors.append(error / max(abs(score), 1e-12))
        mild.append(error / max(sum(abs(part.value) for part in parts), 1e-12))
    return {"relative": max(errors), "of parts": max(mild)}


def own_shares(model: Any, data: rw.Interactions, users: int, seed: int = 0) -> dict[str, float]:
    """The part that a learner cannot look into (own embedding, what a film has for all users), at the median user.

    Of each user's first ten films the mean. "of score": own and base together / score; "own of score":
    the own embedding alone; "grouped": |own| + |base| / (|own| + |base| + |all others' sum|);
    "of parts": (|own| + |base|) / the sum of all |parts|.
    """
    chosen = np.random.default_rng(seed).permutation(data.n_users)[:users]
    found = np.array([_own_of_user(model, data, str(data.users[user])) for user in chosen.tolist()])  # (users, 4)
    names = ("of score", "own of score", "grouped", "of parts")
    return {name: float(value) for name, value in zip(names, np.median(found, axis=0), strict=True)}


def _own_of_user(model: Any, data: rw.Interactions, user: str) -> Any:
    explained = [model.explain(user, item) for item in rw.recommend(model, data, user, k=DEPTH).items]
    return np.mean([_own_of_film(one) for one in explained], axis=0)


def _own_of_film(explained: Explanation) -> tuple[float, float, float, float]:
    own, base = explained.total("own"), explained.total("base")
    hidden, score = abs(own) + abs(base), explained.score
    everything = sum(abs(part.value) for part in explained.parts)
    return (own + base) / score, own / score, hidden / (hidden + abs(score - own - base)), hidden / everything


def faithfulness(model: Any, data: rw.Interactions, kind: str, pairs: int, seed: int = 0) -> dict[str, list[float]]:
    """Take the largest part away, and a random one: how much the score falls, for films ranked first to tenth."""
    draw = np.random.default_rng(seed)
    drops: dict[str, list[float]] = {"largest": [], "random": []}
    for _ in range(20 * pairs):  # a person with fewer than two parts is passed over
        if len(drops["largest"]) == pairs:
            break
        user = int(draw.integers(data.n_users))
        person = Person(user, data.history(user))
        items = rw.recommend(model, data, str(data.users[user]), k=DEPTH).index
        item = int(draw.choice(items))
        parts = [part for part in model.explain(person, data.items[item]).parts if part.kind == kind]
        if len(parts) < 2:
            continue
        best = max(parts, key=lambda part: part.value)
        other = parts[int(draw.choice([n for n, part in enumerate(parts) if part is not best]))]
        before = float(model.scores(person)[item])
        for name, part in (("largest", best), ("random", other)):
            drops[name].append(before - float(model.scores(_without(person, part.index, kind))[item]))
    return drops


def _without(person: Person, index: int, kind: str) -> Person:
    """The person, had they not watched that film, or did that neighbour not exist."""
    if kind == "neighbour":
        return person._replace(without=(*person.without, index))
    return person._replace(history=person.history[person.history != index])


def reasons(model: Any, data: rw.Interactions, repetitions: int) -> dict[str, Any]:
    """CPU ms of rw.reason for the user with the most films and a median one: first as a new person, then another film.

    What the average user gets is found before, once for a snapshot; the rest is done at each click.
    """
    lengths = np.bincount(data.user, minlength=data.n_users)
    people = {"heavy": int(lengths.argmax()), "median": int(np.argsort(lengths)[len(lengths) // 2])}
    found: dict[str, Any] = {"films": {name: int(lengths[user]) for name, user in people.items()}}
    for name, user in people.items():
        asked = str(data.users[user])
        items = rw.recommend(model, data, asked, k=2).items
        first, again = [], []
        for _ in range(repetitions):
            usual(model, data).forget()
            for ms, item in ((first, items[0]), (again, items[1])):
                with clocked() as used:
                    rw.reason(model, data, asked, item)
                ms.append(1000 * used["cpu"])
        found[name] = {"first": float(np.median(first)), "again": float(np.median(again))}
    return found


def measure(name: str, key: str, options: Options) -> dict[str, Any]:
    data = DATA[key][1]()
    model, _ = trained(name, data, key, options.seeds[0], options)
    pairs = 20 if options.quick else PAIRS
    return {
        "model": name,
        "data": DATA[key][0],
        "exact": exactness(model, data, pairs),
        "own": own_shares(model, data, pairs),
        "drops": faithfulness(model, data, SHOWN[name], pairs),
        "reasons": reasons(model, data, 3 if options.quick else 15),
    }


DATA = {
    "p1": ("ML-100K", lambda: ml100k.parts_of("p1")[0]),
    "small": (
        "ml-latest-small",
        lambda: rw.load_movielens("latest-small").split("temporal", test=0.2, validation=0).train,
    ),
}
PARTS = {
    f"{name}_{key}": (lambda options, name=name, key=key: measure(name, key, options))
    for key in DATA
    for name in MODELS
}


# -- the table --------------------------------------------------------------------------------------


def rows(done: Mapping[str, Any]) -> list[Row]:
    parts = [part for part in done.values() if "exact" in part]
    made = [make(part) for make in (_exact, _own, _faithful) for part in parts]
    return made + [_reasons(part) for part in parts if "reasons" in part]  # results of before have none


def _of(part: Mapping[str, Any]) -> str:
    return f"{LABELS[part['model']]}, {part['data']}"


def _exact(part: Mapping[str, Any]) -> Row:
    worst, of_parts = part["exact"]["relative"], part["exact"]["of parts"]
    count = len(part["drops"]["largest"])
    what = f"{_of(part)}: largest |sum of parts - score| / |score|, {count} random pairs"
    return Row(what, f"≤ {EXACT:g}", f"{worst:.1e}", worst <= EXACT, f"of the sum of |parts|: {of_parts:.1e}")


def _own(part: Mapping[str, Any]) -> Row:
    own = part["own"]
    note = (
        f"own embedding alone {own['own of score']:.2f} of the score; |own| + |base| beside |the rest's sum| "
        f"{own['grouped']:.2f}, of the sum of |parts| {own['of parts']:.2f}; mean of the first {DEPTH} films"
    )
    what = f"{_of(part)}: own and base part / score, median user"
    return Row(what, "< 0.5", f"{own['of score']:.2f}", own["of score"] < 0.5, note)


def _reasons(part: Mapping[str, Any]) -> Row:
    took = part["reasons"]
    films, heavy, median = took["films"], took["heavy"], took["median"]
    note = (
        f"the next film of the same person {heavy['again']:.0f} ms; of a median user ({films['median']} films) "
        f"{median['first']:.0f} and {median['again']:.0f} ms"
    )
    what = f"{_of(part)}: CPU of the whole reason for a new person with {films['heavy']:,} films"
    target = f"≤ {CLICK:g} ms" if films["heavy"] >= HEAVY else f"≤ {CLICK:g} ms (of {HEAVY:,} films)"
    return Row(what, target, f"{heavy['first']:.0f} ms", heavy["first"] <= CLICK, note)


def _faithful(part: Mapping[str, Any]) -> Row:
    largest, other = (np.array(part["drops"][key]) for key in ("largest", "random"))
    often, seldom = float((largest > 0).mean()), float((other > 0).mean())
    met = bool(often > seldom and largest.mean() > other.mean())
    measured = f"falls in {often:.0%} against {seldom:.0%}, by {largest.mean():.3f} against {other.mean():.3f}"
    note = f"the larger fall of the two in {float((largest > other).mean()):.0%} of {len(largest)} pairs"
    what = f"{_of(part)}: score without the largest {SHOWN[part['model']]} against without a random one"
    return Row(what, "falls more often and more", measured, met, note)
