"""The instructor kit: every form from one source, run; nbgrader's marks for right and wrong work; the links."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import nbformat
import pytest
from course import make

import recwidgets as rw
from recwidgets.core import Person
from recwidgets.panel import honesty
from recwidgets.steps import drain

ROOT = Path(__file__).resolve().parents[1]
KIT = ROOT / "instructor"
TUTORIALS = sorted((ROOT / "tutorials").glob("*.ipynb"))
GRADED = "03-knn"


def own_files(folder: Path) -> dict[str, str]:
    kept = {"RECWIDGETS_HOME": str(folder / "home"), "RECWIDGETS_PROGRESS": str(folder / "progress.json")}
    return {**os.environ, **kept, "RECWIDGETS_AT_ONCE": "1"}


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_the_forms_differ_in_the_exercises_only(course, path):
    plain = nbformat.read(path, as_version=4)
    student, solution = (nbformat.read(course / form / path.name, as_version=4) for form in ("student", "solution"))
    assert [cell.source for cell in student.cells] == [cell.source for cell in plain.cells]
    for before, after in zip(plain.cells, solution.cells, strict=True):
        posed = make.exercise(before) is not None
        assert (before.source != after.source) == posed
        assert not posed or not re.search(r"(=|return) \.\.\.", after.source)
    source = nbformat.read(course / "nbgrader" / "source" / path.stem / path.name, as_version=4)
    ungraded = [cell for cell in source.cells if not cell.metadata.get("nbgrader", {}).get("grade")]
    # so that running nbgrader's form, as test_notebooks.py does, is running the solution
    assert [cell.source for cell in ungraded] == [cell.source for cell in solution.cells]
    posed = [name for name in map(make.exercise, source.cells) if name]
    marks = [cell for cell in source.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    assert [cell.metadata.nbgrader.grade_id for cell in marks] == [f"grade-{name}" for name in posed]
    assert all(re.match(r"verdict = rw\.check\(.*\nassert verdict, verdict$", cell.source) for cell in marks)


def test_an_exercise_without_a_solution_or_with_two_is_a_sentence(tmp_path):
    cell = nbformat.v4.new_code_cell("x = ...\nrw.check('own-9', x)")
    cell.metadata["recwidgets"] = {"exercise": "own-9"}
    with pytest.raises(ValueError, match="'own-9' has no solution; add it to tutorials/solutions.py"):
        make.solved(nbformat.v4.new_notebook(cells=[cell]), {})
    twice = tmp_path / "solutions.py"
    twice.write_text("# %% own-1\nx = 1\n# %% own-1\nx = 2\n", encoding="utf-8")
    with pytest.raises(ValueError, match="solves own-1 more than once"):
        make.solutions(twice)
    with pytest.raises(ValueError, match="must have a rw.check"):
        make.checked("x = 1")


def nbgrader(course, home, *arguments):
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(command, cwd=course / "nbgrader", env=own_files(home), capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]


def filled(notebook, known):
    """A learner's copy of `notebook`, with the answers of `known` typed in."""
    copy = nbformat.from_dict(notebook)
    for cell in copy.cells:
        cell.source = known.get(make.exercise(cell), cell.source)
    return copy


def damaged(notebook, known):
    """As a learner may hand it in: a grade cell deleted, an exercise copied, another's metadata lost in a program,
    and a copied grade cell turned into code that an answer needs.
    """
    copy = filled(notebook, known)
    copy.cells = [cell for cell in copy.cells if cell.metadata.get("nbgrader", {}).get("grade_id") != "grade-knn-1"]
    at = next(n for n, cell in enumerate(copy.cells) if make.exercise(cell) == "knn-2")
    first = nbformat.v4.new_code_cell("cosine, weight = ..., ...", metadata=copy.cells[at].metadata)
    copy.cells.insert(at, first)
    next(cell for cell in copy.cells if make.exercise(cell) == "knn-3").metadata.clear()
    scratch = nbformat.v4.new_code_cell("scale = 1.0", metadata={"nbgrader": make.about("grade-knn-2", grade=True)})
    last = next(n for n, cell in enumerate(copy.cells) if make.exercise(cell) == "knn-4")
    copy.cells[last].source = f"assert scale == 1.0\n{copy.cells[last].source}"
    copy.cells.insert(last, scratch)
    return copy


def handed_in(course, plain, released):
    """One submission for each way to hand in, and what each exercise is worth in it.

    That of a released notebook that is right throughout would be the wrong one's with another answer to one question.
    """
    answers = make.solutions()
    wrong = answers | {"knn-2": answers["knn-2"].replace("cosine**3", "cosine")}
    right = {f"grade-{name}": 1.0 for name in map(make.exercise, plain.cells) if name}
    ways = {
        "wrong": (filled(released, wrong), right | {"grade-knn-2": 0.0}),
        "tutorials": (filled(plain, answers), right),
        "blank": (plain, dict.fromkeys(right, 0.0)),
        "damaged": (damaged(released, answers), right),
    }
    for learner, (notebook, _) in ways.items():
        target = course / "nbgrader" / "submitted" / learner / GRADED / f"{GRADED}.ipynb"
        target.parent.mkdir(parents=True)
        nbformat.write(notebook, target)
    return {learner: marks for learner, (_, marks) in ways.items()}


