"""Arrays that come from memory used before: `empty` in place of `numpy.empty` wherever work is repeated.

A training step needs the same arrays as the step before it. Fresh memory costs a page fault for each 4 KB and arrives
cold; what was given up a moment ago is still in the cache. So memory goes back on a pile when the last array that looks
into it is dropped, and the next array of about that size takes the piece on top of the pile.
"""

from __future__ import annotations

import contextlib
import math
import mmap
import weakref
from typing import TYPE_CHECKING, Any

from tuicnn.later import np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    _Piece = tuple[mmap.mmap, int]
    _Known = tuple[np.dtype[Any], int, list[_Piece] | None]

__all__ = ["empty", "zeros"]

#: bytes that sizes are a multiple of: a page
PAGE = 4096
#: bytes of a huge page: of these, a processor need not look up another for each 4 KB
HUGE = 2**21
#: bytes that are asked of the system at once, at most: many pieces in few huge pages
ARENA = 2**26
#: bytes below which NumPy's own memory is as fast
SMALL = 8192

#: shapes whose pile is known by heart; more of them than any network has
KNOWN = 4096

_piles: dict[int, list[_Piece]] = {}
_arena: mmap.mmap | None = None
_used = 0
#: by shape and type as they are asked for: the type, the bytes, and the pile
_known: dict[tuple[tuple[int, ...], DTypeLike], _Known] = {}


class _Loan(weakref.ref[Any]):
    """A piece of memory lent to an array, and the pile that it goes back to when the array is gone."""

    __slots__ = ("memory", "pile")
    memory: _Piece
    pile: list[_Piece]


#: keeps the loans alive until their array is gone; by identity, because arrays have no hash
_loans: dict[int, _Loan] = {}


def _give_back(loan: weakref.ref[Any]) -> None:
    known = _loans.pop(id(loan))
    known.pile.append(known.memory)


def _size(wanted: int) -> int:
    """`wanted` bytes rounded up to a power of two: so one layer's scratch lies where the last one's was, still warm."""
    return max(PAGE, 1 << (wanted - 1).bit_length())


def _fresh(size: int) -> _Piece:
    """New memory: the next piece of the arena, or of a new one.

    Not an array's: NumPy makes a view of a view refer to the first array, and only where that is no array itself does
    every view of what `empty` gives keep it alive.
    """
    global _arena, _used
    if _arena is None or _used + size > len(_arena):
        room = max(size, min(ARENA, HUGE if _arena is None else 2 * len(_arena)))
        _arena, _used = mmap.mmap(-1, -(-room // HUGE) * HUGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS), 0
        if hasattr(mmap, "MADV_HUGEPAGE"):
            with contextlib.suppress(OSError):  # a kernel without huge pages
                _arena.madvise(mmap.MADV_HUGEPAGE)
    piece = _arena, _used
    _used += size
    return piece


def _pile(shape: tuple[int, ...], dtype: DTypeLike) -> _Known:
    """Where memory for such an array is found; no pile where it is small."""
    kind = np.dtype(dtype)
    wanted = math.prod(shape) * kind.itemsize
    if len(_known) >= KNOWN:
        _known.clear()
    size = _size(wanted)
    known = _known[shape, dtype] = (kind, size, _piles.setdefault(size, []) if wanted >= SMALL else None)
    return known


def empty(shape: tuple[int, ...], dtype: DTypeLike = "float32") -> NDArray[Any]:
    """An array of this shape with whatever was there before; its memory is used again once nothing refers to it."""
    try:
        kind, size, pile = _known[shape, dtype]
    except KeyError:
        kind, size, pile = _pile(shape, dtype)
    if pile is None:
        return np.empty(shape, kind)
    try:
        memory = pile.pop()
    except IndexError:
        memory = _fresh(size)
    array: NDArray[Any] = np.ndarray(shape, kind, *memory)
    loan = _Loan(array, _give_back)
    loan.memory, loan.pile = memory, pile
    _loans[id(loan)] = loan
    return array


def zeros(shape: tuple[int, ...], dtype: DTypeLike = "float32") -> NDArray[Any]:
    """As `empty`, filled with zeros."""
    array = empty(shape, dtype)
    array.fill(0)
    return array
