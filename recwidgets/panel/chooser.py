"""The user selector of a panel: what is typed, what is found, who is chosen."""

from __future__ import annotations

import random

from ..data import Interactions
from ..page.markup import Message
from . import selector
from .acting import Acting


class Chooser(Acting):
    """Keeps the field and its list; the panel gives `user`, `train_data` and shows."""

    user: str
    train_data: Interactions
    _field, _wrong = "", False
    _found = selector.Found(None, ())

    def _choose_user(self) -> None:
        """Show the user in `self.user`, as it is in the data."""
        raise NotImplementedError

    def _show_who(self) -> None:
        raise NotImplementedError

    def _settle_field(self) -> None:
        """The field says who is shown, and its list is closed."""
        self._field, self._wrong, self._found = f"User {self.user}", False, selector.Found(None, ())

    def _act_user(self, value: str) -> None:
        if value == self.user:
            self._choose_user()
        self.user = value

    def _act_find(self, value: str) -> None:
        self._field, self._wrong = value, False
        self._found = selector.look_up(self.train_data, value)
        self._show_who()

    def _act_choose(self, value: str) -> None:
        if not value.strip():
            self._act_close("")
            return
        found = selector.look_up(self.train_data, value)
        if found.user is not None:
            self._act_user(str(self.train_data.users[found.user]))
            return
        self._field, self._wrong, self._found = value, True, selector.Found(None, ())
        last = str(self.train_data.users[-1])
        self._show_who()
        self._say(
            Message(
                f"There is no user {value}.",
                f"Users run from {selector.known_ids(self.train_data)}. The panel still shows user {self.user}.",
                True,
                ((f"Show user {last}", "user", last), ("Random user", "random", "")),
            )
        )

    def _act_close(self, value: str) -> None:
        self._found = selector.Found(None, ())
        if not self._wrong:
            self._field = f"User {self.user}"
        self._show_who()

    def _act_previous(self, value: str) -> None:
        self._step_user(-1)

    def _act_next(self, value: str) -> None:
        self._step_user(1)

    def _step_user(self, by: int) -> None:
        users = self.train_data.users
        self._act_user(str(users[(self.train_data.user_index(self.user) + by) % len(users)]))

    def _act_random(self, value: str) -> None:
        others = [user for user in self.train_data.users.tolist() if user != self.user]
        if others:
            self._act_user(random.choice(others))
