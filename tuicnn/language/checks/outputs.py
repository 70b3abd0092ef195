"""Checks the ends of a network: its input against the data, its outputs against the classes and the loss."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuicnn.language.checks.configuration import Configuration
from tuicnn.language.checks.graph import Flow, Graph
from tuicnn.language.checks.program import Program
from tuicnn.language.diagnostics import Code, Span
from tuicnn.language.excerpts import one_line
from tuicnn.language.fixes import Fix, after, remove, write
from tuicnn.language.plan import Node
from tuicnn.language.report import Report
from tuicnn.language.suggest import closest
from tuicnn.language.syntax.tree import Items, Literal, Setting
from tuicnn.layers.base import Shape
from tuicnn.layers.shapes import shape_text
from tuicnn.numbers import counted
from tuicnn.vocabulary import info, show

if TYPE_CHECKING:
    from tuicnn.losses import Loss

__all__ = ["Ends", "check_mixing", "check_outputs", "check_weights", "find_ends"]


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
        place, help = _where(asked, span, error)
        report.error(Code.DATA, _sentence(error), place, help=help)
        return Ends(shape, classes)
    _check_parts(data, asked, report)
    try:
        data.find()
    except DataError as error:
        report.warning(Code.DATA, _sentence(error), span, help="`tuicnn train` needs it; checking a network does not")
    found, count = tuple(described.shape), len(described.class_names) if classes is None else classes
    if input is None and written is not None and found != written:
        span, more = program.settings["input"].span, ", or leave the line out"
        help = write(f"input: {shape_text(found)}", more=more)
        message = f"{info(data).name} images are {shape_text(found)}"
        report.error(Code.DATA, message, span, label=f"not {shape_text(written)}", help=help)
        return Ends(None, count)
    return Ends(shape if shape is not None else found, count)


def _check_parts(data: Any, asked: Setting | None, report: Report) -> None:
    """Whether the images held out for validation leave any to train on."""
    val = next((a for a in asked.arguments if a.name and a.name.text == "val"), None) if asked is not None else None
    if val is not None and data.val is not None and data.images is not None and data.val >= data.images:
        message = f"val={data.val} leaves nothing to train on: {info(data).name} has {data.images} training images"
        report.error(Code.DATA, message, val.span, help=write(f"val={data.images // 10}"))


def _sentence(error: Exception) -> str:
    from tuicnn.data.base import OptionError

    sentence = error.problem if isinstance(error, OptionError) else str(error)
    return sentence.partition("\n")[0].rstrip(".")


def _where(asked: Setting | None, span: Span, error: Exception) -> tuple[Span, Fix | str]:
    """The place of what is wrong with a data set, and its help."""
    from tuicnn.data.base import MissingDataError, OptionError, UnknownClassError

    if isinstance(error, OptionError) and asked is not None:
        last = asked.arguments[-1].span
        return asked.arguments[1].span, write(f" {error.option}", at=after(last), more=f", {error.makes}")
    for argument in asked.arguments if asked is not None else ():
        value = argument.value
        if isinstance(error, UnknownClassError):
            for item in value.items if isinstance(value, Items) else ():
                if isinstance(item, Literal) and item.value == error.number:
                    taken = {i.value for i in value.items if isinstance(i, Literal)} if isinstance(value, Items) else ()
                    free = [n for n in range(error.classes) if n not in taken]
                    return item.span, write(str(free[-1])) if free else remove()
        elif isinstance(value, Literal) and type(value.value) is str:
            return argument.span, _path_help(value.value, argument.span) if isinstance(error, MissingDataError) else ""
    return span, ""


def _path_help(written: str, span: Span) -> Fix | str:
    """What to write for a path where there is no such folder, or no such file."""
    from tuicnn.data.places import FILE_WORDS

    name, beside = Path(written).name, _beside(written, span)
    if name in beside:  # it is there, but is no folder, or no file
        word = FILE_WORDS.get(Path(name).suffix.lower())
        return f"write `{word} {show(written)}`" if word else "name a folder of pictures, or an .npz or .csv file"
    near = closest(name, beside)
    if near is not None:
        return write(f'"{Path(written).with_name(near)}"')
    return 'write the path of one that is there, such as `"photos"`'


def _beside(written: str, span: Span) -> list[str]:
    """What lies where a path was looked for."""
    base = Path(span.source.name).parent
    try:
        return sorted(p.name for p in (base / Path(written).expanduser()).parent.iterdir())[:500]
    except (OSError, ValueError, RuntimeError):
        return []


def _start(program: Program) -> Span:
    for step in program.steps:
        return Span(step.span.line, step.span.column, step.span.line, step.span.column, step.span.source)
    for setting in program.settings.values():
        return setting.span
    raise ValueError("an empty program has no place")


def check_weights(program: Program, loss: Loss | None, classes: int | None, data: Any, report: Report) -> None:
    """Report a loss whose weights are not as many as the classes."""
    asked, weights = program.settings.get("loss"), getattr(loss, "weights", ())
    if not weights or loss is None or asked is None or classes is None or len(weights) == classes:
        return
    owner = f"{info(data).name} has" if data is not None else "there are"
    message = f"`weights` of {info(loss).name} has {counted(len(weights), 'number')}, but {owner} {classes} classes"
    span = next((a.span for a in asked.arguments if a.name and a.name.text == "weights"), asked.span)
    each = ", ".join(show(weight) for weight in (*weights, *(1.0,) * classes)[:classes])
    help = write(f"weights=[{each}]") if classes <= 20 else "write a number for each class"
    report.error(Code.LOSS, message, span, help=help)


def check_mixing(program: Program, made: Mapping[str, Any], report: Report) -> None:
    """Report a loss that knows nothing of images that are mixed of two."""
    loss, augment, asked = made.get("loss"), made.get("augment"), program.settings.get("augment")
    if loss is None or augment is None or asked is None or loss.mixable:
        return
    for argument in asked.arguments:
        name = argument.name.text if argument.name is not None else ""
        if name in ("mixup", "cutmix") and getattr(augment, name):
            message = f"{info(loss).name} takes images of one class each, but {name} mixes those of two"
            report.error(Code.LOSS, message, argument.span, help=remove(more=", or write `loss: cross_entropy`"))


def check_outputs(
    graph: Graph,
    flow: Flow,
    last: Span,
    program: Program,
    configuration: Configuration,
    ends: Ends,
    data: Any,
    report: Report,
) -> None:
    """Report outputs that do not suit the classes, or the image, or the loss."""
    loss, target = configuration.made.get("loss"), configuration.made.get("target")
    if flow.shape is None or loss is None or target is None or ends.classes is None:
        return
    at = graph.nodes[flow.node].span if flow.node >= 0 and not graph.nodes[flow.node].via else last
    if target.what == "image":
        if "test" in program.settings:
            message = "what is made of a mirrored or shifted image is mirrored or shifted too, and cannot be averaged"
            report.error(Code.SETTING, message, program.settings["test"].span, help=remove())
        if not loss.of_images:
            message = f"{info(loss).name} compares outputs with a class, but the target is the image"
            report.error(Code.LOSS, message, program.settings["loss"].arguments[0].span, help=write("mse"))
        elif flow.shape != ends.input and ends.input is not None:
            _no_image(flow.shape, ends.input, at, report)
        elif flow.node >= 0:
            _ending(graph, flow.node, at, loss, report)
        return
    fitting = loss.outputs(ends.classes)
    owner = f"{info(data).name} has" if data is not None else "there are"
    if len(flow.shape) != 1 or flow.shape[0] not in fitting:
        _unsuitable(graph, flow, at, fitting, f"{owner} {ends.classes} classes", loss, ends.classes, report)
    elif flow.node >= 0:
        _ending(graph, flow.node, at, loss, report)


def _no_image(shape: Shape, wanted: Shape, at: Span, report: Report) -> None:
    """The target is the image, and the network ends in another shape."""
    (channels, height, width), image = wanted, shape_text(wanted)
    steps = [f"reshape {image}"]
    if len(shape) == 1 and shape[0] != math.prod(wanted):
        steps = [f"dense {math.prod(wanted)}", *steps]
    elif len(shape) == 3:
        (down, rest), (across, beyond) = divmod(height, shape[1]), divmod(width, shape[2])
        if rest or beyond:
            steps = ["flatten", f"dense {math.prod(wanted)}", *steps]
        else:
            larger = (
                []
                if (down, across) == (1, 1)
                else [f"upsample {down}" if down == across else f"upsample {down}x{across}"]
            )
            steps = [*larger, f"conv {channels} 3x3 pad=1"]
    message = f"the target is the image, {image}, but the network ends in {shape_text(shape)}"
    report.error(Code.LOSS, message, at, help=write("".join(f" -> {step}" for step in steps), after(at)))


def _unsuitable(
    graph: Graph, flow: Flow, at: Span, fitting: tuple[int, ...], owner: str, loss: Loss, classes: int, report: Report
) -> None:
    """The network ends in another number of values than there are classes."""
    assert flow.shape is not None
    message = f"{owner} but the network ends in {shape_text(flow.shape)}"
    if len(flow.shape) != 1:
        return report.error(Code.LOSS, message, at, help=write(f" -> flatten -> dense {fitting[0]}", after(at)))
    node = _last_dense(graph, flow)
    place = node.span if node is not None and not node.via else at
    text, more = one_line(place), ""
    if not text.startswith("dense"):
        return report.error(Code.LOSS, message, at, help=write(f" -> dense {fitting[0]}", after(at)))
    units = re.sub(rf"\b{flow.shape[0]}\b", str(fitting[0]), text, count=1)
    if units == text:  # a constant says how many
        units = f"dense {fitting[0]}"
    elif len(fitting) > 1:
        more = f" or `dense {fitting[1]}`"
    elif flow.shape[0] == 1 and classes == 2:
        message = f"{message}: {info(loss).name} takes one for each"
        more = ", or `loss: bce` above for a single one"
    wanted = " or ".join(f"`dense {n}`" for n in fitting)
    return report.error(Code.LOSS, f"{message}. Write {wanted}?", place, help=write(units, more=more))


def _last_dense(graph: Graph, flow: Flow) -> Node | None:
    """The dense layer that a network ends in, but for activations and the like behind it."""
    number = flow.node
    while number >= 0:
        node = graph.nodes[number]
        if info(node.layer).name == "dense":
            return node
        if node.parameters or len(node.inputs) != 1 or node.shape != node.input_shapes[0]:
            return None
        number = node.inputs[0]
    return None


def _ending(graph: Graph, last: int, at: Span, loss: Loss, report: Report) -> None:
    """A last layer that does the loss's work once more, or in its way; or nothing to train."""
    layer = graph.nodes[last].layer
    name, ends = info(loss).name, info(layer).name
    message = ""
    if loss.applies and ends == loss.applies:
        message = f"{name} applies {ends} itself"
    elif ends == "dropout":
        message = "dropout at the end takes outputs away"
    elif loss.applies and layer.limits:
        message = f"{name} takes outputs of any size, but {ends} keeps them {layer.limits}"
    if message:
        report.warning(Code.LOSS, message, at, help=remove())
    if not any(graph.nodes[number].parameters for number in graph.behind(last)) and not graph.failed:
        message = "there is nothing to train: no layer that the output depends on has weights"
        report.error(Code.EMPTY, message, at, help=write(" -> dense 10", after(at), more=", or a `conv` before it"))
