"""The start notebook in a real JupyterLab: three panels that paint, answer, train, pause, step and reset."""

import json
import math
import re
from pathlib import Path

import labpage
import look
import pytest
from panelpage import KINDS, PanelPage
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.needs_tf, pytest.mark.long]

START = Path(__file__).resolve().parents[2] / "tutorials" / "00-start-here.ipynb"
MAKE = {"gnn": "GNNPanel", "knn": "KNNPanel", "session": "SessionPanel"}


@pytest.fixture
def open_panel(open_in_lab, page, tmp_path):
    """open_panel(kind, theme="light", code=None, packages=None): a notebook with one panel, run."""

    def start(kind, theme="light", code=None, packages=None):
        path = tmp_path / f"{kind}-{theme}.ipynb"
        look.write_notebook(code or f"import recwidgets as rw\nrw.{MAKE[kind]}()", path)
        open_in_lab(path, theme, packages)
        labpage.run_all(page)
        panel = PanelPage(page, kind)
        panel.filled()
        return panel

    return start


def check_chart_against_list(panel):
    """The chart's geometry is what the list's scores say, and its sentence names the list's films in order.

    Looks again until they agree: a busy machine may paint the list before the first frame of the chart.
    """
    panel.still()
    labpage.eventually(panel.page, lambda: compare_chart_with_list(panel))


def compare_chart_with_list(panel):
    rows = panel.rows()
    assert len(rows) == 10 and all(a[1] >= b[1] for a, b in zip(rows, rows[1:], strict=False))
    {"gnn": check_pie, "knn": check_polygon, "session": check_columns}[panel.kind](panel, rows)


def check_pie(panel, rows):
    weights = [math.exp(score - rows[0][1]) for _, score in rows]
    shares = [weight / sum(weights) for weight in weights]
    *films, others = panel.slices()
    # Scores are printed with two or three digits, so shares recomputed from them are good to about 0.01.
    assert sorted(films, reverse=True) == pytest.approx(shares[:3], abs=0.01)
    assert others == pytest.approx(sum(shares[3:]), abs=0.01)
    assert panel.said([title for title, _ in rows[:3]]) == pytest.approx([100 * s for s in shares[:3]], abs=1)


def check_polygon(panel, rows):
    counts, heights = panel.said([title for title, _ in rows]), panel.polygon()
    assert len(heights) == 12 and heights[0] == 0 and heights[-1] == pytest.approx(0, abs=0.5)
    assert max(counts) > 0, "no neighbour rated any of the ten films"
    unit = max(heights) / max(counts)
    assert heights[1:-1] == pytest.approx([unit * count for count in counts], abs=1)


def check_columns(panel, rows):
    percents, heights = panel.said([title for title, _ in rows]), panel.columns()
    assert len(heights) == 10 and max(percents) > 0
    unit = max(heights) / max(percents)
    assert heights == pytest.approx([unit * percent for percent in percents], abs=2)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_start_notebook_shows_three_panels_that_agree_with_themselves(page, open_in_lab, theme):
    open_in_lab(START, theme)
    labpage.run_all(page)
    for kind in KINDS:
        panel = PanelPage(page, kind)
        panel.root.scroll_into_view_if_needed()
        check_chart_against_list(panel)
        panel.wait_text(".rw-status", "^Ready")
        panel.fits()
        labpage.screenshot(page, f"{kind}-{theme}", panel.selector)
        panel.root.get_by_role("tab", name="Arithmetic").click()
        panel.wait("panel => panel.querySelector('.rw-why').classList.contains('rw-tab-sum')")
        panel.fits()


@pytest.mark.parametrize("kind", KINDS)
def test_another_user_changes_chart_and_list_together(open_panel, kind):
    panel = open_panel(kind)
    check_chart_against_list(panel)
    before = panel.rows(), panel.sentence()
    panel.choose("414")
    panel.becomes_other(panel.rows, before[0])
    panel.becomes_other(panel.sentence, before[1])
    check_chart_against_list(panel)
    panel.click("Next user")
    panel.wait_text(".rw-list h3", "user 415 ")
    check_chart_against_list(panel)


@pytest.mark.parametrize("kind", KINDS)
def test_a_chosen_film_is_taken_apart_into_parts_that_add_up(open_panel, kind):
    panel = open_panel(kind)
    for place in (0, 4):
        title, score = panel.rows()[place]
        panel.root.locator(".rw-list [data-row]").nth(place).click()
        panel.wait_text(".rw-why h3", re.escape(title).replace(r"\ ", " "))
        labpage.eventually(panel.page, lambda score=score: check_sum(panel, score))


