"""What a user gets by installing and importing recwidgets, and what they do not get."""

import functools
import json
import os
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import recwidgets as rw

HEAVY = ("tensorflow", "tensorflow_recommenders", "tensorflow_datasets", "tf_keras", "keras", "bqplot", "pandas")
BLOCK = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"tensorflow", "tensorflow_recommenders", "tensorflow_datasets", "tf_keras", "keras"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
"""


def run_python(code, *arguments, **environment):
    """The answer of a new interpreter: its last printed line, read as JSON."""
    done = subprocess.run(
        [sys.executable, *arguments, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_importing_recwidgets_imports_nothing_heavy():
    code = f"import sys, json, recwidgets; print(json.dumps([m for m in {HEAVY} if m in sys.modules]))"
    assert run_python(code) == []


def test_importing_recwidgets_asks_for_keras_2_and_respects_a_choice():
    code = "import os, json, recwidgets; print(json.dumps(os.environ['TF_USE_LEGACY_KERAS']))"
    assert run_python(code, TF_USE_LEGACY_KERAS="0") == "0"
    assert run_python("import os; del os.environ['TF_USE_LEGACY_KERAS']\n" + code, TF_USE_LEGACY_KERAS="x") == "1"


@pytest.mark.parametrize("name", rw.__all__)
def test_every_public_name_is_there_and_listed(name):
    assert getattr(rw, name) is not None
    assert name in dir(rw)


def test_an_unknown_name_is_an_attribute_error_that_lists_the_known_ones():
    with pytest.raises(AttributeError, match=r"no 'GNNPannel'.*GNNPanel"):
        rw.GNNPannel  # noqa: B018


def test_pretrained_panels_work_without_tensorflow():
    code = """
import json, recwidgets as rw
data = rw.load_movielens("latest-small")
panels = [make() for make in (rw.GNNPanel, rw.KNNPanel, rw.SessionPanel)]
seen = []
for panel in panels:
    for user in ("1", "414"):
        panel.user = user
        answer = rw.recommend(panel.model, panel.data, user=user, k=3)
        seen.append(len(answer.titles))
print(json.dumps([len(data), seen]))
"""
    assert run_python(BLOCK + code) == [100_836, [3] * 6]


def test_training_with_tensorflow_where_it_is_not_says_what_to_install():
    code = """
import json, recwidgets as rw
data, withheld = rw.checkerboard()
try:
    rw.fit(rw.GNN(dim=4, seed=0, backend="tensorflow"), data, epochs=1)
except ImportError as error:
    print(json.dumps(str(error)))
"""
    assert "tensorflow" in run_python(BLOCK + code).lower()


@pytest.mark.parametrize(
    ("before", "said"),
    [(BLOCK, 'run: pip install "recwidgets[train]"'), ("", "needs Keras 2. Set it to 1 and restart the kernel")],
    ids=["no TensorFlow", "Keras 3 chosen"],
)
def test_opening_a_network_where_it_cannot_be_had_says_what_to_do(before, said):
    """The same sentence as from training, also where a learner imports the file with the layer directly."""
    code = """
import json
try:
    import recwidgets.nets.gnn
except ImportError as error:
    print(json.dumps([type(error).__name__, str(error)]))
"""
    kind, sentence = run_python(before + code, TF_USE_LEGACY_KERAS="1" if before else "0")
    assert kind == "TensorFlowUnavailable" and said in sentence


@pytest.fixture(scope="module")
def wheel(repo, once):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d"]
    make = functools.partial(subprocess.run, cwd=repo, check=True, capture_output=True)
    (found,) = once("wheel", lambda folder: make([*command, str(folder)])).glob("*.whl")
    return found


def test_the_installed_wheel_holds_code_data_licences_and_pretrained_models(wheel, tmp_path):
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "-q", "--target", str(tmp_path)]
    subprocess.run([*command, str(wheel)], check=True)
    code = """
import json, pathlib, recwidgets as rw
home = pathlib.Path(rw.__file__).parent
panel = rw.GNNPanel()
print(json.dumps([str(home), len(rw.load_movielens("latest-small")), sorted(p.name for p in home.rglob("*.npz"))]))
"""
    # -P: not the checkout in the current folder; PYTHONPATH comes before an editable installation.
    home, ratings, pretrained = run_python(code, "-P", PYTHONPATH=str(tmp_path))
    assert home == str(tmp_path / "recwidgets")
    assert ratings == 100_836
    assert len(pretrained) >= 3, f"one pretrained snapshot per model, got {pretrained}"
    names = zipfile.ZipFile(wheel).namelist()
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert any(name.endswith("data/ml-latest-small.LICENSE.txt") for name in names)
    assert {name.split("/")[0] for name in names} == {"recwidgets", f"recwidgets-{rw.__version__}.dist-info"}


def test_every_file_of_the_package_is_in_the_wheel(wheel, repo):
    inside = set(zipfile.ZipFile(wheel).namelist())
    tracked = subprocess.run(["git", "ls-files", "recwidgets"], cwd=repo, capture_output=True, text=True, check=False)
    if tracked.returncode:
        pytest.skip("not a git checkout")
    assert set(tracked.stdout.split()) <= inside


def described(wheel):
    """The wheel's description of itself, by field."""
    (name,) = (name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".dist-info/METADATA"))
    return Parser().parsestr(zipfile.ZipFile(wheel).read(name).decode("utf-8"))


def needs_of(wheel, **where):
    """The names of what pip would install with the wheel there: sys_platform, python_version and extra."""
    needs = [Requirement(text) for text in described(wheel).get_all("Requires-Dist", [])]
    where = {"python_version": "3.13", **where}
    return {need.name for need in needs if need.marker is None or need.marker.evaluate(where)}


TENSORFLOW = {"tensorflow", "tf-keras", "tensorflow-recommenders", "tensorflow-datasets"}


def test_tensorflow_comes_with_the_extra_train_alone_and_never_into_a_browser(wheel):
    plain = needs_of(wheel, sys_platform="linux", extra="")
    assert {"numpy", "ipywidgets", "bqplot"} <= plain and not TENSORFLOW & plain
    assert needs_of(wheel, sys_platform="linux", extra="train") >= TENSORFLOW
    assert not TENSORFLOW & needs_of(wheel, sys_platform="emscripten", extra="train")
    assert not TENSORFLOW & needs_of(wheel, sys_platform="linux", extra="train", python_version="3.14")  # no wheels


def test_without_tensorflow_it_installs_on_any_later_python(wheel):
    assert SpecifierSet(described(wheel)["Requires-Python"]).contains("3.14.0")


def test_the_extra_lab_brings_the_extra_train(repo):
    extras = tomllib.loads((repo / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert "recwidgets[train]" in extras["lab"]


def test_in_a_browsers_tab_tensorflow_is_not_there_and_numpy_is_taken(monkeypatch):
    from recwidgets import _backend, _tf

    monkeypatch.setattr(sys, "platform", "emscripten")
    with pytest.raises(
        _tf.TensorFlowUnavailable, match=r"In a browser's tab there is no TensorFlow.*backend=\"numpy\""
    ):
        _tf._import()
    monkeypatch.delenv("RECWIDGETS_BACKEND", raising=False)
    assert _backend.chosen(None) == "numpy"


def test_the_version_is_written_once(repo):
    project = tomllib.loads((repo / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "version" in project["dynamic"]
    assert metadata.version("recwidgets") == rw.__version__
    assert f"## {rw.__version__}" in (repo / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_command_recwidgets_is_installed():
    (script,) = metadata.entry_points(group="console_scripts", name="recwidgets")
    assert callable(script.load())
