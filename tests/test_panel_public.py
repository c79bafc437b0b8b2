"""What a script, a lesson or a test asks of a panel: acts by name, what is shown, a model that is only looked at."""

import gc
import weakref

import numpy as np
import pytest
from ipywidgets import Widget
from worlds import Fixed, Svd, random_table

import recwidgets as rw
from recwidgets.data import UnknownItem, UnknownUser
from recwidgets.panel import effects
from recwidgets.panel.opening import PanelClosed


@pytest.fixture
def split():
    data = random_table(np.random.default_rng(13), 18, 30, density=0.5)
    return data.split("temporal", test=0.25, validation=0.2)


@pytest.fixture
def made():
    panels = []

    def make(*arguments, **options):
        panels.append(rw.Panel(*arguments, **options))
        return panels[-1]

    yield make
    for panel in panels:
        panel.close()


@pytest.fixture
def model():
    return Svd()


@pytest.fixture
def panel(made, split, model):
    history = rw.fit(model, split.train, split.validation, epochs=4, progress=False)
    return made(split, model, history=history, user="u5")


def own(panel):
    """The ids of the history shown, oldest first."""
    return panel.data.items[panel.person.history].tolist()


# ------------------------------------------------------------------ turn


def test_a_knob_is_turned_by_its_value(panel, model):
    before = panel.recommendations
    panel.turn(shrink=8)
    assert panel.state.values(panel.world)["shrink"] == 8 == panel.model.values["shrink"]
    expected = rw.recommend(model.at(shrink=8), panel.data, "u5")
    assert panel.recommendations.items == expected.items != before.items
    assert panel.shown.previous.top.tolist() == before.index.tolist() and panel.shown.moved


def test_several_knobs_are_turned_at_once_and_each_turn_can_be_taken_back(panel):
    panel.turn(shrink=8, dim=3)
    assert dict(panel.state.knobs) == {"shrink": 8, "dim": 3}
    panel.turn(shrink=2)
    panel.undo()
    assert panel.state.values(panel.world)["shrink"] == 8
    panel.undo()
    assert panel.state.values(panel.world)["shrink"] == 1


@pytest.mark.parametrize(("knobs", "error", "said"), [
    ({"depth": 1}, TypeError, "Svd has no setting 'depth'; it has shrink, dim"),
    ({"shrink": 99}, ValueError, "shrink must be a number from 0 to 10, or 999 for all, got 99"),
    ({"shrink": 3, "dim": "many"}, ValueError, "dim must be a number from 1 to 32, got 'many'"),
])  # fmt: skip
def test_a_turn_that_cannot_be_raises_and_changes_nothing(panel, knobs, error, said):
    before = panel.state
    with pytest.raises(error, match=said):
        panel.turn(**knobs)
    assert panel.state == before and panel.state.knobs == ()


def test_a_model_without_knobs_has_none_to_turn(made, split):
    panel = made(split, Fixed(split.train, np.zeros((18, 30))))
    with pytest.raises(ValueError, match="Fixed table has no knobs to turn"):
        panel.turn(k=3)


def test_listeners_hear_of_acts_from_code_too(panel):
    heard = []
    panel.on_act(heard.append)
    panel.user = "u6"
    panel.selected = 2
    panel.epoch = 2
    panel.drop(own(panel)[0])
    panel.undo()
    panel.edit(["f1", "f2"])
    panel.turn(shrink=8)
    panel.act("next")
    wanted = ["user", "select", "epoch", "drop", "undo", "own", "knob:shrink", "user"]
    assert [name for name in heard if name != "rest"] == [*wanted[:-1], "next"]


# ------------------------------------------------------------------ edit, drop, undo


