"""What can stand for the arguments of commands, as types of click: runs, nets, layers, values, addresses.

Each is asked for at a press of Tab, so it imports what it needs and no NumPy, and answers nothing where it fails.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from tuicnn.bundled import bundled_nets, find_bundled
from tuicnn.cli.shells import PREFIX
from tuicnn.errors import UserError

if TYPE_CHECKING:
    from tuicnn.language import Checked
    from tuicnn.language.plan import Node

__all__ = ["ADDRESS", "DATA", "LAYER", "NET", "NET_OR_SWEEP", "RUN", "SET", "STARTER", "WORD", "nets_from"]

#: folders that are looked into for nets, and how deep
MOST_FOLDERS, DEEPEST = 200, 3

Item = CompletionItem[str]


class Completed(click.types.StringParamType):
    """A word that is taken as it is; `offer` says what could be meant, for completion."""

    name = "text"

    def offer(self, context: click.Context, begun: str) -> Iterable[Item]:
        """What can stand there; what does not begin as `begun` is left out afterwards."""
        raise NotImplementedError

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Item]:
        try:
            return [item for item in self.offer(ctx, incomplete) if item.value.startswith(incomplete)]
        except (OSError, UserError):
            return []


class _Net(Completed):
    """A `.net` file here or in a folder below, or one that comes with tuicnn."""

    name = "net"

    def offer(self, context: click.Context, begun: str) -> Iterable[Item]:
        return nets_from(begun)


class _NetOrSweep(_Net):
    """A net, or a sweep of the working folder by its name."""

    name = "net"

    def offer(self, context: click.Context, begun: str) -> Iterable[Item]:
        from tuicnn.runs.finding import run_folders

        yield from (Item(folder.name) for folder in run_folders(Path.cwd()) if folder.holds_a_sweep)
        yield from super().offer(context, begun)


class _Run(Completed):
    """A run or a sweep of the working folder by its name, the newest first."""

    name = "run"

    def offer(self, context: click.Context, begun: str) -> Iterable[Item]:
        from tuicnn.runs.finding import run_folders

        found = [folder for folder in run_folders(Path.cwd()) if folder.holds_a_run or folder.holds_a_sweep]
        newest = sorted(found, key=lambda folder: folder.path.stat().st_mtime, reverse=True)
        return [Item(folder.name) for folder in newest]


class _Starter(Completed):
    """A net that comes with tuicnn, by its name."""

    name = "net"

    def offer(self, context: click.Context, begun: str) -> Iterable[Item]:
        return [Item(path.stem) for path in bundled_nets()]


class _Word(Completed):
    """A word of the language: a layer, a setting, an optimizer."""

    name = "name"

    def offer(self, context: click.Context, begun: str) -> Iterable[Item]:
        from tuicnn.language.reference import entries

        return [Item(entry.name, help=entry.help) for entry in entries()]


class _Set(Completed):
    """`NAME=VALUE` for a value of the net that the command names."""

    name = "name=value"

    def offer(self, context: click.Context, begun: str) -> Iterable[Item]:
        from tuicnn.language.overrides.names import names_of

        # an option that waits for its value keeps click from telling arguments apart
        nets = context.params.get("net") or context.params.get("nets") or context.args
        found = _checked(nets if isinstance(nets, str) else next(iter(nets), ""))
        if found.reading is None:
            return
        names = names_of(found.reading)
        owners = dict.fromkeys(f"{name.partition('.')[0]}." for name in names if "." in name)
        if "." not in begun:
            yield from (Item(owner, type=PREFIX) for owner in owners)
        for name, help in names.items():
            if "." not in name or "." in begun:
                yield Item(f"{name}=", type=PREFIX, help=help)


class _Data(Completed):
    """A data set by its name, a net, or a folder, an `.npz` or a `.csv` file here."""

    name = "data"

    def offer(self, context: click.Context, begun: str) -> Iterable[Item]:
        from tuicnn.data.places import FILE_WORDS
        from tuicnn.data.published import published

        yield from (Item(name, help=about) for name, about in published().items())
        yield from nets_from(begun)
        folder = Path(begun) if begun.endswith("/") else Path(begun).parent
        for path in sorted(folder.iterdir()):
            if path.name.startswith(".") or path.name == "runs":
                continue
            if path.is_dir():
                yield Item(f"{path}/", type=PREFIX)
            elif path.suffix.lower() in FILE_WORDS:
                yield Item(str(path))


class _Layer(Completed):
    """A layer of the net of a run, by its name."""

    name = "layer"

    def offer(self, context: click.Context, begun: str) -> Iterable[Item]:
        yield from (Item(node.name, help=node.text) for node in _nodes_of_run(context))


class _Address(Completed):
    """The beginning of an address in the net of a run: a layer's output, its weights, what comes of them."""

    name = "address"

    def offer(self, context: click.Context, begun: str) -> Iterable[Item]:
        for node in _nodes_of_run(context):
            yield Item(f"{node.name}[", type=PREFIX, help=node.text)
            for weight in node.layer.weights(*node.input_shapes):
                yield Item(f"{node.name}.{weight}[", type=PREFIX, help=node.text)
        yield Item("p[", type=PREFIX, help="the probability of a class")
        yield Item("loss", help="the loss of the image")


NET, RUN, STARTER, WORD, SET = _Net(), _Run(), _Starter(), _Word(), _Set()
NET_OR_SWEEP = _NetOrSweep()
ADDRESS, DATA, LAYER = _Address(), _Data(), _Layer()


def nets_from(begun: str) -> Iterator[Item]:
    """The nets in the folder that a path begins with and those below it, and those that come with tuicnn."""
    folder = Path(begun).parent if begun.rpartition("/")[1] else Path()
    if begun.endswith("/"):
        folder = Path(begun)
    seen = set()
    for path in _nets_below(folder):
        text = f"./{path}" if begun.startswith("./") else str(path)
        seen.add(path.name)
        yield Item(text)
    for path in bundled_nets():
        if path.name not in seen:
            yield Item(f"nets/{path.name}", help="comes with tuicnn")


def _nets_below(folder: Path) -> Iterator[Path]:
    """Nets in a folder and below it; not those that runs keep, nor hidden ones."""
    left = [(folder, 0)]
    for number, (here, depth) in enumerate(left):
        if number >= MOST_FOLDERS:
            return
        try:
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            if entry.name.startswith(".") or entry.name in ("node_modules", "runs"):
                continue
            if entry.is_dir() and depth < DEEPEST:
                left.append((here / entry.name, depth + 1))
            elif entry.name.endswith(".net"):
                yield here / entry.name


def _nodes_of_run(context: click.Context) -> tuple[Node, ...]:
    """The layers of the run that stands in the line; none where its net has a problem."""
    from tuicnn.runs.finding import find_run

    folder = find_run(context.params.get("run"), Path.cwd())
    plan = _checked(str(folder.path / "net.net")).plan
    return plan.nodes if plan is not None else ()


def _checked(net: str) -> Checked:
    """A net as `check` finds it, here or among those that come with tuicnn; without one, that of an empty net."""
    from tuicnn.language import check, check_file

    if not net:
        return check("relu -> flatten -> dense 10")
    path = Path(net)
    return check_file(path if path.exists() else find_bundled(net) or path)[1]
