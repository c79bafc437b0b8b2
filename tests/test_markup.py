"""What is written on the page: well-formed, harmless whatever the data say, and never at odds with the answer."""

import datetime as dt

import numpy as np
import pytest
from markupsafe import Markup as Html
from worlds import Fixed, Markup, Svd, asked, random_table, table, trained

from recwidgets.answer import answer
from recwidgets.core import FitEvent, Person, Snapshot
from recwidgets.data import Interactions
from recwidgets.models.popularity import Popularity
from recwidgets.page import elements, markup
from recwidgets.page.markup import Message, Status
from recwidgets.page.page import Page
from recwidgets.panel import selector, timebar
from recwidgets.panel.curve import Curve, thin, value_range
from recwidgets.training import TrainingHistory


@pytest.fixture(scope="module")
def data():
    return random_table(np.random.default_rng(11), 15, 24)


@pytest.fixture(scope="module")
def model(data):
    return trained(data)


def listed(shown, selected=0, slots=None, moved=None):
    return Markup(markup.ranking(shown, selected, slots or {}, "Nothing here.", "Top 10", moved))


# ------------------------------------------------------------------ the list


@pytest.mark.parametrize("user", range(6))
def test_the_list_says_what_the_answer_says(data, model, user):
    shown = asked(model, data, user)
    rows = listed(shown).all("button", "rw-row")
    assert len(rows) == len(shown.top)
    for n, (row, item) in enumerate(zip(rows, shown.top.tolist(), strict=True)):
        assert row["data-act"] == "select"
        assert row["data-value"] == str(n)
        assert row["title"] == shown.full_title(item)
        scores = [f"{shown.scores[item]:.{digits}f}".replace("-", "−") for digits in (2, 3)]
        assert any(score in row.text for score in scores)
        assert row["aria-label"].startswith(f"Rank {shown.ranks[n]}: {shown.full_title(item)}, score ")


@pytest.mark.parametrize(("title", "start", "end"), [
    ("Star Wars: Episode IV - A New Hope", "Star Wars: Episode IV", " - A New Hope"),
    ("Star Wars: Episode V - The Empire Strikes Back", "Star Wars: Episode V - The Empire", " Strikes Back"),
    ("Jurassic Park", None, None), ("Supercalifragilisticexpialidocious", None, None),
    ("A " + "very" * 20, None, None), ("<b>Bold</b> & " + "x" * 20 + " <i>", "<b>Bold</b> & " + "x" * 20, " <i>"),
])  # fmt: skip
def test_a_long_name_is_cut_before_its_last_words(title, start, end):
    page = Markup(markup.named(title, "1980"))
    assert page.one("span", "rw-title").text == f"{title} 1980"
    assert [span.text for span in page.all("span", "rw-start")] == ([] if start is None else [start])
    assert [span.text for span in page.all("span", "rw-end")] == ([] if end is None else [f"{end} 1980"])


@pytest.mark.parametrize(("title", "shown"), [
    ("Star Wars: Episode IV - A New Hope", "Star Wars: Episode IV - A New Hope"), ("The Matrix", "The Matrix 1980"),
    ("North by Northwest", "North by Northwest"), ("Men in Black (a.k.a. MIB)", "Men in Black 1980"),
    ("(1)", "(1) 1980"),
])  # fmt: skip
def test_a_name_in_two_lines_is_whole_and_has_its_year_where_there_is_room(title, shown):
    assert Markup(elements.whole_name(title, "1980")).one("span", "rw-title").text == shown


def test_one_row_is_chosen(data, model):
    rows = listed(asked(model, data), selected=3).all("button", "rw-row")
    assert [row["aria-pressed"] for row in rows] == ["true" if n == 3 else "false" for n in range(10)]
    assert [row.has("rw-on") for row in rows] == [n == 3 for n in range(10)]


def test_equal_scores_share_a_rank_on_the_page():
    data = table([(0, 0), (1, 1)], 2, 6)
    page = listed(asked(Fixed(data, [[0, 5, 4, 4, 4, 1], [0] * 6]), data))
    assert [chip.text for chip in page.all("span", "rw-chip")] == ["1", "2=", "2=", "2=", "5"]
    assert "Rank 2=: Film 3 (1952), score 4.00" in page.all("button", "rw-row")[1]["aria-label"]


