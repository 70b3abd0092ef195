"""Arrays of any origin as images uint8 (N, H, W, C) and labels int64 (N,), or a sentence on what is wrong."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from tuicnn.lazy_numpy import np

from .base import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Images",
    "Labels",
    "as_images",
    "as_labels",
    "image_layout",
    "must_be_labels",
    "number_labels",
    "shape_text",
]

Images: TypeAlias = "NDArray[np.uint8]"
Labels: TypeAlias = "NDArray[np.int64]"

MOST_CLASSES = 65_536
#: values that are converted at a time
_PORTION = 2**22
#: how far a float may lie outside 0 to 1, for what was computed
_ROUNDING = 1e-6


def shape_text(shape: Sequence[int]) -> str:
    """`60000x28x28`."""
    return "x".join(map(str, shape))


def image_layout(shape: tuple[int, ...], dtype: np.dtype[Any], name: str) -> tuple[int, tuple[int, int, int]]:
    """How many images an array holds, and their shape (C, H, W), as far as its header tells. Raises `DataError`.

    It is (N, H, W), (N, H, W, C) or (N, C, H, W). Of the second and the last axis the shorter one is the channels';
    where they are equal, the last.
    """
    if dtype.kind not in "biuf":
        raise DataError(f"{name} holds {dtype.name} values; images must be numbers, as uint8 from 0 to 255.")
    if len(shape) == 2:
        count, values = shape
        instead = " or ".join(
            f"({count}, {side}, {side}{', 3' if channels == 3 else ''})"
            for channels in (1, 3)
            if values and (side := math.isqrt(values // channels)) ** 2 * channels == values
        )
        raise DataError(
            f"{name} has the shape {count}x{values}, one row an image: reshape it to {instead or '(N, H, W)'}."
        )
    if len(shape) and shape[0] == 0:
        raise DataError(f"{name} has no images.")
    if len(shape) not in (3, 4) or 0 in shape:
        raise DataError(
            f"{name} has the shape {shape_text(shape)}; images must be (N, H, W), (N, H, W, C) or (N, C, H, W)."
        )
    count, *rest = (*shape, 1) if len(shape) == 3 else shape
    height, width, channels = rest if rest[2] <= rest[0] else (rest[1], rest[2], rest[0])
    return count, (channels, height, width)


def as_images(array: NDArray[Any], name: str) -> Images:
    """Images as uint8 (N, H, W, C), from an array as `image_layout` takes it. Raises `DataError`.

    Whole numbers are from 0 to 255. Fractions are from 0 to 1, and become the nearest of 256 steps; what was divided
    by 255 before is the same again.
    """
    image_layout(array.shape, array.dtype, name)
    if array.ndim == 3:
        array = array[..., None]
    elif array.shape[3] > array.shape[1]:
        array = array.transpose(0, 2, 3, 1)
    return np.ascontiguousarray(array) if array.dtype == np.uint8 else _as_bytes(array, name)


def _remedy(low: float, high: float, whole: bool) -> str:
    """How values that are out of range become those of images."""
    if whole and low >= 0:
        return f"Divide them by {2 ** math.ceil(math.log2(high + 1)) - 1}, the most that they can be."
    return "Store them before they are normalised: that is done in training."


def _as_bytes(array: NDArray[Any], name: str) -> Images:
    out = np.empty(array.shape, np.uint8)
    if array.dtype.kind == "b":
        np.multiply(array, np.uint8(255), out=out, casting="unsafe")
        return out
    each = max(1, _PORTION // math.prod(array.shape[1:]))
    portions = [slice(start, start + each) for start in range(0, len(array), each)]
    low, high, whole = math.inf, -math.inf, True
    for portion in portions:
        values = array[portion]
        if not np.isfinite(values).all():
            raise DataError(f"{name} holds values that are NaN or infinite; images must be finite.")
        low, high = min(low, float(values.min())), max(high, float(values.max()))
        whole = whole and (array.dtype.kind in "iu" or not (values % 1).any())
    fractions = array.dtype.kind == "f" and high <= 1 + _ROUNDING
    if low < (-_ROUNDING if fractions else 0) or high > 255 or not (fractions or whole):
        raise DataError(
            f"{name} holds {array.dtype.name} values from {low:.4g} to {high:.4g}; images must be whole numbers from 0 "
            f"to 255, or fractions from 0 to 1. {_remedy(low, high, whole)}"
        )
    for portion in portions:
        values = array[portion]
        out[portion] = np.clip(np.rint(values * 255.0), 0, 255) if fractions else values
    return out


def must_be_labels(shape: tuple[int, ...], dtype: np.dtype[Any], name: str) -> None:
    """Refuse an array that `as_labels` or `number_labels` cannot take, by its header. Raises `DataError`."""
    one_each = len(shape) == 1 or (len(shape) == 2 and shape[1] == 1)
    if (one_each and dtype.kind in "iubfUS") or (len(shape) == 2 and shape[1] > 1 and dtype.kind in "iubf"):
        return
    what = "text" if dtype.kind in "US" else dtype.name
    raise DataError(
        f"{name} holds {what} of shape {shape_text(shape)}; labels must be one whole number or one text an image, "
        "or one-hot (N, classes)."
    )


def as_labels(array: NDArray[Any], name: str) -> Labels:
    """Labels as int64 (N,), from whole numbers (N,) or (N, 1), or one-hot (N, classes). Raises `DataError`."""
    must_be_labels(array.shape, array.dtype, name)
    if array.ndim == 2 and array.shape[1] > 1:
        return _from_one_hot(array, name)
    array = array.reshape(len(array))
    if array.dtype.kind == "f" and not (np.isfinite(array).all() and not (array % 1).any()):
        raise DataError(f"{name} holds fractions; labels must be whole numbers from 0.")
    if array.size and not 0 <= array.min() <= array.max() < MOST_CLASSES:
        raise DataError(
            f"{name} has labels from {array.min():g} to {array.max():g}; they must lie in 0 to {MOST_CLASSES - 1}."
        )
    return array.astype(np.int64)


def _from_one_hot(array: NDArray[Any], name: str) -> Labels:
    if array.shape[1] > MOST_CLASSES:
        raise DataError(f"{name} has {array.shape[1]} columns, one a class; there may be {MOST_CLASSES} classes.")
    if not (((array == 0) | (array == 1)).all() and (array.sum(axis=1) == 1).all()):
        raise DataError(
            f"{name} has the shape {shape_text(array.shape)}, but is not one-hot: each row must have one 1 and else 0."
        )
    labels: Labels = array.argmax(axis=1).astype(np.int64)
    return labels


def number_labels(found: Sequence[tuple[NDArray[Any], str]]) -> tuple[list[str], list[Labels]]:
    """The names of the classes, and the labels of each part as numbers, from arrays and their names for messages.

    Texts are classes in the order of their names, or of their numbers where all are numbers. Numbers name themselves;
    they are counted by the highest, and by the columns of one-hot ones. Raises `DataError`.
    """
    first_name = found[0][1]
    texts = [array.dtype.kind in "US" for array, _ in found]
    for (_, name), text in zip(found, texts, strict=True):
        if text != texts[0]:
            raise DataError(f"{name} has {'text' if text else 'numbers'} as labels, but {first_name} has not.")
    if texts[0]:
        return _from_texts(found)
    labels = [as_labels(array, name) for array, name in found]
    classes = 1 + max((int(each.max()) for each in labels if each.size), default=-1)
    columns = {array.shape[1] if array.ndim == 2 and array.shape[1] > 1 else 0 for array, _ in found}
    if len(columns) > 1:
        raise DataError(f"{found[1][1]} has the labels of another number of classes than {first_name}.")
    return [str(number) for number in range(max(classes, *columns))], labels


def _from_texts(found: Sequence[tuple[NDArray[Any], str]]) -> tuple[list[str], list[Labels]]:
    read = []
    for array, name in found:
        must_be_labels(array.shape, array.dtype, name)
        try:
            read.append(np.char.strip(np.asarray(array.reshape(len(array)), dtype=np.str_)))
        except UnicodeDecodeError:
            raise DataError(f"{name} holds bytes that are not ASCII; save its labels as text (str).") from None
        if (read[-1] == "").any():
            raise DataError(f"{name} has no label for image {int((read[-1] == '').argmax())}.")
    names = sorted({str(each) for labels in read for each in np.unique(labels)}, key=_in_order)
    if len(names) > MOST_CLASSES:
        raise DataError(f"{found[0][1]} has {len(names)} different labels; there may be {MOST_CLASSES} classes.")
    order = np.array(names, dtype=np.str_)
    by_text = np.argsort(order)
    return names, [by_text[np.searchsorted(order[by_text], labels)].astype(np.int64) for labels in read]


def _in_order(name: str) -> tuple[int, int, str]:
    return (0, int(name), name) if name.isascii() and name.isdecimal() and len(name) < 19 else (1, 0, name)