def test_nbgrader_gives_the_blanks_and_marks_work_in_every_form_that_learners_have(course, tmp_path):
    from nbgrader.api import Gradebook

    course = Path(shutil.copytree(course, tmp_path / "course"))  # others read the first
    folder, name = course / "nbgrader", f"{GRADED}.ipynb"
    nbgrader(course, tmp_path, "generate_assignment", GRADED, "--force")
    released = nbformat.read(folder / "release" / GRADED / name, as_version=4)
    plain = nbformat.read(ROOT / "tutorials" / name, as_version=4)
    assert [cell.source for cell in released.cells if make.exercise(cell)] == [
        cell.source for cell in plain.cells if make.exercise(cell)
    ], "learners get the tutorials' own blanks"

    wanted = handed_in(course, plain, released)
    nbgrader(course, tmp_path, "autograde", GRADED)
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        grades = {who: book.find_submission_notebook(GRADED, GRADED, who).grades for who in wanted}
        marks = {who: {grade.name: grade.auto_score for grade in given} for who, given in grades.items()}
        assert not any(grade.needs_manual_grade for given in grades.values() for grade in given)
    assert marks == wanted

    nbgrader(course, tmp_path, "generate_feedback", GRADED)
    page = (folder / "feedback" / "wrong" / GRADED / f"{GRADED}.html").read_text(encoding="utf-8")
    assert re.search(r"AssertionError(</span>)?: ✗ knn-2: Not yet\.", page), "feedback says what is wrong"


def test_the_slides_are_one_page_with_their_pictures(course):
    page = (course / "slides" / "slides.slides.html").read_text(encoding="utf-8")
    assert len(re.findall(r'<img[^>]* src="data:image/png;base64', page)) == 4
    assert "Recommenders one can see through" in page and "One-minute card" in page


# -- links ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["", "/", ".git", ".git/"])
def test_the_links_open_the_start_notebook(ending):
    made = dict(make.links(f"https://github.com/owner/recwidgets{ending}", "a branch", "https://hub.example.org/"))
    binder = urlsplit(made["Binder"])
    assert (binder.netloc, binder.path) == ("mybinder.org", "/v2/gh/owner/recwidgets/a%20branch")
    assert parse_qs(binder.query) == {"urlpath": ["lab/tree/tutorials/00-start-here.ipynb"]}
    pull = urlsplit(made["nbgitpuller"])
    assert (pull.netloc, pull.path) == ("hub.example.org", "/hub/user-redirect/git-pull")
    assert parse_qs(pull.query) == {
        "repo": ["https://github.com/owner/recwidgets"],
        "branch": ["a branch"],
        "urlpath": ["lab/tree/recwidgets/tutorials/00-start-here.ipynb"],
    }
    assert (ROOT / make.START).is_file()


@pytest.mark.parametrize("wrong", ["github.com/owner/name", "https://github.com/owner", "https://elsewhere.org/a/b"])
def test_a_repository_that_cannot_be_linked_is_a_sentence(wrong):
    with pytest.raises(ValueError, match=re.escape(f"got {wrong!r}")):
        list(make.links(wrong))


