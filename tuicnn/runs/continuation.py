"""What can be done next with a run that has ended or was lost."""

from __future__ import annotations

from dataclasses import dataclass

from tuicnn.limits import EPOCHS
from tuicnn.runs.status import RunSummary
from tuicnn.training.events import State
from tuicnn.training.options import Options

__all__ = ["Continuation", "continuation", "continuation_of"]

#: epochs that a run which is done is trained longer
MORE = 5


@dataclass(frozen=True)
class Continuation:
    """How a run can go on: the words for it, the question that is asked before, and the options of its resuming."""

    words: str
    question: str
    options: Options


def continuation(
    name: str, state: str, *, epochs: int, saved: bool, unsaved: bool = False, early: bool = False
) -> Continuation | None:
    """How the run `name` can go on, whose process is gone or has nothing left to do; None where it cannot.

    `state` is that of its summary, `epochs` how many it was to have, `saved` whether it has a checkpoint, `unsaved`
    whether not all of its end could be written, `early` whether it ended before its last epoch, as its net says.
    """
    if state == State.DONE and not unsaved:
        whole = min(epochs + MORE, EPOCHS.most)
        if not saved or early or whole <= epochs:
            return None
        words = f"train {whole - epochs} more"
        question = f"Train {name} for {whole - epochs} epochs more? It then has {whole}, and another result."
        return Continuation(words, question, Options(epochs=whole))
    if state == State.LOST:
        place = "its newest checkpoint" if saved else "its first step"
        return Continuation("resume", f"Resume {name} from {place}?", Options())
    if state == State.DIVERGED and saved:
        question = f"Resume {name}? At the step at which it diverged it pauses, so that you can halve the rate."
        return Continuation("resume", question, Options(on_nan="pause"))
    if state in (State.DONE, State.STOPPED, State.FAILED) and saved:
        return Continuation("resume", f"Resume {name} where it stopped?", Options())
    return None


def continuation_of(run: RunSummary) -> Continuation | None:
    """The same of a run by its summary; None where it has a process."""
    if run.alive:
        return None
    epochs = run.epochs_planned or run.epochs
    return continuation(
        run.name,
        run.state,
        epochs=epochs,
        saved=run.saved is not None,
        unsaved=bool(run.trouble),
        early=run.ended_early,
    )
