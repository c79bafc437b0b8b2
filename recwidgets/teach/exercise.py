"""What an exercise is, and how an answer to it is judged. Adding one is a few lines in exercises.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .safe_call import AnswerError, Array, NotAnswered, arrays, called, name_of, numbers

TOLERANCE = 1e-5

Compare = Callable[[Array, Array, tuple[Any, ...]], bool]


class Mistake(NamedTuple):
    """A wrong answer that many give: how it comes about, and what to say to whoever gave it.

    wrong: like `right` of the exercise, a function of the case, but wrong.
    """

    wrong: Callable[..., Any]
    says: str


class Case(NamedTuple):
    """Arguments that a learner's function is tried on; `name` is how a message speaks of them."""

    name: str
    arguments: tuple[Any, ...]


class Outcome(NamedTuple):
    """state: "right", "wrong", "blank" or "broken" (it could not even be compared)."""

    state: str
    says: str


def close(got: Array, wanted: Array, arguments: tuple[Any, ...] = ()) -> bool:
    """Equal to 1e-5, of the largest number where that is above 1."""
    scale = max(1.0, float(np.abs(wanted[np.isfinite(wanted)]).max(initial=0.0)))
    return got.shape == wanted.shape and bool(np.allclose(got, wanted, rtol=0, atol=TOLERANCE * scale, equal_nan=True))


def on_paper(got: Array, wanted: Array, arguments: tuple[Any, ...] = ()) -> bool:
    """Equal to two decimals, for a number that is worked out by hand."""
    return got.shape == wanted.shape and bool(np.allclose(got, wanted, rtol=0, atol=0.0051))


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    asks: the task in a sentence. right: the answer, worked out when it is needed; for a function
    exercise the reference, which is called with each case. cases: what the learner's function is
    tried on, small first; None = the answer is a value. run(function, *arguments): how the
    learner's function is used, where that is more than calling it. hints: a nudge, the way, nearly
    the answer. judge: for answers that are neither (a widget, a model): a sentence on what is
    wrong, or None.
    """

    id: str
    asks: str
    hints: tuple[str, str, str]
    right: Callable[..., Any] = lambda: None
    mistakes: tuple[Mistake, ...] = ()
    cases: Callable[[], tuple[Case, ...]] | None = None
    run: Callable[..., Any] | None = None
    compare: Compare = close
    judge: Callable[[Any], str | None] | None = None
    praise: str = ""

    def judged(self, answer: Any) -> Outcome:
        """Right, wrong (known mistakes by name), blank or broken."""
        try:
            if answer is ... or answer is None and self.cases is None:
                raise NotAnswered
            if self.judge is not None:
                wrong = self.judge(answer)
                return Outcome("right", self.praise) if wrong is None else Outcome("wrong", wrong)
            return self._function(answer) if self.cases is not None else self._value(answer)
        except NotAnswered:
            return Outcome("blank", f"Not answered yet. {self.asks}")
        except AnswerError as error:
            text = str(error)
            start = text[:1] if text.partition(" ")[0].endswith("()") else text[:1].upper()  # a name stays as it is
            return Outcome("broken", start + text[1:] + ("" if text.endswith((".", "?", "!")) else "."))

    def _value(self, answer: Any) -> Outcome:
        wanted = self.right()
        if isinstance(wanted, str):
            return self._word(answer, wanted)
        like = np.asarray(wanted, np.float64)
        got = numbers(answer, "a number" if not like.ndim else "numbers")
        if got.size == 1 and not like.ndim:
            got = got.reshape(())
        if self.compare(got, like, ()):
            return Outcome("right", self.praise)
        for mistake in self.mistakes:
            if self.compare(got, np.asarray(mistake.wrong(), np.float64), ()):
                return Outcome("wrong", mistake.says)
        return Outcome("wrong", _shape_says(got, like) or "That is not it.")

    def _word(self, answer: Any, wanted: str) -> Outcome:
        if not isinstance(answer, str):
            raise AnswerError(f"the answer is a word in quotation marks, got {answer!r:.60}")
        word = answer.strip().casefold()
        if word == wanted.casefold():
            return Outcome("right", self.praise)
        says = [mistake.says for mistake in self.mistakes if word == str(mistake.wrong()).casefold()]
        return Outcome("wrong", says[0] if says else "That is not one of the answers that fit.")

    def _function(self, function: Any) -> Outcome:
        if not callable(function):
            raise AnswerError(f"a function is asked for, got {function!r:.60}; give its name without brackets")
        assert self.cases is not None
        tried: list[tuple[Case, tuple[Array, ...]]] = []
        says = ""
        for case in self.cases():
            wanted = _tuple(self.right(*case.arguments))
            try:
                got = arrays(self._used(function, case), wanted)
            except AnswerError:
                if says:  # what is wrong is known already
                    continue
                raise
            tried.append((case, got))
            if not says and not all(
                self.compare(one, two, case.arguments) for one, two in zip(got, wanted, strict=True)
            ):
                says = _says(function, case, got, wanted)
        # a mistake is named where it gives the very same on every case: on one alone, much may look like it
        return Outcome("wrong", self._known(tried) or says) if says else Outcome("right", self.praise)

    def _used(self, function: Any, case: Case) -> Any:
        return called(function, *case.arguments) if self.run is None else self.run(function, *case.arguments)

    def _known(self, tried: list[tuple[Case, tuple[Array, ...]]]) -> str:
        """What to say of a mistake that gives the very same on every case tried; "" for an unknown one."""
        for mistake in self.mistakes:
            try:
                if all(_same(arrays(self._used(mistake.wrong, case), got), got) for case, got in tried):
                    return mistake.says
            except AnswerError:  # this mistake cannot be made on this case
                continue
        return ""


def _same(one: tuple[Array, ...], two: tuple[Array, ...]) -> bool:
    return len(one) == len(two) and all(close(a, b) for a, b in zip(one, two, strict=True))


def _tuple(value: Any) -> tuple[Array, ...]:
    parts = value if isinstance(value, tuple) else (value,)
    return tuple(np.asarray(part, np.float64) for part in parts)


def _shape_says(got: Array, wanted: Array) -> str:
    if got.shape == wanted.shape:
        return ""
    return f"The shape is {_shape(got)}, it should be {_shape(wanted)}."


def _shape(array: Array) -> str:
    return "that of a single number" if not array.ndim else str(array.shape)


def _says(function: Any, case: Case, got: tuple[Array, ...], wanted: tuple[Array, ...]) -> str:
    """What is wrong where no known mistake fits: the shape, a 0/0, or the first numbers that differ."""
    who = name_of(function)
    for one, two in zip(got, wanted, strict=True):
        if one.shape != two.shape:
            return f"On {case.name}, {who} gives the shape {_shape(one)}; it should be {_shape(two)}."
        bad = int(np.count_nonzero(~np.isfinite(one) & np.isfinite(two)))
        if bad:
            return (
                f"On {case.name}, {bad:,} of the {one.size:,} numbers are no numbers (0/0): something was divided by a "
                "count that is zero, a film that nobody watched, say. `np.maximum(count, 1)` helps."
            )
        if not close(one, two):
            place = np.unravel_index(int(np.argmax(np.abs(one - two))), one.shape)
            at = tuple(map(int, place))
            where = "" if not one.ndim else f" in place {at[0]}" if one.ndim == 1 else f" at {at}"
            return f"On {case.name}{where}, {who} gives {one[place]:.4g}; it should be {two[place]:.4g}."
    return f"On {case.name}, {who} does not give what it should."
