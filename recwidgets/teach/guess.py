"""The pie of a guess: three films in fixed slots, drawn as they were guessed, ranked, or watched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..answer import Answer
from ..charts.pie import FIRST, Pie

NOWHERE = 99  # no film of three is outlined: there is nothing to choose


class GuessPie(Pie):
    """Three films (or two parts) in fixed slots; the hole says whose pie it is."""

    title = "Three films"

    def draw(self, answer: Answer | None, words: tuple[str, str]) -> None:
        """Move the slices to `answer`, and say in the hole what they are."""
        self.show(answer, NOWHERE)
        self.centre.text, self.below.text = [words[0]], [words[1]]

    def halves(self, share: float, words: tuple[str, str]) -> None:
        """Two slices: `share`, and the quiet rest."""
        self._slots = [None] * FIRST
        with self.pie.hold_sync():
            self.pie.sizes, self.pie.labels = np.array([share, 0.0, 0.0, 1.0 - share]), [""] * (FIRST + 1)
        self.centre.text, self.below.text = [words[0]], [words[1]]


def three_films(answer: Answer) -> tuple[int, ...]:
    """The model's favourite, one that was watched later, and all users' favourite beside its list.

    By title, but not in the model's order: that would be right before a film is moved.

    Where one of them is missing or is there already, the next of the model's list takes its place.
    """
    top = answer.top.tolist()
    later = [item for item in np.argsort(-answer.scores, kind="stable").tolist() if item in answer.later]
    seen = set(answer.person.history.tolist()) | set(answer.excluded.tolist())
    popular = [item for item in np.argsort(-answer.data.popularity, kind="stable").tolist() if item not in seen]
    beside = [item for item in popular if item not in top]
    chosen: list[int] = []
    for candidates in (top, later, beside[:1], top):
        new = [item for item in candidates if item not in chosen]
        chosen += new[:1] if candidates is not top or not chosen else new[: FIRST - len(chosen)]
    films = sorted(chosen[:FIRST], key=answer.full_title)
    if films == sorted(films, key=lambda item: -float(answer.scores[item])):
        films.reverse()
    return tuple(films)


def shared(answer: Answer, films: Sequence[int], shares: Sequence[float]) -> Answer | None:
    """An answer whose pie has these shares, in films' slots; None where all of them are zero."""
    some = [(share, film) for share, film in zip(shares, films, strict=True) if share > 0]
    if not some:
        return None
    scores = np.full(len(answer.scores), -np.inf, np.float32)
    order = sorted(some, key=lambda pair: -pair[0])  # stable: equal shares keep their order
    for share, film in order:
        scores[film] = np.log(share)
    top = np.array([film for _, film in order], np.int32)
    nobody = answer.person._replace(history=np.zeros(0, np.int32))
    return replace(answer, scores=scores, top=top, person=nobody, excluded=np.zeros(0, np.int32))
