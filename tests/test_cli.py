"""The command line: what it prints, what it writes, and one sentence where something cannot be."""

import json
import math
import re
import subprocess
import sys

import numpy as np
import pytest
from worlds import Svd, random_table, register

import recwidgets
from recwidgets import _tf, cli, load_pretrained
from recwidgets.models import known_models
from recwidgets.ranking import held_out_accuracy


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("RECWIDGETS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def world(monkeypatch):
    """A small world in the place of MovieLens."""
    data = random_table(np.random.default_rng(2), 20, 30)
    asked = []

    def load(name, archive=None, **_):
        asked.append((name, archive))
        return data

    monkeypatch.setattr("recwidgets.data.load_movielens", load)
    return data, asked


@pytest.fixture
def tiny(monkeypatch):
    """Small numpy models in the place of those there are: the command is tested, not TensorFlow."""
    for name in tuple(known_models()):
        cls = type(f"Tiny{name}", (Svd,), {"name": name, "label": f"Tiny {name}", "__module__": __name__})
        monkeypatch.setattr(sys.modules[__name__], cls.__name__, cls, raising=False)
        register(monkeypatch, cls)


def run(*arguments):
    """The exit code; a refusal of argparse is one too."""
    try:
        return cli.main(arguments)
    except SystemExit as end:
        return end.code


# ------------------------------------------------------------------ train


def test_training_writes_what_a_panel_loads(world, tiny, home, capsys):
    data, _ = world
    assert run("train", "latest-small", "--epochs", "5", "--seed", "3") == 0
    split = data.split("temporal", test=0.2)
    train = split.train
    for name in known_models():
        model, history = load_pretrained(name, train)
        assert [event.step for event in history.events] == [1, 2, 3, 4, 5]
        assert model.settings()["seed"] == 3
        assert len(model.scores("u1")) == 30
        assert not any(math.isnan(value) for value in history.curve("top_10_accuracy")[1])
        last = history.at(5).snapshot  # the curve is of the validation rows
        accuracy = held_out_accuracy(model.at(last), train, split.validation)
        assert history.metrics[5]["top_10_accuracy"] == pytest.approx(accuracy)
    said = capsys.readouterr().out
    assert "Tiny gnn: TrainingHistory(5 of 5 epochs" in said
    assert said.count(".npz") == len(known_models())
    assert str(home) not in said  # a path of this machine is nobody's business in a log
    assert len(list(home.iterdir())) == len(known_models())


def test_only_the_models_that_are_named_are_trained(world, tiny, home):
    assert run("train", "latest-small", "--model", "knn", "--model", "gnn", "--epochs", "1") == 0
    assert sorted(path.name.split("-")[0] for path in home.iterdir()) == ["gnn", "knn"]


def test_the_archive_is_handed_on(world, tiny):
    _, asked = world
    assert run("train", "100k", "--archive", "ml-100k.zip", "--model", "gnn", "--epochs", "1") == 0
    assert run("fetch", "100k", "--archive", "ml-100k.zip") == 0
    assert asked == [("100k", "ml-100k.zip")] * 2


def test_fetching_says_what_was_found(world, capsys):
    assert run("fetch", "latest-small") == 0
    assert "20 users × 30 items" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["train", "fetch"])
def test_an_unknown_set_is_refused_with_the_names_there_are(command, capsys):
    assert run(command, "netflix") == 2
    said = capsys.readouterr().err
    assert "netflix" in said
    assert all(name in said for name in cli.SETS)


@pytest.mark.parametrize("arguments", [(), ("dance",), ("train",), ("train", "100k", "--model", "svd")])
def test_a_command_that_is_none_is_refused(arguments, capsys):
    assert run(*arguments) == 2
    assert "usage: recwidgets" in capsys.readouterr().err


def test_what_the_user_can_mend_is_one_sentence(world, tiny, home, capsys):
    assert run("train", "latest-small", "--epochs", "0") == 2
    assert capsys.readouterr().err == "recwidgets: epochs must be a whole number of at least 1, got 0\n"
    assert not home.exists()
    home.write_text("a file where the folder should be")
    assert run("train", "latest-small", "--model", "gnn", "--epochs", "1") == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("recwidgets: ")


def test_a_training_that_diverged_is_one_sentence(world, tiny, monkeypatch, capsys):
    monkeypatch.setattr(Svd, "_epochs", lambda self, *_: iter([(math.nan, {})]))
    assert run("train", "latest-small", "--model", "gnn") == 2
    assert "recwidgets: the loss is no longer a number at epoch 1" in capsys.readouterr().err


def test_an_archive_that_is_not_there_is_one_sentence(capsys, tmp_path):
    assert run("fetch", "latest-small", "--archive", str(tmp_path / "none.zip")) == 2
    assert capsys.readouterr().err.startswith("recwidgets: ")


@pytest.mark.parametrize(
    ("total", "kept"),
    [
        (1, [1]),
        (2, [1, 2]),
        (10, list(range(1, 11))),
        (15, [*range(1, 11), 12, 14, 15]),
        (29, [*range(1, 11), 12, 14, 16, 18, 20, 23, 26, 29]),
    ],
)
def test_the_first_ten_epochs_are_kept_then_fewer_and_always_the_last(total, kept):
    assert cli.epochs_to_keep(total) == kept


def test_of_many_epochs_few_are_kept_and_no_gap_is_wider_than_a_tenth():
    kept = cli.epochs_to_keep(1000)
    assert len(kept) < 70 and kept[-1] == 1000
    assert all(b - a <= max(3, a // 10) for a, b in zip(kept, kept[1:], strict=False))


# ------------------------------------------------------------------ doctor


def test_the_doctor_says_what_works(monkeypatch, capsys):
    monkeypatch.setattr(_tf, "load", lambda: None)
    assert run("doctor") == 0
    said = capsys.readouterr().out
    assert "Python 3" in said
    assert "numpy" in said
    assert "610 users × 9,724 items" in said
    assert "training: works" in said
    assert f"memory: {cli.MEMORY}" in said


def test_the_doctor_and_the_readme_say_what_memory_was_measured(repo):
    """To the GB that a kernel which trained took at its peak, and to the tenth of it for a panel alone."""
    told = [float(number) for number in re.findall(r"about ([\d.]+) GB", cli.MEMORY)]
    parts = json.loads((repo / "benchmarks" / "results.json").read_text(encoding="utf-8"))["memory"]["parts"]
    for start, most, digits in (("panel_", told[0], 1), ("kernel_", told[1], 0)):
        peaks = [part["peak"] / 1000 for name, part in parts.items() if name.startswith(start)]
        assert len(peaks) == 3 and round(max(peaks), digits) == most, (start, peaks)
    assert cli.MEMORY in " ".join((repo / "README.md").read_text(encoding="utf-8").split())


def test_the_doctor_says_what_to_do_about_the_rest(monkeypatch, capsys):
    def load():
        raise _tf.TensorFlowUnavailable("Training needs TensorFlow; run: pip install recwidgets[train]")

    monkeypatch.setattr(_tf, "load", load)
    monkeypatch.setattr(cli, "PACKAGES", ("numpy", "no-such-package-here"))
    assert run("doctor") == 0
    said = capsys.readouterr().out
    assert "training: Training needs TensorFlow; run: pip install" in said
    assert "no-such-package-here" in said
    assert "missing" in said


def test_the_package_can_be_run_as_a_module():
    done = subprocess.run([sys.executable, "-m", "recwidgets", "--help"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0
    for command in ("fetch", "train", "doctor"):
        assert command in done.stdout


def test_the_version_is_the_packages():
    assert recwidgets.__version__.count(".") == 2
