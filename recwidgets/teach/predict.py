"""Predict: commit a guess, then the panel unlocks and the pie goes from the guess to the model to what happened."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets
import numpy as np

from ..answer import softmax_shares
from ..charts.pie import FIRST
from ..page.markup import Message, message
from ..page.page import Page, Region
from ..panel import selector
from . import predict_page, progressfile
from .guarded import guarded
from .guess import GuessPie, shared, three_films

STAGES = ("guess", "model", "truth")


class Predict(ipywidgets.VBox):  # type: ignore[misc]
    """A question, a guess that is committed, and only then the panel.

    panel: a Panel; it is kept off the page until the guess stands. Without `number`, three films
    are put in order: which would the model put first? films: three titles, None = the model's
    favourite, all users', and one that was watched later. number: (low, high) asks for a whole
    number instead; answer(panel) is what it turns out to be, by default how many of the first ten
    this person went on to watch. question: your own words. name: under which the guess is kept in
    the learner's progress file.
    """

    def __init__(
        self,
        panel: Any,
        films: Sequence[str] | None = None,
        *,
        number: tuple[int, int] | None = None,
        answer: Callable[[Any], float] | None = None,
        question: str = "",
        name: str = "",
    ) -> None:
        self._lock = threading.RLock()
        self.panel, self.number, self._worked_out = panel, number, answer or watched_later
        self.asked = panel.shown.answer
        if self.asked is None:
            raise ValueError(
                "the panel has no answer to guess yet; train its model first, or give a panel that is trained"
            )
        if number is not None and not (len(number) == 2 and number[0] < number[1]):
            raise ValueError(f"number must be (low, high) with low < high, got {number!r}")
        self.films = [] if number is not None else list(self._films(films))
        self.guess: Any = None  # a number, or titles in order, once it is committed
        self.stage = "guess"
        self.question = question or self._question()
        self._place = 0 if number is None else (number[0] + number[1]) // 2
        kind = "order" if number is None else "number"
        self._name = name or f"{panel.world.name}-{panel.user}-{kind}"
        self._outcome: float | None = None
        self._build()
        self._note = ""
        self._show()

    def _films(self, titles: Sequence[str] | None) -> tuple[int, ...]:
        if titles is None:
            return three_films(self.asked)
        items = tuple(self.asked.data.item_by_title(title) for title in titles)
        if len(set(items)) != FIRST:
            raise ValueError(f"films must be three different titles, got {list(titles)!r}")
        return items

    def _question(self) -> str:
        who = f"user {self.panel.user}"
        if self.number is not None:
            return f"How many of the first ten films of this model ({self.panel.world.label}) did {who} go on to watch?"
        return f"In which order does this model ({self.panel.world.label}) put these three films for {who}?"

    def _build(self) -> None:
        self._head, self._form = Page(handler=self._on_act, probe=True), Region(handler=self._on_act)
        self.pie = GuessPie()
        chart = ipywidgets.VBox([self.pie.figure])
        chart.add_class("rw-chart")
        main = ipywidgets.GridBox([chart, self._form])
        main.add_class("rw-guess")
        self.card = ipywidgets.VBox([self._head, main])
        super().__init__([self.card])
        for name in ("rw-panel", "rw-predict"):
            self.card.add_class(name)

    # -- acts ----------------------------------------------------------------------------------------------

    @guarded
    def _on_act(self, act: str, value: str) -> None:
        if act == "motion":
            self.pie.animate(value != "still")
        elif act in ("up", "down") and self.guess is None:
            self._move(int(value), -1 if act == "up" else 1)
        elif act == "number" and self.guess is None:
            self._place = min(max(int(value), self.number[0]), self.number[1]) if self.number else 0
        elif act == "commit":
            self.commit()
        elif act == "stage" and self.guess is not None and value in STAGES:
            self.stage = value
        self._show()

    def _move(self, here: int, by: int) -> None:
        there = here + by
        if 0 <= here < len(self.films) and 0 <= there < len(self.films):
            self.films[here], self.films[there] = self.films[there], self.films[here]

    def commit(self, guess: int | Sequence[str] | None = None) -> None:
        """Let the guess stand (a number, or three titles in order), and unlock the panel. Once."""
        if self.guess is not None:
            return
        if guess is not None:
            self._take(guess)
        titles = [self.asked.full_title(film) for film in self.films]
        self.guess = self._place if self.number is not None else titles
        self.stage = "model" if self.number is None else "truth"
        self._note = progressfile.update("guesses", self._name, guess=self.guess, right=self.right())
        self.children = [self.card, self.panel]
        self._show()

    def _take(self, guess: Any) -> None:
        if self.number is not None:
            if isinstance(guess, bool) or guess != int(guess) or not self.number[0] <= guess <= self.number[1]:
                raise ValueError(
                    f"a guess must be a whole number from {self.number[0]} to {self.number[1]}, got {guess!r}"
                )
            self._place = int(guess)
            return
        films = [self.asked.data.item_by_title(title) for title in guess]
        if sorted(films) != sorted(self.films):
            known = ", ".join(self.asked.full_title(film) for film in self.films)
            raise ValueError(f"a guess must be the three films {known} in an order, got {list(guess)!r}")
        self.films = films

    def right(self) -> float:
        """How good the guess was, from 0 to 1: pairs of films in the model's order, or how near the number is."""
        if self.number is not None:
            low, high = self.number
            return 1.0 - min(abs(self._place - self.outcome()) / (high - low), 1.0)
        scores = [float(self.asked.scores[film]) for film in self.films]
        pairs = [(scores[a], scores[b]) for a in range(FIRST) for b in range(a + 1, FIRST)]
        return sum(first >= second for first, second in pairs) / len(pairs)

    def outcome(self) -> float:
        """What the number turned out to be: worked out once, for whom the guess was made."""
        if self._outcome is None:
            self._outcome = float(self._worked_out(self.panel))
        return self._outcome

    # -- showing -----------------------------------------------------------------------------------------------

    def _shares(self, stage: str) -> list[float]:
        """Share of each film, in the order guessed. guess: 3 : 2 : 1 by place; truth: equal for those watched."""
        if stage == "guess":
            return [3 / 6, 2 / 6, 1 / 6]
        if stage == "model":
            scores = self.asked.scores[self.films]
            order = np.argsort(-scores, kind="stable")
            shares = np.empty(FIRST)
            shares[order] = softmax_shares(scores[order], scores)[0]
            return [float(share) for share in shares]
        watched = [float(film in self.asked.later) for film in self.films]
        return [one / max(sum(watched), 1.0) for one in watched]

    def _show(self) -> None:
        self._head.show(predict_page.head(self.question, self._who(), self.guess is not None))
        if self.number is not None:
            self._show_number()
            return
        shares = self._shares(self.stage)
        words = {"guess": ("Guess", "3 : 2 : 1"), "model": ("Model", "softmax"), "truth": ("Watched", "later")}
        drawn = shared(self.asked, self.films, shares)
        top = [] if drawn is None else drawn.top.tolist()
        places = [str(top.index(film) + 1) if film in top else "–" for film in self.films]
        self.pie.draw(drawn, words[self.stage] if drawn is not None else ("None", "was watched"))
        titles = [self.asked.full_title(film) for film in self.films]
        slots, open_ = [self._slot(film) for film in self.films], self.guess is not None
        form = predict_page.order(titles, slots, places, shares, open_)
        form += predict_page.alternative(self.stage, titles, shares)
        self._form.show(form + (predict_page.reveal(self.stage, self._words(), self._note, True) if open_ else ""))

    def _who(self) -> str:
        """Something to guess from: who is asked about, and what was rated last."""
        person = self.asked.person
        return "" if person.user is None else " · ".join(selector.facts(self.asked.data, person.user)[1:])

    def _slot(self, film: int) -> int:
        return self.pie.slots().get(film, 0)

    def _show_number(self) -> None:
        assert self.number is not None
        low, high = self.number
        now = float(self._place) if self.stage == "guess" else self.outcome()
        share = min(max((now - low) / (high - low), 0.0), 1.0)
        self.pie.halves(share, (f"{now:g}", "your guess" if self.stage == "guess" else "it is"))
        form = predict_page.number(self._place, low, high, self.guess is not None)
        form += predict_page.alternative(self.stage, [f"{now:g} of {high}"], [share])
        if self.guess is not None:
            form += predict_page.reveal(self.stage, self._words(), self._note, False)
        self._form.show(form)

    def _words(self) -> str:
        """What the reveal says at this stage."""
        if self.number is not None:
            return f"You guessed {self._place}; it is {self.outcome():g}."
        if self.stage == "guess":
            return "Your order, drawn as 3 : 2 : 1."
        if self.stage == "model":
            order = sorted(self.films, key=lambda film: -float(self.asked.scores[film]))
            pairs = round(self.right() * FIRST)
            said = "the same order as yours" if pairs == FIRST else f"{pairs} of 3 pairs as in your order"
            return f"The model: {', then '.join(self.asked.full_title(film) for film in order)}; {said}."
        watched = [self.asked.full_title(film) for film in self.films if film in self.asked.later]
        if not watched:
            return "None of the three was watched later."
        return f"Watched later, and kept from the model: {' and '.join(watched)}."

    def _say(self, shown: Message | None) -> None:
        self._form.show(message(shown))


def watched_later(panel: Any) -> int:
    """How many films of the panel's list its user went on to watch."""
    answer = panel.shown.answer
    return 0 if answer is None else sum(item in answer.later for item in answer.top.tolist())
