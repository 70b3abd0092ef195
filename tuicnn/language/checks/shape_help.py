"""Fixes for shapes that do not fit: too large a window, a vector where an image is needed, odd branches."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tuicnn.language.diagnostics import Span
from tuicnn.language.excerpts import LONGEST, excerpt, one_line
from tuicnn.language.fixes import Fix, after, remove, start, write
from tuicnn.language.plan import Node
from tuicnn.language.syntax.tree import Argument
from tuicnn.layers.base import Layer, Shape, ShapeError
from tuicnn.layers.product import Multiply
from tuicnn.layers.shapes import shape_text, square_image
from tuicnn.system.lines import plain_lines
from tuicnn.vocabulary import Size, info, vocabulary

__all__ = ["keeping_size", "odd_branch", "residual_help", "several_lines", "shape_fix", "shortcut", "vector_help"]


def shape_fix(error: ShapeError, given: Mapping[str, Argument], span: Span, shape: Shape) -> tuple[Fix | str, Span]:
    """What a layer says to write, as an edit of the argument that it blames; and where that stands."""
    argument = given.get(error.argument)
    if argument is None or argument.span.source != span.source:
        return (write(error.write, start(span), more=error.more) if error.write and not error.argument else ""), span
    text = error.write
    if error.argument == "shape" and not text:
        text = str(square_image(math.prod(shape)) if len(shape) == 1 else Size(shape))
    if error.argument == "kernel":  # what helps is padding, which may be written already
        pad = given.get("pad")
        if pad is not None and pad.span.source == span.source:
            argument = pad
        else:
            text = excerpt(argument.span) + (", " if "(" in excerpt(span).partition(" ")[0] else " ") + text
    return write(text, argument.span, more=error.more), argument.span


def vector_help(layer: Layer, span: Span, shape: Shape, way: Sequence[Node]) -> tuple[str, Fix, Node | None]:
    """The message and the help for an image layer that receives a vector, and the layer that made it one.

    `way` are the nodes back to the input.
    """
    name = info(layer).name
    maker = next((n for n in way if len(n.shape) == 1 and len(n.input_shapes[0]) == 3), None)
    step = one_line(span)
    if maker is None or maker.via or not step:
        message = f"{name} needs an image but receives {shape_text(shape)}"
        return message, write(f"reshape {square_image(math.prod(shape))} ->", start(span)), maker
    what = info(maker.layer).name
    message = f"{name} needs an image; `{what}` on line {maker.span.line} already made it {shape_text(maker.shape)}"
    if any(info(n.layer).name == "dense" for n in way[: way.index(maker)]):
        return message, write(f"reshape {square_image(shape[0])} -> {step} -> flatten"), maker
    removed = remove(maker.span)
    return message, removed if _flattened_later(span) else write(f"{step} -> flatten") + removed, maker


def _flattened_later(span: Span) -> bool:
    lines = plain_lines(span.source.text).split("\n")
    rest = [lines[span.end_line - 1][span.end_column - 1 :], *lines[span.end_line :]]
    flattening = {
        name for name, cls in vocabulary("layer").items() if re.match(r"C x H x W -> [C*HW]+$", info(cls).shape, re.M)
    }
    return any(flattening & set(re.findall(r"\w+", line.partition("#")[0])) for line in rest)


# --- branches -------------------------------------------------------------------------------------------------------


def odd_branch(layer: Layer, shapes: Sequence[Shape]) -> tuple[int, int]:
    """The branch to change and the one that it should match, both counted from 0.

    Of images that differ in size the larger one is to shrink, and of a product the vector is to fit the image;
    otherwise the later one is to change.
    """
    for i in range(1, len(shapes)):
        try:
            layer.output(shapes[0], shapes[i])
        except ShapeError:
            a, b = shapes[0], shapes[i]
            if isinstance(layer, Multiply) and len(a) < len(b):
                return 0, i
            if len(a) == len(b) == 3 and math.prod(a[1:]) > math.prod(b[1:]) and _stride(a, b):
                return 0, i
            return i, 0
    return 0, 0


def _stride(odd: Shape, wanted: Shape) -> int:
    """The stride that takes one image's size to another's; 0 where none does."""
    for stride in {max(1, round(odd[1] / wanted[1])), -(-odd[1] // wanted[1])}:
        if tuple(-(-n // stride) for n in odd[1:]) == wanted[1:]:
            return stride
    return 0


def shortcut(layer: Layer, odd: Shape, wanted: Shape, span: Span, spans: Sequence[Span]) -> Fix | str:
    """What to write so that a branch gives what another one gives."""
    text, behind = one_line(span), after(span)
    adds = info(layer).name != "concat"
    if isinstance(layer, Multiply) and odd[0] != wanted[0] and (len(odd) == 1 or odd[1:] in (wanted[1:], (1, 1))):
        # one value a channel, or places that fit: only the channels are to become as many
        return write(f" -> {f'dense {wanted[0]}' if len(odd) == 1 else _pointwise(wanted[0], 1)}", behind)
    if len(odd) == 3 and len(wanted) == 3:
        stride = _stride(odd, wanted)
        filters = wanted[0] if adds else odd[0]
        if stride > 1 and odd[0] == filters:
            halved = re.sub(
                r"^(conv [^\s>|{}=()]+ \w+(?: (?!stride)\w+=\w+)*)(?= *(->|$))", rf"\1 stride={stride}", text
            )
            if halved != text:
                return write(halved, span, before=f"{'halve' if stride == 2 else 'shrink'} this branch too: ")
        if stride:
            return write(f" -> {_pointwise(filters, stride)}", behind)
        kept = keeping_size(spans)
        return write(kept, spans[0].to(spans[-1])) if kept else _common(layer, odd, wanted, behind)
    if len(odd) == 1 and len(wanted) == 1:
        return write(f" -> dense {wanted[0]}", behind)
    if len(odd) == 3:
        return write(" -> flatten" + (f" -> dense {wanted[0]}" if adds else ""), behind)
    return "write `flatten` as the last layer of the other branch, or give all branches the same shape"


def _pointwise(filters: int, stride: int) -> str:
    return f"conv {filters} 1x1{f' stride={stride}' if stride > 1 else ''}"


def _common(layer: Layer, odd: Shape, wanted: Shape, behind: Span) -> Fix | str:
    """A window that takes the larger of two images to the size of the smaller."""
    more = ", or give all branches the same `stride` and `pad`"
    if all(a > b for a, b in zip(odd[1:], wanted[1:], strict=True)):
        window = Size(a - b + 1 for a, b in zip(odd[1:], wanted[1:], strict=True))
        filters = odd[0] if info(layer).name == "concat" else wanted[0]
        return write(f" -> conv {filters} {window}", behind, more=more)
    if all(a < b for a, b in zip(odd[1:], wanted[1:], strict=True)) and odd[1] - wanted[1] == odd[2] - wanted[2]:
        border, rest = divmod(wanted[1] - odd[1], 2)
        if not rest and (odd[0] == wanted[0] or info(layer).name == "concat"):
            return write(f" -> zeropad {border}", behind, more=more)
    return "give all branches the same height and width, with `stride` or `pad`"


def keeping_size(spans: Sequence[Span]) -> str:
    """The branches with `pad=same` in each convolution that says nothing of padding; "" where that is no way."""
    text = one_line(spans[0].to(spans[-1])) if spans else ""
    touched = any(mark in text for mark in (",", "stride", "pool", "("))
    if not text or touched or any(s.source != spans[0].source for s in spans):
        return ""
    padded = re.sub(
        r"\b((?:conv [^\s>|{}=()]+|depthwise) \w+)(?! ?pad)((?: (?!pad)\w+=\w+)*)(?! pad)(?= *(->|\||$))",
        r"\1\2 pad=same",
        text,
    )
    padded = re.sub(r"\bpad=\w+ pad=same", "pad=same", padded)
    return padded if padded != text and len(padded) <= LONGEST else ""


# --- residual -------------------------------------------------------------------------------------------------------


def residual_help(branch: Span, before: Shape, after: Shape) -> Fix:
    """What to write for a `residual` whose body turns `before` into another shape, `after`."""
    body = one_line(branch) or "…"
    if len(before) == len(after) == 3:
        stride = _stride(before, after)
        if stride:
            return write(f"add {{ {body} | {_pointwise(after[0], stride)} }}")
        kept = keeping_size([branch])
        if kept:
            same = before[0] == after[0]
            return write(f"residual {{ {kept} }}" if same else f"add {{ {kept} | {_pointwise(after[0], 1)} }}")
        window = [a - b + 1 for a, b in zip(before[1:], after[1:], strict=True)]
        if all(n >= 1 for n in window):
            return write(f"add {{ {body} | conv {after[0]} {Size(window)} }}")
    if len(before) == len(after) == 1:
        return write(f"add {{ {body} | dense {after[0]} }}")
    return write(f"( {body} )", more=": nothing is added back")


def several_lines(span: Span, before: Shape, after: Shape) -> Fix | str:
    """The same for a `residual` of several lines, whose body is not written again."""
    end = replace(span, line=span.end_line, column=span.end_column - 1)
    if len(before) == len(after) == 3:
        stride = _stride(before, after)
        if stride:
            return write("add") + write(f"| {_pointwise(after[0], stride)} }}", end)
        return "keep the size in it: give each of its convolutions `pad=same`"
    if len(before) == len(after) == 1:
        return write("add") + write(f"| dense {after[0]} }}", end)
    return f"write a group `( … )` for it: nothing is added back ({shape_text(before)} and {shape_text(after)})"
