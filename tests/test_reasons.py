"""Reasons: each number against independent numpy, minimal sets by brute force, causes on planted worlds."""

from __future__ import annotations

import itertools
import math
import re

import numpy as np
import pytest
from worlds import Fixed, Svd, random_table, table

import recwidgets as rw
from recwidgets.core import Person, person_of
from recwidgets.reasons import reason as module
from recwidgets.reasons.needed import needed
from recwidgets.reasons.usual import Usual, top_products
from recwidgets.teach.own import OwnGNN

NAMES = ("gnn", "knn", "session")
RATED = (("raters", "group"), ("rest",))  # the lines of neighbours who rated an item, and who did not
FEW = 3  # users asked about on MovieLens


@pytest.fixture(scope="module")
def small():
    """The split of the shipped models, and these."""
    split = rw.load_movielens("latest-small").split("temporal", test=0.2)
    return split, {name: rw.load_pretrained(name, split.train)[0] for name in NAMES}


@pytest.fixture(scope="module")
def hundred(ml100k):
    """MovieLens 100K and models that have just begun to learn."""
    split = rw.load_movielens("100k", archive=ml100k).split("temporal", test=0.2)
    models = {"gnn": rw.GNN(dim=16), "knn": rw.KNN(dim=16), "session": rw.Session(dim=16)}
    for name, model in models.items():
        rw.fit(model, split.train, epochs=2 if name == "gnn" else 1, progress=False)
    return split, models


@pytest.fixture(scope="module")
def little():
    """A small planted world, and each model after a few epochs."""
    data = rw.planted(n_users=60, n_items=80, seed=1).data
    models = {"gnn": rw.GNN(dim=8), "knn": rw.KNN(dim=8, k=10), "session": rw.Session(dim=8)}
    for model in models.values():
        rw.fit(model, data, epochs=6, progress=False)
    return data, models


@pytest.fixture(params=["latest-small", "100k"], scope="module")
def movielens(request):
    """(split, models, users) of both data sets."""
    split, models = request.getfixturevalue("small" if request.param == "latest-small" else "hundred")
    draw = np.random.default_rng(0).permutation(split.train.n_users)
    short = [user for user in draw.tolist() if 5 <= len(split.train.history(user)) <= 80][:FEW]
    asked = [str(split.train.users[user]) for user in short]
    return split, models, [*asked, split.train.items[[3, 40, 77, 500]].tolist()]


def first(model, data, who, n=0):
    """The item that stands at rank n + 1, an index."""
    return int(rw.recommend(model, data, who, k=n + 1).index[n])


def mean_scores(model, data):
    """What the average user gets: every user is asked, and the mean is taken."""
    return np.mean([model.scores(user) for user in data.users.tolist()], axis=0, dtype=np.float64)


def best(scores, without, k):
    """The k best items of a score vector, sorted whole."""
    left = np.asarray(scores, np.float64).copy()
    left[without] = -np.inf
    order = np.lexsort((np.arange(len(left)), -left))
    return order[left[order] > -np.inf][:k]


# -- a query as a sum ---------------------------------------------------------------------------------


@pytest.mark.needs_tf
@pytest.mark.parametrize(("name", "turned"), [
    ("gnn", {}), ("gnn", {"layers": 0}), ("gnn", {"layers": 4}), ("knn", {}), ("knn", {"k": 1}),
    ("knn", {"similarity": "dot product"}), ("knn", {"similarity": "distance"}), ("session", {}),
    ("session", {"half_life": 2}), ("session", {"window": 3}),
])  # fmt: skip
def test_terms_add_up_to_the_query_and_one_item_alone_asks_as_it_does_by_itself(little, name, turned):
    data, models = little
    silent = data.take(np.flatnonzero(data.user > 3))  # four users without a history
    for known in (data, silent):
        model = models[name].at(**turned)
        model.data = known
        assert isinstance(model, rw.SumsTerms)
        for who in (data.users[7], data.items[[4, 2, 9]].tolist(), data.items[np.arange(70)].tolist()):
            terms = model.terms(who)
            assert terms.vectors.sum((0, 1)) + terms.own + terms.base == pytest.approx(model.query(who), abs=1e-5)
            assert terms.shares.sum() == pytest.approx(1, abs=1e-5) and len(terms.shares) == len(terms.index)
            assert terms.vectors.shape[:2] == (len(terms.index), len(terms.ways))
        alone = model.alone(np.arange(30))
        assert alone == pytest.approx(np.stack([model.query([item]) for item in data.items[:30].tolist()]), abs=1e-5)
        asked = [model.query(user) for n, user in enumerate(data.users.tolist()) if len(known.history(n))]
        average = model.average_terms()
        assert average.vectors.sum((0, 1)) + average.own + average.base == pytest.approx(np.mean(asked, 0), abs=1e-5)
        assert model.average_vectors()[0] == pytest.approx(np.mean(asked, 0), abs=1e-5)
        assert np.array_equal(model.average_vectors()[1], model.vectors()[1])


