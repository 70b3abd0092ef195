"""The commands that train: watch, train, resume."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from tuicnn.cli.background import train_in_background
from tuicnn.cli.completing import NET, RUN
from tuicnn.cli.group import main, options
from tuicnn.cli.mpi import joined
from tuicnn.cli.output.streams import complain, is_terminal
from tuicnn.cli.shared import find_net, net_or_exit, reporter_for, terminal_of
from tuicnn.errors import UserError
from tuicnn.training.options import ON_NAN_ALONE, ON_NAN_WATCHED, OnNan, Options

if TYPE_CHECKING:
    from tuicnn.display.terminal import TerminalProfile
    from tuicnn.runs.prepared import PreparedRun
    from tuicnn.training.ranks import Ranks

__all__ = ["resume", "train", "watch"]


@main.command()
@click.argument("net", type=NET)
@options("values", "chosen", "run", "detach", "after_logout", "ascii")
def watch(
    net: str,
    values: dict[str, str],
    chosen: Options,
    run: Path | None,
    detach: bool,
    after_logout: str | None,
    ascii: bool,
) -> None:
    """Train NET in the background and watch it. Without a terminal: the same as train, unless --detach is given.

    With the folder of a run for NET: the same as resume.
    """
    terminal, ranks = terminal_of(ascii), _ranks(chosen)
    if ranks is None and (detach or _at_a_terminal()):
        prepared = _of(net, values, chosen, run, terminal, watched=True)
        train_in_background(prepared, terminal, detach=detach, after_logout=after_logout)
    _train_here(_of(net, values, chosen, run, terminal, watched=False), ranks, as_json=False)


@main.command()
@click.argument("net", type=NET)
@options("values", "json", "chosen", "run", "ascii")
def train(
    net: str,
    values: dict[str, str],
    as_json: bool,
    chosen: Options,
    run: Path | None,
    ascii: bool,
) -> None:
    """Train NET here and now, with a progress bar, plain lines or JSON.

    With the folder of a run for NET, that run goes on from its last checkpoint.
    """
    ranks = _ranks(chosen)
    _train_here(_of(net, values, chosen, run, terminal_of(ascii), watched=False), ranks, as_json=as_json)


@main.command()
@click.argument("which", type=RUN, metavar="[RUN]", required=False)
@click.option(
    "--net", type=NET, metavar="FILE", help="The net as it is now; refused, with the difference, if it has changed."
)
@click.option("--warm", is_flag=True, help="Begin a new run of the changed net; unchanged layers keep their weights.")
@options("values", "chosen", "run", "detach", "after_logout", "json", "ascii")
def resume(
    which: str | None,
    net: str | None,
    warm: bool,
    values: dict[str, str],
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
    terminal, ranks = terminal_of(ascii), _ranks(chosen)
    watched = ranks is None and (detach or (_at_a_terminal() and not as_json))
    from tuicnn.runs.finding import find_resumable, find_run

    if warm:
        from tuicnn.runs.warm import net_of
        from tuicnn.runs.warm import warm as begin_warm

        # a run that is alive, or at its end, has weights as well
        old = find_run(which, Path.cwd()) if which is not None else find_resumable(None, Path.cwd())
        file = net_or_exit(find_net(net) if net is not None else net_of(old), terminal, values)
        prepared = begin_warm(old, file, chosen, folder=run, say=complain)
    elif values:
        raise click.UsageError("--set changes the net, which makes a new run of it; it goes with --warm")
    elif run is not None:
        raise click.UsageError("--run names the folder of a new run; it goes with --warm")
    else:
        from tuicnn.runs.resuming import resume as resume_run

        found = find_resumable(which, Path.cwd())
        given = net_or_exit(find_net(net), terminal) if net is not None else None
        prepared = resume_run(found, chosen, net=given, on_nan=_on_nan(watched), say=complain)
    if watched:
        train_in_background(prepared, terminal, detach=detach, after_logout=after_logout)
    _train_here(prepared, ranks, as_json=as_json)


def _of(
    net: str,
    values: dict[str, str],
    chosen: Options,
    folder: Path | None,
    terminal: TerminalProfile,
    *,
    watched: bool,
) -> PreparedRun:
    """A new run of a net, with other `values` in it; where `net` is the folder of a run, that one, which goes on."""
    from tuicnn.runs.finding import run_at
    from tuicnn.runs.prepared import begin

    if (found := run_at(Path(net))) is None:
        return begin(net_or_exit(find_net(net), terminal, values), chosen, folder=folder)
    if values:
        raise UserError(
            "A run goes on with the net that it was begun with. With other values it is a new one: "
            f"tuicnn train {found.net}.net --set …, or with its weights: tuicnn resume {found.name} --warm --set …"
        )
    from tuicnn.runs.resuming import resume as resume_run

    return resume_run(found, chosen, on_nan=_on_nan(watched), say=complain)


def _ranks(chosen: Options) -> Ranks | None:
    """The ranks of MPI, where mpiexec has started this process as the first of several. Raises `UserError`."""
    ranks = click.get_current_context().with_resource(joined())
    if ranks is not None and chosen.threads is not None:
        raise UserError("Under mpiexec one process trains for each rank: leave --threads out.")
    return ranks


def _train_here(prepared: PreparedRun, ranks: Ranks | None, *, as_json: bool) -> NoReturn:
    from tuicnn.cli.foreground import train_here

    sys.exit(train_here(prepared, reporter_for(as_json), ranks))


def _on_nan(watched: bool) -> OnNan:
    return ON_NAN_WATCHED if watched else ON_NAN_ALONE


def _at_a_terminal() -> bool:
    return is_terminal(sys.stdin) and is_terminal(sys.stdout)
