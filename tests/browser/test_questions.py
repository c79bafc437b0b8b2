"""What a newcomer asks of a panel, answered with the panel alone: why, what if, when, would the others, any good?"""

import csv
import re

import labpage
import look
import pytest
from panelpage import KINDS, PanelPage
from playwright.sync_api import expect

import recwidgets as rw

pytestmark = [pytest.mark.browser, pytest.mark.needs_tf]

MAKE = {"gnn": "GNNPanel", "knn": "KNNPanel", "session": "SessionPanel"}


@pytest.fixture
def open_code(open_in_lab, page, tmp_path):
    """open_code(code, kind): a notebook with this one cell, run; its panel."""

    def start(code, kind, name="questions"):
        path = tmp_path / f"{name}.ipynb"
        look.write_notebook(f"import recwidgets as rw\n{code}", path)
        open_in_lab(path)
        labpage.run_all(page)
        if kind == "compare":
            return page.locator(".rw-compare")
        panel = PanelPage(page, kind)
        panel.filled()
        return panel

    return start


def drawer(panel, name):
    """Open a drawer by its handle, or close it."""
    there = panel.root.evaluate("(panel, name) => panel.classList.contains('rw-open-' + name)", name)
    panel.root.locator(f".rw-handle-{name}").click()
    panel.wait("(panel, [name, was]) => panel.classList.contains('rw-open-' + name) !== was", [name, there])


@pytest.mark.parametrize("kind", KINDS)
def test_what_if_i_had_not_seen_that_one(open_code, kind):
    """Take out a piece of evidence where the picture shows it; the panel says what changed; put it back."""
    panel = open_code(f"rw.{MAKE[kind]}(user='42')", kind)
    panel.still()
    before = panel.rows()
    panel.root.locator(".rw-list [data-row]").nth(1).click()
    panel.wait_text(".rw-why h3", re.escape(before[1][0][:12]))
    if kind == "gnn":  # a line of the flow opens into its films
        panel.root.locator(".rw-why .rw-flow-lines button").first.click()
    evidence = panel.root.locator(".rw-why [data-act=drop]").first
    evidence.focus()
    panel.page.keyboard.press("Enter")
    panel.wait_text(".rw-message", "You took out|is not asked any more")
    panel.wait_text(".rw-message", r"rank \d+( → \d+)?, score [−\d.]+( → [−\d.]+)?")  # of the film that was selected
    panel.still()
    labpage.screenshot(panel.page, f"{kind}-without-evidence", panel.selector)
    panel.fits()
    panel.click("Put it back")
    panel.wait("panel => !panel.querySelector('.rw-message').innerText.includes('Put it back')")
    panel.still()
    panel.becomes(panel.rows, before)


@pytest.mark.parametrize("kind", KINDS)
def test_films_of_ones_own_added_moved_and_removed(open_code, kind):
    panel = open_code(f"rw.{MAKE[kind]}(user='42')", kind)
    panel.still()
    panel.click("You")
    panel.wait_text(".rw-list", "No films yet")
    shelf = panel.root.locator(".rw-own .rw-shelf [data-act=add]")
    chips = panel.root.locator(".rw-own li[data-item]:not(.rw-taken) .rw-hold")
    for n in range(3):
        shelf.first.click()
        expect(chips).to_have_count(n + 1)  # else the next click may meet the same film again
        panel.still()
    panel.wait_text(".rw-list h3", "for you")
    expect(panel.root.locator(".rw-list [data-row]")).to_have_count(10)
    field = panel.root.get_by_label("Add a film by its title")
    field.fill("fargo")
    panel.root.locator(".rw-own [role=option]").first.click()
    panel.wait_text(".rw-message", "You added Fargo")
    expect(chips).to_have_count(4)
    expect(chips.first).to_contain_text("Fargo")  # the newest comes first
    own = panel.root.locator(".rw-own")
    own.get_by_label(re.compile("^Fargo .* down$")).click()
    panel.wait_text(".rw-message", "Fargo .* is number 2 of 4 now")
    panel.still()
    expect(chips.nth(1)).to_contain_text("Fargo")
    own.get_by_label(re.compile("Take out Fargo")).click()
    panel.wait_text(".rw-message", "You took out")
    panel.still()
    expect(chips).to_have_count(3)
    panel.fits()
    labpage.screenshot(panel.page, f"{kind}-you", panel.selector)


