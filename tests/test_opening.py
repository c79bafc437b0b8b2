"""Opening a panel: in a notebook its frame comes first; in a script, or when code asks, it is filled at once."""

import asyncio
import subprocess
import sys

import ipywidgets
import numpy as np
import pytest
from pages import click, html, message, until
from worlds import DEADLINE, Markup, random_table, trained

import recwidgets as rw
from recwidgets import pretrained
from recwidgets.data import UnknownUser
from recwidgets.data.download import DownloadError
from recwidgets.page.markup import Status
from recwidgets.panel import compare, honesty, leaderboard, opening, ready
from recwidgets.panel import panel as panel_module
from recwidgets.steps import drain


class Events:
    def __init__(self):
        self.waiting = []

    def register(self, event, function):
        assert event == "post_run_cell"
        self.waiting.append(function)

    def unregister(self, event, function):
        self.waiting.remove(function)


class Shell:
    """As much of a notebook's shell as a panel asks: a kernel, and something that is called after the cell."""

    kernel = object()

    def __init__(self):
        self.events = Events()

    def end_of_cell(self):
        for function in list(self.events.waiting):
            function(None)


@pytest.fixture
def shell(monkeypatch):
    made = Shell()
    monkeypatch.setattr(opening, "get_ipython", lambda: made)
    return made


def frame(panel):
    return panel.children[0]


def filled(panel):
    """A frame is one region, a panel has several."""
    return len(panel.children) > 1


MAKE = {"gnn": rw.GNNPanel, "knn": rw.KNNPanel, "session": rw.SessionPanel, "compare": rw.ComparePanel}


@pytest.mark.parametrize("name", MAKE)
def test_the_frame_is_there_before_anything_is_loaded_and_is_filled_after_the_cell(shell, name):
    panel = MAKE[name](user="42")
    assert not filled(panel) and "rw-panel" in panel._dom_classes
    page = Markup(frame(panel).html)
    assert page.one(name="rw-status").text.startswith("Opening")
    assert "user='42'" in repr(panel) or name == "compare"
    shell.end_of_cell()
    assert filled(panel) and panel.user == "42"
    assert shell.events.waiting == []
    panel.close()


@pytest.mark.parametrize("ask", [
    lambda panel: panel.user, lambda panel: panel.epoch, lambda panel: panel.selected, lambda panel: panel.model,
    lambda panel: panel.history, lambda panel: panel.data, lambda panel: panel.setup(),
    lambda panel: setattr(panel, "user", "7"), lambda panel: panel.act("next", ""), lambda panel: panel.state.user,
    lambda panel: panel.recommendations, lambda panel: panel.shown, lambda panel: panel.turn(k=3),
    lambda panel: panel.edit(["296"]), lambda panel: panel.undo(),
])  # fmt: skip
def test_whoever_asks_for_anything_gets_the_filled_panel(shell, ask):
    plain = rw.KNNPanel()
    shell.end_of_cell()
    panel = rw.KNNPanel()
    assert not filled(panel)
    shown = panel.model_id
    assert shown
    told = ask(panel)
    assert filled(panel)
    assert panel._repr_mimebundle_()["application/vnd.jupyter.widget-view+json"]["model_id"] == shown
    if isinstance(told, (str, int)):
        assert told == ask(plain)
    shell.end_of_cell()
    assert filled(panel), "once"
    panel.close()
    plain.close()


def test_what_goes_wrong_is_said_in_the_panel_and_again_to_whoever_asks(shell):
    panel = rw.GNNPanel(user="nobody")
    shell.end_of_cell()
    assert "could not be opened" in frame(panel).html and "nobody" in frame(panel).html
    with pytest.raises(UnknownUser, match="nobody"):
        panel.model  # noqa: B018
    panel.close()


@pytest.fixture
def loads(monkeypatch):
    """The names of the data that were loaded, in order."""
    loaded, real = [], ready.load_movielens
    monkeypatch.setattr(ready, "load_movielens", lambda name, **more: loaded.append(name) or real(name, **more))
    return loaded


