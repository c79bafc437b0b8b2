"""Turned knobs: what they do to everybody is measured, said beside "as trained", and kept; lists linked by colour."""

import asyncio
import threading

import numpy as np
import pytest
from recwidgets.panel.turning import everybody
from worlds import DEADLINE, Svd, random_table, trained

import recwidgets as rw
from recwidgets import metrics
from recwidgets.models.gnn import mean_cosine
from recwidgets.page import markup
from recwidgets.panel import history, leaderboard, turning
from recwidgets.ranking import recommend_all


@pytest.fixture
def split():
    return random_table(np.random.default_rng(13), 18, 30, density=0.4).split("temporal", test=0.25)


def crowd(panel):
    return panel._crowd()


def test_the_overlap_of_lists_is_counted_over_all_pairs_of_users():
    ranked = np.array([[0, 1, 2], [2, 3, 4], [5, 6, -1]])
    assert metrics.overlap(ranked) == pytest.approx(1 / 3 / 3)  # one film, of one pair of three
    assert metrics.overlap(np.array([[3, 1], [1, 3]])) == 1.0
    assert metrics.overlap(np.array([[3, 1]])) == 0.0


def test_mean_cosine_is_the_mean_over_all_pairs():
    rows = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    expected = np.mean([unit[a] @ unit[b] for a in range(7) for b in range(a)])
    assert mean_cosine(np.vstack([rows, np.zeros((2, 3), np.float32)])) == pytest.approx(expected, abs=1e-6)
    assert np.isnan(mean_cosine(rows[:1]))


def test_everybody_is_what_the_lists_say(split):
    model = trained(split.train)
    found, ranked = everybody(model, split), recommend_all(model, split.train, 10)
    assert found.accuracy == metrics.top_k_accuracy(ranked, split.test, 10)
    assert found.shared == 10 * metrics.overlap(ranked) and found.alike == ()


def test_a_turned_knob_says_what_it_does_to_everybody_and_marks_the_curve():
    panel = rw.GNNPanel(user="42")
    assert crowd(panel) == "" and not len(panel._curve.accuracy.turned.x)
    panel._on_act("knob:layers", "4")
    trained_, now = (everybody(panel._view().at(layers=layers), panel.split) for layers in (3, 4))
    assert f"share {now.shared:.1f} of their 10 films (as trained: {trained_.shared:.1f})" in crowd(panel)
    assert panel._curve.accuracy.turned.y.tolist() == [now.accuracy]
    assert f"◆ now {100 * now.accuracy:.1f} %" in panel._curve.accuracy_head.html
    assert len(now.alike) == 4 and now.alike[3] > 0.9 > now.alike[0], "the far hop says the same to everybody"
    assert "hop 4</span>" in panel._controls.html and f"{now.alike[3]:.2f}" in panel._controls.html
    panel.epoch = 3
    assert panel._curve.accuracy.turned.x.tolist() == [3]
    panel._on_act("knob:layers", "3")
    assert not len(panel._curve.accuracy.turned.x), "nothing is turned any more"
    panel.close()


def test_turning_and_looking_back_take_away_what_was_said_of_another_answer():
    panel = rw.SessionPanel(user="42")
    for act, value in (("knob:window", "2"), ("epoch", "3")):
        panel._on_act("drop", f"film:{panel.person.history[-1]}")
        assert panel._message is not None and panel._before is not None
        panel._on_act(act, value)
        assert panel._message is None and panel._before is None
    panel.close()


def test_everybody_is_ranked_beside_once_the_knob_rests(split):
    model = Svd()
    history = rw.fit(model, split.train, split.test, progress=False)
    panel = rw.Panel(split, model, history=history)

    async def turn():
        for place in ("3", "5", "8"):
            panel._on_act("knob:shrink", place)
        assert crowd(panel).startswith("Ranking all films") and not panel._measured
        while "share" not in crowd(panel):
            await asyncio.sleep(0.02)

    asyncio.run(asyncio.wait_for(turn(), DEADLINE))
    assert {dict(values)["shrink"] for _, values in panel._measured} == {1, 8}, "only where it rested, and as trained"
    assert "share" in panel._controls.html
    panel.close()


def test_a_knob_turned_while_training_leaves_the_curve_as_it_is(split):
    told = []
    for turned in (False, True):
        model = Svd()
        for event in model.steps(split.train, split.test):
            if turned:
                model.values["shrink"] = 10
            told.append(event.metrics["top_10_accuracy"])
    assert told[:3] == told[3:]
    assert model.trained["shrink"] == 1 and model.values["shrink"] == 10


def test_similarity_is_chosen_by_its_name_and_comes_back_with_the_state(tmp_path):
    panel = rw.KNNPanel(user="42", state=tmp_path / "state.json")
    places = markup.knob_positions(panel.model.knobs[1])
    assert "<select" in panel._controls.html and "Similarity" in panel._controls.html
    before = panel._list.html
    panel._on_act("knob:similarity", str(places.index("dot product")))
    assert panel._list.html != before
    assert "knobs={'similarity': 'dot product'}" in panel.setup().replace('"', "'")
    again = rw.KNNPanel(user="42", state=tmp_path / "state.json")
    assert again.model.values["similarity"] == "dot product"
    with pytest.raises(ValueError, match="similarity must be one of 'cosine', 'dot product', 'distance', got 'near'"):
        rw.KNN(similarity="near")
    panel.close()
    again.close()