def test_a_hub_without_https_is_a_sentence():
    with pytest.raises(ValueError, match="hub must look like"):
        list(make.links("https://github.com/owner/name", hub="hub.example.org"))
    command = [sys.executable, str(KIT / "make.py"), "links", "https://github.com/owner/name", "--hub", "hub"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2 and "hub must look like" in done.stderr and not done.stdout, "no link before the error"
    assert "got 'hub'" in done.stderr and "Traceback" not in done.stderr


# -- the texts ------------------------------------------------------------------------------------------------


def test_every_line_of_the_misconception_bank_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("RECWIDGETS_HOME", str(tmp_path))
    text = (KIT / "misconceptions.md").read_text(encoding="utf-8")
    lines = [line for line in re.findall(r"`([^`]+)`", text.replace("\n   ", " ")) if line.startswith("rw.")]
    assert len(lines) >= 8
    for line in lines:
        assert eval(line, {"rw": rw}) is not None, line


def test_the_plans_fill_their_time_without_a_gap():
    for minutes in (45, 90, 180):
        text = (KIT / f"plan-{minutes}.md").read_text(encoding="utf-8")
        clock = [(int(a), int(b)) for a, b in re.findall(r"^\| (\d+)–(\d+) \|", text, flags=re.MULTILINE)]
        assert clock[0][0] == 0 and clock[-1][1] == minutes
        assert all(before[1] == after[0] for before, after in zip(clock, clock[1:], strict=False))
        assert "late" in text


def test_the_exercises_that_the_kit_names_exist():
    known = set(make.solutions())
    for path in KIT.glob("*.md"):
        named = set(re.findall(r"\b(?:start|data|gnn|knn|session|compare|own)-\d\b", path.read_text(encoding="utf-8")))
        assert named <= known, f"{path.name}: {named - known}"


def test_the_files_that_the_kit_links_exist():
    for path in KIT.glob("*.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_the_four_films_of_the_plan_show_that_order_matters():
    """What plan-90.md promises of the session panel."""
    films = ("Gladiator (2000)", "Back to the Future (1985)", "Saving Private Ryan (1998)", "Speed (1994)")
    plan = (KIT / "plan-90.md").read_text(encoding="utf-8")
    assert all(rw.display_title(film)[0] in plan for film in films)
    train = rw.load_movielens("latest-small").split("temporal", test=0.2).train
    model = rw.load_pretrained("session", train)[0]
    history = [str(train.items[train.titles.tolist().index(film)]) for film in films]
    told, turned = (list(rw.recommend(model, train, order, k=10).titles) for order in (history, history[::-1]))
    assert len(set(told) - set(turned)) == 3
    assert told[0] == turned[0] == "Terminator 2: Judgment Day (1991)"
    assert told[1].startswith("Men in Black") and turned[1].startswith("Jurassic Park")
    last_first = list(rw.recommend(model, train, [history[-1], *history[:-1]], k=10).titles)
    assert len(set(told) - set(last_first)) == 2
    assert model.weights(4).sum(1) == pytest.approx((2.01, 1.97, 2.01, 2.01), abs=0.006)
    assert model.weights(50).sum(1)[:3] == pytest.approx((1.27, 0.97, 0.77), abs=0.006)
    (line,) = re.findall(r"`(rw\.SessionPanel\(.*?\))`", plan)
    posted = eval(line, {"rw": rw})
    assert [train.titles[item] for item in posted.shown.answer.top] == told


def test_the_table_of_the_lamps_holds_what_is_measured():
    plan = (KIT / "plan-90.md").read_text(encoding="utf-8")
    split = rw.load_movielens("latest-small").split("temporal", test=0.2)
    models = {name: rw.load_pretrained(name, split.train)[0] for name in ("session", "gnn", "knn")}
    models["popularity"] = rw.Popularity()
    rw.fit(models["popularity"], split.train, progress=False)
    unnamed = dict.fromkeys(models, "")
    labels = {check.label: check.name for check in honesty.CHECKS}
    rows = re.findall(r"^\| (?:\*\*)?([^|*]+?)(?:\*\*)? \|((?: (?:\.\d+|–) \|){4})", plan, flags=re.MULTILINE)
    assert [row[0] for row in rows] == ["none", *labels]
    for label, cells in rows:
        off = frozenset({labels[label]} if label in labels else ())
        board = drain(honesty.measure_in_steps(models, unnamed, split, off))
        measured = {row.name: row.values["ndcg"][0] for row in board}
        told = [float(cell) for cell in re.findall(r"\.\d+", cells)]
        names = ["session", "gnn", "knn", "popularity"][: len(told)]
        assert told == pytest.approx([measured[name] for name in names], abs=0.0006), label


def test_the_neighbour_of_plan_45_takes_along_what_it_says():
    """Of 50 neighbours one hardly counts; of three, the film falls off the list."""
    train = rw.load_movielens("latest-small").split("temporal", test=0.2).train
    model = rw.load_pretrained("knn", train)[0]
    me = train.user_index("414")
    seen = []
    for k, title, neighbour in ((50, "Star Wars: Episode I", "182"), (3, "Grifters, The", "479")):
        view = model.at(k=k)
        first = rw.recommend(view, train, "414")
        place = next(n for n, film in enumerate(first.titles) if film.startswith(title))
        why = view.explain("414", first.items[place])
        (adds,) = (part.value for part in why.parts if part.label == f"user {neighbour}")
        assert adds == max(part.value for part in why.parts), "the largest neighbour"
        person = Person(me, train.history(me), (train.user_index(neighbour),))
        after = view.scores(person)[first.index[place]]
        still = first.items[place] in rw.recommend(view, train, person).items
        seen.append((place, adds, float(first.scores[place]), float(after), still))
    (one, *near, stays), (other, *far, gone) = seen
    assert (one, other) == (0, 7) and stays and not gone
    assert near == pytest.approx((0.081, 1.940, 1.937), abs=0.0006)
    assert far == pytest.approx((0.653, 1.652, 1.326), abs=0.0006)