def test_what_was_watched_later_has_a_tick_that_is_counted_and_read_out(data, model):
    held_out = table([(0, item) for item in asked(model, data).top.tolist()[1:4]], 15, 24)
    shown = asked(model, data, 0, held_out)
    page = listed(shown)
    ticks = [cell.text for cell in page.all("span", "rw-ok")][1:]  # the first is the column's head
    assert ticks == ["", "✓", "✓", "✓"] + [""] * 6
    said = ["rated later" in row["aria-label"] for row in page.all("button", "rw-row")]
    assert said == [tick == "✓" for tick in ticks]
    assert page.one("p", "rw-foot").text == "✓ = in the held-out data, rated too: 3 of 10."


def test_where_no_tick_can_be_given_that_is_said(data, model):
    assert "Nothing is held out" in listed(asked(model, data)).one("p", "rw-foot").text
    own = answer(model, data, Person(None, np.array([1], np.int32)), data)
    assert "a history of your own has none" in listed(own).one("p", "rw-foot").text


def test_films_that_own_a_colour_carry_it(data, model):
    shown = asked(model, data)
    top = shown.top.tolist()
    chips = listed(shown, slots={top[0]: 2, top[2]: 1}).all("span", "rw-chip")
    assert [chip["class"].split() for chip in chips[:3]] == [["rw-chip", "rw-f2"], ["rw-chip"], ["rw-chip", "rw-f1"]]


def test_a_change_of_place_is_shown_and_read_out(data, model):
    shown = asked(model, data)
    top = shown.top.tolist()
    page = listed(shown, moved={top[0]: "↑2", top[1]: "new", top[2]: "↓1"})
    assert [cell.text for cell in page.all("span", "rw-moved")][:5] == ["±", "↑2", "new", "↓1", ""]
    said = [row["aria-label"].rsplit(", ", 1)[1] for row in page.all("button", "rw-row")[:3]]
    assert said == ["up 2", "new", "down 1"]


@pytest.mark.parametrize("scores", [[0.1234, 0.01], [12.3456, 1.0], [-0.5, -2.0], [0.0, 0.0]])
def test_scores_have_as_many_digits_as_they_need(scores):
    data = table([(0, 0), (1, 1)], 2, 3)
    page = listed(asked(Fixed(data, [[9, *scores], [0, 0, 0]]), data))
    numbers = [cell.text for cell in page.all("span", "rw-num")][1:]
    digits = 2 if abs(scores[0]) >= 1 else 3
    assert numbers == [f"{score:.{digits}f}".replace("-", "−") for score in scores], "with a real minus sign"


def test_an_empty_list_says_why(data, model):
    for shown in (None, asked(model, table([(0, n) for n in range(24)], 15, 24))):
        page = listed(shown)
        assert page.one("p", "rw-empty").text == "Nothing here."
        assert not page.all("button", "rw-row")


def test_a_list_is_as_long_as_there_are_films():
    data = table([(0, 0), (0, 1), (1, 2)], 2, 4)
    assert len(listed(asked(Popularity().learn(data), data)).all("button", "rw-row")) == 2


# ------------------------------------------------------------------ header and message


def test_the_header_says_model_data_and_state():
    page = Markup(markup.header("Nearest neighbours", "MovieLens", Status("Training 3 of 8", "2 s left", 0.25)))
    assert page.one("h2").text == "Nearest neighbours"
    assert page.one(name="rw-status").text == "Training 3 of 8 · 2 s left"
    assert page.one(name="rw-status")["role"] == "status"
    bar = page.one(name="rw-progress")
    assert (bar["role"], bar["aria-valuenow"], bar["aria-valuemin"], bar["aria-valuemax"]) == (
        "progressbar",
        "25",
        "0",
        "100",
    )
    assert bar["aria-label"]


def test_without_anything_under_way_there_is_no_progress_bar():
    assert not Markup(markup.header("M", "D", Status("Ready"))).all(name="rw-progress")
    assert Markup(markup.header("M", "D", Status("Getting ready", "", 0.0))).all(name="rw-progress")


def test_a_failure_is_marked():
    assert Markup(markup.header("M", "D", Status("Failed", bad=True))).one(name="rw-status").has("rw-bad")
    assert not Markup(markup.header("M", "D", Status("Ready"))).one(name="rw-status").has("rw-bad")


