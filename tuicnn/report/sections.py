"""The sections of a report, each as HTML; every text in them is escaped."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from html import escape

from pygments import highlight
from pygments.formatters import HtmlFormatter

from tuicnn.display.html import MOST_CLASSES, confusion_table, table
from tuicnn.display.layer_table import layer_table_html
from tuicnn.display.png import image_element
from tuicnn.display.training_curves import training_curves
from tuicnn.display.verdict import verdict
from tuicnn.language.highlighting import NetLexer
from tuicnn.numbers import count, counted, duration, percent, shape, significant
from tuicnn.report.material import Material
from tuicnn.runs.evaluating import EvaluatedRun
from tuicnn.training.scores import Scores

__all__ = ["curves", "figures", "net", "quality", "settings"]

_CONFUSIONS = 8  # pairs of classes that are listed
_CLASSES = 40  # names that are told
_SIDE = 84  # pixels that an image is wide


def figures(material: Material) -> str:
    """How the run ended, and its most important figures."""
    overview, progress = material.overview, material.record.progress
    cells = []
    evaluated = material.evaluated
    if evaluated is not None and (scores := evaluated.scores).of_images:
        cells += [
            (f"{evaluated.split} PSNR", f"{scores.psnr:.2f} dB", f"mean squared error {significant(scores.mse)}"),
            (f"{evaluated.split} loss", significant(scores.loss), f"on {counted(len(scores), 'image')}"),
        ]
    elif evaluated is not None:
        scores = evaluated.scores
        low, high = scores.accuracy_interval
        interval = f"95% interval {percent(low, 2)} to {percent(high, 2)}"
        cells += [
            (f"{evaluated.split} accuracy", percent(scores.accuracy, 2), interval),
            (f"{evaluated.split} loss", significant(scores.loss), f"on {counted(len(scores), 'image')}"),
        ]
    if math.isfinite(progress.best_val_accuracy):
        best = percent(progress.best_val_accuracy, 2)
        cells.append(("best validation accuracy", best, f"after epoch {progress.best_epoch}"))
    cells += [
        ("weights", count(overview.parameters), f"{count(overview.macs)} multiply-adds an image"),
        ("epochs", f"{progress.epoch} of {overview.epochs}", f"{progress.step:,} steps"),
        ("time of training", duration(progress.seconds), _speed(progress.images_per_second)),
    ]
    items = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}<small>{escape(more)}</small></dd></div>"
        for name, value, more in cells
    )
    said = verdict(progress, overview) if progress.state.final else "The run was training when this was written."
    return f'<p class="quiet">{escape(said)}</p>\n<dl class="figures">{items}</dl>'


def _speed(images_per_second: float) -> str:
    return f"{images_per_second:,.0f} images a second" if math.isfinite(images_per_second) else ""


def curves(material: Material) -> str:
    """Loss and accuracy over the epochs."""
    charts = training_curves(material.record.history(0, 0), material.overview.steps_per_epoch)
    return _section(
        "Curves", f'<div class="curves">{"".join(f"<figure>{chart}</figure>" for chart in charts if chart)}</div>'
    )


def quality(material: Material) -> str:
    """How good it is: classes, what is taken for what, the surest mistakes; or why that is not known."""
    evaluated = material.evaluated
    if evaluated is None:
        said = "The weights, or the images to measure them on, were not at hand when this was written."
        return _section("How good it is", f"<p>{said}</p>")
    scores = evaluated.scores
    if scores.of_images:
        said = (
            f"With the weights after epoch {evaluated.epoch}, on {counted(len(scores), f'{evaluated.split} image')}: a "
            f"pixel's mean squared error is {significant(scores.mse)}, which is a PSNR of {scores.psnr:.2f} dB. The "
            "images with the largest errors:"
        )
        pictures = "".join(image_element(image, _SIDE) for image in evaluated.mistakes)
        return _section("How good it is", f'<p>{escape(said)}</p><div class="mistakes">{pictures}</div>')
    parts = [
        f"<p>With the weights after epoch {evaluated.epoch}, on {counted(len(scores), f'{evaluated.split} image')}: "
        f"{escape(_in_words(scores))}</p>",
        "<h3>By class</h3>",
        _scroll("numbers", _classes(scores)),
        "<h3>What was taken for what</h3>",
    ]
    matrix, wrong = confusion_table(scores.answers.confusion(), scores.class_names), scores.answers.wrong.any()
    if len(scores.class_names) <= MOST_CLASSES:
        parts.append('<p class="quiet">A row for each class, a column for what its images were taken for.</p>')
        parts.append(_scroll("numbers confusion", matrix))
        if wrong:
            parts.append(_scroll("", table(("class", "taken for", "images"), _confusions(scores))))
    else:  # there it lists the pairs itself
        parts.append(_scroll("", matrix))
    if wrong:
        parts += [
            "<h3>The surest mistakes</h3>",
            f'<div class="mistakes">{"".join(_mistakes(evaluated))}</div>',
        ]
    return _section("How good it is", "\n".join(parts))


def _in_words(scores: Scores) -> str:
    parts = [f"{percent(scores.accuracy, 2)} are right"]
    for k, share in scores.top().items():
        parts.append(f"for {percent(share, 2)} the right class is among the {k} most probable")
    parts.append(f"macro F1 {percent(scores.macro_f1, 2)}")
    parts.append(f"expected calibration error {percent(scores.calibration_error, 2)}")
    return "; ".join(parts) + "."


def _classes(scores: Scores) -> str:
    rows = [
        (each.name, f"{each.images:,}", *(percent(share, 2) for share in (each.precision, each.recall, each.f1)))
        for each in scores.classes()
    ]
    return table(("class", "images", "precision", "recall", "F1"), rows)


def _confusions(scores: Scores) -> Iterable[tuple[str, str, str]]:
    names = scores.class_names
    for each in scores.answers.confusions()[:_CONFUSIONS]:
        yield names[each.label], names[each.said], f"{each.count:,}"


def _mistakes(evaluated: EvaluatedRun) -> Iterable[str]:
    said, names = evaluated.scores.answers, evaluated.scores.class_names
    for place, image in zip(said.worst(), evaluated.mistakes, strict=False):
        sure = percent(float(said.confidences[place]))
        told = f"{names[said.labels[place]]}, taken for {names[said.said[place]]}, {sure}"
        picture = image_element(image, _SIDE) if image.shape[2] in (1, 3) else ""
        yield (
            f"<figure>{picture}<figcaption>{escape(told)}"
            f'<br><span class="quiet">image {said.numbers[place]}</span></figcaption></figure>'
        )


def net(material: Material) -> str:
    """The text that was trained, and its layers."""
    text = highlight(material.text.expandtabs(4), NetLexer(), HtmlFormatter(nowrap=True)).strip("\n")
    return _section(
        "The network", f"<pre>{text}</pre>\n{_scroll('layers', layer_table_html(material.overview.layers))}"
    )


def settings(material: Material) -> str:
    """What it was trained on, how, and where."""
    overview, start = material.overview, material.record.start
    names = overview.class_names
    classes = ", ".join(names[:_CLASSES]) + (f" and {len(names) - _CLASSES} more" if len(names) > _CLASSES else "")
    rows = [
        ("data", f"{overview.data}, {shape(overview.input)}"),
        (
            "images",
            f"{overview.train_images:,} to train on, {overview.val_images:,} to validate, "
            f"{overview.test_images:,} to test",
        ),
        ("classes", f"{len(names)}: {classes}"),
        ("augmentation", overview.augment),
        ("loss", overview.loss),
        ("optimizer", overview.optimizer),
        ("schedule", overview.schedule),
        ("training", overview.train),
        ("test", overview.test),
        ("batch", f"{counted(overview.batch, 'image')}, {overview.steps_per_epoch:,} steps an epoch"),
        ("seed", f"{overview.seed}"),
    ]
    if start is not None:
        if start.machine is not None:
            machine = start.machine
            rows.append(
                (
                    "machine",
                    f"{machine.system}, {machine.processor}, {counted(machine.processors, 'processor')}, "
                    f"of them used: {overview.threads}",
                )
            )
        rows.append(("versions", ", ".join(f"{name} {version}" for name, version in start.versions.items())))
        if start.time is not None:
            rows.append(("started", time.strftime("%Y-%m-%d %H:%M", time.localtime(start.time))))
    body = "".join(f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in rows if value)
    return _section("How it was trained", _scroll("settings", f"<table>{body}</table>"))


def _section(title: str, body: str) -> str:
    return f"<section>\n<h2>{escape(title)}</h2>\n{body}\n</section>"


def _scroll(kind: str, body: str) -> str:
    """A table that is wider than a phone scrolls by itself, by the keyboard too."""
    return f'<div class="scroll {kind}" tabindex="0">{body}</div>'
