"""Warns of what has no effect: names that nothing uses, layers that nothing reads, settings that change nothing.

Only warnings, and few: each is a thing that its writer would not want to be there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tuicnn.language.checks.blocks import Blocks, labels_in, steps_in
from tuicnn.language.checks.configuration import Configuration
from tuicnn.language.checks.constants import names_in
from tuicnn.language.checks.graph import Flow, Graph
from tuicnn.language.checks.program import Program
from tuicnn.language.diagnostics import Code, Span
from tuicnn.language.excerpts import excerpt
from tuicnn.language.fixes import Fix, line_end, remove, write
from tuicnn.language.names import first_word, option_owner
from tuicnn.language.report import Report
from tuicnn.language.syntax.tree import Argument, Chain, Constant, Recall, Setting, Unreadable, Use, Value
from tuicnn.layers.learning import Learning
from tuicnn.vocabulary import info, vocabulary

__all__ = ["check_no_effect"]

_Warning = tuple[Code, str, Span, Fix | str]


def check_no_effect(
    program: Program, configuration: Configuration, blocks: Blocks, graph: Graph, flow: Flow, report: Report
) -> None:
    """Warn of what has no effect in a file that is otherwise in order. Files that are included may have more."""
    source = program.steps[0].span.source
    bodies = [b.chain for b in program.blocks.values() if b.chain is not None]
    chains = [Chain(program.steps, program.steps[0].span), *bodies]
    if any(isinstance(step.unit, Unreadable) for chain in chains for step in chain.steps):
        return
    rules = _constants(program, chains), _blocks(program, blocks), _labels(bodies), _defaults(program, chains)
    for rule in (*rules, _settings(program.settings, configuration.made)):
        for code, message, span, help in rule:
            if report.full:
                return
            if span.source == source:
                report.warning(code, message, span, help=help)
    _unread(graph, flow, report)
    _rates(graph, report)


# --- names ----------------------------------------------------------------------------------------------------------


def _mentioned(values: Iterable[Value | None]) -> set[str]:
    return {name for value in values for name in names_in(value)}


def _in_chain(chain: Chain) -> set[str]:
    values: list[Value | None] = []
    for step in steps_in(chain):
        values += step.repeats
        if isinstance(step.unit, Use):
            values += [a.value for a in step.unit.arguments]
    return _mentioned(values)


def _constants(program: Program, chains: Iterable[Chain]) -> Iterator[_Warning]:
    settings = [*program.settings.values(), *program.defaults]
    used = _mentioned([a.value for setting in settings for a in setting.arguments])
    used |= _mentioned([c.value for c in program.constants.values()])
    used |= _mentioned([p.default for b in program.blocks.values() for p in b.parameters])
    used = used.union(*(_in_chain(chain) for chain in chains))
    for name, constant in program.constants.items():
        if name not in used:
            yield _unused(name, constant, program.settings)


def _unused(name: str, constant: Constant, settings: Mapping[str, Setting]) -> _Warning:
    """A constant that may be meant for an option: `lr = 0.1`."""
    message = f"nothing uses the constant `{name}`"
    owner, option, word = option_owner(name, settings) if constant.value is not None and len(name) > 1 else ("", "", "")
    written = f"{option}={excerpt(constant.value.span)}" if constant.value is not None else ""
    there = settings.get(owner)
    if there is not None and _argument(there, option) is not None:
        return Code.CONSTANT, f"{message}: `{owner}:` has a value of its own", constant.span, remove()
    if there is not None:
        help = remove() + write(f" {written}", line_end(there.span.source, there.span.line))
        return Code.CONSTANT, f"{message}. Did you mean `{written}` of `{owner}:`?", constant.span, help
    if not owner:
        return Code.CONSTANT, message, constant.span, remove()
    asked = " ".join(filter(None, [f"{owner}:", word, written]))
    return Code.CONSTANT, f"{message}. Did you mean the setting `{asked}`?", constant.span, write(asked)


def _blocks(program: Program, blocks: Blocks) -> Iterator[_Warning]:
    for name, block in program.blocks.items():
        used = _in_chain(block.chain) | _mentioned(p.default for p in block.parameters) if block.chain else None
        for parameter in block.parameters:
            if used is not None and parameter.name.text not in used:
                message = f"the block `{name}` does not use its parameter `{parameter.name.text}`"
                yield Code.BLOCK, message, parameter.span, "remove it here and where the block is used, or use it"
        if name not in blocks.used:
            yield Code.BLOCK, f"nothing uses the block `{name}`", block.name.span, "use it, or remove it"


def _labels(bodies: Iterable[Chain]) -> Iterator[_Warning]:
    """Labels that nothing joins, in blocks: those in the network's own lines name a layer on the screen."""
    for chain in bodies:
        recalled = {s.unit.name.text for s in steps_in(chain) if isinstance(s.unit, Recall)}
        for label in labels_in(chain):
            if label.text not in recalled:
                yield Code.LABEL, f"nothing joins the label `{label.text}`", label.span, "join it, or remove it"


