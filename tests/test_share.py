"""How much of this list is for me: less of all users' taste, in everything that a panel shows."""

import asyncio

import numpy as np
import pytest
from pages import html, page, text, until
from worlds import Fixed, Svd, random_table, trained

import recwidgets as rw
from recwidgets.core import person_of
from recwidgets.panel.share_view import in_runs
from recwidgets.protocols import Explains, Queries, Rewindable, SumsTerms, Tunable, Vectors
from recwidgets.ranking import held_out_accuracy
from recwidgets.reasons.less import LABEL, less_shared

SPLIT = random_table(np.random.default_rng(3), 18, 30, density=0.4).split("temporal", test=0.25, validation=0.2)
READY = {"gnn": rw.GNNPanel, "knn": rw.KNNPanel, "session": rw.SessionPanel}


def averages(model, data):
    """What the average user gets, from all users' own scores: float64 (n_items,)."""
    return np.mean([model.scores(user) for user in data.users.tolist()], axis=0, dtype=np.float64)


@pytest.fixture(scope="module")
def ready():
    """Panels of the shipped models, each made once."""
    made = {name: make(user="168") for name, make in READY.items()}
    yield made
    for panel in made.values():
        panel.close()


@pytest.mark.parametrize("percent", [25, 50, 100])
@pytest.mark.parametrize("name", READY)
def test_the_list_is_what_the_scores_less_the_average_users_give(ready, name, percent):
    panel = ready[name]
    panel.act("alpha", "0")
    as_trained, data = panel.model, panel.data
    expected = as_trained.scores("168").astype(np.float64) - percent / 100 * averages(as_trained, data)
    panel.act("alpha", str(percent))
    index = panel.shown.answer.top
    np.testing.assert_allclose(panel.shown.answer.scores, expected, atol=2e-4)
    seen = set(person_of(data, "168").history.tolist())
    order = [item for item in np.argsort(-panel.shown.answer.scores, kind="stable").tolist() if item not in seen][:10]
    assert index.tolist() == order
    assert (
        panel.recommendations.items == rw.personal_share(as_trained, data, "168", percent / 100).recommendations.items
    )
    assert rw.recommend(panel.model, data, "168").items == panel.recommendations.items, "the model says it, too"


@pytest.mark.parametrize("name", READY)
def test_parts_terms_reason_and_difference_add_up_to_the_lower_score(ready, name):
    panel = ready[name]
    panel.act("alpha", "40")
    panel.act("select", "2")
    item, shown = panel.shown.item, panel.shown
    score = float(shown.answer.scores[item])
    assert sum(part.value for part in shown.explanation.parts) == pytest.approx(score, abs=1e-3)
    (taken,) = [part for part in shown.explanation.parts if part.label == LABEL]
    as_trained = panel.model.as_trained
    assert taken.value == pytest.approx(-0.4 * averages(as_trained, panel.data)[item], abs=1e-4)
    reason = shown.reason
    assert sum(line.value for line in reason.lines) == pytest.approx(score, abs=1e-3)
    (less,) = [line for line in reason.lines if line.kind == "less"]
    assert less.value == pytest.approx(taken.value, abs=1e-4)
    assert reason.flow.values.sum(1) == pytest.approx([line.value for line in reason.lines])
    np.testing.assert_allclose(shown.parts.sum(1), shown.answer.scores[shown.answer.top], atol=1e-4)
    rival = int(shown.answer.top[5])
    panel.act("rival", str(rival))
    difference = panel.shown.difference
    assert difference.value == pytest.approx(score - float(shown.answer.scores[rival]), abs=1e-4)
    assert sum(part.value for part in difference.contributions) == pytest.approx(difference.value, abs=1e-3)
    panel.act("tab", "why")


