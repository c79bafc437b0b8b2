"""What a learner can do, as pure functions: act(seen, state, name, value) gives the next state. No widget, no page."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from worlds import Fixed, Svd, random_table

import recwidgets as rw
from recwidgets.data import UnknownUser
from recwidgets.panel.acts import ACTS, Seen, UnknownAct, act, turned
from recwidgets.panel.show import Asked, show
from recwidgets.panel.state import Change, State, person_of, world_of
from recwidgets.panel.training import as_given

SPLIT = random_table(np.random.default_rng(13), 18, 30, density=0.4).split("temporal", test=0.25)
DATA = SPLIT.train
START = State("u5")


def made(model=None, epochs=4):
    """(world, training) of a model that was trained so many epochs."""
    model = model or Svd()
    history = rw.fit(model, DATA, epochs=epochs, progress=False)
    world = world_of(SPLIT, model, history)
    return world, as_given(world)


@pytest.fixture(scope="module")
def trained_world():
    return made()


@pytest.fixture
def play(trained_world):
    """play(state, *(name, value)): the state after these acts, each done on what the one before has shown."""

    def run(state, *acts, world=trained_world):
        asked = Asked()
        for name, value in acts:
            state = act(Seen(*world, show(*world, state, asked)), state, name, value)
        return state

    return run


def items(state):
    """The history shown, by index."""
    return person_of(world_of(SPLIT, Svd()), state).history.tolist()


OWN = DATA.history(DATA.user_index("u5")).tolist()

# ------------------------------------------------------------------ the table


def test_an_act_that_does_not_exist_is_an_error_that_says_which_do(play):
    with pytest.raises(UnknownAct, match=r"act must be one of add, add-title, .*, you, got 'explode'"):
        play(START, ("explode", "1"))
    with pytest.raises(UnknownAct, match="got ''"):
        play(START, ("", ""))
    assert issubclass(UnknownAct, ValueError)


def test_no_act_changes_the_state_it_was_given(play):
    before = START
    for name, value in (("user", "u2"), ("drop", f"film:{OWN[0]}"), ("knob:shrink", "3"), ("epoch", "1"), ("you", "")):
        assert play(before, (name, value)) != before
        assert before == State("u5")
    with pytest.raises(FrozenInstanceError):
        before.user = "u2"


def test_what_stands_after_the_colon_of_a_name_is_a_part_of_the_value(play):
    assert play(START, ("knob:shrink", "3")) == play(START, ("knob", "shrink:3"))
    assert play(START, ("drop:film", str(OWN[0]))) == play(START, ("drop", f"film:{OWN[0]}"))


def test_every_act_of_the_table_gives_a_state(play):
    """With a value as the page sends it; nothing else happens than that another state comes back."""
    values = {
        "user": "u2", "find": "u1", "choose": "u3", "own": "1 2", "drop": f"film:{OWN[0]}", "remove": str(OWN[0]),
        "add": "2", "film": "Fi", "add-title": "Film 3", "earlier": str(OWN[1]), "later": str(OWN[0]), "click": "-1",
        "select": "2", "epoch": "2", "tempo": "fast", "motion": "still", "knob": "shrink:3", "knob-step": "shrink:1",
        "epochs": "7", "rate": "1", "tab": "not", "drawer": "curves", "open": "1", "rival": "3",
        "rival-title": "Film 4", "alpha": "40", "move-to": f"{OWN[1]}:0", "front": str(OWN[0]), "films": "0",
        "base": "original", "clue": "2",
        "take-out": f"film:{OWN[0]} {OWN[1]}",
    }  # fmt: skip
    for name in sorted(set(ACTS) - {"put-back", "ask-again"}):  # which need something that was taken out
        assert isinstance(play(START, (name, values.get(name, ""))), State), name


# ------------------------------------------------------------------ who


def test_another_user_is_shown_as_in_the_data(play):
    changed = play(START, ("drop", f"film:{OWN[0]}"), ("edit", ""), ("find", "u1"), ("user", "u7"))
    assert changed == State("u7", drawer="edit")
    assert items(changed) == DATA.history(6).tolist() and changed.undo is None and changed.before is None


def test_another_user_keeps_epoch_and_knobs(play):
    changed = play(START, ("epoch", "2"), ("knob:shrink", "3"), ("next", ""))
    assert (changed.user, changed.epoch, changed.knobs) == ("u6", 2, (("shrink", 3),))


def test_an_unknown_user_is_refused(play):
    with pytest.raises(UnknownUser, match="got 'nobody'"):
        play(START, ("user", "nobody"))


def test_next_and_previous_go_round(play):
    assert play(State("u18"), ("next", "")).user == "u1"
    assert play(State("u1"), ("previous", "")).user == "u18"


def test_choosing_nobody_keeps_what_was_typed_and_says_who_there_is(play):
    refused = play(START, ("find", "zz"), ("choose", "zzz"))
    assert (refused.user, refused.typed, refused.wrong) == ("u5", "zzz", True)
    assert refused.message.bad and "u1 to u18" in refused.message.text
    assert play(refused, ("close", "")) == refused, "the list closes, the refused text stays to be mended"
    assert play(refused, ("choose", " ")).user == "u5"
    assert play(refused, ("choose", "u4")) == State("u4")


# ------------------------------------------------------------------ the history


def test_a_dropped_film_is_evidence_no_more_and_is_not_recommended(play):
    changed = play(START, ("drop", f"film:{OWN[2]}"))
    assert items(changed) == [item for item in OWN if item != OWN[2]]
    assert changed.edited.dropped == (OWN[2],) and changed.edited.edits == 1
    assert isinstance(changed.message, Change) and changed.message.dropped == OWN[2]
    assert changed.message.lead == f"You took out Film {OWN[2] + 1} ({1950 + OWN[2]}); it stays out of the list too."
    assert changed.before == START and changed.outlined


def test_a_removed_film_may_be_recommended(play):
    changed = play(START, ("remove", str(OWN[2])))
    assert items(changed) == [item for item in OWN if item != OWN[2]] and changed.edited.dropped == ()


def test_a_neighbour_is_left_out_by_index(play):
    changed = play(START, ("drop", "neighbour:3"), ("drop", "neighbour:8"), ("drop", "neighbour:3"))
    assert changed.edited.without == (8, 3) and items(changed) == OWN
    assert changed.message.lead == "User u4 is not asked any more."


@pytest.mark.parametrize("value", ["3", "films:3", "film:", "film:x", ""])
def test_what_cannot_be_dropped_is_refused(play, value):
    with pytest.raises(ValueError, match="what is dropped must be|a film must be a whole number"):
        play(START, ("drop", value))


@pytest.mark.parametrize("name", ["add", "remove", "earlier", "later", "drop:film", "drop:neighbour"])
@pytest.mark.parametrize("index", ["-1", "30", "99"])
def test_an_index_beyond_the_table_is_refused(play, name, index):
    """-1 would be Python's last row: another film or user than anybody meant."""
    with pytest.raises(ValueError, match=f"must be an index from 0 to [0-9]+, got '{index}'"):
        play(START, (name, index))


