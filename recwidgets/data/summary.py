"""A line on who a user is."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from recwidgets.data.interactions import Interactions


class UserSummary(NamedTuple):
    """What there is to say about one user in one line."""

    user: str  # the original id
    n_ratings: int
    first: date | None  # None where the data have no times
    last: date | None
    top_genres: tuple[str, ...]  # up to three, most rated first
    last_films: tuple[tuple[str, float], ...]  # up to five (title, rating), newest first


def describe_user(data: Interactions, user_index: int) -> UserSummary:
    """Sum up one user. Ties between genres go to the name that comes first in the alphabet. Dates are UTC."""
    rows = data.rows_of(user_index)
    genres = Counter(genre for item in data.item[rows].tolist() for genre in data.genres[item])
    dates = [datetime.fromtimestamp(t, UTC).date() for t in data.time[rows].tolist()] if data.has_times else []
    return UserSummary(
        user=str(data.users[user_index]),
        n_ratings=len(rows),
        first=dates[0] if dates else None,
        last=dates[-1] if dates else None,
        top_genres=tuple(sorted(genres, key=lambda genre: (-genres[genre], genre))[:3]),
        last_films=tuple((str(data.titles[data.item[r]]), float(data.rating[r])) for r in rows[::-1][:5].tolist()),
    )
