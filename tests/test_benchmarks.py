"""The benchmarks' own code: rivals against a hand-worked answer, rows that can say no, a command that fails in words.

No test here measures time; numbers of seconds are checked for being there.
"""

import dataclasses
import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import REPO
from worlds import Svd, random_table, table, trained

if not (REPO / "benchmarks").is_dir():
    pytest.skip("the benchmarks are in the clone only, not in the source distribution", allow_module_level=True)
sys.path.insert(0, str(REPO))

import recwidgets as rw
from benchmarks import (  # the clone's folder must be on the path first
    ablation,
    accuracy,
    backends,
    clicks,
    explanations,
    fuzz,
    growth,
    hub,
    job,
    kills,
    load,
    memory,
    ml100k,
    ranking,
    report,
    rivals,
    roads,
    run,
    tap,
    training,
    tutorial,
    usage,
)
from benchmarks.options import MODELS, Missing, Options, smoke
from recwidgets import cli
from recwidgets.core import Person
from recwidgets.models import make, model_class

# ------------------------------------------------------------------ rivals and lists


def test_ease_finds_the_withheld_film_and_no_film_explains_itself():
    data, withheld = rw.checkerboard(8)
    model = rivals.ease(data, penalty=1.0)
    assert rw.recommend_all(model, data, 1)[:, 0].tolist() == withheld[:, 1].tolist()
    only = table([(0, 0)], 2, 3)  # the one film rated by nobody else is explained by nothing
    assert rivals.ease(only, penalty=1.0).table.tolist() == [[0, 0, 0], [0, 0, 0]]


def test_ease_is_the_regression_that_it_solves():
    """Each film's weights, once more as a ridge regression of that film on all the others."""
    data, penalty = random_table(np.random.default_rng(0), 15, 8), 3.0
    seen = rivals.matrix(data)
    for film in range(8):
        others = np.delete(np.arange(8), film)
        left = seen[:, others]
        weight = np.linalg.solve(left.T @ left + penalty * np.eye(7), left.T @ seen[:, film])
        np.testing.assert_allclose(rivals.ease(data, penalty).table[:, film], left @ weight, atol=1e-10)


def test_user_neighbours_are_weighted_by_the_cube_of_their_cosine():
    # u0 {0, 1}, u1 {0, 1, 2}, u2 {1, 3}, u3 {4}: cosines of u0 with u1 2/√6, with u2 1/2, with u3 0
    data = table([(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 1), (2, 3), (3, 4)], 4, 5)
    near = (2 / np.sqrt(6)) ** 3
    np.testing.assert_allclose(rivals.user_knn(data, k=3).table[0], [near, near + 0.125, near, 0.125, 0])
    np.testing.assert_allclose(rivals.user_knn(data, k=1).table[0], [near, near, near, 0, 0])


def test_lists_reach_the_evaluator_as_raw_ids_by_raw_user(monkeypatch):
    data = dataclasses.replace(
        table([(0, 0), (1, 1)], 2, 3), users=np.array(["2", "1"]), items=np.array(["3", "1", "2"])
    )
    monkeypatch.setattr(ml100k, "ml100k", lambda: data)
    assert ml100k.raw_lists(np.array([[0, 1, -1], [2, 0, 1]])).tolist() == [[2, 3, 1], [3, 1, 0]]
    model = trained(data)
    everything = ml100k.everything_ranked(model, data)
    assert np.sort(everything, axis=1).tolist() == [[1, 2, 3]] * 2  # seen films are in it, too
    best = int(np.argmax(model.scores("2")))
    assert everything[1, 0] == int(data.items[best])


@pytest.fixture
def evaluated(ml100k_read, monkeypatch):
    """The evaluator on the real data, without TFDS."""
    monkeypatch.setattr(ml100k, "ml100k", lambda: ml100k_read)
    ml100k.table.cache_clear()
    yield ml100k
    ml100k.table.cache_clear()


@pytest.fixture(scope="module")
def ml100k_read(request):
    place = request.getfixturevalue("ml100k")
    try:
        ml100k.evaluator()
    except Missing as reason:
        pytest.skip(str(reason))
    if not place.is_dir():
        pytest.skip("RECWIDGETS_ML100K is a zip here; this test reads the folder")
    user, item, rating, time = np.loadtxt(place / "u.data", dtype=np.int64, unpack=True)
    return rw.Interactions(
        user=user - 1, item=item - 1, rating=rating, time=time, users=np.arange(1, 944).astype(str),
        items=np.arange(1, 1683).astype(str), titles=np.arange(1, 1683).astype(str), genres=((),) * 1682,
    )  # fmt: skip


