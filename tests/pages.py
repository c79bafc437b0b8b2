"""Looking at a panel as a page does: what a reader finds in a region, by its published class."""

import asyncio

from worlds import DEADLINE, Markup


def tree(widget):
    """The widget and all that stand in it."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from tree(child)


def region(panel, name):
    """The widget of that class."""
    (found,) = [widget for widget in tree(panel) if name in widget._dom_classes]
    return found


def html(panel, name=None):
    """All HTML in the region of that class, or of the whole panel."""
    return "".join(getattr(widget, "html", "") for widget in tree(panel if name is None else region(panel, name)))


def page(panel, name=None):
    return Markup(html(panel, name))


def text(panel, name):
    """What is read in a region."""
    (whole,) = Markup(f"<div>{html(panel, name)}</div>").all("div")[:1]
    return whole.text


def status(panel):
    return page(panel, "rw-transport").one(name="rw-status").text


def message(panel):
    return "".join(tag.text for tag in page(panel, "rw-message").all("p"))


def rows(panel):
    """The buttons of the list, best first."""
    return page(panel, "rw-list").all("button", "rw-row")


def titles(panel):
    return [row["title"] for row in rows(panel)]


def editor(panel):
    return html(panel, "rw-own")


def all_users(panel):
    """What is said of all users beside the knobs; "" while nothing is."""
    return "".join(tag.text for tag in page(panel, "rw-drawer-more").all(name="rw-all-users"))


async def until(condition):
    """Let the loop run until the condition holds."""
    for _ in range(100 * DEADLINE):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never happened")


def curve(panel):
    """The training curve, whose marks have no public name."""
    return panel._parts.regions.curve


def click(region, act, value=""):
    """What the browser sends when an element of this region is clicked."""
    region._handle_custom_msg({"act": act, "value": value}, [])
