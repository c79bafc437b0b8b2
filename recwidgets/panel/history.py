"""A history that the learner has changed: films dropped, added, moved; neighbours not asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from ..answer import Answer
from ..core import Person, film_label
from ..data import Interactions
from ..page.elements import combobox, joined
from ..page.markup import Message, button
from ..why.parts import listed

SHELF = 8  # well-known films to start with
CHIPS = 12  # films of a long history that are shown one by one


class Edited(NamedTuple):
    """user: whose history it was, None = one's own. films: oldest first. dropped, without: what was taken out."""

    user: int | None
    films: tuple[int, ...]
    dropped: tuple[int, ...] = ()
    without: tuple[int, ...] = ()
    edits: int = 0

    def person(self) -> Person:
        return Person(self.user, np.asarray(self.films, np.int32), self.without)

    def drop(self, film: int) -> Edited:
        """Without this film; it stays out of the list too, so that the list shows what it had caused."""
        films = tuple(other for other in self.films if other != film)
        return self._replace(films=films, dropped=(*self.dropped, film), edits=self.edits + 1)

    def remove(self, film: int) -> Edited:
        """Without this film, as if it had never been seen: it may be recommended."""
        return self._replace(films=tuple(other for other in self.films if other != film), edits=self.edits + 1)

    def leave_out(self, neighbour: int) -> Edited:
        return self._replace(without=(*self.without, neighbour), edits=self.edits + 1)

    def add(self, film: int) -> Edited:
        """With this film as the newest; one that was there already moves to the end."""
        films = (*(other for other in self.films if other != film), film)
        dropped = tuple(other for other in self.dropped if other != film)
        return self._replace(films=films, dropped=dropped, edits=self.edits + 1)

    def move(self, film: int, by: int) -> Edited:
        """Earlier (by < 0) or later (by > 0) in the order."""
        films = list(self.films)
        here = films.index(film)
        there = min(max(here + by, 0), len(films) - 1)
        films.insert(there, films.pop(here))
        return self._replace(films=tuple(films), edits=self.edits + 1)


def of_user(data: Interactions, user: int) -> Edited:
    """The history of a user as it is in the data."""
    return Edited(user, tuple(data.history(user).tolist()))


def in_ids(edited: Edited | None, data: Interactions) -> dict[str, list[str]]:
    """What makes an edited history again, by original ids; {} for one as it is in the data. `from_ids` reads it."""
    if edited is None:
        return {}
    films, users = data.items, data.users
    named = [str(films[film]) for film in edited.films]
    told = {"dropped": [str(films[f]) for f in edited.dropped], "without": [str(users[u]) for u in edited.without]}
    if edited.user is None:
        told["you"] = named
    elif edited.films != tuple(film for film in data.history(edited.user).tolist() if film not in edited.dropped):
        told["films"] = named
    return {name: ids for name, ids in told.items() if ids or name in ("you", "films")}


def from_ids(told: Mapping[str, Sequence[str | int]], data: Interactions, user: int) -> Edited | None:
    """An edited history by ids. you: a history of one's own; films: the user's, changed; both oldest first.

    dropped: films taken out as evidence, which stay out of the list. without: neighbours not asked.
    Raises ValueError for another word, UnknownItem or UnknownUser for an id that is not in the data.
    """
    if wrong := sorted(set(told) - {"you", "films", "dropped", "without"}):
        raise ValueError(f"edited may have you or films, dropped, without, got {wrong[0]!r}")
    if "you" in told and "films" in told:
        raise ValueError("edited has either you, a history of one's own, or films, the user's own; got both")
    if not told:
        return None
    told = {name: [ids] if isinstance(ids, (str, int)) else ids for name, ids in told.items()}
    ids = {
        name: tuple(data.item_index(str(film)) for film in told.get(name, ())) for name in ("films", "you", "dropped")
    }
    films = ids["you"] if "you" in told else ids["films"] if "films" in told else data.history(user).tolist()
    films = tuple(film for film in films if film not in ids["dropped"])
    without = tuple(data.user_index(str(other)) for other in told.get("without", ()))
    return Edited(None if "you" in told else user, films, ids["dropped"], without, 1)


def shelf(data: Interactions, taken: Sequence[int], n: int = SHELF) -> list[int]:
    """The most rated films that are not taken yet."""
    order = np.argsort(-data.popularity, kind="stable")
    return [int(item) for item in order[: n + len(taken)] if int(item) not in taken][:n]


