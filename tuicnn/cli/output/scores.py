"""What `tuicnn eval` prints: how good a network is, as people and programs read it."""

from __future__ import annotations

import math
import shutil
import sys
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from tuicnn.cli.output.streams import console_for
from tuicnn.numbers import counted, percent, significant
from tuicnn.records import to_plain

if TYPE_CHECKING:
    from tuicnn.display.terminal import TerminalProfile
    from tuicnn.runs.evaluating import EvaluatedRun
    from tuicnn.training.scores import Scores

__all__ = ["as_json", "figures_table", "print_scores"]

#: lines of the tables that people read; `--json` has all classes and a hundred mistakes
_FEW, _MANY = 8, 100
#: classes that are listed; of more, those with the lowest F1
_CLASSES = 20
_NAME = 16  # letters of a class


def as_json(found: EvaluatedRun) -> dict[str, Any]:
    """The object that `tuicnn eval --json` prints; null where a figure has no meaning."""
    scores, said = found.scores, found.scores.answers
    if scores.of_images:
        return _images_as_json(found)
    return {
        "run": found.run,
        "epoch": found.epoch,
        "step": found.step,
        "part": found.split,
        "images": len(scores),
        "views": found.views,
        "loss": to_plain(scores.loss),
        "accuracy": to_plain(scores.accuracy),
        "accuracy_interval": to_plain(scores.accuracy_interval),
        "top": {str(k): share for k, share in scores.top().items()},
        "macro_f1": to_plain(scores.macro_f1),
        "classes": to_plain(scores.classes()),
        "confusion": said.confusion().tolist(),
        "ece": to_plain(scores.calibration_error),
        "worst": [
            {
                "index": int(said.numbers[place]),
                "truth": scores.class_names[said.labels[place]],
                "prediction": scores.class_names[said.said[place]],
                "probability": to_plain(said.confidences[place]),
            }
            for place in said.worst()[:_MANY]
        ],
    }


def _images_as_json(found: EvaluatedRun) -> dict[str, Any]:
    """The object for a network whose target is the image."""
    scores, said = found.scores, found.scores.answers
    return {
        "run": found.run,
        "epoch": found.epoch,
        "step": found.step,
        "part": found.split,
        "images": len(scores),
        "views": found.views,
        "loss": to_plain(scores.loss),
        "mse": to_plain(scores.mse),
        "psnr": to_plain(scores.psnr),
        "worst": [
            {"index": int(said.numbers[place]), "mse": to_plain(float(said.errors[place]))}
            for place in said.worst_images()[:_MANY]
        ],
    }


def print_scores(found: EvaluatedRun, terminal: TerminalProfile) -> None:
    """The figures, the classes, the confusion matrix where there is room for it, and the worst mistakes."""
    console, width = console_for(sys.stdout), shutil.get_terminal_size().columns
    scores = found.scores
    of = f" of {found.data}" if found.data is not None else ""
    views = f", each by {found.views} views" if found.views > 1 else ""
    console.print(
        Text(f"{found.run} after epoch {found.epoch}, on {counted(len(scores), f'{found.split} image')}{of}{views}"),
        soft_wrap=True,
    )
    console.print()
    figures = Table.grid(padding=(0, 2, 0, 0))
    if scores.of_images:
        figures.add_row("PSNR", Text(f"{scores.psnr:.2f} dB", terminal.style("accent")), "of all pixels, from 0 to 1")
        figures.add_row("MSE", significant(scores.mse), "the mean squared error of a pixel")
        figures.add_row("loss", significant(scores.loss), "mean over the images")
        console.print(figures)
        caption, table = _worst_images(scores)
        console.print()
        console.print(caption)
        console.print(table)
        return
    low, high = scores.accuracy_interval
    interval = f"95% interval {percent(low, 2)} to {percent(high, 2)} (Wilson)"
    figures.add_row("accuracy", Text(percent(scores.accuracy, 2), terminal.style("accent")), interval)
    for k, share in scores.top().items():
        figures.add_row(f"top {k}", percent(share, 2), f"the right class is among the {k} most probable")
    figures.add_row("loss", significant(scores.loss), "mean over the images")
    figures.add_row("macro F1", percent(scores.macro_f1, 2), "mean over the classes")
    figures.add_row("ECE", percent(scores.calibration_error, 2), _calibration(scores))
    console.print(figures)
    tables = [_classes(scores)]
    if (matrix := _confusion(scores, terminal, width)) is not None:
        tables.append(("Confusion: a row for each class, a column for what it was taken for", matrix))
    if scores.answers.wrong.any():
        tables += [_confusions(scores), _worst(scores)]
    for title, table in tables:
        console.print()
        console.print(title, soft_wrap=True)
        console.print(table)


