"""Turned knobs: what they do to all users is measured, said beside "as trained", and kept; lists linked by colour."""

import asyncio
import re
import threading

import numpy as np
import pytest
from pages import all_users, curve, html, message, page, status, until
from worlds import BATCHES, DEADLINE, Held, Svd, random_table, trained

import recwidgets as rw
from recwidgets import metrics
from recwidgets.models.gnn import mean_cosine
from recwidgets.page import markup
from recwidgets.panel import beside, effects, lists
from recwidgets.panel.all_users import measure_in_steps
from recwidgets.panel.changes import moves
from recwidgets.ranking import recommend_all
from recwidgets.steps import drain


def measured(model, split):
    """What is measured of all users, all steps at once."""
    return drain(measure_in_steps(model, split))


@pytest.fixture
def split():
    return random_table(np.random.default_rng(13), 18, 30, density=0.4).split("temporal", test=0.25, validation=0.15)


@pytest.fixture
def panel(split):
    """A panel on a trained Svd, closed when the test is over."""
    model = Svd()
    made = rw.Panel(split, model, history=rw.fit(model, split.train, split.validation, progress=False))
    yield made
    made.close()


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


def test_all_users_are_measured_by_their_lists_and_the_validation_rows(split):
    model = trained(split.train)
    found, ranked = measured(model, split), recommend_all(model, split.train, 10)
    hits = [item in ranked[user] for user, item in zip(split.validation.user, split.validation.item, strict=True)]
    assert found.accuracy == pytest.approx(np.mean(hits)) and 0 < found.accuracy < 1
    assert found.shared == 10 * metrics.overlap(ranked) and found.alike == ()
    without = measured(model, split._replace(test=split.test.take([])))
    assert without == found, "the test rows are not looked at"
    assert np.isnan(measured(model, split._replace(validation=split.validation.take([]))).accuracy)


def test_a_turned_knob_says_what_it_does_to_all_users_and_marks_the_curve():
    panel = rw.GNNPanel(user="42")
    as_trained, turned = panel.model, curve(panel).accuracy.turned
    assert all_users(panel) == "" and not len(turned.x)
    panel.act("knob:layers", "4")
    before, now = (measured(as_trained.at(layers=layers), panel.split) for layers in (3, 4))
    assert f"share {now.shared:.1f} of their 10 films (as trained: {before.shared:.1f})" in all_users(panel)
    assert turned.y.tolist() == [now.accuracy]
    assert f"◆ now {100 * now.accuracy:.1f} %" in html(panel, "rw-curve")
    assert len(now.alike) == 4 and now.alike[3] > 0.9 > now.alike[0], "the far hop says the same to all users"
    assert "hop 4" in all_users(panel) and f"{now.alike[3]:.2f}" in all_users(panel)
    panel.epoch = 3
    assert turned.x.tolist() == [3]
    panel.act("knob:layers", "3")
    assert not len(turned.x), "nothing is turned any more"
    panel.close()


def test_turning_and_looking_back_take_away_what_was_said_of_another_answer():
    panel = rw.SessionPanel(user="42")
    for act, value in (("knob:window", "2"), ("epoch", "3")):
        panel.act("drop", f"film:{panel.person.history[-1]}")
        assert panel.shown.message is not None and panel.shown.outlined
        answered = panel.shown.answer
        panel.act(act, value)
        assert panel.shown.message is None and not panel.shown.outlined and not message(panel)
        if act == "epoch":
            assert panel.shown.previous is None
        else:
            assert panel.shown.previous.top.tolist() == answered.top.tolist(), "arrows count from where the turn began"
    panel.close()


def recorded(monkeypatch):
    """The values of `shrink` that all users are ranked with from now on, in order."""
    ranked = []

    def record(model, split):
        ranked.append(model.values["shrink"])
        return measure_in_steps(model, split)

    monkeypatch.setattr(beside, "measure_in_steps", record)
    return ranked


def test_all_users_are_ranked_beside_once_the_knob_rests(panel, monkeypatch):
    ranked = recorded(monkeypatch)

    async def turn():
        for position in ("3", "5", "8"):
            panel.act("knob:shrink", position)
        assert all_users(panel).startswith("Ranking all films") and not ranked
        await until(lambda: "share" in all_users(panel))

    asyncio.run(asyncio.wait_for(turn(), DEADLINE))
    assert sorted(ranked) == [1, 8], "only where it rested, and as trained"


def told(panel):
    """How alike what reaches two users is, as it stands under the layers: ["–", …] where it is not known (yet)."""
    line = html(panel, "rw-transport").partition('class="rw-told"')[2]
    return re.findall(r"<b[^>]*>([^<]*)</b>", line)


