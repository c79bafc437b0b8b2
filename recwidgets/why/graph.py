"""Why, for the graph neural network: the paths from the user over own films and their viewers to the film shown.

Drawn as SVG rather than with bqplot: two dozen nodes with titles in them, in one message, with
lines as wide as their share and every node within reach of the keyboard.
"""

from __future__ import annotations

from typing import ClassVar

from markupsafe import Markup

from ..answer import Answer
from ..core import Explanation
from ..page.elements import button, joined, toggle
from ..page.page import Handler
from . import parts
from ._base import Selected, Why
from .paths import Picture, picture

CUT = 15  # characters of a title that fit beside its number
FIT = 5  # characters of an id that fit into a circle
WIDTH, HEIGHT, ROW, TOP = 394, 218, 36, 24
X = {"user": 16, "film": 62, "film_end": 226, "viewer": 300, "item": 376}


def stroke(value: float, largest: float) -> float:
    """Line width in px, 1 to 6: in proportion to the contribution within its step."""
    return 1.0 + 5.0 * abs(value) / largest if largest > 0 else 1.0


def svg(drawn: Picture, user: str, rank: str, layers: int, names: list[str]) -> Markup:
    """The picture up to `layers` hops. names: the viewers' ids."""
    rows = [TOP + ROW * n for n in range(len(drawn.paths) + (1 if drawn.other_films else 0))]
    middle = TOP + ROW * 2.5
    through = layers >= 2 and bool(drawn.viewers)
    shown: list[Markup] = []
    if layers >= 1:
        shown += _user_lines(drawn, rows, middle)
    if through:
        shown += _viewer_lines(drawn, rows, middle)
    elif layers == 1:
        shown += _direct_lines(drawn, rows, middle)
    if layers >= 1:
        shown += [_film(path.label, path.value, rows[n], path.item) for n, path in enumerate(drawn.paths)]
        if drawn.other_films:
            shown.append(_film(f"{drawn.other_films} other films", drawn.other_films_value, rows[-1], -1))
    if through:
        shown += [_node(X["viewer"], TOP + ROW * n, names[n], "rw-viewer") for n in range(len(drawn.viewers))]
        if drawn.other_viewers:
            shown.append(_more(drawn.other_viewers, TOP + ROW * len(drawn.viewers)))
    shown += [_node(X["user"], middle, user, "rw-node-user", 15), _node(X["item"], middle, rank, "rw-node-item", 15)]
    heads = [(0, "start", "user"), (X["film"], "start", "films watched"), (WIDTH, "end", "film")]
    if through:
        heads.append((X["viewer"], "middle", "viewers"))
    return Markup(
        '<svg class="rw-graph" viewBox="0 0 {width} {height}" role="group" aria-label="{words}">{heads}{shown}</svg>'
    ).format(
        width=WIDTH, height=HEIGHT, words=in_words(drawn, names, layers), shown=joined(shown),
        heads=joined(Markup('<text x="{}" y="9" text-anchor="{}">{}</text>').format(*head) for head in heads),
    )  # fmt: skip


def _line(x1: float, y1: float, x2: float, y2: float, width: float, kind: str = "") -> Markup:
    return Markup(
        '<path class="rw-edge {}" d="M{:.0f} {:.0f}L{:.0f} {:.0f}" stroke-width="{:.1f}"/>'
    ).format(kind, x1, y1, x2, y2, width)  # fmt: skip


def _signed(value: float) -> str:
    """The class of a line that lowers the score."""
    return "rw-against" if value < 0 else ""


def _user_lines(drawn: Picture, rows: list[int], middle: float) -> list[Markup]:
    largest = max((abs(path.value) for path in drawn.paths), default=0.0)
    lines = [
        _line(X["user"], middle, X["film"], rows[n], stroke(path.value, largest), _signed(path.value))
        for n, path in enumerate(drawn.paths)
    ]
    if drawn.other_films:
        lines.append(_line(X["user"], middle, X["film"], rows[-1], 3, "rw-dashed"))
    return lines