@pytest.mark.parametrize("name", READY)
def test_what_would_have_to_go_is_confirmed_by_the_view(ready, name):
    panel = ready[name]
    panel.act("alpha", "50")
    panel.selected = 0
    reason, data = panel.shown.reason, panel.data
    assert reason.needed or reason.needed_neighbours
    person = person_of(data, "168")
    gone = {data.item_index(item) for item in reason.needed}
    person = person._replace(
        history=np.array([item for item in person.history.tolist() if item not in gone], np.int32),
        without=tuple(data.user_index(user) for user in reason.needed_neighbours),
    )
    scores = panel.model.scores(person)
    assert scores[data.item_index(reason.rival)] > scores[data.item_index(reason.item)]


@pytest.mark.parametrize("name", READY)
def test_votes_and_the_average_user_stay_the_models(ready, name):
    panel = ready[name]
    panel.act("alpha", "0")
    panel.selected = 0
    before, item = panel.shown.reason, panel.recommendations.items[0]
    panel.act("alpha", "60")
    after = rw.reason(panel.model, panel.data, "168", item)
    assert (after.votes, after.votes_usual, after.average_rank) == (
        before.votes, before.votes_usual, before.average_rank,
    )  # fmt: skip


@pytest.mark.parametrize("name", READY)
def test_the_count_is_of_what_the_average_user_gets_of_the_same_films(ready, name):
    panel = ready[name]
    for percent in (0, 50):
        panel.act("alpha", str(percent))
        mean = averages(getattr(panel.model, "as_trained", panel.model), panel.data)
        mean[panel.person.history] = -np.inf
        theirs = set(np.argsort(-mean, kind="stable")[:10].tolist())
        theirs_too = [item in theirs for item in panel.shown.answer.top.tolist()]
        count = sum(theirs_too)
        assert panel.shown.shared == tuple(n for n, too in enumerate(theirs_too, 1) if too)
        ranks = [
            rw.reason(panel.model, panel.data, panel.state.user, panel.data.items[item]).average_rank
            for item in panel.shown.answer.top.tolist()
        ]
        assert sum(rank <= 10 for rank in ranks) == count, "one definition: ranks and count are of the same films"
        assert f"has {count} of these" in text(panel, "rw-shared-line")
        named = f": rank{'s' * (count > 1)} {in_runs(panel.shown.shared)}." if 0 < count < 10 and not percent else "."
        assert f"{count} of these{named}" in text(panel, "rw-shared-line")


@pytest.mark.parametrize(
    ("numbers", "written"),
    [((1,), "1"), ((1, 2), "1, 2"), ((1, 2, 3, 5, 8, 9), "1–3, 5, 8, 9"), ((2, 4, 5, 6, 7), "2, 4–7"), ((), "")],
)
def test_ranks_are_written_in_short(numbers, written):
    assert in_runs(numbers) == written


def test_a_view_has_what_its_model_has_and_nothing_else():
    mine = trained(SPLIT.train)
    for model in (mine, Fixed(SPLIT.train, np.random.default_rng(0).normal(size=(18, 30)))):
        view = less_shared(model, 0.5, SPLIT.train)
        for protocol in (Explains, Queries, Rewindable, SumsTerms, Tunable, Vectors):
            assert isinstance(view, protocol) == isinstance(model, protocol), protocol
        assert isinstance(view, type(model)) and view.label == model.label
        np.testing.assert_allclose(
            view.scores("u3"), model.scores("u3") - 0.5 * averages(model, SPLIT.train), atol=1e-5
        )
    assert type(less_shared(mine, 0.1, SPLIT.train)) is type(less_shared(mine, 0.9, SPLIT.train)), "one class for all"


def test_the_callers_model_is_as_it_was_and_another_epoch_is_as_trained():
    model = Svd()
    history = rw.fit(model, SPLIT.train, SPLIT.validation, epochs=3, progress=False)
    before = model.scores("u3").copy()
    panel = rw.Panel(SPLIT, model, history=history, user="u3", alpha=0.5)
    assert panel.model is not model and type(model) is Svd and np.array_equal(model.scores("u3"), before)
    at = panel.model.at(history.events[0].snapshot)
    assert type(at) is Svd
    panel.epoch = 1
    expected = at.scores("u3") - 0.5 * averages(at, SPLIT.train)
    np.testing.assert_allclose(panel.shown.answer.scores, expected, atol=1e-4)
    panel.close()


