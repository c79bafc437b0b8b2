"""Pieces of an SVG picture that stands alone. Each returns Markup; text is escaped, cut and broken into lines here.

Colours are attributes, in the light theme: some viewers of notebooks take a stylesheet out of a picture. Where they
leave it, a dark theme is followed.
"""

from __future__ import annotations

import bisect
import itertools
import unicodedata
from collections.abc import Iterable

from markupsafe import Markup, escape

from .elements import attribute, cut, joined
from .plain import CONTROL
from .tokens import Source, colours

DRAWN = (236, 232)  # px: width and height of a chart in a picture of a panel
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
MONO = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
NARROW, WIDE = set("iljIft.,:;'|!()[]·’ "), set("mwMW@%—…")
LONGEST = 2000  # letters of a text that are measured: more than any place has room for
ROOM = 1.1  # a font that is put in another's place may be so much wider
RIGHT_TO_LEFT = ("R", "AL", "RLE", "RLO", "RLI")


def fill(token: str) -> Markup:
    """Attributes that fill with a colour of the stylesheet."""
    return _colour("fill", "rw-f", token)


def stroke(token: str, width: float = 1, dashes: str = "") -> Markup:
    """Attributes that draw an outline in a colour of the stylesheet."""
    return (
        _colour("stroke", "rw-s", token)
        + attribute("stroke-width", f"{width:g}")
        + attribute("stroke-dasharray", dashes)
    )


def _colour(what: str, prefix: str, token: str) -> Markup:
    return Markup(' {}="{}" data-{}="{}"').format(what, colours()[0][token], prefix, token)


def rectangle(
    x: float, y: float, width: float, height: float, look: Markup, round: float = 0, title: str = ""
) -> Markup:
    inside = Markup("<title>{}</title>").format(title.translate(CONTROL)) if title else Markup("")
    return Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"{}{}>{}</rect>').format(
        x, y, max(width, 0), max(height, 0), attribute("rx", f"{round:g}") if round else "", look, inside
    )


def line(x1: float, y1: float, x2: float, y2: float, look: Markup) -> Markup:
    return Markup('<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"{}/>').format(x1, y1, x2, y2, look)


def polyline(points: Iterable[tuple[float, float]], look: Markup) -> Markup:
    """A line through points; filled only where `look` says so."""
    return Markup('<polyline points="{}"{}/>').format(" ".join(f"{x:.1f},{y:.1f}" for x, y in points), look)


def text(
    x: float, y: float, said: str, *, size: float = 12, ink: str = "ink", bold: bool = False, anchor: str = "",
    room: float | None = None, mono: bool = False, title: str = "", after: str = "",
) -> Markup:  # fmt: skip
    """A line of text. room: px that there are for it; what is longer is cut in its middle and has its whole as a title.

    after: what stands behind it, smaller and quiet.
    """
    said, title, after = (words.translate(CONTROL) for words in (said, title, after))
    shown = said if room is None else fitting(said, room - (width_of(after, size - 2) + 4 if after else 0), size, bold)
    whole = title or (said if shown != said else "")
    quiet = Markup('<tspan dx="4" font-size="{:g}"{}>{}</tspan>').format(size - 2, fill("ink2"), after)
    return Markup('<text x="{:.1f}" y="{:.1f}" font-size="{:g}"{}{}{}{}>{}{}{}</text>').format(
        x, y, size, fill(ink), attribute("text-anchor", anchor), attribute("font-weight", "600" if bold else ""),
        attribute("font-family", MONO if mono else ""),
        Markup("<title>{}</title>").format(whole) if whole else "", isolated(shown),
        quiet if after else "",
    )  # fmt: skip


def lines_of_text(
    x: float, y: float, said: str, room: float, *, size: float = 12, step: float = 16, most: int = 6, **look: object
) -> tuple[Markup, float]:
    """Text broken into lines that fit; returns them, and the y below the last. What is over after `most` is cut."""
    broken = wrapped(said[:LONGEST], room, size, bool(look.get("bold")), bool(look.get("mono")))
    if len(broken) > most:
        broken = [*broken[: most - 1], f"{broken[most - 1][:-1]}…"]
    made = [text(x, y + n * step, part, size=size, **look) for n, part in enumerate(broken)]  # type: ignore[arg-type]
    return joined(made), y + len(broken) * step


def width_of(said: str, size: float, bold: bool = False, mono: bool = False) -> float:
    """px that a text takes at most, by the kind of its letters; no font is asked."""
    return sum(_widths(said, size, bold, mono))


def _widths(said: str, size: float, bold: bool, mono: bool) -> Iterable[float]:
    if mono:
        return [size * 0.62] * len(said)
    one = size * ROOM * (1.14 if bold else 1.0)
    return (one * _letter(letter) for letter in said)


def _letter(letter: str) -> float:
    if unicodedata.combining(letter):
        return 0.0
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    if letter in NARROW:
        return 0.31
    if letter in WIDE:
        return 0.88
    return 0.67 if letter.isupper() else 0.55


def fitting(said: str, room: float, size: float, bold: bool = False) -> str:
    """`said`, cut in its middle as far as its room asks."""
    most = min(len(said), LONGEST)
    while most > 4 and width_of(cut(said, most), size, bold) > room:
        most -= max(1, (most - 4) // 16)
    return cut(said, most)


def wrapped(said: str, room: float, size: float, bold: bool = False, mono: bool = False) -> list[str]:
    """Lines that fit into the room; a word that is longer than a line is broken."""

    def fits(part: str) -> bool:
        return len(part) < 2 or width_of(part, size, bold, mono) <= room

    made, now = [], ""
    for word in said.split():
        if now and not fits(f"{now} {word}"):
            made.append(now)
            now = ""
        now = f"{now} {word}" if now else word
        while not fits(now):
            n = max(1, bisect.bisect_right(list(itertools.accumulate(_widths(now, size, bold, mono))), room))
            made.append(now[:n])
            now = now[n:]
    return [*made, now] if now else made


def isolated(said: str) -> str:
    """Text of a script from right to left in a frame of its own (Unicode isolates), so that it stays among its words."""
    if any(unicodedata.bidirectional(letter) in RIGHT_TO_LEFT for letter in said):
        return f"\u2068{said}\u2069"
    return said


def picture(width: float, height: float, title: str, description: str, content: Markup) -> Markup:
    """The whole: an SVG document with its name and its description for those who do not see it."""
    title, description = title.translate(CONTROL), description.translate(CONTROL)
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" class="rw-picture" role="img" width="{w:g}" height="{h:.0f}" '
        'viewBox="0 0 {w:g} {h:.0f}" font-family="{font}" aria-label="{title}"><title>{title}</title>'
        "<desc>{description}</desc><style>{style}</style>{content}</svg>"
    ).format(w=width, h=height, font=FONT, title=title, description=description, style=escape(theme()), content=content)


def theme() -> Source:
    """The dark theme's colours, for whoever wishes them."""
    light, dark = colours()
    rules = "".join(
        f".rw-picture [data-rw-{kind}={name}]{{{what}:{dark[name]}}}"
        for kind, what in (("f", "fill"), ("s", "stroke"))
        for name in light
        if dark[name] != light[name] and name != "bad-bg"
    )
    return Source(f"@media (prefers-color-scheme:dark){{{rules}}}")
