"""The arithmetic of the graph's picture: which own films and which viewers carry a score. numpy only."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..answer import Answer
from ..core import film_label

FILMS, VIEWERS = 5, 5  # drawn one by one; everything else is in the dashed nodes


class Path(NamedTuple):
    """One own film on the paths: its index, label, what it adds, and that by hop."""

    item: int
    label: str
    value: float
    hops: tuple[float, ...]


class Picture(NamedTuple):
    """All that is drawn. links: (film row, viewer row, value); others: the contributions not drawn."""

    paths: tuple[Path, ...]
    viewers: tuple[int, ...]
    links: tuple[tuple[int, int, float], ...]
    other_films: int
    other_films_value: float
    other_viewers: int
    hops: tuple[float, ...]  # what each hop adds, over all films


def picture(answer: Answer, item: int, layers: int) -> Picture:
    """The own films that add most, and the viewers through whom most of it comes, with what `layers` hops bring.

    Which films and viewers are drawn does not depend on `layers`, so that a step moves nothing.
    """
    model, person = answer.model, answer.person
    hops = model.hops(person, item)  # (history, all layers)
    most = hops.shape[1]
    drawn = np.argsort(-np.abs(hops.sum(1)), kind="stable")[:FILMS].tolist() if most else []
    value = hops[:, :layers].sum(1)
    own = [int(person.history[n]) for n in drawn]
    paths = tuple(
        Path(film, film_label(answer.data, film), float(value[n]), tuple(hops[n].tolist()))
        for n, film in zip(drawn, own, strict=True)
    )
    whole = [_through(answer, film, item, most) for film in own] if most > 1 else []
    total: dict[int, float] = {}
    for link in whole:
        for viewer, part in link.items():
            if viewer != person.user:
                total[viewer] = total.get(viewer, 0.0) + part
    viewers = tuple(sorted(total, key=lambda viewer: -abs(total[viewer]))[:VIEWERS])
    so_far = whole if layers >= most else [_through(answer, film, item, layers) for film in own] if layers > 1 else []
    links = tuple(
        (row, column, link[viewer])
        for row, link in enumerate(so_far)
        for column, viewer in enumerate(viewers)
        if viewer in link
    )
    rest = float(value.sum() - value[drawn].sum())
    others = len(value) - len(paths) if paths else 0
    return Picture(
        paths, viewers, links, others, rest, max(len(total) - len(viewers), 0), tuple(hops.sum(0).tolist())
    )  # fmt: skip


def _through(answer: Answer, own: int, item: int, layers: int) -> dict[int, float]:
    """By viewer of an own film: what reaches `item` through them within so many hops."""
    viewers, values = answer.model.through_viewers(answer.person, own, item, layers)
    return dict(zip(viewers.tolist(), values.tolist(), strict=True))
