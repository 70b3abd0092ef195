"""Writes a tree back as text, each thing in the one way that is furthest from how it is usually written.

Calls in parentheses, names given by their names' own places, everything in one line a statement, arrows spelled out:
a text and what is printed of its tree must be the same network.
"""

from __future__ import annotations

from tuicnn.language.syntax.tree import (
    Argument,
    Arithmetic,
    CallValue,
    Chain,
    Constant,
    Definition,
    Group,
    Items,
    Literal,
    Name,
    Negative,
    Recall,
    Setting,
    Statement,
    Step,
    Tree,
    Use,
    Value,
)
from tuicnn.vocabulary import show

__all__ = ["printed"]


def printed(tree: Tree) -> str:
    """The tree as text."""
    return "\n".join(map(_statement, tree.statements)) + "\n"


def _statement(statement: Statement) -> str:
    if isinstance(statement, Setting):
        return " ".join([f"{statement.name.text}:", *map(_argument, statement.arguments)])
    if isinstance(statement, Constant):
        assert statement.value is not None
        return f"{statement.name.text} = {_value(statement.value)}"
    if isinstance(statement, Definition):
        assert statement.chain is not None
        each = [p.name.text + (f" = {_value(p.default)}" if p.default else "") for p in statement.parameters]
        return f"def {statement.name.text}({', '.join(each)}) = {_chain(statement.chain)}"
    return _chain(statement)


def _chain(chain: Chain) -> str:
    return " -> ".join(map(_step, chain.steps))


def _step(step: Step) -> str:
    repeats = "".join(f"({_value(r)}) * " for r in step.repeats)
    return repeats + _unit(step) + (f" as {step.label.text}" if step.label else "")


def _unit(step: Step) -> str:
    unit = step.unit
    if isinstance(unit, Group):
        return f"( {_chain(unit.chain)} )"
    if isinstance(unit, Recall):
        return f"@{unit.name.text}"
    assert isinstance(unit, Use)
    text = unit.name.text + (f"({', '.join(map(_argument, unit.arguments))})" if unit.arguments else "")
    if unit.branches is not None:
        text += f" {{ {' | '.join(map(_chain, unit.branches.chains))} }}"
    return text


def _argument(argument: Argument) -> str:
    value = _value(argument.value)
    return f"{argument.name.text}={value}" if argument.name else value


def _value(value: Value) -> str:
    if isinstance(value, Literal):
        return show(value.value)
    if isinstance(value, Name):
        return value.text
    if isinstance(value, Negative):
        return "-" * value.signs + _value(value.value)
    if isinstance(value, Arithmetic):
        return "(" + _value(value.first) + "".join(f" {sign} {_value(v)}" for sign, v in value.rest) + ")"
    if isinstance(value, Items):
        return "[" + ", ".join(map(_value, value.items)) + "]"
    assert isinstance(value, CallValue)
    return f"{value.name.text}({', '.join(map(_argument, value.arguments))})"
