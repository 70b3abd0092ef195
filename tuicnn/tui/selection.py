"""What a person has chosen, the same in all views."""

from __future__ import annotations

from dataclasses import dataclass, field

from tuicnn.observing.image import PinnedImage

__all__ = ["Selection"]


@dataclass
class Selection:
    """Read by a view when it comes to the front, and written as the person chooses."""

    image: PinnedImage = field(default_factory=PinnedImage)
    #: index into the overview's layers
    layer: int = 0
    #: the epoch whose weights are looked at, from 1; None: the newest
    epoch: int | None = None
    #: the number that the Explain view has open; "": it begins with the prediction
    address: str = ""
