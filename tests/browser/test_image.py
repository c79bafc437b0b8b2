"""What repo2docker's steps make of this repository, and the hub that starts it for a learner: the real things.

The image takes some minutes to make and 2.2 GB, so these run where RECWIDGETS_IMAGE is set, as in CI. How it is made,
and what is not seen without Docker, stands in benchmarks/binder.py.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import labpage
import pytest
from playwright.sync_api import expect

from benchmarks import binder, hub, roads
from benchmarks.options import Options

pytestmark = [
    pytest.mark.browser,
    pytest.mark.needs_index,
    pytest.mark.skipif(
        not os.environ.get("RECWIDGETS_IMAGE"), reason="RECWIDGETS_IMAGE is not set: makes Binder's image, 2.2 GB"
    ),
    pytest.mark.long,
]
# the benchmarks start a Playwright of their own
PART = "import json, sys; from benchmarks import binder; from benchmarks.options import Options; "
PART += "print('SAID', json.dumps(binder.PARTS[sys.argv[1]](Options(kept=sys.argv[2]))))"


@pytest.fixture(scope="module")
def options(once, repo):
    if not (repo / ".git").exists():
        pytest.skip("not a git checkout, which repo2docker is given")
    return Options(kept=str(once("image", lambda folder: binder.made(Options(kept=str(folder))))))


def part(repo, options, name):
    """A part of the benchmark, in a program of its own."""
    done = subprocess.run(
        [sys.executable, "-c", PART, name, options.kept],
        env={**os.environ, "PYTHONPATH": str(repo)},
        capture_output=True,
        text=True,
    )
    assert not done.returncode, done.stderr[-3000:]
    return json.loads(done.stdout.partition("SAID ")[2])


def test_what_the_image_holds_goes_together(options):
    made = binder.image(options)
    assert not made["wrong"]
    minor = {name: made["versions"][name].split(".")[1] for name in ("notebook", "jupyterlab")}
    assert made["versions"]["notebook"].startswith("7.") and made["versions"]["jupyterlab"].startswith("4.")
    assert minor["notebook"] == minor["jupyterlab"]


def test_the_course_runs_in_the_image_under_its_limit(options, repo):
    notebooks = binder.tutorials(options)["notebooks"]
    assert set(notebooks) == {path.stem for path in (repo / "tutorials").glob("*.ipynb")}
    assert max(one["peak"] for one in notebooks.values()) < binder.LIMIT / 1e6


def test_train_is_pressed_in_the_image_under_its_limit(options, repo):
    done = part(repo, options, "numpy")
    assert "trained here with numpy" in done["said"]
    assert done["all"] < binder.LIMIT / 1e6


def test_where_a_training_would_not_fit_the_panel_says_so_before(options, repo):
    assert "would not fit" in part(repo, options, "unasked")["said"]


def test_a_learner_logs_in_to_the_hub_and_asks_for_another_user(options, chromium_browser):
    if shutil.which("npm") is None:
        pytest.skip("needs npm, for JupyterHub's proxy")
    with hub.hub(options) as (address, _, _):
        home = Path(binder.made(options)["folder"]) / "hub-room" / "homes" / "ada"
        home.mkdir(parents=True)
        page = labpage.new_page(chromium_browser, 1366, 768)
        try:
            page.goto(f"{address}/hub/login")
            page.locator("#username_input").fill("ada")
            page.locator("#login_submit").click()
            page.wait_for_url(re.compile("/user/ada/lab"), timeout=180_000)
            roads.notebook_road(f"{address}/user/ada/lab/tree/first.ipynb", home)(page)
            heading = page.locator(".rw-gnn .rw-list h3")
            expect(heading).to_contain_text("user 42")
            expect(page.locator(".rw-gnn .rw-list [data-row]")).to_have_count(10)
            page.locator(".rw-gnn [data-act=next]").click()
            expect(heading).to_contain_text("user 43")
        finally:
            page.context.close()
