"""The browser site, whole: JupyterLab, Python, the panels in one Chromium tab, and nobody asked but its own server."""

import base64
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import labpage
import litepage
import pytest
from panelpage import KINDS, PanelPage
from playwright.sync_api import expect

import recwidgets as rw
from recwidgets import pretrained

ARCHIVE = os.environ.get("RECWIDGETS_PYODIDE", "")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not ARCHIVE, reason="RECWIDGETS_PYODIDE names no archive of Pyodide to build the site with"),
    pytest.mark.long,
]
REPO = Path(__file__).resolve().parents[2]
USER = "42"
CELLS = (
    "import recwidgets as rw",
    f"rw.GNNPanel(user='{USER}', animate=False)",
    f"rw.KNNPanel(user='{USER}', animate=False)",
    f"rw.SessionPanel(user='{USER}', animate=False)",
    f"rw.ComparePanel(user='{USER}')",
    "print(rw.check('gnn-1', 1.0).state)\nrw.check('gnn-1', 0.5)",
    "rw.teach.progress()",
)


@pytest.fixture(scope="module")
def site(once):
    """The site as `python dev.py lite` builds it, once for all workers."""
    command = [sys.executable, str(REPO / "lite" / "build.py"), "--out"]
    return once("lite", lambda folder: subprocess.run([*command, str(folder / "site")], check=True)) / "site"


@pytest.fixture(scope="module")
def tab(chromium_browser, site):
    """One page for all tests here: a notebook with everything, run. Loading Python is most of the work."""
    with litepage.served(site) as server:
        page = labpage.new_page(chromium_browser, width=1280, height=1600)
        page.asked = litepage.Asked(page, server.address)
        litepage.open_site(page, server.address)
        litepage.open_cells(page, "lite.ipynb", *CELLS)
        labpage.run_all(page, timeout=litepage.LONG)
        yield page
        labpage.screenshot(page, "lite")
        page.context.close()


@pytest.fixture(scope="module")
def split():
    return rw.load_movielens("latest-small").split("temporal", test=0.2)


@pytest.fixture
def panel(tab, request):
    """A panel as it was opened: the user, the newest epoch, the knobs as trained, nothing dropped."""
    found = PanelPage(tab, request.param)
    found.filled()
    found.root.scroll_into_view_if_needed()
    return found


def of(*kinds):
    return pytest.mark.parametrize("panel", kinds, indirect=True)


def top_ten(split, kind, user=USER, epoch=None):
    """What Python outside the browser says, titles as a panel writes them."""
    model, history = pretrained.load_pretrained(kind, split.train)[:2]
    view = model if epoch is None else model.at(history.at(epoch).snapshot)
    titles = map(rw.display_title, rw.recommend(view, split.train, user, k=10).titles)
    return [f"{name} ({year})" if year else name for name, year in titles]


def listed(panel):
    return [title for title, _ in panel.rows()]


@of(*KINDS)
def test_a_panel_in_a_tab_is_painted_and_lists_what_python_elsewhere_lists(panel, split):
    panel.wait_text(".rw-status", "^Ready")
    panel.becomes(lambda: listed(panel), top_ten(split, panel.kind))
    drawn = {"gnn": panel.slices, "knn": panel.polygon, "session": panel.columns}[panel.kind]
    labpage.eventually(panel.page, lambda: seen(drawn()))
    assert panel.root.locator(".rw-why h3").inner_text()
    panel.fits()


def seen(marks):
    assert len(marks) >= 4 and max(marks) > 0


@of(*KINDS)
def test_another_user_is_shown_in_a_tab(panel, split):
    panel.choose("414")
    panel.becomes(lambda: listed(panel), top_ten(split, panel.kind, "414"))
    panel.choose(USER)
    panel.becomes(lambda: listed(panel), top_ten(split, panel.kind))


