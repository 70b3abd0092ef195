"""What stands in an explanation, for the page of help."""

from __future__ import annotations

from tuicnn.tui.screens.help import Word

__all__ = ["WORDS"]

WORDS = (
    Word("d conv1[2,4,5]", "a gradient: how the image's loss changes where this number grows"),
    Word("batch d", "before a weight: the gradient of the batch that is trained on next; its parts are the images'"),
    Word("step", "before a weight: what the next training step makes of it"),
    Word("[2.80]", "the chosen part, with its weight and their product; enter opens it", "text"),
    Word("frame", "in a picture: the pixels that a number is computed from, and the number's own"),
    Word("1.06", "in this colour: it adds", "accent"),
    Word("-0.38", "in this colour: it takes away", "second"),
    Word("engine", "what the fast code that trains gets; the number is its parts, summed in double precision", "dim"),
)