def _calibration(scores: Scores) -> str:
    """What the calibration error is between."""
    mean = float(scores.answers.confidences.mean())
    if math.isnan(mean):
        return "the network gives NaN"
    judged = "too sure" if mean > scores.accuracy else "not sure enough" if mean < scores.accuracy else "just so"
    return f"mean probability of its answers {percent(mean, 2)}: {judged}"


def figures_table(*columns: str, left: int = 1) -> Table:
    """A table whose first `left` columns are words, the others numbers."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for place, heading in enumerate(columns):
        table.add_column(heading, justify="left" if place < left else "right", no_wrap=True)
    return table


def _name(name: str) -> Text:
    """A class's name, as long as a column is."""
    return Text(name if len(name) <= _NAME else name[: _NAME - 2] + "..")


def _classes(scores: Scores) -> tuple[str, Table]:
    classes = scores.classes()
    title = "By class"
    if len(classes) > _CLASSES:
        title = f"By class: the {_CLASSES} of {len(classes)} with the lowest F1"
        classes = sorted(classes, key=lambda each: math.inf if math.isnan(each.f1) else each.f1)[:_CLASSES]
    table = figures_table("class", "images", "precision", "recall", "F1")
    for each in classes:
        figures = (percent(figure, 2) for figure in (each.precision, each.recall, each.f1))
        table.add_row(_name(each.name), f"{each.images:,}", *figures)
    return title, table


def _confusion(scores: Scores, terminal: TerminalProfile, width: int) -> Table | None:
    """The confusion matrix; None where the terminal is too narrow for it."""
    counts = scores.answers.confusion()
    short = [name[:4] for name in scores.class_names]
    cells = sum(2 + max(len(name), len(f"{most}")) for name, most in zip(short, counts.max(axis=0), strict=True))
    if min(_NAME, max(map(len, scores.class_names))) + 2 + cells > width:
        return None
    table = figures_table("", *short)
    for row, name in enumerate(scores.class_names):
        texts = [
            Text(f"{count}" if count else ".", terminal.style("strong" if row == place else "bad" if count else "dim"))
            for place, count in enumerate(counts[row])
        ]
        table.add_row(_name(name), *texts)
    return table


def _confusions(scores: Scores) -> tuple[str, Table]:
    table = figures_table("class", "taken for", "images", left=2)
    for each in scores.answers.confusions()[:_FEW]:
        table.add_row(*(_name(scores.class_names[k]) for k in (each.label, each.said)), f"{each.count:,}")
    return "Taken for another class most often", table


def _worst(scores: Scores) -> tuple[str, Table]:
    said = scores.answers
    table = figures_table("class", "taken for", "image", "probability", "of its class", left=2)
    for place in said.worst()[:_FEW]:
        names = (_name(scores.class_names[k]) for k in (said.labels[place], said.said[place]))
        shares = (percent(float(share[place])) for share in (said.confidences, said.truths))
        table.add_row(*names, f"{said.numbers[place]}", *shares)
    return "The surest mistakes, by the number of the image", table


def _worst_images(scores: Scores) -> tuple[str, Table]:
    said, table = scores.answers, figures_table("image", "MSE", left=0)
    for place in said.worst_images()[:_FEW]:
        table.add_row(f"{said.numbers[place]}", significant(float(said.errors[place])))
    return "The largest errors, by the number of the image", table
