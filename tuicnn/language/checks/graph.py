"""Adds layers to the plan with their shapes and costs, and reports shapes that do not fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tuicnn.initialisers import Whiten
from tuicnn.language.checks.arguments import Taken
from tuicnn.language.checks.shape_help import odd_branch, shape_fix, shortcut, vector_help
from tuicnn.language.diagnostics import Code, Note, Span
from tuicnn.language.fixes import Fix
from tuicnn.language.plan import INPUT, Node, costs_of
from tuicnn.language.report import Report
from tuicnn.layers.base import Layer, Shape, ShapeError
from tuicnn.layers.shapes import shape_text
from tuicnn.layers.transposed import ConvTranspose
from tuicnn.vocabulary import info

__all__ = ["NOWHERE", "Flow", "Graph"]


@dataclass(frozen=True)
class Flow:
    """The output of a node: its number and shape. `shape` is None where a problem left it unknown."""

    node: int
    shape: Shape | None


#: what comes out of a step that has a problem: nothing is said of what follows
NOWHERE = Flow(-2, None)


class Graph:
    """The nodes of a plan while it grows."""

    def __init__(self, input: Shape | None) -> None:
        self.input = Flow(INPUT, input)
        self.nodes: list[Node] = []
        self.labelled: dict[int, str] = {}
        #: steps that left no node behind because of a problem
        self.failed = False
        self._costs: dict[tuple[Layer, tuple[Shape, ...]], tuple[Shape, int, int]] = {}

    def fail(self) -> Flow:
        """Of a step that left no node behind because of a problem: nothing is said of what follows."""
        self.failed = True
        return NOWHERE

    def add(self, taken: Taken, inputs: Sequence[Flow], spans: Sequence[Span], span: Span, report: Report) -> Flow:
        """One layer with these inputs; `spans` are the branches' places. NOWHERE where it is not known or cannot be."""
        layer, shapes = taken.made, [flow.shape for flow in inputs]
        if not isinstance(layer, Layer) or any(shape is None for shape in shapes):
            self.failed = True
            return _whatever(layer)
        known = [shape for shape in shapes if shape is not None]
        try:
            shape, parameters, macs = self._cost(layer, tuple(known))
            if isinstance(getattr(layer, "init", None), Whiten) and not (layer.of_images and inputs[0].node == INPUT):
                raise ShapeError("init=whiten is for a conv that reads the images", argument="init", write="init=he")
        except ShapeError as error:
            self.failed = True
            if len(known) > 1 or layer.arity is None:
                self._branches(layer, known, spans, span, error, report)
            else:
                self._misfit(layer, taken, inputs[0], span, error, report)
            return _whatever(layer)
        self._uneven(layer, known, span, report)
        name, numbers = f"{info(layer).name}{len(self.nodes)}", tuple(flow.node for flow in inputs)
        costs = shape, parameters, macs
        self.nodes.append(Node(name, layer, numbers, tuple(known), *costs, taken.text, span, report.via))
        return Flow(len(self.nodes) - 1, shape)

    def behind(self, number: int) -> set[int]:
        """The node and all that its output depends on; none for the network's input."""
        found: set[int] = set()
        left = [number]
        while left:
            number = left.pop()
            if number >= 0 and number not in found:
                found.add(number)
                left += self.nodes[number].inputs
        return found

    def _cost(self, layer: Layer, shapes: tuple[Shape, ...]) -> tuple[Shape, int, int]:
        """The output's shape, weights to learn and multiply-adds; of many like layers each is asked once."""
        key = (layer, shapes)
        if key not in self._costs:
            self._costs[key] = costs_of(layer, shapes)
        return self._costs[key]

    def named(self) -> tuple[Node, ...]:
        """The nodes, each with its label or its layer's name and running number."""
        taken = set(self.labelled.values())
        count: Counter[str] = Counter()
        out: list[Node] = []
        for i, node in enumerate(self.nodes):
            name = self.labelled.get(i)
            while name is None:
                word = info(node.layer).name
                count[word] += 1
                name = f"{word}{count[word]}"
                if name in taken:
                    name = None
            # written out: `dataclasses.replace` takes four times as long
            costs = node.shape, node.parameters, node.macs
            out.append(Node(name, node.layer, node.inputs, node.input_shapes, *costs, node.text, node.span, node.via))
        return tuple(out)

    # --- what does not fit ------------------------------------------------------------------------------------------

    def _misfit(self, layer: Layer, taken: Taken, flow: Flow, span: Span, error: ShapeError, report: Report) -> None:
        notes: list[Note] = []
        assert flow.shape is not None
        message, (help, where) = str(error), shape_fix(error, taken.given, span, flow.shape)
        if len(flow.shape) == 1 and not error.argument:
            message, help, maker = vector_help(layer, span, flow.shape, self._way(flow))
            if maker is not None:
                notes.append(Note(f"`{info(maker.layer).name}` made it {shape_text(maker.shape)} here", maker.span))
        elif error.argument == "kernel" and len(sizes := self._sizes(flow)) > 1:
            message = f"{message}. Sizes so far: {' → '.join(sizes)}"
        report.error(Code.SHAPE, message, where, help=help, notes=tuple(notes))

    def _way(self, flow: Flow) -> list[Node]:
        """The nodes back to the input, each by its first input."""
        way: list[Node] = []
        number = flow.node
        while number >= 0:
            way.append(self.nodes[number])
            number = way[-1].inputs[0]
        return way

    def _sizes(self, flow: Flow) -> list[str]:
        shapes = [node.shape for node in reversed(self._way(flow))]
        images = [shape for shape in [self.input.shape, *shapes] if shape is not None and len(shape) == 3]
        square = all(h == w for _, h, w in images)
        out: list[str] = []
        for _, h, w in images:
            text = str(h) if square else f"{h}x{w}"
            if not out or out[-1] != text:
                out.append(text)
        return out if len(out) <= 12 else [*out[:4], "…", *out[-4:]]

    def _branches(
        self, layer: Layer, shapes: list[Shape], spans: Sequence[Span], span: Span, error: ShapeError, report: Report
    ) -> None:
        """Branches that cannot be joined: point at the first one that differs from the first."""
        message = str(error).partition("\n")[0].rstrip(":")
        odd, wanted = odd_branch(layer, shapes)
        label = f"gives {shape_text(shapes[odd])}, but branch {wanted + 1} gives {shape_text(shapes[wanted])}"
        each = enumerate(shapes, 1) if len(shapes) > 2 else ()
        notes = tuple(Note(f"branch {i} gives {shape_text(shape)}") for i, shape in each)
        where = spans[odd] if odd < len(spans) else span
        help = shortcut(layer, shapes[odd], shapes[wanted], where, spans)
        whole = spans[0].to(spans[-1])
        if len(spans) > 1 and isinstance(help, Fix) and help.edits[0][0] == whole:
            where, label = whole, f"branch {odd + 1} {label}"
        report.error(Code.SHAPE, message, where, label=label, help=help, notes=notes)

    def _uneven(self, layer: Layer, shapes: list[Shape], span: Span, report: Report) -> None:
        """Warn where rows or columns of the image come under no window at all."""
        window = getattr(layer, "window", None)
        if (
            window is None or len(shapes[0]) != 3 or isinstance(layer, ConvTranspose)
        ):  # its window is over what comes out
            return
        lost: list[tuple[int, str]] = []
        sums: list[str] = []
        for what, size, reach, stride, (before, after) in zip(
            ("row", "column"), shapes[0][1:], window.span, window.stride, window.pad, strict=True
        ):
            left = (size + before + after - reach) % stride - after
            if left > 0 and stride <= reach:
                lost.append((left, what))
                padded = f"{size} + {before + after}" if before + after else f"{size}"
                sums.append(f"({padded} - {reach})/{stride} is not whole")
        if lost:
            message, label = f"{sums[0]}: {_left_over(lost)} ignored", f"receives {shape_text(shapes[0])}"
            help = "fine where it is meant; with padding, or another window, nothing is lost"
            report.warning(Code.STRIDE, message, span, label=label, help=help)


def _whatever(layer: object) -> Flow:
    """What comes out of a layer whatever goes in: of `dense`, its values."""
    units = getattr(layer, "units", None)
    return Flow(NOWHERE.node, (units,)) if isinstance(units, int) else NOWHERE


def _left_over(lost: list[tuple[int, str]]) -> str:
    """`the last row and column are`, `the last 2 rows and the last column are`, `the last row is`."""
    if lost == [(1, "row"), (1, "column")]:
        return "the last row and column are"
    each = [f"the last {what}" if left == 1 else f"the last {left} {what}s" for left, what in lost]
    return " and ".join(each) + (" is" if len(lost) == 1 and lost[0][0] == 1 else " are")
