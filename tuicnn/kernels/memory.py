"""Arrays in memory that is reused: `empty` in place of `numpy.empty` wherever work is repeated.

A training step needs the same arrays as the step before it. Fresh memory costs a page fault for each 4 KB and is not in
the cache; memory that was freed a moment ago is. So memory goes to a free list when the last array that uses it is
dropped, and the next array of about that size takes the piece that was freed last.
"""

from __future__ import annotations

import contextlib
import math
import mmap
import weakref
from typing import TYPE_CHECKING, Any

from tuicnn.lazy_numpy import np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import DTypeLike, NDArray

    _Known = tuple[np.dtype[Any], int, list["_Loan"] | None, Callable[[Any], None]]

__all__ = ["empty", "empty_like", "zeros"]

#: bytes that sizes are a multiple of: a page
PAGE = 4096
#: bytes of a huge page: one address translation for 2 MB instead of one for each 4 KB
HUGE = 2**21
#: most bytes that are requested of the system at once: many pieces in few huge pages
ARENA = 2**26
#: bytes below which NumPy's own memory is as fast
SMALL = 8192

#: shapes whose free list is cached; more of them than any network has
KNOWN = 4096

_free_lists: dict[int, list[_Loan]] = {}
_arena: mmap.mmap | None = None
_used = 0
#: by shape and type as they are asked for: the type, the bytes, the free list, and what puts a loan on it
_known: dict[tuple[tuple[int, ...], DTypeLike], _Known] = {}


class _Piece:
    """A piece of memory: where it lies, and the last loan of it, which it keeps alive until the loan is over."""

    __slots__ = ("loan", "place")

    def __init__(self, place: tuple[mmap.mmap, int]) -> None:
        self.place = place
        self.loan: _Loan | None = None


class _Loan(weakref.ref[Any]):
    """A weak reference to the array that uses a piece. When the array is dropped, Python calls the reference's callback
    with it, which is `append` of the free list: no line of Python runs to free memory."""

    __slots__ = ("piece",)
    piece: _Piece


#: all pieces: a piece in use and its loan refer only to each other, and would be collected as a cycle
_pieces: list[_Piece] = []


def _size(wanted: int) -> int:
    """`wanted` bytes rounded up to a power of two, so that a layer gets the memory of the last, still cached."""
    return max(PAGE, 1 << (wanted - 1).bit_length())


def _fresh(size: int) -> _Piece:
    """New memory: the next piece of the arena, or of a new one.

    The arena is no array: a view of an array refers to the array that owns the memory, so views of what `empty` returns
    keep that alive only where the memory's owner is no array itself.
    """
    global _arena, _used
    if _arena is None or _used + size > len(_arena):
        room = max(size, min(ARENA, HUGE if _arena is None else 2 * len(_arena)))
        _arena, _used = mmap.mmap(-1, -(-room // HUGE) * HUGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS), 0
        if hasattr(mmap, "MADV_HUGEPAGE"):
            with contextlib.suppress(OSError):  # a kernel without huge pages
                _arena.madvise(mmap.MADV_HUGEPAGE)
    piece = _Piece((_arena, _used))
    _pieces.append(piece)
    _used += size
    return piece


def _free_list(shape: tuple[int, ...], dtype: DTypeLike) -> _Known:
    """Where memory for such an array is found; no free list where it is small."""
    kind = np.dtype(dtype)
    wanted = math.prod(shape) * kind.itemsize
    if len(_known) >= KNOWN:
        _known.clear()
    size = _size(wanted)
    free = _free_lists.setdefault(size, [])
    known = _known[shape, dtype] = (kind, size, free if wanted >= SMALL else None, free.append)
    return known


def empty(shape: tuple[int, ...], dtype: DTypeLike = "float32") -> NDArray[Any]:
    """An array of this shape with whatever was there before; its memory is used again once nothing refers to it."""
    try:
        kind, size, free, give_back = _known[shape, dtype]
    except KeyError:
        kind, size, free, give_back = _free_list(shape, dtype)
    if free is None:
        return np.empty(shape, kind)
    try:
        piece = free.pop().piece
    except IndexError:
        piece = _fresh(size)
    array: NDArray[Any] = np.ndarray(shape, kind, *piece.place)
    piece.loan = loan = _Loan(array, give_back)
    loan.piece = piece
    return array


def empty_like(x: NDArray[Any]) -> NDArray[Any]:
    """As `empty`, of x's shape and type."""
    return empty(x.shape, x.dtype)


def zeros(shape: tuple[int, ...], dtype: DTypeLike = "float32") -> NDArray[Any]:
    """As `empty`, filled with zeros."""
    array = empty(shape, dtype)
    array.fill(0)
    return array
