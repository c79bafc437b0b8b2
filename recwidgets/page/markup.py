"""Pure functions from state to HTML, one for each region. No widget is touched here, and each returns Markup."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup, escape

from ..answer import Answer
from ..protocols import Neighbours
from .controls import alike as alike
from .controls import alike_by_hop as alike_by_hop
from .controls import handles as handles
from .controls import knob_positions as knob_positions
from .controls import knob_rows as knob_rows
from .controls import own_knob as own_knob
from .controls import said as said
from .controls import settings as settings
from .controls import tempo as tempo
from .controls import train_buttons as train_buttons
from .elements import button as button
from .elements import choice as choice
from .elements import combobox, joined, toggle, whole_name, yes
from .elements import link as link
from .elements import named as named
from .elements import slider as slider
from .terms import term


class Status(NamedTuple):
    """What the header says: a word in bold, a quiet addition, progress from 0 to 1 or None, and what Step would do.

    whole: the addition with what there is no room for, as its title.
    """

    word: str
    more: str = ""
    progress: float | None = None
    bad: bool = False
    next: str = ""
    whole: str = ""


class Message(NamedTuple):
    """A sentence in the panel's one message area, with buttons (label, act, value).

    more: what is told on wish, as a sentence; details: the story of an error, for whoever opens it.
    """

    lead: str
    text: str = ""
    bad: bool = False
    buttons: tuple[tuple[str, str, str], ...] = ()
    details: str = ""
    more: str = ""


def header(title: str, data: str, status: Status, spoken: str | None = None) -> Markup:
    """Model, data, state; a progress bar only while something is under way.

    spoken: what a screen reader is told; it changes more seldom than what is seen.
    """
    bar = Markup("")
    if status.progress is not None:
        bar = Markup(
            '<div class="rw-progress" role="progressbar" aria-label="Training" aria-valuemin="0" '
            'aria-valuemax="100" aria-valuenow="{}"><i style="width:{:.1f}%"></i></div>'
        ).format(round(100 * status.progress), 100 * status.progress)
    return Markup(
        '<div><h2>{title}</h2><p class="rw-cap">{data}</p></div>'
        '<div><div class="rw-status{bad}" role="status" aria-live="off"><b>{word}</b>{more}</div>{bar}</div>'
        '<span class="rw-hidden" aria-live="polite">{spoken}</span>'
    ).format(
        title=title, data=data, bad=" rw-bad" if status.bad else "", word=status.word, bar=bar,
        more=f" · {status.more}" if status.more else "", spoken=status.word if spoken is None else spoken,
    )  # fmt: skip


def state_of_training(status: Status, when: str, back: bool, spoken: str) -> Markup:
    """What goes on, and which epoch is looked at. back: an earlier one than the newest, with the way to the newest."""
    bar = Markup("")
    if status.progress is not None:
        bar = Markup(
            '<div class="rw-progress" role="progressbar" aria-label="Training" aria-valuemin="0" '
            'aria-valuemax="100" aria-valuenow="{}"><i style="width:{:.1f}%"></i></div>'
        ).format(round(100 * status.progress), 100 * status.progress)
    more = Markup('<span class="rw-more"><i> · </i>{}</span>').format(status.more)
    then = Markup('<div class="rw-next">{}</div>').format(status.next) if status.next else ""
    newest = Markup(
        ' <button type="button" class="rw-link" data-act="epoch" data-value="{}" aria-label="{said}" title="{said}">⇥</button>'
    ).format(10**9, said="Back to the newest epoch")  # fmt: skip
    return Markup(
        '<div class="rw-state{busy}"><div class="rw-status{bad}" role="status" aria-live="off" title="{word} {more_text}"><b>{word}</b>{more}</div>'
        '<div class="rw-when{past}"><span>{when}</span>{newest}</div>{next}{bar}<span class="rw-hidden" aria-live="polite">{spoken}</span></div>'
    ).format(
        bad=" rw-bad" if status.bad else "", word=status.word, more_text=status.whole or status.more, more=more if status.more else "",
        busy=" rw-busy" if bar and status.more else "", past=" rw-past" if back else "", when=when, newest=newest if back else "", next=then, bar=bar, spoken=spoken,
    )  # fmt: skip


def top(title: str, who: Markup) -> Markup:
    """The panel's name, the selector, and who is shown."""
    return Markup("<h2>{}</h2>{}").format(title, who)


def skeleton(title: str, status: Status, said: str = "") -> Markup:
    """A panel's frame before anything is loaded: its name, its state, and grey areas where the regions will be.

    said: a message, as Markup, in their stead.
    """
    if said:
        below = Markup('<div class="rw-message">{}</div>').format(said)
    else:
        names = ("chart", "list", "why")
        areas = joined(Markup('<i class="rw-bone rw-bone-{}"></i>').format(name) for name in names)
        below = Markup('<div class="rw-bones" aria-hidden="true">{}</div>').format(areas)
    return Markup('<div class="rw-header rw-opening">{}</div>{}').format(header(title, "", status), below)


