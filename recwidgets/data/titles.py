"""Titles as people say them, and text made comparable for a search."""

from __future__ import annotations

import functools
import re
import unicodedata

_ARTICLES = (
    "the|a|an|le|la|les|l'|un|une|il|lo|i|gli|uno|una|el|los|las|o|os|um|uma|der|die|das|den|ein|eine|det|de|het|en"
)
# MovieLens moves an article behind a comma: "Postino, Il"
_MOVED = re.compile(rf"(?P<rest>.+), (?P<article>{_ARTICLES})", re.IGNORECASE)
_YEAR = re.compile(r"^(?P<name>.*?)\s*\((?P<year>\d{4}(?:\s*[-–]\s*(?:\d{4})?)?)\)\s*(?:\(V\)\s*)?$")  # (V): on video
_ALTERNATE = re.compile(r"\((?P<aka>a\.k\.a\. )?(?P<inside>[^()]*)\)")
_NOT_DECOMPOSED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "³": "3", "½": "1/2"})


@functools.lru_cache(maxsize=4096)  # a long history is named anew at each click
def display_title(title: str) -> tuple[str, str]:
    """Split a MovieLens title into the name with its article in front, and the year.

    "Silence of the Lambs, The (1991)" -> ("The Silence of the Lambs", "1991"). Alternate titles in parentheses
    are treated the same and stay. No year -> "".
    """
    name, year = _parted(title)
    if not name:  # a film that is called "(1984)" keeps its name
        return title.strip(), ""
    main, bracket, alternates = name.partition(" (")
    alternates = _ALTERNATE.sub(lambda m: f"({m['aka'] or ''}{_article_first(m['inside'])})", bracket + alternates)
    return _article_first(main) + alternates, year


def year_of(title: str) -> str:
    """The year of a MovieLens title as text, "" where it has none; for a whole catalogue, of which nothing is kept."""
    name, year = _parted(title)
    return year if name else ""


def _parted(title: str) -> tuple[str, str]:
    """What stands before the year, and the year."""
    found = _YEAR.match(title)
    return (found["name"], found["year"]) if found else (title.strip(), "")


@functools.lru_cache(maxsize=4096)  # as display_title
def shown_title(title: str) -> str:
    """`title` on one line for a list: "The Silence of the Lambs (1991)"."""
    name, year = display_title(title)
    return f"{name} ({year})" if year else name


def fold(text: str) -> str:
    """`text` without case, accents and doubled spaces: what two spellings of one title share."""
    if text.isascii():  # most ids and titles: nothing to take apart
        return " ".join(text.lower().split())
    plain = unicodedata.normalize("NFD", text.casefold().translate(_NOT_DECOMPOSED))
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


def _article_first(name: str) -> str:
    found = _MOVED.fullmatch(name)
    if not found:
        return name
    joint = "" if found["article"].endswith("'") else " "
    return f"{found['article']}{joint}{found['rest']}"
