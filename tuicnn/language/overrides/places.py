"""Finds the value that an override names: where it stands in a text, or where it would stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tuicnn.language.checking import Reading
from tuicnn.language.diagnostics import Span
from tuicnn.language.fixes import after
from tuicnn.language.names import CHOICES, OWN_SETTINGS, first_word, option_owner
from tuicnn.language.overrides.values import Override, OverrideError
from tuicnn.language.suggest import closest, option_meant
from tuicnn.language.syntax.tree import Argument, Chain, Constant, Definition, Group, Setting, Step, Tree, Use
from tuicnn.numbers import counted
from tuicnn.vocabulary import arguments, vocabulary

__all__ = ["Place", "find"]


@dataclass(frozen=True)
class Place:
    """Where a value stands, or is to be written.

    `value` is its place, None where it is not written yet; `name` that of its name, where that is written. A new option
    is written `behind` what is there, after a comma where it is one of a `call`. Of a setting that is not in the text
    itself, all three are None.
    """

    kind: type[Constant] | type[Setting] | type[Argument]
    value: Span | None = None
    name: Span | None = None
    behind: Span | None = None
    call: bool = False


def find(wanted: Override, reading: Reading, tree: Tree | None = None) -> Place:
    """The place of an override's value. Raises `OverrideError` where the text knows no such name.

    With a `tree`, the place in that one, which is the same text with other values.
    """
    tree, owner = tree or reading.tree, wanted.owner
    if owner in OWN_SETTINGS:
        help = "change it in the file, or say the option of one setting or layer"
        raise wanted.error(f"`{owner}:` is not set from outside of the file", wanted.owner_span, help)
    if owner in CHOICES or owner in vocabulary("setting"):
        setting = next((s for s in tree.statements if isinstance(s, Setting) and s.name.text == owner), None)
        return _of_setting(setting, wanted)
    if wanted.option:
        use = list(_uses(tree))[_use_meant(wanted, reading)]
        return _of_step(use, wanted, reading)
    if owner in reading.constants:
        constants = (s for s in tree.statements if isinstance(s, Constant) and s.name.text == owner)
        constant = next(constants, None)
        return Place(Constant, constant.value.span if constant is not None and constant.value is not None else None)
    raise _unknown(wanted, reading)


# --- settings ---------------------------------------------------------------------------------------------------------


def _of_setting(setting: Setting | None, wanted: Override) -> Place:
    if setting is None:
        return Place(Argument if wanted.option else Setting)
    given = setting.arguments
    whole = given[0].span.to(given[-1].span) if given else None
    if not wanted.option:
        return Place(Setting, whole, behind=after(setting.span))
    word, rest = first_word(setting)
    name = setting.name.text
    if name in CHOICES:
        cls, given = vocabulary(name).get(word.text if word is not None else ""), rest
    else:
        cls = vocabulary("setting")[name]
    return _argument(given, _places(cls), _names(cls), wanted, after(setting.span))


def _places(cls: type | None) -> list[str]:
    return [a.name for a in arguments(cls) if a.positional] if cls is not None else []


def _names(cls: type | None) -> list[str]:
    return [a.name for a in arguments(cls)] if cls is not None else []


# --- arguments --------------------------------------------------------------------------------------------------------


def _argument(
    given: Sequence[Argument], places: Sequence[str], names: Sequence[str], wanted: Override, behind: Span
) -> Place:
    """The place of one argument: by its name, or where it stands by its place.

    A name that is not among `names` stands in the place of the option that it seems to mean, so that the check says so.
    """
    option = wanted.option
    found = {name: argument for argument, name in _named(given, places)}
    if option in found:
        argument = found[option]
        return Place(Argument, argument.value.span, argument.name.span if argument.name is not None else None)
    meant = option_meant(option, names) if option not in names else None
    if meant is not None and meant in found:
        return Place(Argument, behind=found[meant].span)
    in_call = bool(given) and given[-1].span.end_column != behind.column and behind.line == given[-1].span.end_line
    return Place(Argument, behind=after(given[-1].span) if in_call else behind, call=in_call)


def _named(given: Sequence[Argument], places: Sequence[str]) -> Iterator[tuple[Argument, str]]:
    """Each argument with its name, said or known by its place."""
    taken: set[str] = set()
    for argument in given:
        if argument.name is not None:
            name = argument.name.text
        else:
            name = next((place for place in places if place not in taken), "")
        taken.add(name)
        yield argument, name


# --- steps ------------------------------------------------------------------------------------------------------------


def _of_step(use: Use, wanted: Override, reading: Reading) -> Place:
    word = use.name.text
    block = reading.program.blocks.get(word)
    if block is not None:
        places = names = [parameter.name.text for parameter in block.parameters]
    else:
        cls = vocabulary("layer").get(word)
        places, names = _places(cls), _names(cls)
    behind = after(use.span)
    if use.branches is not None:
        behind = after(use.arguments[-1].span if use.arguments else use.name.span)
    return _argument(use.arguments, places, names, wanted, behind)


def _use_meant(wanted: Override, reading: Reading) -> int:
    """Which of the uses in the text has this label, or makes the layer of this name and no other."""
    owner, uses = wanted.owner, list(_uses(reading.tree))
    labels = [step.label.text if step.label is not None else "" for step in _steps(reading.tree) if _use_of(step)]
    if labels.count(owner) == 1:
        return labels.index(owner)
    node = next((node for node in reading.nodes if node.name == owner), None)
    if node is None:
        raise _unknown(wanted, reading)
    if node.span.source is not reading.tree.source:
        message = f"the layer {owner} is written in another file, {node.span.source.name}"
        raise wanted.error(message, wanted.owner_span, "change it there, or give its value a constant and set that")
    made = [other for other in reading.nodes if other.span == node.span and other.span.source is node.span.source]
    if len(made) > 1:
        message = f"line {node.span.line} makes {owner} and {counted(len(made) - 1, 'more layer')}"
        help = "give the value a constant, such as `w = 8`, and set that: --set w=16"
        raise wanted.error(message, wanted.owner_span, help)
    return next(i for i, use in enumerate(uses) if use.span == node.span)


def _uses(tree: Tree) -> Iterator[Use]:
    yield from filter(None, map(_use_of, _steps(tree)))


def _use_of(step: Step) -> Use | None:
    return step.unit if isinstance(step.unit, Use) else None


def _steps(tree: Tree) -> Iterator[Step]:
    for statement in tree.statements:
        chain = statement if isinstance(statement, Chain) else None
        if isinstance(statement, Definition):
            chain = statement.chain
        if chain is not None:
            yield from _in_chain(chain)


def _in_chain(chain: Chain) -> Iterator[Step]:
    for step in chain.steps:
        yield step
        if isinstance(step.unit, Group):
            yield from _in_chain(step.unit.chain)
        elif isinstance(step.unit, Use) and step.unit.branches is not None:
            for branch in step.unit.branches.chains:
                yield from _in_chain(branch)


# --- names that are not known -----------------------------------------------------------------------------------------


def _unknown(wanted: Override, reading: Reading) -> OverrideError:
    """What to say of a name that the text does not know."""
    owner, program = wanted.owner, reading.program
    if owner in program.blocks:
        help = f"give one use of it a label, `{owner} … as first`, and set first.{wanted.option or '…'}"
        return wanted.error(f"`{owner}` is a block, not a value", wanted.owner_span, help)
    layers = [node.name for node in reading.nodes]
    settings = [*CHOICES, *vocabulary("setting")]
    if not wanted.option and owner in layers:
        message = f"`{owner}` is a layer; say which of its values"
        return wanted.error(message, wanted.owner_span, f"write {_example(owner, reading)}")
    if not wanted.option:
        setting, option, _ = option_owner(owner, program.settings)
        if option:
            message = f"no setting or constant called `{owner}`. Did you mean `{setting}.{option}`?"
            return wanted.error(message, wanted.owner_span, f"write {setting}.{option}={wanted.value}")
    alike = [layer for layer in layers if layer.rstrip("0123456789") == owner.rstrip("0123456789")]
    if alike:
        shown = ", ".join(alike if len(alike) < 8 else [*alike[:6], "…", alike[-1]])
        return wanted.error(f"no layer called `{owner}`", wanted.owner_span, f"there are {shown}")
    known = [*settings, *layers, *_labels(reading.tree)] if wanted.option else [*settings, *reading.constants]
    meant = closest(owner, known)
    what = "setting or layer" if wanted.option else "setting or constant"
    message = f"no {what} called `{owner}`" + (f". Did you mean `{meant}`?" if meant is not None else "")
    help = f"the settings are {', '.join(settings)}"
    if not wanted.option:
        named = ", ".join(reading.constants)
        help += f"; the constants of this net are {named}" if named else "; this net has no constants"
    if meant is not None:
        help = f"write {meant}{wanted.name.removeprefix(owner)}={wanted.value}"
    return wanted.error(message, wanted.owner_span, help)


def _labels(tree: Tree) -> list[str]:
    return [step.label.text for step in _steps(tree) if step.label is not None]


def _example(layer: str, reading: Reading) -> str:
    node = next(node for node in reading.nodes if node.name == layer)
    names: Mapping[str, object] = {a.name: a for a in arguments(node.layer)}
    return f"{layer}.{next(iter(names), 'option')}=…"
