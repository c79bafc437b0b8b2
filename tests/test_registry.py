"""A model, a chart, a picture of why is one file: added to a copy of the package, it is found by all that list them."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import recwidgets as rw
from recwidgets import _found

TESTS = Path(__file__).parent
NEW = {"BPR", "ItemMean", "Ladder", "SharesWhy"}  # the classes of tests/added
CONTRACTS = ("test_models.py", "test_recommenders.py", "test_charts.py")


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A folder with a copy of the package, and the files of tests/added in it."""
    folder = tmp_path_factory.mktemp("copy")
    package = Path(rw.__file__).parent
    shutil.copytree(package, folder / "recwidgets", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(TESTS / "added", folder / "recwidgets", dirs_exist_ok=True)
    return folder


def python(copy, *arguments):
    """What a new Python prints that imports the copy; -P: not the checkout in the current folder."""
    done = subprocess.run(
        [sys.executable, "-P", *arguments],
        env=os.environ | {"PYTHONPATH": str(copy), "RECWIDGETS_HOME": str(copy / "home")},
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return done.stdout


def test_a_new_file_is_a_public_name_and_nothing_is_imported_for_it(copy):
    code = """
import json, sys, recwidgets as rw
heavy = [name for name in ("numpy", "bqplot", "ipywidgets", "tensorflow") if name in sys.modules]
listed = [dir(rw), rw.__all__]
heavy += [name for name in ("numpy", "bqplot", "ipywidgets", "tensorflow") if name in sys.modules]
print(json.dumps([rw.__file__, heavy, *listed]))
"""
    file, heavy, names, public = json.loads(python(copy, "-c", code))
    assert file == str(copy / "recwidgets" / "__init__.py")
    assert heavy == []
    assert set(names) >= NEW and set(public) >= NEW
    assert sorted(set(public) - NEW) == sorted(rw.__all__)


def test_the_contract_tests_find_the_new_files_and_pass(copy):
    files = [str(TESTS / name) for name in CONTRACTS]
    options = ["-c", str(TESTS.parent / "pyproject.toml"), "-p", "no:cacheprovider", "-p", "no:xdist", "-q", "-rA"]
    printed = python(copy, "-m", "pytest", *options, "-k", "bpr or item_mean or ladder", *files)
    passed = re.findall(r"^PASSED \S*?(test_\w+\.py)::\S+\[(bpr|item_mean|Ladder)\b", printed, re.MULTILINE)
    assert {(file, name) for file, name in passed} == {
        ("test_models.py", "bpr"), ("test_recommenders.py", "bpr"), ("test_recommenders.py", "item_mean"),
        ("test_charts.py", "Ladder"),
    }  # fmt: skip
    assert "skipped" not in printed.splitlines()[-1]


def test_the_command_line_trains_a_new_model_and_its_file_is_found(copy):
    assert "bpr" in python(copy, "-m", "recwidgets", "train", "--help")
    code = """
import json, sys, recwidgets as rw
from recwidgets import cli, data
from recwidgets.pretrained import pretrained_names
small = rw.planted(n_users=30, n_items=60, seed=0).data
data.load_movielens = lambda *_, **__: small
assert cli.main(["train", "latest-small", "--model", "bpr", "--epochs", "3"]) == 0
train = small.split("temporal", test=0.2).train
model, history = rw.load_pretrained("bpr", train)
print(json.dumps([pretrained_names(train), type(model).__name__, history.total, "tensorflow" in sys.modules]))
"""
    assert json.loads(python(copy, "-c", code).splitlines()[-1]) == [["bpr"], "BPR", 3, False]


def test_a_panel_takes_the_chart_and_the_picture_that_a_model_names(copy):
    code = """
import json, recwidgets as rw
data = rw.planted(n_users=30, n_items=60, seed=0).data
class Mine(rw.BPR):
    chart = "ladder"
    def shares(self): ...
model = Mine(epochs=2)
rw.fit(model, data, progress=False)
panel = rw.Panel(data, model)
from recwidgets.panel.regions import why_for
print(json.dumps([type(panel.chart).__name__, type(why_for(model, print)).__name__]))
"""
    assert json.loads(python(copy, "-c", code).splitlines()[-1]) == ["Ladder", "SharesWhy"]


def test_the_reference_lists_what_is_found(copy):
    """docs/conf.py writes the classes of each folder into reference.md."""
    code = f"""
import json, sys
sys.path.insert(0, {str(TESTS.parent / "docs")!r})
import conf
source = [open({str(TESTS.parent / "docs" / "reference.md")!r}, encoding="utf-8").read()]
conf.registered(None, "reference", source)
print(json.dumps(source))
"""
    (page,) = json.loads(python(copy, "-c", code))
    assert [name for name in NEW if f".. autoclass:: recwidgets.{name}\n" not in page] == []


# ------------------------------------------------------------------ the finding itself


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """An empty folder that is looked into as recwidgets/models is, and nothing else."""
    monkeypatch.setattr(_found, "FOLDERS", ("models",))
    import recwidgets.models as models

    monkeypatch.setattr(models, "__path__", [str(tmp_path)])
    _found.public_classes.cache_clear()
    yield tmp_path
    _found.public_classes.cache_clear()


def test_a_class_counts_that_says_its_name_or_what_it_needs(folder):
    (folder / "one.py").write_text(
        "class A:\n    name = 'a'\n\nclass B:\n    needs: str = 'x'\n\nclass C:\n    label = name = 'c'\n\n"
        "class _Hidden:\n    name = 'h'\n\nclass Row:\n    name: str\n\nclass Other:\n    name = None\n\n"
        "def f():\n    class Inner:\n        name = 'i'\n"
    )
    (folder / "_base.py").write_text("class Base:\n    name = 'base'\n")
    assert _found.public_classes() == {"A": "models.one", "B": "models.one", "C": "models.one"}


def test_two_classes_of_one_name_are_an_error_that_names_both_files(folder):
    for file in ("one", "two"):
        (folder / f"{file}.py").write_text(f"class Twin:\n    name = {file!r}\n")
    with pytest.raises(ValueError, match=r"got 'Twin' in models\.one and in models\.two"):
        _found.public_classes()


def test_what_editors_are_told_is_what_is_found():
    """The names under TYPE_CHECKING are there, and each is public."""
    tree = ast.parse(Path(rw.__file__).read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    told = {(alias.name, node.module) for node in block.body for alias in node.names}
    assert {name for name, _ in told} <= set(rw.__all__)
    assert {name: module for name, module in told if name in _found.public_classes()}.items() <= (
        _found.public_classes().items()
    )


@pytest.mark.parametrize("folder", _found.FOLDERS)
def test_what_is_found_without_importing_is_what_is_found_by_it(folder):
    home = {name for name, module in _found.public_classes().items() if module.partition(".")[0] == folder}
    assert home == {cls.__name__ for cls in _found.classes_in(folder)} and home


def test_a_second_name_for_a_class_is_no_second_class_and_an_own_one_is_needed(folder):
    (folder / "aliased.py").write_text(
        "class\tOne:\n\tname = 'one'\n\n\nOther = One\nclass Plain:\n\tlabel = 'x'\nclass Heir(One):\n\tpass\n"
    )
    sys.modules.pop("recwidgets.models.aliased", None)
    _found.classes_in.cache_clear()
    _found.named_classes.cache_clear()
    try:
        assert [cls.__name__ for cls in _found.classes_in("models")] == ["One"] == list(_found.public_classes())
        assert list(_found.named_classes("models")) == ["one"]
    finally:
        sys.modules.pop("recwidgets.models.aliased", None)
        _found.classes_in.cache_clear()
        _found.named_classes.cache_clear()


def test_a_module_that_is_asked_for_before_it_is_imported_is_named_without_a_look_into_all_files():
    code = (
        "import recwidgets as rw\nfrom recwidgets import _found\n"
        "_found._stated = None  # any look into a file would fail\nfrom recwidgets import metrics\n"
        "try:\n    rw.evaluation\nexcept AttributeError as error:\n    print(error)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "recwidgets.evaluation is a module: import recwidgets.evaluation first"
    for name in ("a.b", "ranking.rank", "", "no such"):
        assert getattr(rw, name, None) is None