def check_sum(panel, score):
    parts, total = panel.sum_of_parts()
    assert len(parts) >= 2
    assert sum(parts) == pytest.approx(total, abs=0.0005), "as shown, to the last digit"
    assert total == pytest.approx(score, abs=0.006), "the score in the list, which has fewer digits"


def number(words):
    """The newest epoch: 4 of "epoch 4 of 4"."""
    return int(re.search(r"epoch \d+ of (\d+)", words)[1])


# the epochs that the state, the time line and the curve of the loss know of are the same
PAUSED = """panel => {
    const done = panel.querySelector('.rw-status').innerText.match(/Paused after (\\d+) of/)?.[1];
    const lines = [...panel.querySelector('.rw-curve .bqplot').querySelectorAll('path.line')];
    const points = lines.map(line => ((line.getAttribute('d') || '').match(/[ML]/g) || []).length);
    const words = panel.querySelector('.rw-epoch output').innerText;
    return done && words.startsWith(`epoch ${done} of ${done}`) && Math.max(...points) === Number(done);
}"""


@pytest.mark.parametrize("kind", KINDS)
def test_train_pause_step_reset_do_what_they_say_while_users_can_be_chosen(open_panel, kind):
    panel = open_panel(kind)
    panel.root.locator(".rw-handle-curves").click()
    panel.root.locator(".rw-curve .bqplot").nth(1).wait_for()
    panel.click("Train")
    panel.wait_text(".rw-status", "Training [2-9]")
    panel.wait(
        "panel => panel.querySelector('.rw-progress') && / s left/.test(panel.querySelector('.rw-status').innerText)"
    )
    points = panel.curve_points()[0]

    user = panel.user()
    panel.click("Next user")  # a click is answered meanwhile
    panel.wait(f"panel => !/user {user} /.test(panel.querySelector('.rw-list h3').innerText)")
    assert panel.status().startswith("Training")
    panel.page.wait_for_function(
        """([selector, before]) => [...document.querySelectorAll(selector + ' .rw-curve .bqplot')].every(figure =>
            Math.max(...[...figure.querySelectorAll('path.line')].map(
                p => ((p.getAttribute('d') || '').match(/[ML]/g) || []).length)) > before)""",
        arg=[panel.selector, points],
        timeout=120_000,
    )

    panel.click("Pause")
    panel.wait_text(".rw-status", "Paused", timeout=60_000)
    panel.wait(PAUSED)
    labpage.still(panel.page, f"{panel.selector} .rw-curve")
    paused = panel.epoch(), panel.curve_points()
    panel.page.wait_for_timeout(2000)
    assert (panel.epoch(), panel.curve_points()) == paused, "nothing is trained while paused"
    panel.root.locator(".rw-handle-curves").click()
    check_chart_against_list(panel)

    panel.click("Step")
    epoch = number(paused[0])
    panel.wait_text(".rw-epoch output", f"epoch {epoch + 1} of {epoch + 1}")
    panel.wait_text(".rw-status", "Paused")
    labpage.screenshot(panel.page, f"{kind}-after-step", panel.selector)

    panel.click("Reset")
    panel.wait_text(".rw-list", "has not learned anything")
    panel.wait_text(".rw-epoch output", "^no epoch yet")
    expect(panel.root.locator(".rw-list [data-row]")).to_have_count(0)
    panel.click("Back to the trained model")
    panel.wait_text(".rw-status", "Ready")
    check_chart_against_list(panel)


@pytest.mark.needs_index
def test_clicks_are_answered_while_training_with_the_kernel_before_7(open_panel, old_kernel):
    """ipykernel 6 has no subshells: every click waits for its turn in the main thread."""
    code = "import ipykernel, recwidgets as rw\nassert ipykernel.version_info[0] == 6\nrw.GNNPanel()"
    panel = open_panel("gnn", code=code, packages=old_kernel)
    panel.click("Train")
    panel.wait_text(".rw-status", "Training [2-9]")
    panel.choose("414")
    assert panel.status().startswith("Training")
    panel.click("Pause")
    panel.wait_text(".rw-status", "Paused", timeout=60_000)
    check_chart_against_list(panel)