def test_showing_and_closing_a_frame_loads_nothing(shell, loads):
    panel = rw.GNNPanel()
    assert "widget-view" in str(panel._repr_mimebundle_())
    assert not hasattr(panel, "_ipython_canary_method_should_not_exist_")
    assert repr(panel) == "GNNPanel()"
    panel.close()
    assert loads == []


def test_an_option_that_does_not_exist_is_said_in_the_cell(shell):
    with pytest.raises(
        TypeError, match="GNNPanel has no option 'usr'; it has alpha, animate, chart, edited, epoch, epochs, goal, "
    ):
        rw.GNNPanel(usr="42")


def test_without_a_notebook_it_is_filled_at_once():
    panel = rw.SessionPanel(user="42")
    assert filled(panel) and panel.train_data is panel.data
    with pytest.raises(AttributeError, match="has no attribute 'colour'"):
        panel.colour  # noqa: B018
    panel.close()


def test_the_frame_needs_no_bqplot():
    code = "import sys, recwidgets as rw; rw.GNNPanel; rw.ComparePanel; "
    code += "print('bqplot' in sys.modules, 'pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


# ------------------------------------------------------------------ data by name


def no_network(name, progress):
    progress(1_000_000, 5_000_000)
    raise DownloadError("ml-20m.zip could not be downloaded: no connection to the server.")


def test_a_download_is_said_in_the_frame_and_its_failure_offers_what_works(shell, monkeypatch):
    told = []
    monkeypatch.setattr(ready.ReadyPanel, "_say_opening", lambda self, status: told.append(status))
    monkeypatch.setattr(ready.time, "monotonic", iter(range(100, 1000)).__next__)
    real = ready.load_movielens

    def load(name, **options):
        return real(name) if name == "latest-small" else no_network(name, **options)

    monkeypatch.setattr(ready, "load_movielens", load)
    panel = rw.GNNPanel("20m", user="42")
    assert told[-1].word == "Loading" and "MovieLens 20m" in told[-1].more
    shell.end_of_cell()
    assert told[-1] == Status("Downloading", "1.0 of 5.0 MB, 4 s left; ■ stops", 0.2)
    page = Markup(frame(panel).html)
    assert [button.text for button in page.all("button")] == ["Use the built-in data", "Try again"]
    assert "no connection to the server" in frame(panel).html
    click(frame(panel), "again")
    assert "no connection to the server" in frame(panel).html
    click(frame(panel), "embedded")
    assert panel.data.name == "MovieLens latest-small" and panel.user == "42" and filled(panel)
    panel.close()


def test_an_interrupt_is_the_way_out_of_a_download(shell, monkeypatch):
    def interrupted(name, progress):
        raise KeyboardInterrupt

    real = ready.load_movielens
    monkeypatch.setattr(ready, "load_movielens", interrupted)
    panel = rw.KNNPanel("100k")
    shell.end_of_cell()
    assert "Stopped." in frame(panel).html and "Try again" in frame(panel).html
    monkeypatch.setattr(ready, "load_movielens", lambda name, **options: real("latest-small"))
    click(frame(panel), "again")
    assert filled(panel)
    panel.close()


def test_in_a_script_a_download_has_its_bar_and_raises(monkeypatch):
    def told(name, progress):
        assert progress is True
        raise DownloadError("no connection to the server")

    monkeypatch.setattr(ready, "load_movielens", told)
    with pytest.raises(DownloadError):
        rw.SessionPanel("1m")


def test_a_name_that_is_none_is_said_in_the_cell(shell):
    with pytest.raises(ValueError, match="data must be one of 'latest-small', '100k', .*, got 'hundred'"):
        rw.GNNPanel("hundred")


# ------------------------------------------------------------------ evaluating


