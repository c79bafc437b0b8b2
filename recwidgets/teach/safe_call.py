"""Running what a learner wrote: no traceback, no argument spoilt, and a sentence on what went wrong."""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

ADVICE = {
    NameError: "a name is not defined: is it spelt as in the line that makes it?",
    ZeroDivisionError: "something is divided by zero.",
    IndexError: "an index is beyond the end.",
    RecursionError: "the function calls itself without an end.",
}


class NotAnswered(Exception):
    """The exercise has not been answered: there is still a `...` where the answer goes."""


class AnswerError(ValueError):
    """The learner's function stopped, or gave something unusable. The message says so in a sentence."""


def called(function: Callable[..., Any], *arguments: Any) -> Any:
    """function(*arguments), each array as a copy of its own. Raises NotAnswered or AnswerError, nothing else.

    An array that the function changed in place is a AnswerError too: the caller would be surprised.
    """
    own = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
    try:
        with np.errstate(all="ignore"):  # what comes of 0/0 is looked at below, not printed
            result = function(*own)
    except NotAnswered:
        raise
    except (Exception, SystemExit) as error:
        raise error if isinstance(error, AnswerError) else AnswerError(sentence(function, error)) from None
    if result is ... or (isinstance(result, tuple) and any(part is ... for part in result)):
        raise NotAnswered
    for given, left in zip(arguments, own, strict=True):
        if isinstance(given, np.ndarray) and not np.array_equal(given, left, equal_nan=given.dtype.kind == "f"):
            raise AnswerError(
                f"{name_of(function)} changes an array that it was given; whoever uses that array next is surprised. "
                "Work on a copy: `x = x.copy()`."
            )
    return result


def name_of(function: Any) -> str:
    """As it is spoken of: "aggregate()"."""
    name = getattr(function, "__name__", type(function).__name__)
    return "Your function" if name == "<lambda>" else f"{name}()"


def sentence(function: Any, error: BaseException) -> str:
    """Where the learner's code stopped, and why, without a traceback."""
    what = str(error) or "no message"
    kind = type(error).__name__
    advice = next((text for cls, text in ADVICE.items() if isinstance(error, cls)), "")
    if isinstance(error, TypeError) and "positional argument" in what:
        return f"{name_of(function)} must take the arguments that the exercise names ({what})."
    if "could not be broadcast" in what or "mismatch in its core dimension" in what:
        advice = "two shapes do not fit: print the `.shape` of both."
    where = line_of(function, error)
    return (
        f"{name_of(function)} stopped{where}: {kind}, {what}.{' ' + advice[0].upper() + advice[1:] if advice else ''}"
    )


def line_of(function: Any, error: BaseException) -> str:
    """ " at `return messages.mean(0)`": the last line of the learner's own file that was reached."""
    code = getattr(function, "__code__", None)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if code is not None and frame.filename == code.co_filename]
    if not own or code is None:
        return ""
    text = own[-1].line or linecache.getline(own[-1].filename, own[-1].lineno or 0).strip()
    return f" at `{text}`" if text else f" in line {(own[-1].lineno or 0) - code.co_firstlineno + 1} of it"


def numbers(value: Any, wanted: str = "numbers") -> Array:
    """`value` as a float64 array. Raises AnswerError for what holds no numbers."""
    if value is None:
        raise AnswerError("the answer is None: does the function end with `return`?")
    if callable(value):
        raise AnswerError(f"the answer is a function, not {wanted}: call it, with brackets and its arguments")
    if isinstance(value, str):
        raise AnswerError(f"the answer is the text {value!r}, not {wanted}: leave the quotation marks out")
    if isinstance(value, (bool, np.bool_)):
        raise AnswerError(f"the answer is {value}, not {wanted}")
    if isinstance(value, (set, frozenset, dict)) and wanted == "a number":
        raise AnswerError(
            f"the answer is a {type(value).__name__} of {len(value)}, not a number: `len(…)` counts what is in it"
        )
    if isinstance(value, (set, frozenset, dict)):
        raise AnswerError(
            f"the answer is a {type(value).__name__}, which has no order; {wanted} go into a list or an array"
        )
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "fiuO":  # no truth values, no text, no complex numbers
            raise TypeError
        return array.astype(np.float64)
    except (TypeError, ValueError):
        raise AnswerError(f"the answer is a {type(value).__name__} that holds no {wanted}") from None


def arrays(value: Any, like: tuple[Array, ...]) -> tuple[Array, ...]:
    """`value` as a tuple of arrays, as many as in `like`."""
    if len(like) == 1:
        return (numbers(value),)
    if not isinstance(value, (tuple, list)) or len(value) != len(like):
        got = f"{len(value)}" if isinstance(value, (tuple, list)) else f"one {type(value).__name__}"
        raise AnswerError(f"{len(like)} arrays are asked for, separated by a comma, got {got}")
    return tuple(numbers(part) for part in value)