@pytest.mark.parametrize("kind", KINDS)
def test_the_time_machine_puts_chart_and_list_back(open_panel, kind):
    panel = open_panel(kind)
    now = panel.rows()
    slider = panel.root.locator(".rw-epoch input")
    slider.focus()
    slider.press("Home")
    panel.wait_text(".rw-epoch output", "^epoch 1 of")
    panel.wait_text(".rw-list h3", "epoch 1 of")
    panel.becomes_other(panel.rows, now)
    check_chart_against_list(panel)
    slider.press("End")
    panel.wait(
        "(panel, label) => panel.querySelector('.rw-list [data-row]').ariaLabel.startsWith(label)",
        f"Rank 1: {now[0][0]}, score {now[0][1]}",
    )
    panel.becomes(panel.rows, now)


def test_an_unknown_user_gets_a_sentence_and_the_panel_stays(open_panel):
    panel = open_panel("gnn")
    before = panel.rows()
    box = panel.root.locator(".rw-user [role=combobox]")
    box.fill("4711")
    box.press("Enter")
    panel.wait_text(".rw-message", "4711")
    panel.wait_text(".rw-message", "610")  # it says which users there are
    assert "Traceback" not in panel.text(".rw-message")
    assert panel.rows() == before


def test_a_user_is_found_by_a_favourite_film(open_panel):
    panel = open_panel("gnn")
    box = panel.root.locator(".rw-user [role=combobox]")
    box.click()
    box.press_sequentially("Fargo")
    expect(box).to_have_attribute("data-stamp", "Fargo")  # the options are those of the whole word
    panel.wait("panel => panel.querySelector('.rw-user [role=option]')")
    box.press("ArrowDown")
    wanted = panel.root.locator(".rw-user [role=option][aria-selected=true]").get_attribute("data-value")
    box.press("Enter")
    panel.wait_text(".rw-list h3", f"user {wanted} ")


def test_what_is_typed_replaces_what_stands_in_a_field_until_a_second_click(open_panel):
    panel = open_panel("gnn")
    box = panel.root.locator(".rw-user [role=combobox]")
    box.click()
    panel.page.keyboard.type("7")
    expect(box).to_have_value("7")
    panel.page.keyboard.press("Enter")
    panel.wait_text(".rw-list h3", "user 7 ")
    expect(box).to_have_value("User 7")
    box.click()  # it has had the focus all the time
    panel.page.keyboard.type("42")
    expect(box).to_have_value("42")
    panel.page.keyboard.press("Enter")
    panel.wait_text(".rw-list h3", "user 42 ")
    expect(box).to_have_value("User 42")
    panel.page.keyboard.type("8")  # without a click
    expect(box).to_have_value("8")
    panel.page.keyboard.press("Enter")
    panel.wait_text(".rw-list h3", "user 8 ")

    box.click()
    box.click()  # the caret, to mend what stands there
    panel.page.keyboard.press("End")
    panel.page.keyboard.type("7")
    expect(box).to_have_value("User 87")


def test_the_list_is_worked_with_the_keyboard(open_panel):
    panel = open_panel("knn")
    rows = panel.root.locator(".rw-list [data-row]")
    rows.first.focus()
    panel.page.keyboard.press("ArrowDown")
    title = panel.rows()[1][0]
    panel.wait_text(".rw-why h3", re.escape(title).replace(r"\ ", " "))
    panel.page.wait_for_function("document.activeElement.ariaLabel?.startsWith('Rank 2')")


@pytest.mark.parametrize("page", [{"width": 760, "height": 2000}], indirect=True, ids=["half a window"])
@pytest.mark.parametrize("kind", KINDS)
def test_half_a_window_is_wide_enough(open_panel, kind, page):
    panel = open_panel(kind)
    panel.still()
    panel.wait("panel => { const { width } = panel.getBoundingClientRect(); return 560 <= width && width <= 680; }")
    panel.fits()
    labpage.screenshot(page, f"{kind}-narrow", panel.selector)


@pytest.mark.parametrize("page", [{"reduced_motion": "reduce"}], indirect=True, ids=["reduced motion"])
def test_the_wish_for_less_motion_is_honoured(open_panel):
    panel = open_panel("gnn")
    panel.wait("panel => panel.classList.contains('rw-still')")


def test_a_title_with_markup_in_it_is_text(open_panel):
    code = """
import pandas as pd, recwidgets as rw
n = 40
frame = pd.DataFrame({
    "user": [str(u) for u in range(n) for _ in range(5)],
    "item": [str((u + i) % n) for u in range(n) for i in range(5)],
    "time": [u * 100 + i for u in range(n) for i in range(5)],
})
bad = "<script>window.harmed = true</script><img src=x onerror='window.harmed = true'>"
frame["title"] = bad + " " + frame["item"] + " (1999)"
model = rw.Popularity()
rw.fit(model, rw.Interactions.from_frame(frame, title="title", time="time"), progress=False)
panel = rw.Panel(rw.Interactions.from_frame(frame, title="title", time="time"), model=model)
panel.add_class("rw-gnn")  # so that this test finds it
panel
"""
    panel = open_panel("gnn", code=code)
    assert "<script>" in panel.rows()[0][0]
    assert panel.page.evaluate("window.harmed === undefined")


