"""A comparison that stands still: its lists side by side and each model's reason, as text and as one picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from ..answer import Answer
from ..page.elements import joined
from ..page.markup import scores_in_short
from ..page.plain import CONTROL, plain
from ..page.svg import fill, line, lines_of_text, picture, rectangle, stroke, text
from . import lists, selector, views
from .cases import Case, said_of, why_of
from .still import INSTALL, Row, table
from .still_svg import EDGE, STEP, WIDTH, call_of, short

GAP, LEAST = 20.0, 200.0  # px between two lists, and the least width of one
PILLARS = 46.0  # px: the height of the highest share


def heads(compared: Any) -> tuple[str, str, str]:
    """The title, who is shown, and the data."""
    seen, state = compared.seen, compared.state
    data = seen.world.data
    name, facts, _ = selector.facts(data, data.user_index(state.user), state.edited)
    return f"Compare: {', '.join(compared.labels.values())}", f"{name} · {facts}", views.about_data(seen.world)


def known_answers(compared: Any) -> dict[str, Answer]:
    return {name: found for name, found in compared.answers.items() if found is not None and len(found.top)}


def rows_of(found: Answer, chosen: int | None, colours: Mapping[int, int]) -> list[Row]:
    """One model's list; slot: the mark that a film has on all lists that it is on."""
    scores = scores_in_short(found.scores[found.top])
    return [
        Row(
            rank, *found.title(item), found.full_title(item), score, (), colours.get(item), item == chosen,
            item in found.later,
        )
        for rank, item, score in zip(found.ranks, found.top.tolist(), scores, strict=True)
    ]  # fmt: skip


def text_of(compared: Any, setup: str) -> str:
    title, whom, data = heads(compared)
    answers, labels = known_answers(compared), compared.labels
    lines = [title, whom, data, ""]
    for name, found in answers.items():
        lines += [labels[name], table(rows_of(found, compared.item, {})), ""]
    lines += [lists.agreement(answers, labels), ""] if answers else [plain(lists.lists({}, labels, None)), ""]
    for name, case in compared.cases.items():
        lines.append(f"{labels[name]}, {case.answer.full_title(case.item)}: {plain(said_of(case))}. {why_of(case)}")
    return "\n".join([*lines, "", "As it was first shown. This line makes it live:", f"  {setup}", INSTALL]).translate(
        CONTROL
    )


def svg_of(compared: Any, setup: str) -> Markup:
    title, whom, data = heads(compared)
    answers, labels = known_answers(compared), compared.labels
    n = max(len(answers), 1)
    width = max(WIDTH, 2 * EDGE + n * LEAST + (n - 1) * GAP)
    room = width - 2 * EDGE
    column = (room - (n - 1) * GAP) / n
    parts = [
        text(EDGE, 27, "Compare", size=16, bold=True),
        text(width - EDGE, 26, data, size=11, ink="ink2", anchor="end", room=room - 120),
        text(EDGE, 49, whom, size=12, room=room),
        line(0, 60, width, 60, stroke("rule")),
    ]
    colours = lists.shared(answers)
    known = [lists.shares(found) for found in answers.values()]
    highest = max((float(part[0].max()) for part in known if part), default=1.0)
    y, said = 76.0, ""
    for n, (name, found) in enumerate(answers.items()):
        made, bottom = _column(
            found, labels[name], EDGE + n * (column + GAP), 76.0, column, compared.item, colours, highest
        )
        parts.append(made)
        y = max(y, bottom)
        said += f"{labels[name]}: {table(rows_of(found, None, {}))} "
    agreed = lists.agreement(answers, labels) if answers else plain(lists.lists({}, labels, None))
    words, y = lines_of_text(EDGE, y + 16, agreed, room, most=4)
    parts.append(words)
    if compared.cases:
        made, y = _cases(compared.cases, labels, y + 2, column)
        parts.append(made)
    live, height = call_of(setup, y + 8, room)
    frame = rectangle(0.5, 0.5, width - 1, height - 1, fill("surface") + stroke("rule"), 6)
    return picture(width, height, f"{title}. {whom}", f"{said} {agreed}", joined([frame, *parts, live]))


def _column(
    found: Answer, label: str, x: float, y: float, room: float, chosen: int | None, colours: Mapping[int, int],
    highest: float,
) -> tuple[Markup, float]:  # fmt: skip
    """The model's name, its shares as columns, its list."""
    made = [text(x, y + 10, label, size=13, bold=True, room=room)]
    known = lists.shares(found)
    if known is not None:
        whole = f"Shares of the ten, {100 * known[1]:.1f} % of all {found.data.noun}s’"
        made.append(text(x, y + 27, whole, size=11, ink="ink2", room=room))
        wide, foot = room / max(len(known[0]), 10), y + 38 + PILLARS
        for n, (item, share) in enumerate(zip(found.top.tolist(), known[0].tolist(), strict=True)):
            high = PILLARS * share / highest
            look = fill(_mark(colours.get(item))) + (stroke("ink", 2) if item == chosen else Markup(""))
            made.append(rectangle(x + n * wide + 2, foot - high, wide - 4, high, look, 1))
    y += 44 + PILLARS
    for row in rows_of(found, chosen, colours):
        made.append(_row(row, x, y, room))
        y += STEP
    return joined(made), y


def _mark(mark: int | None) -> str:
    """The colour of a film that is on two lists or more, as in lists.tied."""
    return f"tie-{(mark - 1) % lists.COLOURS + 1}" if mark else "quiet"


def _row(row: Row, x: float, y: float, room: float) -> Markup:
    base, made = y + 15, []
    if row.chosen:
        made.append(rectangle(x, y, room, STEP, fill("tint"), 3))
    if row.slot:
        made.append(rectangle(x + 1, y + 2, 22, 18, fill(_mark(row.slot)), 3))
    made.append(text(x + 12, base, row.rank, ink="on-film" if row.slot else "ink2", bold=True, anchor="middle"))
    made.append(text(x + 30, base, short(row.title, room - 84, 12), size=12, room=room - 84, title=row.full))
    made.append(text(x + room - 18, base, row.score, size=12, anchor="end"))
    made.append(text(x + room - 3, base, "✓", ink="good", bold=True, anchor="end") if row.later else Markup(""))
    return joined(made)


def _cases(cases: Mapping[str, Case], labels: Mapping[str, str], y: float, column: float) -> tuple[Markup, float]:
    """Under each list what its model says of the selected film."""
    first = next(iter(cases.values()))
    made = [text(EDGE, y + 14, f"Why {first.answer.full_title(first.item)}", size=13, bold=True)]
    bottom = y
    for n, (name, case) in enumerate(cases.items()):
        x = EDGE + n * (column + GAP)
        head, below = lines_of_text(x, y + 32, f"{labels[name]}: {plain(said_of(case))}", column, most=3, bold=True)
        said, end = lines_of_text(x, below, why_of(case), column, step=15, most=9)
        made.append(head + said)
        bottom = max(bottom, end)
    return joined(made), bottom