def test_how_alike_the_hops_are_is_said_under_the_layers_before_any_is_turned(monkeypatch):
    """Over-smoothing is there to be seen when the epoch has rested, and no click waits for it."""
    monkeypatch.setattr(beside, "REST", 0.01)
    asked, alike = [], rw.GNN.alike
    monkeypatch.setattr(rw.GNN, "alike", lambda model: asked.append(threading.current_thread()) or alike(model))

    def wanted(model):
        return [f"{share:.2f}".replace("0.", ".") for share in alike(model.at(layers=4))]

    async def look():
        panel = rw.GNNPanel(user="42")
        assert panel.state.knobs == ()
        first = wanted(panel.model)
        assert first == [".45", ".95", ".80", ".99"] and told(panel) == ["–"] * 4
        await until(lambda: told(panel) == first)
        panel.act("knob:layers", "1")
        assert told(panel) == first, "one layer is in use; what the others would tell stays to be seen"
        assert len(page(panel, "rw-transport").all("b", "rw-unused")) == 3
        panel.epoch = 3
        then = wanted(panel.model)
        await until(lambda: told(panel) == then)
        panel.epoch = 25
        assert told(panel) == first, "it is remembered"
        assert threading.main_thread() not in asked
        panel.reset()
        assert told(panel) == ["–"] * 4
        panel.close()

    asyncio.run(asyncio.wait_for(look(), DEADLINE))
    assert not page(rw.KNNPanel(user="42"), "rw-transport").all(name="rw-told"), "it has no hops"


def test_what_was_measured_is_remembered(panel, monkeypatch):
    ranked = recorded(monkeypatch)
    for position in ("8", "3", "1", "8"):
        panel.act("knob:shrink", position)
    assert sorted(ranked) == [1, 3, 8] and "share" in all_users(panel)


def test_while_training_nobody_ranks_all_users_until_it_is_over(split, monkeypatch):
    """Two who compute would share the processor; a knob that stands elsewhere is measured when the training rests."""
    ranked, model = recorded(monkeypatch), Held(epochs=2)

    async def train():
        panel = rw.Panel(split, model)
        panel.train()
        model.let(BATCHES)
        await until(lambda: panel.epoch == 1)
        panel.act("knob:shrink", "8")
        panel.act("rest")
        assert not ranked and all_users(panel) == ""
        model.let(BATCHES)
        await until(lambda: "trained here" in status(panel))
        await until(lambda: "share" in all_users(panel))
        assert sorted(ranked) == [1, 8]
        panel.close()

    asyncio.run(asyncio.wait_for(train(), DEADLINE))


def test_a_knob_turned_while_training_leaves_the_curve_as_it_is(split):
    told = []
    for turned in (False, True):
        model = Svd()
        for event in model.steps(split.train, split.validation):
            if turned:
                model.values["shrink"] = 10
            told.append(event.metrics["top_10_accuracy"])
    assert told[:3] == told[3:]
    assert model.trained["shrink"] == 1 and model.values["shrink"] == 10


def test_similarity_is_chosen_by_its_name_and_comes_back_with_the_state(tmp_path):
    panel = rw.KNNPanel(user="42", state=tmp_path / "state.json")
    positions = markup.knob_positions(panel.model.knobs[1])
    assert page(panel, "rw-drawer-more").one("select", aria_label="Similarity")
    before = html(panel, "rw-list")
    panel.act("knob:similarity", str(positions.index("dot product")))
    assert html(panel, "rw-list") != before
    assert "knobs={'similarity': 'dot product'}" in panel.setup().replace('"', "'")
    again = rw.KNNPanel(user="42", state=tmp_path / "state.json")
    assert again.model.values["similarity"] == again.state.values(again.world)["similarity"] == "dot product"
    with pytest.raises(ValueError, match="similarity must be one of 'cosine', 'dot product', 'distance', got 'near'"):
        rw.KNN(similarity="near")
    panel.close()
    again.close()


def test_films_on_several_lists_have_one_colour_and_a_line_or_a_stub():
    panel = rw.ComparePanel(user="42")
    panel.act("film-of", str(panel.answers["gnn"].top[0]))
    tops = {name: found.top.tolist() for name, found in panel.answers.items()}
    marks = lists.shared(panel.answers)
    often = {item for top in tops.values() for item in top if sum(item in top for top in tops.values()) > 1}
    assert set(marks) == often
    assert sorted(marks.values()) == list(range(1, len(often) + 1))
    shown = html(panel, "rw-list")
    beyond = [i for i in tops["gnn"] if i in tops["session"] and i not in tops["knn"]]
    assert shown.count("rw-beyond") == 2 * len(beyond), "a stub at both ends"
    pairs = sum(len(set(a) & set(b)) for a, b in ((tops["gnn"], tops["knn"]), (tops["knn"], tops["session"])))
    assert shown.count('<g class="rw-tie') == pairs + 2 * len(beyond)
    panel.close()


