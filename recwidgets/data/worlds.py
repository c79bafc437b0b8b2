"""Small worlds: made-up data whose right answers are known, or whose size one can choose."""

from __future__ import annotations

import numpy as np

from recwidgets.data._arrays import Float32s, Int64s
from recwidgets.data.interactions import Interactions

DAY, START = 86_400, 946_684_800  # seconds; 2000-01-01, so that dates look like dates
# ML-100K's curve of popularity: how many ratings a film has, as a share of the most rated one's, at its place in
# the list of films by popularity (0 the most rated, 1 the least)
_PLACES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)
_SHARES = (1.0, 0.65, 0.51, 0.39, 0.29, 0.17, 0.11, 0.046, 0.015, 0.0034, 0.0017)
_USERS_AT_ONCE = 512  # some megabytes of tosses, not gigabytes


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

    Exactly n_interactions rows, ordered in time, no pair twice; about 106 rows a user, skewed, as in ML-100K, and
    1,682 films at 100,000 rows, growing with the power 0.42. Raises ValueError below 1,000 rows.
    """
    if n_interactions < 1_000:
        raise ValueError(f"n_interactions must be at least 1,000, got {n_interactions!r}")
    rng = np.random.default_rng(seed)
    n_items, n_users = int(1_682 * (n_interactions / 100_000) ** 0.42), n_interactions // 106
    user, item = _pairs(rng, n_users, n_items, n_interactions)
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


def _pairs(rng: np.random.Generator, n_users: int, n_items: int, n: int) -> tuple[Int64s, Int64s]:
    """n different pairs in random order: one toss for each user and film, weighted by both."""
    curve = np.exp(np.interp(np.linspace(0, 1, n_items), _PLACES, np.log(_SHARES)))
    # the most active users rate every popular film once and not more: a push at the top makes up for it
    popular: Float32s = rng.permutation(-np.log1p(-0.85 * curve)).astype(np.float32)
    active: Float32s = (18.0 + np.exp(rng.normal(3.7, 1.2, n_users))).astype(np.float32)
    strength = _strength(active, popular, 1.02 * n)  # 2 % more than needed: the spare ones are left out below
    while True:
        tosses = [_toss(rng, active, popular * strength, start) for start in range(0, n_users, _USERS_AT_ONCE)]
        user, item = (np.concatenate(column) for column in zip(*tosses, strict=True))
        if len(user) >= n:
            kept = rng.permutation(len(user))[:n]
            return user[kept], item[kept]
        strength *= np.float32(1.1)


def _strength(active: Float32s, popular: Float32s, wanted: float) -> np.float32:
    """The factor at which `wanted` pairs are expected, by bisection over 65 typical users."""
    typical = np.quantile(active, (np.arange(65) + 0.5) / 65)[:, None]
    low, high = 0.0, 64.0
    for _ in range(40):
        middle = (low + high) / 2
        expected = (1 - np.exp(-middle * typical * popular)).sum(1).mean() * len(active)
        low, high = (middle, high) if expected < wanted else (low, middle)
    return np.float32(high)


def _toss(rng: np.random.Generator, active: Float32s, weight: Float32s, start: int) -> tuple[Int64s, Int64s]:
    """Pairs of some users: a pair is in with the chance 1 - exp(-active * weight)."""
    active = active[start : start + _USERS_AT_ONCE]
    waits = rng.standard_exponential((len(active), len(weight)), dtype=np.float32)  # (users, n_items)
    user, item = np.nonzero(waits < active[:, None] * weight)
    return user + start, item