def test_a_history_of_ones_own_is_shown_by_ids_oldest_first(panel, model):
    panel.edit(["f3", "f9", "f1"])
    assert own(panel) == ["f3", "f9", "f1"] and panel.person.user is None
    assert panel.recommendations.items == rw.recommend(model, panel.data, ["f3", "f9", "f1"]).items
    assert panel.user == "u5", "who is one click away"
    panel.edit(["f3"])
    assert own(panel) == ["f3"]
    panel.undo()
    assert own(panel) == ["f3", "f9", "f1"]
    panel.undo()
    assert panel.person.user == 4


def test_an_empty_history_has_no_list_and_says_so(panel):
    panel.edit([])
    assert panel.shown.answer is None and "No films yet" in panel.shown.empty
    assert panel.recommendations.items == () and len(panel.recommendations.scores) == 0


@pytest.mark.parametrize("ids", ["f1", 1])
def test_one_id_is_no_history(panel, ids):
    with pytest.raises(TypeError, match="a history is a list of ids of films, oldest first, got"):
        panel.edit(ids)


def test_what_is_unknown_is_refused_and_nothing_changes(panel):
    before = panel.state
    with pytest.raises(UnknownItem, match="nothing"):
        panel.edit(["f1", "nothing"])
    with pytest.raises(UnknownItem, match="nothing"):
        panel.drop("nothing")
    with pytest.raises(UnknownUser, match="nobody"):
        panel.drop(neighbour="nobody")
    absent = next(item for item in panel.data.items.tolist() if item not in own(panel))
    with pytest.raises(ValueError, match=f"only a film of the history shown can be dropped, got '{absent}'"):
        panel.drop(absent)
    for arguments in ({}, {"item": "f1", "neighbour": "u1"}):
        with pytest.raises(ValueError, match="give a film or a neighbour to drop"):
            panel.drop(**arguments)
    assert panel.state == before


def test_a_dropped_film_is_evidence_no_more_and_comes_back(panel):
    before, history = panel.recommendations.items, own(panel)
    panel.drop(history[0])
    assert own(panel) == history[1:] and history[0] not in panel.recommendations.items
    assert panel.shown.message.lead.startswith("You took out")
    assert panel.shown.outlined and panel.shown.previous.top.tolist() == [panel.data.item_index(i) for i in before]
    panel.undo()
    assert (own(panel), panel.recommendations.items, panel.shown.previous) == (history, before, None)


def test_a_neighbour_is_left_out(panel):
    panel.drop(neighbour="u7")
    assert panel.person.without == (6,)
    assert "User u7 is not asked any more" in panel.shown.message.lead


def test_undo_after_a_drop_and_a_turn_takes_back_one_at_a_time(panel):
    first, history = panel.recommendations.items, own(panel)
    panel.drop(history[0])
    dropped = panel.recommendations.items
    panel.turn(shrink=8)
    panel.undo()
    assert panel.recommendations.items == dropped and dict(panel.state.values(panel.world))["shrink"] == 1
    panel.undo()
    assert panel.recommendations.items == first
    panel.undo()
    assert panel.recommendations.items == first, "there is nothing before"


# ------------------------------------------------------------------ recommendations


def test_the_recommendations_are_the_list_that_is_shown(panel, model):
    found = panel.recommendations
    assert isinstance(found, rw.Recommendations)
    assert found.items == rw.recommend(model, panel.data, "u5").items
    assert found.index.tolist() == panel.shown.answer.top.tolist()
    np.testing.assert_array_equal(found.scores, model.scores("u5")[found.index])
    assert list(found.titles) == panel.data.titles[found.index].tolist()
    panel.epoch = 1
    early = model.at(panel.history.at(1).snapshot)
    assert panel.recommendations.items == rw.recommend(early, panel.data, "u5").items


def test_an_untrained_panel_recommends_nothing(made, split):
    assert made(split, Svd()).recommendations.items == ()


# ------------------------------------------------------------------ the caller's model is never written to


