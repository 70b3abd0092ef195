"""Opens the number where a microscope stands, beside the event loop, and keeps what was seen lately."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from functools import partial
from threading import Lock
from typing import Any

from tuicnn.errors import UserError
from tuicnn.specimen.address import Address
from tuicnn.specimen.specimen import Specimen
from tuicnn.system.background import in_background
from tuicnn.tui.microscope import Microscope, Sight, look

__all__ = ["SightLoader"]

_KEPT = 12  # numbers that were seen last, and are shown again at once
_PATIENCE = 0.15  # seconds from which on it is said what is computed


class SightLoader:
    """The newest number that is asked for is shown; what was asked for before it and is not there yet, is not.

    `start` runs a coroutine; `show` is called when something new is in sight, `say` with a sentence about it.
    """

    def __init__(
        self,
        start: Callable[[Coroutine[Any, Any, None]], object],
        show: Callable[[], object],
        say: Callable[[str], object],
    ) -> None:
        self._start, self._show, self._say = start, show, say
        self._wanted = self._loaded = 0  # how often a number was asked for, and which time was answered last
        self._loading = False
        self._lately: dict[Address, tuple[Sight, float | None]] = {}
        self._waiting: deque[Callable[[Microscope, Sight], object]] = deque()  # what is to be done with what comes
        self._turn = Lock()  # a specimen is looked into by one thread at a time
        self._former: Specimen | None = None
        self._names: tuple[str, ...] = ()
        self.scope: Microscope | None = None
        self.sight: Sight | None = None
        self.before: float | None = None  # the number in the former specimen

    @property
    def settled(self) -> bool:
        """Whether the number where the microscope stands is in sight."""
        return self.scope is not None and self.sight is not None and self._wanted == self._loaded

    def use(self, scope: Microscope, former: Specimen | None, names: tuple[str, ...]) -> None:
        """Look through another microscope; numbers are compared with a `former` specimen, classes have `names`."""
        self.scope, self._former, self._names = scope, former, names
        self._lately.clear()

    def forget(self) -> None:
        """Let everything go that takes memory."""
        self.scope = self.sight = self.before = self._former = None
        self._lately.clear()
        self._waiting.clear()

    def drop_waiting(self) -> None:
        """Do not do what waits for the sight."""
        self._waiting.clear()

    def load(self) -> None:
        """Open the number where the microscope stands."""
        assert self.scope is not None
        self._wanted += 1
        seen = self._lately.get(self.scope.address)
        if seen is not None:  # at once, also while something else is computed
            self._see(*seen)
        elif not self._loading:
            self._loading = True
            self._start(self._follow())

    def when_settled(self, do: Callable[[Microscope, Sight], object]) -> None:
        """Do something with what is in sight once the microscope stands still; one thing after the other."""
        self._waiting.append(do)
        self._go_on()

    def _go_on(self) -> None:
        while self._waiting and self.settled:
            assert self.scope is not None
            assert self.sight is not None
            self._waiting.popleft()(self.scope, self.sight)

    async def _follow(self) -> None:
        try:
            while self._loaded != self._wanted and self.scope is not None:
                await self._load_once(self.scope, self._wanted)
        finally:
            self._loading = False

    async def _load_once(self, scope: Microscope, wanted: int) -> None:
        """Compute where the microscope stands, and show it if that is still wanted."""
        address = scope.address
        computing = asyncio.ensure_future(in_background(partial(self._computed, scope.specimen, address)))
        done, _ = await asyncio.wait({computing}, timeout=_PATIENCE)
        if not done:
            self._say(f"computing {address.brief}")
        try:
            found = await computing
        except UserError as error:
            if wanted == self._wanted and scope is self.scope:
                self._refuse(scope, str(error))
            return
        if wanted == self._wanted and scope is self.scope:
            self._see(*found)

    def _computed(self, specimen: Specimen, address: Address) -> tuple[Sight, float | None]:
        """In a thread: the sight, and what the number was in the former specimen."""
        with self._turn:
            sight = look(specimen, address, self._names)
            compared = self._former is not None and address.kind != "step"
            return sight, self._former.explain(address).value if compared and self._former is not None else None

    def _see(self, sight: Sight, before: float | None) -> None:
        """Show what was computed, and do what waited for it."""
        self._loaded = self._wanted
        self.sight, self.before = sight, before
        self._lately.pop(sight.explanation.address, None)
        self._lately[sight.explanation.address] = (sight, before)
        if len(self._lately) > _KEPT:
            del self._lately[next(iter(self._lately))]
        self._show()
        self._go_on()

    def _refuse(self, scope: Microscope, sentence: str) -> None:
        """The number does not open: back to the one that is in sight."""
        self._loaded = self._wanted
        self._waiting.clear()
        self._say(sentence)
        if self.sight is not None:
            seen = self.sight.explanation.address
            if len(scope.trail) > 1 and scope.trail[-2].address == seen:
                scope.up()
            elif scope.address != seen:
                scope.go(seen)
        self._show()
