"""Much use in small numbers: what must not grow does not. `recwidgets bench --only load` does all of it."""

import json
import subprocess
import sys

import pytest

USED = """
import json, sys
from benchmarks import load
from benchmarks.options import Options
print(json.dumps(load.PARTS[sys.argv[1]](Options(quick=True))))
"""


def used(repo, part):
    done = subprocess.run([sys.executable, "-c", USED, part], cwd=repo, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("part", ["users_gnn", "knobs_knn", "edits_session", "training_knn"])
def test_threads_widgets_and_comms_stay_as_they_were(repo, part):
    found = used(repo, part)
    assert found["times"] >= 4
    for what in ("threads", "widgets", "comms"):
        assert found["last"][what] <= found["first"][what], what


def test_panels_of_one_notebook_take_the_same_each_and_leave_nothing(repo):
    found = used(repo, "together")
    widgets = [one["widgets"] for one in found["each"]]
    assert widgets[5] == 2 * widgets[2] > 0, "three panels more, one of each kind: as many widgets again"
    assert found["closed"]["widgets"] == 0 and found["closed"]["comms"] == 0


def test_of_many_users_the_page_holds_a_few(repo):
    found = used(repo, "selector")
    assert found["chosen"] and 0 < found["options"] <= 8
