"""nbgrader's settings for this course: the tutorials' own blanks go out; what comes back gets its grade cells."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbgrader import preprocessors as steps
from nbgrader.preprocessors import NbGraderPreprocessor

SOURCE = Path(__file__).resolve().parent / "source"


class PutBlanks(NbGraderPreprocessor):
    """Each exercise's cell gets the blank back that instructor/make.py kept in its metadata."""

    def preprocess_cell(self, cell: Any, resources: Any, index: int) -> tuple[Any, Any]:
        about = cell.metadata.get("recwidgets", {})
        if "blank" in about:
            cell.source = about.pop("blank")
        return cell, resources


class PutMarks(NbGraderPreprocessor):
    """Each exercise gets its grade cell from source/, after the last cell that poses it.

    A notebook from tutorials/ (Binder, a hub, a clone) has none, and a learner may have deleted or copied one:
    nbgrader by itself would give such work nothing, and say nothing.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        about = resources["nbgrader"]
        source = nbformat.read(SOURCE / about["assignment"] / f"{about['notebook']}.ipynb", as_version=4)
        pairs = [pair for pair in zip(source.cells, source.cells[1:], strict=False) if mark_of(pair[1])]
        marks = {mark_of(mark) for _, mark in pairs}
        sources = {mark.source for _, mark in pairs}
        nb.cells = [cell for cell in nb.cells if mark_of(cell) not in marks or cell.source not in sources]
        for n, cell in enumerate(nb.cells):
            if {mark_of(cell), cell.get("id")} & marks:  # a learner wrote into it: theirs to keep, not a mark
                cell.metadata.pop("nbgrader", None)
                cell["id"] = f"kept-{n}"
        nb.nbformat_minor = max(nb.nbformat_minor, 5)  # marks have ids
        for posed, mark in pairs:
            name = exercise_of(posed)
            at = [n for n, cell in enumerate(nb.cells) if exercise_of(cell) == name]
            for n in at:
                nb.cells[n].metadata.pop("nbgrader", None)
            if at:
                nb.cells[at[-1]].metadata["nbgrader"] = posed.metadata.nbgrader
            else:
                self.log.warning("%s has no cell of exercise %s; it is asked at the end", about["notebook"], name)
            nb.cells.insert(at[-1] + 1 if at else len(nb.cells), mark)
        return nb, resources


def mark_of(cell: Any) -> str | None:
    """The name of a grade cell, or None."""
    about = cell.metadata.get("nbgrader", {})
    return about.get("grade_id") if about.get("grade") else None


def exercise_of(cell: Any) -> str | None:
    """The exercise that a cell poses, by its metadata; the cell's id says it where a program dropped those."""
    name = cell.metadata.get("recwidgets", {}).get("exercise", cell.get("id"))
    return None if name is None else str(name)


c = get_config()  # type: ignore[name-defined]  # noqa: F821  # given by traitlets
c.CourseDirectory.course_id = "recwidgets"
c.GenerateAssignment.preprocessors = [
    steps.IncludeHeaderFooter, steps.LockCells, PutBlanks, steps.ClearOutput, steps.CheckCellMetadata,
    steps.ComputeChecksums, steps.SaveCells, steps.ComputeChecksums, steps.CheckCellMetadata,
]  # fmt: skip
c.Autograde.sanitize_preprocessors = [
    steps.ClearOutput, PutMarks, steps.DeduplicateIds, steps.OverwriteKernelspec, steps.OverwriteCells,
    steps.CheckCellMetadata,
]  # fmt: skip
# nbgrader starts alembic by its name; found beside this Python when the environment is not activated
os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
# a panel that opens takes a few seconds on a busy machine
c.Execute.timeout = 300
