"""Ranks over the epochs: what is drawn is what the model answers at each kept epoch, and what a jump was made of."""

import asyncio

import numpy as np
import pytest
from pages import html, page, text, until
from worlds import Fixed, Svd, random_table

import recwidgets as rw
from recwidgets.panel.bump import SHOWN, lines, runs
from recwidgets.panel.ranks import RankHistory, jump_epochs, jumps, stand
from recwidgets.panel.way import course, told

SPLIT = random_table(np.random.default_rng(5), 20, 40, density=0.35).split("temporal", test=0.2, validation=0.1)


@pytest.fixture(scope="module")
def learned():
    model = Svd()
    return model, rw.fit(model, SPLIT.train, SPLIT.validation, epochs=5, progress=False)


@pytest.fixture
def panel(learned):
    model, history = learned
    made = rw.Panel(SPLIT, model, history=history, user="u4")
    yield made
    made.close()


def ranks_of(panel):
    """What the panel's chart is drawn from."""
    return panel._scene().ranks


def history_of(table):
    """A history from scores, (epochs, items)."""
    stands = {n: stand(np.asarray(row, np.float32), np.zeros(0, np.int32)) for n, row in enumerate(table, 1)}
    return RankHistory(stands)


@pytest.mark.parametrize("alpha", [0, 50])
def test_each_rank_is_that_of_the_models_list_at_this_epoch(panel, alpha):
    panel.act("alpha", str(alpha))
    panel.act("drawer", "ranks")
    found = ranks_of(panel)
    assert found.steps == panel.training.steps == [1, 2, 3, 4, 5] and not found.working
    top = panel.shown.answer.top.tolist()
    for n, step in enumerate(found.steps):
        panel.epoch = step
        listed = panel.recommendations.index.tolist()
        assert found.first(step, 10) == listed
        for item, rank in zip(top, found.ranks(top)[:, n].tolist(), strict=True):
            assert (rank <= 10) == (item in listed) and (item not in listed or listed.index(item) == rank - 1)


def test_nothing_is_worked_out_while_nobody_can_see_it(panel):
    assert ranks_of(panel) is None
    panel.act("wide", "1")
    assert ranks_of(panel) is not None
    panel.act("wide", "")
    assert ranks_of(panel) is None


def test_in_a_notebook_it_comes_beside_the_clicks(learned):
    async def cell():
        model, history = learned
        made = rw.Panel(SPLIT, model, history=history, user="u4")
        made.act("drawer", "ranks")
        await until(lambda: len(page(made, "rw-ranks-labels").all("button")) >= 10)
        labels = page(made, "rw-ranks-labels").all("button")
        assert len(labels) == 10 and [label["data-value"] for label in labels] == [str(n) for n in range(10)]
        await until(lambda: "at epoch 1" in text(made, "rw-ranks-way"))
        made.close()

    asyncio.run(cell())


def test_a_film_below_what_is_shown_leaves_a_gap():
    rng = np.random.default_rng(0)
    found = history_of(rng.normal(size=(6, 40)))
    top = found.first(6, 10)
    drawn = lines(found, top, every=True)
    ranks = found.ranks(top)
    assert drawn.y.shape == (10, 6) and np.isnan(drawn.y[ranks > SHOWN]).all()
    np.testing.assert_array_equal(drawn.y[ranks <= SHOWN], ranks[ranks <= SHOWN])


def test_it_begins_where_half_of_the_list_is_there_for_good():
    base = np.arange(40, 0, -1.0)
    early = np.roll(base, 20)
    found = history_of([early, base, early, base, base])
    top = found.first(5, 10)
    drawn = lines(found, top)
    assert drawn.first == 4 and drawn.steps == (4, 5)
    assert lines(found, top, every=True).steps == (1, 2, 3, 4, 5)


def test_a_line_with_gaps_is_drawn_in_runs_without_a_hole():
    nan = np.nan
    y = np.array([[1, 2, nan, 3], [nan, nan, nan, nan], [nan, 1, nan, nan], [4, 4, 4, 4]])
    points, of = runs(y)
    assert of.tolist() == [0, 0, 2, 3]
    assert points.tolist() == [[0, 1, 1, 1], [3, 3, 3, 3], [1, 1, 1, 1], [0, 1, 2, 3]]
    assert np.isfinite(np.take_along_axis(y[of], points, 1)).all()
    points, of = runs(np.array([[3.0]]))
    assert points.tolist() == [[0, 0]] and of.tolist() == [0], "after one epoch there is one point, and a line has two"


def test_the_first_epoch_of_a_training_is_drawn():
    panel = rw.Panel(SPLIT, Svd(epochs=1), user="u4")
    panel.act("wide", "1")
    panel.step()
    assert ranks_of(panel).steps == [1] and panel.shown.message is None
    panel.close()