def message(shown: Message | None) -> Markup:
    """The panel's message: read out at once where something went wrong, else when there is time.

    The buttons stand under or beside the text, and are never scrolled away; what is told on wish lies over the list.
    """
    if shown is None:
        return Markup("")
    told, stories = f"{shown.lead} {shown.text}", Markup("")
    for label, tag, text in (("More", "p", shown.more), ("Show the details", "pre", shown.details)):
        if text:
            stories += Markup(
                '<details class="rw-story" data-of="{}"><summary>{}</summary><{tag}>{}</{tag}></details>'
            ).format(told, label, text, tag=tag)
    return Markup(
        '<div class="rw-note{bad}"><div class="rw-said" role="{role}"><p title="{all}"><b>{lead}</b> {text}</p></div>'
        '<div class="rw-acts">{acts}{stories}</div></div>'
    ).format(
        bad=" rw-bad-note" if shown.bad else "", role="alert" if shown.bad else "status", lead=shown.lead,
        text=shown.text, stories=stories, all=" ".join(filter(None, (shown.lead, shown.text, shown.more))),
        acts=joined(button(label, act, value, once=act == "undo") for label, act, value in shown.buttons),
    )  # fmt: skip


def chart_head(title: str, caption: str, sentence: str) -> Markup:
    """Above a chart: its title and caption, and the picture in words for those who do not see it."""
    return Markup('<h3>{}</h3><p class="rw-cap" data-alt="{}">{}</p>').format(title, sentence, caption)


def empty(text: str) -> Markup:
    """A grey area that says why nothing is in it."""
    return Markup('<p class="rw-empty">{}</p>').format(text)


def ranking(
    answer: Answer | None,
    selected: int,
    slots: Mapping[int, int],
    nothing: str,
    heading: Markup | str,
    moved: Mapping[int, str] | None = None,
    parts: Any = None,
) -> Markup:
    """The list: the table of the chart. selected: index of the chosen row, 0 = first.

    slots: item -> colour of the items that own one. moved: change of rank since the previous answer.
    nothing: what is said instead of an empty list. parts: what each score is made of, (items, 3), None = not known.
    """
    title = Markup("<h3>{}</h3>").format(heading)
    if answer is None or not len(answer.top):
        return title + empty(nothing)
    said_scores, moved = scores_in_short(answer.scores[answer.top]), moved or {}
    bars = [Markup("")] * len(answer.top) if parts is None else part_bars(parts)
    rows = joined(
        _row(answer, n, rank, item, score, n == selected, slots.get(item), moved.get(item, ""), bars[n])
        for n, (rank, item, score) in enumerate(zip(answer.ranks, answer.top.tolist(), said_scores, strict=True))
    )
    return title + Markup(
        '<div class="rw-row rw-head"><span aria-hidden="true">#</span><span aria-hidden="true">{one}</span>'
        '<span class="rw-moved" aria-hidden="true" title="{since}">{sign}</span><span class="rw-num">{score}</span>'
        '<span>{made}</span><span class="rw-ok" aria-hidden="true">✓</span></div>'
        '<ol class="rw-rows" aria-label="{heading}">{rows}</ol>{legend}<p class="rw-cap rw-foot">{foot}</p>'
    ).format(
        one=answer.data.noun.capitalize(), score=term("score", "Score"), made="" if parts is None else term("contribution", "= its parts"), since="change since the previous answer" if moved else "",
        sign="±" if moved else "", heading=escape(heading).striptags(), rows=rows, foot=list_foot(answer),
        legend=Markup("") if parts is None else _legend(answer),
    )  # fmt: skip


def list_foot(answer: Answer) -> Markup:
    """What the ✓ of a list is, and how many there are."""
    if not answer.has_held_out:
        return Markup("Nothing is held out, so there is no ✓ to give.")
    if answer.person.user is None:
        return Markup("✓ needs {} data, and a history of your own has none.").format(term("held-out"))
    hits = sum(item in answer.later for item in answer.top.tolist())
    return Markup("✓ = in the {} data, rated too: {} of {}.").format(term("held-out"), hits, len(answer.top))


