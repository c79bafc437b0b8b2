# ruff: noqa: E501  # a sentence for the learner stays on one line
"""06 · your own: a model and a chart that fit into a panel."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ...answer import Answer
from ...answer import answer as ask
from ...core import Explanation, FitEvent, Person, person_of
from ...data import planted
from ..exercise import Exercise
from ..safe_call import AnswerError, NotAnswered
from ..worlds import paper

PEOPLE = ("Ann", "Bob", "Cyd")
EMPTY = "All bars have the height 0: `bars_of` is still empty, or `show` assigns it to no mark."


def model_judged(model: Any) -> str | None:
    """What keeps this model from being one; it is given the tiny data set and asked."""
    if isinstance(model, type):
        raise AnswerError(f"a model is asked for, not its class: write {model.__name__}()")
    if getattr(model, "label", "") is ...:
        raise NotAnswered
    if not isinstance(getattr(model, "label", None), str):
        return "A model needs a `label`, the text that stands over its panel."
    for name, does in (("steps", "trains"), ("scores", "answers"), ("explain", "takes a score apart")):
        if not callable(getattr(model, name, None)):
            return f"A model needs `{name}`, the method that {does}."
    data = paper()
    try:
        events = list(model.steps(data, None, 1))
    except Exception as error:
        raise AnswerError(f"steps() stopped with {type(error).__name__}: {error}") from None
    if any(event is ... for event in events):
        raise NotAnswered
    if not events or not isinstance(events[0], FitEvent):
        return "`steps` must yield a rw.FitEvent for each finished step: step, total, metrics, snapshot."
    return _answers(model, data)


def _answers(model: Any, data: Any) -> str | None:
    for name in PEOPLE:
        try:
            scores = model.scores(name)
        except Exception as error:
            raise AnswerError(f"scores({name!r}) stopped with {type(error).__name__}: {error}") from None
        if scores is ...:
            raise NotAnswered
        if np.shape(scores) != (data.n_items,):
            return (
                f"`scores` must give one number for each of the {data.n_items} films, got the shape {np.shape(scores)}."
            )
        for item in range(data.n_items):
            wrong = _explains(model, data, name, item, float(scores[item]))
            if wrong is not None:
                return wrong
    try:
        scores = model.scores(Person(None, np.array([1], np.int32)))
    except Exception as error:
        raise AnswerError(
            f"scores() of somebody new stopped with {type(error).__name__}: {error}; rw.person_of(data, who) turns any question into a history"
        ) from None
    return (
        None if np.shape(scores) == (data.n_items,) else "Somebody new (a history without a user) must get scores too."
    )


def _explains(model: Any, data: Any, who: str, index: int, score: float) -> str | None:
    history, item = person_of(data, who).history, str(data.items[index])
    try:
        why = model.explain(who, item)
    except Exception as error:
        if "zip()" in str(error):
            return (
                f"`values` must hold one number for each film of the history: for {who} these are {len(history)}, and yours are "
                f"{'more' if 'longer' in str(error) else 'fewer'}. Which rows of `self.unit` are the history?"
            )
        if "0-dimensional" in str(error) or "can be converted to" in str(error):
            return "Each value must be one number; yours are rows. Multiply each film's row with the row of `film`, and add up: `@`."
        raise AnswerError(f"explain({who!r}, {item!r}) stopped with {type(error).__name__}: {error}") from None
    if why is ...:
        raise NotAnswered
    if not isinstance(why, Explanation):
        return f"`explain` must give a rw.Explanation, got {type(why).__name__}."
    total = sum(part.value for part in why.parts)
    if not np.isfinite(score):
        return f"The score of {item} for {who} is {score}, which is no number: was something divided by a count that is zero?"
    if not abs(total - score) <= 1e-4 * max(1.0, abs(score)):
        return (
            f"For {who} and {item}, the parts add up to {total:.4g}, but the score is {score:.4g}. They must be equal."
        )
    return _beside_its_film(model, why, who, history, index, score)


def _beside_its_film(model: Any, why: Any, who: str, history: Any, index: int, score: float) -> str | None:
    """Where films alone add up to the score, each part must be what its film gives alone."""
    try:
        alone = {n: float(model.scores(Person(None, np.array([n], np.int32)))[index]) for n in history.tolist()}
    except Exception:  # somebody new is asked for below, with a message
        return None
    if abs(sum(alone.values()) - score) > 1e-4 * max(1.0, abs(score)):
        return None
    told = {part.index: part.value for part in why.parts}
    for n, value in alone.items():
        if n not in told or abs(told[n] - value) > 1e-4:
            said = f"adds {told[n]:.4g}" if n in told else "is not named"
            return f"For {who} and {why.title}, film {n} {said}; asked with this film alone, the model gives {value:.4g}. They must be equal."
    return None


class Fixed:
    """Scores that are known, and not in the order of the films: what a chart of one's own is tried on."""

    label = "Fixed"

    def __init__(self, data: Any, high: float, low: float) -> None:
        self.data = data
        self.table = np.linspace(high, low, data.n_items)[np.arange(data.n_items) * 7 % data.n_items].astype(np.float32)

    def scores(self, who: Any) -> Any:
        person_of(self.data, who)
        return self.table


@cache
def answers() -> tuple[Answer, ...]:
    """What a chart is shown: ten films of more, twice, and the three that are left of four."""
    world, small = planted(n_users=60, n_items=80, seed=1).data, paper()
    asked = ((Fixed(world, 9.0, 1.0), 0), (Fixed(world, 2.0, 1.5), 3), (Fixed(small, 1.0, 0.2), 2))
    return tuple(ask(model, model.data, Person(user, model.data.history(user))) for model, user in asked)


