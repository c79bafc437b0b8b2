"""The gradient of the mean that notebook 07 asks for: it is the package's own, TensorFlow's, and that of a wiggle."""

import numpy as np
import pytest
from test_tutorials import FOLDER

import recwidgets as rw
from recwidgets.nets.gnn_numpy import GNNNumpy
from recwidgets.nets.parts_numpy import inverse
from recwidgets.steps import drain
from recwidgets.teach import EXERCISES, worlds
from recwidgets.teach.exercises.backward import backward
from recwidgets.teach.own_backward import OwnBackward
from recwidgets.teach.safe_call import AnswerError

CASES = worlds.gradients()


def mean(watched, films):
    return watched / np.maximum(watched.sum(1, keepdims=True), 1) @ films


@pytest.mark.parametrize("case", CASES[:2], ids=lambda case: case.name)
def test_it_is_what_a_wiggle_of_each_number_says(case):
    watched, d_people = (array.astype(np.float64) for array in case.arguments)
    right = backward(watched, d_people)
    for place in np.ndindex(right.shape):
        at = np.zeros_like(right)
        at[place] = 1e-6
        wiggled = ((mean(watched, at) - mean(watched, -at)) * d_people).sum() / 2e-6
        assert right[place] == pytest.approx(wiggled, abs=1e-8)


@pytest.mark.needs_tf
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_is_what_tensorflow_says(case):
    import tensorflow as tf

    watched, d_people = case.arguments
    films = tf.Variable(worlds.draw(7, watched.shape[1], d_people.shape[1]))
    with tf.GradientTape() as tape:
        people = tf.constant(watched) @ films / np.maximum(watched.sum(1, keepdims=True), 1)
    theirs = tape.gradient(people, films, output_gradients=tf.constant(d_people)).numpy()
    np.testing.assert_allclose(backward(watched, d_people), theirs, atol=1e-5 * np.abs(theirs).max())


def test_it_is_the_networks_own_both_ways_on_movielens():
    net = GNNNumpy(worlds.train(), worlds.DIM, 3, 0)
    shown = np.random.default_rng(0).random(len(net.user)) < 0.5
    rated = net.edges(shown)[0]
    watched = np.zeros(rated.shape, np.float32)
    watched[rated.row, rated.column] = 1
    by_user, by_item = (inverse(watched.sum(axis).astype(np.float32))[:, None] for axis in (1, 0))
    d_users, d_items = worlds.draw(8, net.n_users, worlds.DIM), worlds.draw(9, net.n_items, worlds.DIM)
    for mine, real in (
        (backward(watched, d_users), drain(net.back_to_items(rated, by_user, d_users))),
        (backward(watched.T, d_items), drain(net.back_to_users(rated, by_item, d_items))),
    ):
        np.testing.assert_allclose(mine, real, atol=1e-5 * np.abs(real).max())


@pytest.fixture(scope="module")
def small():
    return rw.planted(n_users=40, n_items=60, seed=2).data


@pytest.mark.parametrize("layers", [1, 3])
def test_the_right_function_trains_as_the_package_does(small, layers):
    both = []
    for model in (OwnBackward(backward, dim=6, layers=layers), rw.GNN(dim=6, layers=layers, backend="numpy")):
        rw.fit(model, small, epochs=2, progress=False)
        both.append(model.snapshot.arrays)
    for name, array in both[1].items():
        np.testing.assert_allclose(both[0][name], array, atol=1e-4)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda watched, d_people: d_people, "must give a row for each film, shape \\(60, 6\\)"),
        (lambda watched, d_people: 1 / 0, "stopped"),
        (lambda watched, d_people: watched.fill(0), "changes an array that it was given"),
    ],
    ids=["shape", "stops", "changes its table"],
)
def test_a_function_that_cannot_be_used_is_told_in_a_sentence(small, wrong, says):
    with pytest.raises(AnswerError, match=says):
        rw.fit(OwnBackward(wrong, dim=6), small, epochs=1, progress=False)


def test_a_panel_learns_with_it_and_a_blank_opens_none(monkeypatch):
    assert rw.teach.live("back-3", lambda watched, d_people: ...).state == "blank"
    panel = rw.teach.live("back-3", backward, user="42")
    assert panel.world.model.backend == "numpy" and "backward()" in panel.world.label
    assert not panel.history.events
    panel.close()


def test_the_losses_that_notebook_07_names():
    """Right, with a minus, and without the division: what the second epoch's loss is."""
    text = (FOLDER / "07-backward.ipynb").read_text(encoding="utf-8")
    assert "7.61, 7.61 where the right gradient gives 7.60, 7.23" in text
    split = rw.load_movielens("latest-small").split("temporal", test=0.2)
    settings = rw.GNNPanel(user="42").model.settings() | {"layers": 1}

    def losses(function):
        history = rw.fit(OwnBackward(function, **settings), split.train, epochs=8, progress=False)
        return [event.metrics["loss"] for event in history.events]

    right, minus = losses(backward), losses(lambda watched, d_people: -backward(watched, d_people))
    undivided = losses(lambda watched, d_people: watched.T @ d_people)
    assert [f"{loss:.2f}" for loss in right[:2]] == ["7.60", "7.23"]
    assert [f"{loss:.2f}" for loss in minus[:2]] == ["7.61", "7.61"]
    assert minus[-1] < minus[0] - 0.5, "it learns around it"
    assert abs(undivided[1] - right[1]) < 0.15 and undivided[-1] < undivided[0] - 0.5


def test_the_numbers_of_the_page_on_the_backward_pass(repo):
    text = (repo / "docs" / "explanation" / "backward.md").read_text(encoding="utf-8")
    films = np.array([1.0, 0.0, -2.0])
    ann = films[:2].mean()
    shares = np.exp(ann * films) / np.exp(ann * films).sum()
    d_scores = shares - [0, 0, 1]
    d_ann = d_scores @ films
    for numbers in (ann * films, shares, d_scores, d_scores * ann, np.array([d_ann / 2, d_ann / 2, 0])):
        assert (
            ", ".join(f"{n:.2f}".rstrip("0").rstrip(".") if n in (0, 0.5, -1) else f"{n:.2f}" for n in numbers) in text
        )
    assert f"${d_ann:.2f}$" in text and f"${-np.log(shares[2]):.2f}$" in text


def test_each_exercise_names_four_mistakes_or_more():
    assert all(len(EXERCISES[f"back-{n}"].mistakes) >= 4 for n in (1, 2, 3))