class OwnMessages(rw.GNN):
    """A model of a learner's own, that hands on twice as much."""

    def _rated_messages(self):
        return 2 * super()._rated_messages()


class Wrapped:
    """Hands all on to a model, but has vectors of its own."""

    def __init__(self, model):
        self.model = model

    def __getattr__(self, name):
        return getattr(self.model, name)

    def vectors(self):
        queries, items = self.model.vectors()
        return queries + 1, items


def test_the_average_is_that_of_the_vectors_also_where_these_are_found_in_a_way_of_ones_own(small):
    split, models = small
    data, own = split.train, OwnMessages()
    own.data, own.snapshot = models["gnn"].data, models["gnn"].snapshot
    for model in (own, Wrapped(models["gnn"]), models["gnn"]):
        queries, items = model.vectors()
        known = np.diff(data.by_user.indptr) > 0
        assert Usual(model, data).query == pytest.approx(queries[known].mean(0), abs=1e-5)


# -- votes and the average user -----------------------------------------------------------------------


@pytest.mark.needs_tf
def test_votes_are_the_films_that_put_it_into_their_own_top_10_and_the_average_user_has_the_mean_query(movielens):
    split, models, asked = movielens
    data = split.train
    for model in models.values():
        usual = mean_scores(model, data)
        popular = best(usual, [], 100)
        for who in asked:
            item, history = first(model, data, who), person_of(data, who).history
            found = rw.reason(model, data, who, data.items[item])
            tops = [best(model.scores([str(data.items[own])]), [own], 10) for own in history.tolist()]
            assert list(found.votes) == [
                str(data.items[own]) for own, top in zip(history, tops, strict=True) if item in top
            ]
            assert found.votes_usual == pytest.approx(
                np.mean([[i in top for i in popular] for top in tops]) * len(tops)
            )
            unseen = np.setdiff1d(np.arange(data.n_items), history)  # the same films as the list is made of
            rank = 1 + int((usual[unseen] > usual[item]).sum())
            near = int((np.abs(usual - usual[item]) < 1e-5).sum())  # float32 may order these otherwise
            assert abs(found.average_rank - rank) < near
            assert found.rank == 1 and found.n == len(history)


def test_an_item_does_not_vote_for_itself_and_ties_go_to_the_lower_index():
    data = table([(0, 0), (0, 1), (1, 2), (1, 0)], 2, 14)
    model = Fixed(data, np.zeros((2, 14)))
    found = rw.reason(model, data, "u1", "f1")  # all scores alike: the first ten of the others stand in each top 10
    assert found.votes == ("f2",) and found.rank is None
    assert rw.reason(model, data, "u1", "f11").votes == ("f1", "f2")
    assert rw.reason(model, data, "u1", "f12").votes == ()


def test_the_ten_best_products_are_those_of_a_whole_sort_also_with_ties():
    rng = np.random.default_rng(0)
    for n_items in (3, 10, 31, 32, 33, 700):
        queries = rng.integers(-2, 3, (300, 3)).astype(np.float32)  # whole numbers: many ties; so many are halved
        vectors = rng.integers(-2, 3, (n_items, 3)).astype(np.float32)
        without = rng.integers(0, n_items, 300)
        tops = top_products(queries, vectors, without)
        for query, item, top in zip(queries, without, tops, strict=True):
            expected = best(vectors @ query, [item], 10)
            assert top[: len(expected)].tolist() == expected.tolist() and (top[len(expected) :] == -1).all()


# -- lines and flows ----------------------------------------------------------------------------------


@pytest.mark.needs_tf
def test_lines_add_up_to_the_score_and_each_is_what_it_says(movielens):
    split, models, asked = movielens
    data = split.train
    for name, model in models.items():
        usual = mean_scores(model, data)
        popular = best(usual, [], 100)
        for who in asked:
            item = first(model, data, who)
            found, scores = rw.reason(model, data, who, data.items[item]), model.scores(who)
            assert sum(line.value for line in found.lines) == pytest.approx(float(scores[item]), rel=1e-4, abs=1e-4)
            assert found.score == pytest.approx(float(scores[item]), rel=1e-5)
            by_kind = {line.kind: line for line in found.lines}
            assert by_kind["popular"].value == pytest.approx(scores[popular].mean(dtype=np.float64), rel=1e-4)
            assert by_kind["average"].value == pytest.approx(usual[item] - usual[popular].mean(), rel=1e-3, abs=1e-4)
            history = person_of(data, who).history
            if name != "knn":
                ids = [one for line in found.lines for one in line.items]
                assert sorted(ids) == sorted(data.items[history].tolist())  # every film in one group
            if "voters" in by_kind:
                assert by_kind["voters"].items == found.votes


