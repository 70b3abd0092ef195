"""What a report is made of, out of a run's folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuicnn.errors import UserError
from tuicnn.runs.evaluating import EvaluatedRun, evaluate_run
from tuicnn.runs.history import Record, read_record

if TYPE_CHECKING:
    from tuicnn.runs.folder import RunFolder
    from tuicnn.training.events import Overview
    from tuicnn.training.predictions import Split

__all__ = ["MISTAKES", "Material"]

#: images of the surest mistakes that are shown
MISTAKES = 24


@dataclass(frozen=True, eq=False)
class Material:
    """A run by its journal, and how good it is; None where that cannot be said."""

    name: str
    text: str
    overview: Overview
    record: Record
    evaluated: EvaluatedRun | None

    @classmethod
    def of(
        cls, folder: RunFolder, part: Split, epoch: int | None = None, warn: Callable[[str], None] = lambda line: None
    ) -> Material:
        """Of a run at its newest checkpoint, or after an `epoch`; `warn` is told of what is left out.

        Raises `UserError` where its journal or its text cannot be read.
        """
        record, text = read_record(folder), folder.text
        if record.overview is None:
            raise UserError(f"The journal of the run {folder.name} has no beginning: nothing can be reported.")
        try:
            evaluated = evaluate_run(folder, part, epoch=epoch, mistakes=MISTAKES, warn=warn)
        except UserError as error:
            warn(f"The report does not say how good the run is: {error}")
            return cls(folder.name, text, record.overview, record, None)
        return cls(folder.name, text, record.overview, record, evaluated)
