"""Which channels are shown as pictures beside a number, and what is framed in them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tuicnn.kernels.arrays import Array
from tuicnn.specimen.address import Address
from tuicnn.tui.microscope import Sight
from tuicnn.tui.widgets.explanation.picture import Plane
from tuicnn.tui.widgets.explanation.window import channel_in_sight

__all__ = ["planes"]

_WINDOW = 15  # pixels a side that are framed together at most; of more, only the chosen one


def planes(sight: Sight, chosen: int, stored: NDArray[np.uint8] | None = None) -> list[Plane]:
    """The channel that the number's parts lie in, its own, and the kernel; those of them that are there.

    Else the image as a whole: as it is `stored`, uint8 (H, W, C), where it has colours.
    """
    found = [_of_parts(sight, chosen), _own(sight), _kernel(sight, chosen)]
    return [plane for plane in found if plane is not None] or [_image(sight, stored)]


def _image(sight: Sight, stored: NDArray[np.uint8] | None) -> Plane:
    first = _plane(sight.image, Address("image", (0, 0, 0)), (), ())
    if stored is None or stored.shape[2] != 3:
        return first
    return replace(first, title="image", colours=stored)


def _of_parts(sight: Sight, chosen: int) -> Plane | None:
    explanation = sight.explanation
    if explanation.patch is not None:
        array, channel = sight.arrays.get(explanation.patch.input), channel_in_sight(explanation, chosen)
        if array is None:
            return None
        window = explanation.patch.input.at(channel, 0, 0)
        return _plane(array, window, explanation.patch.rows, explanation.patch.columns)
    address = explanation.parts[chosen].address if chosen >= 0 else None
    array = None if address is None else sight.arrays.get(address.at())
    if address is None or array is None or array.ndim != 3:
        return None
    near = [
        part.address.index
        for part in explanation.parts
        if part.address is not None and part.address.at() == address.at() and part.address.index[0] == address.index[0]
    ]
    rows, columns = (tuple(sorted({index[axis] for index in near})) for axis in (1, 2))
    if max(rows[-1] - rows[0], columns[-1] - columns[0]) >= _WINDOW or len(near) == 1:
        return _plane(array, address, address.index[1:2], address.index[2:])
    return _plane(array, address, rows, columns)


def _own(sight: Sight) -> Plane | None:
    address = sight.explanation.address
    array = sight.arrays.get(address.at())
    if array is None or array.ndim not in (3, 4) or max(array.shape[-2:]) == 1:
        return None
    return _plane(array, address, address.index[-2:-1], address.index[-1:], own=True)


def _kernel(sight: Sight, chosen: int) -> Plane | None:
    """Of a convolution: the weights that meet the channel in sight."""
    address = sight.explanation.parts[chosen].factor_address if chosen >= 0 else None
    array = None if address is None or sight.explanation.patch is None else sight.arrays.get(address.at())
    if address is None or array is None or array.ndim != 4 or max(array.shape[-2:]) == 1:
        return None
    return _plane(array, address, address.index[-2:-1], address.index[-1:])


def _plane(
    array: Array, address: Address, rows: tuple[int, ...], columns: tuple[int, ...], *, own: bool = False
) -> Plane:
    """A channel of an array; the image's least value is black."""
    outer = address.index[:-2]
    values = array[outer]
    if address.name == "image" and address.kind == "value" and np.isfinite(values).any():
        values = values - np.nanmin(values)
    moved = ", arrows move it" if own else ""
    return Plane(f"{address.at(*outer).brief}{moved}", values, rows, columns, address, own)