@pytest.mark.needs_tf
def test_the_voters_line_is_what_explain_says_of_them_beyond_the_average_user(small):
    split, models = small
    data, model = split.train, models["gnn"]
    usual = mean_scores(model, data)
    popular, own = best(usual, [], 100), model.snapshot["users"].mean(0)
    for user in ("3", "168"):
        item, films = first(model, data, user), model.vectors()[1].astype(np.float64)
        found = rw.reason(model, data, user, data.items[item])
        voters = {data.item_index(vote) for vote in found.votes}

        def said(of, user=user, voters=voters):
            """What the voters add to an item."""
            return sum(part.value for part in model.explain(user, data.items[of]).parts if part.index in voters)

        lead = usual[item] - usual[popular].mean() - own @ (films[item] - films[popular].mean(0))  # the average films'
        expected = said(item) - np.mean([said(one) for one in popular]) - len(voters) / found.n * lead
        line = next(line for line in found.lines if line.kind == "voters")
        assert line.value == pytest.approx(expected, abs=2e-4)


@pytest.mark.needs_tf
def test_columns_and_rows_of_each_flow_add_up_on_both_data_sets(movielens):
    split, models, asked = movielens
    data = split.train
    for model in models.values():
        for who, rank in itertools.product(asked, (0, 9, 300)):
            item = first(model, data, who, rank)
            flow, score = rw.reason(model, data, who, data.items[item]).flow, float(model.scores(who)[item])
            lines = [line.value for line in flow.lines]
            assert flow.values.sum(1) == pytest.approx(lines, abs=1e-9)
            assert flow.way_totals.sum() == pytest.approx(score, abs=1e-4) and len(flow.way_totals) == len(flow.ways)
            own = {"film": 0.0, "neighbour": 0.0, "own": 0.0, "base": 0.0}  # what `explain` says, by kind
            for part in model.explain(person_of(data, who), data.items[item]).parts:
                own[part.kind] += part.value
            totals = dict(zip(flow.ways, flow.way_totals.tolist(), strict=True))
            assert totals.pop("own embedding", 0.0) == pytest.approx(own["own"], abs=1e-4)
            assert totals.pop("the same for all users", 0.0) == pytest.approx(own["base"], abs=1e-4)
            assert sum(totals.values()) == pytest.approx(own["film"] + own["neighbour"], abs=1e-4)


@pytest.mark.needs_tf
@pytest.mark.parametrize("layers", [0, 1, 3, 4])
def test_columns_of_a_flow_add_up_to_the_score_and_each_way_is_its_hop(small, layers):
    split, models = small
    data, model = split.train, models["gnn"].at(layers=layers)
    for who in ("3", "42", data.items[[3, 1, 7]].tolist()):
        item, person = first(model, data, who, 1), person_of(data, who)
        found = rw.reason(model, data, who, data.items[item])
        flow = found.flow
        assert flow.values.shape == (len(found.lines), len(flow.ways)) and flow.lines == found.lines
        assert flow.values.sum(1) == pytest.approx([line.value for line in found.lines], abs=1e-9)
        assert flow.way_totals.sum() == pytest.approx(found.score, abs=1e-4)
        own = 0.0 if person.user is None else float(model.snapshot["users"][person.user] @ model.vectors()[1][item])
        assert flow.way_totals == pytest.approx([*model.hops(person, item).sum(0), own], abs=1e-4)


@pytest.mark.needs_tf
@pytest.mark.parametrize("name", ["knn", "session"])
def test_other_models_have_one_way_beside_what_is_the_same_for_all(small, name):
    split, models = small
    found = rw.reason(models[name], split.train, "42", split.train.items[first(models[name], split.train, "42")])
    assert found.flow.ways[0] == {"knn": "neighbours", "session": "the last films"}[name]
    assert set(found.flow.ways[1:]) <= {"own embedding", "the same for all users"}
    assert found.flow.way_totals.sum() == pytest.approx(found.score, abs=1e-4)


# -- what would have to go ----------------------------------------------------------------------------


def rivals_of(model, person, item):
    """The unseen items that rank below, and a function: is one of them ahead without these rows of the history?"""
    scores = model.scores(person)
    below = (scores < scores[item]) | ((scores == scores[item]) & (np.arange(len(scores)) > item))
    below[person.history] = False
    rivals = np.flatnonzero(below)

    def ahead(changed):
        after = model.scores(changed)
        return bool((after[rivals] > after[item]).any())

    return rivals, ahead