def test_a_users_history_is_edited_and_undone(open_code):
    panel = open_code("rw.SessionPanel(user='42')", "session")
    panel.still()
    before = panel.rows()
    panel.root.get_by_label("Edit this user's history").click()
    panel.wait_text(".rw-own h3", "The history of user 42")
    panel.root.locator(".rw-own [data-act=remove]").first.click()
    panel.wait_text(".rw-message", "You took out")
    panel.still()
    panel.becomes_other(panel.rows, before)
    panel.click("Put it back")
    panel.wait("panel => !panel.querySelector('.rw-message').innerText.includes('took out')")
    panel.still()
    panel.becomes(panel.rows, before)


WATCH_EPOCHS = """selector => {
    const words = () => document.querySelector(selector + ' .rw-epoch output').textContent;
    window.__epochs = [];
    new MutationObserver(() => window.__epochs.push(words())).observe(
        document.querySelector(selector + ' .rw-transport'), {subtree: true, childList: true, characterData: true});
}"""


def test_when_did_it_learn_this(open_code):
    """The ranks over the epochs lie over the list; a click on the strip's line and Play go through the kept epochs."""
    panel = open_code("rw.GNNPanel(user='42')", "gnn")
    panel.still()
    newest = panel.rows()
    drawer(panel, "ranks")
    lines = panel.root.locator(".rw-drawer-ranks .bqplot path.line")
    expect(lines.first).to_be_visible()
    panel.wait_text(".rw-drawer-ranks", r"rank [\d,]+ at epoch 1")
    drawer(panel, "ranks")
    panel.page.evaluate(WATCH_EPOCHS, panel.selector)  # an epoch may be over before the next look
    panel.click("Replay the epochs")
    panel.page.wait_for_function("window.__epochs.some(words => /^epoch 1 of/.test(words))", timeout=120_000)
    panel.wait_text(".rw-epoch output", r"^epoch (\d+) of \1$")
    panel.root.get_by_role("button", name="Replay the epochs", exact=True).wait_for()
    panel.still()
    panel.becomes(panel.rows, newest)


def test_a_knob_answers_at_once_and_more_layers_make_people_alike(open_code):
    panel = open_code("rw.GNNPanel(user='42')", "gnn")
    panel.still()
    lists = []
    for layers in (0, 1, 4):
        slider = panel.root.get_by_label("Layers", exact=True)
        slider.focus()
        slider.fill(str(layers))
        panel.wait(f"panel => panel.querySelector('.rw-knob output').innerText === '{layers}'")
        panel.still()
        if lists:
            panel.becomes_other(panel.rows, lists[-1])
        lists.append(panel.rows())
    assert lists[0] != lists[1] != lists[2]


def test_would_the_others_agree_and_is_it_any_good(open_code):
    compare = open_code("rw.ComparePanel(user='42')", "compare")
    compare.locator(".rw-list [data-row]").first.wait_for()
    expect(compare.locator(".rw-agree")).to_have_text(re.compile(r"\S"))
    expect(compare.locator(".rw-case")).to_have_count(3)  # each model says why
    compare.get_by_role("button", name="Leaderboard").click()
    table = compare.locator(".rw-of-ndcg")
    table.locator("tbody tr").nth(4).wait_for(timeout=120_000)
    expect(table.locator("tbody th")).to_have_count(5)
    names = table.locator("tbody th").all_inner_texts()
    assert all(any(base in name for name in names) for base in ("Popularity", "Chance"))
    before = table.inner_text()
    switch = compare.locator(".rw-check").first
    expect(switch).to_have_attribute("aria-checked", "true")
    switch.click()
    compare.page.wait_for_function(
        "([selector, before]) => ![before, undefined].includes(document.querySelector(selector)?.innerText)",
        arg=[".rw-compare .rw-of-ndcg", before],
        timeout=120_000,
    )
    labpage.screenshot(compare.page, "compare-check-off", ".rw-compare")


def test_a_setup_is_copied_and_a_run_is_saved(open_code, page, labs):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    panel = open_code("rw.KNNPanel(user='414', knobs={'k': 20})", "knn")
    panel.still()
    drawer(panel, "more")
    panel.click("Copy this setup")
    panel.wait_text(".rw-tools", "Copied")
    assert page.evaluate("navigator.clipboard.readText()") == 'rw.KNNPanel(user="414", knobs={"k": 20})'
    panel.click("Save this run")
    panel.wait_text(".rw-message", "Saved")
    folder = labs("light", None)[0] / "recwidgets-knn-user-414"
    with (folder / "recommendations.csv").open(encoding="utf-8") as file:
        films = {row["title"] for row in csv.DictReader(file)}
    shown = {
        " ".join(filter(None, (title, f"({year})" if year else ""))) for title, year in map(rw.display_title, films)
    }
    panel.becomes(lambda: {title for title, _ in panel.rows()}, shown)


