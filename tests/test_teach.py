"""Exercises that check themselves: right answers, mistakes by name, hints that deepen, and never a traceback."""

import json
import os

import numpy as np
import pytest
from pages import click, html, region, tree
from worlds import Markup, Svd, random_table, table, trained

import recwidgets as rw
from recwidgets import graph, metrics
from recwidgets.core import Person, Snapshot
from recwidgets.teach import EXERCISES, OwnGNN, OwnKNN, OwnSession, check, hint, progress, progressfile, worlds
from recwidgets.teach.exercise import TOLERANCE, Exercise, Mistake
from recwidgets.teach.exercises import compare, gnn, session
from recwidgets.teach.guess import shared, three_films
from recwidgets.teach.live_panel import live
from recwidgets.teach.tours import STEPS

# Answers worked out from the pretrained models: what is wrong there depends on what they learned.
FROM_MODELS = {"start-1", "start-2", "compare-4"}
ON_PAPER = [name for name in EXERCISES if name not in FROM_MODELS]
# What a learner might write, one for each function exercise, independent of the references.
WRITTEN = {}


def written(name):
    def keep(function):
        WRITTEN[name] = function
        return function

    return keep


@written("data-3")
def top(scores, seen, k):
    order = sorted(range(len(scores)), key=lambda film: (-scores[film], film))
    return [film for film in order if film not in set(seen.tolist())][:k]


@written("gnn-3")
def aggregate(messages):
    total = np.zeros(messages.shape[1])
    for message in messages:
        total += message
    return total / len(messages)


@written("gnn-4")
def gnn_layer(watched, users, films):
    new_users, new_films = np.zeros(users.shape), np.zeros(films.shape)
    for user in range(len(users)):
        new_users[user] = films[watched[user] == 1].mean(0)
    for film in range(len(films)):
        if watched[:, film].any():
            new_films[film] = users[watched[:, film] == 1].mean(0)
    return new_users, new_films


@written("back-3")
def backward(watched, d_people):
    d_films = np.zeros((watched.shape[1], d_people.shape[1]))
    for person in range(len(watched)):
        for film in np.flatnonzero(watched[person]):
            d_films[film] += d_people[person] / watched[person].sum()
    return d_films


def cosine(a, b):
    return float(a @ b) / float(np.sqrt(a @ a) * np.sqrt(b @ b))


@written("knn-3")
def nearest(places, who, k):
    others = [row for row in range(len(places)) if row != who]
    return sorted(others, key=lambda row: -cosine(places[row], places[who]))[:k]


@written("knn-4")
def knn_layer(places, values, who, k, power):
    found = nearest(places, who, k)
    weight = [max(cosine(places[row], places[who]), 0.001) ** power for row in found]
    return sum(w * values[row] for w, row in zip(weight, found, strict=True)) / sum(weight)


@written("session-3")
def recency(learned, half_life):
    weight = np.array([row * 0.5 ** (age / half_life) for age, row in enumerate(learned)])
    return np.array([column / column.sum() for column in weight.T]).T


@written("session-4")
def session_layer(films, learned, half_life, maps):
    weight = recency(learned, half_life)
    return sum((weight[:, m] @ films) @ maps[m] for m in range(len(maps)))


@written("compare-2")
def ndcg(hit, relevant):
    found = sum(1 / np.log2(rank + 1) for rank, one in enumerate(hit, 1) if one)
    return found / sum(1 / np.log2(rank + 1) for rank in range(1, min(relevant, len(hit)) + 1))


