"""`data: folder "DIR"`: pictures in folders that are named for their classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import Choice, Size, SizeKind, Text, option, positional, word

from .base import DataError, OptionError
from .cache import decoded_once
from .decoding import Picture, decode_all
from .fitting import FITS, Fitting
from .folder_layout import PARTS, ListedPart, list_parts, part_folder
from .folder_notes import notes_on
from .headers import PictureHeader, picture_headers
from .own_data import OwnData, Part, Stored
from .pictures import ImageShape
from .places import resolve
from .reading_progress import reading_progress
from .splits import Split, Splits

__all__ = ["ImageFolder"]

#: pictures, or bytes of them, from which on what is decoded is kept: fewer are decoded as fast as it is read
_WORTH_KEEPING, _BYTES_WORTH_KEEPING = 2000, 2**24
_CHANNELS = {"grey": 1, "rgb": 3}
#: a size to propose where none is written
_USUAL_SIDE = 64


@word(
    "data",
    "folder",
    help="pictures in DIR/train/CLASS/ and DIR/test/CLASS/, or in DIR/CLASS/ (a tenth of them becomes the test set)",
    example='folder "photos" size=64x64 colour=rgb',
    usage='folder "DIR"',
)
@dataclass(frozen=True)
class ImageFolder(OwnData):
    """JPEG, PNG and other pictures, of one size and all grey (C=1) or all in colour (C=3), or made so by options.

    `DIR/train/CLASS/*`, or `DIR/CLASS/*`, to train on; `DIR/test/CLASS/*` to test on, and `DIR/val/CLASS/*` to validate
    on. Without a `test`, a tenth is held out as the test set, always the same pictures.
    Classes are numbered in the order of their names.
    """

    directory: str = positional(Text(), help="the folder with a folder for each class")
    size: Size | None = option(
        SizeKind(at_most=4096), default=None, help="make every picture so large, HxW; left out, all must have one size"
    )
    colour: str | None = option(
        Choice(words=tuple(_CHANNELS)),
        default=None,
        help="take every picture in grey, or in RGB; left out, all must be alike",
    )
    fit: str = option(
        Choice(words=FITS),
        default="crop",
        help="how `size` is reached: cover it and cut to the middle, lie within it between zeros, or be stretched",
    )
    skip: str = option(
        Choice(words=("none", "bad")), default="none", help="bad: leave out pictures that cannot be read, and name them"
    )
    bases: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def name(self) -> str:
        return self.directory

    @property
    def fit_of_pictures(self) -> str:
        return self.fit

    @property
    def smaller(self) -> str:
        return f"Write size={_USUAL_SIDE}x{_USUAL_SIDE}, say" if self.size is None else "Write a smaller size"

    def validates_on(self) -> str:
        try:
            place = part_folder(resolve(self.directory, self.bases), "val")
        except DataError:  # it need not be on this machine for its network to be looked at
            return ""
        return f"{self.directory.rstrip('/')}/{place.name}" if place is not None else ""

    def find(self) -> None:
        resolve(self.directory, self.bases)

    def stored(self) -> Stored:
        folder = resolve(self.directory, self.bases)
        parts, foreign = list_parts(folder)
        names = list(parts["train"].classes)
        paths = [path for listed in parts.values() for path in listed.paths]
        found = dict(zip(paths, picture_headers(folder, paths), strict=True))
        headers = {path: header for path, header in found.items() if isinstance(header, PictureHeader)}
        problems = [header for header in found.values() if isinstance(header, str)]
        if problems and self.skip != "bad":
            raise self._unreadable(problems)
        if problems:
            parts = {part: listed.keep(headers) for part, listed in parts.items()}
        shape = self._shape(headers)
        train, test, val = (_part(parts[part], shape, names) if part in parts else None for part in PARTS)
        assert train is not None
        return Stored(
            train,
            test,
            val,
            names,
            notes=notes_on(headers, shape, self.fit, problems, foreign),
            sizes=Counter((header.shape.width, header.shape.height) for header in headers.values()),
            decode=lambda: self._decode(folder, parts, names, shape, problems),
        )

    def _unreadable(self, problems: Sequence[str]) -> DataError:
        others = len(problems) - 1
        more = f" So it is with {others} other picture{'s' * (others > 1)}." if others else ""
        return OptionError(f"{problems[0]}{more}", "skip=bad", "to leave such pictures out")

    def _shape(self, headers: dict[Path, PictureHeader]) -> ImageShape:
        """The shape of all images. Raises `DataError` where pictures differ and no option says what they become."""
        first = next(iter(headers.values())).shape
        channels = _CHANNELS[self.colour] if self.colour is not None else first.channels
        shape = ImageShape(channels, *(self.size or first[1:]))
        for path, (found, _) in headers.items():
            sized = self.size is not None or found[1:] == first[1:]
            if sized and (self.colour is not None or found.channels == channels):
                continue
            needed = self._needed([header.shape for header in headers.values()])
            raise OptionError(f"{path} is {found}, but the first picture is {first}.", needed, "to make them alike")
        return shape

    def _needed(self, found: Sequence[ImageShape]) -> str:
        """The options that make pictures of these shapes alike."""
        options = []
        if self.size is None and len({each[1:] for each in found}) > 1:
            height, width = (min(_USUAL_SIDE, *(each[axis] for each in found)) for axis in (1, 2))
            options.append(f"size={height}x{width}")
        if self.colour is None and len({each.channels for each in found}) > 1:
            options.append("colour=rgb")
        return " ".join(options)

    def _decode(
        self, folder: Path, parts: dict[str, ListedPart], names: Sequence[str], shape: ImageShape, problems: list[str]
    ) -> Splits:
        paths = [path for listed in parts.values() for path in listed.paths]
        sizes = {path: path.stat().st_size for path in paths if path.exists()}

        def decoded(part: str) -> tuple[Split, list[str]]:
            listed = parts[part]
            return decode_all(
                [
                    Picture(str(path), number, sizes.get(path, 0), path.read_bytes)
                    for path, number in zip(listed.paths, listed.labels(names), strict=True)
                ],
                Fitting(shape, self.fit),
                None if self.size is not None or self.colour is not None else shape,
            )

        def decode() -> Splits:
            reading_progress().begin(len(paths))
            found = {part: decoded(part) for part in parts}
            bad = [problem for _, problems in found.values() for problem in problems]
            if bad and self.skip != "bad":
                raise self._unreadable(bad)
            train, test, val = (found[part][0] if part in found else None for part in PARTS)
            assert train is not None
            return Splits(train, test, val, (*problems, *bad))

        if len(paths) < _WORTH_KEEPING and sum(sizes.values()) < _BYTES_WORTH_KEEPING:
            return decode()
        way = f"folder-{shape.channels}x{shape.height}x{shape.width}-{self.fit}-{self.skip}"
        return decoded_once(way, folder, paths, decode)


def _part(listed: ListedPart, shape: ImageShape, names: Sequence[str]) -> Part:
    labels = np.array(listed.labels(names), np.int64)
    return Part(str(listed.place), shape, len(labels), lambda: (labels, str(listed.place)))