def test_a_state_comes_back_when_the_cell_is_run_again(open_code, page):
    panel = open_code("rw.SessionPanel(state='panel.json')", "session")
    panel.still()
    panel.choose("414")
    panel.root.locator(".rw-list [data-row]").nth(2).click()
    rows = panel.rows()
    page.evaluate("window.__before = document.querySelector('.rw-session')")
    labpage.run_all(page)
    panel.wait("panel => panel && panel !== window.__before")
    panel.wait_text(".rw-list h3", "user 414 ")
    panel.still()
    panel.becomes(panel.rows, rows)


TURN = {"gnn": ("Layers", "4"), "knn": ("Neighbours k", "0"), "session": ("Half-life", "0")}


@pytest.mark.parametrize("kind", KINDS)
def test_what_does_a_knob_do_to_me_and_to_everybody(open_code, kind):
    """The list answers at once; a moment later the panel says what two users share, and marks the curve."""
    panel = open_code(f"rw.{MAKE[kind]}(user='42')", kind)
    panel.still()
    before, (label, place) = panel.rows(), TURN[kind]
    drawer(panel, "curves")
    marks = panel.root.locator(".rw-curve .bqplot").nth(1).locator("path.element")
    expect(marks.first).to_be_attached()
    labpage.still(panel.page, f"{panel.selector} .rw-curve")
    drawn = marks.count()
    panel.root.get_by_label(label, exact=True).fill(place)
    drawer(panel, "more")
    panel.wait_text(".rw-all-users", r"On average two users share \d+\.\d of their 10 films \(as trained: \d+\.\d\)")
    panel.still()
    panel.becomes_other(panel.rows, before)
    expect(panel.root.locator(".rw-curve .rw-cap").nth(1)).to_contain_text("◆ now")
    expect(marks).to_have_count(drawn + 1)  # the diamond
    panel.fits()


def check_sum(panel):
    parts, total = panel.sum_of_parts()
    assert sum(parts) == pytest.approx(total, abs=0.0006)


def test_another_similarity_gives_other_neighbours(open_code):
    panel = open_code("rw.KNNPanel(user='42')", "knn")
    panel.still()
    people = panel.root.locator(".rw-why .rw-near-rows")
    before = people.inner_text()
    drawer(panel, "more")
    panel.root.get_by_label("Similarity", exact=True).select_option(label="dot product")
    panel.wait("(panel, was) => panel.querySelector('.rw-why .rw-near-rows').innerText !== was", before)
    labpage.eventually(panel.page, lambda: check_sum(panel))
    panel.wait("panel => panel.querySelector('[data-copy]').dataset.copy.includes('\"similarity\": \"dot product\"')")


def test_the_frame_is_seen_before_the_panel(open_in_lab, page, tmp_path):
    path = tmp_path / "frame.ipynb"
    look.write_notebook("import recwidgets as rw\nrw.GNNPanel(user='42')", path)
    open_in_lab(path)
    page.evaluate("""() => {
        window.__seen = [];
        new MutationObserver(() => {
            const word = document.querySelector('.rw-panel .rw-status b')?.innerText;
            if (word && window.__seen.at(-1) !== word) window.__seen.push(word);
        }).observe(document.body, {subtree: true, childList: true, characterData: true});
    }""")
    labpage.run_all(page)
    page.wait_for_function("window.__seen.at(-1) === 'Ready'")
    assert page.evaluate("window.__seen") == ["Opening", "Ready"]
    page.locator(".rw-gnn .rw-chart path.slice").first.wait_for()


def test_a_restarted_kernel_says_that_the_cell_must_be_run_again(open_code, page):
    panel = open_code("rw.SessionPanel(user='42')", "session")
    panel.still()
    page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    panel.wait_text(".rw-header", "The kernel is gone.*run this cell again")
    page.evaluate("window.__before = document.querySelector('.rw-session')")
    labpage.run_all(page)
    panel.wait("panel => panel && panel !== window.__before")
    page.wait_for_function("document.querySelectorAll('.rw-session .rw-list [data-row]').length === 10")
    expect(page.locator(".rw-dead")).to_have_count(0)


def test_a_slider_that_is_put_where_no_epoch_is_kept_goes_back(open_code):
    panel = open_code("rw.GNNPanel(user='42')", "gnn")
    panel.still()
    slider = panel.root.get_by_label("Epoch shown")
    kept = rw.GNNPanel(user="42").training.steps
    last, after = next(pair for pair in zip(kept, kept[1:], strict=False) if pair[1] - pair[0] > 1)
    for place in (last, after - 1):  # the second is not kept, and changes nothing on the page
        slider.fill(str(place))
        panel.wait_text(".rw-epoch output", f"epoch {last} of")
        expect(slider).to_have_value(str(last))
