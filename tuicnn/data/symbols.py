"""`data: symbols`: coloured symbols on coloured grounds, drawn anew in a few seconds; the same on every machine.

Which symbol an image shows is all that its class depends on: colours, place, size, angle, the slope of the ground, the
lines behind and before it and the noise are drawn at random, in the same way for each class.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, TypeAlias

from tuicnn.lazy_numpy import np
from tuicnn.randomness import generator
from tuicnn.vocabulary import word

from .published import Published
from .reading_progress import reading_progress
from .splits import Split, Splits

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Symbols"]

#: float32, so that it takes half the time
Values: TypeAlias = "NDArray[Any]"
#: how far places are outside a symbol, 0 on its edge, below it inside; `x` and `y` are in its radii from its middle
Distance: TypeAlias = Callable[[Values, Values], Values]

SIZE = 64  # pixels a side
_RADII = (8.0, 22.0)  # pixels
_LEAST_CONTRAST = 40.0  # between symbol and ground, in each channel; of 256
_SLOPE = 50.0  # how much a channel of a ground changes from its middle to its edge, at most
_NOISE = 12.0  # at most, to either side
_CHUNK = 50  # images that are drawn at a time: small enough for the cache
#: random numbers of an image, beside its noise: its ground's colour and slope, the symbol's colour and place, two lines
_DRAWN = 24


def _length(x: Values, y: Values) -> Values:
    length: Values = np.sqrt(x * x + y * y)
    return length


def _box(x: Values, y: Values, width: float, height: float) -> Values:
    """A rectangle by halves of its sides."""
    return np.maximum(np.abs(x) - width, np.abs(y) - height)


def _edges(x: Values, y: Values, count: int, inner: float) -> Iterator[Values]:
    """How far places are outside each edge of a regular polygon, whose edges are `inner` from its middle."""
    for number in range(count):
        angle = math.pi / 2 + 2 * math.pi * number / count
        yield x * math.cos(angle) + y * math.sin(angle) - inner


def _triangle(x: Values, y: Values) -> Values:
    return reduce(np.maximum, _edges(x, y, 3, 0.5))


def _star(x: Values, y: Values) -> Values:
    """Five points: what is outside one edge of a pentagon at most, so that the second farthest edge decides."""
    first, second = np.full_like(x, -np.inf), np.full_like(x, -np.inf)
    for edge in _edges(x, y, 5, math.cos(2 * math.pi / 5)):
        second = np.maximum(second, np.minimum(first, edge))
        first = np.maximum(first, edge)
    return second


def _cross(x: Values, y: Values) -> Values:
    return np.minimum(_box(x, y, 0.95, 0.3), _box(x, y, 0.3, 0.95))


def _heart(x: Values, y: Values) -> Values:
    """A square and two discs on two of its sides."""
    x, y, half = x - 0.16, y - 0.16, 0.5
    discs = np.minimum(_length(x + half, y), _length(x, y + half)) - half
    return np.minimum(_box(x, y, half, half), discs)


def _crescent(x: Values, y: Values) -> Values:
    """A disc without another one."""
    crescent: Values = np.maximum(_length(x, y) - 1, 0.8 - _length(x - 0.45, y))
    return crescent


SYMBOLS: dict[str, Distance] = {
    "circle": lambda x, y: _length(x, y) - 1,
    "ring": lambda x, y: np.abs(_length(x, y) - 0.75) - 0.25,
    "square": lambda x, y: _box(x, y, 0.75, 0.75),
    "triangle": _triangle,
    "star": _star,
    "cross": _cross,
    "heart": _heart,
    "crescent": _crescent,
}


def _random(name: str, start: int, count: int) -> NDArray[np.uint64]:
    """Philox's own bits, which NumPy promises never to change."""
    bits: NDArray[np.uint64] = generator(0, f"symbols {name}", start).bit_generator.random_raw(count)
    return bits


def _paint(images: Values, colours: Values, distances: Values) -> None:
    """Lay a colour (N, 3) over images (N, 3, H, W) where a distance in pixels (N, H, W) is below 0; edges are soft."""
    image, row, column = np.nonzero(distances < 0.5)
    cover = np.minimum(0.5 - distances[image, row, column], 1)[:, None]
    ground = images[image, :, row, column]
    images[image, :, row, column] = ground + cover * (colours[image] - ground)


