"""What both backends have in common: what is hidden while training, where the weights start, the learning rate."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ..data import Interactions

SAMPLED_ITEMS = 2048  # the most items that one step compares with; of more, it samples so many
SAMPLED_USERS = 1024  # the most users who may be neighbours in one step; of more, it samples so many
ALWAYS = 0.5  # of the items that a step of the session model compares with: the most popular ones, in every step
TARGETS = 8  # items to come that count as right
FADE = 0.75  # of the items to come that count as right, each 0.75 of the one before
SIGNATURE = 0.25  # part of the dimensions that starts as "not this one again"


class GNNDropout(NamedTuple):
    """What is hidden at random while training, and how strongly the own embeddings are pulled to zero."""

    edge: float = 0.75  # predicted from those that are left
    own: float = 0.5  # so that the items alone answer as well: a new person has no own embedding
    items: float = 0.1  # so that the own embedding learns something, too
    user_l2: float = 2e-3


class KNNDropout(NamedTuple):
    """What is hidden at random while training, and how strongly the own embeddings are pulled to zero."""

    item: float = 0.7  # predicted from those that are left
    user_l2: float = 1e-3
    direct: float = 1.0  # weight of the second loss: the user vector alone must predict, too


class SessionDropout(NamedTuple):
    """What is hidden at random while training, and how strongly the tables are pulled to zero."""

    own: float = 0.5  # so that the items alone work as well: a new person has no own embedding
    item: float = 0.2
    query: float = 0.3
    hidden_share: float = 0.2  # of the target: items hidden from the history
    user_l2: float = 0.03
    item_l2: float = 0.05


def query_dropout(dim: int) -> float:
    """How many of a query's dimensions are dropped in training: about 64 stay, and never more than half.

    Each step then answers from another small space; the whole is much like the mean of many small models.
    """
    return 1.0 - min(64 / dim, 0.5)


def cosine_rate(start: float, step: int, total: int, warm: int = 10, last: float = 0.02) -> float:
    """The learning rate of one step: a short warm-up, then a cosine down to `last` of the start."""
    fall = last + (1 - last) * 0.5 * (1 + math.cos(math.pi * step / max(total, 1)))
    return start * fall * min(1.0, (step + 1) / warm)


# -- where the session model's weights start -----------------------------------------------------------


def first_items(n_items: int, dim: int, seed: int) -> Any:
    """The item embeddings before training, float32 (n_items, dim): told apart from the start."""
    items = np.random.default_rng(seed).normal(0.0, 1.0, (n_items, dim))
    items *= np.where(is_signature(dim), 0.15, 0.05)
    return items.astype(np.float32)


def is_signature(dim: int) -> Any:
    """bool (dim,): the last dimensions, which start as "not this one again"."""
    return np.arange(dim) >= dim - int(SIGNATURE * dim)


def signed_identity(means: int, dim: int, size: float, seed: int) -> Any:
    """Maps that start as +size on the first dimensions and -size on the signature: (means * dim, dim).

    The first part says "more like this", the second "not this one again": there an item that was
    just watched pushes its own score down. Without it seen items fill the list.
    """
    noise = np.random.default_rng([seed, means]).normal(0.0, 0.02, (means, dim, dim))
    return (np.diag(np.where(is_signature(dim), -size, size)) + noise).reshape(-1, dim).astype(np.float32)


def start_bias(data: Interactions) -> Any:
    """log(1 + ratings), less that of a typical click: (n_items, 1); 0 = as popular as what is usually watched."""
    count = np.log1p(data.popularity)
    return (count - np.average(count, weights=data.popularity))[:, None].astype(np.float32)