ODD = """
import dataclasses
import numpy as np, recwidgets as rw
split = rw.load_movielens("latest-small").split("temporal")
popular = np.argsort(-split.train.popularity)[:400].tolist()
def odd(data):
    titles = data.titles.tolist()
    for n, item in enumerate(popular):
        titles[item] = ("x" * 10_000, "W" * 10_000 + " (1999)", titles[item], "")[n % 4]
    users = [f"usr_{n:04x}-97d5-4f0e-8a57-0d4f2d1c9e11" for n in range(data.n_users)]
    return dataclasses.replace(data, titles=np.array(titles), users=np.array(users))
parts = {name: odd(getattr(split, name)) for name in ("train", "validation", "test")}
model, history = rw.load_pretrained("KIND", split.train)
model.data = parts["train"]
rw.Panel(split._replace(**parts), model, history=history, user=parts["train"].users[41])
"""


@pytest.mark.parametrize("kind", ["gnn", "knn"])
def test_titles_of_ten_thousand_characters_and_long_ids_stay_in_their_places(open_panel, kind):
    """A title of one word made the panel scroll sideways, ids lay over the picture, an empty title was a blank row."""
    panel = open_panel(kind, code=ODD.replace("KIND", kind))
    titles = [title for title, _ in panel.rows()]
    assert all(title.strip() for title in titles)
    assert any(len(title) > 9_000 for title in titles) and any(title.isdecimal() for title in titles), "an id stands in"
    heights = "rows => rows.map(row => Math.round(row.getBoundingClientRect().height))"
    assert len(set(panel.root.locator(".rw-list [data-row]").evaluate_all(heights))) == 1
    for tab in ("not", "go", "sum", "why"):
        panel.root.locator(f".rw-tab[data-value={tab}]").click()
        panel.wait("(panel, tab) => panel.querySelector('.rw-why').classList.contains('rw-tab-' + tab)", tab)
        panel.fits()
    for drawer in ("ranks", "edit"):
        panel.root.locator(f".rw-handle-{drawer}").click()
        panel.wait("(panel, name) => panel.classList.contains('rw-open-' + name)", drawer)
        panel.fits()


SEEN = """panel => {
    const place = panel.querySelectorAll('.rw-marked');
    if (place.length !== 1) return '';
    const box = place[0].getBoundingClientRect();
    const hit = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height, 40) / 2);
    return box.bottom > 0 && hit && (place[0].contains(hit) || hit.contains(place[0])) ? place[0].className : '';
}"""


@pytest.mark.parametrize("page", [{"width": 1366, "height": 500}], indirect=True, ids=["a small window"])
def test_show_me_scrolls_to_where_it_happens_and_marks_it(open_panel, page):
    """It scrolled nowhere and marked nothing."""
    panel = open_panel("knn", code="import recwidgets as rw\nrw.teach.tour(rw.KNNPanel(user='1'))")
    card = page.locator(".rw-tour")
    seen = []
    for step in range(1, 10):
        card.scroll_into_view_if_needed()
        card.get_by_role("button", name="Show me").click()
        expect(card.locator("summary")).to_have_text(f"Tour: {step} of 9 done")
        labpage.eventually(page, lambda: seen_now(panel, seen))
    expect(card.get_by_role("button", name="Once more")).to_be_visible()
    assert len(seen) == 9


def seen_now(panel, seen):
    """What is marked now can be seen; which it is."""
    name = panel.root.evaluate(SEEN)
    assert name, "nothing is marked, or it is out of sight"
    seen.append(name)


def test_the_start_notebook_under_voila(page, start_voila):
    notebook = json.loads(START.read_text(encoding="utf-8"))
    assert notebook["cells"], "the start notebook is not empty"
    page.goto(start_voila(START))
    for kind in KINDS:
        panel = PanelPage(page, kind)
        panel.wait("panel => panel.querySelectorAll('.rw-list [data-row]').length === 10")
        check_chart_against_list(panel)
        panel.choose("414")
        check_chart_against_list(panel)
    panel.click("Train")
    panel.wait_text(".rw-status", "Training [2-9]")
    panel.click("Pause")
    panel.wait_text(".rw-status", "Paused", timeout=60_000)
    labpage.screenshot(page, "voila")
