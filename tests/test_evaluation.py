"""Evaluation: honest about the split, never without the baselines, and a number for every claim."""

import dataclasses
import math
import warnings

import numpy as np
import pytest
from worlds import Fixed, random_table, table, trained

from recwidgets import evaluate, planted, recommend_all
from recwidgets.data import Split, load_movielens
from recwidgets.evaluation import baseline_lists, score_lists
from recwidgets.models.popularity import Chance, Popularity
from recwidgets.ranking import held_out_accuracy

METRICS = {"ndcg", "recall", "precision", "map", "mrr", "novelty"}


@pytest.fixture(scope="module")
def split():
    return planted(seed=3).data.split("temporal", test=0.2)


@pytest.fixture(scope="module")
def result(split):
    return evaluate(trained(split.train), split)


def test_the_keys_are_the_documented_ones(result):
    accuracies = {f"top_{k}_accuracy" for k in (1, 5, 10, 50, 100)}
    assert set(result) == METRICS | accuracies | {
        "coverage",
        "intervals",
        "users",
        "warm",
        "cold",
        "warning",
        "baselines",
    }
    assert set(result["intervals"]) == METRICS  # none on coverage: resampling users only lowers it
    assert set(result["baselines"]) == {"popularity", "random"}
    assert set(result["baselines"]["popularity"]) == set(result) - {"warning", "baselines"}


def test_the_baselines_are_the_models_of_that_name(split, result):
    for name, model in {"popularity": Popularity(), "random": Chance(0)}.items():
        alone = evaluate(model.learn(split.train), split, baselines=False)
        assert "baselines" not in alone
        assert result["baselines"][name] == {key: value for key, value in alone.items() if key != "warning"}


def test_popularity_beats_chance_and_a_model_that_learned_beats_popularity(result):
    popularity, chance = result["baselines"]["popularity"], result["baselines"]["random"]
    for name in ("ndcg", "map", "mrr", "recall", "top_10_accuracy"):
        assert popularity[name] > chance[name], name
        assert result[name] > popularity[name], name
    assert popularity["intervals"]["ndcg"][0] > chance["intervals"]["ndcg"][1]
    assert result["intervals"]["ndcg"][0] > popularity["intervals"]["ndcg"][1]


def test_every_interval_holds_its_mean(result):
    for system in (result, *result["baselines"].values()):
        for name, (low, high) in system["intervals"].items():
            assert low <= system[name] <= high, name


def test_deeper_lists_find_more(result):
    found = [result[f"top_{k}_accuracy"] for k in (1, 5, 10, 50, 100)]
    assert found == sorted(found)
    assert found[0] < found[-1] <= 1


def test_a_model_that_knows_the_answer_scores_one():
    data = table([(0, 0), (1, 1)], 2, 12)
    held_out = table([(0, 5), (0, 7), (1, 2)], 2, 12)
    scores = np.zeros((2, 12))
    scores[0, [5, 7]] = scores[1, 2] = 1
    known = evaluate(Fixed(data, scores), Split(data, data.take([]), held_out, "temporal", 0, None), k=(1, 2))
    assert known["top_1_accuracy"] == pytest.approx(2 / 3)
    for name in ("ndcg", "recall", "map", "mrr", "top_2_accuracy"):
        assert known[name] == 1, name
    assert known["precision"] == pytest.approx((0.2 + 0.1) / 2)
    assert known["users"] == 2


def test_users_without_a_held_out_film_are_left_out_of_every_mean():
    data = table([(0, 0), (1, 1), (2, 2)], 3, 12)
    held_out = table([(1, 5)], 3, 12)
    scores = np.zeros((3, 12))
    scores[1, 5] = 1
    found = evaluate(Fixed(data, scores), Split(data, data.take([]), held_out, "temporal", 0, None), k=(1,))
    assert found["users"] == 1
    assert found["recall"] == 1
    assert not any(math.isnan(found[name]) for name in METRICS)


def test_seen_films_may_be_left_in_the_lists():
    data = table([(0, 0), (1, 1)], 2, 12)
    held_out = table([(0, 5)], 2, 12)
    split = Split(data, data.take([]), held_out, "temporal", 0, None)
    scores = np.zeros((2, 12))
    scores[0, 0], scores[0, 5] = 2, 1
    assert evaluate(Fixed(data, scores), split, k=(1,))["top_1_accuracy"] == 1
    assert evaluate(Fixed(data, scores), split, k=(1,), seen=True)["top_1_accuracy"] == 0
    assert baseline_lists(data, 12, True, 0)["popularity"][0, 0] == 0


def test_a_random_split_warns_that_it_leaks_the_future():
    data = planted(seed=1, n_users=60, n_items=60).data
    with pytest.warns(UserWarning, match="leaks the future"):
        split = data.split("random")
    model = Popularity().learn(split.train)
    with pytest.warns(UserWarning, match="leaks the future"):
        found = evaluate(model, split, k=(1,))
    assert found["warning"] == split.warning
    assert "leaks the future" in found["warning"]


def test_ratings_of_one_second_are_said_in_the_result_and_are_no_alarm():
    data = random_table(np.random.default_rng(0), 12, 20)
    split = dataclasses.replace(data, time=np.zeros(len(data), int)).split("temporal")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "one second" in evaluate(Popularity().learn(split.train), split)["warning"]