def test_the_ranking_says_how_far_it_is_and_can_be_stopped_and_begun_again():
    async def walk():
        panel = rw.ComparePanel(user="42")
        assert "Ranking all films for all users: 0 of 5 models" in html(panel, "rw-board")
        panel.act("stop-ranking", "")
        assert "Not measured." in html(panel, "rw-board")
        await asyncio.sleep(0.3)
        assert "Not measured." in html(panel, "rw-board") and panel.rows is None
        panel.act("rank", "")
        await until(lambda: panel.rows is not None)
        assert "more than noise" in html(panel, "rw-board")
        panel.close()

    asyncio.run(asyncio.wait_for(walk(), DEADLINE))


def test_progress_of_the_ranking_is_counted_in_models():
    split = random_table(np.random.default_rng(0), 12, 20, density=0.4).split("temporal", test=0.3)
    told = []
    models = {name: trained(split.train, seed=seed) for seed, name in enumerate("ab")}
    labels = {"a": "A", "b": "B"}
    drain(honesty.measure_in_steps(models, labels, split, frozenset(), lambda *parts: told.append(parts)))
    assert told == [(0, 2), (1, 2)]
    assert "1 of 2 models, 3 s left" in leaderboard.under_way((1, 2, 3.2))


# ------------------------------------------------------------------ when it opens, and what a failure leaves


def test_a_panel_that_is_made_in_a_callback_opens_without_a_cell_that_ends(shell):
    async def press():
        panel = rw.KNNPanel(user="42")
        await until(lambda: filled(panel))
        assert shell.events.waiting == [] and panel.user == "42"
        panel.close()

    asyncio.run(asyncio.wait_for(press(), DEADLINE))


def test_a_panel_that_was_closed_before_its_cell_ended_stays_closed(shell, loads):
    panel = rw.GNNPanel()
    panel.close()
    shell.end_of_cell()
    assert panel.comm is None and loads == [] and panel.children == ()


@pytest.mark.parametrize("name", MAKE)
def test_another_try_after_an_interrupt_fills_the_whole_panel(shell, name, monkeypatch):
    module = panel_module if name != "compare" else compare
    real = module.show

    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "show", interrupted)  # while the model is asked
    panel = MAKE[name](user="42")
    shell.end_of_cell()
    assert "Stopped." in frame(panel).html
    monkeypatch.setattr(module, "show", real)
    click(frame(panel), "again")
    assert filled(panel) and html(panel, "rw-header") and panel.shown.answer is not None
    panel.close()


@pytest.mark.parametrize("own_chart", [False, True], ids=["the model's chart", "a chart that was given"])
def test_another_try_after_a_model_that_could_not_be_read_draws_its_chart(shell, monkeypatch, own_chart):
    def unread(name, data):
        raise OSError("the model could not be read")

    before = set(ipywidgets.widgets.widget._instances)
    chart = rw.Columns() if own_chart else None
    real = pretrained.load_pretrained
    monkeypatch.setattr(pretrained, "load_pretrained", unread)
    panel = rw.GNNPanel(user="42", chart=chart)
    shell.end_of_cell()
    assert "the model could not be read" in frame(panel).html
    monkeypatch.setattr(pretrained, "load_pretrained", real)
    click(frame(panel), "again")
    assert filled(panel) and panel.chart.figure.comm is not None
    assert chart is None or panel.chart is chart
    panel.close()
    assert set(ipywidgets.widgets.widget._instances) <= before, "nothing of the first try is left"


def test_a_failure_that_code_has_met_already_is_not_tried_again_after_the_cell(shell, monkeypatch):
    tries = []

    def load(name, progress):
        tries.append(name)
        raise DownloadError("no connection to the server")

    monkeypatch.setattr(ready, "load_movielens", load)
    panel = rw.GNNPanel("1m")
    with pytest.raises(DownloadError):
        panel.user  # noqa: B018
    shell.end_of_cell()
    assert tries == ["1m"] and "no connection to the server" in frame(panel).html
    click(frame(panel), "motion", "still")
    assert tries == ["1m"], "only its buttons make it try again"
    panel.close()


