"""Histories changed in a panel: evidence taken out, films of one's own, and back again."""

from __future__ import annotations

from collections.abc import Callable

from ..answer import Answer
from ..core import Person, film_label
from ..page import markup
from ..page.markup import Message
from ..page.page import Page
from ..why.parts import minus
from . import history as edits
from . import selector
from .chooser import Chooser


class Editing(Chooser):
    """Keeps the edited history and the way back; the panel asks the model and shows."""

    _edited: edits.Edited | None = None
    _past: list[edits.Edited | None]
    _answer: Answer | None
    _before: Answer | None = None  # what the last edit changed; the charts draw it as a ghost
    _since: Answer | None = None  # the answer before a knob was turned
    _open, _film_field = False, ""
    _films_found: list[tuple[int, str]]
    _who: Page
    _you: Page

    def _refresh(
        self,
        about: Callable[[Answer], Message | None] | None = None,
        keep_film: bool = True,
        since: Answer | None = None,
    ) -> None:
        """Ask the model once, and let every view show that one answer.

        about: what to say of it. since: the answer before a knob was turned, for the arrows in the list.
        """
        raise NotImplementedError

    @property
    def person(self) -> Person:
        """Who is asked about: the user as in the data, or with the history that was edited here."""
        if self._edited is not None:
            return self._edited.person()
        index = self.train_data.user_index(self.user)
        return Person(index, self.train_data.history(index))

    def _goal_markup(self, edited: edits.Edited) -> str:
        """The goal line of an exercise, where there is one."""
        return ""

    def _show_who(self) -> None:
        about = selector.facts(self.train_data, self.train_data.user_index(self.user))
        if self.person.user is None:
            n = len(self.person.history)
            about = ("You", f"{n} film{'' if n == 1 else 's'} of your own", f"{about[0]} is one click away.")
        options, own = selector.options_markup(self.train_data, self._found), self.person.user is None
        field = "You" if own and self._field == f"User {self.user}" else self._field
        self._who.show(markup.who(about, field, options, self._wrong, self._open and own, self._open and not own))
        if not self._open or self._edited is None:
            self._you.show("")
            return
        films, goal = selector.film_options(self._films_found), self._goal_markup(self._edited)
        self._you.show(edits.you_markup(self.train_data, self._edited, self._film_field, films, self.user, goal))

    def _film(self) -> int | None:
        """The film that is selected in the list."""
        raise NotImplementedError

    def _act_you(self, value: str) -> None:
        """Open the picker with an empty history, or close it and go back to the user."""
        if self._open and self.person.user is None:
            self._choose_user()
            return
        self._past, self._before, self._message = [self._edited], None, None
        self._open, self._edited, self._film_field = True, edits.Edited(None, ()), ""
        self._refresh(keep_film=False)

    def _act_edit(self, value: str) -> None:
        """Open the user's own history to be edited, or close it; what was changed stays changed."""
        if self._open and self.person.user is not None:
            self._open = False
        else:
            if self.person.user is None:
                self._past, self._before, self._message, self._edited = [self._edited], None, None, None
            self._edited = self._edited or edits.of_user(self.train_data, self.train_data.user_index(self.user))
            self._open, self._film_field = True, ""
        self._refresh(since=self._since)

    def _act_drop(self, value: str) -> None:
        """Take out one piece of evidence: "film:123" or "neighbour:45"."""
        kind, _, index = value.partition(":")
        now = self._edited or edits.of_user(self.train_data, self.train_data.user_index(self.user))
        if kind == "neighbour":
            name = f"user {self.train_data.users[int(index)]}"
            self._edit(now.leave_out(int(index)), f"Changed because {name} is not asked.")
        else:
            lead = f"Changed because you dropped {film_label(self.train_data, int(index))}."
            self._edit(now.drop(int(index)), lead, self._what_it_added(int(index)))

    def _act_remove(self, value: str) -> None:
        if self._edited is not None:
            self._edit(self._edited.remove(int(value)), f"You removed {film_label(self.train_data, int(value))}.")

    def _act_add(self, value: str) -> None:
        if self._edited is not None:
            title = film_label(self.train_data, int(value))
            again = int(value) in self._edited.films
            self._film_field, self._films_found = "", []
            lead = f"{title} was in the history already; it is the newest now." if again else f"You added {title}."
            self._edit(self._edited.add(int(value)), lead)

    def _act_film(self, value: str) -> None:
        self._film_field = value
        found = self.train_data.search_items(value, limit=selector.OPTIONS) if value.strip() else []
        self._films_found = [(hit.index, hit.label) for hit in found]
        self._show_who()

    def _act_add_title(self, value: str) -> None:
        found = self.train_data.search_items(value, limit=1) if value.strip() else []
        if found:
            self._act_add(str(found[0].index))
        elif value.strip():
            self._say(
                Message(f"There is no film called {value}.", "Type a part of its title and choose from the list.", True)
            )

    def _act_film_close(self, value: str) -> None:
        self._films_found = []
        self._show_who()

    def _act_earlier(self, value: str) -> None:
        self._move(int(value), -1)

    def _act_later(self, value: str) -> None:
        self._move(int(value), 1)

    def _move(self, film: int, by: int) -> None:
        if self._edited is not None:
            where = "earlier" if by < 0 else "later"
            lead = f"You moved {film_label(self.train_data, film)} {where}."
            self._edit(self._edited.move(film, by), lead)

    def _act_click(self, value: str) -> None:
        """Slow motion: the session as it was one click earlier ("-1") or later ("1")."""
        person = self.person
        if person.user is None:
            return
        whole = tuple(self.train_data.history(person.user).tolist())
        now = len(self._edited.films) if self._edited is not None else len(whole)
        n = min(max(now + int(value), 1), len(whole))
        if n != now:
            lead = f"After {n} of {len(whole)} clicks; the last was {film_label(self.train_data, whole[n - 1])}."
            self._edit(edits.Edited(person.user, whole[:n]), lead)

    def _act_clear(self, value: str) -> None:
        if self._edited is not None:
            empty = self._edited._replace(films=(), dropped=(), without=(), edits=self._edited.edits + 1)
            self._edit(empty, "You cleared the history.")

    def _act_undo(self, value: str) -> None:
        if self._past:
            self._edited, self._before, self._message = self._past.pop(), None, None
            if self._open and self._edited is None:  # the editor stays open, on the history as it was
                self._edited = edits.of_user(self.train_data, self.train_data.user_index(self.user))
            if self._past and self._edited is not None and self._edited.edits:
                more = (("Put it back", "undo", ""), (f"Back to user {self.user}", "user", self.user))
                self._message = Message("Put back.", "Earlier changes are still there.", buttons=more)
            self._refresh()

    def _what_it_added(self, own: int) -> str:
        """What a film of the history added to the score of the selected one: not the same as what it takes away."""
        film = self._film()
        if self._answer is None or film is None or not hasattr(self._answer.model, "explain"):
            return ""
        parts = [part for part in self._answer.explain(film).parts if part.kind == "film" and part.index == own]
        if not parts or len(self._answer.person.history) < 2:
            return ""
        value = minus(sum(part.value for part in parts))
        return f"It had added {value}; the films that are left weigh more now, so the score does not fall by just that."

    def _edit(self, edited: edits.Edited, lead: str, more: str = "") -> None:
        """Ask again with the edited history; say what changed, and keep the old answer as a ghost."""
        before = self._answer
        self._past.append(self._edited)
        self._edited, self._before = edited, before
        self._message, film = None, self._film()
        self._refresh(lambda after: edits.what_changed(before, after, lead, film, more) if before is not None else None)
        if self._message is None:  # there was no answer before, or is none now
            self._message = Message(lead, buttons=(("Put it back", "undo", ""),))
            self._say(self._message)
