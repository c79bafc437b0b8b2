"""The registry: a model, a chart or a picture of why is one file in its folder, and is named nowhere else.

What counts: a top-level class in a file of `FOLDERS` whose name begins with a letter, and in whose body stands
`name = "…"` (a model, a chart) or `needs = "…"` (a picture of why). Such a class is `recwidgets.NAME`; the command
line, `ComparePanel`, the reference and the contract tests ask here.

For `dir(recwidgets)` and `recwidgets.NAME` the files are parsed, not imported, so that neither loads numpy or bqplot;
who asks for the classes themselves has the files imported, and not parsed.
"""

from __future__ import annotations

import ast
import functools
import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDERS = ("models", "charts", "why")
STATED = {"name", "needs"}  # what a registered class says of itself, as a string
_MAY_STATE = re.compile(rb"\b(?:name|needs)\b")


def _files(folder: str) -> list[Path]:
    """The folder's files that may hold something; a folder that is put on the package's __path__ counts too."""
    package = sys.modules.get(f"{__package__}.{folder}")
    places = list(package.__path__) if package else [str(Path(__file__).with_name(folder))]
    found = (path for place in places for path in Path(place).glob("*.py"))
    return sorted((path for path in found if path.stem[0].isalpha()), key=lambda path: path.stem)


def _states(statement: ast.stmt) -> bool:
    """Whether this is `name = "…"` or `needs: ClassVar[str] = "…"`."""
    if isinstance(statement, ast.AnnAssign):
        targets: list[ast.expr] = [statement.target]
    elif isinstance(statement, ast.Assign):
        targets = statement.targets
    else:
        return False
    named = any(isinstance(target, ast.Name) and target.id in STATED for target in targets)
    return named and isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, str)


@functools.cache
def _stated(path: Path, changed: int) -> tuple[str, ...]:
    """The classes of a file that count. changed: when the file was, so that each state of it is parsed once."""
    source = path.read_bytes()
    if not _MAY_STATE.search(source):  # most files hold none
        return ()
    body = ast.parse(source, path.name).body
    classes = (node for node in body if isinstance(node, ast.ClassDef) and node.name[0] != "_")
    return tuple(node.name for node in classes if any(map(_states, node.body)))


def _registered(folder: str) -> Iterator[tuple[str, str]]:
    """(class, module below recwidgets) of each class that counts, by file."""
    for path in _files(folder):
        for name in _stated(path, path.stat().st_mtime_ns):
            yield name, f"{folder}.{path.stem}"


@functools.cache
def public_classes() -> dict[str, str]:
    """{class: module below recwidgets}, what the package offers beside its own names.

    Raises ValueError where two files have a class of the same name: `recwidgets.NAME` would be either.
    """
    home: dict[str, str] = {}
    for folder in FOLDERS:
        for name, module in _registered(folder):
            if name in home:
                raise ValueError(f"a class must have a name of its own, got {name!r} in {home[name]} and in {module}")
            home[name] = module
    return home


@functools.cache
def classes_in(folder: str, base: type = object) -> tuple[Any, ...]:
    """The registered classes of recwidgets.`folder` that are subclasses of `base`, by file.

    The files are imported, and not parsed: that takes 40 ms, which the first panel would be later.
    """
    found: list[Any] = []
    for path in _files(folder):
        if _MAY_STATE.search(path.read_bytes()):
            module = importlib.import_module(f"{__package__}.{folder}.{path.stem}")
            found += (cls for name, cls in vars(module).items() if _counts(cls, name, module.__name__))
    return tuple(cls for cls in found if issubclass(cls, base))


def _counts(cls: Any, name: str, module: str) -> bool:
    """Whether this is a class of that module, under its own name, in whose body `name` or `needs` is a string."""
    if not isinstance(cls, type) or (cls.__module__, cls.__name__) != (module, name) or name[0] == "_":
        return False
    return any(isinstance(vars(cls).get(word), str) for word in STATED)


@functools.cache
def named_classes(folder: str, base: type = object) -> dict[str, Any]:
    """Those of them that have a short name, by it. Raises ValueError where a name comes twice."""
    known: dict[str, Any] = {}
    for found in classes_in(folder, base):
        name = vars(found).get("name")
        if name in known:
            other = known[name].__module__
            raise ValueError(
                f"name must be another one for each class, got {name!r} in {other} and in {found.__module__}"
            )
        if name is not None:
            known[name] = found
    return known