def test_a_jump_is_told_with_what_it_would_have_been_alone():
    before = np.array([5.0, 4, 3, 2, 1, 0.5])
    after = np.array([5.0, 1.5, 1.4, 1.3, 4.5, 0.5])  # item 4 rose by 3.5, three before it fell
    found = history_of([before, after])
    assert jump_epochs(found, 4) == [(1, 2)]
    (jump,) = jumps(found, 4)
    assert (jump.was, jump.now, jump.passed) == (5, 2, 3) and jump.own == pytest.approx(3.5)
    assert jump.their == pytest.approx(np.mean([1.5 - 4, 1.4 - 3, 1.3 - 2]))
    assert jump.alone == 2, "with the others as they were: behind 5.0 alone"
    assert jump.others == 5, "with its old score of 1 it stays behind 5.0, 1.5, 1.4 and 1.3"
    assert told(jump, "own films") == (
        "Epochs 1 → 2, rank 5 → 2: its score rose by 3.50, the 3 films that it passed fell by 1.60 on average. "
        "Its new score alone would bring rank 2, the others’ alone 5."
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ([0, 0.5, 0.5, 2.75], "its score rose by 2.75, the 2 films that it passed rose by 0.50 on average"),
        ([0, -2.9, -1.9, 0], "its score stayed, the 2 films that it passed fell by 2.40 on average"),
        ([0, 0, 0, 2.5], "its score rose by 2.50, the 2 films that it passed stayed on average"),
    ],
    ids=["both rose", "the others alone", "it alone"],
)
def test_a_jump_says_how_it_and_those_it_passed_moved_and_what_either_alone_would_bring(change, said):
    before = np.array([5.0, 4, 3, 2])
    (jump,) = jumps(history_of([before, before + change]), 3)
    text = told(jump, "own films")
    assert said in text and "doing" not in text
    assert text.endswith(f"Its new score alone would bring rank {jump.alone}, the others’ alone {jump.others}.")


def test_the_ranks_have_an_axis_with_numbers(panel):
    panel.act("drawer", "ranks")
    (axis,) = [one for one in panel._ready().regions.bump.figure.axes if one.side == "left"]
    assert axis.visible and axis.label == "rank" and axis.tick_values[0] == 1
    assert axis.scale.reverse and axis.scale.min < 1 and axis.scale.max > axis.tick_values[-1]


def test_the_parts_of_a_jump_are_the_parts_of_both_scores():
    panel = rw.GNNPanel(user="168")
    panel.act("drawer", "ranks")
    found, item = ranks_of(panel), panel.shown.item
    known = jumps(found, item)
    assert known and all(jump.parts is not None for jump in known)
    for jump in known:
        assert sum(jump.parts) == pytest.approx(jump.own, abs=1e-3)
        scores = []
        for step in (jump.before, jump.after):
            panel.epoch = step
            scores.append(float(panel.shown.answer.scores[item]))
        assert scores[1] - scores[0] == pytest.approx(jump.own, abs=1e-4)
    panel.close()


def test_a_model_that_cannot_go_back_says_so():
    model = Fixed(SPLIT.train, np.random.default_rng(1).normal(size=(20, 40)))
    panel = rw.Panel(SPLIT, model, user="u3", history=rw.fit(model, SPLIT.train, epochs=2, progress=False))
    panel.act("drawer", "ranks")
    assert "cannot go back to earlier epochs: it has no method at(snapshot)" in html(panel, "rw-drawer-ranks")
    bump = panel._ready().regions.bump
    assert not any(axis.visible for axis in bump.figure.axes), "no axis of epochs that there are not"
    panel.close()


@pytest.mark.parametrize(
    "known, words",
    [
        ([(1, 398), (6, 1), (10, 3), (26, 1), (28, 1), (30, 1)],
         "rank 398 at epoch 1, first at epochs 6 and 26–30 (of the 6 kept)."),
        ([(1, 9), (2, 2), (3, 2)], "rank 9 at epoch 1, 2nd at epochs 2–3."),
        ([(1, 9), (2, 1), (3, 4)], "rank 9 at epoch 1, 4th at epoch 3; at best first, at epoch 2."),
        (
            [(1, 9), (2, 1), (3, 4), (4, 1), (5, 1), (6, 2)],
            "rank 9 at epoch 1, 2nd at epoch 6; at best first, at epochs 2 and 4–5.",
        ),
        ([(1, 2), (2, 5), (3, 2)], "2nd at epochs 1 and 3."),
        ([(1, 1), (2, 1)], "first at every epoch kept, from 1 to 2."),
        ([(n, 1 if n % 2 else 2) for n in range(1, 8)], "first once before, then at epochs 3, 5 and 7."),
        ([(n, 1 if n % 2 else 2) for n in range(1, 10)], "first 2 times before, then at epochs 5, 7 and 9."),
    ],
)  # fmt: skip
def test_a_films_way_names_all_epochs_at_which_it_stood_where_it_stands_now(known, words):
    assert course(known) == words


def test_a_film_has_one_colour_in_the_chart_and_in_the_ranks(panel):
    """The chosen one, too; only where the chart has no colour for it, it has that of what is chosen."""
    panel.act("drawer", "ranks")
    regions, top = panel._ready().regions, panel.shown.answer.top.tolist()
    for place in (0, 2, 5):
        panel.act("select", str(place))
        slots = regions.chart.slots()
        assert set(slots) == set(top[:3])
        slot = slots.get(top[place])
        wanted = "var(--rw-accent)" if slot is None else f"var(--rw-film-{slot})"
        assert set(regions.bump.chosen.colors) == {wanted}
        if slot is not None:
            assert regions.chart.pie.colors[place] == wanted
        label = next(one for one in page(regions.bump.labels).all("button") if one["data-value"] == str(place))
        assert label.has("rw-rank-chosen") and [label.has(f"rw-rank-{n}") for n in (1, 2, 3)] == [
            slot == n for n in (1, 2, 3)
        ]
