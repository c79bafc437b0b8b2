"""Why, for the graph neural network: the way from the user over films and viewers to the film.

Drawn as SVG rather than with bqplot: two dozen nodes with titles in them, in one message, with
lines as wide as their share and every node within reach of the keyboard.
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np

from ..answer import Answer
from ..core import Explanation, film_label
from ..page.page import esc
from . import parts
from ._base import Why

CUT = 15  # characters of a title that fit beside its number
FILMS, VIEWERS = 5, 5  # drawn one by one; everything else is in the dashed nodes
WIDTH, HEIGHT, ROW, TOP = 394, 218, 36, 24
X = {"user": 16, "film": 62, "film_end": 226, "viewer": 300, "item": 376}


class Way(NamedTuple):
    """One own film on the way: its index, label, the part it adds, and its share per hop."""

    item: int
    label: str
    value: float
    hops: tuple[float, ...]


class Picture(NamedTuple):
    """All that is drawn. links: (film row, viewer row, value); others: the parts not drawn."""

    ways: tuple[Way, ...]
    viewers: tuple[int, ...]
    links: tuple[tuple[int, int, float], ...]
    other_films: int
    other_films_value: float
    other_viewers: int
    hops: tuple[float, ...]  # what each hop adds, over all films


def picture(answer: Answer, item: int, layers: int) -> Picture:
    """The films that add most, and the viewers through whom most of it comes, with what `layers` hops bring.

    Which films and viewers are drawn does not depend on `layers`, so that a step moves nothing.
    """
    model, person = answer.model, answer.person
    hops = model.hops(person, item)  # (history, all layers)
    drawn = np.argsort(-np.abs(hops.sum(1)), kind="stable")[:FILMS].tolist() if hops.shape[1] else []
    value = hops[:, :layers].sum(1)
    ways = tuple(
        Way(
            int(person.history[n]),
            film_label(answer.data, int(person.history[n])),
            float(value[n]),
            tuple(hops[n].tolist()),
        )
        for n in drawn
    )
    total: dict[int, float] = {}
    for link in (_through(answer, way.item, item) for way in ways):
        for viewer, part in link.items():
            if viewer != person.user:
                total[viewer] = total.get(viewer, 0.0) + part
    viewers = tuple(sorted(total, key=lambda viewer: -abs(total[viewer]))[:VIEWERS]) if hops.shape[1] > 1 else ()
    links = tuple(
        (row, column, link[viewer])
        for row, link in enumerate(_through(answer, way.item, item, layers) for way in ways)
        for column, viewer in enumerate(viewers)
        if viewer in link
    )
    rest = float(value.sum() - value[drawn].sum())
    others = len(value) - len(ways) if ways else 0
    return Picture(
        ways, viewers, links, others, rest, max(len(total) - len(viewers), 0), tuple(hops.sum(0).tolist())
    )  # fmt: skip


def _through(answer: Answer, own: int, item: int, layers: int = 99) -> dict[int, float]:
    """By viewer of an own film: what reaches `item` through them within so many hops."""
    viewers, values = answer.model.through_viewers(answer.person, own, item, layers)
    return dict(zip(viewers.tolist(), values.tolist(), strict=True))


def stroke(value: float, largest: float) -> float:
    """Line width in px, 1 to 6: in proportion to the contribution within its step."""
    return 1.0 + 5.0 * abs(value) / largest if largest > 0 else 1.0


def svg(drawn: Picture, user: str, place: str, slot: int, layers: int, names: list[str]) -> str:
    """The picture up to `layers` hops. names: the viewers' ids. slot: the film's colour, or 0."""
    rows = [TOP + ROW * n for n in range(len(drawn.ways) + (1 if drawn.other_films else 0))]
    middle = TOP + ROW * 2.5
    shown: list[str] = []
    if layers >= 1:
        shown += _user_lines(drawn, rows, middle)
    if layers >= 2 and drawn.viewers:
        shown += _viewer_lines(drawn, rows, middle)
    elif layers == 1:
        shown += _direct_lines(drawn, rows, middle)
    if layers >= 1:
        shown += [_film(way.label, way.value, rows[n], way.item) for n, way in enumerate(drawn.ways)]
        if drawn.other_films:
            shown.append(_film(f"{drawn.other_films} other films", drawn.other_films_value, rows[-1], -1))
    if layers >= 2 and drawn.viewers:
        shown += [_node(X["viewer"], TOP + ROW * n, names[n], "rw-viewer") for n in range(len(drawn.viewers))]
        if drawn.other_viewers:
            y = TOP + ROW * len(drawn.viewers)
            shown.append(
                f'<rect class="rw-others" x="{X["viewer"] - 34}" y="{y - 11}" width="68" height="22" rx="11"/>'
                f'<text x="{X["viewer"]}" y="{y + 4}" text-anchor="middle">{drawn.other_viewers} more</text>'
            )
    item = f"rw-node-{slot}" if slot else "rw-node-item"
    shown += [_node(X["user"], middle, user, "rw-node-user", 15), _node(X["item"], middle, place, item, 15)]
    heads = f'<text x="0" y="9">user</text><text x="{X["film"]}" y="9">films watched</text>'
    heads += (
        f'<text x="{X["viewer"]}" y="9" text-anchor="middle">viewers</text>' if layers >= 2 and drawn.viewers else ""
    )
    heads += f'<text x="{WIDTH}" y="9" text-anchor="end">film</text>'
    return (
        f'<svg class="rw-graph" viewBox="0 0 {WIDTH} {HEIGHT}" role="group" aria-label="{esc(in_words(drawn, names, layers))}">'
        f"{heads}{''.join(shown)}</svg>"
    )


def _line(x1: float, y1: float, x2: float, y2: float, width: float, kind: str = "") -> str:
    return f'<path class="rw-edge {kind}" d="M{x1:.0f} {y1:.0f}L{x2:.0f} {y2:.0f}" stroke-width="{width:.1f}"/>'


def _user_lines(drawn: Picture, rows: list[int], middle: float) -> list[str]:
    largest = max((abs(way.value) for way in drawn.ways), default=0.0)
    lines = [
        _line(X["user"], middle, X["film"], rows[n], stroke(way.value, largest), "rw-against" if way.value < 0 else "")
        for n, way in enumerate(drawn.ways)
    ]
    if drawn.other_films:
        lines.append(_line(X["user"], middle, X["film"], rows[-1], 3, "rw-dashed"))
    return lines


def _direct_lines(drawn: Picture, rows: list[int], middle: float) -> list[str]:
    direct = [way.hops[0] if way.hops else 0.0 for way in drawn.ways]
    largest = max(map(abs, direct), default=0.0)
    lines = [
        _line(X["film_end"], rows[n], X["item"], middle, stroke(value, largest), "rw-against" if value < 0 else "")
        for n, value in enumerate(direct)
    ]
    if drawn.other_films:
        lines.append(_line(X["film_end"], rows[-1], X["item"], middle, 3, "rw-dashed"))
    return lines


def _viewer_lines(drawn: Picture, rows: list[int], middle: float) -> list[str]:
    largest = max((abs(value) for *_, value in drawn.links), default=0.0)
    at = [TOP + ROW * n for n in range(len(drawn.viewers) + 1)]
    lines = [
        _line(
            X["film_end"], rows[row], X["viewer"], at[column], stroke(value, largest), "rw-against" if value < 0 else ""
        )
        for row, column, value in drawn.links
    ]
    sums = [sum(value for _, column, value in drawn.links if column == n) for n in range(len(drawn.viewers))]
    most = max(map(abs, sums), default=0.0)
    lines += [
        _line(X["viewer"], at[n], X["item"], middle, stroke(value, most), "rw-against" if value < 0 else "")
        for n, value in enumerate(sums)
    ]
    if drawn.other_viewers:
        lines.append(_line(X["film_end"], rows[-1], X["viewer"], at[-1], 3, "rw-dashed"))
        lines.append(_line(X["viewer"], at[-1], X["item"], middle, 3, "rw-dashed"))
    return lines


def _film(label: str, value: float, y: float, item: int) -> str:
    name = label.rpartition(" (")[0] or label if item >= 0 else label  # the year stands in the tooltip
    short = name if len(name) <= CUT else name[: CUT - 1].rstrip() + "…"
    act = (
        f' data-act="drop" data-value="film:{item}" tabindex="0" role="button" aria-label="Remove {esc(label)}"'
        if item >= 0
        else ""
    )
    kind = "rw-others" if item < 0 else "rw-pill"
    return (
        f"<g{act}><title>{esc(label)}{'' if item < 0 else ': select to remove it and see what changes'}</title>"
        f'<rect class="{kind}" x="{X["film"]}" y="{y - 12}" width="{X["film_end"] - X["film"]}" height="24" rx="12"/>'
        f'<text class="rw-ink" x="{X["film"] + 11}" y="{y + 4}">{esc(short)}</text>'
        f'<text class="rw-ink rw-b" x="{X["film_end"] - 9}" y="{y + 4}" text-anchor="end">{parts.minus(value)}</text></g>'
    )


def _node(x: float, y: float, text: str, kind: str, radius: float = 13) -> str:
    size = "" if len(text) <= 3 else ' style="font-size:9px"'
    title = f"<title>{esc(f'viewer: user {text}')}</title>" if kind == "rw-viewer" else ""
    return (
        f'<g>{title}<circle class="{kind}" cx="{x}" cy="{y}" r="{radius}"/>'
        f'<text class="{kind}-text rw-b" x="{x}" y="{y + 4}" text-anchor="middle"{size}>{esc(text)}</text></g>'
    )


def in_words(drawn: Picture, names: list[str], layers: int) -> str:
    films = ", ".join(f"{way.label} {parts.minus(way.value)}" for way in drawn.ways)
    words = f"Graph, {layers} layers shown. Films drawn: {films}."
    if drawn.other_films:
        words += f" {drawn.other_films} other films {parts.minus(drawn.other_films_value)}."
    if layers >= 2 and names:
        words += f" Through viewers {', '.join(names)} and {drawn.other_viewers} more."
    return words


class GraphWhy(Why):
    """The graph around user and film, layer by layer; its dashed nodes say what is not drawn."""

    needs: ClassVar[str] = "through_viewers"

    def __init__(self, handler: Any) -> None:
        self._layers: int | None = None  # None = all that the model has
        self._shown: tuple[Answer, int] | None = None
        super().__init__(handler)

    def _act(self, act: str, value: str) -> None:
        if act == "layer" and self._shown is not None:
            self._layers = int(value)
            self.show(*self._shown)
        else:
            super()._act(act, value)

    def show(self, answer: Answer | None, item: int | None) -> None:
        self._shown = None if answer is None or item is None else (answer, item)
        if answer is None or item is None:
            super().show(answer, item)
            return
        explanation = answer.explain(item)
        most = int(answer.model.values["layers"])
        layers = most if self._layers is None else min(self._layers, most)
        drawn = picture(answer, item, layers)
        lines = self.lines(picture(answer, item, most), explanation)
        count = "One part makes up" if len(lines) == 1 else f"{len(lines)} parts add up to"
        caption = f"{count} its score, {parts.minus(round(explanation.score, parts.DIGITS))}."
        self.head.show(
            parts.heading(answer, item, explanation, caption)
            + parts.bar(lines)
            + parts.table(lines, explanation.score, removable=False)
            + self.graph(answer, item, drawn, layers)
            + hop_controls(layers, most, drawn)
        )
        self.foot.show(parts.arithmetic(explanation))

    @staticmethod
    def lines(drawn: Picture, explanation: Explanation) -> list[parts.Line]:
        """Three lines: own embedding, the films drawn, the others; rounded so that they add up."""
        shown = sum(way.value for way in drawn.ways)
        rows = [("own embedding", explanation.total("own"), "own")]
        if not any(part.kind == "own" for part in explanation.parts):
            rows = []
        if drawn.ways:
            films = "the film drawn here" if len(drawn.ways) == 1 else f"the {len(drawn.ways)} films drawn here"
            rows.append((films, shown, "film"))
        if drawn.other_films:
            rows.append((f"{drawn.other_films} other films", drawn.other_films_value, "rest"))
        values = parts.rounded([value for _, value, _ in rows], parts.DIGITS, round(explanation.score, parts.DIGITS))
        return [parts.Line(label, value, kind) for (label, _, kind), value in zip(rows, values, strict=True)]

    @staticmethod
    def graph(answer: Answer, item: int, drawn: Picture, layers: int) -> str:
        user = "you" if answer.person.user is None else str(answer.data.users[answer.person.user])
        top = answer.top.tolist()
        place = answer.places[top.index(item)] if item in top else "?"
        names = [str(answer.data.users[viewer]) for viewer in drawn.viewers]
        return svg(drawn, user, place, 0, layers, names)


def hop_controls(layers: int, most: int, drawn: Picture) -> str:
    """Buttons for the layers shown, and what each hop adds to the score."""
    buttons = "".join(
        f'<button type="button" class="rw-btn rw-small{" rw-chosen" if n == layers else ""}" data-act="layer" data-value="{n}" '
        f'aria-pressed="{"true" if n == layers else "false"}">{n}</button>'
        for n in range(most + 1)
    )
    following = f'<button type="button" class="rw-btn rw-small" data-act="layer" data-value="{(layers + 1) % (most + 1)}">Next layer</button>'
    names = ["the films themselves", "their viewers", "their viewers’ films", "and those films’ viewers"]
    added = "; ".join(f"{names[n]} {parts.minus(value)}" for n, value in enumerate(drawn.hops[:layers]))
    words = (
        f"Layers 1–{layers} add: {added}."
        if layers > 1
        else f"Layer 1 adds: {added}."
        if layers
        else "No layer: the own embedding alone."
    )
    key = "Wider line = larger contribution within its step. Dashed = all others together. Select a film to remove it."
    if layers and layers < most:
        key = f"The numbers are what {layers} of the {most} layers bring. {key}"
    if layers > 2:
        key = f"What comes from farther than the viewers comes through them, too. {key}"
    return (
        f'<div class="rw-hop"><span>Layers shown</span>{buttons}{following}</div>'
        f'<p class="rw-cap">{esc(words)} {key if layers else ""}</p>'
    )