def test_the_rivals_reach_what_others_measured(evaluated):
    train, test = evaluated.parts_of("p1")
    assert len(train) + len(test) == 100_000
    assert len(train) == pytest.approx(75_000, abs=200)  # three quarters of each film's rows, rounded
    reached = {}
    for name, rival in accuracy.RIVALS.items():
        lists = evaluated.everything_ranked(rival(train), train)
        reached[name] = evaluated.score("p1", lists)["nDCG@10"]
    assert reached == pytest.approx({"popularity": 0.252, "user_knn": 0.445, "ease": 0.484}, abs=0.002)


def test_rows_in_another_order_are_refused(evaluated, ml100k_read, monkeypatch):
    turned = ml100k_read.take(np.arange(len(ml100k_read))[::-1])
    monkeypatch.setattr(ml100k, "ml100k", lambda: turned)
    with pytest.raises(ValueError, match=r"the user column of the package must be that of u\.data, row by row"):
        evaluated.table()


def test_a_further_split_is_three_quarters_of_each_film_and_its_own(evaluated):
    first, second = evaluated.further_split(1), evaluated.further_split(2)
    assert len(first.train) + len(first.test) == 100_000
    share = first.train.popularity / np.maximum(first.train.popularity + first.test.popularity, 1)
    many = first.train.popularity + first.test.popularity > 40
    assert np.abs(share[many] - 0.75).max() < 0.02
    assert (first.train.item[:1000] != second.train.item[:1000]).any()


def test_without_data_or_evaluator_a_part_says_what_it_needs(monkeypatch, tmp_path):
    monkeypatch.setenv("RECWIDGETS_ML100K", str(tmp_path / "none"))
    monkeypatch.setenv("RECWIDGETS_BENCH", str(tmp_path))
    for ask, words in (
        (ml100k.folder, "needs MovieLens 100K: pass --data"),
        (ml100k.evaluator, "set RECWIDGETS_BENCH"),
    ):
        ask.cache_clear()
        with pytest.raises(Missing, match=words):
            ask()
        ask.cache_clear()


def test_the_least_ranking_finds_the_same_films():
    data = random_table(np.random.default_rng(4), 30, 50)
    model = trained(data)
    found = ranking.bare(*model.vectors(), k=7)
    assert np.sort(found, axis=1).tolist() == np.sort(rw.recommend_all(model, data, 7, seen=True), axis=1).tolist()


# ------------------------------------------------------------------ rows and the page


def test_a_row_can_say_no():
    assert report.at_least("x", [0.48, 0.50], 0.485) == ("x", "≥ 0.485", "0.4900 ± 0.0141", True, "")
    assert report.at_least("x", [0.4849], 0.485, 0.495)[1:4] == ("≥ 0.485 (aim 0.495)", "0.4849", False)
    assert report.ratio("x", [1.0, 1.4, 9.0], 1.5, least=False)[2:4] == ("1.40 (1.00–9.00)×", True)
    assert not report.ratio("x", [1.0, 1.6, 9.0], 1.5, least=False).met
    assert report.ratio("x", [15.0], 15, least=True).met
    assert not report.ratio("x", [14.9], 15, least=True).met
    assert [report.below("x", value, 160, "MB").met for value in (159.0, 160.0)] == [True, False]
    assert not report.above("x", [0.25, 0.5], [0.375], "above").met
    assert report.above("x", [0.25, 0.51], [0.375], "above").met
    assert not report.clearly_above("x", [0.5, 0.3], [0.1, 0.3]).met
    assert report.clearly_above("x", [0.5, 0.31], [0.1, 0.3]).met


def about(**others):
    machine = {"processor": "P", "cores": 2, "system": "S", "python": "3", "versions": {"numpy": "2"}, "commit": "abc"}
    return {"when": "today", "command": "recwidgets bench", "machine": machine, "quick": False, "parts": {}} | others