def what_changed(before: Answer, after: Answer, lead: str, film: int | None = None, more: str = "") -> Message:
    """Say what an edit did to the list: which films are new, which left, or that nothing moved.

    film: the one that was selected; its old and new score are said too, and `more` of it.
    """
    old, new = before.top.tolist(), after.top.tolist()
    came = [after.full_title(item) for item in new if item not in old]
    went = [before.full_title(item) for item in old if item not in new]
    if not came and not went:
        moved = sum(a != b for a, b in zip(old, new, strict=False))
        text = (
            f"The same {len(new)} films; {moved} of them changed their place."
            if moved
            else "Nothing in the list changed."
        )
    else:
        text = f"{len(came)} of {len(new)} films {'is' if len(came) == 1 else 'are'} new"
        text += f": {listed(came[:3])}" if came else ""
        text += f" and {len(came) - 3} more" if len(came) > 3 else ""
        if went:
            text += f"; {listed(went[:3])}{f' and {len(went) - 3} more' if len(went) > 3 else ''} left the list"
        text += "."
    if film is not None and film not in after.person.history:
        old_score, new_score = before.scores[film], after.scores[film]
        text += (
            f" {before.full_title(film)}: score {old_score:.3f} before, {new_score:.3f} now.{' ' if more else ''}{more}"
        )
    return Message(lead, text, buttons=(("Put it back", "undo", ""),))


def moves(before: Answer | None, after: Answer) -> dict[int, str]:
    """Change of place since the previous answer: "↑2", "↓1", "new" by film; films that stayed have none."""
    if before is None:
        return {}
    old = {item: place for place, item in enumerate(before.top.tolist())}
    words = {}
    for place, item in enumerate(after.top.tolist()):
        if item not in old:
            words[item] = "new"
        elif old[item] != place:
            words[item] = f"{'↑' if old[item] > place else '↓'}{abs(old[item] - place)}"
    return words


def you_markup(data: Interactions, edited: Edited, field: str, options: Markup, back: str, goal: str) -> Markup:
    """The picker: one's own films in order, a field to add one, a shelf to start from."""
    films = list(edited.films)
    own = edited.user is None
    older = max(0, len(films) - CHIPS)
    chips = joined(
        _chip(data, film, place > 0, place < len(films) - 1) for place, film in list(enumerate(films))[older:]
    )
    if own and not films:
        text = "Pick three to five films you have seen. The model answers without retraining."
    else:
        text = "Newest last. Each film that you add, move or remove changes the answer at once."
    more = Markup('<span class="rw-cap">{} older films · </span>').format(older) if older else ""
    start = joined(button(film_label(data, film), "add", film) for film in shelf(data, films))
    start = Markup('<p class="rw-cap">Or start with</p><div class="rw-chips">{}</div>').format(start)
    title = "Your own history" if own else f"The history of user {data.users[edited.user]}"
    return Markup(
        '<div class="rw-yours"><h3>{title}</h3><p class="rw-cap">{text}</p>{goal}<div class="rw-chips">{more}{chips}</div>'
        '<div class="rw-pick">{field}{clear}{back}</div>{start}</div>'
    ).format(
        title=title, text=text, goal=goal, more=more, chips=chips, start=start if own and len(films) < 5 else "",
        field=combobox(
            "Add a film by its title", field, options, placeholder="Add a film, for example Fargo",
            stamp=f"{field}-{len(films)}", find="film", enter="add-title", leave="film-close",
            options_name="Films found", wide=True,
        ),
        clear=button("Clear all", "clear", off=not films), back=button(f"Back to user {back}", "user", back),
    )  # fmt: skip


def _chip(data: Interactions, film: int, earlier: bool, later: bool) -> Markup:
    label = film_label(data, film)
    move = Markup("")
    if earlier:
        move += button("←", "earlier", film, classes="rw-tiny", name=f"Move {label} one place earlier")
    if later:
        move += button("→", "later", film, classes="rw-tiny", name=f"Move {label} one place later")
    take = button("Remove", "remove", film, classes="rw-tiny", name=f"Remove {label}")
    return Markup('<span class="rw-pill-film"><span>{}</span>{}{}</span>').format(label, move, take)
