"""nbgrader's settings for this course: the student's form has the tutorials' own blanks, not a general stub."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from nbgrader import preprocessors as steps
from nbgrader.preprocessors import NbGraderPreprocessor


class PutBlanks(NbGraderPreprocessor):
    """Each exercise's cell gets the blank back that instructor/make.py kept in its metadata."""

    def preprocess_cell(self, cell: Any, resources: Any, index: int) -> tuple[Any, Any]:
        about = cell.metadata.get("recwidgets", {})
        if "blank" in about:
            cell.source = about.pop("blank")
        return cell, resources


c = get_config()  # type: ignore[name-defined]  # noqa: F821  # given by traitlets
c.CourseDirectory.course_id = "recwidgets"
c.GenerateAssignment.preprocessors = [
    steps.IncludeHeaderFooter, steps.LockCells, PutBlanks, steps.ClearOutput, steps.CheckCellMetadata,
    steps.ComputeChecksums, steps.SaveCells, steps.ComputeChecksums, steps.CheckCellMetadata,
]  # fmt: skip
# nbgrader starts alembic by its name; found beside this Python when the environment is not activated
os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
# a panel that opens takes a few seconds on a busy machine
c.Execute.timeout = 300
