"""Each tutorial runs from top to bottom in each form that differs, and keeps the form that makes it readable.

As learners get it, blanks and all: here, or in tests/browser where the workshop is walked. Solved: nbgrader's form,
which holds the solution's cells and asserts each check; before each solved cell stands its blank.
"""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import ipywidgets
import nbformat
import notebook_probe
import pytest
from course import WALKED, make

from recwidgets.page.page import Page

TESTS = Path(__file__).parent
TUTORIALS = sorted((TESTS.parent / "tutorials").glob("*.ipynb"))
NBVAL = ["-p", "nbval.plugin", "--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider", "-q", "--color=no"]


def run_notebook(path, own):
    """Run every cell with nbval. It skips widgets' outputs: that the panels are right is shown in tests/browser.

    own: a folder for what a learner's work leaves behind.
    """
    kept = {
        "RECWIDGETS_HOME": str(own / "home"),
        "RECWIDGETS_PROGRESS": str(own / "progress.json"),
        "RECWIDGETS_AT_ONCE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # a start in half the time
    }
    return subprocess.run(
        [sys.executable, "-m", "pytest", *NBVAL, str(path)],
        cwd=path.parent,
        env={**os.environ, **kept},
        capture_output=True,
        text=True,
        check=False,
    )


def code_cells(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def source(cell):
    """A cell's Python; lines for IPython itself (%magic, !shell) are left out."""
    return "\n".join(line for line in "".join(cell["source"]).splitlines() if not line.lstrip().startswith(("%", "!")))


def write(path, *sources):
    v4 = nbformat.v4
    path.write_text(json.dumps(v4.new_notebook(cells=[v4.new_code_cell(text) for text in sources])), encoding="utf-8")
    return path


def probed(graded):
    """nbgrader's source form with each exercise first blank, and a look at what each cell has shown."""

    def look(question, *arguments):
        return nbformat.v4.new_code_cell(f"__import__('notebook_probe').{question}({', '.join(arguments)})")

    cells = []
    for cell in graded.cells:
        name = make.exercise(cell)
        if name is not None:
            cells += [nbformat.v4.new_code_cell(cell.metadata["recwidgets"]["blank"]), look("blank", "Out", repr(name))]
            cells += [cell, look("right", "Out", repr(name))]
        elif cell.cell_type == "code" and not cell.metadata.get("nbgrader"):
            cells += [cell, look("fine", "Out")]
        else:
            cells.append(cell)
    return nbformat.v4.new_notebook(cells=[*cells, look("light")], metadata=graded.metadata)


def test_there_is_a_notebook_to_start_with_and_one_for_each_model():
    names = [path.name for path in TUTORIALS]
    assert names[0] == "00-start-here.ipynb"
    for model in ("gnn", "knn", "session"):
        assert any(model in name for name in names), f"no tutorial on {model} among {names}"


@pytest.mark.parametrize("path", [path for path in TUTORIALS if path.stem not in WALKED], ids=lambda path: path.stem)
def test_every_cell_runs_as_learners_get_it(path, tmp_path):
    done = run_notebook(path, tmp_path)
    assert done.returncode == 0, done.stdout[-4000:]


def test_those_that_are_walked_in_the_browser_exist():
    assert set(WALKED) < {path.stem for path in TUTORIALS}


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_blank_then_solved_every_check_says_what_it_should(course, path, tmp_path):
    """Blank: "not answered yet"; solved: right at the first try; no cell raises, no panel complains."""
    graded = nbformat.read(course / "nbgrader" / "source" / path.stem / path.name, as_version=4)
    assert any(make.exercise(cell) for cell in graded.cells)
    shutil.copy(TESTS / "notebook_probe.py", tmp_path)
    nbformat.write(probed(graded), tmp_path / path.name)
    done = run_notebook(tmp_path / path.name, tmp_path)
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_it_is_committed_without_outputs(path):
    kept = [cell for cell in code_cells(path) if cell["outputs"] or cell["execution_count"]]
    assert not kept, "python -m nbconvert --clear-output --inplace " + path.name


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_it_is_short(path):
    cells = code_cells(path)
    assert len(cells) <= 12
    for cell in cells:
        assert "!pip" not in "".join(cell["source"]) and "%pip" not in "".join(cell["source"])
        for node in ast.walk(ast.parse(source(cell))):
            if isinstance(node, ast.FunctionDef):
                length = node.end_lineno - node.lineno + 1
                assert length <= 10, f"{node.name} has {length} lines: it belongs in the package"


# ------------------------------------------------------------------ the running itself


def test_a_cell_that_fails_is_noticed_and_so_is_what_a_probe_sees(tmp_path):
    shutil.copy(TESTS / "notebook_probe.py", tmp_path)
    verdict = "type('Verdict', (), {'state': 'wrong', 'exercise': 'x-1'})()"
    look = "__import__('notebook_probe').{}(Out{})".format
    cells = ["x = 1", "assert x == 1", "assert x == 2", verdict, look("fine", ""), "y = 2", look("fine", ""), verdict]
    done = run_notebook(write(tmp_path / "bad.ipynb", *cells, look("right", ", 'x-1'")), tmp_path)
    assert done.returncode == 1
    assert "3 failed, 6 passed" in done.stdout


def test_a_panel_that_complains_is_noticed():
    message = Page("rw-message")
    box = ipywidgets.VBox([Page("rw-list"), ipywidgets.VBox([message])])
    box.children[0].show("<p>ten films</p>")
    notebook_probe.fine({1: box})
    message.show("<p>No user is called <b>qqqq</b>.</p>")
    with pytest.raises(AssertionError, match="qqqq"):
        notebook_probe.fine({1: box})


def test_a_blank_a_wrong_answer_and_a_second_try_are_told_apart(monkeypatch, tmp_path):
    monkeypatch.setenv("RECWIDGETS_PROGRESS", str(tmp_path / "progress.json"))

    class Verdict:
        def __init__(self, state):
            self.state, self.exercise = state, "x-1"

    notebook_probe.blank({1: Verdict("blank")}, "x-1")
    for shown, exercise in ((Verdict("right"), "x-1"), (Verdict("blank"), "x-2")):
        with pytest.raises(AssertionError):
            notebook_probe.blank({1: shown}, exercise)
    for tries, state, fits in ((1, "right", True), (2, "right", False), (1, "wrong", False)):
        kept = {"exercises": {"x-1": {"tries": tries, "done": True}}}
        (tmp_path / "progress.json").write_text(json.dumps(kept))
        try:
            notebook_probe.right({1: Verdict(state)}, "x-1")
        except AssertionError:
            assert not fits
        else:
            assert fits
