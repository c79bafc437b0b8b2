"""What a model's numpy answers and its network must agree on: these are below both."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

# -- gnn ---------------------------------------------------------------------------------------------

DEPTH = 4  # the most layers that the knob offers

# -- knn ---------------------------------------------------------------------------------------------

K = 50  # neighbours while training, and where the knob starts
POWER, LEAST = 6, 1e-3  # a neighbour's weight is its nearness, at least LEAST, to this power
SIMILARITIES = ("cosine", "dot product", "distance")

# -- session -------------------------------------------------------------------------------------------

WINDOW = 50  # items looked back at
HALF_LIVES = (0.3, 0.7, 1.5, 3.0, 6.0, 12.0, 30.0, math.inf)  # where the learned recency weights start, in items


def recency_start(window: int) -> Any:
    """log of 0.5 ** (age / half-life) for each half-life: float32 (window, means)."""
    return (-math.log(2) * np.arange(window)[:, None] / np.asarray(HALF_LIVES)[None]).astype(np.float32)