def test_films_on_several_lists_have_one_colour_and_a_line_or_a_stub():
    panel = rw.ComparePanel(user="42")
    panel._on_act("film-of", str(panel._answers["gnn"].top[0]))
    tops = {name: found.top.tolist() for name, found in panel._answers.items()}
    colours = leaderboard.shared(panel._answers)
    often = {item for top in tops.values() for item in top if sum(item in top for top in tops.values()) > 1}
    assert set(colours) == often
    some = [colour for colour in colours.values() if colour]
    assert sorted(some) == list(range(1, len(some) + 1)) and len(some) == min(len(often), leaderboard.COLOURS)
    html = panel._lists.html
    beyond = [i for i in tops["gnn"] if i in tops["session"] and i not in tops["knn"]]
    assert html.count("rw-beyond") == 2 * len(beyond), "a stub at both ends"
    pairs = sum(len(set(a) & set(b)) for a, b in ((tops["gnn"], tops["knn"]), (tops["knn"], tops["session"])))
    assert html.count('class="rw-tie') - html.count('class="rw-ties"') == pairs + 2 * len(beyond)
    panel.close()


def test_a_film_on_the_outer_lists_alone_ends_in_its_rank():
    panel = rw.ComparePanel(user="42")
    answers = {"gnn": panel._answers["gnn"], "session": panel._answers["session"], "again": panel._answers["gnn"]}
    outer = [i for i in answers["gnn"].top.tolist() if i not in answers["session"].top.tolist()]
    html = leaderboard.lists(answers, {name: name for name in answers}, None)
    assert html.count("rw-beyond") == 2 * len(outer) > 0
    place = answers["gnn"].places[answers["gnn"].top.tolist().index(outer[0])]
    assert f">{place}</text>" in html
    panel.close()


# ------------------------------------------------------------------ what is known of a knob, and when


def test_a_panel_that_opens_with_a_turned_knob_measures_it_too(split):
    model = Svd()
    history = rw.fit(model, split.train, split.test, progress=False)
    panel = rw.Panel(split, model, history=history, knobs={"shrink": 9})
    assert "as trained" in crowd(panel) and panel._turned() == {"shrink": 9}
    panel.reset()
    assert crowd(panel) == "" and panel._wish is None, "nothing is learned, so nothing is ranked"
    panel.close()


def test_back_to_the_trained_model_is_back_to_what_it_was_trained_with(split):
    model = Svd()
    history = rw.fit(model, split.train, split.test, progress=False)
    panel = rw.Panel(split, model, history=history)
    panel._on_act("knob:shrink", "5")
    panel.train()
    assert panel._turned() == {} and panel.model.trained["shrink"] == 5
    panel._on_act("pretrained", "")
    assert panel._turned() == {"shrink": 5}
    panel.close()


def test_a_saved_model_knows_what_it_was_trained_with(split, tmp_path):
    train = rw.load_movielens("latest-small").split("temporal", test=0.2).train
    turned = rw.load_pretrained("knn", train)[0].at(similarity="distance", k=3)
    turned.save(tmp_path / "turned.npz")
    again = rw.load_model(tmp_path / "turned.npz")
    assert again.values == {"k": 3, "similarity": "distance"} and again.trained == {"k": 50, "similarity": "cosine"}


def test_one_ranking_at_a_time_and_the_newest_wish_counts(split, monkeypatch):
    model = Svd()
    history = rw.fit(model, split.train, split.test, progress=False)
    panel = rw.Panel(split, model, history=history)
    at_work, most, ranked, gate = [], [], [], threading.Event()

    def slow(model, split):
        at_work.append(1)
        most.append(len(at_work))
        gate.wait(DEADLINE)
        ranked.append(model.values["shrink"])
        at_work.pop()
        return everybody(model, split)

    monkeypatch.setattr(turning, "everybody", slow)
    monkeypatch.setattr(turning, "REST", 0.0)

    async def turn():
        for place in ("3", "5", "8"):
            panel._on_act("knob:shrink", place)
            await asyncio.sleep(0.05)
        gate.set()
        while "share" not in crowd(panel):
            await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(turn(), DEADLINE))
    assert max(most) == 1 and ranked == [1, 8], "as trained, then the newest; what came between is left out"
    panel.close()


def test_a_ranking_that_fails_is_said_once(split, monkeypatch):
    model = Svd()
    history = rw.fit(model, split.train, split.test, progress=False)
    panel = rw.Panel(split, model, history=history)
    monkeypatch.setattr(turning, "everybody", lambda model, split: 1 / 0)
    panel._on_act("knob:shrink", "5")
    assert "division by zero" in panel._note.html and crowd(panel) == "" and panel._wish is None
    panel.close()


def test_a_small_catalogue_is_counted_as_it_is():
    split = random_table(np.random.default_rng(2), 8, 6, density=0.4).split("temporal", test=0.2)
    model = Svd()
    panel = rw.Panel(split, model, history=rw.fit(model, split.train, progress=False))
    panel._on_act("knob:shrink", "5")
    assert "of their 6 films" in crowd(panel)
    panel.close()


def test_a_turned_knob_says_in_the_list_what_moved_since_the_turn_began(split, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(turning.time, "monotonic", lambda: clock[0])
    panel = rw.Panel(split, trained(split.train))
    first = panel._answer
    for place in ("3", "6", "9"):  # one drag of the slider
        clock[0] += 0.1
        panel._on_act("knob:shrink", place)
    moved = history.moves(first, panel._answer)
    assert moved and all(f">{move}<" in panel._list.html for move in moved.values())
    assert "change since the previous answer" in panel._list.html
    rested = panel._answer
    clock[0] += 60
    panel._on_act("knob:shrink", "0")  # another turn counts from where it began
    expected = history.moves(rested, panel._answer)
    assert panel._list.html.count("↑") == sum("↑" in m for m in expected.values()) + ("↑↓" in panel._list.html)
    panel.user = next(user for user in split.train.users if user != panel.user)
    assert 'rw-moved"></span>' in panel._list.html and "↑" not in panel._list.html
