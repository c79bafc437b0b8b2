"""A panel's state by original ids, and back: setup(), the state file and the run card write the same."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from worlds import Fixed, Svd, random_table

import recwidgets as rw
from recwidgets.data import UnknownItem, UnknownUser
from recwidgets.panel.edited import Edited
from recwidgets.panel.settings import NAMES, jsonable, line, literal, restored, told
from recwidgets.panel.state import State, person_of, world_of
from recwidgets.panel.training import as_given

SPLIT = random_table(np.random.default_rng(13), 18, 30, density=0.4).split("temporal", test=0.25)
DATA = SPLIT.train
OWN = DATA.history(DATA.user_index("u5")).tolist()
START = State("u1")
NEW = next(item for item in range(30) if item not in OWN)


@pytest.fixture(scope="module")
def there():
    """(world, training) of an Svd with four epochs."""
    model = Svd()
    world = world_of(SPLIT, model, rw.fit(model, DATA, epochs=4, progress=False))
    return world, as_given(world)


STATES = {
    "a user": State("u5"),
    "an epoch": State("u5", epoch=2),
    "a knob": State("u5", knobs=(("shrink", 3),)),
    "a knob for training": State("u5", knobs=(("dim", 3),)),
    "a knob at all": State("u5", knobs=(("shrink", 999),)),
    "films dropped": State("u5", edited=Edited(4, tuple(OWN[2:]), (OWN[1], OWN[0]), edits=2)),
    "films moved": State("u5", edited=Edited(4, tuple(OWN[::-1]), edits=3)),
    "a film removed": State("u5", edited=Edited(4, tuple(OWN[1:]), edits=1)),
    "moved and dropped": State("u5", edited=Edited(4, tuple(OWN[:0:-1]), (OWN[0],), edits=2)),
    "a film added": State("u5", edited=Edited(4, (*OWN, NEW), edits=1)),
    "neighbours left out": State("u5", edited=Edited(4, tuple(OWN), (), (3, 0), edits=2)),
    "cleared": State("u5", edited=Edited(4, (), edits=1)),
    "you": State("u5", edited=Edited(None, (3, 1), (4,), (2,), edits=5)),
    "an empty you": State("u5", edited=Edited(None, ())),
    "epochs and rate": State("u5", epochs=7, rate=0.003),
    "all at once": State(
        "u5", epoch=1, knobs=(("dim", 8), ("shrink", 0)), edited=Edited(None, (3, 1)), epochs=2, rate=1.0
    ),
}


def meant(state):
    """What a state stands for, without how it was come to."""
    edited = state.edited and (state.edited.user, state.edited.items, state.edited.dropped, state.edited.without)
    return state.user, state.epoch, state.knobs, edited, state.epochs, state.rate, state.item


@pytest.mark.parametrize("name", STATES)
def test_what_was_told_gives_the_same_state_again(there, name):
    state = STATES[name]
    wanted = told(there[0], state, epochs=10)
    assert set(wanted) <= set(NAMES)
    assert meant(restored(*there, START, wanted)) == meant(state)


@pytest.mark.parametrize("name", STATES)
def test_so_does_what_went_through_a_file_and_what_went_through_python(there, name):
    wanted = told(there[0], STATES[name], epochs=10)
    assert restored(*there, START, json.loads(json.dumps(jsonable(wanted)))) == restored(*there, START, wanted)
    read = eval(line("dict", wanted), {"__builtins__": {"dict": dict, "float": float}})
    assert meant(restored(*there, START, read)) == meant(STATES[name])


def test_what_stands_as_it_would_anyway_is_left_out(there):
    assert told(there[0], State("u5"), epochs=10) == {"user": "u5"}
    assert told(there[0], State("u5", knobs=(("shrink", 1),), rate=0.1), epochs=10) == {"user": "u5"}, "as in the model"


def test_films_and_users_are_told_by_their_ids(there):
    edited = Edited(None, (3, 1), (4,), (2,))
    assert told(there[0], State("u5", edited=edited), item=7) == {
        "user": "u5", "edited": {"dropped": ["f5"], "without": ["u3"], "you": ["f4", "f2"]}, "selected": "f8",
    }  # fmt: skip


def test_a_film_that_is_selected_comes_back(there):
    top = rw.recommend(there[0].model, DATA, "u5").index
    wanted = told(there[0], State("u5"), item=int(top[3]))
    assert restored(*there, START, wanted).item == top[3]
    with pytest.raises(ValueError, match="selected must be a film that can be recommended, got .*: it was seen"):
        restored(*there, START, {"user": "u5", "selected": f"f{OWN[0] + 1}"})


def test_a_history_that_was_given_can_be_put_back(there):
    state = restored(*there, START, {"user": "u5", "edited": {"you": ["f1"]}})
    assert state.own and person_of(there[0], state.undo).history.tolist() == OWN
    assert restored(*there, START, {"user": "u5", "edited": {"dropped": "f1"}}).drawer == ""


@pytest.mark.parametrize(("wanted", "error", "said"), [
    ({"colour": 1}, ValueError, "a panel's state has user, epoch, .*, got 'colour'"),
    ({"user": "nobody"}, UnknownUser, "got 'nobody'"),
    ({"epoch": 5}, ValueError, "epoch must be from 1 to 4, got 5"),
    ({"epoch": 0}, ValueError, "epoch must be from 1 to 4, got 0"),
    ({"epoch": 2.0}, ValueError, "epoch must be a whole number, got 2.0"),
    ({"epoch": True}, ValueError, "epoch must be a whole number, got True"),
    ({"epoch": math.inf}, ValueError, "epoch must be a whole number, got inf"),
    ({"knobs": 3}, ValueError, "knobs must be a dict such as .*, got 3"),
    ({"knobs": {"depth": 3}}, TypeError, "Svd has no setting 'depth'; it has shrink, dim"),
    ({"knobs": {"shrink": 11}}, ValueError, "shrink must be a number from 0 to 10, or 999 for all, got 11"),
    ({"knobs": {"shrink": "3"}}, ValueError, "shrink must be a number from 0 to 10.*, got '3'"),
    ({"edited": ["f1"]}, ValueError, "edited must be a dict"),
    ({"edited": {"you": ["nothing"]}}, UnknownItem, "nothing"),
    ({"selected": "nothing"}, UnknownItem, "nothing"),
    ({"epochs": 0}, ValueError, "epochs must be a whole number of at least 1, got 0"),
    ({"epochs": True}, ValueError, "epochs must be a whole number of at least 1, got True"),
    ({"learning_rate": 0}, ValueError, "learning_rate must be a number above 0, got 0"),
    ({"learning_rate": math.inf}, ValueError, "learning_rate must be a number above 0, got inf"),
])  # fmt: skip
def test_what_does_not_fit_is_said(there, wanted, error, said):
    with pytest.raises(error, match=said):
        restored(*there, START, wanted)


def test_what_a_model_does_not_have_cannot_be_asked_of_it():
    model = Fixed(DATA, np.zeros((18, 30)))
    world = world_of(SPLIT, model, rw.fit(model, DATA, epochs=5, progress=False))
    there = world, as_given(world)
    assert restored(*there, START, {"epoch": 5}).epoch is None
    with pytest.raises(ValueError, match=r"Fixed table cannot go back, since it has no method at\(snapshot\)"):
        restored(*there, START, {"epoch": 2})
    with pytest.raises(ValueError, match="Fixed table has no knobs to turn"):
        restored(*there, START, {"knobs": {"shrink": 1}})
    with pytest.raises(ValueError, match="Fixed table has no learning rate"):
        restored(*there, START, {"learning_rate": 0.1})


def test_an_epoch_that_was_not_kept_is_the_kept_one_before(there):
    events = tuple(event for event in there[0].history.events if event.step != 3)
    world = replace(there[0], history=rw.TrainingHistory(events, 4))
    assert restored(world, as_given(world), START, {"epoch": 3}).epoch == 2


@pytest.mark.parametrize("value", [3, 0.25, -1.5, True, None, "a \"quoted\" 'text' \\ with ends\n", "千と千尋", [],
                                   ["1"], (1, 2), {"a": ["b"]}, math.inf])  # fmt: skip
def test_a_literal_is_python_for_the_value(value):
    back = eval(literal(value), {"__builtins__": {"float": float}})
    assert back == (list(value) if isinstance(value, tuple) else value)


def test_a_whole_number_is_written_as_one():
    assert literal(3.0) == "3" and literal(math.inf) == 'float("inf")'
    assert line("rw.KNNPanel", {"user": "42", "knobs": {"k": 3.0}}) == 'rw.KNNPanel(user="42", knobs={"k": 3})'
    assert line("rw.Panel", {"user": "1"}, "data, model=model") == 'rw.Panel(data, model=model, user="1")'
    assert line("rw.ComparePanel", {}) == "rw.ComparePanel()"


def test_json_has_no_infinity():
    assert jsonable({1: [math.inf, -math.inf, math.nan, (1.5,)]}) == {"1": ["inf", "-inf", "nan", [1.5]]}
