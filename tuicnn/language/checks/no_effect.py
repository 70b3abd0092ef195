"""What a file says without effect: names that nothing uses, layers that nothing reads, settings that change nothing.

Only warnings, and few: each is a thing that its writer would not want to be there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tuicnn.language.checks.blocks import Blocks, labels_in
from tuicnn.language.checks.configuration import Configuration
from tuicnn.language.checks.constants import names_in
from tuicnn.language.checks.graph import Flow, Graph
from tuicnn.language.checks.program import Program
from tuicnn.language.checks.unknown_names import option_owner
from tuicnn.language.codes import Code
from tuicnn.language.diagnostics import Span
from tuicnn.language.excerpts import excerpt
from tuicnn.language.fixes import Fix, line_end, remove, write
from tuicnn.language.report import Report
from tuicnn.language.syntax.tree import Argument, Chain, Group, Name, Recall, Setting, Step, Unreadable, Use, Value
from tuicnn.vocabulary import arguments, info, vocabulary

__all__ = ["check_no_effect"]


def check_no_effect(
    program: Program, configuration: Configuration, blocks: Blocks, graph: Graph, flow: Flow, report: Report
) -> None:
    """Warn of what has no effect in a file that is otherwise in order. Files that are included may have more."""
    chains = [Chain(program.steps, program.steps[0].span), *(b.chain for b in program.blocks.values() if b.chain)]
    if any(isinstance(step.unit, Unreadable) for chain in chains for step in chain.steps):
        return
    source = program.steps[0].span.source
    _names(program, chains, report, source)
    _labels(chains, report, source)
    for name, block in program.blocks.items():
        if name not in blocks.used and block.span.source == source:
            _warn(Code.BLOCK, f"nothing uses the block `{name}`", block.name.span, "use it, or remove it", report)
    _unread(graph, flow, report)
    _defaults(program, configuration, chains, report)
    _settings(program, configuration, report)


def _warn(code: Code, message: str, span: Span, help: Fix | str, report: Report) -> None:
    report.warning(code, message, span, help=help)


# --- names ----------------------------------------------------------------------------------------------------------


def _steps(chain: Chain) -> list[Step]:
    out: list[Step] = []
    left = [*chain.steps]
    while left:
        step = left.pop()
        out.append(step)
        if isinstance(step.unit, Group):
            left += step.unit.chain.steps
        elif isinstance(step.unit, Use) and step.unit.branches is not None:
            for branch in step.unit.branches.chains:
                left += branch.steps
    return out


def _mentioned(values: Sequence[Value | None]) -> set[str]:
    return {name for value in values for name in names_in(value)}


def _in_chain(chain: Chain) -> set[str]:
    values: list[Value | None] = []
    for step in _steps(chain):
        values += step.repeats
        if isinstance(step.unit, Use):
            values += [a.value for a in step.unit.arguments]
    return _mentioned(values)


def _names(program: Program, chains: Sequence[Chain], report: Report, source: object) -> None:
    """Constants and parameters that nothing mentions."""
    used: set[str] = set()
    for chain in chains:
        used |= _in_chain(chain)
    for setting in [*program.settings.values(), *program.defaults]:
        used |= _mentioned([a.value for a in setting.arguments])
    used |= _mentioned([c.value for c in program.constants.values()])
    used |= _mentioned([p.default for b in program.blocks.values() for p in b.parameters])
    for name, constant in program.constants.items():
        if report.full:
            return
        if name in used or constant.span.source != source:
            continue
        owner = option_owner(name) if constant.value is not None and len(name) > 1 else ""
        if owner and owner in program.settings:
            there, text = program.settings[owner], excerpt(constant.value.span) if constant.value is not None else ""
            option = f"{_option(owner, name)}={text}"
            message = f"nothing uses the constant `{name}`. Did you mean `{option}` of `{owner}:`?"
            help = remove() + write(f" {option}", line_end(there.span.source, there.span.line))
            if any(a.name is not None and a.name.text == _option(owner, name) for a in there.arguments):
                message, help = f"nothing uses the constant `{name}`: `{owner}:` has a value of its own", remove()
            _warn(Code.CONSTANT, message, constant.span, help, report)
        elif owner:
            text = excerpt(constant.value.span) if constant.value is not None else ""
            word = "adam " if owner == "optim" else "mnist " if owner == "data" else ""
            asked = f"{owner}: {word}{_option(owner, name)}={text}"
            message = f"nothing uses the constant `{name}`. Did you mean the setting `{asked}`?"
            _warn(Code.CONSTANT, message, constant.span, write(asked), report)
        else:
            _warn(Code.CONSTANT, f"nothing uses the constant `{name}`", constant.span, remove(), report)
    for block in program.blocks.values():
        if block.chain is None or block.span.source != source:
            continue
        inner = _in_chain(block.chain) | _mentioned([p.default for p in block.parameters])
        for parameter in block.parameters:
            if parameter.name.text not in inner:
                message = f"the block `{block.name.text}` does not use its parameter `{parameter.name.text}`"
                _warn(
                    Code.BLOCK, message, parameter.span, "remove it here and where the block is used, or use it", report
                )


def _option(owner: str, name: str) -> str:
    from tuicnn.language.suggest import option_meant

    classes = [vocabulary("setting")[owner]] if owner in vocabulary("setting") else [*vocabulary(owner).values()]
    for cls in classes:
        meant = option_meant(name, [a.name for a in arguments(cls) if not a.positional])
        if meant is not None:
            return meant
    return name


def _labels(chains: Sequence[Chain], report: Report, source: object) -> None:
    """Labels that nothing joins, in blocks and repeats: those in the network's own lines name a layer on the screen."""
    for chain in chains[1:]:
        recalled = {s.unit.name.text for s in _steps(chain) if isinstance(s.unit, Recall)}
        for label in labels_in(chain):
            if label.text not in recalled and label.span.source == source:
                _warn(
                    Code.LABEL, f"nothing joins the label `{label.text}`", label.span, "join it, or remove it", report
                )