def test_a_film_is_added_as_the_newest_and_one_that_was_there_moves(play):
    new = next(item for item in range(30) if item not in OWN)
    changed = play(START, ("add", str(new)))
    assert items(changed) == [*OWN, new] and changed.message.lead.startswith("You added")
    again = play(changed, ("add", str(OWN[0])))
    assert items(again) == [*OWN[1:], new, OWN[0]] and "already" in again.message.lead


def test_what_was_dropped_comes_back_by_adding(play):
    changed = play(START, ("drop", f"film:{OWN[0]}"), ("add", str(OWN[0])))
    assert items(changed) == [*OWN[1:], OWN[0]] and changed.edited.dropped == ()


def test_a_film_is_moved_and_not_beyond_the_ends(play):
    assert items(play(START, ("earlier", str(OWN[1])))) == [OWN[1], OWN[0], *OWN[2:]]
    assert items(play(START, ("later", str(OWN[0])))) == [OWN[1], OWN[0], *OWN[2:]]
    assert items(play(START, ("earlier", str(OWN[0])))) == OWN
    absent = next(item for item in range(30) if item not in OWN)
    with pytest.raises(ValueError, match="to move must be one of the history shown, got Film"):
        play(START, ("later", str(absent)))


def test_the_first_film_that_a_title_finds_is_added_or_nothing_is_found(play):
    assert items(play(START, ("you", ""), ("add-title", "Film 12"))) == [11]
    missing = play(START, ("you", ""), ("add-title", "no such"))
    assert items(missing) == [] and missing.message.bad and "no film called no such" in missing.message.lead
    assert play(START, ("add-title", "  ")) == START


