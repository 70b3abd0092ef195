"""The views in the order of their digits. Each one's module is imported when it is wanted, or when there is time."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, cast

from tuicnn.tui.widgets.view_bar import Tab

if TYPE_CHECKING:
    from tuicnn.tui.screens.view import View

__all__ = ["PARTS", "TABS", "VIEWS", "Entry", "load", "load_all"]


class Entry(NamedTuple):
    """A view: its name, its class with the module of `tuicnn.tui.screens` that has it, and what it is for."""

    name: str
    where: str
    purpose: str


#: by the mode that Textual knows each by
VIEWS: dict[str, Entry] = {
    "train": Entry("Train", "train:TrainScreen", "Is it learning? The layers and the curves."),
    "maps": Entry("Maps", "maps:MapsScreen", "What has a layer learnt? An image on its way through, and the kernels."),
    "explain": Entry(
        "Explain", "explain:ExplainScreen", "What is a number made of? Down to pixels and weights, and back."
    ),
    "mistakes": Entry(
        "Mistakes", "mistakes:MistakesScreen", "What does it get wrong? The classes that it mixes up, and the images."
    ),
    "edit": Entry("Edit", "edit:EditScreen", "Change the net, and train it again, with the weights that it has."),
    "runs": Entry(
        "Runs", "runs:RunsScreen", "Every run of the folder: what differs, how well it did. Open another one."
    ),
}
#: what is shown in the place of a view, and has no digit of its own
PARTS: dict[str, Entry] = {
    "sweep": Entry("Runs", "sweep:SweepScreen", "A sweep: its variants, their curves, and each trial."),
}
TABS = tuple(Tab(str(digit), entry.name, mode) for digit, (mode, entry) in enumerate(VIEWS.items(), 1))


def load(mode: str) -> type[View]:
    """The class of a view."""
    module, _, name = (VIEWS | PARTS)[mode].where.partition(":")
    return cast("type[View]", getattr(import_module(f"tuicnn.tui.screens.{module}"), name))


def load_all() -> None:
    """Import all of them, which takes some tenths of a second; from any thread."""
    for mode in VIEWS | PARTS:
        load(mode)
