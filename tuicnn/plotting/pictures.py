"""Pictures of what a network has learnt and of what it makes of one image: filters, feature maps, probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from tuicnn.display.scales import Scale
from tuicnn.numbers import percent, shape
from tuicnn.observing.activations import Activations
from tuicnn.observing.kernels import Kernels
from tuicnn.plotting.mosaic import draw_tiles, mosaic
from tuicnn.plotting.style import DIVERGING, RISING, WIDTHS, bare, figure, shortened
from tuicnn.plotting.wanted import Width

__all__ = ["filters", "layer_maps", "maps_along", "probabilities"]

_UNITS, _CHANNELS = 64, 16  # that are drawn of a layer
_A_ROW = 8  # pictures beside each other in a column's width
_MAPS = 64
_LINE = 0.18  # inches of a line of text
_SHOWN = 5  # classes, and the image's own


def filters(kernels: Kernels, width: Width) -> Figure:
    """A layer's weights as pictures: blue below zero, red above, all on one scale.

    Of units that look at one channel, or at three colours, which are then shown as such with zero as grey, a grid;
    else a row for each unit, with its channels beside each other.
    """
    known = np.abs(kernels.pictures[np.isfinite(kernels.pictures)])
    size = float(known.max(initial=0.0)) or 1.0
    units, channels = min(_UNITS, len(kernels.pictures) // kernels.channels), kernels.channels
    pictures = kernels.pictures[: units * channels].reshape(units, channels, *kernels.pictures.shape[1:])
    pictures = pictures[:, :_CHANNELS]
    if channels == 3:
        tiles = [np.moveaxis(0.5 + unit / (2 * size), 0, -1) for unit in pictures]
    else:
        tiles = [channel for unit in pictures for channel in unit]
    columns = pictures.shape[1] if channels not in (1, 3) else _across(len(tiles), width)
    made = _grid(tiles, columns, width, (-size, size), DIVERGING)
    there = kernels.count // channels
    some = f", {units} of {there} units" if units < there else ""
    some += f", {pictures.shape[1]} of {channels} channels" if pictures.shape[1] < channels else ""
    made.suptitle(f"{kernels.array}{some}, -{size:.2g} to {size:.2g}", fontsize=8)
    return made


def layer_maps(activations: Activations, title: str, width: Width) -> Figure:
    """All feature maps (C, H, W) of a layer, or its vector as one row, on one scale."""
    maps = activations.maps if activations.maps.ndim == 3 else activations.maps[None, None]
    scale = Scale.of(maps)
    made = _grid(
        list(maps[:_MAPS]), _across(min(len(maps), _MAPS), width) if maps.shape[1] > 1 else 1, width,
        (scale.start, scale.end), DIVERGING if scale.signed else RISING,
    )  # fmt: skip
    made.suptitle(f"{title}, {scale.start:.2g} to {scale.end:.2g}", fontsize=8)
    return made


def maps_along(layers: Sequence[tuple[str, Activations]], width: Width) -> Figure:
    """An image and the first feature maps of layers on its way: a row for each layer, on a scale of its own."""
    across = _A_ROW * (2 if width == "page" else 1)
    made, (first, *rows) = figure(width, (len(layers) + 1) * (WIDTHS[width] / across + _LINE), len(layers) + 1)
    image = layers[0][1].image
    blank = np.full(image.shape[:2] if image.shape[2] == 1 else image.shape, np.nan)
    pixels = image[..., 0] / 255 if image.shape[2] == 1 else image / 255
    draw_tiles(first, mosaic([pixels, *[blank] * (across - 1)], across), (0, 1), "gray")
    first.set_title("image", loc="left", fontsize=7)
    for axes, (title, activations) in zip(rows, layers, strict=True):
        maps, scale = activations.maps[:across], Scale.of(activations.maps)
        blank = np.full(maps.shape[1:], np.nan)
        picture = mosaic([*maps, *[blank] * (across - len(maps))], across)
        draw_tiles(axes, picture, (scale.start, scale.end), DIVERGING if scale.signed else RISING)
        axes.set_title(f"{title}, {shape(activations.maps.shape)}", loc="left", fontsize=7)
    return made


def probabilities(activations: Activations, names: Sequence[str], width: Width) -> Figure:
    """An image, and how probable its most probable classes are; its own class is striped."""
    made, (picture, bars) = figure(width, 1.7, 1, 2, width_ratios=(1, 1.4))
    _image(picture, activations.image)
    bare(picture)
    label = activations.label
    picture.set_title(f"class {shortened(names[label])}" if label >= 0 else "class not known")
    shares = activations.probabilities
    ranked = np.argsort(-shares, kind="stable").tolist()
    order = [number for place, number in enumerate(ranked) if place < _SHOWN or number == label]
    for place, number in enumerate(order):
        hatch = "////" if number == label else ""
        bars.barh(place, shares[number], color="C0" if place == 0 else "0.75", hatch=hatch, edgecolor="white")
        bars.text(float(shares[number]) + 0.02, place, percent(float(shares[number])), va="center", fontsize=7)
    bars.set_yticks(range(len(order)), [shortened(names[number]) for number in order])
    bars.tick_params(axis="y", length=0)
    bars.invert_yaxis()
    bars.set_xlim(0, 1.25)
    bars.set_xticks([0, 0.5, 1])
    bars.xaxis.set_major_formatter(PercentFormatter(1.0))
    bars.set_xlabel("probability")
    return made


def _across(count: int, width: Width) -> int:
    """How many pictures stand in a row: all of a few, else so many that the last row is as full as can be."""
    most = _A_ROW * (2 if width == "page" else 1)
    if count <= most:
        return max(1, count)
    return max(range(most // 2, most + 1), key=lambda columns: (-(-count % columns), columns))


def _grid(
    tiles: Sequence[NDArray[np.floating]], columns: int, width: Width, ends: tuple[float, float], colours: str
) -> Figure:
    """Pictures (H, W), or (H, W, 3) of 0 to 1, in rows of so many."""
    picture = mosaic(tiles, columns)
    tall, wide = picture.shape[:2]
    across = min(WIDTHS[width], max(2.0, 0.9 * columns * max(1.0, tiles[0].shape[1] / 12)))
    made = Figure(figsize=(across, max(across * tall / wide, 0.1) + 2 * _LINE))
    axes = made.subplots()
    draw_tiles(axes, picture, ends, colours)
    if tiles[0].shape[0] == 1:  # a vector, however long, is a strip that can be seen
        axes.set_aspect("auto")
    return made


def _image(axes: Axes, image: NDArray[np.uint8]) -> None:
    if image.shape[2] == 3:
        axes.imshow(image)
    else:
        axes.imshow(image[..., 0], cmap="gray", vmin=0, vmax=255)
