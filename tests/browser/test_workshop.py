"""The 90 minutes of instructor/plan-90.md as a learner walks them: guess, panel, wrong answer, hint, right answer."""

import json
import os
import re
import sys
from pathlib import Path

import labpage
import pytest
from course import WALKED, make

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.browser, pytest.mark.needs_tf, pytest.mark.long]

LIMIT = 1000  # MB of kernel memory, at its peak
# what learners write first, and what they are told
WRONG = {
    "start-1": ("rw.check('start-1', 11)", "Not yet"),
    "start-2": ("rw.check('start-2', -1)", "Not yet"),
    "knn-1": ("rw.check('knn-1', [1, 0])", "nobody counts as their own"),
    "knn-2": ("rw.check('knn-2', cosine / cosine.sum())", "Not yet"),
    "knn-3": ("rw.check('knn-3', lambda places, who, k: list(range(k)))", "Not yet"),
    "gnn-1": ("rw.check('gnn-1', 1.0)", "Not yet"),
    "gnn-2": ("rw.check('gnn-2', ...)", "Not answered yet"),
    "gnn-3": ("rw.check('gnn-3', lambda messages: messages.sum(0))", "forgot to divide by the degree"),
    "session-1": ("rw.check('session-1', 17.0)", "Not yet"),
    "session-2": ("rw.check('session-2', 'a guess')", "Not yet|could not be checked"),
}
WALK = {
    "00-start-here": ("start-1", "start-2"),
    "03-knn": ("knn-1", "knn-2", "knn-3"),
    "02-gnn": ("gnn-1", "gnn-2", "gnn-3"),
    "04-session": ("session-1", "session-2"),
}


def run_cell(page, name, source):
    """Write `source` into the exercise's cell, run it as Shift-Enter does, and read what is under it."""
    page.evaluate(
        """([name, source]) => {
            const panel = window.jupyterapp.shell.currentWidget, notebook = panel.content;
            const n = notebook.widgets.findIndex(w => w.model.getMetadata('recwidgets')?.exercise === name);
            notebook.activeCellIndex = n;
            const model = notebook.widgets[n].model;
            model.sharedModel.setSource(source);
            window.__ran = model.executionCount;
            return window.jupyterapp.commands.execute('notebook:run-cell');
        }""",
        [name, source],
    )
    return str(
        page.wait_for_function(
            """name => {
                const widgets = window.jupyterapp.shell.currentWidget.content.widgets;
                const cell = widgets.find(w => w.model.getMetadata('recwidgets')?.exercise === name);
                if (cell.model.executionState === 'running' || cell.model.executionCount === null) return false;
                const text = o => String(o.data?.['text/plain'] ?? o.text ?? '');
                const texts = cell.model.outputs.toJSON().map(
                    o => o.output_type === 'error' ? 'TRACEBACK ' + o.evalue : text(o));
                return texts.length ? texts.join('\\n') : false;
            }""",
            arg=name,
            timeout=90_000,
            polling=labpage.POLL,
        ).json_value()
    )


def descends(process, ancestor):
    """Is /proc/PID a child of `ancestor`, or of a child of it?"""
    while (pid := int(process.name)) > 1:
        if pid == ancestor:
            return True
        process = process.with_name(re.search(r"PPid:\s+(\d+)", (process / "status").read_text())[1])
    return False


def peak_of_kernels():
    """MB, the largest peak of any notebook kernel that this worker's servers run: another worker's may be training."""
    peaks = [0.0]
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            if "ipykernel_launcher" in (status.parent / "cmdline").read_text() and descends(status.parent, os.getpid()):
                peaks.append(int(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1]) / 1024)
        except (OSError, TypeError):
            continue  # it ended meanwhile
    return max(peaks)


def beside(guess):
    """The pie stands left of the films to order, on one height, within the card."""
    card, pie, films = (
        part.bounding_box() for part in (guess, guess.locator(".bqplot"), guess.get_by_role("list", name="Your order"))
    )
    assert card["x"] <= pie["x"] and pie["x"] + pie["width"] <= films["x"]
    assert abs(pie["y"] - films["y"]) < films["height"]
    assert pie["y"] + pie["height"] <= card["y"] + card["height"]


def guess_first(page):
    """0–5: order three films, before anything is explained; then the panel opens, and the truth."""
    guess, panels = page.locator(".rw-predict").first, page.locator(".rw-panel.rw-knn")
    guess.wait_for()
    before = panels.count()
    beside(guess)
    guess.get_by_role("button", name="This is my guess").click()
    page.wait_for_function("n => document.querySelectorAll('.rw-panel.rw-knn').length > n", arg=before)
    page.wait_for_function("document.querySelectorAll('.rw-panel.rw-knn .rw-list [data-row]').length >= 10")
    labpage.screenshot(page, "workshop-reveal")


def test_the_notebooks_that_are_run_here_are_those_that_are_run_nowhere_else():
    assert {*WALK, "05-compare"} == set(WALKED)


@pytest.mark.parametrize("name", WALK)
def test_a_learner_walks_a_notebook_of_the_workshop(page, open_in_lab, name):
    answers = make.solutions()
    open_in_lab(ROOT / "tutorials" / f"{name}.ipynb")
    labpage.run_all(page)
    if name == "03-knn":
        guess_first(page)
    for exercise in WALK[name]:
        wrong, says = WRONG[exercise]
        told = run_cell(page, exercise, wrong)
        assert re.search(says, told) and "TRACEBACK" not in told, told
        assert f"{exercise}" in told and ("Hint 1 of 3" in told or "answered" in told or "checked" in told), told
        told = run_cell(page, exercise, answers[exercise])
        assert f"✓ {exercise}: Right." in told, told
    if sys.platform == "linux":
        assert peak_of_kernels() < LIMIT


def test_the_honesty_game_switching_a_lamp_off_changes_the_numbers_and_says_why(page, open_in_lab):
    """78–86: the four honesty checks of 05, one after the other."""
    open_in_lab(ROOT / "tutorials" / "05-compare.ipynb")
    labpage.run_all(page)
    board = page.locator(".rw-compare .rw-board")
    page.locator(".rw-compare .rw-handle-board").click()
    rows = board.locator(".rw-of-ndcg tbody tr")
    rows.nth(4).wait_for(timeout=120_000)
    honest = rows.all_inner_texts()
    for check in ("Held-out films only", "New films only", "All users, one draw"):
        switch = board.get_by_role("switch", name=check)
        switch.click()
        board.get_by_text("Off:").wait_for()
        board.get_by_text("measured honestly").wait_for(timeout=90_000)
        labpage.becomes_other(page, rows.all_inner_texts, honest)
        switch.click()
        page.wait_for_function(
            """all => JSON.stringify(
                [...document.querySelectorAll('.rw-board .rw-of-ndcg tbody tr')].map(r => r.innerText)) === all""",
            arg=json.dumps(honest, ensure_ascii=False, separators=(",", ":")),
        )
    board.get_by_role("switch", name="Baselines shown").click()
    page.wait_for_function("document.querySelectorAll('.rw-board .rw-of-ndcg tbody tr').length === 3")
    if sys.platform == "linux":
        assert peak_of_kernels() < LIMIT