def part_bars(parts: Any) -> list[Markup]:
    """A slim bar for each row of (n, 3) parts, on one scale: what the films add, the own embedding, all users' part.

    What is taken away is hatched, after the rest.
    """
    most = float(np.abs(parts).sum(1).max()) or 1.0
    bars = []
    for row in parts.tolist():
        pieces = sorted(zip(row, ("mine", "own", "all"), strict=True), key=lambda piece: piece[0] < 0)
        bars.append(
            Markup('<span class="rw-made" aria-hidden="true">{}</span>').format(
                joined(
                    Markup('<i class="rw-made-{}{}" style="width:{:.1f}%"></i>').format(
                        kind, " rw-minus" if value < 0 else "", 100 * abs(value) / most
                    )
                    for value, kind in pieces
                )
            )
        )
    return bars


def _legend(answer: Answer) -> Markup:
    whose = "your" if answer.person.user is None else "the user’s"
    mine = "neighbours" if isinstance(answer.model, Neighbours) else f"{whose} {answer.data.noun}s"
    names = (("mine", mine), ("own", term("own embedding")), ("all", term("what all users get", "all users")))
    return Markup('<p class="rw-cap rw-made-legend">{}</p>').format(
        joined(Markup('<i class="rw-made-{}"></i>{}').format(kind, name) for kind, name in names)
    )


def _row(
    answer: Answer, n: int, rank: str, item: int, score: str, chosen: bool, slot: int | None, move: str, bar: Markup
) -> Markup:  # fmt: skip
    seen, full = item in answer.later, answer.full_title(item)
    spoken = f"Rank {rank}: {full}, score {score}{', rated later' if seen else ''}"
    return Markup(
        '<li><button type="button" class="rw-row{on}" style="--n:{n}" data-row data-act="select" data-value="{n}" aria-pressed="{pressed}" '
        'aria-label="{spoken}" title="{full}"><span class="rw-chip{slot}">{rank}</span>{name}<span class="rw-moved">{move}</span>'
        '<span class="rw-num">{score}</span><span>{bar}</span><span class="rw-ok">{tick}</span></button></li>'
    ).format(
        on=" rw-on" if chosen else "", n=n, pressed=yes(chosen), full=full, move=move, score=score, bar=bar,
        spoken=f"{spoken}, {in_words(move)}" if move else spoken, slot="" if slot is None else f" rw-f{slot}",
        rank=rank, name=whole_name(*answer.title(item)), tick="✓" if seen else "",
    )  # fmt: skip


def scores_in_short(scores: Any) -> list[str]:
    """Scores of a list in a narrow column: two or three decimals, none from 1,000 on, and 5.3e6 for what is longer."""
    most = float(np.abs(scores).max()) if len(scores) else 0.0
    if most >= 1e5:
        return [f"{float(score):.3g}".replace("e+0", "e").replace("e+", "e") for score in scores]
    digits = 0 if most >= 1000 else 1 if most >= 100 else 2 if abs(float(scores[0])) >= 1 else 3
    texts = [f"{float(score):.{digits}f}" for score in scores]
    return [text.replace("-", "−" if float(text) else "") for text in texts]


def in_words(move: str) -> str:
    """ "↑2" as it is read out: "up 2"."""
    return move.replace("↑", "up ").replace("↓", "down ")


def tools(setup: str, moving: bool, answered: bool) -> Markup:
    """What can be taken away from a panel, and whether its marks move."""
    return Markup(
        '<div class="rw-tools"><button type="button" class="rw-btn rw-small" data-copy="{setup}" title="{setup}">'
        "Copy this setup</button>{save}{motion}</div>"
    ).format(
        setup=setup,
        save=button("Save this run", "save", classes="rw-small", off=not answered),
        motion=button(
            f"Motion {'on' if moving else 'off'}", "motion", "still" if moving else "moving",
            classes="rw-small", pressed=moving,
        ),
    )  # fmt: skip


def who(
    summary: tuple[str, str, str],
    field: str,
    options: Markup,
    wrong: bool,
    opened: bool = False,
    editing: bool = False,
) -> Markup:
    """The user selector; summary: (name, facts, last) as text; options: the lines of the open list.

    opened: "You" is open; editing: the user's own history is.
    """
    name, facts, last = summary
    return Markup(
        '<div class="rw-pick">{field}{previous}{next}{random}{you}{edit}</div>'
        '<p class="rw-facts" title="{name} · {facts} · {last}"><b>{name}</b> · {facts}<span class="rw-last"> · {last}</span></p>'
    ).format(
        field=combobox(
            "User: an id, a favourite title or a genre", field, options, placeholder="42, Fargo, horror fans",
            stamp=field, find="find", enter="choose", leave="close", options_name="Users found", wrong=wrong,
        ),
        previous=button("Previous", "previous", name="Previous user"),
        next=button("Next", "next", name="Next user"),
        random=button("Random", "random", name="Random user"),
        you=toggle("You", "you", "", opened, classes="rw-you"),
        edit=toggle("Edit", "edit", "", editing, classes="rw-edit", name="Edit this user's history"),
        name=name, facts=facts, last=last,
    )  # fmt: skip
