"""The command that measures: bench."""

from __future__ import annotations

import math
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tuicnn.bundled import bundled_nets
from tuicnn.cli.completing import NET
from tuicnn.cli.group import main, options
from tuicnn.cli.mpi import joined
from tuicnn.cli.output.streams import console_for, is_terminal, say, say_json
from tuicnn.cli.shared import find_net, print_diagnostics, terminal_of
from tuicnn.errors import UserError
from tuicnn.numbers import counted
from tuicnn.system.machine import processors

if TYPE_CHECKING:
    from tuicnn.display.terminal import TerminalProfile
    from tuicnn.language.plan import Plan

__all__ = ["bench"]


def _counts(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[int, ...] | None:
    """`1,2` as numbers of threads."""
    if value is None:
        return None
    parts = [part.strip() for part in value.split(",")]
    if not all(part.isdecimal() and len(part) < 5 and 1 <= int(part) <= 1024 for part in parts):
        raise click.BadParameter(f"{value!r} must be numbers from 1 to 1024 with commas between them, such as 1,2")
    return tuple(dict.fromkeys(map(int, parts)))


def _seconds(context: click.Context, parameter: click.Parameter, value: float) -> float:
    """A time; NaN passes through every range, and would never be over."""
    if math.isnan(value):
        raise click.BadParameter("nan is no time")
    return value


@main.command()
@click.argument("nets", type=NET, metavar="[NET...]", nargs=-1)
@click.option(
    "--threads",
    metavar="N[,N...]",
    callback=_counts,
    help="Numbers of threads, such as 1,2; by default one, and as many as processors.",
)
@click.option("--against", type=click.Choice(["torch"]), help="Measure PyTorch too, on the same net and data.")
@click.option(
    "--seconds",
    type=click.FloatRange(0.001, 3600),
    callback=_seconds,
    default=1.0,
    show_default=True,
    help="How long each turn takes.",
)
@click.option("--rounds", type=click.IntRange(1, 1000), default=5, show_default=True, help="Turns of each side.")
@click.option(
    "--group",
    "transport",
    type=click.Choice(["fork", "mpi"]),
    help="Measure what processes that train together tell each other in a step: forked ones, or mpiexec's ranks.",
)
@options("values", "json", "ascii")
def bench(
    nets: tuple[str, ...],
    threads: tuple[int, ...] | None,
    against: str | None,
    seconds: float,
    rounds: int,
    transport: str | None,
    values: dict[str, str],
    as_json: bool,
    ascii: bool,
) -> None:
    """Measure how fast each NET trains and evaluates on this machine; without a NET, all that come with tuicnn.

    \b
    tuicnn bench                           all nets, with one thread and with as many as processors
    tuicnn bench nets/mnist.net            one net, and the time of each of its layers
    tuicnn bench --against torch --json    beside PyTorch; one JSON object a line
    mpiexec -n 4 tuicnn bench my.net --group mpi

    With --against torch, the sides take turns in one run: this engine, PyTorch with its tensors contiguous, and
    channels_last; ratios are to the faster of the two. All train the net at its own batch size, with the same images,
    batches, loss, optimizer and first weights, without augmentation, each in a process of its own. Where the data set
    is not on this machine, random images stand in for it.
    """
    terminal = terminal_of(ascii)
    if transport is not None:
        if len(nets) != 1 or against is not None:
            raise click.UsageError("--group measures one net, and nothing beside it")
        _talk(find_net(nets[0]), transport, threads, seconds, rounds, values, terminal, as_json=as_json)
        return
    from tuicnn.bench.machine import machine, torch_is_here

    if against is not None and not torch_is_here():
        raise UserError(
            "PyTorch, to compare with, is not installed; install it, in the clone of tuicnn: pip install -e '.[bench]'"
        )
    paths = [find_net(net) for net in nets] or bundled_nets()
    plans = [(_plan(path, values, terminal), path) for path in paths]
    from tuicnn.bench.contest import Timing, contest
    from tuicnn.bench.results import Result
    from tuicnn.cli.output.bench import doing, print_layers, print_machine, print_results

    found = machine(against=against is not None)
    timing = Timing(seconds, rounds)
    console = console_for(sys.stdout)
    results: list[Result] = []
    # as Ctrl-C does it: what was measured is printed, and no process is left behind
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    if not as_json:
        print_machine(console, found)
    try:
        with doing(console_for(sys.stderr), shown=is_terminal(sys.stderr)) as say:
            for number in threads or tuple(dict.fromkeys((1, processors()))):
                for plan, path in plans:
                    what = f"{path.stem}, {counted(number, 'thread')}"
                    about = partial(_about, say, what)
                    result = contest(plan, path, number, timing, against=against is not None, said=about)
                    results.append(result)
                    if as_json:
                        say_json({**result.as_json(), "machine": found})
    finally:  # interrupted: what was measured is worth reading
        if results and not as_json:
            print_results(console, results)
            if nets:
                for result in results:
                    print_layers(console, result)


def _talk(
    path: Path,
    transport: str,
    threads: tuple[int, ...] | None,
    seconds: float,
    rounds: int,
    values: dict[str, str],
    terminal: TerminalProfile,
    *,
    as_json: bool,
) -> None:
    """Print the time of a step, and of its messages alone, for each number of processes. Raises `UserError`."""
    from tuicnn.bench.material import material, unaugmented
    from tuicnn.bench.talk import TalkingTrainer, forked_trainer, talk_of
    from tuicnn.cli.output.bench import talk_sentence
    from tuicnn.training.fingerprints import data_fingerprint

    def say_of(trainer: TalkingTrainer) -> None:
        found = talk_of(trainer, transport, seconds, rounds)
        say_json(found.as_json()) if as_json else say(talk_sentence(found))

    if transport == "mpi":
        ranks = click.get_current_context().with_resource(joined(TalkingTrainer))
        if ranks is None:
            raise UserError(f"Start it under mpiexec: mpiexec -n 2 tuicnn bench {path} --group mpi")
        plan = _plan(path, values, terminal)
        trainer = TalkingTrainer(plan, dataset := plan.data.load(), group=ranks.group)
        ranks.introduce(trainer, data_fingerprint(dataset))
        say_of(trainer)
        return
    plan = unaugmented(_plan(path, values, terminal))
    dataset, _ = material(plan)
    for number in threads or tuple(dict.fromkeys((1, processors()))):
        trainer = forked_trainer(plan, dataset, number)
        try:
            say_of(trainer)
        finally:
            trainer.close()


def _about(say: Callable[[str], None], what: str, text: str) -> None:
    say(f"{what}: {text}")


def _plan(path: Path, values: dict[str, str], terminal: TerminalProfile) -> Plan:
    """The plan of a net; its problems printed and exit 1 where it has none. Its data need not be here."""
    from tuicnn.language import check_overridden_file

    _, checked = check_overridden_file(path, values)
    # that the data is not here does not matter, where the shape of an image is known
    known = checked.plan is not None
    print_diagnostics(tuple(d for d in checked.diagnostics if not known or d.code != "data"), terminal)
    if checked.plan is None:
        sys.exit(1)
    return checked.plan
