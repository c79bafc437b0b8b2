"""The course: each notebook asks one question, each exercise has a blank and a solution. Run: test_notebooks.py."""

import ast
import json
import re
from pathlib import Path

import pytest
from course import make

import recwidgets as rw
from recwidgets.teach import EXERCISES

FOLDER = Path(__file__).resolve().parents[1] / "tutorials"
NAMES = ("00-start-here", "01-data", "02-gnn", "03-knn", "04-session", "05-compare", "06-your-own", "07-backward")


def cells(name):
    return json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]


def source(cell):
    return "".join(cell["source"])


def exercises(name):
    return [cell for cell in cells(name) if "exercise" in cell["metadata"].get("tags", ())]


def prose(name):
    return "\n".join(source(cell) for cell in cells(name) if cell["cell_type"] == "markdown")


@pytest.fixture(scope="module")
def solutions():
    """{id of a cell: its source, solved}, as instructor/make.py reads them."""
    return make.solutions()


def test_the_course_is_these_eight():
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == list(NAMES)


def test_every_exercise_stands_in_one_notebook_and_has_a_solution(solutions):
    there = [cell["id"] for name in NAMES for cell in exercises(name)]
    assert there == list(EXERCISES)
    assert list(solutions) == there


@pytest.mark.parametrize("name", NAMES)
def test_an_exercise_cell_says_what_it_is_and_ends_with_its_check(name, solutions):
    found = exercises(name)
    assert len(found) >= 2
    for cell in found:
        assert cell["metadata"]["recwidgets"] == {"exercise": cell["id"]}
        for text in (source(cell), solutions[cell["id"]]):
            assert f'rw.check("{cell["id"]}", ' in text
            assert ast.parse(text)
        assert "..." in source(cell), "no blank"
        assert f"**Exercise {cell['id']}.**" in prose(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_solution_changes_the_blank_and_keeps_the_check(name, solutions):
    for cell in exercises(name):
        blank, solved = source(cell), solutions[cell["id"]]
        assert blank.strip() != solved
        assert [line for line in blank.splitlines() if "rw.check" in line] == [
            line for line in solved.splitlines() if "rw.check" in line
        ]


@pytest.mark.parametrize("name", NAMES)
def test_predict_run_reveal_explain(name):
    text = prose(name)
    first = cells(name)[0]
    assert first["cell_type"] == "markdown" and source(first).startswith("# ") and "**Predict" in source(first)
    heading = source(first).splitlines()[0]
    assert heading.endswith("?") or name == "06-your-own"
    assert "Explain" in text
    assert "By hand" in text or name == "00-start-here"


@pytest.mark.parametrize("name", NAMES)
def test_sources_are_cited_and_links_lead_somewhere(name):
    text = prose(name)
    assert re.search(r"https://(arxiv\.org/abs/\d{4}\.\d{5}|doi\.org/10\.\d{4,}/\S+)\)", text)
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (FOLDER / target).exists(), f"{name} links to {target}"


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_notebook_that_stays_the_same(name):
    ids = [cell["id"] for cell in cells(name)]
    assert len(ids) == len(set(ids))
    number = name[:2]
    for cell in cells(name):
        assert re.fullmatch(rf"{number}-\d\d", cell["id"]) or cell["id"] in EXERCISES, cell["id"]
    assert sum(cell["cell_type"] == "code" for cell in cells(name)) <= 12


def test_the_start_notebook_asks_about_a_named_model_and_prints_no_answer_of_its_exercises():
    """A cell printed what start-2 asks for, and which model's order was to be guessed was not said."""
    there = {"rw": rw, "USER": "42"}
    for name in ("KNN", "GNN", "Session"):
        there[name.lower()] = getattr(rw, f"{name}Panel")(user="42")
    guess = rw.Predict(there["knn"])
    assert there["knn"].world.label in guess.question and "**nearest neighbours** model" in prose("00-start-here")
    cell = next(source(one) for one in cells("00-start-here") if "lists = {" in source(one))
    *lines, last = ast.parse(cell).body
    exec(compile(ast.Module(lines, []), "cell", "exec"), there)
    shown = eval(compile(ast.Expression(last.value), "cell", "eval"), there)
    assert shown == {"GNN": 10, "KNN": 10, "Session": 10}
    for name in ("knn", "gnn", "session"):
        there[name].close()


def test_the_readme_lists_the_notebooks_and_their_exercises():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    for name in NAMES:
        row = next(line for line in text.splitlines() if f"({name}.ipynb)" in line)
        topic = exercises(name)[0]["id"].rpartition("-")[0]
        count = len(exercises(name))
        assert re.search(rf"\| {topic}-1(, | … ){count} \|", row), row


def test_words_that_mislead_are_named():
    assert "not the textbook vote" in prose("00-start-here") and "*vote*" in prose("03-knn")
    for name in ("00-start-here", "04-session"):
        assert "bursts of *rating*" in prose(name)