def heights(found: Answer) -> Any:
    """Score of each film of the list, as a share of the first one's: (10,), padded with zeros."""
    scores = np.asarray(found.scores[found.top], float)
    return np.pad(scores / scores[0], (0, 10 - len(scores)))


def _wrong_heights(found: Answer) -> list[tuple[Any, str]]:
    """(what a mark holds instead, what to say of it)."""
    scores = np.asarray(found.scores, float)
    listed, right = scores[found.top], heights(found)
    return [
        (found.top, "`answer.top` are the numbers of the films; their scores are `answer.scores[answer.top]`."),
        (listed, "Those are the scores as they are; divide by the first of them, so that its bar has the height 1."),
        (scores[:10], "Those are the first films of the catalogue; the list's are `answer.scores[answer.top]`."),
        (
            scores[:10] / scores[0],
            "Those are the first films of the catalogue; the list's are `answer.scores[answer.top]`.",
        ),
        (scores, "Those are the scores of all films; the list's are `answer.scores[answer.top]`."),
        (
            scores / scores.max(),
            "Those are all films; the list's ten are `answer.scores[answer.top]`, divided by the first.",
        ),
        (1 - right, "Turned round: the first bar must have the height 1, and 0 means that no film is there."),
        (np.where(right > 0, 1 - right, 0), "Turned round: the first bar must have the height 1."),
        (listed / listed.sum(), "Those are shares of the sum; asked for is the share of the *first* film's score."),
    ]


def chart_judged(chart: Any) -> str | None:
    """What keeps this chart from being the one asked for: it is shown answers, and none, and must say what it shows."""
    from ...charts._base import Chart

    if isinstance(chart, type):
        raise AnswerError(f"a chart is asked for, not its class: write {chart.__name__}()")
    if not isinstance(chart, Chart):
        return "A chart is a subclass of rw.Chart, with `title`, `figure`, `show` and `sentence`."
    if not isinstance(getattr(chart, "title", None), str):
        return "A chart needs a `title`."
    try:
        said: list[Any] = []
        for found in answers():
            chart.show(found, 0, None)
            words: Any = chart.sentence(found)
            wrong = _bars(chart, found)
            if words is ... and wrong == EMPTY:
                raise NotAnswered
            if wrong is not None:
                return wrong
            said.append(words)
        chart.show(None, 0, None)
        chart.sentence(None)
    except (NotAnswered, AnswerError):
        raise
    except Exception as error:
        raise AnswerError(f"the chart stopped with {type(error).__name__}: {error}; `answer` may be None") from None
    return _says_little(said)


def _bars(chart: Any, found: Answer) -> str | None:
    """What is wrong with the heights of the bars, or None."""
    held = [np.asarray(mark.y, float) for mark in chart.figure.marks if getattr(mark, "y", None) is not None]
    right = heights(found)
    if any(y.shape == right.shape and np.allclose(y, right, atol=1e-5) for y in held):
        return None
    if all(not y.any() for y in held):
        return EMPTY
    n = len(found.top)
    if any(y.shape == (n,) and np.allclose(y, right[:n], atol=1e-5) for y in held):
        return f"For a list of {n} films there are {n} bars. Pad with zeros, so that there are always ten."
    for wrong, says in _wrong_heights(found):
        shape = np.shape(wrong)
        padded = np.pad(wrong, (0, max(0, 10 - len(wrong))))
        if any((y.shape == shape and np.allclose(y, wrong, atol=1e-5)) or np.array_equal(y, padded) for y in held):
            return says
    if held[0].shape != right.shape:
        return f"For a list of {n} films the bars have the shape {held[0].shape}; there should always be ten."
    at = int(np.argmax(~np.isclose(held[0], right, atol=1e-5)))
    asked = f"{held[0][at]:.3g}; it should be {right[at]:.3g}: each score, divided by the first one's, and zeros after the last."
    return f"For a list of {n} films, bar {at + 1} is {asked}"


def _says_little(said: list[Any]) -> str | None:
    """A sentence must be one, and be about this answer."""
    if any(words is ... for words in said):
        raise NotAnswered
    if any(not isinstance(words, str) or len(words.split()) < 3 for words in said):
        return "`sentence` must say the picture in words, for those who do not see it."
    if len(set(said)) < len(said):
        return "`sentence` says the same of different answers. Let it name what is seen: how high the last bar is, say."
    return None


EXERCISES = (
    Exercise(
        "own-1",
        "Fill `values` in explain: one number for each film of the history, what it adds to the score of `film`.",
        judge=model_judged,
        hints=(
            "scores adds up something for each film of the history. What is it, for one of them?",
            "explain must use the same numbers as scores: what each film of the history adds; their sum is the score.",
            "`values = self.unit[history] @ self.unit[film]`",
        ),
        praise="It has all that a panel asks for. Give it to rw.Panel.",
    ),
    Exercise(
        "own-2",
        "Fill `bars_of`, ten heights, the first of them 1, and `sentence`, what is seen of this answer in words.",
        judge=chart_judged,
        hints=(
            "`show` is there already: it gives what `bars_of` returns to the bars. The sentence names a number that is seen.",
            "`scores = answer.scores[answer.top]` are the list's, best first; divide by the first, and pad to ten with `np.pad`.",
            "`scores = answer.scores[answer.top]; return np.pad(scores / scores[0], (0, 10 - len(scores)))`, and in `sentence`, say, "
            "`return f'The second bar reaches {self.bars_of(answer)[1]:.0%} of the first.'`",
        ),
        praise="It draws, and it says what it draws.",
    ),
)
