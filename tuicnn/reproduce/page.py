"""The page of the networks that come with tuicnn, docs/gallery.md, their table in the README, and the lines of nets.

All are made from the nets and their figures; what a net shows and what to try is said by the comment at its head.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tuicnn.numbers import count, duration
from tuicnn.reproduce.figures import Figures
from tuicnn.runs.starters import Starter

__all__ = ["gallery_page", "with_figures", "with_table"]

_MARK = "Reached: "
_TRY = "Try: "
_COLUMNS = "| net | data | test accuracy | runs | weights | time |"
_HEAD = """\
<!-- Written by python -m tuicnn.reproduce --write from nets/ and docs/gallery.json; change the nets, not this. -->

# Networks to begin with

`tuicnn NAME` trains one of these and shows it, `tuicnn new my --from NAME` copies it to `my.net` to change it.
Each says what it shows, and something to change; what then happens was tried.

Accuracy is on the test images, after the last epoch: the mean of runs with different seeds and their standard
deviation, or that of one run. Settings were chosen by the validation images. The time is that of training one run on
two cores with AVX-512 that nothing else uses; they were measured on two such machines, of which the newer one, that of
cifar-94 and of all up to 1 min 08 s, is the faster. A dash: not measured yet.
"""
_FOOT = """\
## How these figures were made

    python -m tuicnn.reproduce                        # trains all of them with the seeds 0 to 4, in runs/: hours
    python -m tuicnn.reproduce mnist lenet5           # only these
    python -m tuicnn.reproduce cifar-resnet --seeds 1
    python -m tuicnn.reproduce --seconds              # one epoch of each, for the time
    python -m tuicnn.reproduce --write    # this page, docs/gallery.json, the table in the README, the lines in the nets

Each run is a folder, which `tuicnn runs` lists and `tuicnn attach` shows. What was trained is not trained again, and
what was ended goes on from where it was.
"""


def with_figures(text: str, line: str) -> str:
    """A net's text with a line at the end of the comment at its head, in the place of the one that was there.

    With "" it has none.
    """
    lines = text.splitlines()
    head = next((n for n, each in enumerate(lines) if not each.startswith("#")), len(lines))
    kept = [each for each in lines[:head] if not each.startswith(f"# {_MARK}")]
    return "\n".join([*kept, *([f"# {line}"] if line else []), *lines[head:]]) + "\n"


def gallery_page(nets: Sequence[Starter], figures: Mapping[str, Figures]) -> str:
    """The page in Markdown."""
    return "\n".join([_HEAD, _table(nets, figures), *(_section(net) for net in nets), _FOOT])


def with_table(readme: str, nets: Sequence[Starter], figures: Mapping[str, Figures]) -> str:
    """The README with the nets and what they reached in the place of its table of them."""
    table = _table(nets, figures, "docs/gallery.md")
    return re.sub(rf"^{re.escape(_COLUMNS)}\n(?:\|.*\n)*", lambda _: table, readme, count=1, flags=re.MULTILINE)


def _table(nets: Sequence[Starter], figures: Mapping[str, Figures], page: str = "") -> str:
    rows = [_row(net, figures.get(net.name), page) for net in nets]
    return "\n".join([_COLUMNS, "| --- " * _COLUMNS.count(" | ") + "| --- |", *rows, ""])


def _row(net: Starter, found: Figures | None, page: str) -> str:
    found = found or Figures("")
    runs = str(len(found.accuracies) or "-")
    time = "-" if found.seconds is None else duration(found.seconds)
    cells = (f"[{net.name}]({page}#{net.name})", net.data, found.accuracy(), runs, count(net.plan.parameters), time)
    return f"| {' | '.join(cells)} |"


def _section(net: Starter) -> str:
    said, _, _ = net.comment.partition(_MARK)
    shows, _, change = said.partition(_TRY)
    paragraphs = [f"## {net.name}", shows.strip()]
    if change:
        paragraphs.append(f"**Try:** {change.strip()}")
    _, _, body = net.text.partition("\n\n")
    paragraphs.append(f"```net\n{body.strip()}\n```\n\n[nets/{net.name}.net](../nets/{net.name}.net)\n")
    return "\n\n".join(paragraphs)