@of("gnn")
def test_a_knob_says_what_it_does_to_all_users_without_a_thread(panel):
    knob, before = panel.root.get_by_label("Layers", exact=True), panel.rows()
    panel.root.locator(".rw-handle-more").click()
    knob.fill("1")
    panel.becomes_other(panel.rows, before)
    panel.wait_text(".rw-all-users", r"On average two users share \d+\.\d of their 10 films", litepage.LONG)
    knob.fill("3")
    panel.becomes(panel.rows, before)


@of("session")
def test_a_film_is_dropped_in_a_tab_and_put_back(panel):
    before = panel.rows()
    evidence = panel.root.locator(".rw-why [data-act=drop]").first
    evidence.focus()
    panel.page.keyboard.press("Enter")
    panel.wait_text(".rw-message", "You took out")
    panel.becomes_other(panel.rows, before)
    panel.click("Put it back")
    panel.becomes(panel.rows, before)


@of("knn")
def test_the_time_machine_runs_in_a_tab(panel, split):
    slider = panel.root.locator(".rw-epoch input")
    slider.focus()
    slider.press("Home")
    panel.wait_text(".rw-list h3", "epoch 1 of")
    panel.becomes(lambda: listed(panel), top_ten(split, "knn", epoch=1))
    slider.press("End")
    panel.becomes(lambda: listed(panel), top_ten(split, "knn"))


@of("session")
def test_a_model_is_trained_in_a_tab_and_clicks_are_answered_meanwhile(panel):
    panel.click("Train")
    panel.wait_text(".rw-status", r"^Training \d+ of \d+\s+numpy")
    panel.choose("414")
    panel.click("Pause")
    panel.wait_text(".rw-status", "^Paused after")


def test_the_comparison_ranks_for_all_users_in_a_tab(tab):
    compare = tab.locator(".rw-compare")
    compare.scroll_into_view_if_needed()
    expect(compare.locator(".rw-case")).to_have_count(3)  # each model says why
    compare.get_by_role("button", name="Leaderboard").click()
    names = compare.locator(".rw-of-ndcg tbody th")
    expect(names).to_have_count(5, timeout=litepage.LONG)
    expect(names.first).to_be_visible()
    said = names.all_inner_texts()
    assert all(any(base in name for name in said) for base in ("Popularity", "Chance")), said


def test_an_exercise_is_checked_in_a_tab_and_progress_is_kept(tab):
    verdict, progress = (litepage.outputs(tab, CELLS.index(cell)) for cell in CELLS[-2:])
    assert "Right" in verdict, verdict
    assert re.search(r"\b1 of \d+ exercises done", progress), progress
    kept = tab.evaluate(
        """async () => {
            const contents = window.jupyterapp.serviceManager.contents;
            return (await contents.get('recwidgets-progress.json', {content: true})).content;
        }"""
    )
    assert json.loads(base64.b64decode(kept))["exercises"]["gnn-1"]["done"] is True, (
        "beside the notebook, in the browser's storage"
    )


def test_a_model_is_loaded_when_it_is_asked_for(tab):
    models = [Path(url).name for url in tab.asked.urls if url.endswith(".npz")]
    assert sorted(name.partition("-")[0] for name in models) == ["gnn", "knn", "session"], "by its panel"


def test_the_course_is_in_the_site(tab):
    names = tab.evaluate(
        "async () => (await window.jupyterapp.serviceManager.contents.get('')).content.map(file => file.name)"
    )
    assert {path.name for path in (REPO / "tutorials").glob("*.ipynb")} <= set(names)


def test_no_source_maps_are_in_the_site(site):
    assert not list(site.rglob("*.map"))


def test_nobody_but_the_sites_own_server_is_asked_and_the_console_holds_no_error(tab):
    """Last in this file: all that the tests above did is looked at, and what the page asked until now."""
    assert len(tab.asked.urls) > 100, "the requests are seen, also those of the page's workers"
    assert any("/static/pyodide/" in url for url in tab.asked.urls)
    assert tab.asked.outside() == []
    assert tab.console.errors == []
