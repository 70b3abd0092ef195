"""`python -m tuicnn.reproduce`: train the networks that come with tuicnn, and say what they reach."""

from __future__ import annotations

import dataclasses
import os
import sys
from pathlib import Path

import click

from tuicnn.bundled import bundled
from tuicnn.errors import UserError
from tuicnn.reproduce.figures import Figures, read_figures, recipe, write_figures
from tuicnn.reproduce.page import gallery_page, with_figures, with_table
from tuicnn.reproduce.training import figures_of, measure_seconds, train
from tuicnn.runs.starters import Starter, starters

__all__: list[str] = []

#: from this load on, a time that is measured says more of the other programs
_BUSY = 0.5


@click.command()
@click.argument("names", metavar="[NET]...", nargs=-1)
@click.option("--seeds", type=click.IntRange(0, 1000), help="Train with so many seeds, from 0; by default 5.")
@click.option(
    "--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True, help="Where runs are."
)
@click.option("--seconds", is_flag=True, help="Measure how long a run trains, by one epoch; trains only with --seeds.")
@click.option("--write", is_flag=True, help="Write what was found into the repository; trains only with --seeds.")
def reproduce(names: tuple[str, ...], seeds: int | None, runs: Path, seconds: bool, write: bool) -> None:
    """Train each NET that comes with tuicnn with several seeds, and say what it reaches; all of them without a NET.

    What was trained before is not trained again, and what was ended goes on.
    """
    chosen = _chosen(names)
    if seeds is None:
        seeds = 0 if seconds or write else 5
    if seconds and os.getloadavg()[0] > _BUSY:
        click.echo("Other programs are running: the times will be too long.", err=True)
    found: dict[str, Figures] = {}
    for net in chosen:
        for seed in range(seeds):
            train(net, seed, runs)
        of_net = figures_of(net, runs)
        found[net.name] = dataclasses.replace(of_net, seconds=measure_seconds(net)) if seconds else of_net
    if write:
        found = _written(found)
    for net in chosen:
        if (of_net := found[net.name]).accuracies or of_net.seconds is not None:
            click.echo(f"{net.name}: {of_net.sentence(net.plan)}")


def _chosen(names: tuple[str, ...]) -> list[Starter]:
    known = {net.name: net for net in starters()}
    if unknown := next((name for name in names if name not in known), None):
        raise UserError(f"no network called {unknown!r} comes with tuicnn. There are: {', '.join(known)}")
    return [known[name] for name in names or known]


def _written(found: dict[str, Figures]) -> dict[str, Figures]:
    """Write the page, the README's table, the lines in the nets, the file of figures; gives all that is known now."""
    docs = bundled("nets").parent / "docs"
    if not docs.is_dir():
        raise UserError("there is no docs/ beside the nets: only in a clone of the repository can it be written")
    figures = _together(read_figures(docs / "gallery.json"), found)
    for net in starters():
        measured = net.name in figures and figures[net.name].accuracies
        line = figures[net.name].sentence(net.plan) if measured else ""
        net.path.write_text(with_figures(net.text, line), encoding="utf-8")
    write_figures(docs / "gallery.json", figures)
    (docs / "gallery.md").write_text(gallery_page(starters(), figures), encoding="utf-8")
    readme = docs.parent / "README.md"
    readme.write_text(with_table(readme.read_text(encoding="utf-8"), starters(), figures), encoding="utf-8")
    return figures | {name: figures.get(name, of_net) for name, of_net in found.items()}


def _together(before: dict[str, Figures], found: dict[str, Figures]) -> dict[str, Figures]:
    """What was known before, of nets that are still the same, and what was found now."""
    together = {}
    for net in starters():
        now = Figures(recipe(net.plan))
        for known in (before.get(net.name, now), found.get(net.name, now)):
            if known.recipe == now.recipe:
                seconds = known.seconds if known.seconds is not None else now.seconds
                now = Figures(now.recipe, {**now.accuracies, **known.accuracies}, seconds)
        if now.accuracies or now.seconds is not None:
            together[net.name] = now
    return together


if __name__ == "__main__":
    try:
        reproduce(standalone_mode=False)
    except (UserError, click.ClickException) as error:
        sys.exit(f"tuicnn.reproduce: {error}")
    except (KeyboardInterrupt, click.Abort):
        sys.exit(130)
