"""A panel that stands still: what it shows of its state, taken down once, for wherever it cannot be live.

`still_of` takes it from a Scene and its chart; nothing is asked of a model and nothing is computed anew. `text_of` is
it as text, `still_svg` as a picture, `saved_page` as a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup, escape

from ..page.markup import list_foot, scores_in_short
from ..page.plain import CONTROL, paragraphs, plain
from ..why.parts import lines_as_shown, minus
from . import selector, views
from .cases import part_names
from .show import Shown
from .views import Scene

if TYPE_CHECKING:
    from ..charts._base import Chart

#: what a front end needs to show a live panel, and where it belongs
INSTALL = (
    "Not live in your JupyterLab? The environment of its server, not only that of the kernel, needs the packages\n"
    "jupyterlab_widgets, anywidget and bqplot: pip install recwidgets there, then reload the page."
)


@dataclass(frozen=True)
class Row:
    """A film of a list. parts: what its score is made of, each -1 to 1 of the longest bar; () = not known.

    slot: the chart's colour for it, 1, 2, …, None for none. later: in the held-out data.
    """

    rank: str
    title: str
    year: str
    full: str
    score: str
    parts: tuple[float, ...] = ()
    slot: int | None = None
    chosen: bool = False
    later: bool = False
    move: str = ""


@dataclass(frozen=True)
class Still:
    """All that stands on a still panel, as text; drawing is the chart as SVG elements, empty where it has none.

    notes: what stands under the chart, a paragraph each.
    lines: what the score of the selected film is made of, as (label, value), and their sum last.
    """

    label: str
    data: str
    name: str
    facts: str
    heading: str
    epoch: int
    setup: str
    chart: str = ""
    caption: str = ""
    sentence: str = ""
    notes: tuple[str, ...] = ()
    drawing: Markup = Markup("")
    rows: tuple[Row, ...] = ()
    parts: tuple[str, ...] = ()
    foot: str = ""
    empty: str = ""
    film: str = ""
    headline: str = ""
    lines: tuple[tuple[str, str], ...] = ()

    @property
    def title(self) -> str:
        """Which panel, and of whom."""
        return f"{self.label}: {self.heading}"


def still_of(scene: Scene, chart: Chart | None, hide: Sequence[str] = ()) -> Still:
    """What the panel shows. chart: as it has been shown for this scene. hide: the parts that a lesson leaves out."""
    world, shown = scene.world, scene.shown
    name, facts, _ = selector.facts(world.data, world.data.user_index(scene.state.user), scene.state.edited)
    found: dict[str, Any] = {}
    if shown.answer is None or not len(shown.answer.top):
        found["empty"] = plain(shown.empty)
    else:
        if chart is not None:
            found |= _chart(scene, chart)
        if "list" not in hide:
            found |= _list(scene, chart)
        if "why" not in hide:
            film, headline, lines = why_of(shown)
            found |= {"film": film, "headline": headline, "lines": lines}
    return Still(
        world.label,
        views.about_data(world),
        name,
        facts,
        plain(views.heading(scene)),
        scene.epoch,
        scene.setup,
        **found,
    )


def _chart(scene: Scene, chart: Chart) -> dict[str, Any]:
    """A chart of the learner's own that fails here leaves its place empty: what is wrong is said on the live page."""
    answer = scene.shown.answer
    try:
        return {
            "chart": str(chart.title), "caption": plain(chart.caption(answer)), "sentence": chart.sentence(answer),
            "notes": paragraphs(chart.foot(answer)), "drawing": escape(chart.drawing()),
        }  # fmt: skip
    except Exception:
        return {}


def _list(scene: Scene, chart: Chart | None) -> dict[str, Any]:
    shown = scene.shown
    answer = shown.answer
    assert answer is not None
    slots = {} if chart is None else _slots(chart)
    parts = [()] * len(answer.top) if shown.parts is None else _shares(shown.parts)
    rows = tuple(
        Row(
            rank, *answer.title(item), answer.full_title(item), score, tuple(part), slots.get(item), n == shown.rank,
            item in answer.later, shown.moved.get(item, ""),
        )
        for n, (rank, item, score, part) in enumerate(
            zip(answer.ranks, answer.top.tolist(), scores_in_short(answer.scores[answer.top]), parts, strict=True)
        )
    )  # fmt: skip
    names = () if shown.parts is None else part_names(answer)
    return {"rows": rows, "parts": names, "foot": plain(list_foot(answer))}


def _slots(chart: Chart) -> dict[int, int]:
    try:
        return chart.slots()
    except Exception:  # a chart of the learner's own
        return {}


def _shares(parts: Any) -> Any:
    """Parts of scores on one scale: the longest bar is 1."""
    return (parts / (float(np.abs(parts).sum(1).max()) or 1.0)).tolist()


def why_of(shown: Shown) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """The selected film, its headline (or why there is none), and lines that add up to the score as printed."""
    answer, reason = shown.answer, shown.reason
    film = "" if shown.item is None or answer is None else answer.full_title(shown.item)
    if reason is None or answer is None:
        return film, shown.fault, ()
    score = scores_in_short(answer.scores[answer.top])[shown.rank]
    digits = 0 if "e" in score else len(score.partition(".")[2])  # as many as the list has
    added, kinds = [line.value for line in reason.lines], [line.kind for line in reason.lines]
    values = lines_as_shown(added, kinds, reason.score, digits)
    lines = [(line.label, minus(value, digits)) for line, value in zip(reason.lines, values, strict=True)]
    return film, reason.headline, (*lines, ("score", minus(reason.score, digits))) if lines else ()


# -- as text -----------------------------------------------------------------------------------------------


def text_of(still: Still) -> str:
    """For a terminal, a mail, or a front end that shows no picture: the list, its scores, the reason, the line."""
    lines = [still.title, f"{still.name} · {still.facts}", still.data, ""]
    if still.empty:
        lines.append(still.empty)
    lines += [table(still.rows), f"  {still.foot}", ""] if still.rows else []
    if still.film and still.headline:
        lines += [f"Why {still.film}: {still.headline}", ""]
    return "\n".join(
        [*lines, "As it was first shown. This line makes it live:", f"  {still.setup}", INSTALL]
    ).translate(CONTROL)


def table(rows: Sequence[Row]) -> str:
    """Rank, score, ✓ and title, a film a line; > is the selected one."""
    wide = max((len(row.score) for row in rows), default=0)
    return "\n".join(
        f"{'>' if row.chosen else ' '}{row.rank:>3}  {row.score:>{wide}}  {'✓' if row.later else ' '} {row.full}"
        for row in rows
    )