def test_a_message_has_a_role_buttons_and_details():
    page = Markup(markup.message(Message("It failed.", "Because.", True, (("Again", "train", "1"),), "Traceback …")))
    assert page.one(role="alert").text.startswith("It failed. Because.")
    button = page.one("button")
    assert (button.text, button["data-act"], button["data-value"], button["type"]) == ("Again", "train", "1", "button")
    assert page.one("pre").text == "Traceback …"
    assert page.one("summary").text
    said, acts = str(markup.message(Message("It failed.", details="Traceback …"))).split('<div class="rw-acts">')
    assert "<summary" in acts and "<summary" not in said, "beside the buttons, which no long text scrolls away"
    told = Markup(markup.message(Message("It moved.", more="Since it rained.")))
    assert told.one("details")["data-of"] == "It moved. ", "another message's story opens closed"
    quiet = Markup(markup.message(Message("Done.")))
    assert quiet.one(role="status")
    assert not quiet.all("details")
    assert markup.message(None) == ""


# ------------------------------------------------------------------ controls


@pytest.mark.parametrize(
    ("state", "off", "primary"),
    [("idle", ["pause"], "train"), ("running", ["train", "step"], "pause"), ("paused", ["pause"], "train")],
)
def test_the_buttons_fit_the_state(state, off, primary):
    page = Markup(markup.train_buttons(state))
    buttons = page.all("button")
    assert [button.text for button in buttons] == ["Train", "Pause", "Step", "Reset"]
    assert [button["data-act"] for button in buttons if "disabled" in button.attributes] == off
    assert [button["data-act"] for button in buttons if button.has("rw-primary")] == [primary]
    for button in buttons:
        assert button.has(f"rw-{button['data-act']}")


def test_a_slider_says_its_value_in_words():
    page = Markup(markup.slider("epochs", 3, 1, 5, name="Epochs", said="3 epochs", off=True))
    bar = page.one("input")
    assert (bar["min"], bar["max"], bar["value"]) == ("1", "5", "3")
    assert (bar["aria-label"], bar["aria-valuetext"]) == ("Epochs", "3 epochs")
    assert "--share:50.00%" in bar["style"]
    assert "disabled" in bar.attributes
    assert "--share:0.00%" in markup.slider("x", 1, 1, 1, name="x", said="1")


@pytest.mark.parametrize(("stops", "given"), [((1, 2, 3), False), ((1, 2, 5), True), ((), False), ((4,), False)])
def test_a_slider_names_the_values_that_it_can_stand_at_where_they_are_not_all(stops, given):
    bar = Markup(markup.slider("epoch", 1, 1, 5, name="Epoch shown", said="1", stops=stops)).one("input")
    assert bar.attributes.get("data-stops") == (" ".join(map(str, stops)) if given else None)


def test_settings_are_sliders_with_their_labels():
    page = Markup(markup.settings([("epochs", "Epochs", 3, 1, 5, "3", False)], "Next time."))
    assert page.one("input")["data-change"] == "epochs"
    assert page.one("output").text == "3"
    assert page.one("p", "rw-hint").text == "Next time."


def test_a_knob_says_whether_it_answers_at_once():
    page = Markup(markup.knob_rows(Svd.knobs, {"shrink": 3, "dim": 6}, training=True))
    assert [row.text.split(".")[0] for row in page.all("p", "rw-hint")] == [
        "Answers at once",
        "Retrain to see the effect",
    ]
    assert ["disabled" in bar.attributes for bar in page.all("input")] == [False, True]  # while a training is on
    assert [bar["data-change"] for bar in page.all("input")] == ["knob:shrink", "knob:dim"]
    assert [out.text for out in page.all("output")] == ["3 films", "6"]
    idle = Markup(markup.knob_rows(Svd.knobs, {"shrink": 3, "dim": 6}, training=False))
    assert not any("disabled" in bar.attributes for bar in idle.all("input"))


def test_the_positions_of_a_knob_hold_its_ends_its_default_and_all():
    for knob in Svd.knobs:
        places = markup.knob_positions(knob)
        assert places[0] == knob.low
        assert knob.high in places
        assert knob.default in places
        assert (places[-1] == knob.everything) if knob.everything is not None else (places[-1] == knob.high)
        assert places == sorted(set(places))
        for n, value in enumerate(places):
            page = Markup(markup.knob_rows([knob], {knob.name: value}, False))
            assert page.one("input")["value"] == str(n)
    assert markup.said(Svd.knobs[0], 999) == "all"
    assert markup.said(Svd.knobs[0], 4) == "4 films"


