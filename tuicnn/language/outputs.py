"""What must be true of the two ends of a network: its input suits the data, its outputs the classes and the loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tuicnn.layers.base import Shape
from tuicnn.layers.shapes import shape_text
from tuicnn.words import info

from .codes import Code
from .configuration import Configuration
from .diagnostics import Span
from .graph import Flow, Graph
from .program import Program
from .report import Report

if TYPE_CHECKING:
    from tuicnn.losses import Loss

__all__ = ["Ends", "check_outputs", "find_ends"]


@dataclass(frozen=True)
class Ends:
    """The shape of an image and the number of classes; None where a problem left them unknown."""

    input: Shape | None
    classes: int | None


def find_ends(
    configuration: Configuration, program: Program, report: Report, input: Shape | None, classes: int | None
) -> Ends:
    """From the caller, from `input:`, or from the data set, in this order."""
    from tuicnn.data import DataError

    data = configuration.made.get("data")
    written = configuration.input
    asked = program.settings.get("data")
    shape = input if input is not None else written
    if input is not None and classes is not None:
        return Ends(input, classes)
    if data is None:
        return Ends(shape, classes)
    span = asked.span if asked is not None else _start(program)
    try:
        described = data.describe()
    except DataError as error:
        message, _, help = str(error).partition("\n")
        report.error(Code.DATA, message, span, help=help.strip())
        return Ends(shape, classes)
    try:
        data.find()
    except DataError as error:
        message, _, help = str(error).partition("\n")
        report.warning(Code.DATA, message, span, help=help.strip())
    if input is None and written is not None and tuple(described.shape) != written:
        report.error(
            Code.DATA,
            f"{info(data).name} images are {shape_text(described.shape)}",
            program.settings["input"].span,
            label=f"not {shape_text(written)}",
            help=f"write `input: {shape_text(described.shape)}`, or leave the line out",
        )
        return Ends(None, len(described.class_names) if classes is None else classes)
    return Ends(
        shape if shape is not None else tuple(described.shape),
        len(described.class_names) if classes is None else classes,
    )


def _start(program: Program) -> Span:
    for step in program.steps:
        return Span(step.span.line, step.span.column, step.span.line, step.span.column, step.span.source)
    for setting in program.settings.values():
        return setting.span
    raise ValueError("an empty program has no place")


def check_outputs(
    graph: Graph, flow: Flow, last: Span, loss: Loss | None, classes: int | None, data: Any, report: Report
) -> None:
    """Report outputs that do not suit the classes or the loss."""
    if flow.shape is None or loss is None or classes is None:
        return
    fitting = loss.outputs(classes)
    owner = f"{info(data).name} has" if data is not None else "there are"
    wanted = " or ".join(f"`dense {n}`" for n in fitting)
    at = graph.nodes[flow.node].span if flow.node >= 0 and not graph.nodes[flow.node].via else last
    if len(flow.shape) != 1:
        report.error(
            Code.LOSS,
            f"the network ends in {shape_text(flow.shape)}, but {owner} {classes} classes",
            at,
            help=f"end it with `flatten -> dense {fitting[0]}`",
        )
        return
    if flow.shape[0] not in fitting:
        report.error(
            Code.LOSS,
            f"{owner} {classes} classes but the network ends in {shape_text(flow.shape)}",
            at,
            help=f"Write {wanted}?"
            if flow.node >= 0 and info(graph.nodes[flow.node].layer).name == "dense"
            else f"end it with {wanted}",
        )
        return
    if flow.node >= 0 and loss.applies and info(graph.nodes[flow.node].layer).name == loss.applies:
        name = info(loss).name
        report.warning(
            Code.LOSS,
            f"{name} applies {loss.applies} itself",
            at,
            help=f"remove `{loss.applies}` from the network's end",
        )
    elif not any(node.parameters for node in graph.nodes) and not graph.failed:
        report.error(
            Code.EMPTY, "there is nothing to train: no layer has weights", at, help="add a `conv` or a `dense`"
        )
