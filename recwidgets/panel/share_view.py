"""How much of the list is for this person: what the average user gets too, and a slider that takes it away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from ..page.elements import slider
from ..page.terms import term
from .way import runs, span

if TYPE_CHECKING:
    from .views import Scene


def share_line(scene: Scene) -> Markup:
    """The slider from all users' list to this person's alone, and how many of the list the average user gets too."""
    shown, state = scene.shown, scene.state
    if shown.answer is None or shown.shared is None or not len(shown.answer.top):
        return Markup("")
    percent, n = round(100 * state.alpha), len(shown.answer.top)
    bar = slider("alpha", percent, 0, 100, name="Less of all users’ taste", said=f"{percent} %")
    price, count, which = effect(scene), len(shown.shared), ""
    if 0 < count < n and not price:  # there are two lines for both
        which = f": rank{'s' * (count > 1)} {in_runs(shown.shared)}"
    words = Markup("The {}’s top {} has <b>{} of these</b>{}.").format(term("average user"), n, count, which)
    return Markup(
        '<div class="rw-share"><span>Less of all users’ taste</span>{}<output>{} %</output></div>'
        '<p class="rw-cap rw-shared">{} {}</p>'
    ).format(bar, percent, words, price)


def in_runs(numbers: tuple[int, ...]) -> str:
    """Ascending whole numbers in short: (1, 2, 3, 5, 8, 9) is "1–3, 5, 8, 9"."""
    found = runs([n in numbers for n in range(max(numbers, default=0) + 1)])
    return ", ".join(f"{first}, {last}" if last == first + 1 else span(first, last) for first, last in found)


def effect(scene: Scene) -> str:
    """What it does to all users: accuracy on the validation rows, and how rarely rated their films are."""
    if not scene.state.alpha:
        return ""
    if scene.taste is None:
        return "Ranking for all users …" if scene.measuring_taste else ""
    (was, now), (old, new) = scene.taste.accuracy, scene.taste.novelty
    return f"All users: accuracy {100 * now:.1f} % (was {100 * was:.1f}), novelty {new:.1f} bits (was {old:.1f})."
