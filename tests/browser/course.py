"""instructor/make.py, which is a script beside the package, as a module for the tests."""

import importlib.util
from pathlib import Path

# the notebooks that tests/browser runs whole, as learners get them (test_workshop.py)
WALKED = ("00-start-here", "02-gnn", "03-knn", "04-session", "05-compare")

_spec = importlib.util.spec_from_file_location(
    "instructor_make", Path(__file__).resolve().parents[2] / "instructor" / "make.py"
)
assert _spec is not None and _spec.loader is not None
make = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(make)
