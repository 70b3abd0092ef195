"""The command resume: a run goes on from its last checkpoint, or a new one begins with its weights."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tuicnn.cli.background import train_in_background
from tuicnn.cli.group import main, options
from tuicnn.cli.output.streams import complain, is_terminal
from tuicnn.cli.shared import checked_or_exit, find_net, new_folder, reporter_for, terminal_of
from tuicnn.errors import UserError
from tuicnn.system.files import why, write_atomic
from tuicnn.training.options import ON_NAN_ALONE, ON_NAN_WATCHED, Options

if TYPE_CHECKING:
    from tuicnn.display.terminal import TerminalProfile
    from tuicnn.language import Plan
    from tuicnn.runs.folder import RunFolder
    from tuicnn.runs.origin import Origin
    from tuicnn.training.checkpointing import Past

__all__ = ["resume", "resume_run", "run_at"]

#: options that a run cannot change on its way
_FIXED = ("batch", "seed", "limit")


@main.command()
@click.argument("which", metavar="[RUN]", required=False)
@click.option("--net", metavar="FILE", help="The net as it is now; refused, with the difference, if it has changed.")
@click.option("--warm", is_flag=True, help="Begin a new run of the changed net; unchanged layers keep their weights.")
@options("chosen", "run", "detach", "after_logout", "json", "ascii")
def resume(
    which: str | None,
    net: str | None,
    warm: bool,
    chosen: Options,
    run: Path | None,
    detach: bool,
    after_logout: str | None,
    as_json: bool,
    ascii: bool,
) -> None:
    """Go on with a RUN that was stopped, killed or lost: a name, a number or a folder; the newest by default.

    It goes on from its last checkpoint, to the same result as if nothing had happened. Without a terminal, or with
    --json, it is trained here and now, as by train.

    \b
    tuicnn resume mnist-1                  go on with it in the background, and watch
    tuicnn resume mnist-1 --epochs 10      train it longer, or less long: so many epochs in all
    tuicnn resume mnist-1 --warm           a new run of the net as it is now, with that run's weights
    """
    terminal = terminal_of(ascii)
    from tuicnn.runs.finding import find_resumable, find_run

    if warm:
        # a run that is alive, or at its end, has weights as well
        folder = find_run(which, Path.cwd()) if which is not None else find_resumable(None, Path.cwd())
        _begin_warm(folder, net, chosen, run, terminal, as_json=as_json, detach=detach, after_logout=after_logout)
    if run is not None:
        raise click.UsageError("--run names the folder of a new run; it goes with --warm")
    found = find_resumable(which, Path.cwd())
    resume_run(found, chosen, terminal, as_json=as_json, net=net, detach=detach, after_logout=after_logout)


def run_at(text: str) -> RunFolder | None:
    """The run in a folder given in the place of a net, if it is one. Raises `UserError` where it holds none."""
    from tuicnn.runs.folder import RunFolder
    from tuicnn.runs.owners import is_shut, why_shut

    path = Path(text)
    try:
        if not path.is_dir():
            return None
    except PermissionError:
        raise UserError(why_shut(path)) from None
    if is_shut(path):
        raise UserError(why_shut(path))
    if not RunFolder(path).holds_a_run:
        raise UserError(f"{path} is a folder without a run; give a .net file or the folder of a run (see: tuicnn runs)")
    return RunFolder(path)


def resume_run(
    folder: RunFolder,
    given: Options,
    terminal: TerminalProfile,
    *,
    as_json: bool = False,
    here: bool = False,
    net: str | None = None,
    detach: bool = False,
    after_logout: str | None = None,
) -> None:
    """Go on with a run, and exit: in the background and on the screen, or `here`. Raises `UserError`."""
    from tuicnn.runs.origin import Origin

    if folder.alive:
        raise UserError(folder.in_use)
    origin = Origin.of(folder)
    for name in _FIXED:
        # where the choices of its beginning are lost, they are given again; the checkpoint knows whether they are right
        if getattr(given, name) is not None and origin.known:
            raise UserError(f"--{name} belongs to the beginning of a run, and cannot change on its way.")
    _see_that_the_net_is_there(folder)
    chosen = origin.options.overridden_by(given)
    if net is not None:
        _see_that_it_is_the_same(folder, origin, chosen, find_net(net), terminal)
    folder = _go_to_where_it_was(folder, origin)
    from tuicnn.runs.resuming import checkpoint_for, plan_of, take_up
    from tuicnn.runs.status import summary

    path = _still_there(origin)
    plan = plan_of(folder, chosen, path)
    longer = chosen.epochs is not None
    watched = detach or (is_terminal(sys.stdin) and is_terminal(sys.stdout) and not (as_json or here))
    on_nan = chosen.on_nan or (ON_NAN_WATCHED if watched else ON_NAN_ALONE)
    checkpoint_for(folder, plan, longer=longer, say=complain, on_nan=on_nan)
    _see_that_the_data_is_there(plan)
    _tell_of_changes(folder, path, plan, chosen)
    if (found := summary(folder)).damaged:
        complain(found.damage)
    if given != Options():
        Origin(origin.net, origin.folder, chosen).keep(folder)
    if watched:
        train_in_background(folder, chosen, path, terminal, detach=detach, after_logout=after_logout, resume=True)
    from tuicnn.cli.foreground import train_here
    from tuicnn.worker.log import log

    def past() -> Past:
        return take_up(folder, plan, longer=longer, say=log, on_nan=on_nan)  # the user was told above

    sys.exit(train_here(plan, folder, reporter_for(as_json), threads=chosen.workers(), on_nan=on_nan, take_up=past))


def _begin_warm(
    old: RunFolder,
    net: str | None,
    given: Options,
    run: Path | None,
    terminal: TerminalProfile,
    *,
    as_json: bool,
    detach: bool,
    after_logout: str | None,
) -> None:
    """Begin a new run with the weights of an old one, and exit. Raises `UserError`."""
    from tuicnn.runs.origin import Origin

    origin = Origin.of(old)
    path = find_net(net) if net is not None else _still_there(origin)
    if path is None:
        raise UserError(f"Where the net of the run {old.name} came from is not known any more; say it with --net FILE.")
    chosen = origin.options.overridden_by(given)
    text, checked = checked_or_exit(path, terminal)
    assert checked.plan is not None
    from tuicnn.runs.checkpoint_folder import CheckpointFolder
    from tuicnn.runs.journal import Journal
    from tuicnn.runs.resuming import plan_of_text, take_up
    from tuicnn.runs.warm import warm_checkpoint
    from tuicnn.training.events import WarmStart

    plan = chosen.apply(checked.plan)
    checkpoint = CheckpointFolder(old.checkpoints).newest(complain)
    if checkpoint is None:
        raise UserError(f"The run {old.name} has no checkpoint, and so no weights to keep; train the net anew.")
    before = plan_of_text(checkpoint.text, old, origin.options, _still_there(origin))
    begin, warmth = warm_checkpoint(before, checkpoint, plan)
    folder = new_folder(path, text, run, chosen)
    try:
        CheckpointFolder(folder.checkpoints).write(begin)
        journal = Journal(folder.journal)
        journal.append(WarmStart(old.name, checkpoint.step, tuple(warmth.kept)))
        journal.close()
    except UserError:
        folder.remove()
        raise
    complain(f"{folder.name} begins with the weights of {old.name} after step {checkpoint.step:,}. {warmth}")
    if detach or (is_terminal(sys.stdin) and is_terminal(sys.stdout) and not as_json):
        train_in_background(folder, chosen, path, terminal, detach=detach, after_logout=after_logout, resume=True)
    from tuicnn.cli.foreground import train_here

    def past() -> Past:
        return take_up(folder, plan, longer=True, say=complain)

    on_nan = chosen.on_nan or ON_NAN_ALONE
    sys.exit(train_here(plan, folder, reporter_for(as_json), threads=chosen.workers(), on_nan=on_nan, take_up=past))


def _see_that_it_is_the_same(
    folder: RunFolder, origin: Origin, chosen: Options, path: Path, terminal: TerminalProfile
) -> None:
    """Raises `UserError`, with the difference, where a net is not the one that the run trains."""
    text, checked = checked_or_exit(path, terminal)
    assert checked.plan is not None
    from tuicnn.runs.resuming import difference, plan_of
    from tuicnn.training.fingerprints import plan_fingerprint, same_training

    now, begun = chosen.apply(checked.plan), plan_of(folder, chosen, _still_there(origin))
    if same_training(now, begun):
        return
    same = plan_fingerprint(now) == plan_fingerprint(begun)
    found = difference(folder.text, text, f"{folder.called}, as it is trained", str(path))
    longer = f"{folder.resume} --epochs {now.train.epochs} trains it for so many epochs; " if same else ""
    raise UserError(
        f"{path} is not what the run {folder.name} trains any more. Without --net the run goes on with the text that "
        f"it began with; {longer}{folder.resume} --net {path} --warm begins a new run with the weights of the layers "
        f"that are unchanged." + (f"\n{found}" if found else "")
    )


def _tell_of_changes(folder: RunFolder, path: Path | None, begun: Plan, chosen: Options) -> None:
    """Say that the file trains another net by now: the run goes on with what it has `begun` with."""
    from tuicnn.language.syntax.reading import read_file
    from tuicnn.runs.resuming import plan_of_text
    from tuicnn.training.fingerprints import same_training

    text = read_file(path) if path is not None else None
    if not isinstance(text, str) or text == folder.text:  # what keeps a file from being read is told when it is meant
        return
    try:  # not by its text: a comment may have been written into the run's own copy, or into the file
        same = same_training(plan_of_text(text, folder, chosen, path), begun)
    except UserError:  # it cannot be trained at this moment
        same = False
    if not same:
        complain(
            f"{path} has changed since; the run goes on with the text that it began with "
            f"({folder.resume} --warm begins a new one)."
        )


def _see_that_the_net_is_there(folder: RunFolder) -> None:
    """Write the net of a run anew where it was removed, out of its newest checkpoint. Raises `UserError`."""
    net = folder.path / "net.net"
    if os.path.lexists(net):
        return
    from tuicnn.runs.checkpoint_folder import CheckpointFolder

    checkpoint = CheckpointFolder(folder.checkpoints).newest(complain)
    if checkpoint is None:
        return
    try:
        write_atomic(net, checkpoint.text.encode())
    except OSError as error:
        raise UserError(f"{net} is not there, and cannot be written anew: {why(error)}.") from error
    complain(f"{net} was not there; it was written anew from the checkpoint after step {checkpoint.step:,}.")


def _see_that_the_data_is_there(plan: Plan) -> None:
    from tuicnn.data import DataError

    try:
        plan.data.find()
    except DataError as error:
        raise UserError(str(error)) from None


def _go_to_where_it_was(folder: RunFolder, origin: Origin) -> RunFolder:
    """Make the run's working folder this process's own, so that relative paths to data mean what they meant."""
    from tuicnn.runs.folder import RunFolder

    if origin.folder is None or not origin.folder.is_dir() or origin.folder == Path.cwd():
        return folder
    moved = RunFolder(folder.path.absolute())
    try:
        os.chdir(origin.folder)
    except OSError:
        return folder
    return moved


def _still_there(origin: Origin) -> Path | None:
    """The file that a run came from, where at least its folder is still there: paths in the net start from that."""
    return origin.net if origin.net is not None and origin.net.parent.is_dir() else None