# --- layers ---------------------------------------------------------------------------------------------------------


def _unread(graph: Graph, flow: Flow, report: Report) -> None:
    """Layers whose output goes nowhere: the way was left by an `@label`."""
    if flow.node < 0 or graph.failed:
        return
    read = graph.behind(flow.node)
    inputs = {number for node in graph.nodes for number in node.inputs}
    for number, node in enumerate(graph.nodes):
        if number not in read and number not in inputs:
            message = f"nothing reads what `{info(node.layer).name}` gives here: every branch begins elsewhere"
            help = remove(more=", or begin a branch with `identity`")
            report.within(node.via).warning(Code.SHAPE, message, node.span, help=help)


def _rates(graph: Graph, report: Report) -> None:
    """Rates of what does not learn."""
    told: set[Span] = set()
    for node in graph.nodes:
        layer, given = node.layer, None
        if isinstance(layer, Learning) and node.span not in told:
            weights = [n for n, spec in layer.weights(*node.input_shapes).items() if spec.is_parameter]
            if layer.rate != 1 and not any(map(layer.rate_of, weights)):
                given = "rate", "its weights are frozen"
            elif layer.bias_rate is not None and ("bias" not in weights or not layer.rate_of("bias")):
                given = "bias_rate", "its bias is frozen" if "bias" in weights else "it has no bias"
        if given is not None:
            told.add(node.span)
            message = f"`{given[0]}` of {info(layer).name} changes nothing: {given[1]}"
            report.within(node.via).warning(Code.ARGUMENT, message, node.span, help=f"remove {given[0]}=")


# --- settings -------------------------------------------------------------------------------------------------------


def _defaults(program: Program, chains: Iterable[Chain]) -> Iterator[_Warning]:
    """`default:` for a layer that is not used, or for options that every use gives itself."""
    uses: Counter[str] = Counter()
    giving: Counter[tuple[str, str]] = Counter()
    for step in (step for chain in chains for step in steps_in(chain)):
        if isinstance(step.unit, Use):
            name = step.unit.name.text
            uses[name] += 1
            giving.update({(name, a.name.text) for a in step.unit.arguments if a.name is not None})
    for setting in program.defaults:
        word, rest = first_word(setting)
        layer = word.text if word is not None else ""
        if layer in vocabulary("layer") and layer not in uses:
            yield Code.SETTING, f"no layer of the network is a {layer}", setting.span, remove()
            continue
        for argument in rest:
            name = argument.name.text if argument.name is not None else ""
            if name and giving[layer, name] == uses[layer]:
                message = f"every {layer} of the network gives its own `{name}`"
                yield Code.SETTING, message, argument.span, remove()


def _argument(setting: Setting | None, name: str) -> Argument | None:
    given = setting.arguments if setting is not None else ()
    return next((a for a in given if a.name is not None and a.name.text == name), None)


