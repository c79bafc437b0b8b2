"""Opening a panel: in a notebook its frame comes first; in a script, or when code asks, it is filled at once."""

import subprocess
import sys

import pytest
from worlds import Markup

import recwidgets as rw
from recwidgets.data import UnknownUser
from recwidgets.widgets import opening


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


MAKE = {"gnn": rw.GNNPanel, "knn": rw.KNNPanel, "session": rw.SessionPanel, "compare": rw.ComparePanel}


@pytest.mark.parametrize("name", MAKE)
def test_the_frame_is_there_before_anything_is_loaded_and_is_filled_after_the_cell(shell, name):
    panel = MAKE[name](user="42")
    assert "train_data" not in panel.__dict__ and "rw-panel" in panel._dom_classes
    page = Markup(frame(panel).html)
    assert page.one(name="rw-status").text.startswith("Opening")
    assert "user='42'" in repr(panel) or name == "compare"
    shell.end_of_cell()
    assert "train_data" in panel.__dict__ and panel.user == "42" and len(panel.children) == 6
    assert shell.events.waiting == []
    panel.close()


@pytest.mark.parametrize("ask", [
    lambda panel: panel.user, lambda panel: panel.epoch, lambda panel: panel.selected, lambda panel: panel.model,
    lambda panel: panel.history, lambda panel: panel.data, lambda panel: panel.setup(),
    lambda panel: setattr(panel, "user", "7"), lambda panel: panel._on_act("next", ""),
])  # fmt: skip
def test_whoever_asks_for_anything_gets_the_filled_panel(shell, ask):
    plain = rw.KNNPanel()
    shell.end_of_cell()
    panel = rw.KNNPanel()
    assert "train_data" not in panel.__dict__
    told = ask(panel)
    assert len(panel.children) == 6
    if isinstance(told, (str, int)):
        assert told == ask(plain)
    shell.end_of_cell()
    assert len(panel.children) == 6, "filled once"
    panel.close()
    plain.close()


def test_what_goes_wrong_is_said_in_the_panel_and_again_to_whoever_asks(shell):
    panel = rw.GNNPanel(user="nobody")
    shell.end_of_cell()
    assert "could not be opened" in frame(panel).html and "nobody" in frame(panel).html
    with pytest.raises(UnknownUser, match="nobody"):
        panel.model  # noqa: B018
    panel.close()


def test_showing_and_closing_a_frame_loads_nothing(shell):
    panel = rw.GNNPanel()
    assert "widget-view" in str(panel._repr_mimebundle_())
    assert not hasattr(panel, "_ipython_canary_method_should_not_exist_")
    panel.close()
    assert "train_data" not in panel.__dict__


def test_an_option_that_does_not_exist_is_said_in_the_cell(shell):
    with pytest.raises(TypeError, match="GNNPanel has no option 'usr'; it has animate, chart, epoch, goal, "):
        rw.GNNPanel(usr="42")


def test_without_a_notebook_it_is_filled_at_once():
    panel = rw.SessionPanel(user="42")
    assert panel.__dict__["train_data"] is panel.data and len(panel.children) == 6
    with pytest.raises(AttributeError, match="has no attribute 'colour'"):
        panel.colour  # noqa: B018
    panel.close()


def test_the_frame_needs_no_bqplot():
    code = "import sys, recwidgets as rw; rw.GNNPanel; rw.ComparePanel; "
    code += "print('bqplot' in sys.modules, 'pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