@pytest.mark.needs_tf
@pytest.mark.parametrize("name", ["gnn", "session"])
def test_no_smaller_set_of_films_lets_a_rival_ahead(little, name):
    data, models = little
    model, rng, sizes = models[name], np.random.default_rng(0), []
    asked = [data.users[5], data.users[11], data.users[30], *(rng.permutation(80)[:n] for n in (1, 2, 5, 9, 56))]
    for who in asked:
        who = who if isinstance(who, str) else data.items[who].tolist()
        person = person_of(data, who)
        for rank in (0, 1, 4):
            item = first(model, data, who, rank)
            found = rw.reason(model, data, who, data.items[item])
            needed = [data.item_index(one) for one in found.needed]
            rivals, ahead = rivals_of(model, person, item)
            if needed:
                kept = person.history[~np.isin(person.history, needed)]
                after = model.scores(person._replace(history=kept))
                assert after[data.item_index(found.rival)] > after[item] and data.item_index(found.rival) in rivals
            else:
                assert found.rival is None
            size, n = len(needed), len(person.history)
            for count in range(1, size if size else n + 1):
                if math.comb(n, count) > 3000:
                    break
                for out in itertools.combinations(range(n), count):
                    assert not ahead(person._replace(history=np.delete(person.history, out))), (who, rank, out)
            sizes.append(size)
    assert len(set(sizes)) > 2  # one, two and more were among them


@pytest.mark.needs_tf
def test_no_smaller_set_of_neighbours_lets_a_rival_ahead(little):
    data, models = little
    model, sizes = models["knn"], []
    for who in (data.users[5], data.users[11], data.items[[1, 5, 9]].tolist(), data.users[40]):
        person = person_of(data, who)
        for rank in (0, 1, 3):
            item = first(model, data, who, rank)
            found = rw.reason(model, data, who, data.items[item])
            needed = tuple(data.user_index(user) for user in found.needed_neighbours)
            _, ahead = rivals_of(model, person, item)
            assert found.needed == ()
            assert not needed or ahead(person._replace(without=needed))
            nobody = -1 if person.user is None else person.user
            others = [user for user in range(data.n_users) if user != nobody]
            for count in range(1, min(len(needed), 3)):
                for out in itertools.combinations(others, count):  # any users, not the neighbours alone
                    assert not ahead(person._replace(without=out))
            sizes.append(len(needed))
    assert max(sizes) > 1


@pytest.mark.needs_tf
def test_on_movielens_the_model_confirms_what_would_have_to_go_and_one_less_is_not_enough(movielens):
    split, models, asked = movielens
    data, checked = split.train, 0
    for name, model in models.items():
        for who, rank in itertools.product(asked, (0, 1, 2)):
            person, item = person_of(data, who), first(model, data, who, rank)
            found = rw.reason(model, data, who, data.items[item])
            if name == "knn" or not found.needed:
                continue
            needed, rival = [data.item_index(one) for one in found.needed], data.item_index(found.rival)
            for back in (None, *needed):  # all of them, and each one put back
                out = [one for one in needed if one != back]
                after = model.scores(person._replace(history=person.history[~np.isin(person.history, out)]))
                assert (after[rival] > after[item]) == (back is None)
            checked += 1
    assert checked >= 3


@pytest.mark.needs_tf
def test_a_difference_is_the_sum_of_its_contributions_largest_first(movielens):
    split, models, asked = movielens
    data = split.train
    for model in models.values():
        for who in asked:
            item, rival = first(model, data, who), first(model, data, who, 30)
            found = rw.why_not(model, data, who, data.items[item], data.items[rival])
            values = [part.value for part in found.contributions]
            assert values == sorted(values, reverse=True)
            scores = model.scores(who)
            assert found.value == pytest.approx(float(scores[item] - scores[rival]), abs=1e-5)
            assert sum(values) == pytest.approx(found.value, abs=2e-4)
            assert (found.rank, found.rival_rank) == (1, 31)
            own = [part.value for part in found.own]
            assert own == sorted(own, reverse=True)
            assert sum(own) == pytest.approx(found.value - found.average_value, abs=2e-4)
            terms, average, items = model.terms(who), model.average_terms(), model.vectors()[1].astype(np.float64)
            apart = items[item] - items[rival]
            usual = float(average.vectors.sum((0, 1)) @ apart)
            ids = (data.users if terms.kind == "neighbours" else data.items)[terms.index].tolist()
            mine = {
                id_: row @ apart - n * usual
                for id_, row, n in zip(ids, terms.vectors.sum(1), terms.shares, strict=True)
            }
            assert {part.id: part.value for part in found.own if part.id} == pytest.approx(mine, abs=2e-5)
            parts = [
                {(p.kind, p.index): p.value for p in model.explain(who, data.items[i]).parts} for i in (item, rival)
            ]
            own = {"film": data.items, "neighbour": data.users}
            for (kind, index), value in parts[0].items():
                if kind in own:
                    mine = next(part for part in found.contributions if part.id == own[kind][index])
                    assert mine.value == pytest.approx(value - parts[1][kind, index], abs=2e-5)


