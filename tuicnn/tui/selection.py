"""What a person has chosen, the same in all views."""

from __future__ import annotations

from dataclasses import dataclass, field

from tuicnn.observing.image import PinnedImage

__all__ = ["Selection"]


@dataclass
class Selection:
    """Read by a view when it comes to the front, and written as the person chooses."""

    image: PinnedImage = field(default_factory=PinnedImage)
    #: numbers of the validation images that `walk` goes through, such as those that are misread; (): all
    images: tuple[int, ...] = ()
    #: index into the overview's layers
    layer: int = 0
    #: the epoch whose weights are looked at, from 1; None: the newest
    epoch: int | None = None
    #: the number that the Explain view has open; "": it begins with the prediction
    address: str = ""

    def walk(self, by: int) -> None:
        """Pin the image so many places further: among `images` where the pinned one is one of them, else of all.

        From an image of one's own it goes to the first one.
        """
        number = self.image.number
        if self.image.pixels:
            number = 0
        elif number in self.images:
            number = self.images[(self.images.index(number) + by) % len(self.images)]
        else:
            number += by
        self.image = PinnedImage(number)