def test_the_knobs_of_the_three_models_can_be_set_to_all_that_their_sliders_offer():
    from recwidgets.models.gnn import GNN
    from recwidgets.models.knn import KNN
    from recwidgets.models.session import Session

    for cls in (GNN, KNN, Session):
        for knob in cls.knobs:
            for value in markup.knob_positions(knob):
                assert cls(**{knob.name: value}).values[knob.name] == value
            assert knob.default in markup.knob_positions(knob)


@pytest.mark.parametrize(
    ("epoch", "newest", "total", "live", "said", "off"),
    [
        (0, 0, 0, False, "no epoch yet", True),
        (1, 1, 30, False, "epoch 1 of 1", True),
        (3, 7, 30, True, "epoch 3 of 7 · live", False),
    ],
)
def test_the_time_machine_says_where_it_stands(epoch, newest, total, live, said, off):
    events = tuple(FitEvent(step, total, {}, Snapshot("m", {})) for step in range(1, newest + 1))
    page = Markup(timebar.time_bar(TrainingHistory(events, total), epoch, newest, None, False, live))
    bar = page.one("input")
    assert bar["aria-valuetext"] == page.one("output").text == said
    assert ("disabled" in bar.attributes) == off
    assert int(bar["min"]) <= int(bar["value"]) <= int(bar["max"])


# ------------------------------------------------------------------ who


def test_the_selector_is_a_combobox_with_a_list(data):
    found = selector.look_up(data, "u1")
    page = Markup(
        markup.who(("User u1", "3 ratings", "Last rated: x"), "u1", selector.user_options(data, "u1", False), False)
    )
    field = page.one("input")
    assert (field["role"], field["value"], field["aria-expanded"]) == ("combobox", "u1", "true")
    assert len(page.all("li", role="option")) == len(found.options) > 1
    assert page.one("ul")["role"] == "listbox"
    for name in ("Previous user", "Next user", "Random user"):
        assert page.one("button", aria_label=name)
    assert "aria-invalid" not in field.attributes
    closed = Markup(markup.who(("User u1", "", ""), "zzz", "", True))
    assert closed.one("input")["aria-expanded"] == "false"
    assert closed.one("input")["aria-invalid"] == "true"
    assert not closed.all("ul")


@pytest.mark.parametrize(
    ("text", "user"), [("u3", 2), ("user u3", 2), ("  u3 ", 2), ("User u3", 2), ("zzz", None), ("", None), ("  ", None)]
)
def test_what_is_typed_is_understood(data, text, user):
    assert selector.look_up(data, text).user == user
    assert len(selector.look_up(data, text).options) <= selector.OPTIONS


def test_a_number_is_the_id_of_a_user_and_no_year_of_a_film():
    titles = np.array(["Matrix, The (1999)", "2001: A Space Odyssey (1968)"])
    data = Interactions([0, 1], [0, 1], [1, 1], [0, 1], np.array(["1", "20"]), np.array(["8", "9"]), titles, ((), ()))
    for text in ("999", "1999", "user 999", "2", "2001", "user 2"):
        assert selector.look_up(data, text).user is None, text
    assert selector.look_up(data, "999").options == (), "and it offers nobody who watched a film of 1999"
    assert [user for user, _ in selector.look_up(data, "2001").options] == [1], "a number in a title's words it does"
    assert selector.look_up(data, "matrix").user == 0 and selector.look_up(data, "20").user == 1


def test_an_id_goes_before_everything_that_holds_it():
    ids = np.array(["4", "42", "142"])
    data = Interactions(
        [0, 1, 2], [0, 0, 0], [1, 1, 1], [0, 1, 2], ids, np.array(["1"]), np.array(["42nd Street"]), ((),)
    )
    assert selector.look_up(data, "42").user == 1
    assert selector.look_up(data, "42nd").user in (0, 1, 2)  # a fan of the film


def test_the_facts_on_a_user_are_right():
    time = [int(dt.datetime(2000, 3, day, 12, tzinfo=dt.UTC).timestamp()) for day in (1, 2, 5)]
    data = Interactions(
        [0, 0, 1],
        [0, 1, 1],
        [4.5, 3, 1],
        time,
        np.array(["7", "8", "9"]),
        np.array(["1", "2"]),
        np.array(["Fargo (1996)", "Silence of the Lambs, The (1991)"]),
        (("Crime", "Drama"), ("Crime",)),
    )
    name, text, last = selector.facts(data, 0)
    assert name == "User 7"
    assert text == "2 ratings from 1 March 2000 to 2 March 2000 · mostly Crime, Drama"
    assert last == "Last rated: The Silence of the Lambs 3★ · Fargo 4.5★"
    assert selector.facts(data, 1)[1].startswith("1 rating on 5 March 2000")
    assert selector.facts(data, 2) == ("User 9", "0 ratings", "Nothing rated yet.")
    assert selector.known_ids(data) == "7 to 9"


