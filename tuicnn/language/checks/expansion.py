"""Unrolls the steps of a network into layers: repeats, groups, blocks, branches, labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tuicnn.language.checks.arguments import Taken, take
from tuicnn.language.checks.blocks import Blocks, describe
from tuicnn.language.checks.context import Context
from tuicnn.language.checks.counting import DEEPEST, MOST_LAYERS, bind
from tuicnn.language.checks.graph import NOWHERE, Flow, Graph
from tuicnn.language.checks.shape_help import residual_help, several_lines
from tuicnn.language.checks.unknown_names import unknown_label, unknown_step
from tuicnn.language.checks.values import UNKNOWN, evaluate
from tuicnn.language.diagnostics import Code, Note, Span
from tuicnn.language.excerpts import excerpt, one_line
from tuicnn.language.fixes import Fix, remove, write
from tuicnn.language.names import joins_named
from tuicnn.language.syntax.tree import Branches, Chain, Group, Name, Recall, Step, Unreadable, Use
from tuicnn.layers.base import Layer
from tuicnn.layers.shapes import shape_text
from tuicnn.vocabulary import show, vocabulary

__all__ = ["Expansion"]

#: uses of blocks in one network, blocks in blocks counted too: three for each layer that there may be
MOST_USES = 30_000


class Expansion:
    """Expands chains into a graph. With `once`, repeats are taken once and each block is entered once only."""

    def __init__(self, graph: Graph, blocks: Blocks, defaults: Mapping[str, dict[str, Any]], *, once: bool) -> None:
        self.graph = graph
        self.blocks = blocks
        self.defaults = defaults
        self.once = once
        self.entered: set[str] = set()
        self.uses = 0

    def chain(self, chain: Chain | tuple[Step, ...], flow: Flow, context: Context, *, branch: bool = False) -> Flow:
        """The flow after all steps of a chain."""
        steps = chain.steps if isinstance(chain, Chain) else chain
        for i, step in enumerate(steps):
            flow = self.step(step, flow, context, begins_branch=branch and i == 0)
        return flow

    def step(self, step: Step, flow: Flow, context: Context, *, begins_branch: bool = False) -> Flow:
        """The flow after one step with its repeats and its label."""
        before = len(self.graph.nodes)
        if step.repeats:
            times = self._times(step, context)
            for _ in range(1 if self.once or times is None else times):
                flow = self._unit(step, flow, context.repeated(), begins_branch)
                if flow.shape is None:  # the turns that follow would find the same problems
                    break
            if times is None:
                flow = NOWHERE
        else:
            flow = self._unit(step, flow, context, begins_branch)
        if step.label is not None:
            self._label(step.label, flow, context, made=len(self.graph.nodes) > before)
        return flow

    def _times(self, step: Step, context: Context) -> int | None:
        times = 1
        for repeat in step.repeats:
            value = evaluate(repeat, context.scope, context.report)
            if value is UNKNOWN:
                return None
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                message = f"a step is repeated a whole number of times, at least 1, not {show(value)}"
                help = write(f"{_count_near(value)}", more=", or remove the step")
                context.report.error(Code.RANGE, message, repeat.span, help=help)
                return None
            times *= value
        return times

    def _unit(self, step: Step, flow: Flow, context: Context, begins_branch: bool) -> Flow:
        unit = step.unit
        if isinstance(unit, Unreadable):
            return self.graph.fail()
        if context.depth >= DEEPEST:
            if not self.blocks.too_deep:
                self.blocks.too_deep = True
                message = f"blocks and braces are nested more than {DEEPEST} deep"
                help = "write the innermost blocks out where they are used"
                context.report.error(Code.LIMIT, message, unit.span, help=help)
            return self.graph.fail()
        if isinstance(unit, Group):
            return self.chain(unit.chain, flow, context.deeper())
        if isinstance(unit, Recall):
            return self._recall(unit, context, begins_branch)
        return self._use(unit, flow, context)

    # --- labels -----------------------------------------------------------------------------------------------------

    def _label(self, label: Name, flow: Flow, context: Context, *, made: bool) -> None:
        text, first = label.text, context.labels.find(label.text)
        if first is not None:
            help = write(f"{text}2", more=f", and `@{text}2` where it is meant")
            note = Note("first made here", first[1].span)
            context.report.error(Code.LABEL, f"the label `{text}` is made twice", label.span, help=help, notes=(note,))
            return
        context.labels.made[text] = (flow, label)
        if context.top and made and flow.node >= 0:
            self.graph.labelled.setdefault(flow.node, text)

    def _recall(self, recall: Recall, context: Context, begins_branch: bool) -> Flow:
        found, name = context.labels.find(recall.name.text), recall.name.text
        if found is None:
            unknown_label(recall, context, self.blocks, begins_branch=begins_branch)
            return self.graph.fail()
        if begins_branch:
            return found[0]
        help = write(f"concat {{ identity | @{name} }}", more=" to join it to what stands here")
        context.report.error(Code.LABEL, f"`@{name}` can only begin a branch", recall.span, help=help)
        return self.graph.fail()

    # --- layers and blocks ------------------------------------------------------------------------------------------

    def _use(self, use: Use, flow: Flow, context: Context) -> Flow:
        name = use.name.text
        if name in self.blocks.definitions:
            return self._block(use, flow, context)
        if name == "residual":
            return self._residual(use, flow, context)
        cls = vocabulary("layer").get(name)
        if cls is None:
            unknown_step(use, context, self.blocks)
            for chain in use.branches.chains if use.branches is not None else ():
                self.chain(chain, NOWHERE, context.deeper(), branch=True)
            return self.graph.fail()
        taken = take(cls, use.name, use.arguments, context.scope, context.report, self.defaults.get(name))
        if issubclass(cls, Layer) and cls.arity is None:
            return self._join(use, taken, flow, context)
        if use.branches is not None:
            help = _no_branches(use.branches)
            context.report.error(Code.ARGUMENT, f"{name} takes no branches", use.branches.span, help=help)
            return self.graph.fail()
        return self.graph.add(taken, (flow,), (), use.span, context.report)

    def _join(self, use: Use, taken: Taken, flow: Flow, context: Context) -> Flow:
        name, branches, span = use.name.text, use.branches, use.name.span
        if branches is None:
            help = write(f"{name} {{ identity | relu }}", more=", with branches of yours")
            context.report.error(Code.ARGUMENT, f"{name} needs branches", span, help=help)
            return self.graph.fail()
        if len(branches.chains) > 1:
            flows = [self._branch(chain, flow, context) for chain in branches.chains]
            return self.graph.add(taken, flows, [c.span for c in branches.chains], use.span, context.report)
        if excerpt(branches.span).strip("{} \t\n"):  # else it was said that there is nothing in it
            asked, help = (
                ". Did you mean `residual`?",
                write("residual", more=": it adds its input to what one branch gives"),
            )
            if name != "add":
                brace = branches.span
                span = span.to(replace(brace, end_line=brace.line, end_column=brace.column + 1))
                asked, help = ", with `|` between them", write(f"{name} {{ identity |", more=" to join the input")
            context.report.error(Code.ARGUMENT, f"{name} needs at least two branches{asked}", span, help=help)
            self.chain(branches.chains[0], flow, context.deeper(), branch=True)
        return self.graph.fail()

    def _branch(self, chain: Chain, flow: Flow, context: Context) -> Flow:
        """The flow after a branch; `identity` alone is the input itself."""
        step, unit = chain.steps[0], chain.steps[0].unit
        plain = len(chain.steps) == 1 and not step.repeats and step.label is None
        alone = plain and isinstance(unit, Use) and unit.name.text == "identity" and not unit.arguments
        if alone and "identity" not in self.blocks.definitions:
            return flow
        return self.chain(chain, flow, context.deeper(), branch=True)

    def _residual(self, use: Use, flow: Flow, context: Context) -> Flow:
        """`residual { a }` is `add { a | identity }`."""
        branches, add = use.branches, vocabulary("layer")["add"]
        if branches is None or use.arguments or len(branches.chains) != 1:
            message, help, span = _no_residual(use, flow)
            context.report.error(Code.ARGUMENT, message, span, help=help)
            return self.graph.fail()
        body, span = self._branch(branches.chains[0], flow, context), branches.chains[0].span
        if body.shape is None or flow.shape is None or body.shape == flow.shape:
            return self.graph.add(Taken(add(), "residual", {}), (body, flow), [span], use.span, context.report)
        shapes = f"turns {shape_text(flow.shape)} into {shape_text(body.shape)}"
        message = f"the body of `residual` {shapes}, so the input cannot be added back"
        if use.span.line == use.span.end_line:
            context.report.error(Code.SHAPE, message, use.span, help=residual_help(span, flow.shape, body.shape))
        else:
            fix = several_lines(use.span, flow.shape, body.shape)
            context.report.error(Code.SHAPE, message, use.name.span, help=fix)
        return self.graph.fail()

    def _block(self, use: Use, flow: Flow, context: Context) -> Flow:
        name = use.name.text
        block = self.blocks.definitions[name]
        self.blocks.used.add(name)
        self.uses += 1
        if self.uses == MOST_USES:
            help = "write the blocks out that only stand for another one"
            context.report.error(Code.LIMIT, f"blocks are used more than {MOST_USES:,} times", use.span, help=help)
        if self.uses >= MOST_USES or name in self.blocks.oversized:
            return self.graph.fail()
        good = self.blocks.fits(use, block, context)
        if use.branches is not None:
            help = f"branches belong to {joins_named()}"
            message = f"the block {name} takes no branches"
            context.report.error(Code.ARGUMENT, message, use.branches.span, help=help)
            good = False
        values = bind(block.parameters, use, context.scope, self.blocks.scope, context.report, self.blocks.words)
        if not good or block.chain is None or name in self.blocks.broken:
            return self.graph.fail()
        if self.once:
            if name in self.entered:
                return NOWHERE
            self.entered.add(name)
        note = Note(f"in `{describe(use, block, values)}`, used here", use.span)
        return self.chain(block.chain, flow, context.inside(self.blocks.scope, values, note))

    def sketch(self, name: str, context: Context) -> None:
        """Look through the body of a block that nothing uses, with nothing known of its parameters."""
        block = self.blocks.definitions[name]
        if block.chain is not None and name not in self.blocks.broken and name not in self.entered:
            self.entered.add(name)
            scope = self.blocks.scope.with_values({p.name.text: UNKNOWN for p in block.parameters})
            self.chain(block.chain, NOWHERE, replace(context, scope=scope))


def _count_near(value: Any) -> int:
    """A number of repeats near what was written."""
    good = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < MOST_LAYERS
    return max(1, abs(round(value))) if good else 1


def _no_branches(branches: Branches) -> Fix:
    """What to write for branches behind a layer that takes none."""
    inner = " | ".join(one_line(c.span) or "…" for c in branches.chains)
    return write(f"-> concat {{ {inner} }}") if len(branches.chains) > 1 else write(f"-> ( {inner} )")


def _no_residual(use: Use, flow: Flow) -> tuple[str, Fix, Span]:
    """What is wrong with a `residual` that has not one branch alone, what to write, and in which place."""
    branches, span = use.branches, use.name.span
    if branches is not None and len(branches.chains) > 1:
        message = "residual takes one branch. Did you mean `add`?"
        return message, write("add", more="; a branch `| identity` adds the input"), span
    if use.arguments and branches is None:
        inner = " ".join(one_line(a.span) for a in use.arguments)
        return "the branch of `residual` stands in braces", write(f"residual {{ {inner} }}"), use.span
    if use.arguments:
        return "residual takes no values", remove(), use.arguments[0].span.to(use.arguments[-1].span)
    channels = flow.shape[0] if flow.shape is not None and len(flow.shape) == 3 else 8
    return "residual needs a branch", write(f"residual {{ conv {channels} 3x3 pad=1 }}", more=", say"), span
