"""Why, for nearest neighbours: a map of the embedding space, with the nearest users."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import bqplot
import numpy as np
from markupsafe import Markup

from ..charts._base import DURATION
from ..core import Floats
from ..page.elements import button
from ..page.page import Page
from ._base import Selected, Why


class Flat(NamedTuple):
    """A flat view of a space: centre (dim,), axes (2, dim), and the share of the variance it keeps."""

    centre: Floats
    axes: Floats
    kept: float

    def project(self, vectors: Floats) -> Floats:
        """(…, dim) -> (…, 2)"""
        return np.asarray((vectors - self.centre) @ self.axes.T, np.float32)


def principal_axes(vectors: Floats) -> Flat:
    """The two directions in which (n, dim) vectors differ most (PCA, through an SVD).

    The sign of each axis is fixed by its largest entry, so that the map does not flip by chance.
    """
    centre = vectors.mean(0)
    _, sizes, axes = np.linalg.svd(vectors - centre, full_matrices=False)
    axes = axes[:2]
    axes = axes * np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(1)])[:, None]
    total = float((sizes**2).sum())
    return Flat(centre, axes.astype(np.float32), float((sizes[:2] ** 2).sum()) / total if total else 1.0)


class NeighboursWhy(Why):
    """The PCA map: all users as dots, the k neighbours joined and sized by weight, you as a diamond."""

    needs: ClassVar[str] = "neighbours"

    def pictures(self) -> list[Any]:
        self._view: Any = None
        self._flat: Flat | None = None
        x, y = bqplot.LinearScale(), bqplot.LinearScale()
        scales = {"x": x, "y": y}
        size = bqplot.LinearScale(min=0, max=1)
        self.x, self.y = x, y
        self.all_users = bqplot.Scatter(
            x=[], y=[], scales=scales, colors=["var(--rw-quiet)"], default_size=10, apply_clip=False
        )
        self.rays = bqplot.Lines(
            x=np.zeros((1, 2)), y=np.zeros((1, 2)), scales=scales, colors=["var(--rw-mid)"], stroke_width=1
        )
        self.neighbours = bqplot.Scatter(
            x=[], y=[], size=[], scales={**scales, "size": size}, stroke="var(--rw-accent)", stroke_width=1.5,
            default_size=120, apply_clip=False, colors=["var(--rw-surface)"],
        )  # fmt: skip
        self.rated = bqplot.Scatter(
            x=[], y=[], size=[], scales={**scales, "size": size}, stroke="var(--rw-accent)", stroke_width=1.5,
            default_size=120, apply_clip=False, colors=["var(--rw-accent)"],
        )  # fmt: skip
        self.you = bqplot.Scatter(
            x=[], y=[], scales=scales, marker="diamond", colors=["var(--rw-ink)"], default_size=110, apply_clip=False
        )
        self.figure = bqplot.Figure(
            marks=[self.all_users, self.rays, self.neighbours, self.rated, self.you], padding_x=0.04, padding_y=0.04,
            fig_margin={"top": 6, "bottom": 6, "left": 6, "right": 6}, background_style={"fill": "transparent"},
            animation_duration=DURATION,
        )  # fmt: skip
        self.figure.layout.height, self.figure.layout.width = "250px", "100%"
        self.figure.layout.min_width, self.figure.layout.overflow = "236px", "hidden"
        self.under = Page(handler=self._act)
        return [self.figure, self.under]

    def animate(self, wanted: bool) -> None:
        self.figure.animation_duration = DURATION if wanted else 0

    def draw(self, selected: Selected) -> None:
        super().draw(selected)
        answer, item = selected.answer, selected.item
        assert answer is not None and item is not None
        vectors = answer.model.user_vectors()  # (n_users, dim)
        if self._view is not vectors:  # another epoch: the map itself has changed
            self._view, self._flat = vectors, principal_axes(vectors)
            _assign(self.all_users, *self._flat.project(vectors).T)
        assert self._flat is not None
        nearest, weight = answer.model.neighbours(answer.person)
        if not len(nearest):  # no history, or nobody left to ask
            self.clear()
            self.under.show(Markup('<p class="rw-cap">{}</p>').format("Nobody is asked, so there is no map to draw."))
            return
        here = self._flat.project(answer.model.user_vector(answer.person))
        there = self._flat.project(vectors[nearest])  # (k, 2)
        knows = np.array([item in answer.data.history(int(user)) for user in nearest], bool)
        size = 0.15 + 0.85 * weight / max(float(weight.max()), 1e-9)
        self._square(np.vstack([self._flat.project(vectors), here]))
        rays = np.stack([np.broadcast_to(here, there.shape), there], axis=1)  # (k, 2 ends, 2)
        with self.rays.hold_sync():
            self.rays.x, self.rays.y = rays[:, :, 0], rays[:, :, 1]
        for mark, chosen in ((self.neighbours, ~knows), (self.rated, knows)):
            with mark.hold_sync():
                mark.x, mark.y, mark.size = there[chosen, 0], there[chosen, 1], size[chosen]
        _assign(self.you, here[:1], here[1:])
        kept, dim = 100 * self._flat.kept, vectors.shape[1]
        whom = "you" if answer.person.user is None else "the user"
        words = (
            f"Diamond = {whom}. Filled = rated this film ({int(knows.sum())} of {len(knows)}). Larger = more weight. "
            f"The map keeps {kept:.0f} % of the variance (PCA), so near here is not always near in all {dim} dimensions."
        )
        self.under.show(
            Markup(
                '<div class="rw-hop"><span>Slow motion</span>{}{}</div><p class="rw-cap" data-alt="Map of all users. {}">{}</p>'
            ).format(
                button("One neighbour less", "knob-step:k", -1, classes="rw-small"),
                button("One neighbour more", "knob-step:k", 1, classes="rw-small"),
                words,
                words,
            )
        )

    def _square(self, points: Floats) -> None:
        """One scale for both axes, else the map lies."""
        middle = (points.max(0) + points.min(0)) / 2
        half = float((points.max(0) - points.min(0)).max()) / 2 or 1.0
        wide = 1.5  # the figure is about so many times wider than high
        with self.x.hold_sync():
            self.x.min, self.x.max = float(middle[0] - half * wide), float(middle[0] + half * wide)
        with self.y.hold_sync():
            self.y.min, self.y.max = float(middle[1] - half), float(middle[1] + half)

    def clear(self) -> None:
        self._view = None
        for mark in (self.all_users, self.neighbours, self.rated, self.you):
            _assign(mark, [], [])
        with self.rays.hold_sync():
            self.rays.x, self.rays.y = np.zeros((1, 2)), np.zeros((1, 2))
        self.under.show("")


def _assign(mark: Any, x: Any, y: Any) -> None:
    with mark.hold_sync():
        mark.x, mark.y = np.asarray(x), np.asarray(y)