def test_warm_and_cold_users_are_given_apart():
    train = table([(0, 0), (1, 1)], 4, 12)  # nobody knows anything of users 2 and 3; 3 has no test row
    test = table([(0, 5), (0, 7), (1, 2), (2, 4)], 4, 12)
    scores = np.zeros((4, 12))
    scores[0, [5, 6]] = scores[1, 2] = 1
    scores[2, 3] = 2
    scores[2, 4] = 1
    found = evaluate(Fixed(train, scores), Split(train, train.take([]), test, "temporal-global", 0, None), k=(1, 2))
    assert (found["users"], found["warm"]["users"], found["cold"]["users"]) == (3, 2, 1)
    assert found["warm"]["top_1_accuracy"] == pytest.approx(2 / 3) and found["cold"]["top_1_accuracy"] == 0
    assert found["cold"]["top_2_accuracy"] == 1 and found["cold"]["mrr"] == 1 / 2
    assert found["cold"]["ndcg"] == pytest.approx(1 / math.log2(3))
    for name in METRICS:  # all users are both together
        assert 3 * found[name] == pytest.approx(2 * found["warm"][name] + found["cold"][name]), name
    assert found["baselines"]["popularity"]["cold"]["users"] == 1


def test_without_cold_users_the_warm_ones_are_all(result):
    assert result["cold"] == {"users": 0}
    assert result["warm"] == {name: result[name] for name in result["warm"]}


def test_in_a_global_split_of_movielens_the_cold_users_are_counted():
    split = load_movielens().split("temporal-global")
    with pytest.warns(UserWarning, match="88 of the 116 users in test have no train row"):
        found = evaluate(Popularity().learn(split.train), split, baselines=False)
    assert (found["users"], found["warm"]["users"], found["cold"]["users"]) == (116, 28, 88)


def test_an_honest_split_does_not_warn(split):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert evaluate(Popularity().learn(split.train), split, k=(1,))["warning"] is None


def test_nothing_held_out_is_a_sentence(split):
    empty = split._replace(test=split.test.take([]))
    with pytest.raises(ValueError, match=r"split\.test holds no row, so there is nothing to evaluate on; split with"):
        evaluate(Popularity().learn(split.train), empty)
    alone = table([(0, 0), (1, 1)], 2, 3).split("temporal")
    with pytest.raises(ValueError, match="nothing to evaluate on; every user has one rating"):
        evaluate(Popularity().learn(alone.train), alone)


def test_depths_are_those_that_the_catalogue_has_unless_others_are_asked_for():
    split = random_table(np.random.default_rng(0), 20, 30).split("temporal")
    model = Popularity().learn(split.train)
    found = evaluate(model, split)
    assert [key for key in found if key.startswith("top_")] == ["top_1_accuracy", "top_5_accuracy", "top_10_accuracy"]
    few = random_table(np.random.default_rng(0), 20, 5, density=0.7).split("temporal")
    found = evaluate(Popularity().learn(few.train), few)
    assert [key for key in found if key.startswith("top_")] == ["top_1_accuracy", "top_5_accuracy"]
    assert found["precision"] == evaluate(Popularity().learn(few.train), few, at=5)["precision"]
    for options in ({"k": (1, 31)}, {"k": (0,)}, {"k": (1,), "at": 31}):
        with pytest.raises(ValueError, match="k must be a whole number from 1 to 30"):
            evaluate(model, split, **options)


def test_the_same_seed_gives_the_same_numbers(split):
    model = Popularity().learn(split.train)
    assert evaluate(model, split, seed=4) == evaluate(model, split, seed=4)
    assert evaluate(model, split, seed=4)["intervals"] != evaluate(model, split, seed=5)["intervals"]


def test_the_point_on_the_training_curve_is_the_accuracy_of_the_evaluation(split, result):
    assert held_out_accuracy(trained(split.train), split.train, split.test) == result["top_10_accuracy"]
    tiny = table([(0, 0), (1, 1)], 2, 3)  # fewer films than ten: the list is as long as the catalogue
    assert held_out_accuracy(Popularity().learn(tiny), tiny, table([(0, 2)], 2, 3)) == 1


def test_ready_lists_of_any_origin_can_be_scored(split, result):
    ranked = recommend_all(trained(split.train), split.train, 100)
    scored = score_lists(ranked, split, [1, 5, 10, 50, 100], 10)
    assert scored == {key: result[key] for key in scored}


# ------------------------------------------------------------------ the baselines themselves


def test_popularity_counts_ratings_and_says_so():
    data = table([(0, 0), (1, 0), (1, 2)], 2, 4)
    model = Popularity().learn(data)
    assert model.scores("u1").tolist() == [2, 0, 1, 0]
    why = model.explain("u2", "f3")
    assert (why.score, [part.value for part in why.parts]) == (1.0, [1.0])
    events = list(Popularity().steps(data, table([(0, 2)], 2, 4)))
    assert [event.metrics["top_10_accuracy"] for event in events] == [1.0]
    assert math.isnan(next(Popularity().steps(data)).metrics["top_10_accuracy"])


def test_the_baselines_refuse_what_other_models_refuse():
    data = table([(0, 0), (1, 0)], 2, 4)
    model = Popularity().learn(data)
    for ask in (model.scores, lambda who: model.explain(who, "f1")):
        with pytest.raises(ValueError, match="user must be one of 2 ids"):
            ask("nobody")
    with pytest.raises(ValueError, match="Popularity has not counted yet"):
        Popularity().scores("u1")
    with pytest.raises(ValueError, match="Chance has not counted yet"):
        recommend_all(Chance(), data, 1)


def test_chance_is_drawn_by_its_seed():
    data = table([(0, 0)], 1, 50)
    assert (Chance(1).learn(data).scores("u1") == Chance(1).learn(data).scores("u1")).all()
    assert (Chance(1).learn(data).scores("u1") != Chance(2).learn(data).scores("u1")).any()
