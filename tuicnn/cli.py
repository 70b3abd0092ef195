"""The commands. `tuicnn NET` trains in the background and shows it; each other command has its name."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tuicnn import __version__
from tuicnn.bundled import bundled
from tuicnn.console.streams import console_for, is_terminal, only_ascii
from tuicnn.training.files import RunError
from tuicnn.training.options import Options

if TYPE_CHECKING:
    from tuicnn.language import Checked, Diagnostic
    from tuicnn.tui.look import Look

__all__ = ["main"]

F = TypeVar("F", bound=Callable[..., Any])

#: exit codes beside 0 and 1 (a net or a run with a problem); 2 is click's, for bad usage
INTERRUPTED, TERMINATED, PIPE_CLOSED = 130, 143, 141


class NetFirst(click.Group):
    """A group whose first word may also be a net: `tuicnn nets/mnist.net` is `tuicnn watch nets/mnist.net`."""

    default = "watch"

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and self.get_command(ctx, args[0]) is None:
            args = [self.default, *args]
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # options of `watch` before the net: `tuicnn --epochs 3 nets/mnist.net`
        own = {name for parameter in self.get_params(ctx) for name in parameter.opts}
        if args and args[0].startswith("-") and args[0].split("=")[0] not in own:
            args = [self.default, *args]
        return super().parse_args(ctx, args)


def _options(*names: str) -> Callable[[F], F]:
    """The options that several commands share, by name."""
    known: dict[str, Callable[[F], F]] = {
        "epochs": click.option("--epochs", type=click.IntRange(1, 100_000), help="Passes over the training images."),
        "batch": click.option("--batch", type=click.IntRange(1, 65_536), help="Images a step."),
        "seed": click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Where all randomness starts."),
        "limit": click.option("--limit", type=click.IntRange(1), help="Use at most so many training images."),
        "threads": click.option(
            "--threads", type=click.IntRange(1, 1024), help="Threads to train with; as many as processors by default."
        ),
        "run": click.option(
            "--run",
            "run",
            type=click.Path(path_type=Path),
            help="Keep the run in this folder; runs/NET-1, … by default.",
        ),
        "ascii": click.option("--ascii", is_flag=True, help="Use no character outside ASCII."),
        "json": click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs."),
    }

    def add(command: F) -> F:
        for name in reversed(names):
            command = known[name](command)
        return command

    return add


@click.group(cls=NetFirst, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="tuicnn %(version)s")
@click.pass_context
def main(context: click.Context) -> None:
    """Write a convolutional network in a few words and watch it learn.

    \b
    tuicnn nets/mnist.net    train it in the background and watch (the first word may be a net)
    """
    # Training cuts its batches over threads of its own; the linear algebra library's must not come on top of them.
    # Here, because it must be said before NumPy is imported.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@main.command()
@click.argument("net")
@_options("epochs", "batch", "seed", "limit", "threads", "run", "ascii")
def watch(
    net: str,
    epochs: int | None,
    batch: int | None,
    seed: int | None,
    limit: int | None,
    threads: int | None,
    run: Path | None,
    ascii: bool,
) -> None:
    """Train NET in the background and watch it. Without a terminal: the same as train."""
    look = _look(ascii)
    options = Options(epochs=epochs, batch=batch, seed=seed, limit=limit, threads=threads)
    if not (is_terminal(sys.stdin) and is_terminal(sys.stdout)):
        _train(net, options, run, as_json=False)
        return
    path = _find_net(net)
    text, _ = _checked_or_exit(path, options)
    from tuicnn.worker.launch import start

    folder = _new_folder(path, text, run)
    process = start(folder, options, path)  # before Textual is imported: the two start-ups overlap
    from tuicnn.tui.show import show

    sys.exit(show(folder, look, process))


@main.command()
@click.argument("net")
@_options("json", "epochs", "batch", "seed", "limit", "threads", "run", "ascii")
def train(
    net: str,
    as_json: bool,
    epochs: int | None,
    batch: int | None,
    seed: int | None,
    limit: int | None,
    threads: int | None,
    run: Path | None,
    ascii: bool,
) -> None:
    """Train NET here and now, with a progress bar, plain lines or JSON."""
    _look(ascii)
    _train(net, Options(epochs=epochs, batch=batch, seed=seed, limit=limit, threads=threads), run, as_json=as_json)


@main.command()
@click.argument("net")
@_options("json", "ascii")
def check(net: str, as_json: bool, ascii: bool) -> None:
    """Print NET as a table, with what was filled in and every problem. Exit 0 if it can be trained, else 1."""
    look = _look(ascii)
    from tuicnn.console.check import as_json as to_json
    from tuicnn.console.check import print_check

    path = _find_net(net)
    _, checked = _read_and_check(path, Options())
    if as_json:
        import json

        click.echo(json.dumps(to_json(checked)))
    else:
        if checked.plan is not None:
            print_check(console_for(sys.stdout), checked.plan)
        _print_diagnostics(checked.diagnostics, look)
    sys.exit(0 if checked.ok else 1)


@main.command()
@click.argument("run", required=False)
@_options("ascii")
def attach(run: str | None, ascii: bool) -> None:
    """Watch a RUN that trains in the background: a name, a number or a folder; the newest by default."""
    look = _look(ascii)
    from tuicnn.training.runs import describe, find_run

    folder = find_run(run, Path.cwd())
    if not folder.alive:
        raise RunError(
            f"The run {folder.name} is not alive any more ({describe(folder)}); its files are in {folder.path}"
        )
    if not (is_terminal(sys.stdin) and is_terminal(sys.stdout)):
        raise RunError("attach shows the run in a terminal, and this is none; tuicnn runs prints how the runs stand")
    from tuicnn.tui.show import show

    sys.exit(show(folder, look))


@main.command()
@_options("json", "ascii")
def runs(as_json: bool, ascii: bool) -> None:
    """List the runs under the working folder."""
    _look(ascii)
    from tuicnn.console.runs import as_json as to_json
    from tuicnn.console.runs import runs_table
    from tuicnn.training.runs import list_runs

    found = list_runs(Path.cwd())
    if as_json:
        import json

        for one in found:
            click.echo(json.dumps(to_json(one)))
    elif found:
        console_for(sys.stdout).print(runs_table(found))
    else:
        click.echo("No runs here yet; start one with: tuicnn nets/mnist.net")


@main.command()
@click.argument("run", required=False)
def stop(run: str | None) -> None:
    """Stop a RUN that trains in the background, after the step it is at; its weights are saved."""
    from tuicnn.training.runs import describe, find_run, the_only_alive
    from tuicnn.worker.client import stop_run

    folder = find_run(run, Path.cwd()) if run is not None else the_only_alive(Path.cwd())
    stop_run(folder)
    click.echo(f"{folder.name}: {describe(folder)}; its files are in {folder.path}")


# --- what the commands share ------------------------------------------------------------------------------------------


def _look(ascii: bool) -> Look:
    """What this terminal can show; from here on, nothing is printed that it cannot."""
    from tuicnn.tui.look import detect

    look = detect(os.environ, ascii=ascii)
    if look.ascii:
        only_ascii()
    return look


def _find_net(net: str) -> Path:
    """The file that is meant: as given, or a bundled one of that name (which is then said)."""
    path = Path(net)
    if path.exists() or path.is_absolute():
        return path
    parts = path.parts
    if len(parts) == 1 or (len(parts) == 2 and parts[0] == "nets"):
        shipped = bundled("nets") / (path.name if path.suffix else f"{path.name}.net")
        if shipped.is_file():
            click.echo(f"{net} is not here; this is the one that comes with tuicnn.", err=True)
            return shipped
    return path


def _read_and_check(path: Path, options: Options) -> tuple[str, Checked]:
    from tuicnn.language import check_file

    return check_file(path)


def _checked_or_exit(path: Path, options: Options) -> tuple[str, Checked]:
    """The text of a net that can be trained, warnings printed; else every problem, and exit 1."""
    text, checked = _read_and_check(path, options)
    _print_diagnostics(checked.diagnostics, _look(False))
    if checked.plan is None:
        sys.exit(1)
    from tuicnn.data import DataError

    try:
        checked.plan.data.find()
    except DataError as error:
        raise RunError(str(error)) from None
    return text, checked


def _print_diagnostics(diagnostics: tuple[Diagnostic, ...], look: Look) -> None:
    if diagnostics:
        from tuicnn.language import render

        console = console_for(sys.stderr)
        console.print(render(diagnostics, ascii=look.ascii), soft_wrap=True)


def _new_folder(path: Path, text: str, run: Path | None) -> Any:
    from tuicnn.training.folder import RunFolder

    return RunFolder.create_at(run, text) if run is not None else RunFolder.create(Path.cwd(), path.stem, text)


def _train(net: str, options: Options, run: Path | None, *, as_json: bool) -> None:
    """Train in the foreground and exit."""
    path = _find_net(net)
    text, checked = _checked_or_exit(path, options)
    assert checked.plan is not None
    from tuicnn.console.foreground import train_here
    from tuicnn.console.train import JsonLines, PlainLines, ProgressDisplay, Reporter

    folder = _new_folder(path, text, run)
    reporter: Reporter
    if as_json:
        reporter = JsonLines(sys.stdout)
    elif is_terminal(sys.stdout):
        reporter = ProgressDisplay(console_for(sys.stdout))
    else:
        reporter = PlainLines(sys.stdout)
    sys.exit(train_here(options.apply(checked.plan), folder, reporter, threads=options.workers()))


def run() -> None:
    """The program `tuicnn`: what goes wrong is told in a sentence."""
    try:
        main(standalone_mode=True)
    except RunError as error:
        click.echo(f"tuicnn: {error}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        # who read our output has gone; Python would complain again when it flushes at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(PIPE_CLOSED)