# -- headlines ----------------------------------------------------------------------------------------


@pytest.mark.needs_tf
def test_headlines_count_and_popular_is_decided_first(small):
    split, models = small
    data, kinds = split.train, set()
    for name, model in models.items():
        for user in [*data.users[:40].tolist(), data.items[[0, 5]].tolist(), data.items[[9]].tolist()]:
            found = rw.reason(model, data, user, data.items[first(model, data, user)])
            kinds.add((name, found.kind))
            words = found.headline
            if found.average_rank <= 100:
                assert (found.kind == "popular") == (found.personal < 0.06 * found.score)
            else:
                assert found.kind != "popular"
            if found.kind == "votes":
                counted = f"{len(found.votes):,} of " if found.n > 1 else "Your only film, asked alone, puts "
                assert words.startswith(counted) and len(found.votes) >= 1.5 * found.votes_usual
                assert f"{found.n:,} films" in words or found.n == 1
            if found.kind == "neighbours" and 0 < len(found.raters.users) < found.raters.of:
                rated, of = len(found.raters.users), found.raters.of
                by = [sum(line.value for line in found.lines if line.kind in kinds_) for kinds_ in RATED]
                counts = (rated, of - rated) if abs(by[0]) >= abs(by[1]) else (of - rated, rated)
                assert words.startswith(f"{counts[0]} of the {of} nearest"), "the larger cause comes first"
                told = [float(f"{'-' if verb == 'take' else ''}{value}")
                        for verb, value in re.findall(r"(add|take)s? (?:away )?(\d+\.\d+)", words)]  # fmt: skip
                assert told == pytest.approx(sorted(by, key=lambda value: -abs(value)), abs=0.011)
            assert re.search(r"\d(st|nd|rd|th)\b", words) and "everybody" not in words
    assert {("gnn", "votes"), ("gnn", "popular"), ("knn", "neighbours"), ("session", "recent")} <= kinds


@pytest.mark.needs_tf
def test_a_headline_says_what_the_numbers_do(small):
    """For films far down the list, one film, no layers and one neighbour as well."""
    split, models = small
    data, kinds = split.train, set()
    asked = [*data.users[:12].tolist(), data.items[[9]].tolist(), data.items[[3000]].tolist(), data.items[:4].tolist()]
    views = [*models.values(), models["gnn"].at(layers=0), models["knn"].at(k=1), models["session"].at(window=1)]
    for model, who, rank in itertools.product(views, asked, (0, 400, 3000)):
        found = rw.reason(model, data, who, data.items[first(model, data, who, rank)])
        words, little = found.headline, abs(found.personal) < 0.06 * abs(found.score)
        kinds.add(found.kind)
        assert (
            ".." not in words.replace("...", "")
            and not re.search(r"\b1 films", words)
            and "other films of the" not in words
        )
        assert "0.00" not in words and "(0%)" not in words and len(words) <= 230
        if "speak against" in words or "speaks against" in words:
            assert found.kind == "against" and found.personal < 0 and not little
        if found.kind in ("votes", "recent", "parts", "spread"):
            assert found.personal > 0  # else it is no reason for the film
        if found.n == 1 and found.raters is None:
            assert not re.search("No single|None of|The last", words)
        for part, whole in re.findall(r"adds? ([\d.]+) of the ([\d.]+) that", words):
            assert float(part) <= float(whole) == pytest.approx(found.personal, abs=0.006)
        last = re.match(r"The last 5 of .+? films add ([\d.]+) of the [\d.]+ that", words)
        if last:  # the same numbers as in the lines, one by one
            rows = {item: value for line in found.lines for item, value in zip(line.items, line.values, strict=True)}
            assert float(last[1]) == pytest.approx(sum(rows[item] for item in found.recent), abs=0.006)
        shared = sum(line.value for line in found.lines if line.kind in ("popular", "average"))
        told = re.search(r"All users get (-?[\d.]+) (?:of its|\(its score is) (-?[\d.]+)", words)
        if found.kind in ("votes", "neighbours", "recent", "parts", "spread"):
            assert bool(told) == (shared > found.score / 2 > 0), "what all users get is said where it is the most"
        if told:
            assert float(told[1]) == pytest.approx(shared, abs=0.02) and float(told[2]) == pytest.approx(
                found.score, abs=0.006
            )
        if np.ptp(model.scores(who)) == 0:
            assert found.kind == "none" and words.startswith("All films get the same score")
        elif found.kind == "none":
            assert " nothing to " in words and found.personal == 0
    assert kinds == {"popular", "neighbours", "votes", "recent", "parts", "spread", "against", "none"}


