"""Many small pictures as one: hundreds of axes would take minutes to draw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from tuicnn.plotting.style import bare

__all__ = ["draw_tiles", "mosaic"]

_GAP = 0.12  # between pictures, as a share of the longer side of one
_FINE = 12  # pixels that the longer side has at least, so that the gap can be that narrow


def mosaic(tiles: Sequence[NDArray[np.floating]], columns: int) -> NDArray[np.float64]:
    """Pictures of one shape, (H, W) or (H, W, 3), in rows of so many, with gaps between them that are NaN."""
    longest = max(tiles[0].shape[:2])
    times = -(-_FINE // longest)
    height, width = (side * times for side in tiles[0].shape[:2])
    gap = max(1, round(_GAP * longest * times))
    rows = -(-len(tiles) // columns)
    made = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, *tiles[0].shape[2:]), np.nan)
    for index, tile in enumerate(tiles):
        top, left = (place * (side + gap) for place, side in zip(divmod(index, columns), (height, width), strict=True))
        made[top : top + height, left : left + width] = tile.repeat(times, 0).repeat(times, 1)
    return made


def draw_tiles(axes: Axes, picture: NDArray[np.float64], ends: tuple[float, float], colours: str) -> None:
    """Draw a mosaic, whose colours go from the one end of a scale to the other; what is NaN stays white."""
    bare(axes)
    shown = np.nan_to_num(picture, nan=1.0) if picture.ndim == 3 else np.ma.masked_invalid(picture)
    axes.imshow(shown, cmap=colours, vmin=ends[0], vmax=ends[1], aspect="equal")
    axes.set_anchor("W")