def test_the_page_counts_what_is_met_and_names_what_is_not():
    rows = [
        report.Row("a | b", "≥ 1", "2", True),
        report.Row("slow", "≤ 1×", "3×", False, "why"),
        report.Row("size", "", "7 MB"),
    ]
    results = {
        "memory": about(parts={"x": {"skipped": "needs a thing"}, "y": {"failed": "OSError: no"}, "z": {}}),
        "growth": about(quick=True),
    }
    page = report.page(results, [("memory", "Memory", rows), ("growth", "Growth", [])], "## Notes\nTried.\n")
    assert "1 of 2 lines are met" in page
    assert "- slow: 3×, wanted ≤ 1×" in page
    assert "| a \\| b | ≥ 1 | 2 | yes |  |" in page
    assert "| slow | ≤ 1× | 3× | **no** | why |" in page
    assert "- x: skipped, needs a thing" in page
    assert "- y: failed: OSError: no" in page
    assert page.count("Machine: P, 2 cores") == 1
    assert "commit abc" in page
    assert page.index("These numbers mean nothing") > page.index("## Growth")
    assert page.endswith("## Notes\nTried.\n")


def test_a_section_measured_on_another_machine_says_so():
    other = about()
    other["machine"] = other["machine"] | {"processor": "Q"}
    page = report.page({"memory": about(), "growth": other}, [("memory", "M", []), ("growth", "G", [])], "")
    assert page.count("Machine: ") == 2


def numbers(low=0.1):
    """What the evaluator gives, made up."""
    keys = ("nDCG@10", "MAP", "HR@10", "NDCG@10", "HR@10_kept", "top100", "top100_removed")
    return {key: low for key in keys}