@pytest.mark.needs_tf
def test_what_would_have_to_go_is_asked_for_when_a_panel_shows_it(monkeypatch):
    asked = []
    monkeypatch.setattr(module, "needed", lambda question: asked.append(question.item) or needed(question))
    panel = rw.GNNPanel(user="168")
    panel.selected = 1
    panel.act("tab", "sum")
    assert not asked
    panel.act("tab", "go")
    panel.act("tab", "why")
    panel.act("tab", "go")
    assert asked == [panel.data.item_index(panel.recommendations.items[1])]
    panel.selected = 2
    assert len(asked) == 2
    found = rw.reason(panel.model, panel.data, "168", panel.recommendations.items[0])
    assert len(asked) == 3 and found.rival and len(asked) == 3  # at once: the model may learn on before it is read
    panel.close()


@pytest.mark.needs_tf
def test_raters_are_the_neighbours_with_a_row_of_the_item(small):
    split, models = small
    data, model = split.train, models["knn"]
    item = first(model, data, "3")
    found = rw.reason(model, data, "3", data.items[item]).raters
    nearest = model.neighbours(person_of(data, "3"))[0].tolist()
    rated = set(data.user[data.item == item].tolist())
    assert found.users == tuple(str(data.users[user]) for user in nearest if user in rated)
    assert found.of == len(nearest) and found.of_all_users == pytest.approx(len(rated) / data.n_users)


@pytest.mark.needs_tf
def test_a_reason_by_recency_names_the_last_films(small):
    split, models = small
    data = split.train
    found = rw.reason(models["session"], data, "42", data.items[first(models["session"], data, "42")])
    assert found.recent == tuple(data.items[data.history(data.user_index("42"))[::-1][:5]].tolist())


# -- planted causes -----------------------------------------------------------------------------------


@pytest.mark.needs_tf
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_voters_share_the_planted_taste_and_carry_the_first_rank(seed):
    """Half of each history is of other tastes, so that a film has a cause that something else could stand against.

    Where nearly all of a history is of one taste, whatever is left of it still speaks for the same films.
    """
    world = rw.planted(tastes=3, loyalty=0.5, follow=0.0, seed=seed)
    data, model, rng = world.data, rw.GNN(dim=6), np.random.default_rng(0)
    rw.fit(model, data, epochs=25, progress=False)
    same, lost, kept = [], [], []
    for user in rng.permutation(data.n_users).tolist():
        person, item = Person(user, data.history(user)), first(model, data, str(data.users[user]))
        voters = np.array(
            [data.item_index(vote) for vote in rw.reason(model, data, person, data.items[item]).votes], int
        )
        if not 0 < len(voters) < len(person.history):
            continue
        same.extend(world.taste_of_item[voters] == world.taste_of_item[item])

        def still_first(out, person=person, item=item):
            after = model.scores(person._replace(history=person.history[~np.isin(person.history, out)]))
            return best(after, person.history, 1)[0] == item

        lost.append(not still_first(voters))
        drawn = [still_first(rng.choice(person.history, len(voters), replace=False)) for _ in range(15)]
        kept.append(np.mean(drawn) > 0.5)  # a random set of as many: in most draws
        if len(lost) == 60:
            break
    assert len(lost) == 60
    assert np.mean(same) >= 0.9
    assert np.mean(lost) >= 0.9
    assert np.mean(kept) >= 0.9


def without_the_voters(world, model, users=60, draws=9):
    """For each user whose first item has voters, but not all films: the share of these that are of its taste, the rank
    of the item without them, and the median rank without as many at random: (users, 3)."""
    data, rng, found = world.data, np.random.default_rng(0), []
    for user in rng.permutation(data.n_users).tolist():
        person, item = Person(user, data.history(user)), first(model, data, str(data.users[user]))
        votes = rw.reason(model, data, person, data.items[item]).votes
        voters = np.array([data.item_index(vote) for vote in votes], int)
        if not 0 < len(voters) < len(person.history):
            continue

        def rank(out, person=person, item=item):
            scores = model.scores(person._replace(history=person.history[~np.isin(person.history, out)]))
            return 1 + int((np.delete(scores, np.setdiff1d(person.history, [item])) > scores[item]).sum())

        drawn = [rank(rng.choice(person.history, len(voters), replace=False)) for _ in range(draws)]
        same = world.taste_of_item[voters] == world.taste_of_item[item]
        found.append((same.mean(), rank(voters), np.median(drawn)))
        if len(found) == users:
            break
    assert len(found) == users
    return np.array(found)


