"""Text to checked plan, through all stages; ends in a plan or in diagnostics, never in an exception."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tuicnn.language.checks.blocks import Blocks, labels_in
from tuicnn.language.checks.configuration import Configuration, configure
from tuicnn.language.checks.constants import evaluate_constants
from tuicnn.language.checks.context import Context, Labels
from tuicnn.language.checks.costs import check_costs
from tuicnn.language.checks.counting import MOST_LAYERS, Counting, in_figures
from tuicnn.language.checks.expansion import Expansion
from tuicnn.language.checks.graph import NOWHERE, Flow, Graph
from tuicnn.language.checks.no_effect import check_no_effect
from tuicnn.language.checks.outputs import Ends, check_mixing, check_outputs, check_weights, find_ends
from tuicnn.language.checks.program import Program, gather
from tuicnn.language.checks.values import Scope, evaluate
from tuicnn.language.diagnostics import Code, Diagnostic, Severity, Source, Span, lines_of
from tuicnn.language.fixes import Fix, write
from tuicnn.language.names import all_words
from tuicnn.language.parsing.statements import parse
from tuicnn.language.plan import Node, Plan
from tuicnn.language.report import EnoughError, Report
from tuicnn.language.syntax.reading import read_file
from tuicnn.language.syntax.tree import Chain, Name, Tree
from tuicnn.language.vocabularies import fill_vocabularies
from tuicnn.layers.base import Shape
from tuicnn.vocabulary import vocabulary

__all__ = ["Checked", "Reading", "check", "check_file"]

#: codes of problems whose text was understood: a second reading would find nothing else
_MEANT_SO = frozenset({"shape", "stride", "loss", "data", "limit", "file", "empty"})
#: most tokens of a text that is read a second time: recovery takes long in a long text
MOST_READ_AGAIN = 4_000

NETWORK = "conv 8 3x3 pad=1 -> relu -> maxpool 2 -> flatten -> dense 10"
STARTER = f"data: mnist\ntrain: epochs=10\n{NETWORK}"


@dataclass(frozen=True)
class Reading:
    """What was understood of a text, also where an error prevents a plan: for editors."""

    tree: Tree
    program: Program
    #: the values of the constants
    constants: Mapping[str, Any]
    #: the layers that could be placed
    nodes: tuple[Node, ...]
    #: where each included text is included, by its source's name
    included: Mapping[str, Span]


@dataclass(frozen=True)
class Checked:
    """The result of checking a text: a plan, None where there is an error; and all diagnostics, in the file's order."""

    plan: Plan | None
    diagnostics: tuple[Diagnostic, ...]
    reading: Reading | None = field(default=None, compare=False, repr=False)

    @property
    def ok(self) -> bool:
        """Whether it can be trained; warnings do not prevent that."""
        return self.plan is not None


def check(
    text: str,
    *,
    name: str = "net",
    path: Path | None = None,
    working: Path = Path(),
    input: Shape | None = None,
    classes: int | None = None,
) -> Checked:
    """Check any text. `name` is shown with problems.

    Paths in it start from the folder of `path`, those of data then from the `working` folder.
    `input` (C, H, W) and `classes` take the place of the data set's, which then need not be known.
    """
    fill_vocabularies()
    report = Report()
    checked = _read(text, name, (path, working), input, classes, report)
    again = any(d.severity is Severity.ERROR and d.code not in _MEANT_SO for d in checked.diagnostics)
    if again and report.found.words <= MOST_READ_AGAIN and len(text) <= 20 * MOST_READ_AGAIN:
        checked = _read(text, name, (path, working), input, classes, Report(forgiving=True))
    return checked


def _read(
    text: str, name: str, where: tuple[Path | None, Path], input: Shape | None, classes: int | None, report: Report
) -> Checked:
    """One reading of a text; in a second one, the report is forgiving."""
    report.found.stops = True
    try:
        return _read_through(Source(name, text), *where, input, classes, report)
    except EnoughError:
        return Checked(None, report.in_order())


