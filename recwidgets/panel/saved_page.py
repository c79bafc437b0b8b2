"""Still panels as one page: its reader switches between users and epochs, and nothing is asked of anywhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup, escape

from ..page import tokens
from ..page.elements import joined
from ..page.svg import DRAWN, fill, rectangle, theme
from .still import Row, Still
from .still_svg import bar_of

PAGE = Path(tokens.__file__).parent
BAR = 90.0  # px: what a score is made of


class Saved(NamedTuple):
    """One user at one epoch. films: each film's headline and lines, in the order of the list; () = not shown."""

    still: Still
    films: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


def page_of(saved: Sequence[Saved]) -> str:
    """The whole file. The first of `saved` with the last epoch is what it opens with."""
    users = list(dict.fromkeys(one.still.name for one in saved))
    epochs = sorted({one.still.epoch for one in saved})
    first = saved[0].still
    style, script = _style(), tokens.Source((PAGE / "saved.js").read_text(encoding="utf-8"))
    sections = joined(
        _section(one, n, users.index(one.still.name), epochs.index(one.still.epoch), len(epochs))
        for n, one in enumerate(saved)
    )
    body = Markup(
        "<main><header><h1>{label}</h1><p>{data}</p></header>{controls}{sections}"
        '<p class="note">Saved with recwidgets. Nothing on this page asks anything of a server.</p></main>'
    ).format(label=first.label, data=first.data, controls=_controls(users, epochs), sections=sections)
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; "
        "form-action 'none'"
    )
    return str(
        Markup(
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta http-equiv="Content-Security-Policy" content="{policy}">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<meta name="color-scheme" content="light dark"><title>{title}</title>'
            "<style>{style}</style></head>\n<body>{body}<script>{script}</script></body></html>\n"
        ).format(
            policy=policy, title=f"{first.label}, {first.data}", style=escape(style), body=body, script=escape(script)
        )
    )  # fmt: skip


def _style() -> tokens.Source:
    light, dark = tokens.colours()
    return tokens.Source(
        f":root{{{tokens.rules(light)}}}@media (prefers-color-scheme:dark){{:root{{{tokens.rules(dark)}}}}}{theme()}"
        + (PAGE / "saved.css").read_text(encoding="utf-8")
    )


def _hash(content: str) -> str:
    """As a Content-Security-Policy names a style or a script that stands in the page."""
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"


def _controls(users: Sequence[str], epochs: Sequence[int]) -> Markup:
    """The two choices; native ones, which come with their keys. Each stands only where there is something to choose."""
    options = joined(Markup('<option value="{}">{}</option>').format(n, name) for n, name in enumerate(users))
    marks = " ".join(map(str, epochs))
    return Markup(
        '<div class="choose"{all}><label{one_user}>User <select id="user">{options}</select></label>'
        '<label{one_epoch}>Epoch <input type="range" id="epoch" min="0" max="{last}" value="{last}" step="1" '
        'data-epochs="{marks}"> <output id="shown" for="epoch">{newest}</output></label>'
        '<span role="status" class="unseen" id="said"></span></div><noscript><p>Without JavaScript this page shows '
        "one user at one epoch.</p></noscript>"
    ).format(
        all=_hidden(len(users) < 2 and len(epochs) < 2), one_user=_hidden(len(users) < 2), options=options,
        one_epoch=_hidden(len(epochs) < 2), last=len(epochs) - 1, marks=marks, newest=epochs[-1],
    )  # fmt: skip


def _hidden(on: bool) -> Markup:
    return Markup(" hidden") if on else Markup("")


def _section(saved: Saved, n: int, user: int, epoch: int, epochs: int) -> Markup:
    still = saved.still
    return Markup(
        '<section data-user="{user}" data-epoch="{epoch}" aria-label="{title}"{hidden}><h2>{heading}</h2>'
        '<p class="facts"><b>{name}</b> · {facts}</p><div class="columns">{chart}{films}</div>'
        '<p class="live">This line makes it live, in Jupyter: <code>{setup}</code></p></section>'
    ).format(
        user=user, epoch=epoch, title=still.title, heading=still.heading, name=still.name,
        hidden=_hidden(user > 0 or epoch < epochs - 1), facts=still.facts, chart=_chart(still), setup=still.setup,
        films=Markup('<p class="empty">{}</p>').format(still.empty) if still.empty else _films(saved, n),
    )  # fmt: skip


def _chart(still: Still) -> Markup:
    if not still.chart:
        return Markup("")
    drawn = Markup("<p>{}</p>").format(still.sentence)
    if still.drawing:
        drawn = Markup(
            '<svg class="rw-picture" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>'
        ).format(*DRAWN, still.sentence, still.drawing)  # fmt: skip
    notes = joined(Markup("<p>{}</p>").format(note) for note in still.notes)
    return Markup('<figure><h3>{}</h3><p class="cap">{}</p>{}<figcaption class="cap">{}</figcaption></figure>').format(
        still.chart, still.caption, drawn, notes
    )


def _films(saved: Saved, n: int) -> Markup:
    still = saved.still
    if not still.rows:
        return Markup("")
    reasons = saved.films or [("", ())] * len(still.rows)
    chosen = next((m for m, row in enumerate(still.rows) if row.chosen), 0)
    items = joined(
        Markup("<li>{}</li>").format(_film(row, still.parts, *reason, f"film-{n}", m == chosen))
        for m, (row, reason) in enumerate(zip(still.rows, reasons, strict=True))
    )
    return Markup('<div class="films"><ol>{}</ol>{}<p class="cap">{}</p></div>').format(
        items, _legend(still.parts), still.foot
    )


def _film(
    row: Row, parts: Sequence[str], headline: str, lines: Sequence[tuple[str, str]], group: str, opened: bool
) -> Markup:  # fmt: skip
    """A row, which opens into its reason where there is one."""
    bar = Markup("")
    if parts and row.parts:
        bar = Markup('<svg class="rw-picture bar" viewBox="0 0 {} 8" aria-hidden="true">{}</svg>').format(
            BAR, bar_of(row.parts, 0, 0, BAR)
        )
    said = Markup(
        '<span class="rank{slot}">{rank}</span><bdi class="title" title="{full}">{title} '
        '<span class="cap">{year}</span></bdi><span class="score">{score}</span>{bar}<span class="later">{later}</span>'
    ).format(
        slot=f" film-{row.slot}" if row.slot else "", rank=row.rank, full=row.full, title=row.title, year=row.year,
        score=row.score, bar=bar,
        later=Markup('<span aria-label="rated later" role="img">✓</span>') if row.later else "",
    )  # fmt: skip
    if not headline:
        return Markup('<div class="row">{}</div>').format(said)
    table = Markup("")
    if lines:
        cells = joined(Markup("<tr><td>{}</td><td>{}</td></tr>").format(*line) for line in lines)
        table = Markup("<table><caption>What its score is made of</caption>{}</table>").format(cells)
    return Markup('<details name="{}"{}><summary class="row">{}</summary><p>{}</p>{}</details>').format(
        group, Markup(" open") if opened else "", said, headline, table
    )


def _legend(names: Sequence[str]) -> Markup:
    keys = joined(
        Markup('<span><svg class="rw-picture key" viewBox="0 0 9 9" aria-hidden="true">{}</svg> {}</span>').format(
            rectangle(0, 0, 9, 9, fill(kind), 2), name
        )
        for name, kind in zip(names, ("accent", "own", "quiet"), strict=False)
    )
    return Markup('<p class="cap keys">Score = {}</p>').format(keys) if names else Markup("")
