"""The commands about runs that there are: attach, runs, stop."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tuicnn.cli.completing import RUN
from tuicnn.cli.group import main, options
from tuicnn.cli.output.streams import complain, console_for, is_terminal, say, say_json
from tuicnn.cli.shared import terminal_of
from tuicnn.errors import UserError

if TYPE_CHECKING:
    from tuicnn.runs.finding import Order

__all__ = ["attach", "home", "runs", "stop"]


@main.command()
@click.argument("run", type=RUN, required=False)
@options("ascii")
def attach(run: str | None, ascii: bool) -> None:
    """Watch a RUN that trains in the background, or look at one that has ended: a name, a number or a folder.

    By default the newest that trains, else the newest. Of one that has ended, without a terminal, it says how. The name
    of a sweep shows its variants, and each of its runs.
    """
    terminal = terminal_of(ascii)
    from tuicnn.runs.finding import find_run
    from tuicnn.runs.status import how_to_go_on

    at_a_terminal = is_terminal(sys.stdin) and is_terminal(sys.stdout)
    if run is not None and at_a_terminal:
        from tuicnn.sweep.folder import find_sweep

        if (sweep := find_sweep(run, Path.cwd())) is not None:
            from tuicnn.cli.watching import show_sweep

            sys.exit(show_sweep(sweep.path, terminal))
    folder = find_run(run, Path.cwd())
    if not at_a_terminal:
        if not folder.alive:
            raise UserError(how_to_go_on(folder))
        raise UserError("attach shows the run in a terminal, and this is none; tuicnn runs prints how the runs stand")
    from tuicnn.cli.watching import show

    sys.exit(show(folder, terminal))


@main.command(hidden=True)
@options("ascii")
def home(ascii: bool) -> None:
    """Open the runs of the working folder on the screen; this is `tuicnn` alone, in a terminal."""
    terminal = terminal_of(ascii)
    from tuicnn.cli.watching import show_runs

    sys.exit(show_runs(terminal))


@main.command()
@click.option(
    "--sort",
    "order",
    type=click.Choice(["test", "validation", "parameters"]),
    help="The most accurate first, or those with the fewest parameters; by default the oldest.",
)
@options("json", "ascii")
def runs(order: Order | None, as_json: bool, ascii: bool) -> None:
    """List the runs in runs/ of the working folder, and the sweeps, of which each is one line.

    One that was given another folder by --run is not listed: name that folder to attach, resume, eval or compare it.
    """
    terminal_of(ascii)
    from tuicnn.cli.output.runs import as_json as to_json
    from tuicnn.cli.output.runs import print_runs
    from tuicnn.cli.output.sweep import print_sweeps, sweep_as_json
    from tuicnn.runs.comparison import by_net, told
    from tuicnn.runs.finding import best_first, hidden_runs, list_runs
    from tuicnn.sweep.folder import list_sweeps
    from tuicnn.sweep.standing import SweepWatch

    found = list_runs(Path.cwd(), complain)
    sweeps = [SweepWatch(each).summary() for each in list_sweeps(Path.cwd(), complain)]
    if order is not None:
        found = best_first(found, order)
    groups = by_net(found)
    if as_json:
        differs = {
            run.folder.path: {each.what: each.values[index] for each in different}
            for group, different in groups
            for index, run in enumerate(group)
        }
        for one in found:
            say_json(to_json(one, differs.get(one.folder.path, {})))
        for each in sweeps:
            say_json(sweep_as_json(each))
    elif found:
        print_runs(
            found,
            {run.folder.path: told(different, index) for group, different in groups for index, run in enumerate(group)},
        )
    elif not sweeps:
        say("No runs here yet; start one with: tuicnn nets/mnist.net")
    if sweeps and not as_json:
        if found:
            say("")
        print_sweeps(console_for(sys.stdout), sweeps)
    for one in found:
        if one.damage:
            complain(one.damage)
        if one.trouble:
            complain(f"{one.name}: {one.trouble}")
    if hidden := hidden_runs(Path.cwd()):
        complain(hidden)


@main.command()
@click.argument("run", type=RUN, required=False)
@options("ascii")
def stop(run: str | None, ascii: bool) -> None:
    """Stop a RUN that trains in the background, after the step it is at; its weights are saved. A sweep likewise."""
    terminal_of(ascii)
    from tuicnn.runs.finding import find_run, the_only_alive
    from tuicnn.runs.status import describe, summary
    from tuicnn.sweep.folder import find_sweep
    from tuicnn.worker.stopping import stop as stop_run

    if run is not None and (sweep := find_sweep(run, Path.cwd())) is not None:
        from tuicnn.sweep.stopping import stop_sweep

        stop_sweep(sweep)
        say(f"{sweep.name} has stopped; {sweep.go_on} goes on with it")
        return
    folder = find_run(run, Path.cwd()) if run is not None else the_only_alive(Path.cwd())
    stop_run(folder)
    say(f"{folder.name}: {describe(folder)}; its files are in {folder.path}")
    ended = summary(folder)
    if ended.message:
        complain(ended.message)
    if ended.trouble:
        complain(ended.trouble)
    if ended.trouble or ended.state not in ("stopped", "done"):
        sys.exit(1)
