"""A panel around a model of one's own: what it lacks is left out and said, and what it does wrong is said."""

import json
import re

import numpy as np
import pytest
from pages import html, message, page, rows, status, text, titles
from worlds import Fixed, Markup, Svd, random_table, trained

import recwidgets as rw
from recwidgets.core import Explanation, Part

SPLIT = random_table(np.random.default_rng(13), 18, 30, density=0.5).split("temporal", test=0.25, validation=0.15)
DATA = SPLIT.train
SCORES = np.random.default_rng(0).normal(size=(18, 30))


@pytest.fixture
def shown():
    """shown(model, **options): a panel on a model that has learned five epochs, closed when the test is over."""
    panels = []

    def make(model, epochs=5, **options):
        history = rw.fit(model, DATA, SPLIT.validation, epochs=epochs, progress=False)
        panels.append(rw.Panel(SPLIT, model, history=history, user="u5", **options))
        return panels[-1]

    yield make
    for panel in panels:
        panel.close()


class Explained(Fixed):
    """A table of scores whose parts are whatever `parts` says."""

    parts = (("a", 5.0), ("b", 7.0))

    def explain(self, user, item):
        parts = tuple(Part(label, "own", value) for label, value in self.parts)
        return Explanation(item, item, sum(value for _, value in self.parts), parts)


# ------------------------------------------------------------------ what a model lacks


def test_a_model_that_cannot_go_back_has_no_slider_and_a_sentence_why(shown):
    panel = shown(Fixed(DATA, SCORES), epochs=30)
    assert not page(panel, "rw-transport").all("input", data_change="epoch")
    assert "Fixed table cannot go back to earlier epochs: it has no method at(snapshot)." in text(panel, "rw-transport")
    before = html(panel)
    with pytest.raises(
        ValueError, match=r"epoch must be 30, the newest: Fixed table cannot go back.* at\(snapshot\).*5"
    ):
        panel.epoch = 5
    for act in ("epoch", "play"):
        panel.act(act, "5")
    assert panel.epoch == 30 and html(panel) == before
    assert "epoch 5" not in html(panel)


def test_what_a_model_does_not_have_is_not_on_the_page(shown):
    panel = shown(Fixed(DATA, SCORES))
    controls = page(panel, "rw-drawer-more")
    assert [bar["data-change"] for bar in controls.all("input")] == ["epochs"], "no learning rate, no knob"
    assert not controls.all(name="rw-knob")
    assert "Fixed table does not say how it comes to a score" in text(panel, "rw-why")
    assert len(rows(panel)) == 10 and not message(panel)


def test_a_models_own_list_is_shown(shown):
    panel = shown(Fixed(DATA, SCORES))
    seen = set(DATA.history(4).tolist())
    best = sorted((item for item in range(30) if item not in seen), key=lambda item: -SCORES[4, item])[:10]
    assert [int(item[1:]) - 1 for item in panel.recommendations.items] == best
    assert [title.split(" (")[0] for title in titles(panel)] == [f"Film {item + 1}" for item in best]


# ------------------------------------------------------------------ what a model does wrong


@pytest.mark.parametrize(("scores", "said"), [
    (lambda user: np.zeros(7), r"float \(n_items,\), got an array of shape \(7,\); train the model on these data"),
    (lambda user: np.full(30, np.nan), "got no finite number"),
    (lambda user: np.where(np.arange(30) == 3, np.inf, 0.0), "got infinity for Film 4"),
    (lambda user: np.array(["a"] * 30), "return numpy numbers"),
    (lambda user: [1.0, 2.0], r"got an array of shape \(2,\)"),
])  # fmt: skip
def test_scores_that_cannot_be_ranked_are_said_with_the_rule_and_the_value(shown, scores, said):
    model = Fixed(DATA, SCORES)
    model.scores = scores
    panel = shown(model)
    assert panel.shown.answer is None and not rows(panel)
    assert "must give one number for each of the 30 films" in message(panel)
    assert re.search(said, message(panel))
    assert "have been seen" not in html(panel) and "nan" not in html(panel, "rw-chart")


def test_an_explanation_that_fails_for_one_user_leaves_one_person_on_the_page(shown):
    class Halting(Explained):
        parts = (("a", 1.0),)

        def explain(self, user, item):
            if getattr(user, "user", None) == 8:
                raise RuntimeError("no reasons for <user> 9")
            return super().explain(user, item)

    panel = shown(Halting(DATA, SCORES))
    panel.user = "u9"
    assert panel.person.user == 8 and "User u9" in page(panel, "rw-user").one(name="rw-facts").text
    assert page(panel, "rw-list").one("h3").text == "Top 10 for user u9 · epoch 5 of 5"
    seen = set(DATA.history(8).tolist())
    best = max((item for item in range(30) if item not in seen), key=lambda item: SCORES[8, item])
    assert panel.recommendations.items[0] == f"f{best + 1}"
    assert "no reasons for <user> 9" in text(panel, "rw-why"), "the message stands beside the part that failed"
    assert "u5" not in html(panel, "rw-user") + html(panel, "rw-list") + html(panel, "rw-why")
    panel.user = "u5"
    assert "no reasons" not in html(panel)