def _direct_lines(drawn: Picture, rows: list[int], middle: float) -> list[Markup]:
    direct = [path.hops[0] if path.hops else 0.0 for path in drawn.paths]
    largest = max(map(abs, direct), default=0.0)
    lines = [
        _line(X["film_end"], rows[n], X["item"], middle, stroke(value, largest), _signed(value))
        for n, value in enumerate(direct)
    ]
    if drawn.other_films:
        lines.append(_line(X["film_end"], rows[-1], X["item"], middle, 3, "rw-dashed"))
    return lines


def _viewer_lines(drawn: Picture, rows: list[int], middle: float) -> list[Markup]:
    largest = max((abs(value) for *_, value in drawn.links), default=0.0)
    at = [TOP + ROW * n for n in range(len(drawn.viewers) + 1)]
    lines = [
        _line(X["film_end"], rows[row], X["viewer"], at[column], stroke(value, largest), _signed(value))
        for row, column, value in drawn.links
    ]
    sums = [sum(value for _, column, value in drawn.links if column == n) for n in range(len(drawn.viewers))]
    most = max(map(abs, sums), default=0.0)
    lines += [
        _line(X["viewer"], at[n], X["item"], middle, stroke(value, most), _signed(value))
        for n, value in enumerate(sums)
    ]
    if drawn.other_viewers:
        lines.append(_line(X["film_end"], rows[-1], X["viewer"], at[-1], 3, "rw-dashed"))
        lines.append(_line(X["viewer"], at[-1], X["item"], middle, 3, "rw-dashed"))
    return lines


def _film(label: str, value: float, y: float, item: int) -> Markup:
    """A pill with an own film, which can be removed; item: -1 for all others together."""
    name = label.rpartition(" (")[0] or label if item >= 0 else label  # the year stands in the tooltip
    one = item >= 0
    act = Markup(' data-act="drop" data-value="film:{}" tabindex="0" role="button" aria-label="Remove {}"')
    return Markup(
        '<g{act}><title>{label}{more}</title><rect class="{kind}" x="{x}" y="{top}" width="{width}" height="24" rx="12"/>'
        '<text class="rw-ink" x="{name_x}" y="{base}">{name}</text>'
        '<text class="rw-ink rw-b" x="{value_x}" y="{base}" text-anchor="end">{value}</text></g>'
    ).format(
        act=act.format(item, label) if one else "", label=label, kind="rw-pill" if one else "rw-others",
        more=": select to remove it and see what changes" if one else "", x=X["film"], top=y - 12, base=y + 4,
        width=X["film_end"] - X["film"], name_x=X["film"] + 11, name=_short(name, CUT), value=parts.minus(value),
        value_x=X["film_end"] - 9,
    )  # fmt: skip


def _node(x: float, y: float, text: str, kind: str, radius: float = 13) -> Markup:
    return Markup(
        '<g>{title}<circle class="{kind}" cx="{x}" cy="{y}" r="{radius}"/>'
        '<text class="{kind}-text rw-b" x="{x}" y="{base}" text-anchor="middle"{size}>{text}</text></g>'
    ).format(
        title=Markup("<title>viewer: user {}</title>").format(text) if kind == "rw-viewer"
        else Markup("<title>user {}</title>").format(text) if len(text) > FIT else "",
        kind=kind, x=x, y=y, radius=radius, base=y + 4, text=_short(text, FIT),
        size="" if len(text) <= 3 else Markup(' style="font-size:9px"'),
    )  # fmt: skip


def _more(count: int, y: float) -> Markup:
    """The dashed node for all viewers that are not drawn."""
    return Markup(
        '<rect class="rw-others" x="{left}" y="{top}" width="68" height="22" rx="11"/>'
        '<text x="{x}" y="{base}" text-anchor="middle">{count} more</text>'
    ).format(left=X["viewer"] - 34, top=y - 11, x=X["viewer"], base=y + 4, count=count)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def in_words(drawn: Picture, names: list[str], layers: int) -> str:
    films = ", ".join(f"{path.label} {parts.minus(path.value)}" for path in drawn.paths)
    words = f"Graph, {layers} layers shown. Films drawn: {films}."
    if drawn.other_films:
        words += f" {drawn.other_films} other films {parts.minus(drawn.other_films_value)}."
    if layers >= 2 and names:
        words += f" Through viewers {', '.join(names)} and {drawn.other_viewers} more."
    return words


