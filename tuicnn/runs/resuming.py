"""`resume`: checks that a run can go on from its last checkpoint, by its net, its data and its options."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable

from tuicnn.errors import UserError
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.origin import Origin
from tuicnn.runs.prepared import NetFile, PreparedRun, plan_of
from tuicnn.runs.resume_point import checkpoint_for, difference
from tuicnn.runs.status import summary
from tuicnn.system.files import why, write_atomic
from tuicnn.training.fingerprints import same_training
from tuicnn.training.options import ON_NAN_ALONE, OnNan, Options

__all__ = ["resume"]

#: options that a resumed run cannot change
_FIXED = ("batch", "seed", "limit")


def resume(
    folder: RunFolder,
    given: Options | None = None,
    *,
    net: NetFile | None = None,
    on_nan: OnNan = ON_NAN_ALONE,
    say: Callable[[str], None] = lambda line: None,
) -> PreparedRun:
    """See that a run can go on, with the options that are `given` now beside those of its beginning, and keep these.

    `net` is refused, with the difference, unless it trains the same. `on_nan` holds where no option says what is done
    about numbers that are not finite. `say` is told, a line each, what is damaged and what has changed. Nothing but the
    options is written, and the net's text where it was removed. Raises `UserError` where the run cannot go on.
    """
    given = given or Options()
    if folder.alive:
        raise UserError(folder.in_use)
    origin = Origin.of(folder)
    for name in _FIXED:
        # where the choices of its beginning are lost, they are given again; the checkpoint knows whether they are right
        if getattr(given, name) is not None and origin.known:
            raise UserError(f"--{name} belongs to the beginning of a run, and cannot change on its way.")
    _restore_text(folder, say)
    origin = dataclasses.replace(origin, options=origin.options.overridden_by(given))
    run = PreparedRun(folder, plan_of(folder, origin), origin.options, resumes=True)
    if net is not None:
        _see_that_it_is_the_same(run, net)
    checkpoint_for(run, run.options.on_nan or on_nan, say)
    run.require_data()
    _tell_of_changes(run, origin, say)
    if (found := summary(folder)).damaged:
        say(found.damage)
    if given != Options():
        origin.keep(folder)
    return run


def _restore_text(folder: RunFolder, say: Callable[[str], None]) -> None:
    """Restore the net of a run from its newest checkpoint where it was removed. Raises `UserError`."""
    net = folder.path / "net.net"
    if os.path.lexists(net):
        return
    checkpoint = folder.checkpoints.newest(say)
    if checkpoint is None:
        return
    try:
        write_atomic(net, checkpoint.text.encode())
    except OSError as error:
        raise UserError(f"{net} is not there, and cannot be written anew: {why(error)}.") from error
    say(f"{net} was not there; it was written anew from the checkpoint after step {checkpoint.step:,}.")


def _see_that_it_is_the_same(run: PreparedRun, net: NetFile) -> None:
    """Raises `UserError`, with the difference, where a net is not the one that the run trains."""
    folder, now = run.folder, run.options.apply(net.plan)
    if same_training(now, run.plan):
        return
    of_its_length = dataclasses.replace(now, train=dataclasses.replace(now.train, epochs=run.plan.train.epochs))
    same = same_training(of_its_length, run.plan)
    found = difference(folder.text, net.text, f"{folder.called}, as it is trained", str(net.path))
    longer = f"{folder.resume} --epochs {now.train.epochs} trains it for so many epochs; " if same else ""
    raise UserError(
        f"{net.path} is not what the run {folder.name} trains any more. Without --net the run goes on with the text "
        f"that it began with; {longer}{folder.resume} --net {net.path} --warm begins a new run with the weights of the "
        f"layers that are unchanged." + (f"\n{found}" if found else "")
    )


def _tell_of_changes(run: PreparedRun, origin: Origin, say: Callable[[str], None]) -> None:
    """Say that the file has changed: the run goes on with the net that it began with."""
    from tuicnn.language.syntax.reading import read_file

    folder, path = run.folder, origin.path
    text = read_file(path) if path is not None else None
    if not isinstance(text, str) or text == folder.text:  # what keeps a file from being read is told when it is meant
        return
    try:  # not by its text: a comment may have been written into the run's own copy, or into the file
        same = same_training(plan_of(folder, origin, text), run.plan)
    except UserError:  # it cannot be trained at this moment
        same = False
    if not same:
        say(
            f"{path} has changed since; the run goes on with the text that it began with "
            f"({folder.resume} --warm begins a new one)."
        )
