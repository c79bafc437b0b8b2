"""What may go wrong while a panel is used, really done: after each, chart, list, reason and curve agree, or it is said.

`RECWIDGETS_FAULTS=90` lets the random acts go on for 90 s on each panel, and a laptop sleep for 90 s, each time
elsewhere; without it they take some seconds, and are the same each time. docs/reliability.md has what was seen.
"""

import os
import re
import signal

import labpage
import look
import pytest
from panelpage import PanelPage
from playwright.sync_api import expect
from test_panels import check_sum, compare_chart_with_list

pytestmark = pytest.mark.browser

LONG = float(os.environ.get("RECWIDGETS_FAULTS", "0"))  # s
BEGIN = """
import recwidgets as rw
split = rw.planted(n_users=60, n_items=60).data.split("temporal")
def trained(name, backend="numpy"):  # which has not to be loaded, and is quick on so little
    model = getattr(rw, name)(backend=backend)
    return model, rw.fit(model, split.train, split.validation, epochs=3, progress=False)
"""
PANEL = "model, history = trained('{}')\nrw.Panel(split, model, history=history, user='7', epochs=400{})"
# Run in the notebook's kernel, without a cell; what it prints.
RUN = """async code => {
    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const future = kernel.requestExecute({code, store_history: false, silent: false});
    let said = '';
    future.onIOPub = ({header, content}) => {
        if (header.msg_type === 'stream') said += content.text;
        if (header.msg_type === 'error') said += content.ename + ': ' + content.evalue;
    };
    await future.done;
    return said.trim();
}"""
SAVE = "async () => { await window.jupyterapp.shell.currentWidget.context.save(); }"


def kernel(page, code):
    return str(page.evaluate(RUN, code))


def agrees(panel):
    """One user, one epoch and one film everywhere: header, list, chart, reason, time line and curve."""
    compare_chart_with_list(panel)
    heading = panel.heading()
    assert panel.text(".rw-facts").startswith(f"User {panel.user()} ")
    chosen = panel.root.locator(".rw-list [data-row][aria-pressed=true]")
    expect(chosen).to_have_count(1)
    place = int(re.match(r"Rank (\d+)", chosen.get_attribute("aria-label"))[1]) - 1
    title, score = panel.rows()[place]
    assert panel.text(".rw-why h3") == f"Why {title}?"
    check_sum(panel, score)
    epoch, newest = re.search(r"epoch (\d+) of (\d+)", heading).groups()
    assert panel.epoch().startswith(f"epoch {epoch} of {newest}")
    assert panel.text(".rw-timebar .rw-thumb") == epoch
    dots = panel.root.locator(".rw-curve .bqplot").first.locator("path.dot, path.element").count()
    assert dots <= 1
    assert panel.root.locator(".rw-dead").count() == 0


def soon_agrees(panel):
    labpage.eventually(panel.page, lambda: agrees(panel))


def newest(panel):
    return int(re.search(r"of (\d+)", panel.epoch())[1])


def trains_on(panel):
    """Epochs go on being finished."""
    before = newest(panel)
    panel.wait("(panel, before) => +panel.querySelector('.rw-epoch output').innerText.match(/of (\\d+)/)?.[1] > before",
               before)  # fmt: skip


def pauses(panel):
    if panel.status().startswith("Training"):
        panel.click("Pause")
    panel.wait_text(".rw-status", "^(Paused|Ready)")
    panel.still()
    soon_agrees(panel)


@pytest.fixture
def opened(open_in_lab, page, tmp_path):
    """opened(*cells): a notebook of these cells after BEGIN, run."""

    def start(*cells, name="faults.ipynb"):
        look.write_notebook(BEGIN, tmp_path / name, *cells)
        open_in_lab(tmp_path / name)
        labpage.run_all(page)

    return start


def begun(page, kind):
    panel = PanelPage(page, kind)
    panel.filled()
    panel.click("Train")
    panel.wait_text(".rw-status", "Training ([2-9]|\\d\\d)")
    return panel


