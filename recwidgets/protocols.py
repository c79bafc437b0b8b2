"""What may be asked of a model: a few protocols. Only `Recommender` is needed; each other one adds something.

A model of one's own has a protocol by having its methods; nothing is inherited. `isinstance(model, Explains)` checks
that the names are there, not what they do. What a model lacks, a panel leaves out and says so.

Asked for by name, and no protocols, since an answer without them is as right: `label`, `name` and `chart`, words with
a default; `scores_of`, many users' scores at once instead of one by one, and `average_vectors`, the mean query without
those of all users; `weights`, `alike`, `films_of`, `user_vectors` and `user_vector`, which one kind of model's pictures
draw and others have no use for; `data` and `snapshot`, what a trained model answers from, and `values` and `trained`,
its knobs now and as they stood in training; `vectors_in_steps` and `alike_in_steps`, generators that give the same and
may be left between two users. A view with less of all users' taste has `alpha`, `average` and `as_trained`.

`Who` is a user's id, a list of item ids (a history of one's own, oldest first), or a `Person`: indices, for somebody
who may have no id. `person_of(data, who)` turns each of them into a Person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, Self, runtime_checkable

from .core import Explanation, FitEvent, Floats, Ints, Knob, Person, Snapshot, Terms, Who
from .data import Interactions


@runtime_checkable
class Recommender(Protocol):
    """The least that a panel, `recommend`, `evaluate` and `fit` need.

    label: as a learner reads it. steps: train, one FitEvent an epoch; the model then answers from the last.
    scores: float32 (n_items,), in the order of data.items, of a user or of a history of one's own.
    `steps` may take `between_batches`, a function called with (batches done, batches in the epoch); without it a
    training is paused and stopped between its epochs only.
    """

    label: str

    def steps(
        self, data: Interactions, validation: Interactions | None = None, epochs: int | None = None
    ) -> Iterator[FitEvent]: ...
    def scores(self, user: Who) -> Floats: ...


@runtime_checkable
class Rewindable(Protocol):
    """Can answer as it did after an earlier epoch.

    at: a view of the model as it was at `snapshot`, one that its `steps` gave. The view answers for itself: asking
    it, or turning its knobs, changes nothing in the model that it came from.
    A panel has a slider over epochs for it; without, only the newest answer is there.
    """

    def at(self, snapshot: Snapshot | None = None) -> Self: ...


@runtime_checkable
class Tunable(Protocol):
    """Has settings that change its answers without another training, or the next training.

    knobs: which there are. values: how they stand, by name. at: a view with other values, as in `Rewindable`.
    A panel has a control for each knob; without, none.
    """

    knobs: Sequence[Knob]
    values: Mapping[str, Any]

    def at(self, snapshot: Snapshot | None = None, **knobs: float | str) -> Self: ...


@runtime_checkable
class Trainable(Protocol):
    """Says how it is trained, so that a learner may change it.

    epochs: how many `steps` gives where nobody asks for another number. learning_rate: read when training starts.
    A panel offers both; without, it asks for 10 epochs, and has no control for the learning rate.
    """

    epochs: int
    learning_rate: float


@runtime_checkable
class Explains(Protocol):
    """Can take a score apart.

    explain: the score of `item` (an id) for a user as a sum of parts, also for a Person without an id and for
    somebody without history. A panel shows the parts, and says so where they do not add up to the score; without
    the method it has no picture of why.
    """

    def explain(self, user: Who, item: str | int) -> Explanation: ...


@runtime_checkable
class Neighbours(Protocol):
    """Answers from what other users have rated.

    neighbours: their indices and weights, nearest first, without those in `person.without`. A panel shows each of them,
    and a learner may leave one out; without, a panel takes the users with similar queries where a model has queries.
    """

    def neighbours(self, person: Person) -> tuple[Ints, Floats]: ...


@runtime_checkable
class Vectors(Protocol):
    """Its scores are inner products.

    vectors: query vectors of all users (n_users, dim), item vectors (n_items, dim). All users are ranked at once by
    one product; without, user by user.
    """

    def vectors(self) -> tuple[Floats, Floats]: ...


@runtime_checkable
class Queries(Vectors, Protocol):
    """Gives the query of one user or history, too: float32 (dim,); scores are its products with the item vectors.

    A panel finds users with similar queries by it; without, no neighbours are shown for a model that looks for none.
    """

    def query(self, user: Who) -> Floats: ...


@runtime_checkable
class SumsTerms(Vectors, Protocol):
    """Its query vector is a sum of terms: `rw.reason` then says what each item of a history adds to any item.

    terms: of one person; average_terms: their mean over all users with a history, in one row; alone: the queries of
    histories of one item each, (n, dim).
    """

    def scores(self, user: Who) -> Floats: ...
    def terms(self, user: Who) -> Terms: ...
    def average_terms(self) -> Terms: ...
    def alone(self, items: Ints) -> Floats: ...
