"""Array types, and the two steps every column passes: freezing it and numbering its ids."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Float32s = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
Strings = npt.NDArray[np.str_]
ROOM = 256 << 20  # bytes that a column of texts may take


def sized(values: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Whole numbers as numpy's own counts and places: repeat, bincount and reduceat refuse int64 on 32-bit systems."""
    return values.astype(np.intp, copy=False)


def distinct(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The different values, ascending: np.unique, which hashes whole numbers and takes a hundred times as long."""
    ordered = np.sort(values, axis=None)
    new = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    return ordered[new]


def stable_order(
    values: npt.NDArray[Any], below: int, beside: npt.NDArray[Any], beside_below: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[Any]]:
    """(order, beside[order]), order = np.argsort(values, kind="stable"); whole numbers from 0 to `below` - 1.

    Value, place and what stands beside it are sorted as one number of 64 bits: numpy sorts numbers several times as
    quickly as it finds an order, and what is beside is not gathered from all over the memory. Wider ones are.
    """
    bits = [max(n - 1, 1).bit_length() for n in (below, len(values), beside_below)]
    if sum(bits) > 64:
        order = np.argsort(values, kind="stable")
        return order, beside[order]
    every = values.astype(np.uint64)
    every <<= np.uint64(bits[1])
    every |= np.arange(len(values), dtype=np.uint64)
    every <<= np.uint64(bits[2])
    every |= beside.astype(np.uint64)
    every.sort()
    last = (every & np.uint64((1 << bits[2]) - 1)).astype(beside.dtype)
    every >>= np.uint64(bits[2])
    every &= np.uint64((1 << bits[1]) - 1)
    return every.astype(np.intp), last


def frozen(values: Any, dtype: Any) -> npt.NDArray[Any]:
    """`values` as a read-only array of `dtype`; an array that is both already is returned as it is."""
    array = np.asarray(values, dtype=dtype)
    if array.flags.writeable:
        array = array.copy()  # the caller keeps the right to change its own array
        array.setflags(write=False)
    return array


def fixed(texts: list[str], column: str) -> Strings:
    """Texts as an array. numpy gives each the room of the longest: raises ValueError where that is too much."""
    longest = max(map(len, texts), default=0)
    if len(texts) * longest * 4 > ROOM:
        raise ValueError(
            f"{column!r} has a text of {longest:,} characters, and all {len(texts):,} would take as much room; "
            "cut the longest (200 characters are plenty)"
        )
    return np.array(texts, np.str_)


def number_ids(ids: npt.NDArray[Any]) -> tuple[Strings, Int32s]:
    """Number ids from 0: in numeric order when all are integers, else in the order of their text.

    ids: int or str (n,).
    Returns the distinct ids as str (n_ids,), and each row's index among them, int32 (n,).
    """
    distinct, index = np.unique(ids, return_inverse=True)
    texts: Strings = distinct.astype(np.str_)
    if distinct.dtype.kind in "US" and _all_integers(texts):
        values = np.array([int(text) for text in texts.tolist()], dtype=object)
        order = np.array(sorted(range(len(values)), key=lambda i: (values[i], texts[i])), dtype=np.int64)
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        texts, index = texts[order], place[index]
    return texts, index.reshape(-1).astype(np.int32)


def _all_integers(texts: Strings) -> bool:
    """With no more digits than Python makes a number of at once."""
    return len(texts) > 0 and texts.dtype.itemsize < 4 * 4_000 and all(map(_is_integer, texts.tolist()))


def _is_integer(text: str) -> bool:
    return text.isascii() and text.removeprefix("-").isdigit()
