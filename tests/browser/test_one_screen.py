"""A classroom's laptop, 1366 × 768 with the file browser open: cause and effect share a screen, and nothing moves."""

import labpage
import look
import pytest
from panelpage import KINDS, PanelPage

pytestmark = [pytest.mark.browser, pytest.mark.needs_tf, pytest.mark.long]

MAKE = {"gnn": "GNNPanel", "knn": "KNNPanel", "session": "SessionPanel"}
LAPTOP = [{"width": 1366, "height": 768}]
# who, the chart, all of the list, the reason and its picture, training and its state, the epochs, the model's own knob
TOGETHER = {
    "who": ".rw-user [role=combobox]",
    "facts": ".rw-user .rw-facts",
    "chart": ".rw-chart .bqplot",
    "heading": ".rw-list h3",
    "list": ".rw-list .rw-rows",
    "tabs": ".rw-why .rw-tabs",
    "reason": ".rw-why .rw-reason",
    "buttons": ".rw-transport .rw-buttons",
    "state": ".rw-transport .rw-status",
    "epochs": ".rw-transport .rw-timebar",
    "accuracy": ".rw-transport .rw-accuracy",
    "knob": ".rw-transport .rw-own-knob",
    "drawers": ".rw-handles .rw-handle-row",
}
SEEN = """([panel, wanted]) => {
    const root = document.querySelector(panel), edge = root.getBoundingClientRect();
    const page = root.closest('.jp-WindowedPanel-outer, .jp-Notebook').getBoundingClientRect();
    const bar = document.querySelector('#jp-main-statusbar').getBoundingClientRect().top;
    const wrong = [];
    for (const [name, selector] of Object.entries(wanted)) {
        const found = root.querySelector(selector);
        const box = found?.getBoundingClientRect();
        if (!box?.width || !box.height || !found.checkVisibility({visibilityProperty: true}))
            wrong.push(name + ' is not there');
        else if (box.top < Math.max(edge.top, page.top) - 1 || box.bottom > Math.min(edge.bottom, bar, innerHeight) + 1
            || box.left < edge.left - 1 || box.right > edge.right + 1)
            wrong.push(`${name} is cut: ${box.top}–${box.bottom} of ${edge.top}–${edge.bottom}`);
    }
    return wrong;
}"""

# the file browser is open, and the notebook has made room for it
BESIDE = """() => {
    const [files, notebook] = ['.jp-FileBrowser', '.jp-NotebookPanel'].map(
        one => document.querySelector(one)?.getBoundingClientRect());
    return !window.jupyterapp.shell.leftCollapsed && files?.width > 100 && notebook.left >= files.right - 1;
}"""


@pytest.fixture
def on_a_laptop(open_in_lab, page, tmp_path):
    """on_a_laptop(kind, options="user='168'"): its panel, in view, with the file browser open."""

    def start(kind, options="user='168'"):
        path = tmp_path / f"laptop-{kind}.ipynb"
        look.write_notebook(f"import recwidgets as rw\nrw.{MAKE[kind]}({options})", path)
        open_in_lab(path)
        labpage.run_all(page)
        panel = PanelPage(page, kind)
        page.evaluate("window.jupyterapp.shell.expandLeft('filebrowser')")
        page.wait_for_function(BESIDE)
        panel.wait("panel => panel.querySelectorAll('.rw-list [data-row]').length === 10")
        panel.still()
        panel.root.evaluate("panel => panel.scrollIntoView({block: 'end'})")
        panel.still()
        return panel

    yield start
    labpage.hide_side_bar(page)


def height(panel):
    return panel.root.evaluate("panel => panel.getBoundingClientRect().height")


def seen_together(panel, *without):
    wanted = {name: selector for name, selector in TOGETHER.items() if name not in without}
    return panel.page.evaluate(SEEN, [panel.selector, wanted])


@pytest.mark.parametrize("page", LAPTOP, indirect=True, ids=["1366 × 768"])
@pytest.mark.parametrize("kind", KINDS)
def test_one_screen_holds_who_chart_list_reason_training_epochs_and_knob(on_a_laptop, kind):
    """In every state: as opened, at another epoch, in each tab, in each drawer; and all of it on a large screen."""
    panel = on_a_laptop(kind)
    for theme in ("dark", "light"):
        labpage.use_theme(panel.page, theme)
        one_screen(panel)
        labpage.screenshot(panel.page, f"laptop-{kind}-{theme}")
    panel.page.set_viewport_size({"width": 1920, "height": 1080})
    large_screen(panel)
    labpage.screenshot(panel.page, f"large-{kind}")


