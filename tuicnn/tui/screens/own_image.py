"""An image of a person's own in a view: drawn, or out of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tuicnn.observing.image import PinnedImage
from tuicnn.tui.screens.question import NameScreen, QuestionScreen
from tuicnn.tui.screens.view import View

__all__ = ["OwnImage"]

_ASKED = (
    "The path of a picture, which is made to fit; or of an .npy file of numbers, of the size that the network takes."
)


class OwnImage(View, inherit_bindings=False):
    """A view in which an image can be drawn or opened; all views look at it then."""

    def action_draw(self) -> None:
        """Draw a digit, or say why none can be drawn."""
        from tuicnn.tui.screens.draw import DrawScreen, why_not_drawn  # with the layers, which the first picture lacks

        overview = self.snapshot.overview
        if overview is None or not overview.class_names:
            self.notice("the data is not read yet")
        elif why := why_not_drawn(overview):
            question = QuestionScreen(self.terminal, "Draw", why, [("o", "open an image file instead")])
            self.app.push_screen(question, lambda answer: self.action_open_image() if answer == "o" else None)
        else:
            self.app.push_screen(DrawScreen(self.terminal, self.watcher, overview), self._on_drawn)

    def _on_drawn(self, drawn: NDArray[np.uint8] | Literal["open"] | None) -> None:
        if isinstance(drawn, np.ndarray):
            self._pin(drawn)
        elif drawn == "open":
            self.action_open_image()

    def action_open_image(self) -> None:
        """Open an image file."""
        self._ask_path("", _ASKED)

    def _ask_path(self, typed: str, question: str) -> None:
        screen = NameScreen(self.terminal, "Open an image", question, typed, enter="opens")
        self.app.push_screen(screen, self._on_path)

    def _on_path(self, typed: str | None) -> None:
        """Read a file; where it cannot be, say why, and ask again."""
        from tuicnn.data import DataError
        from tuicnn.data.fitting import Fitting, fit_file

        overview = self.snapshot.overview
        if not typed or overview is None:
            return
        try:
            found = fit_file(Path(typed).expanduser(), Fitting(overview.input, overview.fit, overview.border))
            self._pin(found.pixels)
            self.notice(", ".join(found.done))
        except DataError as error:
            self._ask_path(typed, str(error))

    def _pin(self, pixels: NDArray[np.uint8]) -> None:
        self.selection.image = PinnedImage.of(pixels)
        self.rearrange(*self.size)