def test_a_history_of_ones_own_is_opened_empty_and_closed_to_the_user(play):
    opened = play(START, ("you", ""))
    assert (items(opened), opened.edited.user, opened.drawer) == ([], None, "edit")
    back = play(opened, ("add", "3"), ("you", ""))
    assert back == START and items(play(back, ("undo", ""))) == [3], "what was picked can be had again"


def test_the_users_history_is_opened_and_closed_without_a_change(play):
    opened = play(START, ("edit", ""))
    assert opened == replace(START, drawer="edit") and play(opened, ("edit", "")) == START
    assert play(START, ("drop", f"film:{OWN[0]}"), ("edit", ""), ("edit", "")).edited.dropped == (OWN[0],)


def test_a_whole_history_is_one_change(play):
    changed = play(START, ("own", "3 1 3 8"))
    assert items(changed) == [3, 1, 8], "each film once, where it came first"
    assert (changed.edited.edits, changed.drawer) == (1, "edit") and play(changed, ("undo", "")) == START
    assert items(play(START, ("own", ""))) == []


def test_slow_motion_goes_click_by_click_and_not_beyond_the_ends(play):
    earlier = play(START, ("click", "-1"))
    assert items(earlier) == OWN[:-1] and f"After {len(OWN) - 1} of {len(OWN)} clicks" in earlier.message.lead
    assert items(play(earlier, ("click", "1"))) == OWN
    assert play(START, ("click", "1")) == START, "there is no later click"
    assert items(play(START, *[("click", "-1")] * 50)) == OWN[:1]
    assert play(START, ("you", ""), ("click", "-1")) == play(START, ("you", "")), "nobody clicked there"


# ------------------------------------------------------------------ undo


def test_undo_goes_back_change_by_change_of_history_and_knobs(play):
    dropped = play(START, ("drop", f"film:{OWN[0]}"))
    both = play(dropped, ("knob:shrink", "3"))
    assert (both.edited, both.knobs) == (dropped.edited, (("shrink", 3),))
    once = play(both, ("undo", ""))
    assert (once.edited, once.knobs) == (dropped.edited, ())
    assert once.message.lead == "Undone." and once.message.buttons[0][1] == "undo"
    twice = play(once, ("undo", ""))
    assert (twice.edited, twice.knobs, twice.message) == (None, (), None)
    assert play(twice, ("undo", "")) == twice, "there is nothing before"


def test_an_undo_takes_back_the_change_that_its_button_showed_and_no_other(play):
    """A second click, sent before the page knew of the first, names a change that is taken back already."""
    both = play(START, ("drop", f"film:{OWN[0]}"), ("drop", f"film:{OWN[1]}"))
    assert both.changes == 2
    once = play(both, ("undo", "2"))
    assert items(once) == OWN[1:] and once.changes == 1
    assert play(once, ("undo", "2")) is once
    assert play(once, ("undo", "1")) == START
    assert play(once, ("undo", "")) == START, "code names none: it means the last one"


def test_a_button_that_takes_back_a_film_says_so_once_it_takes_back_a_knob(play):
    dropped = play(START, ("drop", f"film:{OWN[0]}"))
    assert dropped.message.undo == "Put it back"
    turned = play(dropped, ("knob:dim", "3"))  # for the next training: what is said of the film stays
    assert turned.message == replace(dropped.message, undo="Undo: Dimensions")
    assert items(play(turned, ("undo", "2"))) == OWN[1:]


def test_undo_takes_back_a_drop_that_came_after_a_turn_and_leaves_the_turn(play):
    both = play(START, ("knob:shrink", "3"), ("rest", ""), ("drop", f"film:{OWN[0]}"))
    once = play(both, ("undo", ""))
    assert (once.edited, once.knobs) == (None, (("shrink", 3),))
    assert play(once, ("undo", "")).knobs == ()


def test_undo_keeps_user_and_epoch(play):
    changed = play(START, ("drop", f"film:{OWN[0]}"), ("epoch", "2"), ("undo", ""))
    assert (changed.user, changed.epoch, changed.edited) == ("u5", 2, None)


def test_another_user_has_nothing_to_undo(play):
    changed = play(START, ("knob:shrink", "3"), ("user", "u2"), ("undo", ""))
    assert changed.knobs == (("shrink", 3),)


def test_what_is_remembered_is_no_chain_of_everything(play):
    """`before` of a state that is remembered is let go: else each answer would keep all that came before it."""
    changed = play(START, *[("drop", f"film:{item}") for item in OWN[:3]])
    assert changed.before is not None and changed.before.before is None and changed.undo.before is None


