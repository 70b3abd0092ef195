"""Moments of a run, held still: its weights between two steps and one image, as a specimen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic

from tuicnn.errors import UserError
from tuicnn.observing.activations import AskActivations
from tuicnn.observing.image import PinnedImage
from tuicnn.observing.specimen import AskSpecimen, SpecimenState
from tuicnn.specimen.address import Address
from tuicnn.specimen.specimen import Specimen
from tuicnn.system.background import in_background
from tuicnn.training.events import Overview, State
from tuicnn.tui.context import ViewContext

__all__ = ["Moment", "Moments"]

_PATIENCE = 20.0  # seconds for a run to pause, and to train a step


@dataclass(frozen=True, eq=False)
class Moment:
    """A run after a step, and an image. `epoch`: it is the end of that past epoch."""

    state: SpecimenState
    specimen: Specimen
    epoch: int | None = None

    def stored(self, address: Address) -> int | None:
        """A pixel of the image as it is stored, 0 to 255; None of other numbers."""
        if address.name != "image" or address.kind != "value" or address.batch:
            return None
        channel, row, column = address.index
        return int(self.state.image[row, column, channel])

    def said(self, overview: Overview | None) -> str:
        """`step 479, frozen; image 12 is a 7`."""
        when = f"step {self.state.step:,}, frozen" if self.epoch is None else f"after epoch {self.epoch}"
        if self.state.number < 0:
            return f"{when}; your image"
        names, label = overview.class_names if overview is not None else (), self.state.label
        known = label is not None and label < len(names)
        return f"{when}; image {self.state.number:,}" + (f" is {names[label]}" if known else "")  # type: ignore[index]


class Moments:
    """Where moments come from: the run's process, or its folder."""

    def __init__(self, context: ViewContext) -> None:
        self._context = context

    def epochs(self) -> list[int]:
        """The past epochs whose weights are kept."""
        folder = self._context.folder
        return [] if folder is None else list(folder.snapshots.epochs())

    async def now(self) -> Moment:
        """The newest, or the end of the epoch that is chosen, with the pinned image. Raises `UserError`."""
        selection = self._context.selection
        question = AskSpecimen(selection.image, next_step=True)
        return await self._moment(await self._asked(question, selection.epoch), selection.epoch)

    async def other_image(self, moment: Moment, image: PinnedImage) -> Moment:
        """The same moment with another image. Raises `UserError`."""
        seen = await self._context.watcher.ask(AskActivations(0, image), moment.epoch)
        if seen is None:
            raise UserError(self._context.watcher.snapshot.gone)
        state = replace(
            moment.state,
            image=seen.image,
            label=seen.label if seen.label >= 0 else None,
            number=seen.sample if not image.pixels else -1,
        )
        return await self._moment(state, moment.epoch)

    async def step(self) -> tuple[Moment, Moment]:
        """Pause the run where it trains, train one step, and have both moments. Raises `UserError`."""
        watcher, selection = self._context.watcher, self._context.selection
        if watcher.latest.state is not State.PAUSED:
            await watcher.act("pause")
            await self._until(lambda: watcher.latest.state is State.PAUSED or watcher.latest.state.final)
        question = AskSpecimen(selection.image, next_step=True)
        before = await self._asked(question)
        await watcher.act("step")
        started = monotonic()
        after = await self._asked(question)
        while after.step == before.step:
            if monotonic() - started > _PATIENCE:
                raise UserError("The run has not trained a step yet; it may be validating.")
            await asyncio.sleep(0.02)
            after = await self._asked(question)
        return await self._moment(before, None), await self._moment(after, None)

    async def _until(self, come: Callable[[], bool]) -> None:
        started = monotonic()
        while not come():
            if monotonic() - started > _PATIENCE:
                raise UserError("The run does not pause; it may be validating.")
            await asyncio.sleep(0.02)

    async def _asked(self, question: AskSpecimen, epoch: int | None = None) -> SpecimenState:
        state = await self._context.watcher.ask(question, epoch)
        if state is None:
            raise UserError(self._context.watcher.snapshot.gone)
        return state

    async def _moment(self, state: SpecimenState, epoch: int | None) -> Moment:
        return Moment(state, await in_background(state.specimen), epoch)
