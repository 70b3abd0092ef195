"""A data set: its options in the language (`DataSpec`), and its images once loaded (`Dataset`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from tuicnn.layers.base import Shape
from tuicnn.system.printable import printable
from tuicnn.vocabulary import Choice, Integer, ListOf, Number, option, word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Augment", "DataError", "DataSpec", "Dataset", "Described"]

#: of a distribution Beta(alpha, alpha); 0: none is drawn of it
_ALPHA = Number(at_least=0, at_most=100)
#: what comes in where an image was moved
FILLS = ("black", "reflect", "mean")


class DataError(Exception):
    """A data set cannot be read; the message is a sentence on one line that says what is wrong or what to do.

    It may quote names from files of any origin, and so is made `printable`.
    """

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


class MissingDataError(DataError):
    """A folder or file does not exist."""


class OptionError(DataError):
    """A data set can be read with an option that is not written: `option`, such as `size=64x64`, `makes` it so.

    The message ends with both; the `problem` is without them, for where they are said otherwise.
    """

    def __init__(self, problem: str, option: str, makes: str) -> None:
        super().__init__(f"{problem} Write {option} {makes}.")
        self.problem, self.option, self.makes = printable(problem), option, makes


class UnknownClassError(DataError):
    """`classes=` names a `number` that the data set does not have: it has `classes`, counted from 0."""

    def __init__(self, message: str, number: int, classes: int) -> None:
        super().__init__(message)
        self.number = number
        self.classes = classes


@dataclass(frozen=True)
class Described:
    """What is known of a data set without reading its images: shape (C, H, W) and the classes' names.

    The `notes` are sentences on what is done to its images, and on what is not read.
    """

    shape: Shape
    class_names: tuple[str, ...]
    notes: tuple[str, ...] = ()
    #: how many pictures there are of each (width, height) as they are stored; none where all have the data set's
    stored_sizes: Mapping[tuple[int, int], int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DataSpec:
    """The options that every data set takes. Subclasses are registered with `word("data", …)`.

    They are keyword-only, so that a subclass may have arguments that must be given. Those that read files also have a
    field `bases`, which is no word of the language: the folders where relative paths are looked for, in this order.
    """

    #: training images that it is known to have, before any option is applied; None where only reading it tells
    images: ClassVar[int | None] = None

    classes: tuple[int, ...] | None = option(
        ListOf(Integer(at_most=65_535), at_least=2, distinct=True),
        default=None,
        help="keep only these classes, numbered anew from 0",
    )
    limit: int | None = option(Integer(at_least=1), default=None, help="use at most so many training images")
    val: int | None = option(
        Integer(at_least=1),
        default=None,
        help="hold so many training images out for validation (default 5000, or a tenth of them where that is fewer)",
    )
    pad: int = option(Integer(at_most=1024), default=0, help="zeros around each image, on every side")
    normalise: str = option(
        Choice(words=("channel", "none")),
        default="channel",
        help="less the mean of each channel, over its deviation; none: the pixels as they are, from 0 to 1",
    )

    def describe(self) -> Described:
        """Shape and classes after `classes` and `pad`, cheaply. Raises `DataError` where even that is not known."""
        raise NotImplementedError

    @property
    def fit_of_pictures(self) -> str:
        """How a picture of another size is made to fit its images: one of `FITS`."""
        return "crop"

    @property
    def smaller(self) -> str:
        """What to do where memory cannot hold its images: the begin of a sentence."""
        return "Store fewer or smaller images"

    def find(self) -> None:
        """Check that the data exists, without reading it. Raises `DataError`."""
        raise NotImplementedError

    def notes(self) -> tuple[str, ...]:
        """Sentences on what is done to the images, and on what is not read; none where the data is not here."""
        try:
            return self.describe().notes
        except DataError:
            return ()

    def validates_on(self) -> str:
        """The folder of images kept apart for validation, as the language names it; "" where some are held out."""
        return ""

    def load(self) -> Dataset:
        """Read the images. Raises `DataError`."""
        raise NotImplementedError


@dataclass(frozen=True)
class Dataset:
    """Images as they were stored, uint8 `(N, H, W, C)`, and labels, int64 `(N,)`, in three disjoint splits.

    A network sees `(image / 255 - mean) / std`, with `mean` and `std` for each channel, float32 `(C,)`: 0 and 1 where
    images are not normalised.
    """

    name: str
    class_names: tuple[str, ...]
    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.int64]
    val_images: NDArray[np.uint8]
    val_labels: NDArray[np.int64]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.int64]
    mean: NDArray[Any]
    std: NDArray[Any]
    #: pictures that were left out because they could not be read: a sentence each
    left_out: tuple[str, ...] = ()
    #: the paths of the images' files, text (N,), by part: train, validation, test; empty where they have none
    files: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    @classmethod
    def from_arrays(
        cls,
        images: ArrayLike,
        labels: ArrayLike,
        *,
        val: tuple[ArrayLike, ArrayLike] | int | None = None,
        test: tuple[ArrayLike, ArrayLike] | None = None,
        class_names: Iterable[str] | None = None,
        name: str = "arrays",
        normalise: str = "channel",
    ) -> Dataset:
        """The data set of images (N, H, W), (N, H, W, C) or (N, C, H, W), and labels (N,).

        Images are uint8, or fractions from 0 to 1; labels are whole numbers from 0, texts, or one-hot (N, classes).
        `test` has images and labels to test on; without it, a tenth is held out. `val` has those to validate on, or
        says how many are held out: by default 5000, or a tenth where that is fewer. What is held out is always the
        same. `class_names` are those of the numbers; `normalise` is "channel" or "none", as in a net. Raises
        `DataError`.
        """
        from .in_memory import InMemory, Pair

        if isinstance(val, int) and val < 1:
            raise DataError(f"val must be a number of images, at least 1, or a pair (images, labels), not {val!r}.")
        if normalise not in ("channel", "none"):
            raise DataError(f'normalise must be "channel" or "none", not {normalise!r}.')
        return InMemory(
            called=name,
            train=Pair.of((images, labels)),
            test=Pair.of(test, "test") if test is not None else None,
            validation=Pair.of(val, "validation") if val is not None and not isinstance(val, int) else None,
            class_names=None if class_names is None else list(map(str, class_names)),
            val=val if isinstance(val, int) else None,
            normalise=normalise,
        ).load()

    def __repr__(self) -> str:
        images = " + ".join(f"{len(labels):,}" for labels in (self.train_labels, self.val_labels, self.test_labels))
        sizes = "x".join(map(str, self.input))
        return f"{self.name}: {images} images to train, validate and test on, {sizes}, {self.classes} classes"

    @property
    def input(self) -> tuple[int, int, int]:
        """The shape of an image as a network takes it, (C, H, W)."""
        height, width, channels = self.train_images.shape[1:]
        return channels, height, width

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return len(self.class_names)


@word(
    "setting",
    "augment",
    help="change the training images a little, differently each time",
    example="shift=4 flip=horizontal",
)
@dataclass(frozen=True)
class Augment:
    """`augment: shift=4 flip=horizontal rotate=10`, and so on. Validation and test images are never changed."""

    shift: int = option(Integer(at_most=1024), default=0, help="move by up to so many pixels")
    fill: str = option(
        Choice(words=FILLS), default="black", help="what comes in where an image was moved: reflect is the image itself"
    )
    flip: str = option(
        Choice(words=("none", "horizontal", "vertical", "both", "alternate")),
        default="none",
        help="mirror every other image; alternate: left and right, each image in every other epoch",
    )
    rotate: float = option(Number(at_least=0, at_most=180), default=0.0, help="turn by up to so many degrees")
    cutout: int = option(Integer(at_most=1024), default=0, help="zero a square of so many pixels a side")
    crop: float = option(
        Number(above=0, at_most=1),
        default=1.0,
        help="cut a part out, of at least such a share of the area, and enlarge it to the whole",
    )
    brightness: float = option(
        Number(at_least=0, at_most=1), default=0.0, help="make lighter or darker by up to such a share"
    )
    mixup: float = option(
        _ALPHA, default=0.0, help="mix each image with another one, by a share of Beta(mixup, mixup), and their labels"
    )
    cutmix: float = option(
        _ALPHA,
        default=0.0,
        help="put a part of another image in, of a share of Beta(cutmix, cutmix), and mix the labels",
    )
    contrast: float = option(
        Number(at_least=0, at_most=1), default=0.0, help="raise or lower the contrast by up to such a share"
    )