# --- layers ---------------------------------------------------------------------------------------------------------


def _unread(graph: Graph, flow: Flow, report: Report) -> None:
    """Layers whose output goes nowhere: the way was left by an `@label`."""
    if flow.node < 0 or graph.failed:
        return
    read = graph.behind(flow.node)
    told: set[Span] = set()
    inputs = {number for node in graph.nodes for number in node.inputs}
    for number, node in enumerate(graph.nodes):
        if number not in read and number not in inputs and node.span not in told:
            told.add(node.span)
            message = f"nothing reads what `{info(node.layer).name}` gives here: every branch begins elsewhere"
            report.within(node.via).warning(
                Code.SHAPE, message, node.span, help=remove(more=", or begin a branch with `identity`")
            )


# --- settings -------------------------------------------------------------------------------------------------------


def _defaults(program: Program, configuration: Configuration, chains: Sequence[Chain], report: Report) -> None:
    """`default:` for a layer that is not used, or for options that every use gives itself."""
    uses: Counter[str] = Counter()
    giving: Counter[tuple[str, str]] = Counter()
    for chain in chains:
        for step in _steps(chain):
            if isinstance(step.unit, Use):
                name = step.unit.name.text
                uses[name] += 1
                giving.update({(name, a.name.text) for a in step.unit.arguments if a.name is not None})
    source = program.steps[0].span.source
    for setting in program.defaults:
        if setting.span.source != source or not setting.arguments:
            continue
        first = setting.arguments[0].value
        layer = first.text if isinstance(first, Name) else ""
        if layer in vocabulary("layer") and layer not in uses:
            _warn(Code.SETTING, f"no layer of the network is a {layer}", setting.span, remove(), report)
            continue
        for argument in setting.arguments[1:]:
            name = argument.name.text if argument.name is not None else ""
            if name and giving[layer, name] == uses[layer]:
                message = f"every {layer} of the network gives its own `{name}`"
                _warn(Code.SETTING, message, argument.span, remove(), report)


def _argument(setting: Setting | None, name: str) -> Argument | None:
    if setting is None:
        return None
    return next((a for a in setting.arguments if a.name is not None and a.name.text == name), None)


def _settings(program: Program, configuration: Configuration, report: Report) -> None:
    """Options of the training that change nothing."""
    made: Mapping[str, Any] = configuration.made
    settings = program.settings
    optim, schedule, train = made.get("optim"), made.get("schedule"), made.get("train")
    nesterov = _argument(settings.get("optim"), "nesterov")
    if nesterov is not None and getattr(optim, "nesterov", False) and not getattr(optim, "momentum", 0):
        _warn(
            Code.SETTING,
            "nesterov changes nothing without momentum",
            nesterov.span,
            write(f"{excerpt(nesterov.span)} momentum=0.9"),
            report,
        )
    if train is None or schedule is None:
        return
    warmup = _argument(settings.get("schedule"), "warmup")
    if warmup is not None and getattr(schedule, "warmup", 0) >= train.epochs:
        message = f"the warm-up of {schedule.warmup:g} epochs lasts as long as the run of {train.epochs}"
        _warn(
            Code.SETTING,
            message,
            warmup.span,
            write(f"warmup={train.epochs / 10:g}", more=", or train for more epochs"),
            report,
        )
    if info(schedule).name == "step":
        at = _argument(settings.get("schedule"), "at")
        late = [epoch for epoch in schedule.at if epoch >= train.epochs]
        if late:
            span = at.span if at is not None else settings["schedule"].span if "schedule" in settings else None
            if span is not None:
                when = " and ".join(map(str, late))
                early = sorted({max(1, train.epochs // 2), max(1, train.epochs * 3 // 4)})
                text = f"at=[{', '.join(map(str, early))}]"
                text = text if at is not None else f"{excerpt(span)} {text}"
                message = f"the run of {train.epochs} epochs is over before the rate changes at {when}"
                help = write(text) if train.epochs > 1 else "train for more epochs"
                _warn(Code.SETTING, message, span, help, report)
    for setting in settings.values():
        for argument in setting.arguments:
            zero = argument.name is not None and argument.name.text == "rotate" and excerpt(argument.value.span) == "0"
            if zero:
                _warn(Code.SETTING, "a turn by 0 degrees changes nothing", argument.span, remove(), report)
