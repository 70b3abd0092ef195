"""The commands about training: watch, train, attach, runs, stop."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tuicnn.cli.background import train_in_background
from tuicnn.cli.commands.resuming import resume_run, run_at
from tuicnn.cli.group import main, options
from tuicnn.cli.output.streams import complain, console_for, is_terminal, say, say_json
from tuicnn.cli.shared import checked_or_exit, find_net, new_folder, reporter_for, terminal_of
from tuicnn.errors import UserError
from tuicnn.training.options import ON_NAN_ALONE, Options

if TYPE_CHECKING:
    from tuicnn.display.terminal import TerminalProfile

__all__ = ["attach", "runs", "stop", "train", "watch"]


@main.command()
@click.argument("net")
@options("chosen", "run", "detach", "after_logout", "ascii")
def watch(
    net: str,
    chosen: Options,
    run: Path | None,
    detach: bool,
    after_logout: str | None,
    ascii: bool,
) -> None:
    """Train NET in the background and watch it. Without a terminal: the same as train, unless --detach is given.

    With the folder of a run for NET: the same as resume.
    """
    terminal = terminal_of(ascii)
    if (found := run_at(net)) is not None:
        resume_run(found, chosen, terminal, detach=detach, after_logout=after_logout)
    if not detach and not (is_terminal(sys.stdin) and is_terminal(sys.stdout)):
        _train(net, chosen, run, terminal, as_json=False)
        return
    path = find_net(net)
    text, _ = checked_or_exit(path, terminal)
    folder = new_folder(path, text, run, chosen)
    train_in_background(folder, chosen, path, terminal, detach=detach, after_logout=after_logout)


@main.command()
@click.argument("net")
@options("json", "chosen", "run", "ascii")
def train(
    net: str,
    as_json: bool,
    chosen: Options,
    run: Path | None,
    ascii: bool,
) -> None:
    """Train NET here and now, with a progress bar, plain lines or JSON.

    With the folder of a run for NET, that run goes on from its last checkpoint.
    """
    if (found := run_at(net)) is not None:
        resume_run(found, chosen, terminal_of(ascii), as_json=as_json, here=True)
    _train(net, chosen, run, terminal_of(ascii), as_json=as_json)


@main.command()
@click.argument("run", required=False)
@options("ascii")
def attach(run: str | None, ascii: bool) -> None:
    """Watch a RUN that trains in the background: a name, a number or a folder; the newest by default.

    Of one that has ended, it says how, and how to go on with it.
    """
    terminal = terminal_of(ascii)
    from tuicnn.runs.finding import find_run
    from tuicnn.runs.status import how_to_go_on

    folder = find_run(run, Path.cwd())
    if not folder.alive:
        raise UserError(how_to_go_on(folder))
    if not (is_terminal(sys.stdin) and is_terminal(sys.stdout)):
        raise UserError("attach shows the run in a terminal, and this is none; tuicnn runs prints how the runs stand")
    from tuicnn.tui.show import show

    sys.exit(show(folder, terminal))


@main.command()
@options("json", "ascii")
def runs(as_json: bool, ascii: bool) -> None:
    """List the runs under the working folder."""
    terminal_of(ascii)
    from tuicnn.cli.output.runs import as_json as to_json
    from tuicnn.cli.output.runs import runs_table
    from tuicnn.runs.finding import hidden_runs, list_runs

    found = list_runs(Path.cwd(), complain)
    if as_json:
        for one in found:
            say_json(to_json(one))
    elif found:
        console_for(sys.stdout).print(runs_table(found))
    else:
        say("No runs here yet; start one with: tuicnn nets/mnist.net")
    for one in found:
        if one.damage:
            complain(one.damage)
        if one.trouble:
            complain(f"{one.name}: {one.trouble}")
    if hidden := hidden_runs(Path.cwd()):
        complain(hidden)


@main.command()
@click.argument("run", required=False)
@options("ascii")
def stop(run: str | None, ascii: bool) -> None:
    """Stop a RUN that trains in the background, after the step it is at; its weights are saved."""
    terminal_of(ascii)
    from tuicnn.runs.finding import find_run, the_only_alive
    from tuicnn.runs.status import describe, summary
    from tuicnn.worker.client import stop_run

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


def _train(net: str, options: Options, run: Path | None, terminal: TerminalProfile, *, as_json: bool) -> None:
    """Train in the foreground and exit."""
    path = find_net(net)
    text, checked = checked_or_exit(path, terminal)
    assert checked.plan is not None
    from tuicnn.cli.foreground import train_here

    folder = new_folder(path, text, run, options)
    plan = options.apply(checked.plan)
    sys.exit(
        train_here(
            plan, folder, reporter_for(as_json), threads=options.workers(), on_nan=options.on_nan or ON_NAN_ALONE
        )
    )
