"""A training from Python that is kept as a run, with all that the commands and the screen expect of one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from tuicnn.errors import UserError
from tuicnn.language import Checked
from tuicnn.runs.log import log_to
from tuicnn.runs.prepared import NetFile, begin
from tuicnn.training.checkpointing import ResumeState
from tuicnn.training.events import Event, Warned
from tuicnn.worker.runner import Run, serve

if TYPE_CHECKING:
    from tuicnn.language import Plan
    from tuicnn.runs.folder import RunFolder
    from tuicnn.training.checkpoint import Checkpoint
    from tuicnn.training.options import OnNan, Options
    from tuicnn.training.session import Session

__all__ = ["KeptRun"]


class KeptRun:
    """A run that begins in a new folder, with the weights of a checkpoint; whoever iterates `session` trains it.

    Screens may watch and control it meanwhile. It must be closed.
    """

    def __init__(
        self,
        path: Path,
        plan: Plan,
        options: Options,
        first: Checkpoint,
        note: Callable[[Event], None],
        on_nan: OnNan,
        halving: str,
    ) -> None:
        """`note` is told of each event. Raises `UserError` where there can be no run in the folder `path`."""
        net = NetFile(Path(plan.name), plan.text, Checked(plan, ()))
        with ExitStack() as closing:
            prepared = begin(net, options, folder=path)
            self.folder: RunFolder = prepared.folder
            lock = closing.enter_context(self.folder.lock())
            log_to(self.folder.log)
            closing.callback(log_to, None)
            self.folder.checkpoints.write(first)
            run = Run(
                prepared,
                on_nan,
                ResumeState(first),
                lock=lock,
                report=note,
                say=lambda trouble: note(Warned(trouble)),
                halving=halving,
            )
            closing.callback(run.close)
            self.session: Session = run.session
            try:
                closing.callback(serve(run, self.folder, lock).close)
            except UserError as error:  # it cannot be watched, and trains all the same
                note(Warned(str(error)))
            self._closing = closing.pop_all()

    def close(self) -> None:
        """Let others have the run: it is not trained any more."""
        self._closing.close()