@pytest.mark.needs_tf
@pytest.mark.parametrize(
    ("settings", "dim"),
    [
        ({}, 6),
        ({}, 16),
        ({"follow": 0.0}, 16),
        ({"tastes": 4, "loyalty": 0.5}, 16),
        ({"tastes": 6, "loyalty": 0.6, "follow": 0.3}, 6),
        ({"tastes": 6, "loyalty": 0.6, "follow": 0.3, "seed": 1}, 16),
    ],
)
def test_without_its_voters_an_item_falls_farther_than_without_as_many_films_at_random(settings, dim):
    """In all kinds of worlds, those of one taste a user too: there the first rank itself may be kept, see the docs."""
    world, model = rw.planted(**settings), rw.GNN(dim=dim)
    rw.fit(model, world.data, epochs=25, progress=False)
    same, voters, random = without_the_voters(world, model).T
    assert same.mean() >= 0.9
    assert np.median(voters) >= 3 and np.median(random) == 1
    assert (voters > 1).mean() > 0.6  # the first rank is lost for most of them
    differ = voters != random
    assert differ.mean() > 0.6 and (voters > random)[differ].mean() >= 0.9


# -- how much of it is personal -----------------------------------------------------------------------


@pytest.mark.needs_tf
@pytest.mark.parametrize("name", NAMES)
def test_less_of_the_average_query_gives_the_list_of_what_is_left(small, name):
    split, models = small
    data, model = split.train, models[name]
    queries, items = (part.astype(np.float64) for part in model.vectors())
    for user in ("3", "168"):
        index = data.user_index(user)
        seen = data.history(index)
        theirs = best(items @ queries.mean(0), seen, 10)
        for alpha in (0.0, 0.4, 1.0):
            found = rw.personal_share(model, data, user, alpha)
            expected = best(items @ (queries[index] - alpha * queries.mean(0)), seen, 10)
            assert found.recommendations.index.tolist() == expected.tolist()
            assert found.shared == len(set(expected) & set(theirs)) and found.of == 10
        assert rw.personal_share(model, data, user).recommendations.items == rw.recommend(model, data, user).items
    you = rw.personal_share(model, data, data.items[[3, 1]].tolist(), 0.5)
    assert you.of == 10 and not {data.items[3], data.items[1]} & set(you.recommendations.items)


@pytest.mark.needs_tf
def test_the_curve_is_what_each_user_alone_would_give(small):
    split, models = small
    data, model, alphas = split.train, models["gnn"], (0.0, 0.5)
    curve = rw.personal_curve(model, data, split.validation, alphas)
    for n, alpha in enumerate(alphas):
        hits, bits, shared = 0, [], []
        for user in data.users.tolist():
            found = rw.personal_share(model, data, user, alpha)
            later = set(split.validation.history(data.user_index(user)).tolist())
            hits += len(later & set(found.recommendations.index.tolist()))
            raters = np.maximum(data.n_raters[found.recommendations.index], 1)
            bits.append(np.mean(-np.log2(raters / data.n_users)))
            shared.append(found.shared)
        assert curve.accuracy[n] == pytest.approx(hits / len(split.validation), abs=2e-4)
        assert curve.novelty[n] == pytest.approx(np.mean(bits), abs=1e-3)
        assert curve.shared[n] == pytest.approx(np.mean(shared), abs=0.01)
    assert curve.shared[0] > curve.shared[1] and curve.novelty[0] < curve.novelty[1]


# -- models of one's own ------------------------------------------------------------------------------


class Silent:
    """Scores for the users of its data, and nothing else."""

    label = "Silent"

    def __init__(self, table):
        self.table = table

    def steps(self, data, validation=None, epochs=None):
        yield from ()

    def scores(self, user):
        if not isinstance(user, str):
            if getattr(user, "user", None) is None:
                raise TypeError("only users of the data")
            return self.table[user.user]
        return self.table[int(user[1:]) - 1]


