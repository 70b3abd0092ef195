"""What to write where shapes do not fit: too large a window, a vector where an image is needed, odd branches."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from tuicnn.language.diagnostics import Span, plain_lines
from tuicnn.language.excerpts import LONGEST, excerpt, one_line
from tuicnn.language.plan import Node
from tuicnn.language.syntax.tree import Argument
from tuicnn.layers.base import Layer, Shape, ShapeError
from tuicnn.layers.shapes import shape_text
from tuicnn.vocabulary import Size, info

__all__ = [
    "flat_help",
    "keeping_size",
    "odd_branch",
    "residual_help",
    "reworded",
    "several_lines",
    "shortcut",
    "window_help",
]


def reworded(error: ShapeError, argument: Argument | None, shape: Shape | None) -> str:
    """A layer's own help, as text to write in the place of the argument that it blames."""
    help = error.help or ""
    found = re.fullmatch(r"Use (\w+=\S+|\w+ \S+)", help)
    if found and argument is not None:
        text = found[1]
        return f"write `{text.partition(' ')[2] or text}`"
    if not help and error.argument == "shape" and shape is not None:
        return f"write `{_any_image(math.prod(shape)) if len(shape) == 1 else Size(shape)}`"
    return help


def _any_image(values: int) -> Size:
    """An image of so many values, as large as it can be."""
    side = next(s for s in range(math.isqrt(values), 0, -1) if values % (s * s) == 0)
    return Size((values // (side * side), side, side))


def window_help(error: ShapeError, given: dict[str, Argument], span: Span) -> tuple[str, Argument | None]:
    """The help for a window that does not fit, and the argument to point at."""
    found = re.match(r"Use (pad=\S+) or (.*)", error.help or "")
    kernel, pad = given.get("kernel"), given.get("pad")
    if found is None or kernel is None or kernel.span.source != span.source:
        return error.help or "", kernel
    if pad is not None and pad.span.source == span.source:
        return f"write `{found[1]}`, or use {found[2]}", pad
    call = "(" in excerpt(span).partition(" ")[0]
    text = excerpt(kernel.span) + (", " if call else " ") + found[1]
    return f"write `{text}`, or use {found[2]}", kernel


def flat_help(layer: Layer, span: Span, flow_shape: Shape, way: Sequence[Node]) -> tuple[str, str, Node | None]:
    """The message and the help for an image layer that receives a vector, and the layer that made it one.

    `way` are the nodes back to the input.
    """
    name = info(layer).name
    maker = next((n for n in way if len(n.shape) == 1 and len(n.input_shapes[0]) == 3), None)
    plain = f"{name} needs an image but receives {shape_text(flow_shape)}"
    step = one_line(span)
    if maker is None or maker.via or not step:
        return plain, f"Add `reshape {_any_image(math.prod(flow_shape))} ->`", maker
    what = info(maker.layer).name
    message = f"{name} needs an image; `{what}` on line {maker.span.line} already made it {shape_text(maker.shape)}"
    if any(info(n.layer).name == "dense" for n in way[: way.index(maker)]):
        return message, f"write `reshape {_any_image(flow_shape[0])} -> {step} -> flatten`", maker
    removed = f"remove `{what}` on line {maker.span.line}"
    if _flattened_later(span):
        return message, removed, maker
    return message, f"write `{step} -> flatten`, and {removed}", maker


def _flattened_later(span: Span) -> bool:
    lines = plain_lines(span.source.text).split("\n")
    rest = [lines[span.end_line - 1][span.end_column - 1 :], *lines[span.end_line :]]
    return any(re.search(r"\b(flatten|globalavgpool|globalmaxpool)\b", line.partition("#")[0]) for line in rest)


# --- branches -------------------------------------------------------------------------------------------------------


def odd_branch(layer: Layer, shapes: Sequence[Shape]) -> tuple[int, int]:
    """The branch to change and the one that it should match, both counted from 0.

    Of images that differ in size the larger one is to shrink; otherwise the later one is to change.
    """
    for i in range(1, len(shapes)):
        try:
            layer.output(shapes[0], shapes[i])
        except ShapeError:
            a, b = shapes[0], shapes[i]
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


def shortcut(layer: Layer, odd: Shape, wanted: Shape, span: Span, spans: Sequence[Span]) -> str:
    """What to write so that a branch gives what another one gives."""
    text = one_line(span)
    adds = info(layer).name == "add"
    if len(odd) == 3 and len(wanted) == 3:
        stride = _stride(odd, wanted)
        filters = wanted[0] if adds else odd[0]
        if stride > 1 and odd[0] == filters:
            halved = re.sub(
                r"^(conv [^\s>|{}=()]+ \w+(?: (?!stride)\w+=\w+)*)(?= *(->|$))", rf"\1 stride={stride}", text
            )
            if halved != text:
                return f"{'halve' if stride == 2 else 'shrink'} this branch too: write `{halved}`"
        if stride:
            return f"write `-> conv {filters} 1x1{f' stride={stride}' if stride > 1 else ''}` after it"
        return keeping_size(spans) or _common(layer, odd, wanted)
    if len(odd) == 1 and len(wanted) == 1:
        return f"write `-> dense {wanted[0]}` after it"
    if len(odd) == 3:
        return "write `-> flatten" + (f" -> dense {wanted[0]}" if adds else "") + "` after it"
    return "write `flatten` as the last layer of the other branch, or give all branches the same shape"


def _common(layer: Layer, odd: Shape, wanted: Shape) -> str:
    """A window that takes the larger of two images to the size of the smaller."""
    if all(a > b for a, b in zip(odd[1:], wanted[1:], strict=True)):
        window = Size(a - b + 1 for a, b in zip(odd[1:], wanted[1:], strict=True))
        filters = wanted[0] if info(layer).name == "add" else odd[0]
        return f"write `-> conv {filters} {window}` after it, or give all branches the same `stride` and `pad`"
    if all(a < b for a, b in zip(odd[1:], wanted[1:], strict=True)) and odd[1] - wanted[1] == odd[2] - wanted[2]:
        border, rest = divmod(wanted[1] - odd[1], 2)
        if not rest and (odd[0] == wanted[0] or info(layer).name == "concat"):
            return f"write `-> zeropad {border}` after it, or give all branches the same `stride` and `pad`"
    return "give all branches the same height and width, with `stride` or `pad`"


def keeping_size(spans: Sequence[Span]) -> str:
    """The branches with `pad=same` in each convolution that says nothing of padding; "" where that is no way."""
    whole = spans[0].to(spans[-1]) if spans else None
    text = one_line(whole) if whole is not None else ""
    if (
        not text
        or "," in text
        or "stride" in text
        or "pool" in text
        or "(" in text
        or any(s.source != spans[0].source for s in spans)
    ):
        return ""
    padded = re.sub(
        r"\b((?:conv [^\s>|{}=()]+|depthwise) \w+)(?! ?pad)((?: (?!pad)\w+=\w+)*)(?! pad)(?= *(->|\||$))",
        r"\1\2 pad=same",
        text,
    )
    padded = re.sub(r"\bpad=\w+ pad=same", "pad=same", padded)
    return f"write `{padded}`" if padded != text and len(padded) <= LONGEST else ""


# --- residual -------------------------------------------------------------------------------------------------------


def residual_help(branch: Span, before: Shape, after: Shape) -> str:
    """What to write for a `residual` whose body turns `before` into another shape, `after`."""
    body = one_line(branch) or "…"
    if len(before) == len(after) == 3:
        stride = _stride(before, after)
        if stride and before != after:
            return f"write `add {{ {body} | conv {after[0]} 1x1{f' stride={stride}' if stride > 1 else ''} }}`"
        kept = keeping_size([branch])
        if kept and before[0] == after[0]:
            return f"write `residual {{ {kept.removeprefix('write `').removesuffix('`')} }}`"
        if kept:
            padded = kept.removeprefix("write `").removesuffix("`")
            return f"write `add {{ {padded} | conv {after[0]} 1x1 }}`"
        window = [a - b + 1 for a, b in zip(before[1:], after[1:], strict=True)]
        if all(n >= 1 for n in window):
            return f"write `add {{ {body} | conv {after[0]} {Size(window)} }}`"
    if len(before) == len(after) == 1:
        return f"write `add {{ {body} | dense {after[0]} }}`"
    return f"write `( {body} )`: nothing is added back"


def several_lines(span: Span, help: str, before: Shape, after: Shape) -> str:
    """The same for a `residual` of several lines, whose body is not written again."""
    if len(before) == len(after) == 3:
        stride = _stride(before, after)
        if stride:
            step = f"conv {after[0]} 1x1{f' stride={stride}' if stride > 1 else ''}"
            return f"write `add`, and `| {step} }}` for its `}}` on line {span.end_line}"
        return "keep the size in it: give each of its convolutions `pad=same`"
    if len(before) == len(after) == 1:
        return f"write `add`, and `| dense {after[0]} }}` for its `}}` on line {span.end_line}"
    return f"write a group `( … )` for it: nothing is added back ({shape_text(before)} and {shape_text(after)})"
