# ruff: noqa: E501  # a sentence for the learner stays on one line
"""07 · the backward pass: the gradient of a mean."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import worlds
from ..exercise import Exercise, Mistake

WATCHED = np.array([[1, 1, 0], [0, 1, 1]])  # Ann, Bob; as in the notebook
D_PEOPLE = np.array([1.0, -2.0])
D_ANN = 2.3  # of the loss by where Ann stands


def backward(watched: Any, d_people: Any) -> Any:
    """The gradient of people = watched / degree @ films by the films: each gets its share of what came back."""
    return watched.T @ (d_people / np.maximum(watched.sum(1, keepdims=True), 1))


def _by_viewers(watched: Any, d_people: Any) -> Any:
    return watched.T / np.maximum(watched.T.sum(1, keepdims=True), 1) @ d_people


EXERCISES = (
    Exercise(
        "back-1",
        "Ann is the mean of films 0 and 1, and the gradient of the loss by where Ann stands is 2.3. What is it by where film 0 stands?",
        right=lambda: D_ANN / 2,
        mistakes=(
            Mistake(
                lambda: D_ANN,
                "That would be so if Ann stood where film 0 stands. She is a mean of two: if film 0 moves by 1, Ann moves by 1/2.",
            ),
            Mistake(
                lambda: -D_ANN / 2,
                "The size is right. A gradient says where the loss *grows*; the minus comes when the film is moved.",
            ),
            Mistake(lambda: D_ANN * 2, "You multiply by two films; a mean divides by them."),
            Mistake(lambda: D_ANN / 3, "There are three films, but Ann watched two of them."),
        ),
        hints=(
            "If film 0 moves by a little, by how much does Ann move?",
            "By half of it. And the loss changes by 2.3 for each step of 1 that Ann makes.",
            "`2.3 / 2`",
        ),
        praise="The chain rule: how much the loss changes with Ann, times how much Ann changes with the film.",
    ),
    Exercise(
        "back-2",
        "The gradient by Ann is 1, by Bob -2. What is it by each of the three films?",
        right=lambda: WATCHED.T @ (D_PEOPLE / WATCHED.sum(1)),
        mistakes=(
            Mistake(
                lambda: WATCHED.T @ D_PEOPLE,
                "You forgot to divide by the degree: Ann and Bob are means of two films each, so each film moves them by half.",
            ),
            Mistake(
                lambda: WATCHED.T @ D_PEOPLE / WATCHED.sum(0),
                "You divide by the *viewers* of a film. The mean was over the *films of a person*: divide by those.",
            ),
            Mistake(
                lambda: np.array([0.5, -1.0, -1.0]),
                "Film 1 was watched by both, so what comes back from both counts. Bob's does not replace Ann's.",
            ),
            Mistake(
                lambda: np.array([0.5, 0.5, -1.0]),
                "Film 1 was watched by both, so what comes back from both counts. Bob's is missing.",
            ),
            Mistake(
                lambda: -(WATCHED.T @ (D_PEOPLE / WATCHED.sum(1))),
                "The sizes are right. A gradient says where the loss *grows*; the minus comes when the films are moved.",
            ),
        ),
        hints=(
            "Each film gets something from each of its viewers.",
            "Film 0 gets half of Ann's, film 2 half of Bob's, film 1 half of both.",
            "`watched.T @ (d_people / watched.sum(1))`",
        ),
        praise="Forward, a person is the mean of films; backward, a film is the *sum* of its viewers' shares.",
    ),
    Exercise(
        "back-3",
        "Write backward(watched, d_people): the gradient by the films, (n_films, dim).",
        right=backward,
        cases=worlds.gradients,
        mistakes=(
            Mistake(
                lambda watched, d_people: watched.T @ d_people,
                "You forgot to divide by the degree of the person: who watched 700 films is moved by each of them by 1/700 only.",
            ),
            Mistake(
                _by_viewers,
                "You divide by the *viewers* of a film: that is the next layer's forward pass. The mean was over the *films of a person*: divide by those, before you sum.",
            ),
            Mistake(
                lambda watched, d_people: -backward(watched, d_people),
                "The sizes are right. A gradient says where the loss *grows*; the minus comes when the films are moved, outside this function.",
            ),
            Mistake(
                lambda watched, d_people: watched.T @ (d_people / len(d_people)),
                "You divide by the number of people. The mean was over the films of a person: divide by how many each watched.",
            ),
            Mistake(
                lambda watched, d_people: (
                    watched.T @ (d_people / np.sqrt(np.maximum(watched.sum(1, keepdims=True), 1)))
                ),
                "You divide by the *square root* of the degree; the forward pass divided by the degree itself.",
            ),
        ),
        hints=(
            "It is back-2 with a row of numbers in the place of each number.",
            "Divide each row of `d_people` by how many films the person watched (at least 1), then sum over the viewers of a film.",
            "`return watched.T @ (d_people / np.maximum(watched.sum(1, keepdims=True), 1))`",
        ),
        praise="Equal to the package's own gradient on paper and on MovieLens, and to a wiggle of each number, to 1e-5.",
    ),
)
