"""What a person sees of one panel, read from the page: list, chart, curve, state. Geometry, not traits."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, TypeVar

import labpage
from playwright.sync_api import Page, TimeoutError

T = TypeVar("T")
KINDS = ("gnn", "knn", "session")
ROW = re.compile(
    r"Rank (?P<rank>\d+)=?: (?P<title>.*), score (?P<score>[-−]?\d+\.\d+)(, rated later)?(, (up \d+|down \d+|new))?$"
)
DRAWN = "e => e.getClientRects().length && getComputedStyle(e).strokeDasharray === 'none'"
NUMBER = r"-?\d+(?:\.\d+)?(?:e-?\d+)?"


def slice_share(path: str) -> float:
    """The share of a full turn of a slice, from its outline (a d3 arc): 0 to 1."""
    start = re.match(rf"M({NUMBER})[ ,]({NUMBER})", path)
    arcs = re.findall(rf"A({NUMBER}),({NUMBER}),0,([01]),([01]),({NUMBER}),({NUMBER})", path)
    assert start and arcs, f"not the outline of a slice: {path[:80]}"
    if len(arcs) > 2:
        return 1.0  # a full ring is drawn as two half turns outside and two inside
    begin = math.atan2(float(start[2]), float(start[1]))
    end = math.atan2(float(arcs[0][5]), float(arcs[0][4]))
    return (end - begin) % math.tau / math.tau


def corners(path: str) -> list[tuple[float, float]]:
    """The points of a line's outline."""
    return [(float(x), float(y)) for x, y in re.findall(rf"[ML]({NUMBER})[ ,]({NUMBER})", path)]


