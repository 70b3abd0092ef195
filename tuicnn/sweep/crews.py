"""Where the trials of a sweep are trained: on this machine, or on a Dask cluster."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tuicnn.sweep.cluster import Certificates, at_scheduler, on_this_machine
from tuicnn.system.machine import processors

if TYPE_CHECKING:
    from tuicnn.sweep.controller import Crew
    from tuicnn.sweep.folder import SweepFolder

__all__ = ["Place"]


@dataclass(frozen=True)
class Place:
    """A place as the command line says it; `jobs` is how many trials at a time, None for what is usual there."""

    jobs: int | None = None
    scheduler: str | None = None  # a Dask scheduler's address
    cluster: str | None = None  # `local`: a Dask cluster that is made here
    certificates: Certificates = field(default_factory=Certificates)

    @property
    def here(self) -> bool:
        """Whether it is this machine, without Dask."""
        return self.scheduler is None and self.cluster is None

    @contextlib.contextmanager
    def reached(self) -> Iterator[Callable[[SweepFolder], Crew]]:
        """Reach it: what makes a crew for a sweep, which trains there as long as this lasts.

        Raises `UserError` where it cannot be reached.
        """
        if self.here:
            from tuicnn.sweep.local import LocalCrew

            yield lambda folder: LocalCrew(folder, self.jobs or processors())
            return
        from tuicnn.sweep.dask_crew import DaskCrew

        if self.scheduler is not None:
            reached, where = at_scheduler(self.scheduler, self.certificates), f"--scheduler {self.scheduler}"
        else:
            reached, where = on_this_machine(self.jobs or processors()), "--cluster local"
        with reached as client, contextlib.ExitStack() as crews:
            yield lambda folder: crews.enter_context(contextlib.closing(DaskCrew(folder, client, self.jobs, where)))
