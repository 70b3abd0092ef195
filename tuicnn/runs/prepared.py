"""A run that a process may train now. `begin` makes one of a net; `resuming` and `warm` make one of another run.

Imports nothing but the standard library at first: the process of a run is started before NumPy is imported here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tuicnn.errors import UserError
from tuicnn.runs.creation import create_run, create_run_at
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.origin import Origin
from tuicnn.training.options import Options

if TYPE_CHECKING:
    from tuicnn.language import Checked, Plan
    from tuicnn.layers.base import Shape

__all__ = ["NetFile", "PreparedRun", "begin", "plan_of"]


@dataclass(frozen=True)
class NetFile:
    """A `.net` file as it is at this moment: its text ("" where it cannot be read), and what came of checking it."""

    path: Path
    text: str
    checked: Checked

    @classmethod
    def read(cls, path: Path, values: Mapping[str, str] | None = None) -> NetFile:
        """Read and check a file, with other `values` in its text; its problems are in `checked`."""
        from tuicnn.language import check_overridden_file

        return cls(path, *check_overridden_file(path, values or {}))

    @property
    def missing_data(self) -> str:
        """Why the data that it names cannot be had, as a sentence; "" where it can, or is not known."""
        return _missing(self.checked.plan) if self.checked.plan is not None else ""

    @property
    def plan(self) -> Plan:
        """What can be trained. Raises `UserError`, with every problem, where it cannot."""
        from tuicnn.language import render_plain

        if self.checked.plan is None:
            raise UserError(render_plain(self.checked.diagnostics))
        if missing := self.missing_data:
            raise UserError(missing)
        return self.checked.plan


@dataclass(frozen=True)
class PreparedRun:
    """A run with its folder on disk. `options` are in `plan`; `resumes`: it goes on from its newest checkpoint."""

    folder: RunFolder
    plan: Plan
    options: Options
    resumes: bool = False

    @classmethod
    def at(cls, folder: RunFolder, *, resumes: bool) -> PreparedRun:
        """The run in a folder, as it was begun. Raises `UserError` where its net cannot be trained."""
        origin = Origin.of(folder)
        return cls(folder, plan_of(folder, origin), origin.options, resumes)

    def require_data(self) -> None:
        """Raises `UserError` where the data is not on this machine."""
        if missing := _missing(self.plan):
            raise UserError(missing)


def begin(
    net: NetFile, options: Options | None = None, *, folder: Path | None = None, parent: Path | None = None
) -> PreparedRun:
    """Make the folder of a new run: `folder`, or the next one in `parent/runs`, of the working folder by default.

    Raises `UserError`, with nothing left behind.
    """
    options = options or Options()
    plan = options.apply(net.plan)
    if folder is not None:
        run = create_run_at(folder, net.text)
    else:
        run = create_run(parent or Path.cwd(), net.path.stem, net.text)
    try:
        Origin.here(net.path, options).keep(run)
    except UserError:
        run.remove()
        raise
    return PreparedRun(run, plan, options)


def plan_of(
    folder: RunFolder,
    origin: Origin,
    text: str | None = None,
    *,
    input: Shape | None = None,
    classes: int | None = None,
) -> Plan:
    """The plan of a run's net, or of another `text` in its place, with the options of its `origin` in it.

    With `input` (C, H, W) and `classes` its data need not be here. Raises `UserError` where it cannot be trained.
    """
    from tuicnn.language import Code, check

    path = origin.path
    name = path.stem if path is not None else folder.net
    checked = check(
        folder.text if text is None else text,
        name=name,
        path=path,
        working=origin.working,
        input=input,
        classes=classes,
    )
    if checked.plan is None:
        problem = next(d for d in checked.diagnostics if d.severity == "error")
        first = problem.message
        if problem.code == Code.DATA:
            raise UserError(
                f"The data of the run {folder.name} is not as it was: {first.rstrip('.')}. "
                f"Put it back; or see how good the run is on other data: tuicnn eval {folder.name} --data PATH"
            )
        see = f"{' See' if first.endswith(('?', '.')) else '; see'}: tuicnn check {folder.path}/net.net"
        raise UserError(f"The net of the run {folder.name} has a problem: {first}{see}")
    return origin.options.apply(checked.plan)


def _missing(plan: Plan) -> str:
    from tuicnn.data import DataError

    try:
        plan.data.find()
    except DataError as error:
        return str(error)
    return ""