def _read_through(
    source: Source, path: Path | None, working: Path, input: Shape | None, classes: int | None, report: Report
) -> Checked:
    tree = parse(source, report)
    program = gather(tree, path, report, working=working)
    steps = frozenset([*vocabulary("layer"), "residual", *program.blocks])
    scope = Scope(evaluate_constants(program.constants, steps, report), steps)
    folders = dict.fromkeys(
        str(folder.absolute()) for folder in (path.parent if path is not None else working, working)
    )
    configuration = configure(program, scope, report, tuple(folders))
    if not program.steps:
        _no_layer(source, program, report)
        return Checked(None, report.in_order(), Reading(tree, program, scope.values, (), report.found.included))
    ends = find_ends(configuration, program, report, tuple(input) if input is not None else None, classes)
    graph, flow, blocks = _expand(program, scope, configuration, ends, report)
    last = program.steps[-1].span
    data = configuration.made.get("data") if classes is None else None
    check_mixing(program, configuration.made, report)
    check_weights(program, configuration.made.get("loss"), ends.classes, data, report)
    check_outputs(graph, flow, last, program, configuration, ends, data, report)
    plan, nodes = None, graph.named()
    if not report.failed:
        made = configuration.made
        check_costs(nodes, made, _images(made.get("data")) if classes is None else None, last, report)
        check_no_effect(program, configuration, blocks, graph, flow, report)
    if not report.failed:
        title = path.stem if path is not None else source.name
        plan = _plan(title, source.text, configuration, ends, nodes, input is not None)
    return Checked(plan, report.in_order(), Reading(tree, program, scope.values, nodes, report.found.included))


def check_file(path: Path) -> tuple[str, Checked]:
    """Read and check a file: its text ("" where it cannot be read) and what came of it."""
    text = read_file(path)
    if isinstance(text, Diagnostic):
        return "", Checked(None, (text,))
    return text, check(text, name=str(path), path=path)


def _expand(
    program: Program, scope: Scope, configuration: Configuration, ends: Ends, report: Report
) -> tuple[Graph, Flow, Blocks]:
    """The network's graph, where it ends, and its blocks."""
    words = all_words()
    blocks = Blocks(program.blocks, scope, words, _labels(program))
    blocks.check(report)
    fits = _count(program, scope, blocks, words, report)
    graph = Graph(ends.input)
    context = Context(scope, Labels(), report)
    expansion = Expansion(graph, blocks, configuration.defaults, once=not fits)
    flow = expansion.chain(program.steps, graph.input if fits else NOWHERE, context)
    sketch = Expansion(Graph(None), blocks, configuration.defaults, once=True)
    sketch.entered |= blocks.used
    for name in program.blocks:
        if name not in blocks.used:
            sketch.sketch(name, context)
    return graph, flow if fits else NOWHERE, blocks


def _images(data: Any) -> int | None:
    """How many images an epoch goes through, where that is known."""
    known = [n for n in (getattr(data, "images", None), getattr(data, "limit", None)) if n is not None]
    return min(known, default=None)


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
            span: Span = step.span
            help: Fix | str = "repeat fewer times"
            times = evaluate(step.repeats[0], scope, Report().muted()) if len(step.repeats) == 1 else None
            if isinstance(times, int) and times > 1 and count < 10**12:
                span = step.repeats[0].span
                fewer = max(1, (MOST_LAYERS - total + count) // (count // times) - 20)
                help = write(str(fewer), more=", or less")
            report.error(Code.LIMIT, f"{which} to {number} layers (limit {MOST_LAYERS:,})", span, help=help)
            return False
    return True


def _plan(
    name: str, text: str, configuration: Configuration, ends: Ends, nodes: tuple[Node, ...], overridden: bool
) -> Plan:
    made = configuration.made
    assert ends.input is not None
    assert ends.classes is not None
    filled = tuple(line for line in configuration.filled_in if not (overridden and line.startswith("data:")))
    settings = {key: made[key] for key in ("data", "augment", "test", "loss", "schedule", "train", "target")}
    return Plan(name, text, ends.input, ends.classes, nodes, optimizer=made["optim"], filled_in=filled, **settings)


def _no_layer(source: Source, program: Program, report: Report) -> None:
    """A text without a network: show a whole one."""
    if report.failed:
        return
    last = lines_of(source.text)
    end = Span(len(last), len(last[-1]) + 1, len(last), len(last[-1]) + 1, source)
    for block in program.blocks.values():
        values = ["8" for p in block.parameters if p.default is None]
        name = block.name.text
        use = " ".join([name, *values]) if len(values) < 2 else f"{name}({', '.join(values)})"
        message = "there is no layer outside of the blocks: nothing uses them"
        report.error(Code.EMPTY, message, block.name.span, help=write(f"\n{use}", end))
        return
    lines = source.text.count("\n") + 1 if source.text.strip() else 1
    help = write(f"\n{NETWORK}", end) if source.text.strip() else write(STARTER)
    report.error(Code.EMPTY, "there is no layer", Span(lines, 1, lines, 1, source), help=help)
