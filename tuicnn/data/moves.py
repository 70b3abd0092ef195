"""Moves of images, uint8 `(N, H, W, C)`: each new pixel is one of the old ones, or mixed of four of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from tuicnn.lazy_numpy import np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["crop", "flip", "rotate", "shift"]

Images: TypeAlias = "NDArray[np.uint8]"

#: pixels that are mixed in one go, so that what is in between stays in the processor's cache
_CACHED_PIXELS = 2**13


def flip(images: Images, horizontal: NDArray[np.bool_], vertical: NDArray[np.bool_]) -> Images:
    """Mirror left and right where `horizontal` `(N,)`, top and bottom where `vertical` `(N,)`."""
    out = np.empty_like(images)
    steps = np.where(np.stack([vertical, horizontal], axis=1), -1, 1).tolist()
    for i, (down, right) in enumerate(steps):
        out[i] = images[i, ::down, ::right]
    return out


def shift(
    images: Images, down: NDArray[Any], right: NDArray[Any], fill: str = "black", mean: ArrayLike = 0.0
) -> Images:
    """Move each image by whole pixels, `down` and `right` `(N,)` (negative: up and left).

    What comes in is black; or the image reflected at its border, whose own row is not repeated; or the `mean`.
    """
    _, height, width, _ = images.shape
    if fill == "reflect":
        return _shifted_reflection(images, down, right)
    out = np.zeros_like(images)
    if fill == "mean":
        out[...] = np.rint(255 * np.asarray(mean, dtype=np.float64)).astype(np.uint8)
    for i, (y, x) in enumerate(zip(down.tolist(), right.tolist(), strict=True)):
        if abs(y) < height and abs(x) < width:
            out[i, max(0, y) : height + min(0, y), max(0, x) : width + min(0, x)] = images[
                i, max(0, -y) : height + min(0, -y), max(0, -x) : width + min(0, -x)
            ]
    return out


def _shifted_reflection(images: Images, down: NDArray[Any], right: NDArray[Any]) -> Images:
    count, height, width, channels = images.shape
    down, right = _within(down, height), _within(right, width)
    up, left = int(np.abs(down).max(initial=0)), int(np.abs(right).max(initial=0))
    around = np.empty((count, height + 2 * up, width + 2 * left, channels), np.uint8)
    inner = around[:, up : up + height]
    inner[:, :, left : left + width] = images
    inner[:, :, :left] = images[:, :, left:0:-1]
    inner[:, :, left + width :] = images[:, :, width - 1 - left : -1][:, :, ::-1]
    around[:, :up] = inner[:, up:0:-1]
    around[:, up + height :] = inner[:, height - 1 - up : -1][:, ::-1]
    out = np.empty_like(images)
    for i, (y, x) in enumerate(zip((up - down).tolist(), (left - right).tolist(), strict=True)):
        out[i] = around[i, y : y + height, x : x + width]
    return out


def _within(moves: NDArray[Any], size: int) -> NDArray[Any]:
    """The moves within one reflection that come to the same: it repeats after 2 (size - 1) pixels."""
    return (moves + size - 1) % (2 * (size - 1)) - (size - 1) if size > 1 else np.zeros_like(moves)


def rotate(images: Images, degrees: NDArray[Any]) -> Images:
    """Turn each image about its centre, `degrees` `(N,)`, anticlockwise as seen; zeros come in.

    Each new pixel looks back to where it was and mixes the four pixels around that place (bilinear interpolation).
    """
    turn = np.deg2rad(np.asarray(degrees, dtype=np.float64))
    return _in_portions(images, lambda part: _turned(images[part], np.cos(turn[part]), np.sin(turn[part])))


def crop(images: Images, area: NDArray[Any], ratio: NDArray[Any], down: NDArray[Any], right: NDArray[Any]) -> Images:
    """Enlarge a part of each image to the whole, with bilinear interpolation; all arguments are `(N,)`.

    The part has such an `area`, as a share of the image's, and is `ratio` times as wide in its height as the image is,
    as far as it fits; `down` and `right` say where it lies, from 0 to 1. Source: Szegedy and others, Going Deeper with
    Convolutions (2015), section 6; in torchvision's RandomResizedCrop the part has whole pixels.
    """
    _, height, width, _ = images.shape
    high = np.minimum(np.sqrt(area / ratio), 1.0)
    wide = np.minimum(np.sqrt(area * ratio), 1.0)
    top, left = down * (1 - high) * height, right * (1 - wide) * width

    def cut(part: slice) -> Images:
        y = _looking_back(top[part], high[part], height)[:, :, None]
        x = _looking_back(left[part], wide[part], width)[:, None, :]
        return _mixed_at(images[part], *np.broadcast_arrays(y, x))

    return _in_portions(images, cut)


def _looking_back(start: NDArray[Any], share: NDArray[Any], size: int) -> NDArray[np.float32]:
    """Where the centres of `size` new pixels lie in a part that begins at `start` and has such a share of the axis."""
    at: NDArray[np.float32] = (start[:, None] + (np.arange(size) + 0.5) * share[:, None] - 0.5).astype(np.float32)
    return np.clip(at, 0, size - 1, out=at)


def _in_portions(images: Images, change: Callable[[slice], Images]) -> Images:
    out = np.empty_like(images)
    portion = max(1, _CACHED_PIXELS // (images.shape[1] * images.shape[2]))
    for start in range(0, len(images), portion):
        part = slice(start, start + portion)
        out[part] = change(part)
    return out


def _turned(images: Images, cosine: NDArray[np.float64], sine: NDArray[np.float64]) -> Images:
    _, height, width, _ = images.shape
    cos, sin = (part.astype(np.float32)[:, None, None] for part in (cosine, sine))
    y = (np.arange(height, dtype=np.float32) - np.float32((height - 1) / 2))[:, None]
    x = np.arange(width, dtype=np.float32) - np.float32((width - 1) / 2)
    # with y pointing down, anticlockwise by a: (x, y) was at (x cos a - y sin a, x sin a + y cos a)
    from_y = np.clip(x * sin + y * cos + np.float32((height - 1) / 2), -1, height)
    from_x = np.clip(x * cos - y * sin + np.float32((width - 1) / 2), -1, width)
    return _mixed_at(images, from_y, from_x)


def _mixed_at(images: Images, from_y: NDArray[np.float32], from_x: NDArray[np.float32]) -> Images:
    """The pixels at places `(N, H, W)` between those of the images, mixed of the four around; outside there are zeros.

    Places lie from -1 to H and W.
    """
    count, height, width, channels = images.shape
    top, left = np.floor(from_y), np.floor(from_x)
    below, beyond = from_y - top, from_x - left  # shares of the lower row and of the right column
    first = top.astype(np.intp)
    first += (np.arange(count, dtype=np.intp) * (height + 3) + 1)[:, None, None]
    first *= width + 3
    first += left.astype(np.intp)
    first += 1
    canvas = np.zeros((count, height + 3, width + 3), dtype=np.uint8)  # zeros around, for what looks outside
    shares = [(1 - below) * (1 - beyond), (1 - below) * beyond, below * (1 - beyond), below * beyond]
    places = [first, first + 1, first + (width + 3), first + (width + 4)]
    out = np.empty_like(images)
    for channel in range(channels):
        canvas[:, 1:-2, 1:-2] = images[..., channel]
        pixels = canvas.ravel()
        mixed = np.full(first.shape, 0.5, dtype=np.float32)  # what is cut off below is rounded to the nearest
        for place, share in zip(places, shares, strict=True):
            mixed += pixels.take(place) * share
        out[..., channel] = mixed  # the value is below 256: a float32 mix of at most 255, and 0.5
    return out
