"""How figures look: as wide as a paper's column or page, small type, colours for everybody, text that stays text."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tuicnn.display.svg import COLOURS
from tuicnn.plotting.wanted import Format, Width

__all__ = [
    "DIVERGING",
    "RISING",
    "RISING_ON_WHITE",
    "WIDTHS",
    "bare",
    "drawn",
    "figure",
    "paper_style",
    "shortened",
]

#: inches: of a column, and of the text of a page, in most journals and conferences with two columns
WIDTHS: dict[Width, float] = {"column": 3.35, "page": 6.9}

#: from little to much on black and on white, and around zero: colours that the colour-blind tell apart
RISING, RISING_ON_WHITE, DIVERGING = "cividis", "Blues", "RdBu_r"

_LETTERS = 14  # of a class's name
_STYLE: dict[str, Any] = {
    "font.size": 8,  # points: that of a caption, at the size in which it is printed
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "lines.linewidth": 1.1,
    "lines.markersize": 3,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=COLOURS),
    "figure.constrained_layout.use": True,
    "savefig.dpi": 300,
    "savefig.facecolor": "white",
    "svg.fonttype": "none",  # text is text, to be searched and edited
    "pdf.fonttype": 42,  # TrueType: publishers refuse Type 3
    "svg.hashsalt": "tuicnn",  # the same run gives the same file
    "image.interpolation": "nearest",  # a pixel is a square, also where a viewer would make a blur of it
    "text.parse_math": False,  # a class may be called `$`
}


@contextmanager
def paper_style() -> Iterator[None]:
    """Figures made and saved within it have that style; matplotlib's own settings are left as they were."""
    with matplotlib.rc_context({**matplotlib.rcParamsDefault, **_STYLE, "backend": matplotlib.rcParams["backend"]}):
        yield


def figure(width: Width, height: float, rows: int = 1, columns: int = 1, **options: Any) -> tuple[Figure, list[Axes]]:
    """A figure of that width, `height` inches high, with rows x columns of axes, row by row."""
    made = Figure(figsize=(WIDTHS[width], height))
    return made, list(made.subplots(rows, columns, squeeze=False, **options).ravel())


def drawn(made: Figure, format: Format) -> bytes:
    """The file of a figure. It has no date in it: the same run gives the same bytes."""
    out = io.BytesIO()
    made.savefig(out, format=format, metadata={"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[format])
    return out.getvalue()


def shortened(name: str) -> str:
    """The name of a class, as long as there is room for one beside an axis."""
    return name if len(name) <= _LETTERS else name[: _LETTERS - 1] + "…"


def bare(axes: Axes) -> None:
    """Take away ticks and frame: of a picture."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
