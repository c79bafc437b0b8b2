"""Small worlds and small models for the tests: everything here can be worked out by hand, or by numpy in a line."""

import threading
from html.parser import HTMLParser

import numpy as np

from recwidgets.answer import answer
from recwidgets.core import FitEvent, Knob, Part, Person, Snapshot, person_of
from recwidgets.data import Interactions
from recwidgets.models._base import EmbeddingModel

HOSTILE = "<script>alert('x')</script> & \"quotes\" (1999)"
LONG = "A Film Whose Title Never Ends, " * 12 + "(2001)"
BATCHES = 4
DEADLINE = 60  # seconds after which a test that waits has failed; nothing is measured with it


def table(pairs, n_users, n_items, *, titles=None, name="MovieLens, a small world", times=None):
    """Interactions from (user, item) pairs of indices, oldest first; ids are "u1", "u2", … and "f1", "f2", …"""
    pairs = np.asarray(list(pairs), np.int64).reshape(-1, 2)
    return Interactions(
        user=pairs[:, 0],
        item=pairs[:, 1],
        rating=np.ones(len(pairs)),
        time=np.arange(len(pairs)) if times is None else times,
        users=np.array([f"u{n + 1}" for n in range(n_users)]),
        items=np.array([f"f{n + 1}" for n in range(n_items)]),
        titles=np.array(titles or [f"Film {n + 1} ({1950 + n})" for n in range(n_items)]),
        genres=((),) * n_items,
        name=name,
    )


def random_table(rng, n_users, n_items, density=0.3, **options):
    """Random interactions: each pair with the chance `density`, in random order."""
    pairs = np.argwhere(rng.random((n_users, n_items)) < density)
    return table(rng.permutation(pairs), n_users, n_items, **options)


class Fixed:
    """A model of one's own with the least that the protocol asks for: a table of scores (n_users, n_items)."""

    label = "Fixed table"

    def __init__(self, data, scores):
        self.data, self.table = data, np.asarray(scores, np.float32)

    def steps(self, data, validation=None, epochs=None):
        for step in range(1, (epochs or 2) + 1):
            yield FitEvent(step, epochs or 2, {"loss": 1 / step}, Snapshot("fixed", {}))

    def scores(self, user):
        person = person_of(self.data, user)
        return self.table[0 if person.user is None else person.user]


class Svd(EmbeddingModel):
    """Truncated SVD by power iteration. Snapshot: films (n_items, dim), own (n_users, dim).

    The query is the mean of the history's films, shrunk, plus the user's own (random, fixed) vector.
    """

    name = "svd"
    label = "Truncated SVD"
    knobs = (
        Knob("shrink", "Shrinkage", 0, 10, 1, True, "Short histories count less.", "films", everything=999),
        Knob("dim", "Dimensions", 1, 32, 6, False, "How many numbers a film is."),
    )

    def __init__(self, seed=0, epochs=3, learning_rate=0.1, **knobs):
        super().__init__(seed=seed, epochs=epochs, learning_rate=learning_rate, **knobs)

    def _epochs(self, data, total, between_batches):
        rng = np.random.default_rng(self.seed)
        seen = np.zeros((data.n_users, data.n_items))
        seen[data.user, data.item] = 1.0
        dim = min(int(self.values["dim"]), data.n_items)
        films = np.linalg.qr(rng.normal(size=(data.n_items, dim)))[0]  # (n_items, dim)
        own = rng.normal(0, 0.1, (data.n_users, dim))
        for _ in range(total):
            mixed = np.zeros_like(films)
            for done, rows in enumerate(np.array_split(seen, BATCHES)):
                between_batches(done, BATCHES)
                mixed += rows.T @ (rows @ films)
            films = np.linalg.qr(mixed + 1e-9 * films)[0]
            loss = float(np.square(seen - seen @ films @ films.T).mean())
            yield loss, {"films": (8 * films).astype(np.float32), "own": own.astype(np.float32)}

    def _weight(self, person):
        return np.float32(1 / (len(person.history) + self.values["shrink"] or 1))

    def _query(self, person):
        query = self._weight(person) * self.snapshot["films"][person.history].sum(0)
        return query if person.user is None else query + self.snapshot["own"][person.user]

    def _queries(self):
        people = (Person(user, self.data.history(user)) for user in range(self.data.n_users))
        return np.stack([self._query(person) for person in people])

    def _items(self):
        return self.snapshot["films"]

    def _parts(self, person, item):
        target = self.snapshot["films"][item]
        for film in person.history.tolist():
            value = float(self._weight(person) * (self.snapshot["films"][film] @ target))
            yield Part(str(self.data.titles[film]), "film", value, film, float(self._weight(person)))
        if person.user is not None:
            yield Part("own embedding", "own", float(self.snapshot["own"][person.user] @ target), person.user)