def measured():
    """A result of every part, made up: enough to make all rows."""
    systems = {name: [numbers(0.5), numbers(0.7)] for name in MODELS} | {name: [numbers()] for name in accuracy.RIVALS}
    ends = {name: [{"ndcg": 0.5, "map": 0.4}] for name in ("gnn", "knn")}
    ends |= {name: [{"ndcg": 0.4, "map": 0.3}] for name in ("ease", "user_knn")}
    small = {name: [{"ndcg": 0.3, "popularity": 0.1}] for name in MODELS}
    once = {"cpu": 2.0, "wall": 1.0}
    still = {"mb": 100.0, "threads": 1, "widgets": 9, "comms": 9}
    used = {name: [once, once] for name in MODELS} | {f"bare {name}": [once] for name in MODELS}
    used["tutorial"] = [once, {"cpu": 40.0, "wall": 20.0}]
    full = {"wall": 30.0, "cpu": 40.0, "epochs": 9, "top10": 0.2, "top10_removed": 0.3}
    own = {"of score": 0.2, "own of score": 0.1, "grouped": 0.2, "of parts": 0.1}
    drops = {"largest": [1.0, 2.0], "random": [0.5, -1.0]}
    took = {"films": {"heavy": 2000, "median": 50}, "heavy": {"first": 50.0, "again": 9.0}}
    took["median"] = {"first": 5.0, "again": 4.0}
    explained = {"exact": {"relative": 1e-6, "of parts": 1e-7}, "own": own, "drops": drops, "reasons": took}
    grown = {"users": 9, "films": 9, "structures": 1, "epoch": 1, "ranking": 1, "bytes": 1, "held": 1}
    kernel = {act: [9.0] for act in ("user", "knob", "epoch", "you")}
    acts = kernel | {"bare": [9.0]}
    runs = {"default": [0.3], "layers=0": [0.1], "layers=0 when asked": [0.1]}
    others = ("k=1", "neighbours at random", "no neighbours", "place alone")
    alone = {"default": [0.3], **{name: [0.1] for name in others}}
    held = {"held": [700.0, 702.0, 702.0, 702.5], "each": 0.5}
    left = {"repeated": held, "closed": held | {"widgets": 0}, "again": held | {"widgets": [82, 82]}}
    end = {"all": 400.0, "kernel": 300.0, "server": 90.0, "before": 250.0, "first panel": 2.0, "seconds": 9.0}
    versions = {"notebook": "7"}
    image = {"seconds": 9.0, "mb": 2000, "wrong": [], "versions": versions, "base": [], "repo2docker": "2026"}
    walk = {"panel": 5.0, "user": 0.1, "epoch": 2.0, "mb": 300.0, "memory": "server and kernel"}
    clicked = {"median": 50.0, "p95": 90.0, "n": 20}
    class_of = {"each": 250.0, "hub": 150.0, "kernels": [200.0], "servers": [90.0], "users": 8, "starts": [3.0]}
    trained_there = {"all": 500.0, "kernels": [300.0], "before": 300.0, "seconds": [9.0], "epochs": 3}
    room = {"learners": 8, "mb": 1000.0, "load": 1.0, "user": clicked, "bare": clicked}
    order = {name: {key: [value] for key in numbers()} for name, value in (("default", 0.3), ("shuffled", 0.1))}
    return {
        "accuracy": {"p1": {"scores": systems}, "p2": {"scores": systems}, "p3": {"scores": systems},
                     "further": {"scores": ends}, "small": {"scores": small}},
        "training": {"epochs": {"used": used, "accuracy": [0.1, 0.05]}, **{f"full_{name}": full for name in MODELS}},
        "ranking": {name: {"ours": [2.0] * 20, "theirs": [1.0] * 20, "queries": 1.0, "shape": [9, 9, 3]}
                    for name in MODELS},
        "backends": {
            part: {"used": {way: [once, once] for way in (*backends.WAYS, "tutorial")}}
            if part.startswith("epochs")
            else {"runs": [{"top_10_accuracy": value, "ndcg": value, "epochs": 9} | once for value in (0.1, 0.2)]}
            if part.startswith("whole")
            else dict.fromkeys(MODELS, [0.5, 0.7, 0.9])
            if part == "click"
            else {"first": 0.5, "peak": 300.0, "epochs": 1}
            for part in backends.PARTS
        },
        "tab": {name: {"slices": [9.0, 20.0], "epochs": [5.0], "user": [90.0] * 20, "before": 600.0, "training": 700.0,
                       "wasm": 300.0, "heap": 90.0} for name in MODELS}
        | {f"beside_{name}": {"slices": [9.0, 20.0]} for name in MODELS},
        "binder": {"image": image, "tutorials": {"notebooks": dict.fromkeys("0123456", {"seconds": 9, "peak": 200})},
                   **{name: end | {"said": "Ready"} for name in ("numpy", "tensorflow")},
                   "unasked": {"said": "Not begun: it would not fit"}},
        "roads": {**{name: walk for name in roads.LABELS},
                  "marimo": {"picture": 5.0, "live": False, "mb": 1.0, "memory": "server"}},
        "hub": {"users": class_of | {"clicks": {"user": clicked}}, "learners": {"stages": [room]},
                **{f"{backend}_{n}": trained_there for backend in ("numpy", "tensorflow") for n in hub.AT_ONCE}},
        "memory": {part: left.get(part.partition("_")[0], {"peak": 100.0}) for part in memory.PARTS},
        "growth": {f"{name}_{n}": grown | {"n": n} for name in MODELS for n in (1000, 3000)},
        "ablation": {"gnn": {"runs": runs}, "knn": {"runs": alone}, "session": {"runs": order}},
        "browser": {name: {"idle": acts, "training": {"bare": [9.0], "user": [10.0]}, "kernel": kernel}
                    for name in MODELS}
        | {"paint": {"bare": [10.0], **{f"{name}{what}": [12.0] for name in MODELS for what in ("", " frame")}}},
        "clicks": {
            part: {"user": 5.0, "select": 4.0, "drop": 9.0}
            | ({"heavy": dict.fromkeys(clicks.EACH, 60.0)} if part.startswith("small") else {})
            for part in clicks.PARTS
        },
        "fuzz": {name: {"inputs": 9, "right": 4, "refused": 5, "faults": [], "slowest": 0.1, "grown": 1.0}
                 for name in fuzz.KINDS},
        "kills": {name: {"kills": 9, "within": 5, "half": 0, "lost": 0, "litter": 0} for name in kills.KINDS},
        "load": {f"{kind}_{name}": {"times": 9, "first": still, "last": still} for kind in load.WHAT for name in MODELS}
        | {"together": {"each": [still | {"cpu": 1.0}] * 10, "user": 5.0, "closed": still | {"widgets": 0}},
           "selector": {"options": 8, "letters": 2000, "users": 100_000, "cpu": 9.0}},
        "explanations": {part: explained | {"model": part.split("_")[0], "data": part} for part in explanations.PARTS},
    }  # fmt: skip


@pytest.mark.parametrize(("name", "count", "missed"), [
    ("accuracy", 20, 0), ("training", 13, 0), ("backends", 48, 0), ("tab", 15, 0), ("ranking", 3, 3), ("memory", 18, 0),
    ("binder", 7, 0), ("roads", 5, 0), ("hub", 11, 0),
    ("growth", 16, 0), ("ablation", 8, 0), ("explanations", 24, 0), ("browser", 33, 0), ("clicks", 33, 0),
    ("fuzz", 10, 0), ("kills", 6, 0), ("load", 28, 0),
])  # fmt: skip
def test_every_section_makes_its_rows(name, count, missed):
    rows = job.section(name).rows(measured()[name])
    assert len(rows) == count
    assert sum(row.met is False for row in rows) == missed
    assert all(row.what and row.measured for row in rows)


