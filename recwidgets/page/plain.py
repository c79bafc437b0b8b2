"""What is read of a piece of a page, where there is no page: a terminal, a picture."""

from __future__ import annotations

from html.parser import HTMLParser

from markupsafe import Markup

#: what XML has no place for and a terminal would obey, and what stands for it: for str.translate
CONTROL = {n: "\ufffd" for n in (*range(9), 11, 12, *range(13, 32), *range(127, 160), 0xFFFE, 0xFFFF)}
#: the keys of a legend, as signs where there is no colour
SIGNS = {"rw-key-line": "━", "rw-key-dash": "╌", "rw-strong": "■", "rw-mid": "□", "rw-outline": "┆"}


class Reader(HTMLParser):
    """Collects the text, a paragraph each; spans that stand side by side are told apart, and so is a label in front."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.found, self._after = [""], ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        names = (dict(attributes).get("class") or "").split()
        sign = next((SIGNS[name] for name in names if name in SIGNS), "")
        if tag == "p":
            self.found.append("")
        elif tag == "span" and self._after == "span":
            self.found[-1] += " · "
        self.found[-1] += f"{sign} " if sign else ""
        self._after = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "i" and self._after == "text":
            self.found[-1] += ": "
        self._after = tag
        if tag == "p":
            self.found.append("")

    def handle_data(self, data: str) -> None:
        self.found[-1] += data
        self._after = "text" if data.strip() else self._after


def paragraphs(said: str) -> tuple[str, ...]:
    """The paragraphs of Markup, without its tags; a plain str is one, as it is."""
    found = Reader(str(said)).found if isinstance(said, Markup) else [said]
    return tuple(words for part in found if (words := " ".join(part.split())))


def plain(said: str) -> str:
    """The same in one line."""
    return " ".join(paragraphs(said))