def _direction(turns: Values) -> tuple[Values, Values]:
    """Cosine and sine of angles (N,), as (N, 1, 1).

    Machines differ in the last bit of these alone: computed in double precision, it is gone in single.
    """
    angles = 2 * np.pi * turns.astype(np.float64)
    return np.cos(angles).astype(np.float32)[:, None, None], np.sin(angles).astype(np.float32)[:, None, None]


def _across(turns: Values, rows: Values, columns: Values) -> Values:
    """How far pixels are from the image's middle in a direction, in pixels, (N, H, W)."""
    cos, sin = _direction(turns)
    across: Values = cos * (columns - SIZE / 2) + sin * (rows - SIZE / 2)
    return across


def _line(u: Values, rows: Values, columns: Values) -> Values:
    """How far pixels are outside a straight line through each image, one pixel wide."""
    return np.abs(_across(u[:, 0], rows, columns) - (u[:, 1, None, None] - 0.5) * 0.8 * SIZE) - 0.5


def draw(name: str, start: int, labels: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The images from number `start` on of a split `name`, uint8 (N, 64, 64, 3), one for each label."""
    count = len(labels)
    u = (_random(name, start, count * _DRAWN) / 2.0**64).astype(np.float32).reshape(count, _DRAWN)
    rows, columns = np.mgrid[:SIZE, :SIZE].astype(np.float32) + 0.5
    ground, slopes = u[:, 0:3] * 256, (u[:, 3:6] - 0.5) * 4 * _SLOPE / SIZE
    images = ground[:, :, None, None] + slopes[:, :, None, None] * _across(u[:, 6], rows, columns)[:, None]
    _paint(images, u[:, 16:19] * 256, _line(u[:, 14:16], rows, columns))
    radius = _RADII[0] + (_RADII[1] - _RADII[0]) * u[:, 10]
    left, top = (radius + u[:, k] * (SIZE - 2 * radius) for k in (11, 12))
    cos, sin = _direction(u[:, 13])
    right, down = ((a - b[:, None, None]) / radius[:, None, None] for a, b in ((columns, left), (rows, top)))
    x, y = cos * right + sin * down, cos * down - sin * right
    distances = np.empty_like(x)
    for number, distance in enumerate(SYMBOLS.values()):
        which = np.flatnonzero(labels == number)
        distances[which] = distance(x[which], y[which]) * radius[which, None, None]
    colours = (ground + _LEAST_CONTRAST + u[:, 7:10] * (256 - 2 * _LEAST_CONTRAST)) % 256
    _paint(images, colours, distances)
    _paint(images, u[:, 21:24] * 256, _line(u[:, 19:21], rows, columns))
    noise = _random(f"{name} noise", start, images.size // 8).astype("<u8").view(np.uint8).reshape(images.shape)
    images += (noise - np.float32(127.5)) * np.float32(_NOISE / 127.5)
    return np.clip(images, 0, 255).astype(np.uint8).transpose(0, 2, 3, 1)


@word(
    "data", "symbols", help="eight symbols in all colours, 3x64x64: 10,000 to train on, 2,000 to test (drawn when read)"
)
@dataclass(frozen=True)
class Symbols(Published):
    """Circles, stars, hearts …, always at hand; each class is an eighth of the images."""

    shape, class_names, images, test_images = (3, SIZE, SIZE), tuple(SYMBOLS), 10_000, 2_000

    def find(self) -> None:
        pass

    def read(self) -> Splits:
        reading_progress().begin(self.images + self.test_images)
        return Splits(self._split("train", self.images), self._split("test", self.test_images))

    @staticmethod
    def _split(name: str, count: int) -> Split:
        labels: NDArray[Any] = np.arange(count, dtype=np.int64) % len(SYMBOLS)
        images = np.empty((count, SIZE, SIZE, 3), np.uint8)
        for start in range(0, count, _CHUNK):
            chunk = slice(start, start + _CHUNK)
            images[chunk] = draw(name, start, labels[chunk])
            reading_progress().add(len(labels[chunk]))
        return Split(images, labels)
