"""Max pooling: the largest value of each window, and its adjoint.

A window's largest value is the largest of its rows' largest values, so there are two races, one in each row and one
among the rows. Each goes from the first candidate to the last, and notes for each but the first whether it is larger
than all before it: the winner is the last with a note, which is the first of several equal ones. A note is a byte, and
nothing else is kept for backward.

Backward goes from the last candidate to the first; `rest` is what of dy is not assigned yet. Its bits times a note, 0
or 1, are those of 0 or of the number, and what remains is the exclusive or of both: no branch, and an infinite dy makes
no NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from tuicnn.lazy_numpy import np

from .arrays import LONG_RUN, Array, bits
from .axes import Axis, Tap, axes, reduced
from .memory import empty, zeros
from .windows import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Notes: TypeAlias = NDArray[np.bool_]

__all__ = ["Winners", "max_pool", "max_pool_backward", "max_pool_winners", "min_pool"]


def max_pool(x: Array, window: Window) -> Array:
    """The largest value of each window: (H, W, N, C) -> (OH, OW, N, C). Padding never wins."""
    vertical, horizontal = axes(window, x.shape[0], x.shape[1])
    return reduced(reduced(x, vertical, np.maximum, -np.inf), horizontal, np.maximum, -np.inf)


def min_pool(x: Array, window: Window) -> Array:
    """The smallest value of each window: (H, W, N, C) -> (OH, OW, N, C). Padding is never the smallest."""
    vertical, horizontal = axes(window, x.shape[0], x.shape[1])
    return reduced(reduced(x, vertical, np.minimum, np.inf), horizontal, np.minimum, np.inf)


def max_pool_winners(x: Array, window: Window) -> tuple[Array, Winners]:
    """As `max_pool`, and the positions of the largest values: of several equal ones, the first in reading order."""
    vertical, horizontal = axes(window, x.shape[0], x.shape[1])
    if side_by_side(vertical) and side_by_side(horizontal):
        return tiles_race(x, window.kernel)
    each_row, in_row = race(x, horizontal)
    y, among_rows = race(each_row, vertical)
    return y, StageWinners(among_rows, in_row)


def max_pool_backward(dy: Array, winners: Winners) -> Array:
    """dy (OH, OW, N, C) -> dx (H, W, N, C): each y is one value of its window, so its dy goes to that pixel alone.
    Where windows overlap, the gradients are added."""
    if isinstance(winners, TileWinners):
        return tiles_race_backward(dy, winners)
    return race_backward(race_backward(dy, winners.among_rows), winners.in_row)


# --- windows side by side: they are tiles, and their pixels can be sorted by their place in the tile ------------------


class TileWinners(NamedTuple):
    """The notes of both races, for an image of this shape and tiles of this size."""

    shape: tuple[int, ...]
    kernel: tuple[int, int]
    in_row: list[Notes]
    among_rows: list[Notes]


def side_by_side(axis: Axis) -> bool:
    """Whether the windows touch and do not overlap, from the image's first pixel on."""
    return (axis.kernel, axis.before, axis.dilation) == (axis.stride, 0, 1) and axis.out * axis.kernel <= axis.size


def tiles(x: Array, kernel: tuple[int, int]) -> Array:
    """A view (kh, kw, OH, OW, N, C): for each position in a tile, the pixels at it."""
    (kh, kw), (h, w, n, c) = kernel, x.shape
    oh, ow = h // kh, w // kw
    return x[: oh * kh, : ow * kw].reshape(oh, kh, ow, kw, n, c).transpose(1, 3, 0, 2, 4, 5)


def note_winners(candidates: Array) -> tuple[Array, list[Notes]]:
    """The largest of (K, ...) along the first axis, and for each but the first whether it is larger than all before."""
    best, notes = candidates[0], []
    found = empty(best.shape, best.dtype) if len(candidates) > 1 else best
    for candidate in candidates[1:]:
        notes.append(np.greater(candidate, best, out=empty(best.shape, np.bool_)))
        best = np.maximum(best, candidate, out=found)
    return best, notes


def to_winners(rest: NDArray[Any], notes: Sequence[Notes], out: NDArray[Any]) -> None:
    """Write the bits of each value of `rest` to the winner's position in `out` (K, ...), and 0 to all others."""
    for number in range(len(notes), 0, -1):
        won = out[number]
        won[...] = notes[number - 1]
        won *= rest
        rest = np.bitwise_xor(rest, won, out=out[0])
    if not notes:
        out[0] = rest


