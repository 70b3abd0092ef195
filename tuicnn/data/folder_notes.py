"""What is said of a folder of pictures: what is done to them to make them alike, and what is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from .headers import PictureHeader
from .pictures import ImageShape, foreign_text

__all__ = ["left_out_note", "notes_on"]

#: as many things are named one by one
_NAMED = 3


def notes_on(
    headers: Mapping[Path, PictureHeader], shape: ImageShape, fit: str, problems: Sequence[str], foreign: Counter[str]
) -> tuple[str, ...]:
    """Sentences on pictures that become images of `shape`; none where they are as they are stored."""
    found = [header.shape for header in headers.values()]
    count = len(found)
    notes = []
    other = [each for each in found if each[1:] != shape[1:]]
    if other:
        size = f"{shape.width}x{shape.height}"
        how = {
            "crop": f"scaled to cover {size} and cut to the middle",
            "pad": f"scaled to lie within {size}, between zeros",
            "stretch": f"stretched to {size}",
        }[fit]
        notes.append(f"{_of(len(other), count)} {how}; they are {_sizes(other)}.")
        if enlarged := sum(each.width < shape.width and each.height < shape.height for each in other):
            notes.append(f"{_of(enlarged, count)} smaller than {size}, and enlarged.")
    if turned := sum(header.turned for header in headers.values()):
        notes.append(f"{_of(turned, count)} turned upright, as the camera was held.")
    if differing := sum(each.channels != shape.channels for each in found):
        notes.append(f"{_of(differing, count)} {'made grey' if shape.channels == 1 else 'grey, and taken as RGB'}.")
    if problems:
        notes.append(left_out_note(problems))
    if foreign:
        notes.append(f"Passed over: {foreign_text(foreign)}.")
    return tuple(notes)


def _of(some: int, count: int) -> str:
    """`All 12 pictures are`, `3 of 12 pictures are`."""
    return (
        f"All {count:,} pictures are"
        if some == count
        else f"{some:,} of {count:,} pictures {'is' if some == 1 else 'are'}"
    )


def _sizes(found: Sequence[ImageShape]) -> str:
    """`480x640`, or `from 480x640 to 3024x4032`, by their areas."""
    by_area = sorted(found, key=lambda each: (each.width * each.height, each.width))
    first, last = (f"{each.width}x{each.height}" for each in (by_area[0], by_area[-1]))
    return first if first == last else f"{first} to {last}"


def left_out_note(problems: Sequence[str]) -> str:
    """A sentence on pictures that are left out, each with a sentence on why, which begins with its path."""
    many, others = len(problems) > 1, len(problems) - _NAMED
    named = " ".join(problems[:_NAMED]) + (f" And {others} other{'s' * (others > 1)}." if others > 0 else "")
    return f"{len(problems)} picture{'s are' if many else ' is'} left out: {named}"