def test_a_model_of_ones_own_that_has_scores_only_gets_a_reason_that_says_so():
    rng = np.random.default_rng(0)
    data = random_table(rng, 6, 130)
    model = Silent(rng.normal(size=(6, 130)).astype(np.float32))
    item = first(model, data, "u2")
    found = rw.reason(model, data, "u2", data.items[item])
    assert found.kind == "none" and found.headline.startswith("Silent does not say")
    assert found.votes == () and math.isnan(found.votes_usual) and found.needed == () and found.rival is None
    assert [line.kind for line in found.lines] == ["popular", "average", "unexplained"]
    assert sum(line.value for line in found.lines) == pytest.approx(found.score, abs=1e-5)
    usual, unseen = model.table.mean(0), np.setdiff1d(np.arange(data.n_items), data.history(data.user_index("u2")))
    assert found.average_rank == 1 + int((usual[unseen] > usual[item]).sum())
    assert rw.why_not(model, data, "u2", data.items[item], data.items[first(model, data, "u2", 3)]).value > 0


def test_a_model_that_answers_alike_for_all_is_popular_with_all_users():
    data = random_table(np.random.default_rng(1), 30, 40)
    model = rw.Popularity()
    model.learn(data)
    found = rw.reason(model, data, "u3", data.items[first(model, data, "u3")])
    assert found.kind == "popular" and "add nothing to that" in found.headline
    assert sum(line.value for line in found.lines) == pytest.approx(found.score)


def test_a_model_that_explains_gets_its_parts_in_groups_and_the_one_film_that_would_have_to_go():
    data = random_table(np.random.default_rng(2), 30, 40)
    model = Svd()
    rw.fit(model, data, progress=False)
    some = False
    for user in data.users[:12].tolist():
        item, person = first(model, data, user), person_of(data, user)
        found = rw.reason(model, data, user, data.items[item])
        assert sum(line.value for line in found.lines) == pytest.approx(found.score, abs=1e-4)
        assert sorted(one for line in found.lines for one in line.items) == sorted(data.items[person.history].tolist())
        difference = rw.why_not(model, data, user, data.items[item], data.items[first(model, data, user, 2)])
        assert sum(part.value for part in difference.contributions) == pytest.approx(difference.value, abs=1e-4)
        _, ahead = rivals_of(model, person, item)
        singles = [ahead(person._replace(history=np.delete(person.history, n))) for n in range(len(person.history))]
        assert len(found.needed) == int(any(singles))
        some = some or bool(found.needed)
    assert some


@pytest.mark.needs_tf
def test_a_learners_own_layer_that_is_no_mean_is_not_taken_for_the_real_one(little):
    data, models = little
    model = OwnGNN(aggregate=lambda messages: messages.max(0), dim=8)
    model.data, model.snapshot = data, models["gnn"].snapshot
    item = first(model, data, data.users[3])
    found = rw.reason(model, data, data.users[3], data.items[item])
    assert sum(line.value for line in found.lines) == pytest.approx(float(model.scores(data.users[3])[item]), abs=1e-3)
    history = data.history(3)
    tops = [best(model.scores([str(data.items[own])]), [own], 10) for own in history.tolist()]
    assert found.votes == tuple(str(data.items[own]) for own, top in zip(history, tops, strict=True) if item in top)


# -- edges --------------------------------------------------------------------------------------------


@pytest.mark.needs_tf
@pytest.mark.parametrize("name", NAMES)
def test_somebody_without_a_history_gets_a_reason_too(little, name):
    data, models = little
    found = rw.reason(models[name], data, [], data.items[3])
    assert found.kind == "none" and found.n == 0 and "Nothing that you chose is known" in found.headline
    assert sum(line.value for line in found.lines) == pytest.approx(found.score, abs=1e-4)


@pytest.mark.needs_tf
def test_a_view_at_another_epoch_or_knob_has_averages_of_its_own(small):
    split, models = small
    data = split.train
    item = data.items[first(models["gnn"], data, "42")]
    there, none = (rw.reason(models["gnn"].at(layers=layers), data, "42", item) for layers in (3, 0))
    assert there.average_rank != none.average_rank
    assert rw.reason(models["gnn"].at(), data, "42", item).lines == there.lines


@pytest.mark.needs_tf
def test_what_cannot_be_asked_is_a_sentence(little):
    data, models = little
    model = models["gnn"]
    with pytest.raises(ValueError, match="another item"):
        rw.why_not(model, data, data.users[0], data.items[1], data.items[1])
    with pytest.raises(ValueError, match="alpha must be a number from 0"):
        rw.personal_share(model, data, data.users[0], 1.5)
    with pytest.raises(rw.data.UnknownItem):
        rw.reason(model, data, data.users[0], "no such item")
    with pytest.raises(ValueError, match="no query vectors"):
        rw.personal_curve(rw.Chance(), data, data)
    with pytest.raises(ValueError, match="holds no row"):
        rw.personal_curve(model, data, data.take([]))