def _settings(settings: Mapping[str, Setting], made: Mapping[str, Any]) -> Iterator[_Warning]:
    """Options of the training that change nothing."""
    optim, schedule, train = made.get("optim"), made.get("schedule"), made.get("train")
    nesterov = _argument(settings.get("optim"), "nesterov")
    if nesterov is not None and getattr(optim, "nesterov", False) and not getattr(optim, "momentum", 0):
        help = write(f"{excerpt(nesterov.span)} momentum=0.9")
        yield Code.SETTING, "nesterov changes nothing without momentum", nesterov.span, help
    exclude = _argument(settings.get("optim"), "exclude")
    if exclude is not None and optim is not None and optim.exclude and not (optim.decay or optim.layerwise):
        help = write(f"decay=5e-4 {excerpt(exclude.span)}")
        yield Code.SETTING, "exclude changes nothing without decay", exclude.span, help
    rotate = _argument(settings.get("augment"), "rotate")
    if rotate is not None and excerpt(rotate.value.span) == "0":
        yield Code.SETTING, "a turn by 0 degrees changes nothing", rotate.span, remove()
    fill, augment = _argument(settings.get("augment"), "fill"), made.get("augment")
    if fill is not None and not getattr(augment, "shift", 0):
        help = write(f"{excerpt(fill.span)} shift=2")
        yield Code.SETTING, "fill changes nothing without shift", fill.span, help
    elif fill is not None and getattr(augment, "fill", "") == "mean" and _raw(made.get("data")):
        yield Code.SETTING, "the mean is black where images are not normalised", fill.span, write("fill=reflect")
    fill, views = _argument(settings.get("test"), "fill"), made.get("test")
    if fill is not None and not getattr(views, "shift", 0):
        help = write(f"{excerpt(fill.span)} shift=1")
        yield Code.SETTING, "fill changes nothing without shift", fill.span, help
    alpha = _argument(settings.get("train"), "alpha")
    if alpha is not None and train is not None and not train.lookahead:
        help = write(f"lookahead=5 {excerpt(alpha.span)}")
        yield Code.SETTING, "alpha changes nothing without lookahead", alpha.span, help
    if train is None or schedule is None:
        return
    patience = _argument(settings.get("train"), "patience")
    if patience is not None and train.patience is not None and train.patience >= train.epochs:
        message = f"a run of {train.epochs} epochs is over before {train.patience} pass without a better one"
        yield Code.SETTING, message, patience.span, write(f"patience={max(1, train.epochs // 5)}")
    ends = schedule.ends(train.epochs) if info(schedule).name == "restarts" else [train.epochs]
    if train.epochs not in ends and (cycle := settings.get("schedule")) is not None:
        whole = " or ".join(map(str, ends[-2:]))
        message = f"the run of {train.epochs} epochs ends within a cycle, where the rate is high"
        yield Code.SETTING, message, cycle.span, f"train for {whole} epochs, where a cycle ends"
    warmup = _argument(settings.get("schedule"), "warmup")
    if warmup is not None and getattr(schedule, "warmup", 0) >= train.epochs:
        message = f"the warm-up of {schedule.warmup:g} epochs lasts as long as the run of {train.epochs}"
        help = write(f"warmup={train.epochs / 10:g}", more=", or train for more epochs")
        yield Code.SETTING, message, warmup.span, help
    start = _argument(settings.get("schedule"), "start")
    if start is not None and not getattr(schedule, "warmup", 1):
        yield Code.SETTING, "start changes nothing without warmup", start.span, write(f"warmup=1 {excerpt(start.span)}")
    late = [e for e in schedule.at if e >= train.epochs] if info(schedule).name == "step" else []
    written = _argument(settings.get("schedule"), "at") or settings.get("schedule")
    if late and written is not None:
        early = sorted({max(1, train.epochs // 2), max(1, train.epochs * 3 // 4)})
        text = f"at=[{', '.join(map(str, early))}]"
        text = text if isinstance(written, Argument) else f"{excerpt(written.span)} {text}"
        when = " and ".join(map(str, late))
        message = f"the run of {train.epochs} epochs is over before the rate changes at {when}"
        yield Code.SETTING, message, written.span, write(text) if train.epochs > 1 else "train for more epochs"


def _raw(data: Any) -> bool:
    """Whether a data set's images are left as they are."""
    return data is not None and data.normalise == "none"
