"""What a network says an image is, in a few words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tuicnn.display.terminal import Role, TerminalProfile
from tuicnn.numbers import percent, significant

if TYPE_CHECKING:
    from tuicnn.observing.activations import Activations

__all__ = ["answer", "prediction"]


def answer(
    seen: Activations, names: Sequence[str], terminal: TerminalProfile, *, share: bool = True
) -> list[tuple[str, Role]]:
    """What a network makes of an image: what it says that it is, or how far its own picture of it is off."""
    if seen.rebuilt.size:
        return [(f"mean squared error {significant(seen.error)}", "accent")]
    return prediction(seen.probabilities, seen.label, names, terminal, share=share)


def prediction(
    probabilities: NDArray[np.float32],
    label: int,
    names: Sequence[str],
    terminal: TerminalProfile,
    *,
    share: bool = True,
) -> list[tuple[str, Role]]:
    """`✗ says 4 61.2%, it is 9`, of the names of the classes; a label of -1 is not known, and nobody is right then.

    Without its `share` where there is no room for it, and bars tell it.
    """
    glyphs = terminal.glyphs
    if not np.isfinite(probabilities).all():  # a network whose numbers are not finite names no class
        truth = f", it is {names[label]}" if label >= 0 else ""
        return [(f"{glyphs.wrong} says nothing: NaN", "bad"), (truth, "text")]
    said = int(np.argmax(probabilities))
    text = f"says {names[said]}" + (f" {percent(float(probabilities[said]))}" if share else "")
    if label < 0:
        return [(text, "accent")]
    if said == label:
        return [(f"{glyphs.check} {text}", "good")]
    return [(f"{glyphs.wrong} {text}", "bad"), (f", it is {names[label]}", "text")]