def sorted_first(x: Array) -> bool:
    """Whether pixels are copied first, sorted by position, so that every operation is over long runs; not where one
    pixel of all images is a long run already."""
    run: int = x.shape[2] * x.shape[3]
    return run < LONG_RUN


def tiles_race(x: Array, kernel: tuple[int, int]) -> tuple[Array, TileWinners]:
    """One race in each row of a tile, and one among its rows."""
    sorted_pixels = tiles(x, kernel)
    if sorted_first(x):
        given, sorted_pixels = sorted_pixels, empty(sorted_pixels.shape, x.dtype)
        sorted_pixels[...] = given
    each_row, in_row = note_winners(sorted_pixels.swapaxes(0, 1))
    y, among_rows = note_winners(each_row)
    return y, TileWinners(x.shape, kernel, in_row, among_rows)


def tiles_race_backward(dy: Array, winners: TileWinners) -> Array:
    """The adjoint of `tiles_race`; pixels at the end of the image that are in no tile get 0."""
    (h, w, *_), (kh, kw) = winners.shape, winners.kernel
    exact = h % kh == 0 and w % kw == 0
    dx = (empty if exact else zeros)(winners.shape, dy.dtype)
    whole = bits(dy)
    each_row = empty((kh, *dy.shape), whole.dtype)
    to_winners(whole, winners.among_rows, each_row)
    places = tiles(bits(dx), winners.kernel)
    sorted_pixels = empty(places.shape, whole.dtype) if sorted_first(dy) else places
    to_winners(each_row, winners.in_row, sorted_pixels.swapaxes(0, 1))
    if sorted_pixels is not places:
        places[...] = sorted_pixels
    return dx


# --- windows of any kind ----------------------------------------------------------------------------------------------


class Race(NamedTuple):
    """The notes of one race for an image of this shape, in the order in which the positions of the kernel ran.

    `start` is a position that all windows have inside the image, if there is one: it needs no note.
    """

    axis: Axis
    shape: tuple[int, ...]
    start: Tap | None
    later: list[tuple[Tap, Notes]]


class StageWinners(NamedTuple):
    """The race among the rows, and before it the one in each row."""

    among_rows: Race
    in_row: Race


Winners: TypeAlias = "TileWinners | StageWinners"


def race(x: Array, axis: Axis) -> tuple[Array, Race]:
    """The largest value of each window along one axis, and its position.

    From a position that all windows have inside the image back to the first, and then on to the last. Of equal values
    the earlier wins either way: on the way back by being as large, on the way on because the later is not larger.
    """
    if axis.trivial:
        return x, Race(axis, x.shape, None, [])
    y = empty(axis.changed(x.shape), x.dtype)
    taps = axis.taps
    running: list[tuple[Tap, np.ufunc]]
    whole = [number for number, (windows, _) in enumerate(taps) if windows[-1] == slice(0, axis.out)]
    if whole:
        start = whole[0]
        y[...] = x[taps[start][1]]
        running = [(tap, np.greater_equal) for tap in reversed(taps[:start])]
        running += [(tap, np.greater) for tap in taps[start + 1 :]]
    else:
        y.fill(-np.inf)
        running = [(tap, np.greater) for tap in taps]
    later = []
    for tap, wins in running:
        best, candidate = y[tap[0]], x[tap[1]]
        later.append((tap, wins(candidate, best, out=empty(best.shape, np.bool_))))
        np.maximum(best, candidate, out=best)
    return y, Race(axis, x.shape, taps[whole[0]] if whole else None, later)


def race_backward(dy: Array, ran: Race) -> Array:
    """dy, one for each window along one axis, at the position of the window's largest value."""
    if ran.axis.trivial:
        return dy
    rest = bits(empty(dy.shape, dy.dtype))
    rest[...] = bits(dy)
    shares = []
    for (windows, places), notes in reversed(ran.later):
        won = empty(notes.shape, rest.dtype)
        won[...] = notes
        left = rest[windows]
        won *= left
        left ^= won
        shares.append((places, won.view(dy.dtype)))
    if ran.start is not None and ran.start[1][-1] == slice(0, ran.axis.size, 1):
        dx = rest.view(dy.dtype)  # one window a place, and the rest is there already
    else:
        dx = zeros(ran.shape, dy.dtype)
        if ran.start is not None:
            dx[ran.start[1]] = rest.view(dy.dtype)
    for places, share in shares:
        into = dx[places]
        into += share
    return dx