class GraphWhy(Why):
    """The graph around user and film, layer by layer; its dashed nodes say what is not drawn."""

    needs: ClassVar[str] = "through_viewers"

    def __init__(self, handler: Handler) -> None:
        self._layers: int | None = None  # None = all that the model has
        self._shown: Selected | None = None
        self._pictures: dict[int, Picture] = {}  # of what is shown, by layers: a step back asks nobody
        super().__init__(handler)

    def _act(self, act: str, value: str) -> None:
        if act == "layer" and self._shown is not None:
            self._layers = int(value)
            self.draw(self._shown)
        else:
            super()._act(act, value)

    def clear(self) -> None:
        self._shown = None

    def _picture(self, answer: Answer, item: int, layers: int) -> Picture:
        if layers not in self._pictures:
            self._pictures[layers] = picture(answer, item, layers)
        return self._pictures[layers]

    def draw(self, selected: Selected) -> None:
        answer, item, explanation = selected.answer, selected.item, selected.explanation
        assert answer is not None and item is not None and explanation is not None
        if self._shown is None or (self._shown.answer, self._shown.item) != (answer, item):
            self._pictures = {}
        self._shown = selected
        most = int(answer.model.values["layers"])
        layers = most if self._layers is None else min(self._layers, most)
        drawn = self._picture(answer, item, layers)
        lines = self.lines(self._picture(answer, item, most), explanation)
        count = "One contribution makes up" if len(lines) == 1 else f"{len(lines)} contributions add up to"
        caption = f"{count} its score, {parts.minus(round(explanation.score, parts.DIGITS))}."
        self.head.show(
            parts.heading(answer, item, explanation, caption)
            + parts.bar(lines)
            + parts.table(lines, explanation.score, removable=False)
            + self.graph(answer, item, drawn, layers)
            + hop_controls(layers, most, drawn)
        )
        self.foot.show("")

    @staticmethod
    def lines(drawn: Picture, explanation: Explanation) -> list[parts.Line]:
        """A few lines: own embedding, what all users get, the films drawn, the others; rounded so that they add up."""
        kinds = {part.kind for part in explanation.parts}
        rows = [(label, explanation.total(kind), kind) for kind, label in parts.NAMES.items() if kind in kinds]
        if drawn.paths:
            n = len(drawn.paths)
            films = "the film drawn here" if n == 1 else f"the {n} films drawn here"
            rows.append((films, sum(path.value for path in drawn.paths), "film"))
        if drawn.other_films:
            rows.append((f"{drawn.other_films} other films", drawn.other_films_value, "rest"))
        values = parts.as_shown([value for _, value, _ in rows], explanation.score)
        return [parts.Line(label, value, kind) for (label, _, kind), value in zip(rows, values, strict=True)]

    @staticmethod
    def graph(answer: Answer, item: int, drawn: Picture, layers: int) -> Markup:
        user = "you" if answer.person.user is None else str(answer.data.users[answer.person.user])
        top = answer.top.tolist()
        rank = answer.ranks[top.index(item)] if item in top else "?"
        names = [str(answer.data.users[viewer]) for viewer in drawn.viewers]
        return svg(drawn, user, rank, layers, names)


def hop_controls(layers: int, most: int, drawn: Picture) -> Markup:
    """Buttons for the layers shown, and what each hop adds to the score."""
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
    return Markup('<div class="rw-hop"><span>Layers shown</span>{}{}</div><p class="rw-cap">{} {}</p>').format(
        joined(toggle(str(n), "layer", n, n == layers) for n in range(most + 1)),
        button("Next layer", "layer", (layers + 1) % (most + 1), classes="rw-small"),
        words,
        key if layers else "",
    )
