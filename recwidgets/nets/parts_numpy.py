"""What the three networks in numpy share: sums over the edges of a graph, and the softmax, forward and backward.

Each function that works out `y` from `x` stands beside the one that works out the gradient of the loss by `x` from that
by `y`; a gradient is called d_ and the name of its array. scipy.sparse is used where it is installed: it is quicker.
"""

from __future__ import annotations

import importlib
import importlib.util
import math
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from .._threads import BLAS
from ..data._arrays import sized
from ..steps import Steps

# numbers worked on at a time, so that they stay in the processor's cache; in a browser's tab clicks are answered
# between two blocks
BLOCK = 1 << (18 if BLAS else 16)
ROWS = 128 if BLAS else 8  # of a softmax that are worked on together, at least: a product of fewer costs more a row
FEW = 8  # nodes whose next neighbours are not added together, but one node after the other
LEFT_OUT = -1e9  # the logit of an item that is no answer: its softmax is zero


def scipy_sparse() -> Any:
    """scipy.sparse, or None where scipy is not installed."""
    if sys.platform == "emscripten" or importlib.util.find_spec("scipy") is None:
        return None
    return importlib.import_module("scipy.sparse")


def blocks(rows: int | slice, width: int, least: int = 8) -> Iterator[slice]:
    """Rows (0 … rows where it is a number) in slices of as many as fit in a block of `width` numbers each, or `least`.

    The last slice may be shorter.
    """
    start, stop = (0, rows) if isinstance(rows, int) else (rows.start, rows.stop)
    step = max(BLOCK // max(width, 1), least)
    for first in range(start, stop, step):
        yield slice(first, min(first + step, stop))


def halves(rows: int) -> tuple[slice, slice]:
    """0 … rows in two halves: what is summed over rows is summed over each, so that two cores may work at once."""
    return slice(0, rows // 2), slice(rows // 2, rows)


def product(a: Any, b: Any, out: Any = None) -> Any:
    """a @ b: (n, k), (k, m) -> (n, m). Without BLAS, einsum is up to seven times faster: it finds the order."""
    return np.matmul(a, b, out=out) if BLAS else np.einsum("nk,km->nm", a, b, out=out)


class Buffers:
    """Large arrays that one batch after the other is worked out in, by name; what is in them is of the last batch.

    The system clears the memory of every new one, which took a quarter of an epoch. One thread's own.
    """

    def __init__(self) -> None:
        self._kept: dict[str, Any] = {}

    def __call__(self, name: str, shape: tuple[int, ...], dtype: Any) -> Any:
        size = math.prod(shape)
        if name not in self._kept or len(self._kept[name]) < size or self._kept[name].dtype != dtype:
            self._kept[name] = np.empty(size, dtype)
        return self._kept[name][:size].reshape(shape)

    def zeros(self, name: str, shape: tuple[int, ...], dtype: Any) -> Any:
        array = self(name, shape, dtype)
        array[:] = 0
        return array

    def rows(self, name: str, table: Any, index: Any) -> Any:
        """table[index]: (…) -> (…, dim); index within the table."""
        out = self(name, (*index.shape, table.shape[1]), table.dtype)
        return np.take(table, index, axis=0, out=out, mode="clip")  # "raise" would need a buffer of its own


def inverse(count: Any) -> Any:
    """1 / count, and zero for zero: what turns a sum into a mean."""
    return np.divide(1, count, out=np.zeros_like(count), where=count > 0)


class Edges:
    """Edges between rows and columns, each counted once: sums over a node's neighbours.

    row: (n_edges,), ascending. column: (n_edges,). shape: (n_rows, n_columns).
    by_column: an order of the edges in which the columns ascend; worked out where it is not known.
    With a matrix S (n_rows, n_columns), one where an edge is and else zero, to_rows(x) is S x and to_columns(x) Sᵀ x:
    the gradient of either goes through the other. Both may be left at their yields.
    """

    def __init__(self, row: Any, column: Any, shape: tuple[int, int], by_column: Any = None) -> None:
        self.shape = shape
        sparse = scipy_sparse()
        self.row, self.column = row, column
        self.matrix = None
        if sparse is not None:
            ones = np.ones(len(row), np.float32)
            self.matrix = sparse.csr_matrix((ones, column, starts(row, shape[0])), shape)
            return
        self.by_column = np.argsort(column, kind="stable") if by_column is None else by_column

    def to_rows(self, x: Any) -> Steps[Any]:
        """What each row's neighbours sum to: (n_columns, dim) -> (n_rows, dim)."""
        if self.matrix is not None:
            return self.matrix @ x
        return (yield from sums(x, self.row, self.column, self.shape[0]))

    def to_columns(self, x: Any) -> Steps[Any]:
        """What each column's neighbours sum to: (n_rows, dim) -> (n_columns, dim)."""
        if self.matrix is not None:
            return self.matrix.T @ x
        return (yield from sums(x, self.column[self.by_column], self.row[self.by_column], self.shape[1]))


def sums(x: Any, to: Any, of: Any, n: int) -> Steps[Any]:
    """out[t] = the sum of x[of[e]] over the edges e with to[e] = t: (n, dim). to: ascending.

    The first neighbour of many nodes at a time, then the second of those that have one, and so on; where few nodes are
    left that have so many, the rest of each at once.
    """
    out, first, count = np.zeros((n, x.shape[1]), x.dtype), starts(to, n), np.bincount(to, minlength=n)
    order, work = np.argsort(-count, kind="stable"), 0  # alike nodes together, those with the most edges first
    for rows in blocks(n, x.shape[1]):
        nodes = order[rows]
        total = np.zeros((len(nodes), x.shape[1]), x.dtype)
        at_least = np.searchsorted(-count[nodes], -np.arange(count[nodes[0]]))  # how many have a first edge, a second …
        together = np.count_nonzero(at_least >= FEW)
        for nth, some in enumerate(at_least[:together].tolist()):
            total[:some] += x.take(of[first[nodes[:some]] + nth], axis=0)  # (some, dim)
            if (work := work + some * x.shape[1]) > BLOCK:
                work = 0
                yield
        for place, node in enumerate(nodes[: at_least[together]] if together < len(at_least) else ()):
            rest = of[first[node] + together : first[node + 1]]
            for part in blocks(len(rest), x.shape[1]):
                total[place] += x.take(rest[part], axis=0).sum(0)
                if (work := work + (part.stop - part.start) * x.shape[1]) > BLOCK:
                    work = 0
                    yield
        out[nodes] = total
    return out


def add_rows(table: Any, index: Any, rows: Any) -> Steps[None]:
    """table[index[n]] += rows[n], also where an index is there more than once: the gradient of table[index]."""
    index, rows = index.ravel(), rows.reshape(-1, table.shape[1])
    sparse = scipy_sparse()
    if sparse is not None:
        ones = np.ones(len(index), rows.dtype)
        table += sparse.csc_matrix((ones, index, np.arange(len(index) + 1)), (len(table), len(index))) @ rows
    else:
        order = np.argsort(index, kind="stable")
        table += yield from sums(rows, index[order], order, len(table))


class Wanted(NamedTuple):
    """What a softmax is to give: of row r, the columns column[start[r] : start[r + 1]] as much as value says.

    left_out, in the same form without values: columns that are no answer.
    """

    start: Any  # (n_rows + 1,)
    column: Any  # (n,)
    value: Any  # (n,)
    left_out_start: Any  # (n_rows + 1,)
    left_out: Any  # (m,)

    def of(self, rows: slice, width: int, dtype: Any) -> tuple[Any, Any, Any, Any, Any]:
        """Places in logits[rows] that are wanted, their rows, how much; rows' sums (rows, 1); places left out."""
        row, some = _within(self.start, rows)
        value = self.value[some].astype(dtype)
        weight = np.bincount(row, value, rows.stop - rows.start).astype(dtype)[:, None]
        away, none = _within(self.left_out_start, rows)
        return row * width + self.column[some], row, value, weight, away * width + self.left_out[none]


def _within(start: Any, rows: slice) -> tuple[Any, slice]:
    """Of the entries of some rows, the row that each is in, counted from the first of them; and where they stand."""
    counts = np.diff(start[rows.start : rows.stop + 1])
    return np.repeat(sized(np.arange(len(counts))), sized(counts)), slice(start[rows.start], start[rows.stop])


def softmax(queries: Any, items: Any, wanted: Wanted, rows: slice, d_items: Any, buffers: Buffers) -> tuple[float, Any]:
    """The cross-entropy of a softmax over all items for some rows: its value, and its gradient by their queries.

    queries: (rows, dim). items: (n_items, dim), and d_items, to which the gradient by them is added.
    loss = -Σ wanted · log softmax(queries · itemsᵀ)
    """
    place, row, value, weight, away = wanted.of(rows, len(items), queries.dtype)
    out = buffers("logits", (len(queries), len(items)), queries.dtype)
    logits = product(queries, items.T, out)  # (rows, n_items)
    flat = logits.ravel()  # the same numbers, in one row
    flat[away] = LEFT_OUT
    logits -= logits.max(1, keepdims=True)  # exp of a large number is not a number
    loss = -float(value @ flat[place])
    np.exp(logits, out=logits)
    total = logits.sum(1, keepdims=True)  # (rows, 1)
    loss += float((weight * np.log(total)).sum())
    # backward: by a logit, the probability that it has, less what is wanted of it; a row's share of the loss, over its
    # total, is multiplied into what is small
    share = weight / total  # (rows, 1)
    np.subtract.at(flat, place, value / share[row, 0])  # (rows, n_items)
    d_items += product(logits.T, share * queries, buffers("d_items", items.shape, items.dtype))  # (n_items, dim)
    return loss, share * product(logits, items)  # (rows, dim)


def hidden_wanted(row: Any, column: Any, shown: Any, shape: tuple[int, int], candidates: Any) -> Wanted:
    """`Wanted` that asks for the hidden edges alike, the shown ones left out.

    row (ascending), column, shown (bool): (n_edges,). candidates: the columns that the softmax is over, None for all.
    """
    if candidates is not None:
        column = place_of(candidates, shape[1])[column]
        there = column >= 0
        row, column, shown = row[there], column[there], shown[there]
    hidden = ~shown
    n = int(np.count_nonzero(hidden))
    value = np.full(n, 1 / max(n, 1))
    return Wanted(
        starts(row[hidden], shape[0]), column[hidden], value, starts(row[shown], shape[0]), column[shown]
    )  # fmt: skip


def place_of(candidates: Any, n: int) -> Any:
    """Where each of 0 … n - 1 stands among the candidates, -1 where it does not: (n,)."""
    place = np.full(n, -1)
    place[candidates] = np.arange(len(candidates))
    return place


def starts(row: Any, n: int) -> Any:
    """Where the entries of each of n rows begin, and where the last ones end: (n + 1,). row: ascending."""
    return np.concatenate([[0], np.cumsum(np.bincount(row, minlength=n))])


def some(draw: np.random.Generator, n: int, most: int) -> Any:
    """`most` of 0 … n - 1 at random, ascending; None where there are no more than that."""
    return np.sort(draw.permutation(n)[:most]) if n > most else None


def drawn_tables(draw: np.random.Generator, rows: dict[str, int], dim: int) -> Steps[dict[str, Any]]:
    """The embeddings before training, (rows, dim) each; may be left between two of them."""
    tables = {}
    for name, n in rows.items():
        tables[name] = draw.normal(0, 0.05, (n, dim)).astype(np.float32)
        yield
    return tables
