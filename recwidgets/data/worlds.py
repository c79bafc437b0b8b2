"""Small worlds: made-up data whose right answers are known, or whose size one can choose."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recwidgets.data._arrays import Int64s
from recwidgets.data.interactions import Interactions

DAY, START = 86_400, 946_684_800  # seconds; 2000-01-01, so that dates look like dates
# ML-100K's curve of popularity: how many ratings a film has, as a share of the most rated one's, at its place in
# the list of films by popularity (0 the most rated, 1 the least)
_PLACES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)
_SHARES = (1.0, 0.65, 0.51, 0.39, 0.29, 0.17, 0.11, 0.046, 0.015, 0.0034, 0.0017)


def checkerboard(n: int = 8) -> tuple[Interactions, Int64s]:
    """A board of n users and n films in two colours: each user rated all films of the own colour but one.

    Returns the interactions, and the withheld pairs, int64 (n, 2): user index, item index. A model that works ranks
    the withheld film first among the unseen. Raises ValueError below 6, where no two users share a film.
    """
    if n < 6:
        raise ValueError(f"a checkerboard needs at least 6 users and films, got {n!r}")
    user, item = np.indices((n, n)).reshape(2, -1)
    rated = ((user + item) % 2 == 0) & (user != item)  # the diagonal has the own colour: it is withheld
    user, item = user[rated], item[rated]
    colours = [("Black", "White")[i % 2] for i in range(n)]
    ids = [str(i + 1) for i in range(n)]
    train = Interactions(
        user=user.astype(np.int32),
        item=item.astype(np.int32),
        rating=np.ones(len(user), np.float32),
        time=START + DAY * np.arange(len(user)),
        users=np.array(ids),
        items=np.array(ids),
        titles=np.array([f"{colour} {i // 2 + 1}" for i, colour in enumerate(colours)]),
        genres=tuple((colour,) for colour in colours),
        name=f"Checkerboard {n} × {n} (synthetic)",
        has_ratings=False,
    )
    return train, np.column_stack((np.arange(n), np.arange(n)))


def popularity_world(n_interactions: int = 100_000, seed: int = 0) -> Interactions:
    """A synthetic world of any size, for benchmarks: MovieLens' curve of popularity, and nothing to learn beyond it.

    Exactly n_interactions rows, ordered in time, no pair twice; about 106 rows a user, as in ML-100K, and 1,682
    films at 100,000 rows, growing with the power 0.42. Raises ValueError below 1,000 rows.
    """
    if n_interactions < 1_000:
        raise ValueError(f"n_interactions must be at least 1,000, got {n_interactions!r}")
    rng = np.random.default_rng(seed)
    n_items = int(1_682 * (n_interactions / 100_000) ** 0.42)
    n_users = max(n_interactions // 106, 2)
    share = np.exp(np.interp(np.linspace(0, 1, n_items), _PLACES, np.log(_SHARES)))
    code = _distinct_pairs(rng, _degrees(rng, n_users, n_items, n_interactions), rng.permutation(share))
    user, item = np.divmod(rng.permutation(code), n_items)
    return Interactions(
        user=user.astype(np.int32),
        item=item.astype(np.int32),
        rating=rng.choice(np.arange(1, 6), len(user), p=(0.06, 0.11, 0.27, 0.34, 0.22)).astype(np.float32),
        time=START + np.sort(rng.integers(0, 1_000 * DAY, len(user))),
        users=np.arange(1, n_users + 1).astype(np.str_),
        items=np.arange(1, n_items + 1).astype(np.str_),
        titles=np.array([f"Film {i + 1}" for i in range(n_items)]),
        genres=((),) * n_items,
        name=f"Popularity world (synthetic, seed {seed})",
    )


def _degrees(rng: np.random.Generator, n_users: int, n_items: int, total: int) -> Int64s:
    """How many films each user rated: skewed as in MovieLens, from 20 (or fewer in a tiny world) up; sums to total."""
    least, most = min(20, total // n_users), n_items // 2
    extra = np.exp(rng.normal(3.7, 1.2, n_users))
    degree = np.full(n_users, least, np.int64)
    while (short := total - int(degree.sum())) > 0:
        room = degree < most
        raw = np.where(room, extra, 0.0)
        step = np.floor(raw / raw.sum() * short).astype(np.int64)
        if not step.any():
            step[np.flatnonzero(room)[:short]] = 1
        degree = np.minimum(degree + step, most)
    return degree


def _distinct_pairs(rng: np.random.Generator, degree: Int64s, weight: npt.NDArray[np.float64]) -> Int64s:
    """For each user `degree` different items drawn by weight, as user * n_items + item, (degree.sum(),)."""
    n_items, chance = len(weight), np.cumsum(weight) / weight.sum()
    done: list[Int64s] = []
    active, codes = np.arange(len(degree)), np.empty(0, np.int64)
    while len(active):
        have = np.bincount(codes // n_items, minlength=len(degree))
        user = np.repeat(active, (degree - have)[active])
        drawn = np.searchsorted(chance, rng.random(len(user)), side="right").clip(max=n_items - 1)
        codes = np.unique(np.concatenate((codes, user * n_items + drawn)))
        have = np.bincount(codes // n_items, minlength=len(degree))
        full = have[codes // n_items] == degree[codes // n_items]  # these users need no more rounds
        done.append(codes[full])
        codes, active = codes[~full], active[have[active] < degree[active]]
    return np.concatenate(done)
