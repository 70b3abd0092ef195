"""Text to checked plan: the one way through all stages, which ends in a plan or in problems, never in an exception."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tuicnn.layers.base import Shape
from tuicnn.words import vocabulary

from .blocks import Blocks, labels_in
from .codes import Code
from .configuration import Configuration, configure
from .constants import evaluate_constants
from .counting import MOST_LAYERS, Counting, in_figures
from .diagnostics import Diagnostic, Source, Span
from .expansion import Expansion
from .frames import Frame, Labels
from .graph import NOWHERE, Flow, Graph
from .outputs import Ends, check_outputs, find_ends
from .parsing import parse
from .plan import Plan
from .program import Program, gather
from .reading import read_file
from .report import Report
from .tree import Chain, Name
from .values import Scope, all_words

__all__ = ["Checked", "check", "check_file"]

STARTER = "data: mnist\ntrain: epochs=3\nconv 8 3x3 pad=1 -> relu -> maxpool 2 -> flatten -> dense 10"


@dataclass(frozen=True)
class Checked:
    """What came of a text: a plan, or None where there is an error; and every problem, in the order of the file."""

    plan: Plan | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def ok(self) -> bool:
        """Whether it can be trained; warnings do not keep it from that."""
        return self.plan is not None


def check(
    text: str,
    *,
    name: str = "net",
    path: Path | None = None,
    input: Shape | None = None,
    classes: int | None = None,
) -> Checked:
    """Check any text. `name` is shown with problems; paths in it start from the folder of `path`.

    `input` (C, H, W) and `classes` take the place of the data set's, which then need not be known.
    """
    _fill_vocabularies()
    report = Report()
    source = Source(name, text)
    tree = parse(source, report)
    program = gather(tree, path, report)
    steps = frozenset([*vocabulary("layer"), "residual", *program.blocks])
    scope = Scope(evaluate_constants(program.constants, steps, report), steps)
    configuration = configure(program, scope, report, path.parent if path is not None else None)
    if not program.steps:
        _no_layer(source, program, report)
        return Checked(None, report.in_order())
    ends = find_ends(configuration, program, report, tuple(input) if input is not None else None, classes)
    graph, flow = _expand(program, scope, configuration, ends, report)
    last = program.steps[-1].span
    data = configuration.made.get("data") if classes is None else None
    check_outputs(graph, flow, last, configuration.made.get("loss"), ends.classes, data, report)
    plan = None
    if not report.failed:
        plan = _plan(path.stem if path is not None else name, text, configuration, ends, graph, input is not None)
    return Checked(plan, report.in_order())


def check_file(path: Path) -> tuple[str, Checked]:
    """Read and check a file: its text ("" where it cannot be read) and what came of it."""
    text = read_file(path)
    if isinstance(text, Diagnostic):
        return "", Checked(None, (text,))
    return text, check(text, name=str(path), path=path)


def _fill_vocabularies() -> None:
    """Import what registers words; here, so that reading diagnostics does not need NumPy."""
    import tuicnn.data
    import tuicnn.layers
    import tuicnn.losses
    import tuicnn.optimizers
    import tuicnn.schedules
    import tuicnn.settings  # noqa: F401


def _expand(
    program: Program, scope: Scope, configuration: Configuration, ends: Ends, report: Report
) -> tuple[Graph, Flow]:
    """The network's graph, and where it ends."""
    words = all_words()
    blocks = Blocks(program.blocks, scope, words, _labels(program))
    blocks.check(report)
    fits = _count(program, scope, blocks, words, report)
    graph = Graph(ends.input)
    frame = Frame(scope, Labels(), report)
    expansion = Expansion(graph, blocks, configuration.defaults, once=not fits)
    flow = expansion.chain(program.steps, graph.input if fits else NOWHERE, frame)
    sketch = Expansion(Graph(None), blocks, configuration.defaults, once=True)
    sketch.entered |= blocks.used
    for name in program.blocks:
        if name not in blocks.used:
            sketch.sketch(name, frame)
    return graph, flow if fits else NOWHERE


def _labels(program: Program) -> dict[str, Name]:
    span = program.steps[0].span
    chains = [Chain(program.steps, span), *(b.chain for b in program.blocks.values())]
    return {label.text: label for chain in chains for label in labels_in(chain)}


def _count(program: Program, scope: Scope, blocks: Blocks, words: frozenset[str], report: Report) -> bool:
    """Whether the network is small enough to be unrolled."""
    counting = Counting(program, scope, blocks.broken, words)
    total = 0
    for step in program.steps:
        count = counting.step(step, scope)
        total += count
        if total > MOST_LAYERS:
            which = "this step expands" if count > MOST_LAYERS else "up to here, the network expands"
            number = in_figures(count if count > MOST_LAYERS else total)
            if counting.looked > MOST_LAYERS:
                number = f"more than {MOST_LAYERS:,}"
            report.error(
                Code.LIMIT,
                f"{which} to {number} layers (limit {MOST_LAYERS:,})",
                step.repeats[0].span.to(step.span) if step.repeats else step.span,
                help="repeat fewer times",
            )
            return False
    return True


def _plan(name: str, text: str, configuration: Configuration, ends: Ends, graph: Graph, overridden: bool) -> Plan:
    made = configuration.made
    assert ends.input is not None
    assert ends.classes is not None
    filled = [line for line in configuration.filled_in if not (overridden and line.startswith("data:"))]
    return Plan(
        name=name,
        text=text,
        input=ends.input,
        classes=ends.classes,
        nodes=graph.named(),
        data=made["data"],
        augment=made["augment"],
        loss=made["loss"],
        optimizer=made["optim"],
        schedule=made["schedule"],
        train=made["train"],
        filled_in=tuple(filled),
    )


def _no_layer(source: Source, program: Program, report: Report) -> None:
    """A text without a network: show a whole one."""
    if report.failed:
        return
    lines = source.text.count("\n") + 1 if source.text.strip() else 1
    report.error(Code.EMPTY, "there is no layer", Span(lines, 1, lines, 1, source), help=f"a whole file is\n{STARTER}")