def remembered(model):
    """All that a model holds, to be compared later: its attributes, and the arrays' bytes."""
    arrays = {} if model.snapshot is None else {n: array.tobytes() for n, array in model.snapshot.arrays.items()}
    held = {name: id(value) for name, value in vars(model).items() if name != "_cache"}
    return held, dict(model.values), model.learning_rate, arrays, model.scores("u5").tobytes()


def test_no_act_writes_into_the_callers_model(panel, model, split):
    before, measured = remembered(model), rw.evaluate(model, split, baselines=False)
    acts = (
        lambda: panel.turn(shrink=8), lambda: setattr(panel, "epoch", 1), lambda: panel.act("rate", "0"),
        lambda: panel.turn(dim=3), lambda: panel.drop(own(panel)[0]), lambda: panel.edit(["f1", "f2"]),
        lambda: panel.act("epochs", "2"), panel.train, panel.step, panel.reset, panel.train, panel.stop,
        lambda: panel.act("pretrained"), lambda: panel.act("play"), lambda: panel.act("drawer", "ranks"), panel.close,
    )  # fmt: skip
    for act in acts:
        act()
        assert remembered(model) == before
    again = rw.evaluate(model, split, baselines=False)
    assert again["ndcg"] == measured["ndcg"] and again["top_10_accuracy"] == measured["top_10_accuracy"]


def test_two_panels_on_one_model_do_not_turn_each_others_knobs(made, split, model):
    rw.fit(model, split.train, progress=False)
    first, second = made(split, model, user="u5"), made(split, model, user="u5")
    before = second.recommendations.items
    first.turn(shrink=8)
    assert first.recommendations.items != before
    second.user = "u6"
    second.user = "u5"
    assert second.recommendations.items == before
    assert second.state.values(second.world) == {"shrink": 1, "dim": 6} == model.values


def test_two_panels_on_one_model_do_not_train_each_others(made, split, model):
    rw.fit(model, split.train, progress=False)
    first, second = made(split, model, user="u5"), made(split, model, user="u5")
    before = second.recommendations.items
    first.act("epochs", "1")
    first.train()
    second.user = "u6"
    second.user = "u5"
    assert first.training.here and not second.training.here
    assert second.recommendations.items == before


def test_the_panels_model_answers_what_is_shown(panel, model):
    for act in (
        lambda: None, lambda: panel.turn(shrink=8), lambda: setattr(panel, "epoch", 2), panel.train,
        lambda: setattr(panel, "epoch", 1), lambda: panel.act("pretrained"),
    ):  # fmt: skip
        act()
        assert panel.model is not model
        assert rw.recommend(panel.model, panel.data, "u5").items == panel.recommendations.items
        np.testing.assert_array_equal(panel.model.scores("u5"), panel.shown.answer.scores)


def test_what_is_done_to_the_panels_model_is_not_done_to_the_panel(panel, model):
    before = panel.recommendations.items
    looked = panel.model
    looked.values["shrink"] = 9
    looked.snapshot = looked.data = None
    panel.user = "u6"
    panel.user = "u5"
    assert panel.recommendations.items == before and model.values["shrink"] == 1
    assert panel.model is not looked


def test_a_panel_that_learned_here_has_what_was_learned_and_the_caller_has_not(made, split, model):
    panel = made(split, model, user="u5")
    with pytest.raises(ValueError, match="not trained"):
        panel.model.scores("u5")
    panel.train()
    assert panel.model.scores("u5").shape == (30,)
    assert model.snapshot is None and model.data is None
    with pytest.raises(ValueError, match="not trained"):
        model.scores("u5")


def test_a_model_that_cannot_be_looked_at_is_copied_to_be_trained(made, split):
    """A class of one's own without `at`: its attributes are its own, whatever the panel's copy learns."""

    class Counts:
        label = "Counts"

        def __init__(self):
            self.count = np.zeros(30, np.float32)

        def steps(self, data, validation=None, epochs=None):
            for step in range(1, (epochs or 2) + 1):
                self.count += np.bincount(data.item, minlength=30)
                yield rw.FitEvent(step, epochs or 2, {"loss": 1.0}, rw.Snapshot("counts", {}))

        def scores(self, user):
            return self.count

    mine = Counts()
    panel = made(split, mine, user="u5")
    panel.train()
    assert len(panel.recommendations.items) == 10 and not mine.count.any()


