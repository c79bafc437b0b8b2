"""What the models share: answers from a snapshot in numpy, knobs, saving. No TensorFlow here."""

from __future__ import annotations

import contextlib
import copy
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self, TypeVar

import numpy as np

from .._threads import at_once
from ..core import (
    Explanation,
    FitEvent,
    Floats,
    Ints,
    Knob,
    Part,
    Person,
    Snapshot,
    Who,
    person_of,
)
from ..data import Interactions
from ..ranking import held_out_accuracy_in_steps
from ..steps import Steps, drain, in_steps
from ._checks import check_start, check_trainable, is_number, positive
from ._checks import whole as whole
from ._files import save_model

T = TypeVar("T")
MEAN_OF = 1000  # users whose queries are averaged for somebody without history; of more, so many, evenly spaced
#: Called between two batches with (batches done, batches in this epoch); it may wait or raise.
BetweenBatches = Callable[[int, int], None]


def no_pause(done: int, batches: int) -> None:
    """What is called between two batches where nothing else is to be."""


class NotTrained(ValueError):
    """The model has no snapshot yet."""


class EmbeddingModel(ABC):
    """A recommender whose score is one inner product: query vector · item vector.

    A subclass says how it trains (`_epochs`) and how it answers (`_query`, `_queries`, `_items`,
    `_parts`). Answers come from `self.snapshot` and the knobs, in numpy.
    """

    name: ClassVar[str]  # short, as in file names and class names of the page
    label: ClassVar[str]  # as the learner reads it
    knobs: ClassVar[tuple[Knob, ...]] = ()
    chart: ClassVar[str] = "pie"  # the name of the chart that a panel takes for it
    #: What a snapshot keeps: the sides of each array, numbers or names ("n_users", "n_items", "dim", or one's own).
    #: A file that holds something else is refused on loading; empty = not checked.
    arrays: ClassVar[Mapping[str, tuple[int | str, ...]]] = {}

    def __init__(self, *, seed: int = 0, epochs: int, learning_rate: float, **knobs: float | str) -> None:
        self.seed, self.epochs = whole("seed", seed, 0), whole("epochs", epochs, 1)
        self.learning_rate = positive("learning_rate", learning_rate)
        self.values: dict[str, Any] = {knob.name: knob.default for knob in self.knobs}
        self._turn(knobs)
        self.trained = dict(self.values)  # the knobs as they stood while it learned; a turned knob leaves it
        self.data: Interactions | None = None
        self.snapshot: Snapshot | None = None
        self._cache: dict[str, Any] = {}
        self._lock = threading.RLock()

    # -- training: pulled, so that whoever owns the loop can pause, step and stop ------------------

    def steps(
        self,
        data: Interactions,
        validation: Interactions | None = None,
        epochs: int | None = None,
        between_batches: BetweenBatches = no_pause,
        start: Snapshot | None = None,
    ) -> Iterator[FitEvent]:
        """Train on `data`, one FitEvent an epoch; nothing happens until the first is pulled.

        validation: held-out interactions for the top-10 accuracy at each epoch (else NaN).
        start: the snapshot that the training goes on from, None = from nothing. Adam's averages begin anew.
        Closing the iterator stops the training. Raises FloatingPointError where the loss is no
        longer a number, TensorFlowUnavailable where TensorFlow cannot be had.
        """
        return _events(self.steps_in_parts(data, validation, epochs, between_batches, start))

    def steps_in_parts(
        self,
        data: Interactions,
        validation: Interactions | None = None,
        epochs: int | None = None,
        between_batches: BetweenBatches = no_pause,
        start: Snapshot | None = None,
    ) -> Generator[FitEvent | None, None, None]:
        """`steps`, which may be left at each None: for where there is no thread, and clicks are to be answered."""
        total = whole("epochs", self.epochs if epochs is None else epochs, 1)
        check_trainable(data)
        if start is not None:
            check_start(self, start, data)
        return self._parts_of_steps(data, validation, total, between_batches, start)

    def _parts_of_steps(
        self,
        data: Interactions,
        validation: Interactions | None,
        total: int,
        between_batches: BetweenBatches,
        start: Snapshot | None,
    ) -> Generator[FitEvent | None, None, None]:
        settings = dict(self.values)  # a knob that is turned meanwhile changes answers, not the curve
        where = {} if start is None else {"start": start}  # a model that begins from nothing need not take it
        step = 0
        # what was learned before stays until the first epoch is there: a training that fails loses nothing
        for part in self._epochs(data, total, between_batches, **where):
            if part is None:
                yield None
                continue
            (loss, arrays), step = part, step + 1
            if not np.isfinite(loss):
                raise FloatingPointError(
                    f"the loss is no longer a number at epoch {step}: the learning rate "
                    f"{self.learning_rate:g} is too high; train with a smaller one"
                )
            snapshot = Snapshot(self.name, arrays)
            self.data, self.snapshot, self.trained, self._cache = data, snapshot, settings, {}
            accuracy = float("nan")
            if validation is not None and len(validation):
                seen = self.at(snapshot, **settings)
                accuracy = yield from at_once(held_out_accuracy_in_steps(seen, data, validation))
            yield FitEvent(step, total, {"loss": loss, "top_10_accuracy": accuracy}, snapshot)

    @abstractmethod
    def _epochs(
        self, data: Interactions, total: int, between_batches: BetweenBatches
    ) -> Iterator[tuple[float, dict[str, Any]] | None]:
        """Train; after each epoch, the mean loss and the snapshot's arrays; None where it may be left meanwhile.

        A model that can go on from a snapshot takes `start` besides, a Snapshot or None.
        """

    # -- answers: numpy on a snapshot ------------------------------------------------------------

    def at(self, snapshot: Snapshot | None = None, **knobs: float | str) -> Self:
        """This model as it was at `snapshot`, or with other knobs: a view, and none of its acts changes this model."""
        view = copy.copy(self)
        view.snapshot = self.snapshot if snapshot is None else snapshot
        view._turn(knobs)
        return view

    def __copy__(self) -> Self:
        """A model of its own on the same data and snapshot, which are frozen: nothing large is copied."""
        twin = object.__new__(type(self))
        vars(twin).update(vars(self))
        twin.values, twin.trained = dict(self.values), dict(self.trained)
        twin._cache, twin._lock = {}, threading.RLock()
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """As `copy.copy`, and what a subclass keeps besides is copied, too."""
        memo[id(self)] = twin = copy.copy(self)
        for name in vars(self).keys() - {"_cache", "_lock"}:
            setattr(twin, name, copy.deepcopy(getattr(self, name), memo))
        return twin

    def scores(self, user: Who) -> Floats:
        """Scores of all items, float32 (n_items,), in the order of data.items.

        user: an id, or a list of item ids (a history of one's own, oldest first). Somebody without history gets
        what all users get: their mean query.
        """
        query = self.query(user)
        return np.asarray(self._items() @ query, np.float32)

    def scores_of(self, users: Sequence[Who]) -> Floats:
        """Scores of several users or histories at once, float32 (n, n_items); as `scores`, but for rounding."""
        return np.asarray(self._queries_of(users) @ self._items().T, np.float32)

    def _queries_of(self, asked: Sequence[Who]) -> Floats:
        """`query` of each, (n, dim)."""
        return np.stack([self.query(user) for user in asked])

    def query(self, user: Who) -> Floats:
        """The query vector, float32 (dim,), of a user or of a history of one's own; without history, the mean query."""
        person = person_of(self._trained(), user)
        return self._query(person) if len(person.history) else self._mean_query()

    def explain(self, user: Who, item: str | int) -> Explanation:
        """The score of `item` for `user` as a sum of parts; without history, one part: what all users get."""
        data = self._trained()
        person, index = person_of(data, user), data.item_index(item)
        if len(person.history):
            parts = tuple(self._parts(person, index))
        else:
            parts = (Part("what all users get", "base", float(self._items()[index] @ self._mean_query())),)
        score = float(sum(part.value for part in parts))
        return Explanation(str(data.items[index]), str(data.titles[index]), score, parts)

    def vectors(self) -> tuple[Floats, Floats]:
        """Query vectors of all users (n_users, dim) and item vectors (n_items, dim)."""
        self._trained()
        return self._cached("queries", lambda: self._all_asked(drain(in_steps(self._queries())))), self._items()

    def vectors_in_steps(self) -> Steps[tuple[Floats, Floats]]:
        """`vectors`, which may be left between two steps of `_queries`."""
        self._trained()
        cache = self._cache
        if "queries" not in cache:
            queries = yield from in_steps(self._queries())
            if cache is self._cache:  # else it has learned meanwhile, and is asked anew
                self._cached("queries", lambda: self._all_asked(queries))
        return self.vectors()

    def ready_in_steps(self) -> Steps[None]:
        """Work out what any answer needs, so that the next one is quick; may be left in between."""
        yield

    def _all_asked(self, queries: Floats) -> Floats:
        """The queries of all users, also of those without history."""
        empty = np.diff(self._trained().by_user.indptr) == 0
        return read_only(np.where(empty[:, None], self._mean_query(), queries) if empty.any() else queries)

    def average_vectors(self) -> tuple[Floats, Floats]:
        """The mean query of all users with a history, (dim,); the item vectors (n_items, dim)."""
        (queries, items), some = self.vectors(), np.flatnonzero(np.diff(self._trained().by_user.indptr))
        return queries[some if len(some) else slice(None)].mean(0), items

    def _mean_query(self) -> Floats:
        """What all users ask for on average, (dim,): the mean query of users with history, at most MEAN_OF of them."""
        data = self._trained()

        def make() -> Floats:
            users = np.flatnonzero(np.diff(data.by_user.indptr))
            users = users[np.linspace(0, len(users) - 1, min(len(users), MEAN_OF)).astype(int)]
            queries = [self._query(Person(user, data.history(user))) for user in users.tolist()]
            return read_only(np.asarray(np.mean(queries, axis=0, dtype=np.float64), np.float32))

        return self._cached("mean query", make)

    def alone(self, items: Ints) -> Floats:
        """The query vectors of histories of one item each, float32 (n, dim). items: indices, int (n,)."""
        self._trained()
        queries = [self._query(Person(None, np.asarray([item], np.int32))) for item in items]
        return np.stack(queries) if queries else np.zeros((0, self._items().shape[1]), np.float32)

    @abstractmethod
    def _queries(self) -> Floats | Steps[Floats]:
        """Query vectors of all users from their own histories: (n_users, dim); rows without history are not used.

        As a generator it may be left at each yield.
        """

    def _queries_one_by_one(self) -> Steps[Floats]:
        """`_queries` for a model that has nothing quicker than asking for each user."""
        data, queries = self._trained(), []
        for user in range(data.n_users):
            queries.append(self._query(Person(user, data.history(user))))
            yield
        return np.stack(queries)

    @abstractmethod
    def _query(self, person: Person) -> Floats:
        """The query vector of one person with a history: (dim,)."""

    @abstractmethod
    def _items(self) -> Floats:
        """The item vectors that queries are multiplied with: (n_items, dim)."""

    @abstractmethod
    def _parts(self, person: Person, item: int) -> Iterator[Part]:
        """The summands of one score, for somebody with a history."""

    # -- helpers ------------------------------------------------------------------------------------

    def _turn(self, knobs: dict[str, float | str]) -> None:
        known = {knob.name: knob for knob in self.knobs}
        value: Any
        for name, value in knobs.items():
            if name not in known:
                raise TypeError(f"{type(self).__name__} has no setting {name!r}; it has {', '.join(known)}")
            knob = known[name]
            if knob.choices and value not in knob.choices:
                words = ", ".join(map(repr, knob.choices))
                raise ValueError(f"{name} must be one of {words}, got {value!r}")
            if not knob.choices and (
                not is_number(value) or not (knob.low <= value <= knob.high or value == knob.everything)
            ):
                everything = "" if knob.everything is None else f", or {knob.everything:g} for all"
                raise ValueError(
                    f"{name} must be a number from {knob.low:g} to {knob.high:g}{everything}, got {value!r}"
                )
            self.values[name] = value.item() if isinstance(value, np.generic) else value  # as JSON can keep it

    def _trained(self) -> Interactions:
        if self.snapshot is None or self.data is None:
            raise NotTrained(
                f"this {type(self).__name__} is not trained yet; run rw.fit(model, data), "
                "or load a trained one with rw.load_model(path)"
            )
        return self.data

    @property
    def _snapshot(self) -> Snapshot:
        self._trained()
        assert self.snapshot is not None
        return self.snapshot

    def _cached(self, name: str, make: Callable[[], T]) -> T:
        """make() once per snapshot and setting; two threads may ask at the same time."""
        with self._lock:
            if name not in self._cache:
                self._cache[name] = make()
            return self._cache[name]  # type: ignore[no-any-return]

    def _last(self, name: str, asked: Any, make: Callable[[], T]) -> T:
        """make(), or what it gave when it was last asked the same: several parts of a page ask about one person."""
        with self._lock:
            known = self._cache.get(name)
            if known is None or known[0] != asked:
                known = self._cache[name] = (asked, make())
            return known[1]

    def settings(self) -> dict[str, Any]:
        """What __init__ needs to make the same model again."""
        own = {"seed": self.seed, "epochs": self.epochs, "learning_rate": self.learning_rate}
        return own | self.values

    def save(self, path: Any) -> None:
        """Write the trained model, with the interactions that it answers from, as .npz."""
        self._trained()
        save_model(self, path)

    def __repr__(self) -> str:
        state = "untrained" if self.snapshot is None else f"trained on {self.data!r}"
        return f"{type(self).__name__}({state})"


def read_only(array: Floats) -> Floats:
    """What is kept for the next question is handed out, too: nobody may write into it."""
    view = array.view()  # the array may be somebody else's
    view.flags.writeable = False
    return view


def _events(parts: Generator[FitEvent | None, None, None]) -> Iterator[FitEvent]:
    """The finished epochs alone."""
    with contextlib.closing(parts):
        yield from (event for event in parts if event is not None)
