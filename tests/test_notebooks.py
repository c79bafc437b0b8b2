"""Each tutorial runs from top to bottom, and keeps the form that makes it readable."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TUTORIALS = sorted((Path(__file__).resolve().parents[1] / "tutorials").glob("*.ipynb"))


def run_notebook(path, own):
    """Run every cell with nbval. It skips widgets' outputs: that the panels are right is shown in tests/browser.

    own: a folder for what a learner's work leaves behind.
    """
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider", "-q"]
    command.append("--color=no")
    kept = {
        "RECWIDGETS_HOME": str(own / "home"),
        "RECWIDGETS_PROGRESS": str(own / "progress.json"),
        "RECWIDGETS_AT_ONCE": "1",
    }
    return subprocess.run(
        [*command, str(path)], cwd=path.parent, env={**os.environ, **kept}, capture_output=True, text=True, check=False
    )


def code_cells(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def source(cell):
    """A cell's Python; lines for IPython itself (%magic, !shell) are left out."""
    return "\n".join(line for line in "".join(cell["source"]).splitlines() if not line.lstrip().startswith(("%", "!")))


def write(path, *sources):
    import nbformat.v4 as v4

    path.write_text(json.dumps(v4.new_notebook(cells=[v4.new_code_cell(text) for text in sources])), encoding="utf-8")
    return path


def test_there_is_a_notebook_to_start_with_and_one_for_each_model():
    names = [path.name for path in TUTORIALS]
    assert names[0] == "00-start-here.ipynb"
    for model in ("gnn", "knn", "session"):
        assert any(model in name for name in names), f"no tutorial on {model} among {names}"


@pytest.mark.needs_tf
@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_every_cell_runs(path, tmp_path):
    done = run_notebook(path, tmp_path)
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


def test_a_cell_that_fails_is_noticed(tmp_path):
    done = run_notebook(write(tmp_path / "bad.ipynb", "x = 1", "assert x == 1", "assert x == 2"), tmp_path)
    assert done.returncode == 1
    assert "1 failed, 2 passed" in done.stdout