class Held(Svd):
    """Svd that waits before each batch until the test lets one through: no sleeping, no guessing."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.permits = threading.Semaphore(0)
        self.waiting = threading.Event()  # set while a batch waits for its permit
        self.reached = []  # the batches before which the training came to the gate

    def let(self, batches):
        self.permits.release(batches)

    def _epochs(self, data, total, between_batches):
        def held(done, batches):
            self.reached.append(done)
            between_batches(done, batches)
            self.waiting.set()
            if not self.permits.acquire(timeout=DEADLINE):
                raise TimeoutError("the test never let this batch through")
            self.waiting.clear()

        yield from super()._epochs(data, total, held)


class Failing(Svd):
    """Svd that fails in its second epoch."""

    def _epochs(self, data, total, between_batches):
        for step, result in enumerate(super()._epochs(data, total, between_batches), 1):
            if step == 2:
                raise RuntimeError("the <second> epoch is broken")
            yield result


def register(monkeypatch, cls=Svd):
    """Let `make`, `load_model` and the rest find a test's model under its short name."""
    from recwidgets import models

    monkeypatch.setitem(models.known_models(), cls.name, cls)


def trained(data, epochs=3, **settings):
    """An Svd that has learned `data`."""
    model = Svd(**settings)
    for _ in model.steps(data, epochs=epochs):
        pass
    return model


def asked(model, data, user=0, held_out=None, k=10):
    """The answer to a user of the data, by index."""
    return answer(model, data, Person(user, data.history(user)), held_out, k)


def ties_and_all(n_users=5, n_items=12):
    """A world in which ranking is hard: ties, scores that are no numbers, a user who has seen everything."""
    pairs = [(0, 3), (0, 0), (1, 1), (3, 11), (3, 2)] + [(2, item) for item in range(n_items)]
    scores = np.zeros((n_users, n_items))
    scores[0] = [5, 4, 4, 9, 4, 1, 1, 1, 1, 0, 0, -2]
    scores[1] = np.nan
    scores[1, [4, 7]] = 0.5
    scores[2] = np.arange(n_items)
    scores[3] = [np.nan, -np.inf, 7, 3, 3, 3, 3, 3, 3, 3, 3, 3]
    data = table(pairs, n_users, n_items)
    return data, Fixed(data, scores)


class Tag:
    """An element of a page: its tag, attributes, and all the text in it."""

    def __init__(self, tag, attributes):
        self.tag, self.attributes, self.text = tag, dict(attributes), ""

    def has(self, name):
        return name in (self.attributes.get("class") or "").split()

    def __getitem__(self, name):
        return self.attributes[name]


class Markup(HTMLParser):
    """HTML as a page reads it; what is opened must be closed, in order."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open = [], []
        self.feed(str(text))  # of Markup even the pieces would be escaped again
        self.close()
        assert not self.open, f"never closed: {[tag.tag for tag in self.open]}"

    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        assert len(names) == len(set(names)), f"an attribute twice in <{tag}>: {names}"
        self.tags.append(Tag(tag, attributes))
        if tag not in ("input", "br", "img", "hr"):
            self.open.append(self.tags[-1])

    def handle_startendtag(self, tag, attributes):
        self.tags.append(Tag(tag, attributes))

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data):
        for tag in self.open:
            tag.text += data

    def all(self, tag=None, name=None, **attributes):
        """The elements of this tag, class and attributes (data_act stands for data-act)."""
        wanted = {key.replace("_", "-"): value for key, value in attributes.items()}
        return [
            found
            for found in self.tags
            if tag in (None, found.tag)
            and (name is None or found.has(name))
            and all(found.attributes.get(key) == value for key, value in wanted.items())
        ]

    def one(self, tag=None, name=None, **attributes):
        (found,) = self.all(tag, name, **attributes)
        return found
