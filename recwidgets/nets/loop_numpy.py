"""The loop over epochs and batches in numpy, and Adam."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .._threads import at_once
from ..steps import Steps
from .parts_numpy import blocks
from .settings import cosine_rate


class Adam:
    """Steps against the gradient, each number at a pace of its own (Kingma & Ba 2015, arXiv:1412.6980).

    m is a running mean of the gradient, v of its square; a step is rate · m / √v, both made up for their start at zero.
    """

    def __init__(self, arrays: dict[str, Any], fast: float = 0.9, slow: float = 0.999, least: float = 1e-7) -> None:
        self.arrays, self.fast, self.slow, self.least, self.steps = arrays, fast, slow, least, 0
        self.m = {name: np.zeros_like(array) for name, array in arrays.items()}
        self.v = {name: np.zeros_like(array) for name, array in arrays.items()}

    def step(self, gradients: dict[str, Any], rate: float) -> Steps[None]:
        """Change the arrays, in place, some rows at a time. An array without a gradient stays as it is."""
        self.steps += 1
        rate *= (1 - self.slow**self.steps) ** 0.5 / (1 - self.fast**self.steps)
        for name, gradient in gradients.items():
            for rows in blocks(len(gradient), gradient[0].size):
                g, m, v = gradient[rows], self.m[name][rows], self.v[name][rows]
                part = np.square(g)
                v *= self.slow  # v = slow v + (1 - slow) g²
                part *= 1 - self.slow
                v += part
                m *= self.fast  # m = fast m + (1 - fast) g
                m += np.multiply(g, 1 - self.fast, out=part)
                np.sqrt(v, out=part)  # array -= rate m / (√v + least)
                part += self.least
                np.divide(m, part, out=part)
                part *= rate
                self.arrays[name][rows] -= part
                yield


def learned(net: Any, adam: Adam, drawn: Any, rate: float) -> Steps[float]:
    """One step of the training: the loss before it."""
    loss, gradients = yield from net.step(drawn)
    yield from adam.step(gradients, rate)
    return float(loss)


def run_epochs(
    net: Any,
    draw: Callable[[int], Any],
    *,
    rate: float,
    epochs: int,
    batches: int,
    between: Callable[[int, int], None],
) -> Iterator[float | None]:
    """Train `net` on draw(step) for every step; after each epoch, the mean loss; None where it may be left meanwhile.

    `between` is called after every batch, and may wait (pause) or raise (stop).
    """
    adam = Adam(net.arrays)
    for epoch in range(epochs):
        losses = []
        for n in range(batches):
            step = epoch * batches + n
            drawn, rate_now = draw(step), cosine_rate(rate, step, epochs * batches)
            yield None
            losses.append((yield from at_once(learned(net, adam, drawn, rate_now))))
            between(n + 1, batches)
            yield None
        yield float(np.mean(losses))
