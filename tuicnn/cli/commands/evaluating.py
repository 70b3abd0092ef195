"""The commands that tell how good runs are: eval, compare."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from tuicnn.cli.completing import RUN
from tuicnn.cli.group import main, options
from tuicnn.cli.output.streams import complain, say_json
from tuicnn.cli.shared import terminal_of
from tuicnn.errors import UserError
from tuicnn.training.predictions import Split

__all__ = ["compare", "evaluate"]


@main.command("eval")
@click.argument("run", type=RUN)
@click.option(
    "--part",
    type=click.Choice(get_args(Split)),
    default="test",
    help="Which images: test by default; those to train on are not augmented.",
)
@click.option(
    "--data", metavar="DATA", help="Other data with the same classes: a folder of pictures, a .npz or .csv file, mnist."
)
@click.option("--epoch", type=click.IntRange(1), help="The weights after this epoch, in the place of the newest.")
@options("json", "ascii")
def evaluate(run: str, part: Split, data: str | None, epoch: int | None, as_json: bool, ascii: bool) -> None:
    """Say how good a RUN is: accuracy and how sure it is, each class, what is taken for what, the worst mistakes.

    The weights are those of its newest checkpoint; it may train meanwhile.
    """
    terminal = terminal_of(ascii)
    from tuicnn.cli.output.scores import as_json as to_json
    from tuicnn.cli.output.scores import print_scores
    from tuicnn.runs.evaluating import evaluate_run
    from tuicnn.runs.finding import find_run

    folder = find_run(run, Path.cwd())
    found = evaluate_run(folder, part, epoch=epoch, data=data, warn=complain)
    if as_json:
        say_json(to_json(found))
    else:
        print_scores(found, terminal)


@main.command()
@click.argument("runs", type=RUN, nargs=-1, required=True, metavar="RUN RUN...")
@click.option("--part", type=click.Choice(get_args(Split)), default="test", help="Which images: test by default.")
@options("json", "ascii")
def compare(runs: tuple[str, ...], part: Split, as_json: bool, ascii: bool) -> None:
    """Say what differs between RUNs, how good each is, and whether the first differs from the others by chance.

    A sweep stands for its runs that have weights, those of the best variant first.
    """
    terminal = terminal_of(ascii)
    from tuicnn.cli.output.compared import as_json as to_json
    from tuicnn.cli.output.compared import print_comparison
    from tuicnn.runs.compared import compare_runs
    from tuicnn.runs.finding import find_run
    from tuicnn.sweep.folder import find_sweep
    from tuicnn.sweep.standing import SweepWatch

    folders = []
    for run in runs:
        if (sweep := find_sweep(run, Path.cwd())) is not None:
            folders += SweepWatch(sweep).look().trained
        else:
            folders.append(find_run(run, Path.cwd()))
    if len({folder.path.resolve() for folder in folders}) < max(2, len(folders)):
        raise UserError("Two runs or more are compared, each named once; see: tuicnn runs")
    found = compare_runs(folders, part, complain)
    if as_json:
        say_json(to_json(found))
    else:
        print_comparison(found, terminal)
