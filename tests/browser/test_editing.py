"""A history is put in order by mouse and keys; a double click is one act, and of fast keys each one counts."""

import labpage
import look
import pytest
from panelpage import PanelPage
from playwright.sync_api import expect

import recwidgets as rw

pytestmark = [pytest.mark.browser, pytest.mark.needs_tf]

USER = "545"  # whose history is short enough to be seen whole, and whose list follows its order
ROWS = ".rw-own li[data-item]:not(.rw-taken)"


def order(panel):
    """The films of the history as they are shown, newest first, by index."""
    return panel.root.locator(ROWS).evaluate_all("rows => rows.map(row => row.dataset.item)")


def moved(films, item, to):
    """The same films with this one at place `to`, 0 = newest."""
    others = [film for film in films if film != item]
    return [*others[:to], item, *others[to:]]


def focused(panel):
    """Which film of the history has the focus."""
    return panel.page.evaluate("document.activeElement.closest('li')?.dataset.item")


def drag(panel, item, to):
    """A film by the mouse to the lower half of the row at place `to`, which is below it."""
    page, rows = panel.page, panel.root.locator(ROWS)
    hold = panel.root.locator(f'.rw-own li[data-item="{item}"] .rw-hold')
    hold.scroll_into_view_if_needed()
    at, goal = hold.bounding_box(), rows.nth(to).bounding_box()
    page.mouse.move(at["x"] + 60, at["y"] + at["height"] / 2)
    page.mouse.down()
    page.mouse.move(at["x"] + 60, goal["y"] + 0.75 * goal["height"], steps=6)
    expect(rows.nth(to + 1)).to_have_class("rw-drop-above")  # where it will come to lie is seen before
    page.mouse.up()


def test_a_history_is_put_in_order_by_mouse_and_keys_and_compared_with_the_original(open_in_lab, page, tmp_path):
    look.write_notebook(f"import recwidgets as rw\nrw.SessionPanel(user='{USER}')", tmp_path / "order.ipynb")
    open_in_lab(tmp_path / "order.ipynb")
    labpage.run_all(page)
    panel = PanelPage(page, "session")
    panel.filled()
    listed = panel.rows()
    panel.root.get_by_label("Edit this user's history").click()
    panel.wait_text(".rw-own h3", f"The history of user {USER}")
    films, keys = order(panel), page.keyboard
    n = len(films)
    assert 10 < n < 20
    first = films[0]

    drag(panel, first, 4)
    now = moved(films, first, 4)
    panel.becomes(lambda: order(panel), now)
    panel.wait_text(".rw-message", f"is number 5 of {n} now")
    panel.becomes_other(panel.rows, listed)
    panel.becomes(lambda: focused(panel), first)  # so that the keys go on with it

    for key, to in (("Alt+ArrowUp", 3), ("Alt+ArrowDown", 4), ("Alt+ArrowDown", 5), ("Home", 0)):
        keys.press(key)
        now = moved(now, first, to)
        panel.becomes(lambda: order(panel), now)
        panel.becomes(lambda: focused(panel), first)
    keys.press("ArrowDown")  # without Alt it chooses the next one
    panel.becomes(lambda: focused(panel), now[1])
    keys.press("Space")  # takes it up: now the arrows move it
    keys.press("ArrowDown")
    now = moved(now, now[1], 2)
    panel.becomes(lambda: order(panel), now)
    keys.press("Escape")  # lets go of it
    keys.press("ArrowUp")
    panel.becomes(lambda: focused(panel), now[1])
    assert order(panel) == now

    panel.root.locator(ROWS).nth(6).locator("[data-act=front]").click()
    now = moved(now, now[6], 0)
    panel.becomes(lambda: order(panel), now)
    panel.click("Reverse")
    panel.becomes(lambda: order(panel), now[::-1])
    panel.wait_text(".rw-message", f"You reversed the order of all {n} films")
    panel.click("original")
    panel.wait_text(".rw-message", "Since the original: ")
    labpage.screenshot(page, "history-compared-with-the-original", panel.selector)
    panel.click("Back to the original")
    panel.becomes(lambda: order(panel), films)
    panel.becomes(panel.rows, listed)

    twice_on_one_spot(panel, films)
    undo_twice_on_one_spot(panel)
    fast_keys_on_the_time_line(panel)


def twice_on_one_spot(panel, films):
    """A double click, as fast as a machine and as slow as a person's, acts on the film that it was begun on."""
    for delay in (0, 120):
        box = panel.root.locator(ROWS).nth(2).locator("[data-act=remove]").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        panel.page.mouse.dblclick(x, y, delay=delay)
        without = [film for film in films if film != films[2]]
        panel.becomes(lambda without=without: order(panel), without)
        panel.wait_text(".rw-message", "You took out")
        panel.page.wait_for_timeout(300)  # a second act would have been answered
        assert order(panel) == without
        panel.click("Put it back")
        panel.becomes(lambda: order(panel), films)
    panel.click("You")
    panel.root.locator(".rw-own .rw-shelf [data-act=add]").first.dblclick()
    expect(panel.root.locator(ROWS)).to_have_count(1)
    panel.wait_text(".rw-message", "^You added")


def undo_twice_on_one_spot(panel):
    """A double click on what takes a change back takes back that change, and not the one before it as well."""
    shelf, undo = (
        panel.root.locator(".rw-own .rw-shelf [data-act=add]"),
        panel.root.locator(".rw-message [data-act=undo]"),
    )
    for delay in (0, 120):
        for _ in range(2):
            n = len(order(panel))
            shelf.first.click()
            expect(panel.root.locator(ROWS)).to_have_count(n + 1)
        now = order(panel)
        undo.first.dblclick(delay=delay)
        expect(panel.root.locator(ROWS)).to_have_count(len(now) - 1)
        shelf.first.click()  # the same film again; acts are done in their order, so a second undo would be seen by now
        panel.becomes(lambda now=now: order(panel), now)


def fast_keys_on_the_time_line(panel):
    """Each of 20 presses counts, although the kernel answers some of them later; the panel agrees with the last."""
    kept = rw.SessionPanel(user=USER).training.steps
    end, last = kept[min(20, len(kept) - 1)], kept[-1]
    slider = panel.root.get_by_label("Epoch shown")
    slider.focus()
    slider.press("Home")
    panel.wait_text(".rw-list h3", f"epoch 1 of {last}$")
    for _ in range(20):
        panel.page.keyboard.press("ArrowRight")
    panel.wait_text(".rw-list h3", f"epoch {end} of {last}$")
    panel.wait_text(".rw-epoch output", f"^epoch {end} of {last}$")
    panel.wait_text(".rw-thumb", f"^{end}$")
    expect(slider).to_have_value(str(end))
    labpage.still(panel.page, f"{panel.selector} .rw-transport")
    expect(slider).to_have_value(str(end))
    panel.wait_text(".rw-list h3", f"epoch {end} of {last}$")