# ------------------------------------------------------------------ what is looked at


def test_a_film_is_selected_by_its_rank(play, trained_world):
    top = show(*trained_world, START, Asked()).answer.top.tolist()
    assert play(START, ("select", "3")).item == top[3]
    assert show(*trained_world, play(START, ("select", "3")), Asked()).rank == 3


@pytest.mark.parametrize("rank", ["-1", "10", "99"])
def test_a_rank_that_is_none_is_refused(play, rank):
    with pytest.raises(ValueError, match=rf"selected must be from 0 to 9 \(0 = first of the list\), got {rank}"):
        play(START, ("select", rank))


@pytest.mark.parametrize(("name", "value"), [("select", "x"), ("epoch", "x"), ("epochs", "x"), ("rate", "x"),
                                             ("add", "x"), ("knob:shrink", "x"), ("knob:shrink", "")])  # fmt: skip
def test_a_value_that_is_no_number_is_refused(play, name, value):
    with pytest.raises(ValueError, match=f"must be a whole number, got {value!r}"):
        play(START, (name, value))


@pytest.mark.parametrize(("value", "epoch"), [("1", 1), ("3", 3), ("4", None), ("900", None), ("0", 1), ("-7", 1)])
def test_the_slider_of_the_epochs_stops_at_what_there_is(play, value, epoch):
    assert play(START, ("epoch", value)).epoch == epoch, "None is the newest"


def test_between_two_kept_epochs_the_earlier_one_is_shown(play):
    model = Svd()
    events = [event for event in model.steps(DATA, epochs=9) if event.step in (2, 5, 9)]
    world = world_of(SPLIT, model, rw.TrainingHistory(tuple(events), 9))
    for asked, shown in ((1, 2), (4, 2), (5, 5), (8, 5), (9, None)):
        assert play(START, ("epoch", str(asked)), world=(world, as_given(world))).epoch == shown


def test_a_model_that_cannot_go_back_stays_at_its_newest_epoch(play):
    model = Fixed(DATA, np.zeros((18, 30)))
    history = rw.fit(model, DATA, epochs=5, progress=False)
    world = world_of(SPLIT, model, history)
    there = (world, as_given(world))
    for name, value in (("epoch", "2"), ("play", "")):
        assert play(START, (name, value), world=there) == START, name


def test_a_replay_goes_from_the_first_epoch_to_the_last_and_ends(play):
    state, seen = play(START, ("play", "")), []
    while state.playing:
        seen.append(state.epoch)
        state = play(state, ("tick", ""))
    assert seen == [1, 2, 3] and state.epoch is None
    assert play(play(START, ("play", "")), ("play", "")).playing is False
    assert play(play(START, ("play", "")), ("epoch", "3")).playing is False, "whoever looks for himself stops it"
    assert play(replace(START, epoch=2), ("play", ""), ("tick", "")).epoch == 3, "from where one stands"
    assert play(START, ("tick", "")) == START


def test_a_tempo_that_is_none_is_the_normal_one(play):
    assert play(START, ("tempo", "fast")).tempo == "fast" and play(START, ("tempo", "warp")).tempo == "normal"


# ------------------------------------------------------------------ knobs and settings


def test_a_knob_is_turned_to_a_position_of_its_slider(play):
    assert play(START, ("knob:shrink", "3")).knobs == (("shrink", 3),)
    assert play(START, ("knob:shrink", "11")).knobs == (("shrink", 999),), "the last position means all"


@pytest.mark.parametrize("position", ["-1", "12", "999"])
def test_a_position_that_is_none_is_refused(play, position):
    with pytest.raises(ValueError, match=rf"the position of shrink must be an index from 0 to 11, got '{position}'"):
        play(START, ("knob:shrink", position))


def test_a_knob_that_is_none_is_refused(play):
    with pytest.raises(ValueError, match="Truncated SVD has no knob 'depth'; it has shrink, dim"):
        play(START, ("knob:depth", "1"))
    world = world_of(SPLIT, Fixed(DATA, np.zeros((18, 30))))
    with pytest.raises(ValueError, match="Fixed table has no knob 'shrink'; it has none"):
        play(START, ("knob:shrink", "1"), world=(world, as_given(world)))