def test_while_it_trains_the_machine_slows_its_clock_goes_back_it_sleeps_and_the_kernel_is_killed(opened, page):
    opened(PANEL.format("KNN", ", state='state.json'"))
    panel = begun(page, "knn")
    devtools = page.context.new_cdp_session(page)

    devtools.send("Emulation.setCPUThrottlingRate", {"rate": 6})
    panel.choose("14")
    panel.click("Next user")
    panel.wait_text(".rw-list h3", "user 15 ")
    panel.root.locator(".rw-list [data-row]").nth(3).click()
    trains_on(panel)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    pauses(panel)
    panel.click("Train")

    back = "import time; time.time = lambda clock=time.time: clock() - 86400; print(time.ctime(time.time()))"
    assert kernel(page, back)
    page.evaluate("Date.now = (now => () => now() - 86400000)(Date.now)")
    trains_on(panel)
    panel.choose("20")
    trains_on(panel)
    pauses(panel)
    panel.click("Train")

    pid = int(kernel(page, "import os; print(os.getpid())"))
    os.kill(pid, signal.SIGSTOP)  # the lid is closed: kernel and page stand still
    panel.click("Next user")  # just before the page does
    devtools.send("Page.setWebLifecycleState", {"state": "frozen"})
    page.wait_for_timeout(1000 * (LONG or 1))
    devtools.send("Page.setWebLifecycleState", {"state": "active"})
    panel.wait_text(".rw-dead", "No answer yet")  # the page is awake before the kernel is
    os.kill(pid, signal.SIGCONT)
    panel.wait_text(".rw-list h3", "user 21 ")
    expect(panel.root.locator(".rw-dead")).to_have_count(0)
    trains_on(panel)
    pauses(panel)
    panel.click("Train")
    trains_on(panel)

    os.kill(pid, signal.SIGKILL)
    panel.wait_text(".rw-header", "The kernel is gone.*run this cell again.*epochs trained here went with it")
    labpage.screenshot(page, "fault-kernel-killed")
    page.locator(".jp-Dialog button").first.click()
    rows = panel.rows()
    assert len(rows) == 10, "what was seen is still seen"
    page.evaluate("window.__before = document.querySelector('.rw-knn')")
    labpage.run_all(page)
    panel.wait("panel => panel && panel !== window.__before")
    panel.filled()
    panel.wait_text(".rw-message", "Your state is back.*trained in an earlier run|^$")
    panel.wait_text(".rw-list h3", "user 21 ")
    expect(page.locator(".rw-dead")).to_have_count(0)
    soon_agrees(panel)


def test_a_reloaded_page_and_a_second_tab_show_the_panel_that_trains(opened, page):
    opened(PANEL.format("Session", ""))
    panel = begun(page, "session")
    page.evaluate(SAVE)
    before = newest(panel)
    page.reload(wait_until="domcontentloaded")
    panel = PanelPage(page, "session")
    panel.filled()
    labpage.hide_side_bar(page)
    panel.wait("(panel, n) => +panel.querySelector('.rw-epoch output').innerText.match(/of (\\d+)/)?.[1] > n", before)

    other = page.context.new_page()
    other.set_default_timeout(60_000)
    other.goto(page.url.split("?")[0].replace("/workspaces/test", "/workspaces/other"), wait_until="domcontentloaded")
    twin = PanelPage(other, "session")
    twin.filled()
    labpage.hide_side_bar(other)
    for acts, sees in ((panel, twin), (twin, panel)):
        acts.page.bring_to_front()
        acts.click("Next user")
        acts.wait_text(".rw-list h3", "user 8 " if acts is panel else "user 9 ")
        sees.page.bring_to_front()
        sees.wait_text(".rw-list h3", "user 8 " if acts is panel else "user 9 ")
    pauses(twin)
    page.bring_to_front()
    pauses(panel)
    assert panel.rows() == twin.rows() and panel.epoch() == twin.epoch()
    other.close()
