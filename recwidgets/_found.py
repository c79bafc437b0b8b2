"""What a folder holds: a new model, chart or picture is found there, and named nowhere else."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from typing import Any


@functools.cache
def classes_in(package: str, base: type) -> tuple[Any, ...]:
    """The subclasses of `base` in the modules of recwidgets.`package` whose names begin with a letter, by module."""
    folder = importlib.import_module(f"recwidgets.{package}")
    names = sorted(found.name for found in pkgutil.iter_modules(folder.__path__) if not found.name.startswith("_"))
    modules = [importlib.import_module(f"{folder.__name__}.{name}") for name in names]
    return tuple(
        thing
        for module in modules
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, base) and thing.__module__ == module.__name__
    )


@functools.cache
def named_classes(package: str, base: type) -> dict[str, Any]:
    """Those of them that have a name of their own, by that name. Raises ValueError where a name comes twice."""
    known: dict[str, Any] = {}
    for found in classes_in(package, base):
        name = vars(found).get("name")
        if name in known:
            other = known[name].__module__
            raise ValueError(
                f"name must be another one for each class, got {name!r} in {other} and in {found.__module__}"
            )
        if name is not None:
            known[name] = found
    return known