NEW = next(item for item in range(30) if item not in DATA.history(4))
ONE_BEST = np.where(np.arange(30) == NEW, 0.9999, 0.0)[None].repeat(18, 0)


@pytest.mark.parametrize(("score", "said"), [(0.9999, "do not add up"), (99.0, "The explanation is of")])
def test_parts_that_do_not_add_up_and_another_score_than_the_lists_are_said(shown, score, said):
    class Inexact(Explained):
        def explain(self, user, item):
            found = super().explain(user, item)
            return Explanation(found.item, found.title, score, found.parts)

    panel = shown(Inexact(DATA, ONE_BEST))
    assert panel.recommendations.items[0] == f"f{NEW + 1}"
    assert "1.000" in rows(panel)[0].text
    why = text(panel, "rw-why")
    panel.act("tab", "sum")
    apart = text(panel, "rw-why")
    assert "5.0000" in apart and "7.0000" in apart, "the parts as they are"
    assert "1.5000" not in why and "−0.5001" not in why
    assert said in why


# ------------------------------------------------------------------ a model whose history nobody has


def read(panel):
    """All that is read in a panel."""
    return Markup(f"<div>{html(panel)}</div>").all("div")[0].text


def test_of_a_model_that_was_trained_elsewhere_no_epoch_is_made_up(tmp_path):
    model = Svd()
    history = rw.fit(model, DATA, epochs=5, progress=False)
    file = tmp_path / "state.json"
    panel = rw.Panel(SPLIT, model, user="u4", state=file)
    panel.act("wide", "1")  # all drawers are open
    everything = read(panel)
    assert not re.search(r"epoch \d|no epoch", everything)
    assert "Top 10 for user u4 · epochs not known" in text(panel, "rw-list")
    assert status(panel) == "Ready · trained elsewhere"
    assert "Trained elsewhere: for how long is not known" in text(panel, "rw-transport")
    assert not page(panel, "rw-transport").all("input", data_change="epoch")
    assert "its epochs are not known" in text(panel, "rw-ranks-head")
    assert (
        panel.epoch == 0 and repr(panel) == "Panel(Truncated SVD, MovieLens, a small world, user u4, epochs not known)"
    )
    assert repr(panel.history) == "TrainingHistory(epochs not known)"
    assert "epoch" not in panel.setup() and "epoch" not in file.read_text()
    with pytest.raises(ValueError, match="they are not known without history="):
        panel.epoch = 1
    panel.export(tmp_path)
    assert json.loads((tmp_path / "run.json").read_text())["epoch"] is None
    panel.act("epochs", "2")
    panel.train()
    assert panel.epoch == 2 and "epoch 2 of 2" in text(panel, "rw-list")
    panel.reset()
    panel.act("pretrained")
    assert "epochs not known" in text(panel, "rw-list")
    panel.close()
    assert "epoch 5 of 5" in text(rw.Panel(SPLIT, model, user="u4", history=history), "rw-list")
    compared = rw.ComparePanel(SPLIT, {"mine": model}, user="u4")
    assert "epoch" not in compared.setup() and not re.search(r"epoch \d", read(compared))


# ------------------------------------------------------------------ the line that makes a panel again


def again(panel, **more):
    """The panel that its own line makes, with what it names at hand."""
    return eval(panel.setup(), {"rw": rw, **more})


def test_the_readmes_panel_can_be_made_again():
    model = Svd()
    rw.fit(model, DATA, epochs=2, progress=False)
    panel = rw.Panel(SPLIT, model=model, chart=rw.Pie(), user="u4")
    assert panel.setup() == 'rw.Panel(data, model=model, chart=rw.Pie(), user="u4")'
    assert status(panel) == "Ready · trained elsewhere", "the shipped arrays alone are called pretrained"
    other = again(panel, data=SPLIT, model=model)
    assert other.recommendations.items == panel.recommendations.items and other.setup() == panel.setup()


def test_a_chart_of_ones_own_is_named_without_rw(shown):
    class Behind(rw.Columns):
        pass

    panel = rw.Panel(SPLIT, trained(DATA), Behind(), user="u4")
    assert "chart=Behind()" in panel.setup()
    assert type(again(panel, data=SPLIT, model=trained(DATA), Behind=Behind).chart) is Behind


def test_what_was_trained_here_is_made_again_from_what_the_panel_has():
    panel = rw.Panel(SPLIT, Svd(epochs=5), user="u4")
    panel.train()
    panel.epoch = 2
    assert panel.setup().startswith("rw.Panel(data, model=model, history=history, ")
    other = again(panel, data=panel.split, model=panel.model, history=panel.history)
    assert (other.epoch, other.recommendations.items) == (2, panel.recommendations.items)
    assert other.setup() == panel.setup()


def test_epochs_for_the_next_training_are_a_part_of_the_line():
    panel = rw.Panel(SPLIT, Svd(epochs=5), user="u4")
    panel.reset()
    panel.act("epochs", "8")
    panel.train()
    assert "epochs=8" in panel.setup()
    other = again(panel, data=panel.split, model=panel.model, history=panel.history)
    assert other.state.epochs == 8 and other.recommendations.items == panel.recommendations.items
