"""check() and hint(): an answer in, a verdict out, never a traceback; hints that deepen."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from ..page.elements import joined
from . import progressfile
from .exercise import Exercise, Outcome

WORDS = {"right": "Right.", "wrong": "Not yet.", "blank": "Not answered yet.", "broken": "That could not be checked."}
_EMPHASIS = re.compile(r"(?<![\w*])\*(\w(?:[^*]*\w)?)\*(?![\w*])")  # not the stars of a product or a power
TONE = {
    "right": "var(--jp-success-color1, #1b6e3c)",
    "wrong": "var(--jp-warn-color1, #b26a00)",
    "broken": "var(--jp-error-color1, #b3261e)",
    "blank": "var(--jp-border-color1, #8a8a8a)",
}


@dataclass(frozen=True)
class Verdict:
    """What check() says. True where the answer is right: `assert rw.check("gnn-3", aggregate)`."""

    exercise: str
    state: str  # "right", "wrong", "blank", "broken" or "hint"
    says: str
    hint: str = ""
    depth: int = 0  # of the hint, 1 to 3
    note: str = ""  # on the progress file

    def __bool__(self) -> bool:
        return self.state == "right"

    @property
    def lead(self) -> str:
        return WORDS.get(self.state, "")

    def __repr__(self) -> str:
        mark = {"right": "✓", "wrong": "✗", "broken": "✗"}.get(self.state, "·")
        says = self.says.removeprefix(self.lead).strip()
        lines = [f"{mark} {self.exercise}: {' '.join(text for text in (self.lead, says) if text)}"]
        lines += [f"  Hint {self.depth} of 3: {self.hint}"] if self.hint else []
        lines += [f"  ({self.note})"] if self.note else []
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        says = self.says.removeprefix(self.lead).strip()
        hint = Markup('<p style="margin:4px 0 0"><b>Hint {} of 3:</b> {}</p>').format(self.depth, _code(self.hint))
        note = Markup('<p style="margin:4px 0 0"><small>{}</small></p>').format(self.note)
        return Markup(
            '<div role="status" style="border-left:4px solid {tone};padding:4px 12px;margin:4px 0;max-width:80ch">'
            '<p style="margin:0"><code>{exercise}</code> {lead}{says}</p>{hint}{note}</div>'
        ).format(
            tone=TONE.get(self.state, TONE["blank"]),
            exercise=self.exercise,
            lead=Markup("<b>{}</b> ").format(self.lead) if self.lead else "",
            says=_code(says),
            hint=hint if self.hint else "",
            note=note if self.note else "",
        )


def _code(text: str) -> Markup:
    """Text for a page, with `code` in backquotes and *what matters* set as such."""
    return joined(
        Markup("<code>{}</code>").format(piece) if n % 2 else _emphasis(piece)
        for n, piece in enumerate(text.split("`"))
    )


def _emphasis(text: str) -> Markup:
    return joined(
        Markup("<em>{}</em>").format(piece) if n % 2 else piece for n, piece in enumerate(_EMPHASIS.split(text))
    )


def check(exercise: str, answer: Any = ...) -> Verdict:
    """Is the answer right? Make it the last line of a cell. Never raises.

    A wrong answer gets a message of its own where it is a known one, and a hint; each further
    wrong answer deepens the hint, up to the third.
    """
    found = find(exercise)
    if found is None:
        return _unknown(exercise)
    outcome = judge(found, answer)
    if outcome.state in ("blank", "broken"):
        return Verdict(found.id, outcome.state, outcome.says)
    state, damage = progressfile.read()
    entry = state["exercises"].get(found.id, {})
    tries = _count(entry.get("tries")) + 1
    if outcome.state == "right":
        note = progressfile.update("exercises", found.id, tries=tries, done=True)
        return Verdict(found.id, "right", outcome.says, note=damage or note)
    depth = min(_count(entry.get("depth")) + 1, 3)
    note = progressfile.update("exercises", found.id, tries=tries, depth=depth)
    return Verdict(found.id, "wrong", outcome.says, found.hints[depth - 1], depth, damage or note)


def judge(exercise: Exercise, answer: Any) -> Outcome:
    """The outcome, whatever the answer is made of: what the check itself cannot do is a sentence too."""
    try:
        return exercise.judged(answer)
    except Exception as error:  # an answer may be any object, and do anything when it is looked at
        return Outcome("broken", f"The answer could not be compared ({type(error).__name__}: {error}).")


def hint(exercise: str) -> Verdict:
    """A hint; asked again, a deeper one: a nudge, the way, nearly the answer. Never raises."""
    found = find(exercise)
    if found is None:
        return _unknown(exercise)
    state, damage = progressfile.read()
    depth = min(_count(state["exercises"].get(found.id, {}).get("depth")) + 1, 3)
    note = progressfile.update("exercises", found.id, depth=depth)
    return Verdict(found.id, "hint", "", found.hints[depth - 1], depth, damage or note)


def find(exercise: Any) -> Exercise | None:
    from .exercises import EXERCISES

    return EXERCISES.get(exercise.strip().casefold()) if isinstance(exercise, str) else None


def _unknown(exercise: Any) -> Verdict:
    from .exercises import EXERCISES

    near = difflib.get_close_matches(str(exercise), EXERCISES, 1)
    meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(EXERCISES)}."
    return Verdict(str(exercise)[:40], "broken", f"There is no exercise of that name; {meant}")


def _count(value: Any) -> int:
    """A count from a file that somebody may have edited."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


class Progress:
    """How far a learner has come: the exercises done and the guesses made, by notebook."""

    def __init__(self) -> None:
        from .exercises import EXERCISES

        state, self.note = progressfile.read()
        entries = state["exercises"]
        self.done = {name: entries.get(name, {}).get("done") is True for name in EXERCISES}
        self.guesses = state["guesses"]

    def __repr__(self) -> str:
        topics: dict[str, list[str]] = {}
        for name, done in self.done.items():
            topics.setdefault(name.rpartition("-")[0], []).append("✓" if done else "·")
        rows = [f"  {topic:<9}{' '.join(marks)}" for topic, marks in topics.items()]
        count = f"{sum(self.done.values())} of {len(self.done)} exercises done"
        rows += [f"  {len(self.guesses)} predictions made"] if self.guesses else []
        return "\n".join([count, *rows, *([f"  ({self.note})"] if self.note else [])])


def progress() -> Progress:
    """What is done so far, read from the file beside the notebook."""
    return Progress()