@written("compare-3")
def leaked(train_times, test_times):
    return sum(time < max(train_times) for time in test_times) / len(test_times)


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """A learner's folder of one's own for each test."""
    monkeypatch.delenv("RECWIDGETS_PROGRESS", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(progressfile, "_memory", {})
    return tmp_path


@pytest.fixture
def split():
    return random_table(np.random.default_rng(13), 18, 30, density=0.4).split("temporal", test=0.25, validation=0.15)


@pytest.fixture
def panel(split):
    model = Svd()
    made = rw.Panel(split, model, history=rw.fit(model, split.train, split.validation, epochs=4, progress=False))
    yield made
    made.close()


# ---------------------------------------------------------------------------------------- right and wrong


@pytest.mark.parametrize("name", [name for name, one in EXERCISES.items() if one.cases is not None])
def test_what_a_learner_writes_in_plain_loops_is_right(name):
    verdict = check(name, WRITTEN[name])
    assert verdict.state == "right", verdict


@pytest.mark.parametrize("name", [n for n in ON_PAPER if EXERCISES[n].cases is None and EXERCISES[n].judge is None])
def test_the_answer_on_paper_is_right(name):
    answers = {
        "data-1": 3, "gnn-1": 0.5, "gnn-2": [0.5, -0.25, -1.0], "knn-1": [0, 2], "session-1": 1 / 4,
        "knn-2": np.array([729, 216, 1]) / 946, "session-2": np.array([1, 0.5**0.5, 0.5, 0.5**1.5, 0.25]) / 2.81066,
        "compare-1": 1.5 / 1.6309298, "data-2": data_2(), "back-1": 1.15, "back-2": [0.5, -0.5, -1.0],
    }  # fmt: skip
    assert check(name, answers[name])


def data_2():
    """Counted without numpy: ratings of the most rated tenth of the films."""
    data, counts = rw.load_movielens("latest-small"), {}
    for item in data.item.tolist():
        counts[item] = counts.get(item, 0) + 1
    ordered = sorted(counts.values(), reverse=True)
    return sum(ordered[: data.n_items // 10]) / len(data)


@pytest.mark.parametrize(
    ("name", "number"), [(name, n) for name in ON_PAPER for n in range(len(EXERCISES[name].mistakes))]
)
def test_each_known_mistake_is_recognised_by_name(name, number):
    exercise = EXERCISES[name]
    mistake = exercise.mistakes[number]
    verdict = check(name, mistake.wrong if exercise.cases is not None else mistake.wrong())
    assert verdict.state == "wrong"
    assert verdict.says == mistake.says


def test_the_mistakes_that_the_course_promises_to_name():
    said = {
        "gnn-3": (lambda m: m.sum(0), "forgot to divide by the degree"),
        "knn-3": (lambda p, who, k: np.argsort(-worlds.nearness(range(len(p)), p, who))[:k], "its own neighbour"),
        "session-3": (lambda w, h: recency(w, h)[::-1], None),
        "data-3": (lambda scores, seen, k: np.argsort(-scores)[:k], "seen are still in the list"),
        "knn-4": (knn_sums, "forgot to normalise"),
    }
    for name, (wrong, words) in said.items():
        verdict = check(name, wrong)
        assert verdict.state == "wrong"
        if words:
            assert words in verdict.says
    assert "order is reversed" in check("session-3", lambda w, h: faded_backwards(w, h)).says
    assert "order is reversed" in check("knn-3", lambda p, who, k: nearest(p, who, len(p) - 1)[::-1][:k]).says


def faded_backwards(learned, half_life):
    weight = learned * 0.5 ** (np.arange(len(learned))[::-1] / half_life)[:, None]
    return weight / weight.sum(0)


def knn_sums(places, values, who, k, power):
    found = nearest(places, who, k)
    return sum(max(cosine(places[row], places[who]), 0.001) ** power * values[row] for row in found)


def test_an_unknown_mistake_is_told_by_its_first_wrong_number():
    verdict = check("gnn-3", lambda messages: messages.mean(0) + 0.5)
    assert verdict.state == "wrong"
    assert "on paper" in verdict.says and "it should be" in verdict.says


def test_a_film_that_nobody_watched_is_told_as_zero_by_zero():
    def layer(watched, users, films):
        return watched / watched.sum(1, keepdims=True) @ films, watched.T / watched.T.sum(1, keepdims=True) @ users

    verdict = check("gnn-4", layer)
    assert verdict.state == "wrong"
    assert "0/0" in verdict.says


@pytest.mark.parametrize("name", ["gnn-3", "gnn-4", "knn-4", "session-3", "session-4"])
@pytest.mark.parametrize("off", [3e-5, -3e-5])
def test_an_error_of_a_few_hundred_thousandths_is_noticed(name, off):
    exercise, right = EXERCISES[name], WRITTEN[name]

    def nearly(*arguments):
        got = right(*arguments)
        return (got[0] + off, got[1]) if isinstance(got, tuple) else got + off

    assert off * off > TOLERANCE**2
    assert check(name, nearly).state == "wrong", exercise.asks


# ------------------------------------------------------------------------ the references are the real layers


def test_the_graph_exercises_are_held_to_the_real_propagation_on_movielens():
    (small, real) = EXERCISES["gnn-3"].cases()
    assert real.name == "MovieLens" and len(real.arguments[2]) == worlds.train().n_items > 9000
    for case in (small, real):
        users, films = graph.propagate(*case.arguments[:3], 1)
        watched = worlds.dense(case.arguments[0], len(case.arguments[2]))
        mine = gnn._layer(watched, *case.arguments[1:3])
        np.testing.assert_allclose(mine[0], users[-1], atol=1e-5)
        np.testing.assert_allclose(mine[1], films[-1], atol=1e-5)


def knn_model(films, **knobs):
    data = worlds.train()
    model = rw.KNN(dim=films.shape[1], **knobs)
    dim = films.shape[1]
    arrays = {"users": np.zeros((data.n_users, dim)), "films_in": films, "films_out": films}
    model.data = data
    model.snapshot = Snapshot("knn", {name: np.asarray(array, np.float32) for name, array in arrays.items()})
    return model


def test_the_neighbour_exercises_are_held_to_the_real_search_on_movielens():
    films = worlds.draw(6, worlds.train().n_items, worlds.DIM)
    for k in (1, 10, 50):
        model = knn_model(films, k=k)
        for user in (0, 41, 413):
            person = Person(user, model.data.history(user))
            real, weight = model.neighbours(person)
            found = nearest(worlds.real_places(), user, k)
            near = worlds.nearness(found, worlds.real_places(), user)
            np.testing.assert_allclose(near, worlds.nearness(real, worlds.real_places(), user), atol=1e-5)
            own = OwnKNN(layer=knn_layer, dim=worlds.DIM, k=k)
            own.data, own.snapshot = model.data, model.snapshot
            np.testing.assert_allclose(np.sort(own.neighbours(person)[1]), np.sort(weight), atol=1e-5)


@pytest.mark.parametrize("half_life", [1, 4, 30, float("inf")])
def test_the_recency_exercise_is_held_to_the_real_weights(half_life):
    model = rw.Session(half_life=half_life)
    learned = np.exp(worlds.recency_start(50))
    model.data, model.snapshot = worlds.train(), Snapshot("session", {"recency": learned})
    for n in (1, 7, 50, 400):
        wanted = session._recency(learned[:n], half_life)
        np.testing.assert_allclose(model.weights(n), wanted, atol=1e-5)
        np.testing.assert_allclose(recency(learned[:n], half_life), wanted, atol=1e-5)


def test_ndcg_is_held_to_the_packages_own_metric():
    for case in worlds.lists():
        hit, relevant = case.arguments
        real = metrics.per_user(np.array([hit], bool), np.array([relevant]), len(hit))["ndcg"][0]
        assert compare._ndcg(hit, relevant) == pytest.approx(real)


# ----------------------------------------------------------------------------------- nothing but sentences


class Nasty:
    def __array__(self, *arguments, **options):
        raise RuntimeError("no array here")

    def __eq__(self, other):
        raise RuntimeError("no comparison here")

    __hash__ = None


BAD = (
    None, ..., "", "0.5", True, [], {}, {1, 2}, object(), Nasty(), float("nan"), float("inf"), [[1], [2, 3]], 1j,
    np.zeros((3, 3, 3)), [True, False], lambda: 1 / 0, lambda *a: None, lambda *a: "x", lambda *a: a, lambda *a: ...,
    lambda *a: Nasty(), lambda *a: a[99], print, int, SystemExit, type("T", (), {}), type("T", (), {})(),
)  # fmt: skip


def stops(*arguments):
    raise SystemExit("exit() in a function")


def never_ends(*arguments):
    return never_ends(*arguments)


@pytest.mark.parametrize("name", [*ON_PAPER, "no-such-exercise", "", 3, None])
def test_whatever_is_handed_in_gets_a_verdict(name):
    for answer in (*BAD, stops, never_ends):
        verdict = check(name, answer)
        assert not verdict, (name, answer, verdict)
        assert verdict.says and "Traceback" not in repr(verdict)
        Markup(verdict._repr_html_())


def test_a_blank_is_not_answered_yet_and_leaves_no_trace(own_folder):
    for answer in (..., lambda messages: ...):
        assert check("gnn-3", answer).state == "blank"
    assert "Not answered yet" in repr(check("gnn-3"))
    assert list(own_folder.iterdir()) == []


def test_a_function_that_stops_is_told_where_and_why():
    def aggregate(messages):
        weight = messages.men(0)
        return weight

    says = check("gnn-3", aggregate).says
    assert "aggregate() stopped at `weight = messages.men(0)`" in says and "AttributeError" in says


def test_a_function_that_spoils_its_argument_is_told_so():
    def top(scores, seen, k):
        scores[seen] = -np.inf
        return np.argsort(-scores)[:k]

    verdict = check("data-3", top)
    assert verdict.state == "broken" and "copy" in verdict.says


def test_a_name_that_is_nearly_right_is_asked_for():
    assert "did you mean gnn-3?" in check("gnn3", 1).says
    assert check(" GNN-1 ", 0.5)


def test_markup_in_an_answer_does_no_harm():
    verdict = check("gnn-1", "<script>alert(1)</script>")
    assert "<script>" not in verdict._repr_html_()


# ------------------------------------------------------------------------------------- hints and progress


@pytest.mark.parametrize("name", EXERCISES)
def test_every_exercise_has_a_task_and_three_hints(name):
    exercise = EXERCISES[name]
    assert exercise.id == name and exercise.asks and len(exercise.hints) == len(set(exercise.hints)) == 3
    assert all(exercise.hints)


def test_wrong_answers_and_asking_deepen_the_hint_to_the_third():
    hints = EXERCISES["gnn-1"].hints
    assert [check("gnn-1", 7).hint, hint("gnn-1").hint, check("gnn-1", 8).hint, hint("gnn-1").hint] == [
        hints[0], hints[1], hints[2], hints[2],
    ]  # fmt: skip
    assert hint("gnn-2").hint == EXERCISES["gnn-2"].hints[0], "each exercise counts for itself"
    assert not hint("nothing")


def test_what_could_not_be_compared_costs_no_hint():
    check("gnn-1", "half")
    assert check("gnn-1", 7).depth == 1


def test_progress_is_kept_in_one_file_and_survives_a_restart(own_folder, monkeypatch):
    check("gnn-1", 7)
    check("gnn-1", 0.5)
    assert [path.name for path in own_folder.iterdir()] == ["recwidgets-progress.json"]
    kept = json.loads((own_folder / "recwidgets-progress.json").read_text(encoding="utf-8"))
    assert kept["exercises"]["gnn-1"] == {"tries": 2, "depth": 1, "done": True}
    assert progress().done["gnn-1"] and not progress().done["gnn-2"]
    assert f"1 of {len(EXERCISES)} exercises done" in repr(progress())


def test_a_right_answer_stays_done_after_a_wrong_one():
    check("gnn-1", 0.5)
    check("gnn-1", 7)
    assert progress().done["gnn-1"]


@pytest.mark.parametrize("content", ["{", "[]", '{"format": 99}', '{"format": 1, "exercises": 3}', "\x00\xff", ""])
def test_a_damaged_file_is_kept_aside_and_said(own_folder, content):
    path = own_folder / "recwidgets-progress.json"
    path.write_bytes(content.encode("latin-1"))
    verdict = check("gnn-1", 0.5)
    assert verdict and "kept as recwidgets-progress.damaged-1.json" in verdict.note
    assert (own_folder / "recwidgets-progress.damaged-1.json").read_bytes() == content.encode("latin-1")
    assert progress().done["gnn-1"]


def test_counts_that_somebody_edited_do_no_harm(own_folder):
    entry = {"tries": "many", "depth": -7, "done": "yes"}
    (own_folder / "recwidgets-progress.json").write_text(json.dumps({"format": 1, "exercises": {"gnn-1": entry}}))
    assert not progress().done["gnn-1"]
    assert check("gnn-1", 7).depth == 1


def test_another_notebooks_progress_is_not_overwritten(own_folder):
    check("gnn-1", 0.5)
    progressfile.update("exercises", "knn-1", done=True)  # as another kernel does
    check("gnn-2", 7)
    assert progress().done["gnn-1"] and progress().done["knn-1"]


def test_a_folder_that_cannot_be_written_is_said_and_progress_lasts_as_long_as_the_kernel(monkeypatch, tmp_path):
    monkeypatch.setenv("RECWIDGETS_PROGRESS", str(tmp_path / "missing" / "p.json"))
    verdict = check("gnn-1", 0.5)
    assert verdict and "until the kernel stops" in verdict.note
    assert progress().done["gnn-1"]


def test_an_interrupted_write_leaves_the_old_file(own_folder, monkeypatch):
    check("gnn-1", 0.5)
    before = (own_folder / "recwidgets-progress.json").read_bytes()
    monkeypatch.setattr(os, "replace", lambda *a: (_ for _ in ()).throw(OSError(28, "No space left")))
    monkeypatch.setattr("pathlib.Path.replace", lambda *a: (_ for _ in ()).throw(OSError(28, "No space left")))
    assert "No space left" in check("gnn-2", 7).note
    assert (own_folder / "recwidgets-progress.json").read_bytes() == before


def test_an_exercise_of_ones_own_is_a_few_lines(monkeypatch):
    mine = Exercise(
        "mine-1", "How many legs has a cat?", ("Look.", "An even number.", "4"), right=lambda: 4,
        mistakes=(Mistake(lambda: 2, "That is a bird."),),
    )  # fmt: skip
    monkeypatch.setitem(EXERCISES, "mine-1", mine)
    assert check("mine-1", 4)
    assert check("mine-1", 2).says == "That is a bird."


# ---------------------------------------------------------------------------- layers of one's own in a panel


def made(kind, model, **function):
    own = kind(**function, **model.settings())
    own.data, own.snapshot = model.data, model.snapshot
    return own


def small_gnn(split):
    rng, data = np.random.default_rng(5), split.train
    shapes = {"users": (data.n_users, 6), "films_in": (data.n_items, 6), "films_out": (data.n_items, 6)}
    shapes |= {"films_liked": (data.n_items, 6), "mix": (4,)}
    model = rw.GNN(dim=6)
    model.data = data
    model.snapshot = Snapshot("gnn", {name: rng.normal(size=s).astype(np.float32) for name, s in shapes.items()})
    return model


def small_knn(split):
    rng, data = np.random.default_rng(5), split.train
    shapes = {"users": (data.n_users, 6), "films_in": (data.n_items, 6), "films_out": (data.n_items, 6)}
    model = rw.KNN(dim=6, k=5)
    model.data = data
    model.snapshot = Snapshot("knn", {name: rng.normal(size=s).astype(np.float32) for name, s in shapes.items()})
    return model


def small_session(split):
    rng, data = np.random.default_rng(5), split.train
    learned = np.exp(worlds.recency_start(50))
    means = learned.shape[1]
    shapes = {"films": (data.n_items, 6), "bias": (data.n_items,), "users": (data.n_users, 6), "maps": (means, 6, 6)}
    arrays = {name: rng.normal(size=s).astype(np.float32) for name, s in (shapes | {"before": (6, 6)}).items()}
    model = rw.Session(dim=6, half_life=3)
    model.data, model.snapshot = data, Snapshot("session", arrays | {"recency": learned.astype(np.float32)})
    return model


OWN = (
    (small_gnn, OwnGNN, {"aggregate": aggregate}),
    (small_gnn, OwnGNN, {"layer": gnn_layer}),
    (small_knn, OwnKNN, {"nearest": nearest}),
    (small_knn, OwnKNN, {"layer": knn_layer}),
    (small_session, OwnSession, {"recency": recency}),
    (small_session, OwnSession, {"layer": session_layer}),
)


def people(data):
    own = data.history(4)
    return [
        Person(3, data.history(3)),
        Person(4, own[:2]),  # an edited history
        Person(None, own[::-1].copy()),  # "you"
        Person(4, own, (0, 7)),  # two neighbours left out
    ]


@pytest.mark.parametrize(("small", "kind", "function"), OWN, ids=lambda v: "".join(v) if isinstance(v, dict) else None)
def test_a_right_function_of_ones_own_gives_the_real_models_answers(split, small, kind, function):
    real = small(split)
    own = made(kind, real, **function)
    for person in people(split.train):
        np.testing.assert_allclose(own.scores(person), real.scores(person), atol=1e-5)
        for item in ("f1", "f20"):
            mine, theirs = own.explain(person, item), real.explain(person, item)
            np.testing.assert_allclose(
                sorted(part.value for part in mine.parts), sorted(part.value for part in theirs.parts), atol=1e-5
            )
    np.testing.assert_allclose(own.vectors()[0], real.vectors()[0], atol=1e-5)


WRONG = (
    (small_gnn, OwnGNN, {"aggregate": lambda messages: messages.sum(0)}),
    (small_gnn, OwnGNN, {"aggregate": lambda messages: messages.max(0)}),
    (small_gnn, OwnGNN, {"aggregate": lambda messages: np.tanh(messages.mean(0))}),
    (small_knn, OwnKNN, {"nearest": lambda p, who, k: [who, *nearest(p, who, k - 1)]}),
    (small_knn, OwnKNN, {"nearest": lambda p, who, k: nearest(p, who, len(p) - 1)[::-1][:k]}),
    (small_session, OwnSession, {"recency": faded_backwards}),
    (small_session, OwnSession, {"recency": lambda learned, half_life: learned * 3}),
)


@pytest.mark.parametrize(("small", "kind", "function"), WRONG)
def test_a_wrong_function_answers_otherwise_and_its_parts_still_add_up(split, small, kind, function):
    real = small(split)
    own = made(kind, real, **function)
    person = Person(3, split.train.history(3))
    assert np.abs(own.scores(person) - real.scores(person)).max() > 1e-3
    for item in ("f1", "f20"):
        index = split.train.item_index(item)
        assert own.explain(person, item).score == pytest.approx(float(own.scores(person)[index]), rel=1e-4, abs=1e-4)


def test_the_graphs_hops_add_up_for_any_function(split):
    for function in (aggregate, lambda m: m.sum(0), lambda m: m.max(0)):
        own = made(OwnGNN, small_gnn(split), aggregate=function)
        person = Person(3, split.train.history(3))
        films = own.explain(person, "f2").total("film")
        assert own.hops(person, 1).sum() == pytest.approx(films, abs=1e-4)


def test_ones_own_neighbour_shows_in_the_panel(split):
    own = made(OwnKNN, small_knn(split), nearest=lambda p, who, k: [who, *nearest(p, who, k - 1)])
    panel = rw.Panel(split, own, rw.Polygon(), user="u4")
    assert own.neighbours(panel.person)[0][0] == 3
    assert panel.shown.answer is not None and panel.shown.message is None
    panel.close()


def test_live_panels_answer_with_the_learners_function():
    panel = live("gnn-3", aggregate, user="42")
    real = rw.load_pretrained("gnn", panel.train_data)[0]
    np.testing.assert_allclose(panel.model.scores("42"), real.scores("42"), atol=1e-4)
    assert "your aggregate()" in html(panel, "rw-header")
    assert panel.setup() == 'rw.teach.live("gnn-3", aggregate, user="42")'
    wrong = live("gnn-3", lambda messages: messages.sum(0), user="42")
    assert np.abs(wrong.model.scores("42") - real.scores("42")).max() > 0.1
    panel.close()
    wrong.close()


@pytest.mark.parametrize("name", ["knn-3", "knn-4", "session-3", "session-4", "gnn-4"])
def test_each_exercise_that_can_drive_a_panel_does(name):
    panel = live(name, WRITTEN[name], user="1")
    real = rw.load_pretrained(name.partition("-")[0], panel.train_data)[0]
    assert panel.shown.message is None
    assert np.array_equal(panel.shown.answer.top[:3], rw.recommend(real, panel.train_data, "1", k=3).index)
    panel.close()


@pytest.mark.parametrize(
    ("function", "state"),
    [(lambda m: ..., "blank"), (lambda m: 1 / 0, "broken"), (lambda m: m, "broken"), (3, "broken")],
)
def test_no_panel_but_a_sentence_for_a_function_that_cannot_be_used(function, state):
    verdict = live("gnn-3", function)
    assert verdict.state == state and "Traceback" not in repr(verdict)
    assert live("start-1", aggregate).state == "broken"


# ------------------------------------------------------------------------------------------------ predict


def forms(widget):
    """What is read above and beside the pie of a Predict."""
    return tuple(Markup(region.html) for region in regions(widget))


def regions(widget):
    return [part for part in tree(widget.card) if hasattr(part, "html")]


def press(widget, act, value=""):
    """What a click in the form of a Predict, or on the card of a tour, sends."""
    click(regions(widget)[-1] if isinstance(widget, rw.Predict) else region(widget, "rw-tour"), act, value)


def test_the_answer_is_hidden_until_the_guess_stands(panel):
    asked = rw.Predict(panel)
    assert panel not in asked.children
    shown = html(asked.card)
    assert "softmax" not in shown and "%" not in shown
    before = asked.pie.pie.sizes.tolist()
    press(asked, "stage", "model")  # as a page might ask that should not
    press(asked, "stage", "truth")
    assert asked.pie.pie.sizes.tolist() == before
    press(asked, "commit", "")
    assert panel in asked.children


def test_the_pie_goes_from_the_guess_to_the_model_to_what_was_watched(panel):
    asked = rw.Predict(panel)
    slots = asked.pie.slots()
    np.testing.assert_allclose(asked.pie.pie.sizes, [3 / 6, 2 / 6, 1 / 6, 0], atol=1e-6)
    press(asked, "commit", "")
    scores = panel.shown.answer.scores[[film for film, _ in sorted(slots.items(), key=lambda pair: pair[1])]]
    wanted = np.sort(np.exp(scores - scores.max()))[::-1]  # slices stand in the order of their ranks
    np.testing.assert_allclose(asked.pie.pie.sizes[:3], wanted / wanted.sum(), atol=1e-5)
    press(asked, "stage", "truth")
    watched = [film in panel.shown.answer.later for film in asked.films]
    shares = [1 / sum(watched) if one else 0.0 for one in watched]
    assert sorted(asked.pie.pie.sizes[:3]) == pytest.approx(sorted(shares))
    assert asked.pie.pie.sizes.sum() == pytest.approx(1)
    press(asked, "stage", "guess")
    np.testing.assert_allclose(sorted(asked.pie.pie.sizes), [0, 1 / 6, 2 / 6, 3 / 6], atol=1e-6)


def test_films_keep_their_slot_through_all_stages(panel):
    asked = rw.Predict(panel)
    before = asked.pie.slots()
    press(asked, "down", "0")
    press(asked, "up", "2")
    assert asked.pie.slots() == before
    press(asked, "commit", "")
    assert asked.pie.slots() == before


def test_films_are_moved_with_buttons_and_not_beyond_the_ends(panel):
    asked = rw.Predict(panel)
    first, second, third = asked.films
    press(asked, "down", "0")
    assert asked.films == [second, first, third]
    for act, value in (("up", "0"), ("down", "2"), ("up", "9"), ("down", "-1")):
        press(asked, act, value)
        assert asked.films == [second, first, third]
    buttons = forms(asked)[1].all("button")
    names = [one.attributes.get("aria-label") or one.text for one in buttons]
    assert len(names) == len(set(names)) == 7
    off = [one for one in buttons if "disabled" in one.attributes]
    assert len(off) == 2


def test_the_guess_stands_once(panel):
    asked = rw.Predict(panel)
    asked.commit()
    films, guess = list(asked.films), asked.guess
    press(asked, "down", "0")
    asked.commit([panel.shown.answer.full_title(film) for film in films[::-1]])
    assert asked.films == films and asked.guess == guess


def test_a_guess_is_as_good_as_its_pairs(panel):
    order = sorted(three_films(panel.shown.answer), key=lambda film: -float(panel.shown.answer.scores[film]))
    titles = [panel.shown.answer.full_title(film) for film in order]
    for guess, right in ((titles, 1.0), (titles[::-1], 0.0), ([titles[1], titles[0], titles[2]], 2 / 3)):
        asked = rw.Predict(panel)
        asked.commit(guess)
        assert asked.right() == pytest.approx(right)
        assert asked.guess == guess


def test_a_number_is_guessed_and_the_truth_is_the_panels(panel):
    asked = rw.Predict(panel, number=(0, 10))
    press(asked, "number", "99")
    assert "10" in forms(asked)[1].one("output").text
    press(asked, "number", "4")
    assert asked.pie.pie.sizes.tolist() == pytest.approx([0.4, 0, 0, 0.6])
    truth = sum(item in panel.shown.answer.later for item in panel.shown.answer.top.tolist())
    press(asked, "commit", "")
    assert asked.pie.pie.sizes[0] == pytest.approx(truth / 10)
    assert f"it is {truth}" in html(asked.card)
    panel.user = "u1"
    press(asked, "stage", "truth")
    assert f"it is {truth}" in html(asked.card), "the question was about the first user"


def test_the_guess_is_kept_in_the_learners_file(panel):
    rw.Predict(panel, name="first").commit()
    assert list(progress().guesses) == ["first"]
    assert "1 predictions made" in repr(progress())


def test_what_predict_cannot_do_is_said(panel, split):
    with pytest.raises(ValueError, match="train its model first"):
        rw.Predict(rw.Panel(split, Svd()))
    with pytest.raises(ValueError, match="three different titles"):
        rw.Predict(panel, ["Film 1", "Film 1", "Film 2"])
    with pytest.raises(ValueError, match="low < high"):
        rw.Predict(panel, number=(3, 3))
    with pytest.raises(ValueError, match="from 0 to 10"):
        rw.Predict(panel, number=(0, 10)).commit(11)
    with pytest.raises(ValueError, match="must be the three films"):
        rw.Predict(panel).commit(["Film 1", "Film 2", "Film 3"])


def test_three_films_are_the_models_one_that_was_watched_and_the_crowds(panel):
    answer = panel.shown.answer
    films = three_films(answer)
    assert len(set(films)) == 3 and int(answer.top[0]) in films
    assert any(film in answer.later for film in films) == bool(answer.later)
    assert not set(films) & set(answer.person.history.tolist())
    by_score = sorted(films, key=lambda film: -answer.scores[film])
    assert list(films) != by_score, "committing at once must not be the right guess"


def test_nobody_watched_any_of_them(panel):
    films = [int(film) for film in panel.shown.answer.top if int(film) not in panel.shown.answer.later][:3]
    assert shared(panel.shown.answer, films, [0.0, 0.0, 0.0]) is None
    asked = rw.Predict(panel, [panel.shown.answer.full_title(film) for film in films])
    asked.commit()
    press(asked, "stage", "truth")
    assert "None of the three" in html(asked.card)
    assert asked.pie.pie.sizes.tolist() == [0, 0, 0, 1]


def test_hostile_titles_do_no_harm():
    titles = [f"<script>alert({n})</script> \" & ' ({1950 + n})" for n in range(12)]
    data = table([(u, i) for u in range(6) for i in range(12) if (u + i) % 3], 6, 12, titles=titles)
    panel = rw.Panel(data.split("temporal", test=0.3), trained(data.split("temporal", test=0.3).train))
    asked = rw.Predict(panel)
    asked.commit()
    assert "<script>" not in html(asked.card)
    forms(asked)


# --------------------------------------------------------------------------------------------------- tour


def test_a_tour_waits_for_each_act_in_order_and_ticks_it_off(panel):
    tour = rw.teach.tour(panel)
    assert 6 <= len(tour.steps) <= 9
    assert panel in tour.children
    panel.selected = 1
    assert tour.done == 0, "the first step is another user"
    panel.user = "u2"
    assert tour.done == 1
    panel.selected = 2
    assert tour.done == 2
    assert html(tour, "rw-tour").count("✓") == 2


def test_an_act_on_the_page_is_heard(panel):
    tour = rw.teach.tour(panel)
    panel.user = "u2"
    panel.selected = 1
    rival = panel.shown.answer.top[4]
    click(region(panel, "rw-why").children[1], "rival", str(rival))
    assert tour.done == 3
    film = next(part for part in panel.shown.answer.explain(panel.shown.item).parts if part.kind == "film")
    click(region(panel, "rw-why").children[1], "drop", f"film:{film.index}")
    assert tour.done == 4
    click(region(panel, "rw-message"), "undo")
    assert tour.done == 5


def test_show_me_does_every_step(panel):
    tour = rw.teach.tour(panel)
    for step in range(len(tour.steps)):
        press(tour, "show", "")
        assert tour.done == step + 1
        assert region(panel, "rw-header").mark == tour.steps[step].where, "where it happened is marked"
        assert panel.shown.message is None or not panel.shown.message.bad, panel.shown.message
    assert "All done" in html(tour, "rw-tour")
    press(tour, "again", "")
    assert tour.done == 0


def test_a_tour_leaves_out_what_the_panel_has_not(split):
    bare = rw.Panel(split, trained(split.train), hide=["you", "knobs", "epoch"])
    steps = rw.teach.tour(bare).steps
    assert {tick for step in STEPS for tick in step.ticks} - {tick for step in steps for tick in step.ticks} == {
        "add", "add-title", "knob:", "epoch",
    }  # fmt: skip
    with pytest.raises(TypeError, match=r"got int"):
        rw.teach.tour(3)
