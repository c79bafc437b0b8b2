"""The rooms of the package: who may import whom. All imports are read, also those in functions and for types only.

What stands lower in ROOMS may import what stands above it, never the other way round, and no modules import each other
in a circle. A name in one row is one step: evaluation needs the baselines, so it comes after models, and
nothing that a model needs may need evaluation.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import recwidgets
from recwidgets import protocols

PACKAGE = Path(recwidgets.__file__).parent
ROOMS = (
    # the registry, the door to TensorFlow, memory, threads, what trains, files, steps: nothing of other rooms
    ("_found", "_tf", "_memory", "_threads", "_backend", "_files", "steps"),
    ("data",),
    ("core",),
    ("protocols",),
    ("metrics", "graph", "training"),
    ("ranking",),
    ("answer",),
    ("reasons",),
    ("models", "nets"),  # a model and its network are one step
    ("evaluation", "pretrained"),
    ("page",),
    ("charts", "why"),
    ("panel",),
    ("teach",),
    ("app", "cli", "__main__", "__init__"),
)
LEVEL = {room: level for level, row in enumerate(ROOMS) for room in row}
TENSORFLOW = ("tensorflow", "tensorflow_recommenders", "tf_keras", "keras")


def modules(package: Path) -> dict[str, Path]:
    """{name below the package: file}; a folder's __init__ has the folder's name, the package's own "__init__"."""
    found = {}
    for path in package.rglob("*.py"):
        parts = path.relative_to(package).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)] = path
    return found


def imports(name: str, path: Path, known: dict[str, Path]) -> set[str]:
    """What a file imports, wherever the line stands: names of ours as in `modules`, others as they are written."""
    found = set()
    home = [] if name == "__init__" else name.split(".")
    home = home if path.name == "__init__.py" else home[:-1]  # the package that a dot means
    for node in ast.walk(ast.parse(path.read_bytes(), str(path))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = home[: len(home) - node.level + 1] if node.level else []
            source = ".".join([*start, *filter(None, [node.module])]).removeprefix("recwidgets.")
            for alias in node.names:  # from . import _tf is the module; from .data import Split is the folder
                whole = ".".join(filter(None, [source, alias.name]))
                found.add(whole if whole in known else source or "__init__")
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in (
            "import_module",
            "__import__",
        ):
            found |= {a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)}
    return {target.removeprefix("recwidgets.") for target in found}


def graph(package: Path) -> dict[str, set[str]]:
    known = modules(package)
    return {name: imports(name, path, known) for name, path in known.items()}


def room(module: str) -> str:
    return module.partition(".")[0]


def upward(edges: dict[str, set[str]]) -> set[tuple[str, str]]:
    """Imports of what stands further down in ROOMS."""
    return {
        (source, target)
        for source, targets in edges.items()
        for target in targets & edges.keys()
        if LEVEL[room(target)] > LEVEL[room(source)]
    }


def reached(edges: dict[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    ahead = [start]
    while ahead:
        new = (edges.get(ahead.pop(), set()) & edges.keys()) - found
        found |= new
        ahead += new
    return found


def circles(edges: dict[str, set[str]]) -> list[set[str]]:
    """The sets of modules each of which imports, by some way, each other and itself."""
    beyond = {name: reached(edges, name) for name in edges}
    found = {
        frozenset(other for other in beyond[name] if name in beyond[other]) for name in edges if name in beyond[name]
    }
    return sorted(map(set, found), key=min)


EDGES = graph(PACKAGE)


def test_every_room_has_its_place():
    assert {room(module) for module in EDGES} - set(LEVEL) == set(), "name the new room in ROOMS"


def test_no_arrow_points_upward():
    assert upward(EDGES) == set()


def test_no_modules_import_each_other_in_a_circle_but_the_facade_of_data():
    assert [circle for circle in circles(EDGES) if {room(module) for module in circle} != {"data"}] == []


def test_tensorflow_is_imported_by_the_networks_and_its_door_alone():
    tensorflow = {
        source for source, targets in EDGES.items() if any(target.split(".")[0] in TENSORFLOW for target in targets)
    }
    assert {module for module in tensorflow if room(module) not in ("nets", "_tf")} == set()
    datasets = {source for source, targets in EDGES.items() if "tensorflow_datasets" in map(room, targets)}
    assert {module for module in datasets if room(module) not in ("nets", "_tf")} <= {"data._tfds"}


# ------------------------------------------------------------------ the reading itself


@pytest.fixture
def package(tmp_path):
    """package({file: source}): a package of these files, read."""

    def of(files):
        for name, source in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source, encoding="utf-8")
        return graph(tmp_path)

    return of


def test_imports_are_found_wherever_they_stand(package):
    edges = package({
        "__init__.py": "from ._tf import load\nif TYPE_CHECKING:\n    from .data import Split",
        "_tf.py": "import importlib\ndef load(): return importlib.import_module('tensorflow')",
        "core.py": "def f():\n    from .data import Split\n    from . import _tf",
        "data/__init__.py": "from .splits import Split",
        "data/splits.py": "import numpy as np\nfrom . import files\nfrom .. import core\n"
        "from recwidgets.models import gnn",
        "data/files.py": "from . import Split",
        "models/gnn.py": "",
    })  # fmt: skip
    assert edges["__init__"] == {"_tf", "data"}
    assert edges["_tf"] == {"importlib", "tensorflow"}
    assert edges["core"] == {"data", "_tf"}
    assert edges["data"] == {"data.splits"}
    assert edges["data.splits"] == {"numpy", "data.files", "core", "models.gnn"}
    assert edges["data.files"] == {"data"}
    assert upward(edges) == {("data.splits", "core"), ("data.splits", "models.gnn")}
    assert circles(edges) == [{"core", "data", "data.splits", "data.files"}]


def test_a_package_without_a_circle_has_none(package):
    assert circles(package({"core.py": "import numpy", "ranking.py": "from .core import rank", "cli.py": ""})) == []


# ------------------------------------------------------------------ what is asked of a model


def asked_by_name(source: str) -> set[str]:
    """Names that getattr and hasattr look for in a model, however the model is reached."""
    return {
        node.args[1].value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("getattr", "hasattr")
        and ast.unparse(node.args[0]).rpartition(".")[2] in ("model", "seen", "blank", "view")
        and isinstance(node.args[1], ast.Constant)
    }


def test_what_is_asked_of_a_model_by_name_is_written_where_the_protocols_are_and_is_none_of_them():
    files = [path for path in PACKAGE.rglob("*.py") if path.parent.name != "exercises"]  # these look at learners' own
    asked = set().union(*(asked_by_name(path.read_text(encoding="utf-8")) for path in files))
    written = set(re.findall(r"`(\w+)`", protocols.__doc__))
    assert "neighbours" not in asked and "scores_of" in asked
    assert asked <= written, asked - written
    kinds = [kind for kind in vars(protocols).values() if getattr(kind, "_is_protocol", False)]
    methods = {name for kind in kinds for name, value in vars(kind).items() if callable(value)}
    assert {"explain", "neighbours", "query"} <= methods
    assert not asked & methods, "isinstance asks whether a model has a protocol"


def test_a_name_that_is_asked_of_a_model_is_found_however_the_model_is_reached():
    source = 'hasattr(answer.model, "one"); getattr(model, "two", None); getattr(self, "three"); getattr(df, "four")'
    assert asked_by_name(source) == {"one", "two"}
