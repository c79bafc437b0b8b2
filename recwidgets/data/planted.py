"""planted(): a world in which tastes, neighbours and sessions are known, because we put them there."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recwidgets.data._arrays import Int64s
from recwidgets.data.interactions import Interactions
from recwidgets.data.worlds import DAY, START

TASTES = ("Noir", "Western", "Space", "Romance", "Horror", "Comedy", "Music", "War")
_LIKED, _BOOST = 0.3, 100.0  # the share of all films that a circle favours, and how much


class Planted(NamedTuple):
    """A synthetic world, and what was planted in it."""

    data: Interactions
    taste_of_user: Int64s  # (n_users,) the taste of most of a user's films
    taste_of_item: Int64s  # (n_items,)
    circle_of_user: Int64s  # (n_users,) friends of one taste who share favourite films
    neighbours: tuple[Int64s, ...]  # per user, the others of the circle
    next_item: Int64s  # (n_items,) the film that tends to be watched right after each film, of the same taste
    session_of_row: Int64s  # (n,) counts from 0 within each user; days lie between two sessions, minutes within one


def planted(
    n_users: int = 300,
    n_items: int = 200,
    tastes: int = 4,
    seed: int = 0,
    films: int = 24,
    circle: int = 5,
    loyalty: float = 0.85,
    follow: float = 0.5,
) -> Planted:
    """A synthetic world with known tastes, neighbours and sessions; few films are popular, many are rare.

    films: how many films a user rated, on average. circle: how many users share favourites.
    loyalty: the chance that a session is of the user's own taste. follow: the chance that a film is followed by the
    one planted after it. The same arguments give the same world. Raises ValueError if there is too little to plant.
    """
    _check(n_users, n_items, tastes, films, circle, loyalty, follow)
    rng = np.random.default_rng(seed)
    taste_of_user, taste_of_item = np.arange(n_users) % tastes, np.arange(n_items) % tastes
    circle_of_user = np.arange(n_users) // (tastes * circle) * tastes + taste_of_user
    following = np.arange(n_items) + tastes
    next_item = np.where(following < n_items, following, taste_of_item)  # after the last of a taste, its first
    popularity = rng.permutation(1.0 / (np.arange(n_items) + 10.0) ** 2)
    liked = rng.random((circle_of_user.max() + 1, n_items)) < _LIKED  # (circles, n_items)
    weights = popularity * np.where(liked, _BOOST, 1.0)  # (circles, n_items)
    lives = [
        _life(rng, weights[circle_of_user[user]], taste_of_user[user], taste_of_item, next_item, films, loyalty, follow)
        for user in range(n_users)
    ]
    user = np.repeat(np.arange(n_users), [len(items) for items, _, _ in lives])
    item, time, session = (np.concatenate(column) for column in zip(*lives, strict=True))
    own = taste_of_item[item] == taste_of_user[user]
    rating = np.clip(np.where(own, 4, 2) + rng.integers(-1, 2, len(item)), 1, 5)
    names = [TASTES[t] if t < len(TASTES) else f"Taste {t + 1}" for t in range(tastes)]
    data = Interactions(
        user=user.astype(np.int32),
        item=item.astype(np.int32),
        rating=rating.astype(np.float32),
        time=time,
        users=np.arange(1, n_users + 1).astype(np.str_),
        items=np.arange(1, n_items + 1).astype(np.str_),
        titles=np.array([f"{names[t]} {i // tastes + 1}" for i, t in enumerate(taste_of_item.tolist())]),
        genres=tuple((names[t],) for t in taste_of_item.tolist()),
        name=f"Planted tastes (synthetic, seed {seed})",
    )
    neighbours = tuple(
        np.flatnonzero((circle_of_user == own_circle) & (np.arange(n_users) != user))
        for user, own_circle in enumerate(circle_of_user.tolist())
    )
    return Planted(data, taste_of_user, taste_of_item, circle_of_user, neighbours, next_item, session)


def _check(n_users: int, n_items: int, tastes: int, films: int, circle: int, loyalty: float, follow: float) -> None:
    if tastes < 2 or circle < 2 or n_users < tastes * circle or n_items < tastes * 10:
        raise ValueError(
            f"a planted world needs two tastes, circles of two, and for each taste a circle of users and ten films; "
            f"got tastes={tastes}, circle={circle}, n_users={n_users}, n_items={n_items}"
        )
    if not 2 <= films <= n_items // 2 or not 0 <= loyalty <= 1 or not 0 <= follow <= 1:
        raise ValueError(
            f"films must be from 2 to half of n_items ({n_items}), loyalty and follow from 0 to 1; "
            f"got films={films}, loyalty={loyalty}, follow={follow}"
        )


def _life(
    rng: np.random.Generator,
    weight: npt.NDArray[np.float64],
    taste: int,
    taste_of_item: Int64s,
    next_item: Int64s,
    films: int,
    loyalty: float,
    follow: float,
) -> tuple[Int64s, Int64s, Int64s]:
    """One user's films, times and session numbers, oldest first; no film twice."""
    tastes = int(taste_of_item.max()) + 1
    n_films = int(np.clip(rng.poisson(films), 2, len(weight)))
    unseen = np.ones(len(weight), np.bool_)
    items: list[int] = []
    times: list[int] = []
    sessions: list[int] = []
    now, session = START + int(rng.integers(0, 365 * DAY)), 0
    while len(items) < n_films:
        mood = taste if rng.random() < loyalty else (taste + int(rng.integers(1, tastes))) % tastes
        film = -1
        for _ in range(min(int(rng.integers(4, 9)), n_films - len(items))):
            if film >= 0 and unseen[next_item[film]] and rng.random() < follow:
                film = int(next_item[film])
            else:
                fitting = weight * unseen * (taste_of_item == mood)
                fitting = fitting if fitting.any() else weight * unseen  # all of this taste were seen
                film = int(rng.choice(len(weight), p=fitting / fitting.sum()))
            unseen[film] = False
            items.append(film)
            times.append(now)
            sessions.append(session)
            now += int(rng.integers(60, 600))
        session, now = session + 1, now + int(rng.integers(3 * DAY, 30 * DAY))
    return np.array(items), np.array(times), np.array(sessions)
