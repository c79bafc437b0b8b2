"""Why, for nearest neighbours: a map of the embedding space with the nearest users on it, and each of them in a row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import bqplot
import ipywidgets
import numpy as np
from markupsafe import Markup, escape

from ..answer import Answer
from ..charts._base import DURATION
from ..core import Floats
from ..page.elements import button, cut, joined
from ..page.page import Region
from ..page.terms import term
from . import parts, sums
from ._base import Selected, Why
from .around import (
    ROWS,
    WORDS,
    Flat,
    Neighbour,
    Square,
    around,
    beyond_average,
    corner,
    placed,
    principal_axes,
    similarity_of,
    space_of,
)

SIDE = {False: 178, True: 330}  # px of the map on a small and on a large page
MARGIN = 4  # px around what is drawn
NAMED = 5  # of the nearest have their name on the map
FILMS = 6  # of a single neighbour's films are told
ID = 10  # characters of a user's id


class NeighboursWhy(Why):
    """The exact sum; a map (PCA) of the corner where the neighbours are, with names; and a row for each neighbour."""

    needs: ClassVar[str] = "neighbours"

    def pictures(self) -> list[Any]:
        self._view: Any = None
        self._flat: Flat | None = None
        self._places: Floats = np.zeros((0, 2), np.float32)  # of all users, on the map
        x, y = bqplot.LinearScale(), bqplot.LinearScale()
        scales = {"x": x, "y": y}
        size = bqplot.LinearScale(min=0, max=1)
        self.x, self.y = x, y

        def dots(**options: Any) -> bqplot.Scatter:
            return bqplot.Scatter(x=[], y=[], scales=scales, **options)

        def near(fill: str) -> bqplot.Scatter:
            return bqplot.Scatter(
                x=[], y=[], size=[], scales={**scales, "size": size}, stroke="var(--rw-accent)", stroke_width=1.5,
                default_size=70, apply_clip=False, colors=[fill],
            )  # fmt: skip

        def names(align: str, weight: str) -> bqplot.Label:
            return bqplot.Label(
                x=[], y=[], text=[], scales=scales, align=align, default_size=11, font_weight=weight, y_offset=4,
                colors=["var(--rw-ink)"], apply_clip=False,
            )  # fmt: skip

        self.all_users = dots(colors=["var(--rw-quiet)"], default_size=8)
        self.centre = dots(marker="cross", colors=["var(--rw-ink2)"], default_size=26)
        self.rays = bqplot.Lines(
            x=np.zeros((1, 2)), y=np.zeros((1, 2)), scales=scales, colors=["var(--rw-mid)"], stroke_width=0.7
        )
        self.neighbours, self.rated = near("var(--rw-surface)"), near("var(--rw-accent)")
        self.chosen = dots(colors=["transparent"], stroke="var(--rw-ink)", stroke_width=2, default_size=150)
        self.you = dots(marker="diamond", colors=["var(--rw-ink)"], default_size=90, apply_clip=False)
        self.right, self.left = names("start", "normal"), names("end", "normal")
        self.figure = bqplot.Figure(
            marks=[self.all_users, self.rays, self.centre, self.neighbours, self.rated, self.you, self.chosen,
                   self.right, self.left],
            padding_x=0, padding_y=0, fig_margin=dict.fromkeys(("top", "bottom", "left", "right"), MARGIN),
            background_style={"fill": "var(--rw-soft)"}, animation_duration=DURATION, display_toolbar=False,
        )  # fmt: skip
        self.figure.layout.overflow = "hidden"
        self.rows = Region("rw-near", handler=self._act)
        self.map = ipywidgets.GridBox([self.figure, self.rows])
        self.map.add_class("rw-near-map")
        return [self.map]

    def animate(self, wanted: bool) -> None:
        self.figure.animation_duration = DURATION if wanted else 0

    def draw(self, selected: Selected) -> None:
        answer, item, explanation = selected.answer, selected.item, selected.explanation
        assert answer is not None and item is not None
        lines, score = sums.sums_of(selected.reason, explanation, answer.data), float(answer.scores[item])
        self.head.show(self.heading(selected) + sums.bar(lines, score) + sums.lines(lines, score), self._subject)
        near = around(answer, item, explanation, selected.reason)
        if not near:  # no history, or nobody left to ask
            self.clear()
            self.rows.show(Markup('<p class="rw-cap">{}</p>').format("Nobody is asked, so there is no map to draw."))
            self.foot.show("")
            return
        flat = self._draw_map(answer, near, selected)
        words = caption(answer, near, flat)
        films = films_of(answer, item, near)
        plain = escape(words).striptags()
        alt = f"Map of all users. {plain}" if words else ""
        adds = "beyond average" if beyond_average(answer, selected.reason) else "contribution"
        whose = str(answer.person.user)  # the same neighbours in the same order for each item
        self.rows.show(rows(answer, near, selected.opened, films, alt, adds), whose)
        self.foot.show(Markup('<p class="rw-cap rw-near-cap" title="{}">{}</p>').format(plain, words) if words else "")

    def _draw_map(self, answer: Answer, near: Sequence[Neighbour], selected: Selected) -> Flat | None:
        """The map; None for a model that has no space to draw."""
        space = space_of(answer.model, answer.person)
        if space is None:
            self.clear()
            return None
        vectors, own = space
        if self._view is not vectors:  # another epoch: the map itself has changed
            self._view, self._flat = vectors, principal_axes(vectors)
            self._places = self._flat.project(vectors)
            _assign(self.all_users, self._places)
            _assign(self.centre, self._flat.project(vectors.mean(0)[None]))
        assert self._flat is not None
        asked = [one for one in near if not one.out]
        here = self._flat.project(own)[None]  # (1, 2)
        there = self._places[[one.user for one in asked]]  # (k, 2)
        centre = np.zeros((1, 2), np.float32)  # in sight, since most similarities are told from there
        square = corner(np.vstack([there, here, centre]), self._places)
        side = SIDE[selected.wide]
        with self.x.hold_sync():
            self.x.min, self.x.max = square.left, square.left + square.size
        with self.y.hold_sync():
            self.y.min, self.y.max = square.bottom, square.bottom + square.size
        layout = self.figure.layout
        layout.width = layout.height = layout.min_width = f"{side}px"
        weight = np.array([one.weight for one in asked])
        size = 0.15 + 0.85 * weight / max(float(weight.max(initial=0.0)), 1e-9)
        rays = np.stack([np.broadcast_to(here, there.shape), there], axis=1)  # (k, 2 ends, 2)
        with self.rays.hold_sync():
            ends = rays if len(rays) else np.zeros((1, 2, 2))
            self.rays.x, self.rays.y = ends[:, :, 0], ends[:, :, 1]
        rated = np.array([one.rated for one in asked], bool)
        for mark, some in ((self.neighbours, ~rated), (self.rated, rated)):
            with mark.hold_sync():
                mark.x, mark.y, mark.size = there[some, 0], there[some, 1], size[some]
        _assign(self.you, here)
        opened = [n for n, one in enumerate(asked) if selected.opened == f"user:{one.user}"]
        _assign(self.chosen, there[opened])
        named = [*opened, *(n for n in range(min(NAMED, len(asked))) if n not in opened)]
        self._names(
            square, side - 2 * MARGIN, here, there, named, [_name(answer, asked[n]) for n in named], _who(answer)
        )
        return self._flat

    def _names(
        self, square: Square, side: float, here: Any, there: Any, some: list[int], texts: list[str], who: str
    ) -> None:
        """Names beside their dots; that of the person first."""
        dots = square.pixels(np.vstack([here, there]), side)
        points = np.vstack([dots[:1], dots[1:][some]])
        found = placed(points, [who, *texts], dots, side)
        for mark, align in ((self.right, "start"), (self.left, "end")):
            chosen = [name for name in found if name.align == align]
            with mark.hold_sync():
                mark.text = [name.text for name in chosen]
                _assign(mark, np.array([square.point(name.x, name.y, side) for name in chosen]).reshape(-1, 2))

    def clear(self) -> None:
        self._view = None
        nowhere = np.zeros((0, 2))
        for mark in (self.all_users, self.neighbours, self.rated, self.you, self.centre, self.chosen):
            _assign(mark, nowhere)
        for mark in (self.right, self.left):
            with mark.hold_sync():
                mark.text = []
                _assign(mark, nowhere)
        with self.rays.hold_sync():
            self.rays.x, self.rays.y = np.zeros((1, 2)), np.zeros((1, 2))
        layout = self.figure.layout
        layout.width = layout.height = layout.min_width = "0px"
        self.rows.show("")


def _assign(mark: Any, points: Any) -> None:
    with mark.hold_sync():
        mark.x, mark.y = points[:, 0], points[:, 1]


def _who(answer: Answer) -> str:
    return "you" if answer.person.user is None else cut(f"user {answer.data.users[answer.person.user]}", ID + 5)


def _name(answer: Answer, one: Neighbour) -> str:
    """On the map: "221 · 5★"; "221" for a user who has not rated the item."""
    name = cut(str(answer.data.users[one.user]), ID)
    return f"{name} · {_stars(one)}" if one.rated else name


def _stars(one: Neighbour) -> str:
    if one.stars is None:
        return "not rated"
    return "seen" if math.isnan(one.stars) else f"{one.stars:g}★"


def rows(
    answer: Answer, near: Sequence[Neighbour], opened: str, films: Markup, alt: str, adds: str = "beyond average"
) -> Markup:  # fmt: skip
    """A row for each neighbour: who, whether and how they rated the film, what they add, and a way to leave them out.

    adds: the term that says what is counted.
    """
    some = joined(_row(answer, one, opened) for one in near[:ROWS])
    rest = near[ROWS:]
    if rest:
        more = sum(one.adds for one in rest)
        some += Markup('<li class="rw-near-rest"><span>{} more</span><span class="rw-num">{}</span></li>').format(
            len(rest), "" if math.isnan(more) else parts.minus(more)
        )
    k = sum(not one.out for one in near)
    tunable = similarity_of(answer.model) != ""
    return Markup(
        '<div class="rw-near-head" data-alt="{alt}"><span title="{note}">{title}</span>{less}{more}<span class="rw-num">'
        '{adds}</span></div><ol class="rw-near-rows" tabindex="0" aria-label="The nearest users">{rows}</ol>'
        '{films}<p class="rw-near-note">× leaves one out; the next nearest moves in.</p>'
    ).format(
        alt=alt, rows=some, films=films, title=f"{k} nearest" if k != 1 else "The nearest",
        note="Nearest first. Select a row to see where the user is on the map.",
        adds=term(adds, "adds"),
        less=button("−", "knob-step:k", -1, classes="rw-tiny", name="One neighbour less") if tunable else "",
        more=button("+", "knob-step:k", 1, classes="rw-tiny", name="One neighbour more") if tunable else "",
    )  # fmt: skip


def _row(answer: Answer, one: Neighbour, opened: str) -> Markup:
    who, value = str(answer.data.users[one.user]), f"user:{one.user}"
    adds = "" if math.isnan(one.adds) else parts.minus(one.adds)
    if one.out:
        return Markup(
            '<li class="rw-near-row rw-gone"><span class="rw-near-who"><span class="rw-title">{}</span>'
            "</span>"
            '<button type="button" class="rw-back" data-act="ask-again" data-value="{}" aria-label="Ask user {} again">put back</button></li>'
        ).format(cut(who, 2 * ID), one.user, who)
    said = f"user {who}: {_stars(one)}; {100 * one.weight:.1f} % of the weight"
    return Markup(
        '<li class="rw-near-row{on}"><button type="button" class="rw-near-who" data-act="open" data-value="{value}" '
        'aria-pressed="{pressed}" title="{said}"><span class="rw-title">{who}</span><span class="{stars_class}">{stars}</span>'
        '<span class="rw-num">{adds}</span></button><button type="button" class="rw-out" data-act="drop" '
        'data-value="neighbour:{user}" title="leave out" aria-label="Leave out user {who}; the next nearest moves in">×</button></li>'
    ).format(
        on=" rw-on" if opened == value else "", value=value, pressed="true" if opened == value else "false", said=said,
        who=cut(who, 2 * ID), stars=_stars(one), stars_class="rw-near-stars" if one.rated else "rw-near-not",
        adds=adds, user=one.user,
    )  # fmt: skip


def films_of(answer: Answer, item: int, near: Sequence[Neighbour]) -> Markup:
    """What a single neighbour's films bring, where the model can say it exactly."""
    asked = [one for one in near if not one.out]
    if len(asked) != 1:
        return Markup("")
    who = cut(str(answer.data.users[asked[0].user]), ID)
    if not hasattr(answer.model, "films_of"):
        return Markup('<p class="rw-cap">User {} alone decides the list.</p>').format(who)
    items, values, own = answer.model.films_of(asked[0].user, item)
    order = np.argsort(-values, kind="stable")[:FILMS]
    some = joined(
        Markup('<li><span class="rw-title" title="{full}">{title}</span><span class="rw-num">{value}</span></li>').format(
            full=answer.full_title(int(items[n])), title=answer.title(int(items[n]))[0], value=parts.minus(float(values[n]))
        )
        for n in order
    )  # fmt: skip
    rest = float(values.sum() - values[order].sum())
    left = len(items) - len(order)
    others = f"{left} other {answer.data.noun}{'' if left == 1 else 's'} {parts.minus(rest)}, " if left else ""
    return Markup(
        '<div class="rw-near-films"><p>User {who} alone decides. Nearest to this {one}, of their {n} {one}s:</p><ol>{some}</ol>'
        "<p>{others}own embedding {own}.</p></div>"
    ).format(who=who, one=answer.data.noun, n=len(items), some=some, others=others, own=parts.minus(own))


def caption(answer: Answer, near: Sequence[Neighbour], flat: Flat | None) -> Markup:
    if flat is None:
        return Markup("")
    means = WORDS.get(similarity_of(answer.model), "")
    return Markup(
        "Filled = rated it; larger = more weight. {means} {pca}: {kept:.0f} % of the variance of {dim} dimensions, so near "
        "here is not always near."
    ).format(means=means, pca=term("PCA"), kept=100 * flat.kept, dim=flat.axes.shape[1])
