"""The command `tuicnn` itself: a group whose first word may be a net, and the options that its commands share."""

from __future__ import annotations

import dataclasses
import functools
import os
import sys
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, cast

import click
from click.shell_completion import CompletionItem

from tuicnn import limits
from tuicnn.bundled import find_bundled
from tuicnn.cli.completing import SET, nets_from
from tuicnn.cli.output.streams import is_terminal, say
from tuicnn.records import Between
from tuicnn.system.process import ONE_THREAD
from tuicnn.training.options import ON_NAN, Options
from tuicnn.version import __version__

__all__ = ["ReaderGoneError", "main", "options"]

F = TypeVar("F", bound=Callable[..., Any])


#: commands of other tools, and ours that do the same
_ELSEWHERE = {
    **dict.fromkeys(("fit", "learn"), "train"),
    **dict.fromkeys(("run", "start"), "train, or watch"),
    **dict.fromkeys(("list", "ls", "ps", "status"), "runs"),
    **dict.fromkeys(("show", "view", "open"), "attach"),
    **dict.fromkeys(("kill", "end", "cancel"), "stop"),
    **dict.fromkeys(("continue", "restart"), "resume"),
    **dict.fromkeys(("lint", "validate", "verify", "summary"), "check"),
    **dict.fromkeys(("init", "create"), "new"),
    **dict.fromkeys(("evaluate", "test", "score"), "eval"),
    **dict.fromkeys(("classify", "infer"), "predict"),
    **dict.fromkeys(("completions", "complete", "autocomplete"), "completion"),
    **dict.fromkeys(("benchmark", "time", "profile"), "bench"),
    "help": "--help",
    "version": "--version",
}


class ReaderGoneError(Exception):
    """The reader of the output has closed the pipe (click would turn `BrokenPipeError` into exit code 1)."""


class NetFirst(click.Group):
    """A group whose first word may also be a net: `tuicnn nets/mnist.net` is `tuicnn watch nets/mnist.net`."""

    default = "watch"

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and self.get_command(ctx, args[0]) is None:
            if not ctx.resilient_parsing:  # else what is typed is completed, and says nothing yet
                self._require_net(ctx, args[0])
            args = [self.default, *args]
        return super().resolve_command(ctx, args)

    def _require_net(self, ctx: click.Context, word: str) -> None:
        """Raises `click.UsageError` for a word that is no command and names no net, with what is probably meant."""
        if os.path.lexists(word) or find_bundled(word) is not None:
            return
        plain = word.casefold()
        if "." not in word and os.sep not in word:
            meant = _ELSEWHERE.get(plain) or next(iter(get_close_matches(plain, self.list_commands(ctx), 1, 0.7)), "")
            if meant:
                raise click.UsageError(f"no command {word}. Did you mean {meant}?", ctx)
        nets = {Path(item.value).stem: item.value for item in nets_from("")}
        near = get_close_matches(Path(plain).stem, nets, 1, 0.7)
        if near:
            raise click.UsageError(f"no command and no net {word}. Did you mean {nets[near[0]]}?", ctx)
        if "." not in word and os.sep not in word:
            raise click.UsageError(
                f"no command and no net {word}; tuicnn --help lists the commands, and tuicnn new --list the nets", ctx
            )

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[Any]]:
        found = super().shell_complete(ctx, incomplete)
        if incomplete.startswith("-"):
            default = self.get_command(ctx, self.default)
            known = {item.value for item in found}
            if default is not None:
                found += [item for item in default.shell_complete(ctx, incomplete) if item.value not in known]
        else:
            found += [item for item in nets_from(incomplete) if item.value.startswith(incomplete)]
        return found

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ReaderGoneError from error

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # options of `watch` before the net: `tuicnn --epochs 3 nets/mnist.net`
        own = {name for parameter in self.get_params(ctx) for name in parameter.opts}
        if args and args[0].startswith("-") and args[0].split("=")[0] not in own:
            args = [self.default, *args]
        return super().parse_args(ctx, args)


#: the options that choose how to train
_CHOSEN = tuple(field.name for field in dataclasses.fields(Options))


def _values(context: click.Context, option: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """`optim.lr=1e-3` as a name and a value; of two for one name the later one counts."""
    values = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not value.strip():
            shown = name.strip() or "w"
            raise click.BadParameter(f"{text!r} has no value; write --set {shown}=16, say")
        values[name.strip()] = value.strip()
    return values


def _within(limits: Between[int]) -> click.IntRange:
    return click.IntRange(limits.least, limits.most)


def options(*names: str) -> Callable[[F], F]:
    """The options that several commands share, by name; `chosen` is all that choose how to train, as `Options`."""
    known: dict[str, Callable[[F], F]] = {
        "epochs": click.option("--epochs", type=_within(limits.EPOCHS), help="Passes over the training images."),
        "batch": click.option("--batch", type=_within(limits.BATCH), help="Images a step."),
        "seed": click.option("--seed", type=_within(limits.SEED), help="Where all randomness starts."),
        "limit": click.option("--limit", type=_within(limits.LIMIT), help="Use at most so many training images."),
        "threads": click.option(
            "--threads", type=_within(limits.THREADS), help="Processors to train on; all of them by default."
        ),
        "on_nan": click.option(
            "--on-nan",
            type=click.Choice(ON_NAN),
            help="Where numbers become NaN or infinite: stop, pause (usual with a screen), or halve the learning rate.",
        ),
        "values": click.option(
            "--set",
            "values",
            type=SET,
            multiple=True,
            metavar="NAME=VALUE",
            callback=_values,
            help="Another value than the net says: --set optim.lr=1e-3 --set w=16 --set conv1.filters=16.",
        ),
        "run": click.option(
            "--run",
            "run",
            type=click.Path(path_type=Path),
            help="Keep the run in this folder; by default runs/NET-1, then runs/NET-2.",
        ),
        "ascii": click.option("--ascii", is_flag=True, help="Use no character outside ASCII."),
        "detach": click.option(
            "--detach", is_flag=True, help="Only start it in the background; tuicnn attach shows it."
        ),
        "after_logout": click.option(
            "--after-logout",
            type=click.Choice(["keep", "end"]),
            help="Where the machine ends all processes at logout: keep the run, or let it end; remembered.",
        ),
        "json": click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs."),
    }

    def add(command: F) -> F:
        for name in reversed(names):
            if name == "chosen":
                command = _with_chosen(command)
            for one in reversed(_CHOSEN if name == "chosen" else (name,)):
                command = known[one](command)
        return command

    return add


def _with_chosen(command: F) -> F:
    @functools.wraps(command)
    def gathered(**given: Any) -> Any:
        chosen = Options(**{name: given.pop(name) for name in _CHOSEN})
        return command(chosen=chosen, **given)

    return cast(F, gathered)


@click.group(cls=NetFirst, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="tuicnn %(version)s")
@click.pass_context
def main(context: click.Context) -> None:
    """Write a convolutional network in a few words and watch it learn.

    \b
    tuicnn nets/mnist.net    train it in the background and watch (the first word may be a net)
    tuicnn                   the runs of this folder on the screen, and networks to begin with
    """
    os.environ.update({**ONE_THREAD, **os.environ})  # before NumPy is imported, which reads them once
    if context.invoked_subcommand is None:
        if is_terminal(sys.stdin) and is_terminal(sys.stdout):
            context.invoke(cast(click.Command, main.get_command(context, "home")), ascii=False)
        say(context.get_help())
