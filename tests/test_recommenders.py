"""The contract of every class in recwidgets/models, by protocol: what a model offers is tested, what it lacks is not.

A new file is tested without being named here. Those with the base class are held to more in test_models.py.
Shipped models answer as shipped, on the embedded MovieLens; the others learn a planted world.
"""

from __future__ import annotations

import html
import math

import numpy as np
import pytest

import recwidgets as rw
from recwidgets._found import named_classes
from recwidgets.data import UnknownItem, UnknownUser
from recwidgets.pretrained import load_pretrained, shipped_names
from recwidgets.protocols import Recommender

MODELS = named_classes("models")


def with_methods(*methods):
    """The names of the models that have these methods: of a protocol that is optional."""
    return [name for name, cls in MODELS.items() if all(callable(getattr(cls, method, None)) for method in methods)]


@pytest.fixture(scope="module")
def splits():
    """{whether shipped: the split that the models have learned}."""
    embedded = rw.load_movielens("latest-small").split("temporal", test=0.2)
    return {True: embedded, False: rw.planted(n_users=40, n_items=50, seed=1).data.split("temporal", test=0.2)}


@pytest.fixture(scope="module")
def learned(splits):
    """learned(name): a model that has learned, the split, and its epochs; each is made once, and never written to."""
    made = {}

    def of(name):
        if name not in made:
            shipped = name in shipped_names()
            split = splits[shipped]
            if shipped:
                model, history = load_pretrained(name, split.train)
                events = history.events
            else:
                model = MODELS[name]()
                events = list(model.steps(split.train, split.test))
            made[name] = (model, split, events)
        return made[name]

    return of


def some(data, n=6):
    """Who is asked about: users with the fewest and the most, and a history of one's own."""
    users = data.users[np.linspace(0, data.n_users - 1, n).astype(int)].tolist()
    return [*users, data.items[[4, 2, 9]].tolist()]


def changed(knob):
    """Other values than the default that the knob may take."""
    values = knob.choices or (knob.low, knob.high)
    return [value for value in values if value != knob.default]


@pytest.mark.parametrize("name", MODELS)
def test_it_is_a_recommender_that_is_made_without_arguments_and_says_what_it_is(name):
    model = MODELS[name]()
    assert isinstance(model, Recommender)
    assert model.label and isinstance(model.label, str)
    assert len((MODELS[name].__doc__ or "").split()) >= 8, "the docstring says what the score is"
    assert getattr(rw, MODELS[name].__name__) is MODELS[name]


@pytest.mark.parametrize("name", MODELS)
def test_its_steps_count_and_carry_the_same_metrics(learned, name):
    _, _, events = learned(name)
    assert events and events[-1].step == events[-1].total
    assert [event.step for event in events] == sorted({event.step for event in events})
    assert len({frozenset(event.metrics) for event in events}) == 1
    assert all(math.isfinite(event.metrics["loss"]) for event in events)


@pytest.mark.parametrize("name", MODELS)
def test_scores_are_float32_one_for_each_item_and_the_same_when_asked_again(learned, name):
    model, split, _ = learned(name)
    for who in some(split.train):
        scores = model.scores(who)
        assert scores.dtype == np.float32 and scores.shape == (split.train.n_items,) and np.isfinite(scores).all()
        assert np.array_equal(model.scores(who), scores)


@pytest.mark.parametrize("name", MODELS)
def test_ids_that_are_not_there_are_named_errors(learned, name):
    model, _, _ = learned(name)
    with pytest.raises(UnknownUser, match="nobody-here"):
        model.scores("nobody-here")
    with pytest.raises(UnknownItem, match="nothing-here"):
        model.scores(["nothing-here"])


@pytest.mark.parametrize("name", MODELS)
def test_the_best_unseen_items_are_recommended_in_order(learned, name):
    model, split, _ = learned(name)
    data = split.train
    for who in some(data):
        seen = [data.item_index(i) for i in who] if isinstance(who, list) else data.history(data.user_index(who))
        top = rw.recommend(model, data, who, k=10).index
        scores = model.scores(who).astype(np.float64)
        scores[seen] = -np.inf
        assert not set(top) & set(seen)
        assert np.array_equal(scores[top], np.sort(scores)[::-1][: len(top)])


@pytest.mark.parametrize("name", with_methods("explain"))
def test_the_parts_add_up_to_the_score(learned, name):
    model, split, _ = learned(name)
    data = split.train
    for who in some(data):
        for item in np.argsort(-model.scores(who))[[0, 7, -1]]:
            explained = model.explain(who, data.items[item])
            assert explained.item == data.items[item]
            assert explained.score == pytest.approx(float(model.scores(who)[item]), rel=1e-4, abs=1e-5)
            assert sum(part.value for part in explained.parts) == pytest.approx(explained.score, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("name", with_methods("vectors"))
def test_a_score_is_the_product_of_query_and_item_vector(learned, name):
    model, split, _ = learned(name)
    queries, items = model.vectors()
    assert queries.shape == (split.train.n_users, items.shape[1]) and len(items) == split.train.n_items
    for user in (0, split.train.n_users // 2, split.train.n_users - 1):
        assert np.allclose(items @ queries[user], model.scores(split.train.users[user]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", with_methods("at"))
def test_a_view_of_an_earlier_epoch_or_another_knob_leaves_the_model_as_it_is(learned, name):
    model, split, events = learned(name)
    who = split.train.users[3]
    before = model.scores(who).copy()
    first, last = model.at(events[0].snapshot), model.at(events[-1].snapshot)
    assert np.array_equal(last.scores(who), before)
    assert len(events) == 1 or not np.array_equal(first.scores(who), before)
    for knob in model.knobs:
        for value in changed(knob):
            assert np.isfinite(model.at(**{knob.name: value}).scores(who)).all()
    assert np.array_equal(model.scores(who), before)


@pytest.mark.parametrize("name", MODELS)
def test_a_panel_shows_its_list(learned, name):
    model, split, events = learned(name)
    user = str(split.train.users[5])
    panel = rw.Panel(split, model, user=user, history=rw.TrainingHistory(tuple(events), events[-1].total))
    try:
        titles = [rw.display_title(title)[0] for title in rw.recommend(model, split.train, user, k=10).titles]
        page = html.unescape("".join(getattr(part, "html", "") for part in _regions(panel)))
        assert len(titles) == 10 and [title for title in titles if title not in page] == []
    finally:
        panel.close()


def _regions(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _regions(child)


# the shipped ones are measured in test_models.py
@pytest.mark.parametrize("name", [name for name in MODELS if name not in shipped_names()])
def test_it_is_measured_against_the_baselines(learned, name):
    model, split, _ = learned(name)
    result = rw.evaluate(model, split)
    assert 0 <= result["ndcg"] <= 1 and result["baselines"]["popularity"]["ndcg"] > 0