def one_screen(panel):
    panel.wait("panel => panel.getBoundingClientRect().height <= 640")  # on one screen, below a cell of two lines
    whole = height(panel)
    panel.becomes(lambda: seen_together(panel), [])

    panel.root.locator(".rw-list [data-row]").nth(9).click()
    panel.wait("panel => panel.querySelectorAll('.rw-list [data-row]')[9].ariaPressed === 'true'")
    for tab in ("not", "go", "sum", "why"):
        panel.root.locator(f".rw-tab[data-value={tab}]").click()
        panel.wait("(panel, tab) => panel.querySelector('.rw-why').classList.contains('rw-tab-' + tab)", tab)
        panel.becomes(lambda: (seen_together(panel), height(panel)), ([], whole))
        panel.fits()
    panel.root.locator(".rw-timebar input").fill("1")
    panel.wait_text(".rw-list h3", "epoch 1 of")
    panel.wait_text(".rw-transport .rw-state", "epoch 1 of")  # the state says what is looked at, too
    panel.becomes(lambda: (seen_together(panel), height(panel)), ([], whole))
    panel.root.locator(".rw-timebar input").fill("99")

    for drawer in ("curves", "ranks", "edit", "more"):  # over chart and list; the rest stays in sight
        panel.root.locator(f".rw-handle-{drawer}").click()
        panel.wait("(panel, name) => panel.classList.contains('rw-open-' + name)", drawer)
        panel.becomes(lambda: (seen_together(panel, "chart", "heading", "list"), height(panel)), ([], whole))
        panel.fits()
    panel.root.locator(".rw-handle-more").click()
    panel.wait("panel => !panel.classList.contains('rw-open-more')")


def large_screen(panel):
    all_of_it = TOGETHER | {
        "curves": ".rw-drawer-curves", "ranks": ".rw-drawer-ranks", "edit": ".rw-drawer-edit",
    }  # fmt: skip
    panel.wait("panel => panel.getBoundingClientRect().width >= 1300")
    panel.wait("panel => panel.querySelector('.rw-own').innerText.length > 0")
    panel.root.evaluate("panel => panel.scrollIntoView({block: 'end'})")
    panel.becomes(lambda: panel.page.evaluate(SEEN, [panel.selector, all_of_it]), [])
    panel.fits()


@pytest.mark.parametrize("page", LAPTOP, indirect=True, ids=["1366 × 768"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_height_stays_through_training_reset_and_edits(on_a_laptop, kind):
    panel = on_a_laptop(kind)
    whole, top = height(panel), "panel => panel.getBoundingClientRect().top"
    place = panel.root.evaluate(top)
    panel.root.evaluate("""panel => {
        window.__heights = new Set();
        new ResizeObserver(() => window.__heights.add(panel.getBoundingClientRect().height)).observe(panel);
    }""")
    panel.click("Train")
    panel.wait_text(".rw-status", "Training [2-9]")
    panel.becomes(lambda: seen_together(panel), [])
    panel.click("Pause")
    panel.wait_text(".rw-status", "Paused", timeout=60_000)
    panel.click("Reset")
    panel.wait_text(".rw-list", "has not learned anything")
    panel.becomes(lambda: seen_together(panel, "list"), [])
    panel.click("Back to the trained model")
    panel.wait("panel => panel.querySelectorAll('.rw-list [data-row]').length === 10")
    panel.root.locator(".rw-user .rw-you").click()
    panel.wait_text(".rw-list", "No films yet")
    panel.root.locator(".rw-own [data-act=add]").first.click()
    panel.wait("panel => panel.querySelectorAll('.rw-list [data-row]').length === 10")
    panel.becomes(lambda: seen_together(panel, "chart", "heading", "list"), [])
    assert panel.page.evaluate("[...window.__heights]") == [whole], "it never changed on the way"
    panel.becomes(lambda: panel.root.evaluate(top), place)  # and it stays where it was
