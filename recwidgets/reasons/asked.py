"""One question: a person and an item, with what the model's methods tell about them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..core import Floats, Ints, Person, Terms, Who, person_of
from ..data import Interactions, display_title
from ..protocols import SumsTerms
from ..ranking import check_scored
from .usual import Usual, usual


@dataclass(frozen=True, eq=False)
class Asked:
    """data: whose titles and genres are used. known: what the model learned from, whose histories it answers from.

    terms: the query as a sum, None where the model does not give it or there is no history to sum over.
    left_out: items that are not recommended, where who asks knows better than the data: a list with films taken out.
    """

    model: Any
    data: Interactions
    known: Interactions
    person: Person
    item: int
    scores: Floats  # (n_items,)
    usual: Usual
    terms: Terms | None
    left_out: Ints | None = None

    @property
    def score(self) -> float:
        return float(self.scores[self.item])

    def average_rank(self, item: int) -> int:
        """The rank of an item for the average user, of the same items that may be recommended to this person."""
        return self.usual.average_rank(item, self.seen)

    @property
    def n(self) -> int:
        """How many items the person has."""
        return len(self.person.history)

    @cached_property
    def vectors(self) -> Floats:
        """The item vectors, float32 (n_items, dim); only where there are terms."""
        assert self.usual.items is not None
        return self.usual.items

    @cached_property
    def seen(self) -> Ints:
        """The items that are never recommended to this person."""
        if self.left_out is not None:
            return self.left_out
        more = () if self.person.user is None else self.data.history(self.person.user)
        return np.union1d(self.person.history, np.asarray(more, np.int32)).astype(np.int32)

    @cached_property
    def below(self) -> Ints:
        """The unseen items that rank below this one for the person, best first."""
        mine, scores = self.scores[self.item], np.where(np.isnan(self.scores), -np.inf, self.scores)
        later = np.arange(len(scores)) > self.item
        behind = (scores < mine) | ((scores == mine) & later)
        behind[self.seen] = False
        found = np.flatnonzero(behind)
        return found[np.argsort(-scores[found], kind="stable")].astype(np.int32)

    def name(self, item: int) -> str:
        """A title as it is spoken, without the year."""
        return display_title(str(self.data.titles[item]))[0]

    def ids(self, items: Any) -> tuple[str, ...]:
        return tuple(self.data.items[np.asarray(items, np.int64)].tolist())


def ask(
    model: Any,
    data: Interactions,
    user: Who,
    item: str | int,
    average: Usual | None = None,
    left_out: Ints | None = None,
) -> Asked:
    """Look the question up and ask the model. average: what its average user gets, where that is known already.

    left_out: the items that are not recommended, None = those that the person has in the history or in the data.

    Raises UnknownUser or UnknownItem for an id that the data do not have, ValueError where the scores are of others.
    """
    index = data.item_index(item)
    known = known_data(model, data)
    # an id is answered from what the model learned from, as `recommend` does it
    person = person_of(known if isinstance(user, (str, int, np.integer)) else data, user)
    scores = np.asarray(model.scores(person))
    check_scored(scores.shape, data)
    asked = Asked(model, data, known, person, index, scores, average or usual(model, known), None, left_out)
    if not isinstance(model, SumsTerms) or not len(person.history):
        return asked
    summed = replace(asked, terms=model.terms(person))
    return summed if _adds_up(summed) else asked


def another(asked: Asked, item: int) -> Asked:
    """The same person asked about another item (index): the model is not asked again."""
    same = replace(asked, item=item)
    return same if asked.terms is None or _adds_up(same) else replace(same, terms=None)


def _adds_up(asked: Asked) -> bool:
    """Whether the terms are this model's: a class derived from a model may answer in its own way."""
    assert asked.terms is not None
    for terms, score in ((asked.terms, asked.score), (asked.usual.terms(asked.model), asked.usual.scores[asked.item])):
        query = terms.vectors.sum((0, 1)) + terms.own + terms.base
        found = query @ asked.vectors[asked.item]
        size = float(np.abs(query) @ np.abs(asked.vectors[asked.item]))
        if abs(found - score) > 1e-4 * max(size, 1.0):
            return False
    return True


def known_data(model: Any, data: Interactions) -> Interactions:
    """The model's own interactions, where they are of the same users and items."""
    own = getattr(model, "data", None)
    same = isinstance(own, Interactions) and (own.n_users, own.n_items) == (data.n_users, data.n_items)
    return own if same and isinstance(own, Interactions) else data