def test_one_drag_of_a_slider_is_one_change(play):
    dragged = play(START, *[("knob:shrink", str(position)) for position in (2, 4, 7)])
    assert dragged.knobs == (("shrink", 7),) and dragged.turning == "shrink"
    assert dragged.before == START == play(dragged, ("undo", "")), "what moved is counted from where it began"
    rested = play(dragged, ("rest", ""))
    assert rested.turning == ""
    again = play(rested, ("knob:shrink", "1"), ("knob:shrink", "0"))
    assert again.before.knobs == (("shrink", 7),) and play(again, ("undo", "")).knobs == (("shrink", 7),)


@pytest.mark.parametrize(("act", "away", "home"), [("knob:shrink", "5", "1"), ("alpha", "60", "0")])
@pytest.mark.parametrize("rest", [True, False])
def test_back_where_all_stands_as_trained_nothing_in_the_list_is_new(play, trained_world, act, away, home, rest):
    """Whether in one drag or in two; and what is turned on from there counts again from where it began."""
    resting = [("rest", "")] if rest else []
    back = play(START, (act, away), *resting, (act, home))
    assert back.before is None and not show(*trained_world, back, Asked()).moved
    assert play(back, ("undo", "")).before is None
    on = play(back, *resting, (act, away))
    assert on.before is not None and on.before.values(trained_world[0]) == START.values(trained_world[0])
    assert play(START, ("alpha", "60"), ("knob:shrink", "5"), ("rest", ""), (act, home)).before is not None, (
        "the other one is still turned"
    )


def test_a_knob_that_is_put_where_it_stands_is_no_change(play):
    assert play(START, ("knob:shrink", "1")) == START


def test_a_knob_for_the_next_training_changes_no_answer(play):
    changed = play(START, ("knob:dim", "3"))
    assert dict(changed.knobs).keys() == {"dim"} and changed.before is None and changed.message is None
    assert play(changed, ("undo", "")) == START, "but it can be put back"


def test_turning_takes_away_what_was_said_of_a_dropped_film(play):
    dropped = play(START, ("drop", f"film:{OWN[0]}"))
    assert dropped.message is not None and dropped.outlined
    turned_after = play(dropped, ("knob:shrink", "3"))
    assert turned_after.message is None and not turned_after.outlined


def test_slow_motion_turns_a_knob_by_one_and_not_beyond_its_ends(play):
    assert play(START, ("knob-step:shrink", "1")).knobs == (("shrink", 2),)
    assert play(START, ("knob-step:shrink", "-1"), ("knob-step:shrink", "-1")).knobs == (("shrink", 0),)
    world = made()
    shown = show(*world, START, Asked())
    assert turned(Seen(*world, shown), START, "shrink", 4).knobs == (("shrink", 4),)


def test_epochs_and_learning_rate_are_for_the_next_training(play, trained_world):
    assert play(START, ("epochs", "7")).epochs == 7
    assert play(START, ("epochs", "0")).epochs == 1, "at least one"
    assert play(START, ("rate", "0")).rate == trained_world[1].rates[0] == 0.0003


@pytest.mark.parametrize("index", ["-1", "99"])
def test_a_learning_rate_that_is_none_is_refused(play, index):
    with pytest.raises(ValueError, match=f"rate on the slider must be an index from 0 to 7, got '{index}'"):
        play(START, ("rate", index))


def test_a_model_without_a_learning_rate_has_none_to_choose(play):
    world = world_of(SPLIT, Fixed(DATA, np.zeros((18, 30))))
    with pytest.raises(ValueError, match="the learning rate on the slider must be left out where there is none"):
        play(START, ("rate", "0"), world=(world, as_given(world)))


def test_a_film_that_nobody_chose_is_kept_where_it_is_explained_and_by_no_other_act():
    """A drop or a knob is looked at to see what it does to the film explained; an epoch has a first film of its own."""
    world = made()
    state, asked = START, Asked()
    first = show(*world, state, asked).item
    for name, value in (
        ("tab", "sum"),
        ("drawer", "ranks"),
        ("epoch", "1"),
        ("epoch", "99"),
        ("user", "u6"),
        ("user", "u5"),
    ):
        state = act(Seen(*world, show(*world, state, asked)), state, name, value)
        assert state.item is None, name
    for name, value in (("drop", f"film:{OWN[0]}"), ("knob:shrink", "4"), ("alpha", "40")):
        changed = act(Seen(*world, show(*world, state, asked)), state, name, value)
        assert changed.item == first, name
        assert act(Seen(*world, show(*world, changed, asked)), changed, "undo", "").item is None