# ------------------------------------------------------------------ a closed panel


CLOSED = (
    lambda panel: panel.state, lambda panel: panel.shown, lambda panel: panel.model, lambda panel: panel.data,
    lambda panel: panel.person, lambda panel: panel.recommendations, lambda panel: panel.setup(),
    lambda panel: panel.act("next"), lambda panel: panel.act("train"), lambda panel: panel.turn(shrink=2),
    lambda panel: panel.edit(["f1"]), lambda panel: panel.drop("f1"), lambda panel: panel.undo(),
    lambda panel: panel.train(), lambda panel: panel.step(), lambda panel: panel.pause(), lambda panel: panel.stop(),
    lambda panel: panel.reset(), lambda panel: panel.export("nowhere"), lambda panel: setattr(panel, "user", "u2"),
    lambda panel: setattr(panel, "epoch", 1), lambda panel: setattr(panel, "selected", 1),
)  # fmt: skip


def test_a_closed_panel_answers_no_more_and_says_what_to_do(panel, model):
    panel.close()
    for ask in CLOSED:
        with pytest.raises(PanelClosed, match="this panel is closed and answers no more; run its cell again"):
            ask(panel)
    assert repr(panel) == "Panel(closed)", "it can still be named, as in an error of somebody else's"
    panel.close()
    assert model.scores("u5").shape == (30,)


def test_a_closed_panel_is_given_back(made, split, model):
    rw.fit(model, split.train, progress=False)
    Widget.close_all()  # those that other tests left: a box around a closed panel cannot be asked for its state
    before = set(Widget.get_manager_state()["state"])
    panel = rw.Panel(split, model)
    panel.turn(shrink=8)
    panel.edit(["f1"])
    assert set(Widget.get_manager_state()["state"]) > before
    dead = weakref.ref(panel)
    panel.close()
    assert panel not in effects.PANELS
    assert set(Widget.get_manager_state()["state"]) == before, "no widget is left in the browser or here"
    del panel
    gc.collect()
    assert dead() is None


def test_a_comparison_is_closed_the_same_way(split, model):
    rw.fit(model, split.train, progress=False)
    panel = rw.ComparePanel(split, {"svd": model})
    panel.close()
    for ask in (lambda: panel.state, lambda: panel.answers, lambda: panel.rows, lambda: panel.act("next")):
        with pytest.raises(PanelClosed, match="run its cell again"):
            ask()
    assert repr(panel)


def test_panels_of_the_same_data_share_one_split(split):
    data = split.train
    model = rw.Popularity()
    rw.fit(model, data, progress=False)
    one, two = rw.Panel(data, model), rw.ComparePanel(data, {"popular": model})
    assert one.split is two.split
    fewer = data.take(np.arange(len(data) // 2))
    assert len(rw.Panel(fewer, model=Svd()).split.train) < len(one.split.train)


def test_the_split_goes_with_the_data():
    data = rw.checkerboard()[0].take(np.arange(20))
    panel = rw.Panel(data, model=Svd())
    gone = weakref.ref(panel.split.train)
    panel.close()
    del panel, data
    gc.collect()
    assert gone() is None


def test_the_same_user_set_again_leads_back_from_a_history_of_ones_own(split, model):
    rw.fit(model, split.train, progress=False)
    for panel in (rw.Panel(split, model), rw.ComparePanel(split, {"svd": model})):
        user, before = panel.user, panel.person
        panel.edit(["f1", "f2"])
        assert panel.person.user is None and panel.user == user
        panel.user = user
        assert panel.person.user == before.user and np.array_equal(panel.person.history, before.history)
