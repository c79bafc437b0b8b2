"""Rows of the table, and the page they stand on. Arithmetic and text only."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np


class Row(NamedTuple):
    """One line: what was measured, what was wanted, what came out. met: None where nothing was promised."""

    what: str
    target: str
    measured: str
    met: bool | None = None
    note: str = ""


def spread(values: Sequence[float], digits: int = 4) -> str:
    """Mean ± standard deviation of the runs (n - 1): "0.4871 ± 0.0012"; one run has no spread."""
    mean = f"{np.mean(values):.{digits}f}"
    return f"{mean} ± {np.std(values, ddof=1):.{digits}f}" if len(values) > 1 else mean


def spans(values: Sequence[float], digits: int = 2) -> str:
    """Median and range of repetitions: "1.31 (1.24–1.40)"."""
    low, high = min(values), max(values)
    return f"{np.median(values):.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"


def at_least(
    what: str, values: Sequence[float], target: float, aim: float | None = None, note: str = "", digits: int = 4
) -> Row:
    """The mean must reach the target; `aim` is what would be better still."""
    beyond = "" if aim is None else f" (aim {aim:g})"
    return Row(what, f"≥ {target:g}{beyond}", spread(values, digits), bool(np.mean(values) >= target), note)


def ratio(what: str, values: Sequence[float], target: float, least: bool, note: str = "") -> Row:
    """The median of measured ratios against a target: at least it, or at most it."""
    reached: Callable[[Any, Any], Any] = operator.ge if least else operator.le
    sign = "≥" if least else "≤"
    return Row(what, f"{sign} {target:g}×", spans(values) + "×", bool(reached(np.median(values), target)), note)


def below(what: str, value: float, target: float, unit: str, note: str = "", digits: int = 0) -> Row:
    return Row(what, f"< {target:g} {unit}", f"{value:.{digits}f} {unit}", bool(value < target), note)


def above(what: str, ours: Sequence[float], theirs: Sequence[float], target: str, note: str = "") -> Row:
    """Our mean must be above theirs; both are shown."""
    measured = f"{spread(ours)} against {spread(theirs)}"
    return Row(what, target, measured, bool(np.mean(ours) > np.mean(theirs)), note)


def clearly_above(what: str, ours: Sequence[float], theirs: Sequence[float], note: str = "") -> Row:
    """Every seed of ours above every seed of theirs: a difference that chance among the seeds does not make."""
    measured = f"{spread(ours)} against {spread(theirs)}"
    return Row(what, "every seed above every seed", measured, bool(min(ours) > max(theirs)), note)


def page(results: Mapping[str, Any], tables: Iterable[tuple[str, str, Sequence[Row]]], notes: str) -> str:
    """RESULTS.md. tables: (section, heading, rows); results: {section: {"when", "command", "machine", "parts"}}."""
    lines = ["# Results of the benchmarks", "", "Written by `recwidgets bench`; do not edit.", ""]
    lines += [*_summary(tables), ""]
    machine = ""
    for section, heading, rows in tables:
        about = results[section]
        if machine != (machine := _machine(about["machine"])):  # a section measured elsewhere says so
            lines += [machine, ""]
        measured = f"`{about['command']}`, {about['when']}, commit {about['machine']['commit']}"
        if "others" in about:
            measured += f" (parts not named there: {about['others']})"
        lines += [f"## {heading}", "", measured, ""]
        if about.get("quick"):
            lines += ["**A quick run, to try the code: one seed, one epoch. These numbers mean nothing.**", ""]
        lines += _table(rows)
        lines += [f"- {part}: {_why(done)}" for part, done in about["parts"].items() if _why(done)]
        lines += [""]
    return "\n".join([*lines, *([notes.strip(), ""] if notes.strip() else [])])


def _summary(tables: Iterable[tuple[str, str, Sequence[Row]]]) -> list[str]:
    rows = [row for _, _, own in tables for row in own]
    met = sum(row.met is True for row in rows)
    asked = sum(row.met is not None for row in rows)
    missed = [f"- {row.what}: {row.measured}, wanted {row.target}" for row in rows if row.met is False]
    head = f"{met} of {asked} lines are met; the others have no target, or could not be measured here."
    return [head, "", *(["Not met:", "", *missed] if missed else [])]


def _machine(machine: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return (
        f"Machine: {machine['processor']}, {machine['cores']} cores, {machine['system']}; "
        f"Python {machine['python']}, {versions}. "
        "± is the standard deviation over seeds, (low–high) the range of repetitions."
    )


def _why(done: Mapping[str, Any]) -> str:
    """Why a part has no numbers, if so."""
    if "skipped" in done:
        return f"skipped, {done['skipped']}"
    return f"failed: {done['failed']}" if "failed" in done else ""


def _table(rows: Sequence[Row]) -> list[str]:
    if not rows:
        return ["Nothing was measured."]
    mark = {True: "yes", False: "**no**", None: ""}
    lines = ["| what | target | measured | met | note |", "|---|---|---|---|---|"]
    lines += [
        "| " + " | ".join(_cell(text) for text in (row.what, row.target, row.measured, mark[row.met], row.note)) + " |"
        for row in rows
    ]
    return lines


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