def test_it_is_one_change_can_be_undone_and_comes_back_from_the_setup():
    panel = rw.GNNPanel(user="42")
    before = panel.recommendations.items

    async def drag():
        for percent in ("20", "40", "70"):
            panel.act("alpha", percent)
        panel.act("rest")

    asyncio.run(drag())
    assert panel.state.alpha == 0.7 and panel.setup() == 'rw.GNNPanel(user="42", selected="480", alpha=0.7)'
    now = panel.recommendations.items
    again = eval(panel.setup(), {"rw": rw})
    assert again.recommendations.items == now != before
    panel.undo()
    assert panel.state.alpha == 0 and panel.recommendations.items == before
    for wrong in (1.5, -0.1, True, "half"):
        with pytest.raises(ValueError, match="alpha must be a number from 0 .as trained. to 1"):
            rw.GNNPanel(user="42", alpha=wrong).setup()
    panel.act("alpha", "101")
    assert "from 0 to 100 per cent, got 101" in panel.shown.message.text and panel.state.alpha == 0


def test_what_it_does_to_all_users_is_measured_on_the_validation_rows():
    model = trained(SPLIT.train, epochs=2)
    wanted = rw.personal_curve(model, SPLIT.train, SPLIT.validation, (0.0, 0.5))

    async def cell():
        panel = rw.Panel(SPLIT, model, user="u3")
        panel.act("alpha", "50")
        panel.act("rest")
        await until(lambda: "All users: accuracy" in text(panel, "rw-shared-line"))
        words = text(panel, "rw-shared-line")
        was, now = 100 * wanted.accuracy
        assert f"accuracy {now:.1f} % (was {was:.1f})" in words
        assert f"novelty {wanted.novelty[1]:.1f} bits (was {wanted.novelty[0]:.1f})" in words
        strip = page(panel, "rw-transport").one("div", "rw-accuracy").text
        assert f"accuracy {now:.1f} %" in strip and f"as trained {was:.1f} %" in strip, "of the lists that are shown"
        panel.act("alpha", "0")
        assert "All users" not in text(panel, "rw-shared-line")
        panel.close()

    asyncio.run(cell())


def test_a_model_with_scores_alone_has_the_slider_too():
    model = Fixed(SPLIT.train, np.random.default_rng(1).normal(size=(18, 30)))
    panel = rw.Panel(SPLIT, model, user="u3", history=rw.fit(model, SPLIT.train, epochs=1, progress=False))
    panel.act("alpha", "50")
    np.testing.assert_allclose(
        panel.shown.answer.scores, model.scores("u3") - 0.5 * averages(model, SPLIT.train), atol=1e-5
    )
    assert page(panel, "rw-shared-line").one("input", data_change="alpha")["value"] == "50"
    assert "Ranking" not in html(panel, "rw-shared-line")
    panel.close()


@pytest.mark.parametrize("name", READY)
def test_the_accuracy_on_the_strip_is_the_shown_models_own_at_kept_epochs(ready, name):
    """Stored arrays are rounded: what is printed is measured on them, not on those of the training."""
    panel = ready[name]
    panel.act("alpha", "0")
    for event in (*panel.history.events[:-1:6], panel.history.events[-1]):
        view = panel.training.model.at(event.snapshot)
        own = held_out_accuracy(view, panel.data, panel.split.validation)
        assert event.metrics["top_10_accuracy"] == pytest.approx(own, abs=1e-9), event.step
    panel.epoch = panel.training.steps[0]
    first = 100 * panel.history.events[0].metrics["top_10_accuracy"]
    assert f"{first:.1f} %" in page(panel, "rw-transport").one("div", "rw-accuracy").text
    panel.epoch = panel.training.steps[-1]