@pytest.mark.parametrize("name", job.SECTIONS)
def test_a_part_that_is_not_there_takes_only_its_own_rows(name):
    whole = measured()[name]
    rows = job.section(name).rows
    assert rows({part: {"skipped": "no data"} for part in whole}) == []
    for part in whole:
        fewer = rows(whole | {part: {"failed": "OSError"}})
        assert len(fewer) < len(rows(whole)), part


def test_a_backend_that_moves_the_accuracy_more_than_seeds_do_is_a_miss():
    done = measured()["backends"]
    lower = [run | {"ndcg": run["ndcg"] - 0.05} for run in done["whole_p1_gnn_numpy"]["runs"]]  # 0.7 sd of 0.1, 0.2
    far = [run | {"ndcg": run["ndcg"] - 0.15} for run in done["whole_p2_session_numpy"]["runs"]]  # 2.1 sd
    rows = backends.rows(done | {"whole_p1_gnn_numpy": {"runs": lower}, "whole_p2_session_numpy": {"runs": far}})
    missed = [row for row in rows if row.met is False]
    assert [(row.what.partition(":")[0], row.note.partition(",")[0]) for row in missed] == [
        ("Session, ML-100K, p2", "-0.1500 = -2.12 sd")
    ]


def test_a_class_fills_nine_tenths_of_its_nodes():
    """1,000 learners of 250 MB, a quarter of whom add 100 MB: 275 GB, on nodes of which 28.8 GB are theirs."""
    assert hub.large(250.0, 100.0, 1000, 0.25) == (275.0, 10)
    assert hub.large(250.0, 0.0, 1, 0.25) == (0.25, 1)


def test_an_image_of_packages_that_do_not_go_together_and_a_training_beyond_the_limit_are_misses():
    done = measured()["binder"]
    done["image"] = done["image"] | {"wrong": ["notebook requires jupyterlab<4.5"]}
    done["tensorflow"] = done["tensorflow"] | {"all": 1001.0}
    done["unasked"] = {"said": "Ready · trained here with TensorFlow"}
    assert sum(row.met is False for row in job.section("binder").rows(done)) == 3


def test_the_page_of_roads_gets_its_table_and_keeps_the_rest(tmp_path):
    parts = measured()["roads"] | {"site": {"skipped": "needs RECWIDGETS_PYODIDE"}}
    page = tmp_path / "roads.md"
    page.write_text(f"# Roads\n{roads.BEGIN}\nold\n{roads.END}\nrest\n", encoding="utf-8")
    roads.write_page(about(parts=parts), page)
    text = page.read_text(encoding="utf-8")
    assert "old" not in text and text.startswith("# Roads\n") and text.endswith("\nrest\n")
    assert "| JupyterLab | 5.0 s | 0.1 s | 2.0 s | 300 MB, server and kernel |" in text
    assert "| a browser's tab, first visit | not measured |" in text
    page.write_text("# Roads\n", encoding="utf-8")
    with pytest.raises(ValueError, match="roads.md must have a line"):
        roads.write_page(about(parts=parts), page)


def test_a_size_that_could_not_be_run_is_a_miss():
    done = measured()["growth"] | {"knn_9000000": {"skipped": "needs 99 GB"}}
    rows = {row.what: row for row in growth.rows(done)}
    assert rows["GNN, an epoch, CPU time per interaction, 1k → 3k"].met
    missed = rows["KNN, an epoch, CPU time per interaction, 1k → 3k"]
    assert missed.met is False
    assert "9M could not be run" in missed.note


def test_growing_cost_is_a_miss():
    done = measured()["growth"]
    done["gnn_3000"] = done["gnn_3000"] | {"epoch": 4.0}  # 3 times the rows, 4 times the cost: 1.33
    rows = {row.what: row for row in growth.rows(done)}
    assert rows["GNN, an epoch, CPU time per interaction, 1k → 3k"].met is False
    assert rows["Session, an epoch, CPU time per interaction, 1k → 3k"].met
    per_film = growth._per_work(
        "s", [{"n": 1, "films": 1024, "epoch": 1}, {"n": 2, "films": 9000, "epoch": 6}], "epoch", growth._softmax
    )
    assert per_film.measured == "1.50×" and per_film.met is False  # four times the work, six times the cost


