"""tuicnn sweep: variants of a net, each trained with several seeds; the best of them longer."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from tuicnn.bundled import find_bundled
from tuicnn.cli.completing import NET_OR_SWEEP
from tuicnn.cli.group import main, options
from tuicnn.cli.output.streams import complain, console_for, say, say_json
from tuicnn.cli.shared import find_net, net_or_exit, print_diagnostics, terminal_of
from tuicnn.errors import UserError
from tuicnn.system.machine import processors
from tuicnn.training.options import OnNan, Options

if TYPE_CHECKING:
    from tuicnn.sweep.crews import Place
    from tuicnn.sweep.folder import SweepFolder

__all__ = ["sweep"]

FILE = click.Path(path_type=Path, dir_okay=False)
_SEEDS, _JOBS = click.IntRange(1, 10_000), click.IntRange(1, 1024)


@main.command()
@click.argument("net", type=NET_OR_SWEEP, metavar="NET|DIR")
@options("values")
@click.option("--seeds", type=_SEEDS, default=1, help="Train each variant with so many seeds, from the net's own on.")
@click.option(
    "--halving", type=click.IntRange(2), metavar="N", help="Successive halving: train on only the best 1/N, in turns."
)
@click.option("--jobs", type=_JOBS, help="Trials at a time; by default one a processor.")
@click.option(
    "--scheduler", metavar="TLS://HOST:8786", help="Train on the workers of this Dask scheduler; see docs/cluster.md."
)
@click.option("--cluster", type=click.Choice(["local"]), help="Train on a Dask cluster that is made here, to try it.")
@click.option("--tls-ca-file", type=FILE, help="Certificates for --scheduler: of the authority,")
@click.option("--tls-cert", type=FILE, help="one's own,")
@click.option("--tls-key", type=FILE, help="and its key; else those in Dask's configuration.")
@click.option("--dry-run", is_flag=True, help="Only check the variants, and say what they take.")
@click.option("--table", is_flag=True, help="Only print how the sweep in DIR stands.")
@options("epochs", "batch", "seed", "limit", "on_nan", "run", "json", "ascii")
def sweep(
    net: str,
    values: dict[str, str],
    seeds: int,
    halving: int | None,
    jobs: int | None,
    scheduler: str | None,
    cluster: str | None,
    tls_ca_file: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    dry_run: bool,
    table: bool,
    epochs: int | None,
    batch: int | None,
    seed: int | None,
    limit: int | None,
    on_nan: OnNan | None,
    run: Path | None,
    as_json: bool,
    ascii: bool,
) -> None:
    """Train variants of NET, each with several seeds, and say which is best; or go on with the sweep in DIR.

    Every combination of the values is a variant, and is checked before any is trained. A trial is an ordinary run, in
    the sweep's folder; the table is the same for any number of jobs, and after any interruption.

    \b
    tuicnn sweep my.net --set optim.lr=1e-3..1e-1:log:5 --set w=8,16,32 --seeds 5 --halving 3
    tuicnn sweep runs/my-sweep-1             go on with it, where it was left
    tuicnn sweep runs/my-sweep-1 --table     how it stands
    """
    terminal = terminal_of(ascii)
    if scheduler is not None and cluster is not None:
        raise click.UsageError("--scheduler and --cluster are two clusters; give one of them")
    from tuicnn.sweep.cluster import Certificates
    from tuicnn.sweep.crews import Place

    place = Place(jobs, scheduler, cluster, Certificates(tls_ca_file, tls_cert, tls_key))
    chosen = Options(epochs=epochs, batch=batch, seed=seed, limit=limit, on_nan=on_nan)
    from tuicnn.sweep.folder import SweepFolder, create_sweep, find_sweep

    folder = find_sweep(net, Path.cwd()) if find_bundled(net) is None else None
    if folder is None and Path(net).is_dir():
        folder = SweepFolder.open(Path(net))
    if folder is not None:
        _require_nothing_else(values, seeds, halving, run, chosen, dry_run)
        if table:
            _print_table(folder, as_json)
        else:
            _lead(lambda: folder, place, as_json)
        return
    if table:
        raise click.UsageError("--table is for a sweep that was begun; give its folder, such as runs/my-sweep-1")
    from tuicnn.cli.output.sweep import plan_as_json, print_plan
    from tuicnn.sweep.planning import plan_sweep
    from tuicnn.sweep.variants import variants_of

    variants = variants_of(values)
    path = net_or_exit(find_net(net), terminal, variants[0]).path
    plan = plan_sweep(path, variants, chosen, seeds, halving)
    print_diagnostics(plan.warnings, terminal)
    at_once = plan.jobs(jobs) if place.here else jobs or processors()
    if dry_run:
        if as_json:
            say_json(plan_as_json(plan, at_once))
        else:
            print_plan(console_for(sys.stdout), plan, at_once)
    plan.require_disk(run or Path.cwd())
    if not dry_run:
        place = dataclasses.replace(place, jobs=at_once if place.here else jobs)
        _lead(lambda: create_sweep(plan, chosen, halving, run), place, as_json)


def _require_nothing_else(
    values: dict[str, str], seeds: int, halving: int | None, run: Path | None, chosen: Options, dry_run: bool
) -> None:
    given: dict[str, Any] = {"--set": values, "--halving": halving, "--run": run, "--dry-run": dry_run}
    given |= {"--seeds": seeds > 1, **{f"--{n.replace('_', '-')}": v for n, v in dataclasses.asdict(chosen).items()}}
    for name, value in given.items():
        if value:
            raise UserError(f"A sweep goes on as it was begun; leave {name} out, or begin a new one with the net.")


def _print_table(folder: SweepFolder, as_json: bool) -> None:
    from tuicnn.cli.output.sweep import print_table
    from tuicnn.sweep.events import SweepEnded, to_dict
    from tuicnn.sweep.standing import SweepWatch

    found = SweepWatch(folder).summary()
    ended = SweepEnded.of(str(folder.path), found.standing, led=found.alive)
    if as_json:
        say_json(to_dict(ended))
        return
    print_table(console_for(sys.stdout), ended)
    if ended.state == "training":
        say("It is being trained.")
    elif ended.state == "stopped":
        say(f"{folder.go_on} goes on with it.")


def _lead(make: Callable[[], SweepFolder], place: Place, as_json: bool) -> NoReturn:
    """Lead a sweep to its end, and exit; it is made once its trials can be trained."""
    from tuicnn.cli.output.sweep import SweepJson, SweepLines
    from tuicnn.cli.signals import Signals
    from tuicnn.sweep.controller import Controller

    with contextlib.ExitStack() as stack:
        crew_of = stack.enter_context(place.reached())
        folder = make()
        stack.enter_context(folder.lock())
        report = SweepJson(sys.stdout) if as_json else SweepLines(console_for(sys.stdout))
        controller = Controller(folder, crew_of(folder), report)
        with Signals(controller.stop, lambda: None, lambda: None) as signals:
            standing = controller.run()
    if not standing.over:
        complain(f"The sweep has not ended; {folder.go_on} goes on with it.")
    elif not as_json:
        say(f"The runs are in {folder.called}; tuicnn compare {folder.called} compares them.")
    if signals.stopped_by is not None:
        sys.exit(128 + signals.stopped_by)
    sys.exit(any(row.state == "failed" for row in standing.rows))
