# ruff: noqa: E501  # a sentence for the learner stays on one line
"""02 · the graph: messages, means, layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...graph import propagate
from .. import worlds
from ..exercise import Exercise, Mistake
from ..own import travel

WATCHED = np.array([[1, 1, 0], [0, 1, 1]])  # Ann, Bob; as in the notebook
FILMS = np.array([1.0, 0.0, -2.0])


def _end(graph: Any, users: Any, films: Any, hops: int) -> Any:
    """The real layer: users and films after the last hop."""
    layers = propagate(graph, users, films, hops)
    return layers[0][-1], layers[1][-1]


def _used(aggregate: Any, graph: Any, users: Any, films: Any, hops: int) -> Any:
    layers = travel(graph, users, films, hops, aggregate)
    return layers[0][-1], layers[1][-1]


def _layer(watched: Any, users: Any, films: Any, least: int = 1) -> Any:
    to_users = watched / np.maximum(watched.sum(1, keepdims=True), least)
    to_films = watched.T / np.maximum(watched.sum(0)[:, None], least)
    return to_users @ films, to_films @ users


def _sequential(watched: Any, users: Any, films: Any) -> Any:
    new = _layer(watched, users, films)[0]
    return new, _layer(watched, new, films)[1]


def _lightgcn(watched: Any, users: Any, films: Any) -> Any:
    scaled = watched / np.sqrt(np.maximum(watched.sum(1, keepdims=True), 1) * np.maximum(watched.sum(0), 1))
    return scaled @ films, scaled.T @ users


def _wrong_side(watched: Any, users: Any, films: Any) -> Any:
    of_user, of_film = np.maximum(watched.sum(1, keepdims=True), 1), np.maximum(watched.sum(0), 1)
    return (watched / of_film) @ films, (watched / of_user).T @ users


EXERCISES = (
    Exercise(
        "gnn-1",
        "Ann watched films 0 and 1, which stand at 1 and 0. Where does she stand after one layer?",
        right=lambda: 0.5,
        mistakes=(
            Mistake(
                lambda: 1.0,
                "1 is the *sum* of what her films say. A layer takes the mean: divide by how many there are.",
            ),
            Mistake(lambda: -1.0, "That is Bob (or the mean of all films there are); Ann watched films 0 and 1 only."),
            Mistake(lambda: 0.0, "0 is where film 1 stands. Film 0 has a say as well."),
        ),
        hints=(
            "A node becomes what its neighbours say, on the average.",
            "Ann's neighbours are film 0 (at 1) and film 1 (at 0).",
            "`(1 + 0) / 2`",
        ),
    ),
    Exercise(
        "gnn-2",
        "Fill the line: where do the films stand after the second layer, as means of their viewers?",
        right=lambda: (WATCHED.T / WATCHED.T.sum(1, keepdims=True)) @ (WATCHED @ FILMS / WATCHED.sum(1)),
        mistakes=(
            Mistake(
                lambda: WATCHED.T @ (WATCHED @ FILMS / WATCHED.sum(1)),
                "You forgot to divide by the degree: film 1 has two viewers, so it must be their mean, not their sum.",
            ),
            Mistake(lambda: FILMS, "That is where the films stood at the start. Now they hear their viewers."),
            Mistake(
                lambda: WATCHED @ FILMS / WATCHED.sum(1),
                "Those are the people, after the first layer. The films listen to *them* now.",
            ),
        ),
        hints=(
            "It is the same as for the people, with the table turned: `watched.T`.",
            "Each row of `watched.T` is a film; divide it by its sum, then multiply with `people`.",
            "`watched.T / watched.T.sum(1, keepdims=True) @ people`",
        ),
        praise="Film 1 was watched by both and ends between them. Each hop pulls the numbers nearer to each other.",
    ),
    Exercise(
        "gnn-3",
        "Write aggregate(messages): what a node makes of its neighbours' messages, (n, dim) -> (dim,).",
        right=_end,
        run=_used,
        cases=worlds.graphs,
        mistakes=(
            Mistake(
                lambda messages: messages.sum(0),
                "You forgot to divide by the degree: that is a sum. Who watched 700 films would shout 35 times as loud as "
                "who watched 20.",
            ),
            Mistake(
                lambda messages: messages.sum(0) / np.sqrt(len(messages)),
                "You divide by the *square root* of the degree. LightGCN does something like it; here a layer is a mean.",
            ),
            Mistake(
                lambda messages: messages.max(0),
                "That is the largest of the messages, number by number; asked for is their mean.",
            ),
            Mistake(lambda messages: messages[0], "Only the first neighbour is heard. All of them have a say."),
            Mistake(lambda messages: messages[-1], "Only the last neighbour is heard. All of them have a say."),
            Mistake(lambda messages: np.median(messages, axis=0), "That is the median; the layer takes the mean."),
        ),
        hints=(
            "One row for each neighbour: how does one get one row out of many, whatever their number?",
            "The mean over the neighbours, that is over axis 0.",
            "`return messages.mean(axis=0)`",
        ),
        praise="The same as recwidgets.graph.propagate, on paper and on MovieLens' whole graph, to 1e-5.",
    ),
    Exercise(
        "gnn-4",
        "Write layer(watched, users, films): where the users and where the films stand after one layer.",
        right=_layer,
        cases=worlds.tables,
        mistakes=(
            Mistake(
                lambda watched, users, films: (watched @ films, watched.T @ users),
                "You forgot to divide by the degree, on both sides: these are sums.",
            ),
            Mistake(
                lambda watched, users, films: (_layer(watched, users, films)[0], watched.T @ users),
                "The users are right. The films are sums: divide by how many viewers each has.",
            ),
            Mistake(
                lambda watched, users, films: (_layer(watched, users, films)[0], films),
                "The users are right, but the films did not listen to their viewers.",
            ),
            Mistake(
                _sequential,
                "The films listened to the *new* users. In a layer both sides listen to what stood there before it.",
            ),
            Mistake(
                _wrong_side,
                "You divide by the degree of the one who speaks. Divide by the degree of the one who *listens*.",
            ),
            Mistake(
                _lightgcn,
                "This is LightGCN's own scaling, 1/sqrt(degree · degree). It is fine; the layer here takes a plain mean.",
            ),
            Mistake(
                lambda watched, users, films: _layer(watched, users, films)[::-1],
                "The two are swapped: first the users, then the films.",
            ),
        ),
        hints=(
            "It is the five-node example: a table whose rows sum to one, times what the other side says.",
            "`to_users = watched / (its row sums)`; `to_films` the same with watched.T. A film nobody watched has the sum 0.",
            "`n = np.maximum(watched.sum(1, keepdims=True), 1); m = np.maximum(watched.T.sum(1, keepdims=True), 1); "
            "return watched / n @ films, watched.T / m @ users`",
        ),
        praise="A layer of your own, equal to the real one on the whole graph, to 1e-5.",
    ),
)
