"""06: charts and models of one's own are checked for what they show, not only for running."""

import re
from pathlib import Path

import numpy as np
import pytest

import recwidgets as rw
from recwidgets.teach import EXERCISES
from recwidgets.teach.checking import _code

SOLVED = Path(__file__).parents[1] / "tutorials" / "solutions.py"


def solved(name):
    """The class that the solution of an exercise writes."""
    source = SOLVED.read_text(encoding="utf-8").split(f"# %% {name}\n")[1].split("# %%")[0]
    space = {"np": np, "rw": rw}
    exec(source.split("own_model =")[0].split("own_chart =")[0], space)
    return space["Together" if name == "own-1" else "Behind"]


@pytest.fixture
def told(tmp_path, monkeypatch):
    """What check says of an answer, in a folder of its own."""
    monkeypatch.setenv("RECWIDGETS_PROGRESS", str(tmp_path / "progress.json"))
    return lambda name, answer: rw.check(name, answer)


def chart(**methods):
    """The solved chart with other methods."""
    return type("Mine", (solved("own-2"),), methods)


RIGHT = solved("own-2")


@pytest.mark.parametrize(
    ("bars", "said"),
    [
        (lambda self, a: a.top, "the numbers of the films"),
        (lambda self, a: np.resize(a.scores[:10] / a.scores[0], 10), "first films of the catalogue"),
        (lambda self, a: a.scores / a.scores.max(), "Those are all films"),
        (lambda self, a: a.scores[a.top], "divide by the first"),
        (lambda self, a: 1 - RIGHT.bars_of(self, a), "Turned round"),
        (lambda self, a: RIGHT.bars_of(self, a)[: len(a.top)], "there are 3 bars. Pad with zeros"),
        (lambda self, a: np.zeros(10), "All bars have the height 0"),
        (lambda self, a: np.ones(10), "bar 2 is 1; it should be "),
        (lambda self, a: np.pad(a.scores[a.top] / a.scores[a.top].sum(), (0, 10 - len(a.top))), "shares of the sum"),
    ],
)
def test_bars_that_are_not_those_asked_for_are_told_why(told, bars, said):
    verdict = told("own-2", chart(bars_of=bars)())
    assert verdict.state == "wrong" and said in verdict.says, verdict
    assert verdict.hint


@pytest.mark.parametrize(
    ("sentence", "state", "said"),
    [
        (lambda self, a: "x", "wrong", "in words"),
        (lambda self, a: "Ten bars are seen here.", "wrong", "the same of different answers"),
        (lambda self, a: ..., "blank", "Not answered yet"),
        (lambda self, a: f"The last reaches {a.scores[a.top[-1]]}.", "broken", "`answer` may be None"),
    ],
)
def test_a_sentence_must_be_about_the_answer(told, sentence, state, said):
    verdict = told("own-2", chart(sentence=sentence)())
    assert verdict.state == state and said in verdict.says, verdict


def test_the_right_chart_is_right_and_so_is_the_third_hint(told):
    assert told("own-2", RIGHT())
    space = {"np": np}
    exec("def bars_of(self, answer):\n    " + EXERCISES["own-2"].hints[2].split("`")[1].replace("; ", "\n    "), space)
    assert told("own-2", chart(bars_of=space["bars_of"])())


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ("self.unit @ self.unit[film]", "yours are more"),
        ("self.unit[history[:0]] @ self.unit[film]", "yours are fewer"),
        ("self.unit[history] * self.unit[film]", "yours are rows"),
        ("2 * self.unit[history] @ self.unit[film]", "the parts add up to"),
        ("np.full(len(history), (self.unit[history] @ self.unit[film]).mean())", "asked with this film alone"),
        ("(self.unit[history] @ self.unit[film])[::-1]", "asked with this film alone"),
    ],
)
def test_values_of_a_wrong_shape_are_told_in_words_and_get_a_hint(told, values, said):
    source = SOLVED.read_text(encoding="utf-8").split("# %% own-1\n")[1].split("own_model =")[0]
    space = {"np": np, "rw": rw}
    exec(source.replace("self.unit[history] @ self.unit[film]", values), space)
    verdict = told("own-1", space["Together"]())
    assert verdict.state == "wrong" and said in verdict.says and verdict.hint, verdict
    assert "zip()" not in verdict.says


def test_scores_that_are_no_numbers_are_told(told):
    source = SOLVED.read_text(encoding="utf-8").split("# %% own-1\n")[1].split("own_model =")[0]
    space = {"np": np, "rw": rw}
    exec(
        source.replace(
            "np.maximum(np.linalg.norm(viewers, axis=1, keepdims=True), 1.0)",
            "np.linalg.norm(viewers, axis=1)[:, None]",
        ),
        space,
    )
    with np.errstate(all="ignore"):
        assert "which is no number" in told("own-1", space["Together"]()).says


def test_a_model_may_keep_what_it_likes_as_data(told):
    source = SOLVED.read_text(encoding="utf-8").split("# %% own-1\n")[1].split("own_model =")[0]
    space = {"np": np, "rw": rw}
    exec(source.replace("self.data", "self.inter"), space)
    model = space["Together"]()
    model.data = np.zeros(3)
    assert told("own-1", model)


def test_stars_are_emphasis_and_products_are_not():
    assert _code("the *newest* film, `a * b`") == "the <em>newest</em> film, <code>a * b</code>"
    assert _code("x ** 2 and 3 * 4 * 5, c**3 / (c**3)") == "x ** 2 and 3 * 4 * 5, c**3 / (c**3)"


def test_hints_that_are_code_look_like_code():
    """What can be parsed as Python with a sign in it stands in backquotes."""
    for exercise in EXERCISES.values():
        for hint in exercise.hints:
            bare = re.sub(r"`[^`]*`", "", hint)
            assert not re.search(r"np\.\w+\(|\breturn \w|\w\[\w+\]| @ |==", bare), f"{exercise.id}: {hint}"