class PanelPage:
    """One panel of the page; kind is "gnn", "knn" or "session"."""

    def __init__(self, page: Page, kind: str) -> None:
        self.page, self.kind = page, kind
        self.selector = f".rw-panel.rw-{kind}"
        self.root = page.locator(self.selector)
        self.root.wait_for()

    def text(self, selector: str) -> str:
        return str(self.root.locator(selector).first.inner_text())

    def click(self, name: str) -> None:
        """A button by its label, as a person would find it."""
        self.root.get_by_role("button", name=name, exact=True).click()

    def wait(self, condition: str, argument: Any = None, timeout: float = 120_000) -> None:
        """Wait for a JavaScript condition on (panel, argument)."""
        self.page.wait_for_function(
            f"([selector, argument]) => (({condition})(document.querySelector(selector), argument))",
            arg=[self.selector, argument],
            polling=labpage.POLL,
            timeout=timeout,
        )

    def wait_text(self, selector: str, pattern: str, timeout: float = 120_000) -> None:
        """Wait until the text of the first match of `selector` matches `pattern` (a JavaScript regular expression)."""
        condition = "(panel, [s, p]) => { const e = panel.querySelector(s); return e && RegExp(p).test(e.innerText); }"
        try:
            self.wait(condition, [selector, pattern], timeout)
        except TimeoutError as error:
            found = self.root.locator(selector)
            stands = found.first.inner_text() if found.count() else "nothing"
            raise AssertionError(f"{selector} of the {self.kind} panel holds {stands!r}, not {pattern!r}") from error

    def filled(self) -> None:
        """Wait until the list is there: a panel is filled after its cell is done."""
        self.root.locator(".rw-list [data-row]").first.wait_for()

    def becomes(self, read: Callable[[], T], wanted: T) -> None:
        """Wait until what `read` gives is equal to `wanted`."""
        labpage.becomes(self.page, read, wanted)

    def becomes_other(self, read: Callable[[], T], old: T) -> None:
        """Wait until what `read` gives is no longer `old`."""
        labpage.becomes_other(self.page, read, old)

    def fits(self) -> None:
        """Wait until nothing reaches beyond the panel's edge."""
        self.becomes(self.sticks_out, [])

    def still(self) -> None:
        """Wait until the chart's animation has ended."""
        labpage.still(self.page, f"{self.selector} .rw-chart")

    # -- the list ----------------------------------------------------------------------------------

    def rows(self) -> list[tuple[str, float]]:
        """[(title with year, score)], best first, as a screen reader hears them."""
        found = []
        for label in self.root.locator(".rw-list [data-row]").evaluate_all("r => r.map(e => e.ariaLabel)"):
            match = ROW.match(label)
            assert match, f"a row reads {label!r}"
            found.append((match["title"], float(match["score"].replace("−", "-"))))
        return found

    def heading(self) -> str:
        return self.text(".rw-list h3")

    def user(self) -> str:
        return re.search(r"user (\S+)", self.heading())[1]  # type: ignore[index]

    def choose(self, user: str) -> None:
        """Type a user's id and press Enter; wait for the list to be that user's."""
        box = self.root.locator(".rw-user [role=combobox]")
        box.fill(user)
        box.press("Enter")
        self.wait_text(".rw-list h3", rf"user {user}( ·|$)")

    # -- the chart ---------------------------------------------------------------------------------

    def sentence(self) -> str:
        """The chart in words."""
        return str(self.root.locator(".rw-chart .bqplot").get_attribute("aria-label"))

    def said(self, titles: list[str]) -> list[float]:
        """The number that the sentence gives for each title; they must come in this order."""
        sentence, place, numbers = self.sentence(), 0, []
        for title in titles:
            match = re.compile(rf"{re.escape(title)} ({NUMBER})").search(sentence, place)
            assert match, f"the chart's sentence does not name {title!r} after place {place}: {sentence}"
            place = match.end()
            numbers.append(float(match[1]))
        return numbers

    def paths(self, selector: str) -> list[str]:
        """The outlines that are drawn; hidden marks and dashed ones (the answer before an edit) are left out."""
        found: list[str] = self.root.locator(selector).evaluate_all(
            f"all => all.filter({DRAWN}).map(e => e.getAttribute('d') || '')"
        )
        return found

    def slices(self) -> list[float]:
        return [slice_share(path) for path in self.paths(".rw-chart path.slice")]

    def polygon(self) -> list[float]:
        """The heights of the frequency polygon's corners over its ends, in px."""
        points = corners(self.paths(".rw-chart path.line")[0])
        return [points[0][1] - y for _, y in points]

    def columns(self) -> list[float]:
        """The whole height of each column in px, from left to right; hidden and dashed ones are left out."""
        found: list[float] = self.root.locator(".rw-chart .bargroup").evaluate_all(f"""groups => {{
            const whole = bars => bars.reduce((sum, bar) => sum + Number(bar.getAttribute('height')), 0);
            const columns = groups.map(group => [...group.querySelectorAll('rect.bar')]);
            return columns.filter(bars => ({DRAWN})(bars[0])).map(whole);
        }}""")
        return found

    # -- the reasons -------------------------------------------------------------------------------

    def sum_of_parts(self) -> tuple[list[float], float]:
        """The numbers of the sum that answers "why", and the total under them, as printed."""
        texts: list[str] = self.root.locator(".rw-why .rw-num").evaluate_all(
            "all => all.filter(e => !e.closest('.rw-arithmetic, .rw-near')).map(e => e.innerText)"
        )
        *parts, total = [float(text.replace("−", "-")) for text in texts if re.fullmatch(r"[-−]?\d+\.\d+", text)]
        return parts, total

    # -- training ----------------------------------------------------------------------------------

    def status(self) -> str:
        return self.text(".rw-status")

    def epoch(self) -> str:
        return self.text(".rw-epoch output")

    def curve_points(self) -> list[int]:
        """How many points the drawn curves have: [loss, accuracy]."""
        count = "all => all.map(f => Math.max(0, ...[...f.querySelectorAll('path.line')].map("
        count += "p => ((p.getAttribute('d') || '').match(/[ML]/g) || []).length)))"
        found: list[int] = self.root.locator(".rw-curve .bqplot").evaluate_all(count)
        return found

    # -- layout ------------------------------------------------------------------------------------

    def sticks_out(self) -> list[str]:
        """Elements with text that reach beyond the panel's edge, and boxes that scroll sideways."""
        found: list[str] = self.root.evaluate("""panel => {
            const edge = panel.getBoundingClientRect(), out = [];
            const name = e => (e.className.baseVal ?? e.className) + ': ' + e.textContent.trim().slice(0, 40);
            // A long title ends in an ellipsis by design: its inner boxes are wider than what is seen.
            const cut = e => getComputedStyle(e).textOverflow === 'ellipsis', known = new Map([[panel, false]]);
            const shortened = e => {  // asked of many in the same box
                if (!known.has(e)) known.set(e, cut(e) || shortened(e.parentElement));
                return known.get(e);
            };
            for (const e of [panel, ...panel.querySelectorAll('*')]) {
                if (e.tagName === 'g') continue;  // no ink of its own: what is in it is looked at by itself
                const box = e.getBoundingClientRect();
                if (!box.width || !e.textContent.trim() || !e.checkVisibility({visibilityProperty: true})) continue;
                const scrolls = ['auto', 'scroll'].includes(getComputedStyle(e).overflowX);
                if ((scrolls || e === panel) && e.scrollWidth > e.clientWidth + 1) out.push('scrolls: ' + name(e));
                if (e === panel || shortened(e.parentElement)) continue;
                if (box.left < edge.left - 1 || box.right > edge.right + 1) out.push(name(e));
            }
            return out;
        }""")
        return found
