"""The tests that need numpy alone, run in Pyodide; the last line is JSON: how many passed, skipped and failed."""

import json
import os
import sys
from types import ModuleType
from unittest.mock import MagicMock

import pytest

FILES = (
    "test_core.py", "test_metrics.py", "test_splits.py", "test_recommenders.py", "test_models_base.py",
    "test_evaluation.py", "test_planted.py", "test_pretrained_format.py", "test_data.py", "test_steps.py",
)  # fmt: skip
NOT_HERE = {
    "test_models_base.py::test_two_threads_that_ask_at_once_make_the_queries_once": "no threads",
    "test_pretrained_format.py::test_threads_that_ask_for_all_epochs_at_once_get_the_same": "no threads",
    "test_data.py::test_importing_the_data_package_brings_numpy_only": "no other processes",
    "test_steps.py::test_a_panel_trains_in_a_browsers_tab_without_a_thread": "no event loop to wait for in Node",
    "test_steps.py::test_a_model_of_ones_own_trains_in_a_browsers_tab_an_epoch_at_a_time": "the same",
    "test_steps.py::test_clicks_are_answered_between_the_slices_of_a_training": "the same",
    "test_steps.py::test_a_training_is_shown_where_the_event_loop_refuses_what_is_past": "the same",
    "test_steps.py::test_a_training_that_fails_in_a_tab_says_so": "the same",
}


def without_hypothesis():
    """Hypothesis has compiled parts: the tests that it drives are skipped here, and are counted as skipped."""
    skipped = pytest.mark.skip(reason="hypothesis has no wheel for Pyodide")
    own = {name: lambda *a, **k: lambda test: test for name in ("settings", "example")}
    own["composite"] = lambda make: MagicMock()
    own["given"] = lambda *a, **k: lambda test: skipped(lambda: None)
    for name in ("hypothesis", "hypothesis.strategies", "hypothesis.extra", "hypothesis.extra.numpy"):
        module = ModuleType(name)
        vars(module).update(own)
        module.__getattr__ = lambda asked: MagicMock()
        sys.modules[name] = module
    for name in ("hypothesis.strategies", "hypothesis.extra", "hypothesis.extra.numpy"):
        parent, _, child = name.rpartition(".")
        setattr(sys.modules[parent], child, sys.modules[name])


class Count:
    """What pytest reports, counted."""

    def __init__(self):
        self.outcomes, self.names = {}, []

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or report.outcome != "passed":
            self.outcomes[report.outcome] = self.outcomes.get(report.outcome, 0) + 1
            if report.outcome == "failed":
                self.names.append(report.nodeid)
                print(report.longreprtext[-1500:], file=sys.stderr)

    def pytest_collectreport(self, report):
        if report.failed:
            self.names.append(report.nodeid)
            print(report.longreprtext[-1500:], file=sys.stderr)


os.chdir("/host0")
without_hypothesis()
count = Count()
options = [
    "-q",
    "--no-header",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:faulthandler",
    "-W",
    "ignore",
    "--tb=short",
    "--capture=sys",
]
without = [f"--deselect=tests/{name}" for name in NOT_HERE]
pytest.main([*options, *without, *(f"tests/{name}" for name in FILES)], plugins=[count])
print(json.dumps({**count.outcomes, "names": count.names}))
