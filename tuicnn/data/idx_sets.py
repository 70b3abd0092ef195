"""The data sets that come as four IDX files: MNIST (inside the package), Fashion-MNIST, and a folder of one's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import Text, positional, word

from .arrays import as_images, as_labels, shape_text
from .base import DataError
from .fetching import Download
from .idx import Checksum, read_idx, read_idx_header
from .own_data import OwnData, Part, Stored
from .places import looked_in, places, resolve
from .published import Published, how_to_fetch
from .splits import Split, Splits

__all__ = ["FashionMnist", "IdxFolder", "Mnist"]

T = TypeVar("T")

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def checksums(*pairs: tuple[str, str]) -> dict[str, Checksum]:
    """Those of the four files."""
    return {name: Checksum(*pair) for name, pair in zip(FILES, pairs, strict=True)}


MNIST = checksums(
    ("0b367032e93c5d0cea0925647cfdb18614af8ee15f83e6f2fc2ad904a6835971",
     "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
    ("1787548bbe0bff1ec2ecdc0ef292b02df999e2d1a6002d27500982c652b17203",
     "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
    ("1a1a05eab793c14bb050b398624a11b0ffd1a2953baed553b1b9bd079e2a20be",
     "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
    ("b91679a0acfe4ba0e50a2437a903084cba1f5f92592b016a25a7dfd00455798b",
     "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
)  # fmt: skip
FASHION = checksums(
    ("b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7",
     "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
    ("0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056",
     "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
    ("cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa",
     "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
    ("8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05",
     "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
)  # fmt: skip
#: the four files as their authors publish them: SHA-256 and bytes
FASHION_PUBLISHED = (
    ("3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84", 26_421_880),
    ("a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845", 29_515),
    ("346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073", 4_422_102),
    ("67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5", 5_148),
)
DIGITS = tuple("0123456789")
CLOTHES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
#: MNIST as it is shipped inside the package
SHIPPED = Path(__file__).resolve().parent / "mnist"
#: where Debian's package dataset-fashion-mnist puts its files
DEBIAN = Path("/usr/share/dataset-fashion-mnist")


def _file(folder: Path, name: str) -> Path | None:
    """One of the four files in a folder, gzipped or not; None where it is not there."""
    # some archives unpack to train-images.idx3-ubyte
    candidates = (folder / f"{name}.gz", folder / name, folder / name.replace("-idx", ".idx"))
    return next((path for path in candidates if path.is_file()), None)


def _files(folder: Path) -> dict[str, Path]:
    """All four files in a folder. Raises `DataError`, which names the first that is missing."""
    found = {}
    for name in FILES:
        path = _file(folder, name)
        if path is None:
            raise DataError(f"{folder} has no {name}.gz (nor {name}).")
        found[name] = path
    return found


def _must_be_images(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    if dtype != np.uint8 or len(shape) != 3 or 0 in shape:
        raise DataError(
            f"{path} holds {dtype.name} of shape {shape_text(shape)}; images must be uint8 of shape (N, H, W)."
        )


def _read(files: Mapping[str, Path], known: Mapping[str, Checksum], name: str) -> Splits:
    """The images of a published data set, whose files must be those that are known. Raises `DataError`."""
    arrays = {key: read_idx(path, known[key], name) for key, path in files.items()}
    images = [as_images(arrays[key], str(files[key])) for key in FILES[::2]]
    labels = [as_labels(arrays[key], str(files[key])) for key in FILES[1::2]]
    return Splits(Split(images[0], labels[0]), Split(images[1], labels[1]))


@word("data", "mnist", help="handwritten digits, 1x28x28: 60,000 to train on, 10,000 to test (inside the package)")
@dataclass(frozen=True)
class Mnist(Published):
    """MNIST (LeCun, Cortes, Burges), always at hand."""

    shape, class_names, images = (1, 28, 28), DIGITS, 60_000

    def find(self) -> None:
        self._whole(lambda: _files(SHIPPED))

    def read(self) -> Splits:
        return self._whole(lambda: _read(_files(SHIPPED), MNIST, "MNIST"))

    @staticmethod
    def _whole(use: Callable[[], T]) -> T:
        try:
            return use()
        except DataError as error:
            raise DataError(f"tuicnn's own copy of MNIST is not whole; install tuicnn again. {error}") from None


@word(
    "data",
    "fashion-mnist",
    help="pictures of clothes, 1x28x28, ten classes: 60,000 to train on, 10,000 to test (fetched once)",
)
@dataclass(frozen=True)
class FashionMnist(Published):
    """Fashion-MNIST (Xiao, Rasul, Vollgraf 2017): as many images as MNIST has, and under the same file names."""

    shape, class_names, images = (1, 28, 28), CLOTHES, 60_000
    download = Download(
        "fashion-mnist",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        {f"{name}.gz": published for name, published in zip(FILES, FASHION_PUBLISHED, strict=True)},
    )

    def find(self) -> None:
        self._locate()

    def _locate(self) -> dict[str, Path]:
        for folder in (*places("fashion-mnist"), DEBIAN):
            try:
                files = _files(folder)
            except (DataError, OSError):
                continue
            # MNIST's files have the same names, so a folder without the data set's own name must prove what it holds
            if folder.name in ("fashion-mnist", DEBIAN.name) or self._are_clothes(files):
                return files
        wanted = places("fashion-mnist")[-2]
        raise DataError(
            f"Fashion-MNIST is not here (looked in {looked_in('fashion-mnist')}): {how_to_fetch(self.download)}"
            f"put its four files ({', '.join(name + '.gz' for name in FILES)}, "
            f"from github.com/zalandoresearch/fashion-mnist) into {wanted}, "
            "or set TUICNN_DATA to a folder that has them; on Debian: apt install dataset-fashion-mnist."
        )

    @staticmethod
    def _are_clothes(files: Mapping[str, Path]) -> bool:
        smallest = FILES[3]
        try:
            read_idx(files[smallest], FASHION[smallest], "Fashion-MNIST")
        except DataError:
            return False
        return True

    def read(self) -> Splits:
        return _read(self._locate(), FASHION, "Fashion-MNIST")


@word("data", "idx", help="four IDX files with MNIST's names in a folder", example='idx "digits"', usage='idx "DIR"')
@dataclass(frozen=True)
class IdxFolder(OwnData):
    """A folder with train-images-idx3-ubyte.gz and so on, gzipped or not; classes are counted by the highest label."""

    directory: str = positional(Text(), help="the folder with the four files")
    bases: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def name(self) -> str:
        return self.directory

    def _files(self) -> dict[str, Path]:
        return _files(resolve(self.directory, self.bases))

    def find(self) -> None:
        self._files()

    def stored(self) -> Stored:
        files = self._files()
        train, test = (_part(files[x], files[y]) for x, y in zip(FILES[::2], FILES[1::2], strict=True))
        return Stored(train, test)


def _part(images: Path, labels: Path) -> Part:
    """What two files hold, by their headers. Raises `DataError`."""
    header, of_labels = read_idx_header(images), read_idx_header(labels)
    _must_be_images(images, header.dtype, header.shape)
    if len(of_labels.shape) != 1 or of_labels.dtype.kind not in "iu":
        raise DataError(
            f"{labels} holds {of_labels.dtype.name} of shape {shape_text(of_labels.shape)}; "
            "labels must be one whole number an image."
        )
    count, height, width = header.shape
    if count != of_labels.shape[0]:
        raise DataError(f"{images} has {count} images, but there are {of_labels.shape[0]} labels for them.")
    return Part(
        str(images),
        (1, height, width),
        count,
        lambda: (read_idx(labels), str(labels)),
        lambda: as_images(read_idx(images), str(images)),
    )
