"""What may go wrong while a panel is used, really done in JupyterLab: afterwards everything agrees, and it is said.

`RECWIDGETS_FAULTS=90` lets a laptop sleep for 90 s; without it, for one. docs/reliability.md has what was seen.
"""

import os
import re
import signal

import agreement
import labpage
import look
import pytest
from panelpage import PanelPage
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

LONG = float(os.environ.get("RECWIDGETS_FAULTS") or 0)  # s
ROOMY = pytest.mark.parametrize("page", [{"width": 1680}], indirect=True, ids=["roomy"])  # with all drawers in sight
SAVE = "async () => { await window.jupyterapp.shell.currentWidget.context.save(); }"
DIES = "async () => { await window.jupyterapp.shell.currentWidget.sessionContext.shutdown(); }"
STILL = ".jp-Notebook .jp-OutputArea-child:has(> .jp-RenderedSVG)"
# What JupyterLab says of its own where a notebook with a live view has another kernel, or none.
GONE = re.compile(r"widget model not found|Cannot read properties of null \(reading 'kernel'\)")


@pytest.fixture
def opened(open_in_lab, page, tmp_path):
    """opened(*panels): a notebook in which each of these panels has a cell, run."""

    def start(*panels, name="faults.ipynb"):
        look.write_notebook(agreement.BEGIN, tmp_path / name, *map(agreement.cell, panels))
        open_in_lab(tmp_path / name)
        labpage.run_all(page)

    return start


def newest(panel):
    return int(re.search(r"of (\d+)", panel.epoch())[1])


def trains(panel):
    """Press Train; wait until some epochs are done."""
    panel.click("Train")
    panel.wait_text(".rw-status", "Training ([2-9]|\\d\\d)")
    return panel


def trains_on(panel):
    """Epochs go on being finished."""
    panel.wait("(panel, n) => +panel.querySelector('.rw-epoch output').innerText.match(/of (\\d+)/)?.[1] > n", newest(panel))


def pauses(panel):
    """Pause; then all of it agrees with the kernel."""
    panel.click("Pause")
    panel.wait_text(".rw-status", "^Paused after")
    return agreement.agree(panel)


def test_a_slow_processor_a_clock_that_goes_back_a_sleep_and_a_killed_kernel(opened, page):
    opened("knn: state='faults-state.json'")
    panel = PanelPage(page, "knn")
    panel.filled()
    agreement.agree(panel)
    trains(panel)
    devtools = page.context.new_cdp_session(page)
    slow_processor(panel, devtools)
    clock_goes_back(panel)
    pid = int(agreement.in_kernel(page, "import os; print(os.getpid())"))
    laptop_sleeps(panel, devtools, pid)

    panel.click("Train")
    trains_on(panel)
    os.kill(pid, signal.SIGKILL)
    panel.wait_text(".rw-header", "The kernel is gone.*run this cell again.*epochs trained here went with it")
    labpage.screenshot(page, "fault-kernel-killed")
    page.locator(".jp-Dialog button").first.click()
    assert len(panel.rows()) == 10, "what was seen is still seen"
    page.evaluate("window.__before = document.querySelector('.rw-knn')")
    labpage.run_all(page)
    panel.wait("panel => panel && panel !== window.__before")
    panel.filled()
    panel.wait_text(".rw-list h3", "user 21 ")  # as it was left, but for the epochs
    panel.wait_text(".rw-status", "^Ready")
    assert agreement.agree(panel)["newest"] == 3
    labpage.screenshot(page, "fault-kernel-back")


def slow_processor(panel, devtools):
    """Six times slower: clicks are answered while epochs go on."""
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": 6})
    panel.choose("14")
    panel.click("Next user")
    panel.wait_text(".rw-list h3", "user 15 ")
    panel.root.locator(".rw-list [data-row]").nth(3).click()
    trains_on(panel)
    pauses(panel)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": 1})


def clock_goes_back(panel):
    """By a day, for Python and for the page."""
    page = panel.page
    panel.click("Train")
    agreement.in_kernel(page, "import time; time.time = lambda clock=time.time: clock() - 86400")
    page.evaluate("window.__now = Date.now; Date.now = () => window.__now() - 86400000")
    trains_on(panel)
    panel.choose("20")
    trains_on(panel)
    pauses(panel)
    page.evaluate("Date.now = window.__now")


def laptop_sleeps(panel, devtools, pid):
    """Kernel and page stand still, after a click that nobody has answered; then they go on, the page first."""
    panel.click("Train")
    trains_on(panel)
    os.kill(pid, signal.SIGSTOP)
    try:
        panel.click("Next user")
        devtools.send("Page.setWebLifecycleState", {"state": "frozen"})
        panel.page.wait_for_timeout(1000 * (LONG or 1))
        devtools.send("Page.setWebLifecycleState", {"state": "active"})
        panel.wait_text(".rw-dead", "No answer yet")
        labpage.screenshot(panel.page, "fault-asleep")
    finally:
        os.kill(pid, signal.SIGCONT)
    panel.wait_text(".rw-list h3", "user 21 ")
    expect(panel.root.locator(".rw-dead")).to_have_count(0)
    trains_on(panel)
    pauses(panel)


@ROOMY
def test_a_reloaded_page_and_a_second_tab_show_the_panel_that_trains(opened, page):
    opened("session")
    panel = PanelPage(page, "session")
    panel.filled()
    trains(panel)
    page.evaluate(SAVE)
    before = newest(panel)
    page.reload(wait_until="domcontentloaded")
    panel = PanelPage(page, "session")
    panel.filled()
    labpage.hide_side_bar(page)
    panel.wait("(panel, n) => +panel.querySelector('.rw-epoch output').innerText.match(/of (\\d+)/)?.[1] > n", before)
    pauses(panel)
    trains(panel)

    other = page.context.new_page()
    other.set_default_timeout(60_000)
    other.set_viewport_size(page.viewport_size)
    other.goto(page.url.split("?")[0].replace("/workspaces/test", "/workspaces/other"), wait_until="domcontentloaded")
    twin = PanelPage(other, "session")
    twin.filled()
    labpage.hide_side_bar(other)
    for acts, user in ((panel, "8"), (twin, "9"), (panel, "10")):
        acts.page.bring_to_front()
        acts.click("Next user")
        for sees in (panel, twin):
            sees.page.bring_to_front()
            sees.wait_text(".rw-list h3", f"user {user} ")
    assert pauses(twin) == agreement.agree(twin)
    page.bring_to_front()
    assert agreement.agree(panel)["user"] == "10"
    other.close()