# ------------------------------------------------------------------ the curve


def test_a_long_curve_is_thinned_to_what_a_browser_can_draw():
    x, y = thin(list(range(1, 1001)), [1 / n for n in range(1, 1001)], 300)
    assert len(x) <= 300
    assert (x[0], x[-1]) == (1, 1000)
    np.testing.assert_allclose(y, 1 / x)
    x, y = thin([1, 2, 3], [1.0, float("nan"), 3.0])
    assert (x.tolist(), y.tolist()) == ([1, 3], [1, 3])


@pytest.mark.parametrize("values", [[], [0.0], [5.0, 5.0], [-1.0, 2.0]])
@pytest.mark.parametrize("zero", [False, True])
def test_an_axis_is_never_without_width(values, zero):
    low, high = value_range(np.array(values), zero)
    assert low < high
    assert not values or (min(values) >= low or zero)
    assert not values or max(values) <= high


def test_the_curve_says_its_numbers_in_words(data):
    history = TrainingHistory()
    for event in Svd().steps(data, data, epochs=4):
        history.add(event)
    curve = Curve()
    curve.show(history, 2, 0.25)
    loss = history.curve("loss")[1]
    head = Markup(curve.loss_head.html)
    assert f"epoch 2: {loss[1]:.3f}" in head.one("p").text
    assert f"From {loss[0]:.3f} at epoch 1 to {loss[-1]:.3f} at epoch 4." in head.one("p")["data-alt"]
    assert "dashed: popularity 25.0 %" in Markup(curve.accuracy_head.html).one("p").text
    assert curve.loss.line.x.tolist() == [1, 2, 3, 4]
    np.testing.assert_allclose(curve.loss.line.y, loss)
    assert curve.loss.marker.x.tolist() == [2, 2]
    assert curve.accuracy.base.y.tolist() == [0.25, 0.25]
    assert "rw-curve" in curve.widget._dom_classes


@pytest.mark.parametrize("epoch", [1, 4, 357, 700])
def test_a_curve_of_more_epochs_than_are_drawn_has_the_one_that_is_looked_at(epoch):
    """It said "not measured" of an epoch that was left out, and had no marker there."""
    history = TrainingHistory()
    for step in range(1, 701):
        history.metrics[step] = {"loss": 1 / step, "top_10_accuracy": step / 700}
    curve = Curve()
    curve.show(history, epoch, None)
    for plot, value in ((curve.loss, 1 / epoch), (curve.accuracy, epoch / 700)):
        assert plot.dot.x.tolist() == [epoch] and plot.marker.x.tolist() == [epoch] * 2
        np.testing.assert_allclose(plot.dot.y, [value])
        assert len(plot.line.x) <= 301
    assert f"epoch {epoch}: {1 / epoch:.3f}" in Markup(curve.loss_head.html).one("p").text


def test_a_curve_without_an_epoch_is_empty_and_says_so():
    curve = Curve()
    curve.show(TrainingHistory(), 0, None)
    assert "no epoch yet" in curve.loss_head.html
    assert len(curve.loss.line.x) == len(curve.loss.dot.x) == len(curve.accuracy.base.x) == 0


# ------------------------------------------------------------------ a region


def test_a_region_hands_acts_on_and_swallows_what_is_none():
    heard = []
    page = Page("rw-list", handler=lambda act, value: heard.append((act, value)))
    page._message(page, {"act": "select", "value": 3}, [])
    page._message(page, {"act": "next"}, [])
    page._message(page, {"other": 1}, [])
    page._message(page, "text", [])
    assert heard == [("select", "3"), ("next", "")]
    assert {"rw-page", "rw-list"} <= set(page._dom_classes)
    Page()._message(None, {"act": "x"}, [])


def test_a_region_sends_nothing_where_nothing_changed():
    page, changes = Page(), []
    page.observe(lambda change: changes.append(change["new"]), "html")
    for text in ("a", "a", "b", Html("b"), "b"):
        page.show(text)
    assert changes == ["a", "b"]