def test_where_tensorflow_datasets_is_missing_the_built_in_data_are_offered(shell, monkeypatch):
    def load(name, progress):
        raise ImportError("TensorFlow Datasets did not load")

    monkeypatch.setattr(ready, "load_movielens", load)
    panel = rw.GNNPanel("100k")
    shell.end_of_cell()
    assert "Use the built-in data" in frame(panel).html
    panel.close()
    panel = rw.GNNPanel(user="nobody")
    shell.end_of_cell()
    assert "<button" not in frame(panel).html, "another try would end the same way"
    panel.close()


def test_notebooks_that_are_run_unseen_get_their_errors_in_the_cell(shell, monkeypatch):
    monkeypatch.setenv("RECWIDGETS_AT_ONCE", "1")
    with pytest.raises(UnknownUser):
        rw.GNNPanel(user="nobody")
    panel = rw.GNNPanel(user="42")
    assert filled(panel) and shell.events.waiting == []
    panel.close()


def test_without_held_out_data_there_is_nothing_to_measure_and_no_button_for_it():
    split = random_table(np.random.default_rng(0), 12, 20, density=0.4).split("temporal", test=0.3)
    panel = rw.ComparePanel(split._replace(test=split.test.take([])), {"a": trained(split.train)})
    assert "nothing to measure" in html(panel, "rw-board") and "<button" not in html(panel, "rw-board")
    panel.close()


def test_a_ranking_that_fails_is_said_and_is_over():
    split = random_table(np.random.default_rng(0), 12, 20, density=0.4).split("temporal", test=0.3)

    async def walk():
        good, bad = trained(split.train), trained(split.train, seed=1)
        bad.vectors = lambda: 1 / 0  # it is asked for all users at once; one user's list needs none
        panel = rw.ComparePanel(split, {"good": good, "bad": bad})
        assert "Ranking all films" in html(panel, "rw-board")
        await until(lambda: message(panel))
        assert "division by zero" in message(panel) and "Ranking all films" not in html(panel, "rw-board")
        assert "Not measured." in html(panel, "rw-board") and panel.rows is None
        del bad.vectors
        panel.act("rank")
        await until(lambda: panel.rows is not None)
        panel.close()

    asyncio.run(asyncio.wait_for(walk(), DEADLINE))


# ------------------------------------------------------------------ a cell that is run again


class Cell:
    """A notebook's shell while one cell is run: `run` is the message that asked for it."""

    kernel = None  # as in a script, a panel is filled at once; what is asked here is only whose it is

    def __init__(self):
        self.events, self.cell, self.run = Events(), "a", 0

    def parent(self, channel):
        assert channel == "shell"
        return {"metadata": {"cellId": self.cell}, "header": {"msg_id": str(self.run)}}


@pytest.fixture
def cell(monkeypatch):
    made = Cell()
    made.kernel = type("Kernel", (), {"get_parent": staticmethod(made.parent)})()
    monkeypatch.setattr(opening, "get_ipython", lambda: made)
    monkeypatch.setenv("RECWIDGETS_AT_ONCE", "1")
    return made


def test_a_cell_that_is_run_again_closes_the_panels_of_its_earlier_run(cell):
    split = random_table(np.random.default_rng(0), 12, 20, density=0.4).split("temporal", test=0.3)
    model = trained(split.train)
    first, second = rw.Panel(split, model), rw.Panel(split, model)
    cell.cell = "b"
    other = rw.Panel(split, model)
    assert all(filled(panel) for panel in (first, second, other)), "one run may make several"
    cell.cell, cell.run = "a", 1
    again = rw.Panel(split, model)
    for panel in (first, second):
        with pytest.raises(opening.PanelClosed):
            panel.state  # noqa: B018
    assert filled(again) and filled(other), "another cell's panel is still on the page"
    again.close()
    other.close()
