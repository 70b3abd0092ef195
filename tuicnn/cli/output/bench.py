"""What `tuicnn bench` prints: a row for each net and number of threads, and the time of each layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from tuicnn.bench.results import KINDS, Kind, Result, geometric_mean
from tuicnn.numbers import counted, percent
from tuicnn.system.printable import printable

if TYPE_CHECKING:
    from rich.console import Console

    from tuicnn.bench.talk import Talk

__all__ = ["doing", "print_layers", "print_machine", "print_results", "talk_sentence"]

#: share of the processors in use by others above which the machine is not quiet enough to measure on
BUSY = 0.1
#: how PyTorch's memory formats are marked behind a figure
_MARKS = {"": "", "contiguous": " ", "channels_last": "*"}


def print_machine(console: Console, found: dict[str, Any]) -> None:
    """The machine and the libraries, in one line; and a warning where others use it too."""
    torch = f", PyTorch {found['torch']}" if found["torch"] else ""
    cores = counted(found["cores"], "core")
    console.print(Text(f"{found['processor']}, {cores}; NumPy {found['numpy']}, {found['blas']}{torch}", style="dim"))
    if found["busy"] > BUSY:
        share = percent(found["busy"], 0)
        console.print(
            Text(f"Other programs use {share} of the processors, so these figures will be off.", style="yellow")
        )


def talk_sentence(found: Talk) -> str:
    """What processes tell each other in a step."""
    share, processes = found.talk / found.step, f"{found.processes} process{'es' * (found.processes != 1)}"
    return (
        f"{found.net}, {found.weights:,} weights, {processes} ({found.group}): a step takes "
        f"{found.step * 1e3:,.3f} ms, its messages alone {found.talk * 1e6:,.0f} µs ({percent(share, 1)})"
    )


def print_results(console: Console, results: Sequence[Result]) -> None:
    """A table of training, one of inference, and what there is to know of their figures."""
    against = any(result.best("training") for result in results)
    for kind in KINDS:
        console.print()
        console.print(_speeds(results, kind, against=against))
    console.print()
    for threads in dict.fromkeys(result.threads for result in results) if against else ():
        console.print(Text(_mean([result for result in results if result.threads == threads])))
    for line in _notes(results, against=against):
        console.print(Text(line, style="dim"))


def _mean(results: Sequence[Result]) -> str:
    """The mean ratios of results with one number of threads, in a sentence."""
    training, inference = (
        geometric_mean(ratio for result in results if (ratio := result.ratio(kind))) for kind in KINDS
    )
    threads, several = counted(results[0].threads, "thread"), " (geometric mean)" if len(results) > 1 else ""
    return f"{threads}: {training:.2f} times PyTorch's speed in training, {inference:.2f} in inference{several}"


def _speeds(results: Sequence[Result], kind: Kind, *, against: bool) -> Table:
    """A net and a number of threads a row, the speed of each side, and in training its memory."""
    sides, memory = (["tuicnn", "PyTorch", "ratio"], ["MB", "PyTorch MB"]) if against else (["images/s"], ["MB"])
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(kind, overflow="fold")
    for heading in ("threads", "batch", *sides, "sgemm", *(memory if kind == "training" else [])):
        table.add_column(heading, justify="right", no_wrap=True)
    for result in results:
        cells: list[str | Text] = [_net(result), str(result.threads), str(result.batch)]
        cells.append(_rate(result.ours.rate(kind)))
        measured = [result.ours]
        if (best := result.best(kind)) is not None:
            measured.append(result.sides[best])
            cells += [f"{_rate(result.sides[best].rate(kind))}{_MARKS[best]}", _ratio(result.ratio(kind))]
        cells.append(percent(result.share("tuicnn", kind), 0))
        if kind == "training":
            cells += [_megabytes(figures.memory) for figures in measured]
        table.add_row(*cells)
    return table


def print_layers(console: Console, result: Result) -> None:
    """A net's layers with their times in microseconds an image, forward and backward, of each side."""
    best = result.best("training")
    console.print()
    console.print(
        Text(f"{_net(result)}, {counted(result.threads, 'thread')}: microseconds an image in training", style="bold")
    )
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_footer=True, footer_style="bold")
    table.add_column("layer", "total", overflow="fold")
    table.add_column("kernel", no_wrap=True)
    sides = ["tuicnn", *([best] if best is not None else [])]
    for side in sides:
        name = "" if side == "tuicnn" else "PyTorch "
        times = result.sides[side].layers
        for place, heading in enumerate(("forward", "backward")):
            total = sum(both[place] for both in times)
            table.add_column(f"{name}{heading}", _micro(total, result), justify="right", no_wrap=True)
    for index, (_, text, kernel) in enumerate(result.nodes):
        cells = [_micro(seconds, result) for side in sides for seconds in result.sides[side].layers[index]]
        table.add_row(Text(text), kernel, *cells)
    console.print(table)


def _notes(results: Sequence[Result], *, against: bool) -> list[str]:
    lines = [
        "Images a second, the median of the rounds.",
        "sgemm: the speed of tuicnn's products, as a share of what plain matrix products reach here.",
        "MB: what training needs at its peak, beyond the program and the images.",
    ]
    if against and any(_MARKS[result.best(k) or ""].strip() for result in results for k in KINDS):
        lines.append("* PyTorch was faster in channels_last, elsewhere contiguous.")
    drawn = dict.fromkeys(_net(result) for result in results if not result.own_data)
    if drawn:
        lines.append(f"On random images, because the data is not here: {', '.join(drawn)}.")
    return lines


def _net(result: Result) -> str:
    return printable(Path(result.net).stem)


def _rate(images: float) -> str:
    return f"{images:,.0f}" if images >= 100 else f"{images:.1f}"


def _ratio(ratio: float | None) -> Text:
    if ratio is None:
        return Text("")
    return Text(f"{ratio:.2f}", style="bold green" if ratio >= 1 else "bold red")


def _megabytes(count: int) -> str:
    size = count / 2**20
    return f"{size:.1f}" if size < 9.95 else f"{size:,.0f}"


def _micro(seconds: float, result: Result) -> str:
    micro = seconds / result.batch * 1e6
    return f"{micro:,.1f}" if micro else "-"


@contextmanager
def doing(console: Console, *, shown: bool) -> Iterator[Callable[[str], None]]:
    """One line on a terminal that says what is being measured, as it is told; nothing where it is not `shown`."""
    if not shown:
        yield lambda text: None
        return
    with console.status("", spinner="line", refresh_per_second=1) as status:
        yield lambda text: status.update(Text(text))