def test_a_film_on_the_outer_lists_alone_ends_in_its_rank():
    panel = rw.ComparePanel(user="42")
    answers = {"gnn": panel.answers["gnn"], "session": panel.answers["session"], "again": panel.answers["gnn"]}
    outer = [i for i in answers["gnn"].top.tolist() if i not in answers["session"].top.tolist()]
    shown = lists.lists(answers, {name: name for name in answers}, None)
    assert shown.count("rw-beyond") == 2 * len(outer) > 0
    rank = answers["gnn"].ranks[answers["gnn"].top.tolist().index(outer[0])]
    assert f">{rank}</text>" in shown
    panel.close()


# ------------------------------------------------------------------ what is known of a knob, and when


def test_a_panel_that_opens_with_a_turned_knob_measures_it_too(split, monkeypatch):
    model = Svd()
    history = rw.fit(model, split.train, split.validation, progress=False)
    panel = rw.Panel(split, model, history=history, knobs={"shrink": 9})
    assert "as trained" in all_users(panel) and panel.state.knobs == (("shrink", 9),)
    ranked = recorded(monkeypatch)
    panel.reset()
    assert all_users(panel) == "" and not ranked, "nothing is learned, so nothing is ranked"
    panel.close()


def test_back_to_the_trained_model_is_back_to_what_it_was_trained_with(panel):
    panel.act("knob:shrink", "5")
    panel.train()
    assert all_users(panel) == "" and panel.model.trained["shrink"] == 5, "it was trained as it stands"
    panel.act("pretrained", "")
    assert "as trained" in all_users(panel) and panel.state.values(panel.world)["shrink"] == 5
    assert panel.model.trained["shrink"] == 1


def test_a_saved_model_knows_what_it_was_trained_with(split, tmp_path):
    train = rw.load_movielens("latest-small").split("temporal", test=0.2).train
    turned = rw.load_pretrained("knn", train)[0].at(similarity="distance", k=3)
    turned.save(tmp_path / "turned.npz")
    again = rw.load_model(tmp_path / "turned.npz")
    assert again.values == {"k": 3, "similarity": "distance"} and again.trained == {"k": 50, "similarity": "cosine"}


def test_one_ranking_at_a_time_and_the_newest_wish_counts(panel, monkeypatch):
    at_work, most, ranked, gate = [], [], [], threading.Event()

    def slow(model, split):
        at_work.append(1)
        most.append(len(at_work))
        gate.wait(DEADLINE)
        ranked.append(model.values["shrink"])
        at_work.pop()
        return (yield from measure_in_steps(model, split))

    monkeypatch.setattr(beside, "measure_in_steps", slow)
    monkeypatch.setattr(effects, "REST", 0.0)

    async def turn():
        for position in ("3", "5", "8"):
            panel.act("knob:shrink", position)
            await until(lambda: not panel.state.turning)
        gate.set()
        await until(lambda: "share" in all_users(panel))

    asyncio.run(asyncio.wait_for(turn(), DEADLINE))
    assert max(most) == 1 and ranked == [1, 8], "as trained, then the newest; what came between is left out"


def test_a_ranking_that_fails_is_said_once(panel, monkeypatch):
    asked = []
    monkeypatch.setattr(beside, "measure_in_steps", lambda model, split: asked.append(1) or 1 / 0)
    panel.act("knob:shrink", "5")
    assert "division by zero" in message(panel) and all_users(panel) == ""
    panel.user = "u2"
    assert not message(panel) and all_users(panel) == "" and len(asked) == 1, "it is not tried again at each click"


def test_a_small_catalogue_is_counted_as_it_is():
    split = random_table(np.random.default_rng(2), 8, 6, density=0.4).split("temporal", test=0.2)
    model = Svd()
    panel = rw.Panel(split, model, history=rw.fit(model, split.train, progress=False))
    panel.act("knob:shrink", "5")
    assert "of their 6 films" in all_users(panel)
    panel.close()


def test_a_turned_knob_says_in_the_list_what_moved_since_the_turn_began(panel, split):
    first = panel.shown.answer

    async def drag():
        for position in ("3", "6", "9"):  # one drag of the slider
            panel.act("knob:shrink", position)
        assert panel.shown.moved == moves(first, panel.shown.answer)
        panel.act("rest")

    asyncio.run(drag())
    moved = moves(first, panel.shown.answer)
    _, *listed = [cell.text for cell in page(panel, "rw-list").all("span", "rw-moved")]
    assert moved and listed == [moved.get(item, "") for item in panel.shown.answer.top.tolist()]
    assert "change since the previous answer" in html(panel, "rw-list")
    rested = panel.shown.answer
    panel.act("knob:shrink", "0")  # another turn counts from where it began
    moved = moves(rested, panel.shown.answer)
    _, *listed = [cell.text for cell in page(panel, "rw-list").all("span", "rw-moved")]
    assert listed == [moved.get(item, "") for item in panel.shown.answer.top.tolist()]
    panel.user = next(user for user in split.train.users if user != panel.user)
    assert not any(cell.text for cell in page(panel, "rw-list").all("span", "rw-moved"))
    assert "↑" not in html(panel, "rw-list")