# ------------------------------------------------------------------ explanations and ablations


@pytest.fixture(scope="module")
def world():
    return rw.planted(n_users=60, n_items=80, seed=2).data


@pytest.fixture(scope="module")
def svd(world):
    return trained(world)


class Liar(Svd):
    """Leaves a part out of what it says."""

    def _parts(self, person, item):
        yield from list(super()._parts(person, item))[1:]


def test_exactness_tells_an_honest_model_from_a_liar(world, svd):
    assert explanations.exactness(svd, world, 40)["relative"] < 1e-4
    liar = Liar().at(svd.snapshot)
    liar.data = world
    assert explanations.exactness(liar, world, 40)["relative"] > 1e-3


def test_the_own_part_is_measured_as_the_docstring_says():
    parts = [rw.Part("", kind, value) for kind, value in (("film", 3), ("film", -1), ("own", 1), ("base", -0.5))]
    explained = rw.Explanation("1", "One", 2.5, tuple(parts))
    assert explanations._own_of_film(explained) == pytest.approx((0.5 / 2.5, 1 / 2.5, 1.5 / 3.5, 1.5 / 5.5))


def test_a_reason_is_timed_for_the_user_with_most_films_and_a_median_one(world, svd):
    took = explanations.reasons(svd, world, 2)
    lengths = [len(world.history(user)) for user in range(world.n_users)]
    assert took["films"] == {"heavy": max(lengths), "median": sorted(lengths)[len(lengths) // 2]}
    assert all(took[who][when] >= 0 for who in ("heavy", "median") for when in ("first", "again"))


def test_taking_the_largest_part_away_hurts_more_than_one_by_lot(world, svd):
    drops = explanations.faithfulness(svd, world, "film", 40)
    assert len(drops["largest"]) == len(drops["random"]) == 40
    assert np.mean(drops["largest"]) > np.mean(drops["random"])
    assert explanations.faithfulness(svd, world, "neighbour", 3)["largest"] == []  # it has none: no endless search


def test_what_is_taken_away_is_the_film_or_the_neighbour():
    person = Person(3, np.array([5, 6, 7], np.int32), (1,))
    assert explanations._without(person, 6, "film").history.tolist() == [5, 7]
    assert explanations._without(person, 9, "neighbour").without == (1, 9)


def test_a_shuffled_history_holds_the_same_films(world):
    told = []
    model = SimpleNamespace(scores=lambda person: told.append(person))
    ablation.Shuffled(model, world, 0).scores(str(world.users[4]))
    history = world.history(4).tolist()
    assert told[0].user == 4
    assert told[0].history.tolist() != history
    assert sorted(told[0].history.tolist()) == sorted(history)


# ------------------------------------------------------------------ parts, processes, the command


def test_a_part_ends_in_numbers_or_in_words(monkeypatch):
    def lacking(options):
        raise Missing("needs a moon")

    def broken(options):
        raise OSError("no disk")

    parts = {"good": lambda options: {"peak": 1.0}, "lacking": lacking, "broken": broken}
    monkeypatch.setattr(memory, "PARTS", parts)
    found = {part: job.run_part("memory", part, Options()) for part in parts}
    assert found["good"]["peak"] == 1.0
    assert found["lacking"]["skipped"] == "needs a moon"
    assert found["broken"]["failed"] == "OSError: no disk"
    assert all(done["process"]["peak"] > 1 and done["process"]["cpu"] > 0 for done in found.values())


def test_every_section_has_parts_and_options_survive_the_way_to_their_process():
    options = smoke(Options(seeds=(0, 1), sizes=(1, 2), kept="x"))
    assert Options.from_json(options.to_json()) == options
    assert (options.seeds, options.epochs, options.quick) == ((0,), 1, True)
    for name in job.SECTIONS:
        assert job.parts_of(name, options), name


@pytest.fixture
def one_part(monkeypatch):
    """Of all sections one short part."""
    monkeypatch.setattr(run, "parts_of", lambda name, options: {"recwidgets": None})


def test_the_command_writes_a_table_and_keeps_other_sections(one_part, tmp_path, capsys):
    file = tmp_path / "results.json"
    file.write_text(json.dumps({"growth": about(parts=measured()["growth"])}))
    assert cli.main(["bench", "--only", "memory", "--out", str(tmp_path)]) == 0
    results = json.loads(file.read_text())
    assert set(results) == {"growth", "memory"}
    assert 10 < results["memory"]["parts"]["recwidgets"]["peak"] < 500
    page = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert "Peak of importing recwidgets" in page
    assert "## Growth" in page
    assert str(tmp_path) not in page + json.dumps(results)
    assert page.strip() in capsys.readouterr().out


def test_parts_are_measured_again_and_the_others_say_when_they_were(monkeypatch, tmp_path):
    monkeypatch.setattr(run, "parts_of", lambda name, options: {"recwidgets": None, "bqplot": None})
    monkeypatch.setattr(run, "fresh_process", lambda *_: {"peak": 1.0})
    assert run.main(["--only", "memory", "--out", str(tmp_path)]) == 0
    first = json.loads((tmp_path / "results.json").read_text())["memory"]
    monkeypatch.setattr(run, "fresh_process", lambda *_: {"peak": 2.0})
    assert run.main(["--only", "memory", "--parts", "bqplot", "--out", str(tmp_path)]) == 0
    again = json.loads((tmp_path / "results.json").read_text())["memory"]
    assert {name: part["peak"] for name, part in again["parts"].items()} == {"recwidgets": 1.0, "bqplot": 2.0}
    assert first["when"] in again["others"]
    assert "parts not named there" in (tmp_path / "RESULTS.md").read_text(encoding="utf-8")


def test_a_quick_run_stays_out_of_the_results(one_part, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "ROOT", tmp_path)
    monkeypatch.setattr(run, "fresh_process", lambda *_: {"peak": 1.0})
    assert run.main(["--quick", "--only", "memory"]) == 0
    assert "mean nothing" in (tmp_path / "build" / "bench-quick" / "RESULTS.md").read_text(encoding="utf-8")


def test_a_failed_part_is_in_the_table_and_in_the_exit_code(one_part, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "fresh_process", lambda *_: {"failed": "OSError: no"})
    assert run.main(["--only", "memory", "--out", str(tmp_path)]) == 1
    assert "failed: OSError: no" in (tmp_path / "RESULTS.md").read_text(encoding="utf-8")


def test_a_process_that_dies_or_never_ends_is_a_result(tmp_path, monkeypatch):
    dead = {"PYTHONHOME": str(tmp_path)}  # no Python starts from there
    done = run.fresh_process("memory", "recwidgets", Options(), dead, tmp_path)
    assert done["failed"].startswith("its process ended with code")
    monkeypatch.setattr(run, "LIMIT", 1e-6)
    done = run.fresh_process("memory", "recwidgets", Options(), dead, tmp_path)
    assert done == {"failed": "not done after 1e-06 s"}


def test_places_of_this_machine_stay_out_of_the_command():
    given = ["--data", "/some/where", "--only", "memory", "--out=/else/where"]
    command = run.about(given, Options())["command"]
    assert command == "recwidgets bench --data ML100K --only memory --out=FOLDER"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--only", "speed"], "--only must be some of accuracy,training"),
        (["--seeds", "0"], "--seeds must be a whole number of at least 1, got 0"),
        (["--sizes", "many"], "--sizes must be whole numbers"),
        (["--data", "no-such-folder"], "must be a folder or a file that exists, got 'no-such-folder'"),
    ],
)
def test_what_the_user_can_mend_is_one_sentence(arguments, words, tmp_path, capsys):
    assert cli.main(["bench", *arguments, "--out", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_outside_a_clone_the_command_says_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(cli, "__file__", str(tmp_path / "site" / "recwidgets" / "cli.py"))
    monkeypatch.chdir(tmp_path)
    assert cli.main(["bench"]) == 2
    assert "clone the repository and run recwidgets bench in its folder" in capsys.readouterr().err


def test_the_command_explains_itself_and_others_stay_strict(capsys):
    for arguments, code in ((["bench", "--help"], 0), (["bench", "--dance"], 2), (["doctor", "--dance"], 2)):
        with pytest.raises(SystemExit) as end:
            cli.main(arguments)
        assert end.value.code == code
    said = capsys.readouterr()
    assert "--only" in said.out
    assert said.err.count("unrecognized arguments: --dance") == 2


def test_the_clock_and_the_machine():
    with usage.clocked() as used:
        sum(range(1000))
    assert used["wall"] >= 0 and used["cpu"] >= 0
    assert 10 < usage.now_mb() <= usage.peak_mb() * 1.01
    machine = usage.machine()
    assert machine["cores"] >= 1
    assert machine["versions"]["numpy"] == np.__version__


# ------------------------------------------------------------------ with TensorFlow, on small worlds


@pytest.fixture(scope="module")
def tiny():
    return rw.planted(n_users=40, n_items=60, seed=5).data


@pytest.mark.needs_tf
@pytest.mark.parametrize("name", MODELS)
def test_a_training_can_be_watched_and_cut_short(name, tiny):
    before = model_class(name)._batches
    with tap.tapped(name, most=1) as watched:
        events = list(make(name, seed=0).steps(tiny, tiny, 2))
    assert model_class(name)._batches is before
    assert len(events) == 2
    assert len(watched.inputs) == 1 <= watched.batches
    weights = [variable.numpy() for variable in watched.network.trainable_variables]
    watched.bare()()
    for variable, known in zip(watched.network.trainable_variables, weights, strict=True):
        np.testing.assert_array_equal(variable.numpy(), known)  # gradients are worked out, and not applied


@pytest.mark.needs_tf
@pytest.mark.parametrize("name", MODELS)
def test_a_watched_training_learns_the_same(name, tiny):
    alone = list(make(name, seed=1).steps(tiny, tiny, 1))
    with tap.tapped(name) as watched:
        seen = list(make(name, seed=1).steps(tiny, tiny, 1))
    assert len(watched.inputs) == watched.batches
    assert seen[0].metrics["loss"] == pytest.approx(alone[0].metrics["loss"], rel=1e-4)


@pytest.mark.needs_tf
def test_alone_is_what_a_neighbour_hands_on(tiny):
    model = make("knn", seed=0, k=1)
    rw.fit(model, tiny, epochs=1, progress=False)
    values, queries = ablation.alone(model, tiny), model.vectors()[0]
    for user in range(10):
        nearest = model.neighbours(Person(user, tiny.history(user)))[0][0]
        np.testing.assert_allclose(queries[user], values[nearest], atol=1e-5)


@pytest.mark.needs_tf
def test_the_tutorial_trains_and_counts_as_tfrs_does(tiny):
    split = tiny.split("temporal", test=0.2)
    loop = tutorial.Tutorial(split.train, split.test)
    loop.epoch()
    users = loop.model.users(split.test.users[split.test.user].astype(bytes)).numpy()
    films = loop.model.movies(tutorial._text(tiny.titles)).numpy()
    scores = users @ films.T  # (rows, n_items)
    own = scores[np.arange(len(scores)), split.test.item]
    expected = ((scores > own[:, None]).sum(1) < 10).mean()
    before = loop.accuracy()
    assert before == pytest.approx(expected, abs=0.01)
    for _ in range(30):
        loop.epoch()
    after = loop.model.users(split.test.users[split.test.user].astype(bytes)).numpy()
    assert np.abs(after - users).max() > 1e-3


@pytest.mark.needs_tf
@pytest.mark.parametrize("name", MODELS)
def test_the_cost_of_a_small_world_is_measured(name):
    found = growth.measure(name, 2_000, Options())
    assert (found["n"], found["users"]) == (2_000, 18)
    assert all(found[key] > 0 for key in ("structures", "epoch", "ranking", "held"))
    assert found["held"] >= 40 * 2_000


@pytest.mark.needs_tf
def test_a_world_too_large_for_this_machine_is_refused_before_it_is_tried(monkeypatch):
    data = rw.planted(seed=0).data
    growth._refuse("gnn", data)
    monkeypatch.setitem(growth.TABLES, "gnn", (10**9, 0))
    with pytest.raises(Missing, match="a step of gnn at [0-9,]+ interactions would need about"):
        growth._refuse("gnn", data)


@pytest.mark.needs_tf
def test_full_training_and_epochs_side_by_side(tiny, monkeypatch):
    split = tiny.split("temporal", test=0.2)
    monkeypatch.setattr(ml100k, "parts_of", lambda protocol: (split.train, split.test))
    monkeypatch.setattr(ml100k, "everything_ranked", lambda model, train: None)
    monkeypatch.setattr(ml100k, "score", lambda protocol, lists: {"top10": 0.2, "top10_removed": 0.3})
    options = smoke(Options())
    done = {"epochs": training.epochs(options), "full_gnn": training.full("gnn", options)}
    assert done["full_gnn"]["epochs"] == 1
    assert all(count >= 1 for count in done["epochs"]["batches"].values())
    assert len(training.rows(done)) == 9
