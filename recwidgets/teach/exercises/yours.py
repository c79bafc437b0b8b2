# ruff: noqa: E501  # a sentence for the learner stays on one line
"""06 · your own: a model and a chart that fit into a panel."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...answer import answer as ask
from ...core import Explanation, FitEvent, Person, person_of
from ..careful import Blank, Stumble
from ..exercise import Exercise
from ..worlds import paper

PEOPLE = ("Ann", "Bob", "Cyd")


def model_judged(model: Any) -> str | None:
    """What keeps this model from being one; it is given the tiny data set and asked."""
    if isinstance(model, type):
        raise Stumble(f"a model is asked for, not its class: write {model.__name__}()")
    if getattr(model, "label", "") is ...:
        raise Blank
    if not isinstance(getattr(model, "label", None), str):
        return "A model needs a `label`, the text that stands over its panel."
    for name, does in (("steps", "trains"), ("scores", "answers"), ("explain", "takes a score apart")):
        if not callable(getattr(model, name, None)):
            return f"A model needs `{name}`, the method that {does}."
    data = paper()
    try:
        events = list(model.steps(data, None, 1))
    except Exception as error:
        raise Stumble(f"steps() stopped with {type(error).__name__}: {error}") from None
    if any(event is ... for event in events):
        raise Blank
    if not events or not isinstance(events[0], FitEvent):
        return "`steps` must yield a rw.FitEvent for each finished step: step, total, metrics, snapshot."
    return _answers(model, data)


def _answers(model: Any, data: Any) -> str | None:
    for name in PEOPLE:
        try:
            scores = model.scores(name)
        except Exception as error:
            raise Stumble(f"scores({name!r}) stopped with {type(error).__name__}: {error}") from None
        if scores is ...:
            raise Blank
        if np.shape(scores) != (data.n_items,):
            return (
                f"`scores` must give one number for each of the {data.n_items} films, got the shape {np.shape(scores)}."
            )
        for item in range(data.n_items):
            wrong = _explains(model, name, str(data.items[item]), float(scores[item]))
            if wrong is not None:
                return wrong
    try:
        scores = model.scores(Person(None, np.array([1], np.int32)))
    except Exception as error:
        raise Stumble(
            f"scores() of somebody new stopped with {type(error).__name__}: {error}; rw.person_of(data, who) turns any question into a history"
        ) from None
    return (
        None if np.shape(scores) == (data.n_items,) else "Somebody new (a history without a user) must get scores too."
    )


def _explains(model: Any, who: str, item: str, score: float) -> str | None:
    try:
        why = model.explain(who, item)
    except Exception as error:
        raise Stumble(f"explain({who!r}, {item!r}) stopped with {type(error).__name__}: {error}") from None
    if why is ...:
        raise Blank
    if not isinstance(why, Explanation):
        return f"`explain` must give a rw.Explanation, got {type(why).__name__}."
    total = sum(part.value for part in why.parts)
    if abs(total - score) > 1e-4 * max(1.0, abs(score)):
        return (
            f"For {who} and {item}, the parts add up to {total:.4g}, but the score is {score:.4g}. They must be equal."
        )
    return None


class Fixed:
    """Scores that are known: what a chart of one's own is tried on."""

    label = "Fixed"

    def __init__(self, data: Any) -> None:
        self.data = data

    def scores(self, who: Any) -> Any:
        person_of(self.data, who)
        return np.linspace(1.0, 0.2, self.data.n_items).astype(np.float32)


def chart_judged(chart: Any) -> str | None:
    """What keeps this chart from being one: it is shown an answer, and none, and must say what it shows."""
    from ...charts._base import Chart

    if isinstance(chart, type):
        raise Stumble(f"a chart is asked for, not its class: write {chart.__name__}()")
    if not isinstance(chart, Chart):
        return "A chart is a subclass of rw.Chart, with `title`, `figure`, `show` and `sentence`."
    if not isinstance(getattr(chart, "title", None), str):
        return "A chart needs a `title`."
    data = paper()
    found = ask(Fixed(data), data, Person(0, data.history(0)))
    try:
        before = _drawn(chart)
        chart.show(found, 0, None)
        after = _drawn(chart)
        words: Any = chart.sentence(found)
        chart.show(None, 0, None)
        chart.sentence(None)
    except Exception as error:
        raise Stumble(f"the chart stopped with {type(error).__name__}: {error}; `answer` may be None") from None
    if words is ...:
        raise Blank
    if not isinstance(words, str) or not words.strip():
        return "`sentence` must say the picture in words, for those who do not see it."
    if before == after:
        return "`show` changes no mark: assign the answer's numbers to one of the figure's marks."
    return None


def _drawn(chart: Any) -> str:
    """The numbers that the marks hold now."""
    names = ("x", "y", "sizes", "size", "labels", "text", "color")
    return repr([[np.asarray(getattr(mark, name, ())).tolist() for name in names] for mark in chart.figure.marks])


EXERCISES = (
    Exercise(
        "own-1",
        "Write a fourth model: a class with label, steps, scores and explain.",
        judge=model_judged,
        hints=(
            "scores adds up something for each film of the history. What is it, for one of them?",
            "explain must use the same numbers as scores: what each film of the history adds; their sum is the score.",
            "values = self.unit[history] @ self.unit[film]",
        ),
        praise="It has all that a panel asks for. Give it to rw.Panel.",
    ),
    Exercise(
        "own-2",
        "Write a fourth chart: a subclass of Chart with figure, show and sentence.",
        judge=chart_judged,
        hints=(
            "Build the mark once in __init__; in show, only assign to it.",
            "answer.scores[answer.top] are the numbers of the list, best first; answer may be None.",
            "self.bars.y = answer.scores[answer.top]",
        ),
        praise="It draws, and it says what it draws.",
    ),
)
