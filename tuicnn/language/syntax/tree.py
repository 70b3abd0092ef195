"""The tree of a `.net` text: what was written, with its places; it knows no layers."""

from __future__ import annotations

from dataclasses import dataclass

from tuicnn.language.diagnostics import Source, Span

__all__ = [
    "Argument", "Arithmetic", "Branches", "CallValue", "Chain", "Constant", "Definition", "Group", "Items", "Literal",
    "Name", "Negative", "Parameter", "Recall", "Setting", "Statement", "Step", "Tree", "Unreadable", "Use", "Value",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Name:
    """A word as written: of a layer, an option, a constant, …"""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Literal:
    """An integer, a float, a `values.Size`, a `values.Time` or a quoted text."""

    value: object
    span: Span


@dataclass(frozen=True, slots=True)
class Negative:
    """`-value`, or with `signs` of 2 `--value`."""

    value: Value
    signs: int
    span: Span


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`first + a - b`, or `first * a / b`: operators of one rank, from left to right."""

    first: Value
    rest: tuple[tuple[str, Value], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Items:
    """`[a, b]`; `round` where parentheses stand for the brackets, which is a mistake."""

    items: tuple[Value, ...]
    span: Span
    round: bool = False


@dataclass(frozen=True, slots=True)
class CallValue:
    """`normal(0.01)` as a value."""

    name: Name
    arguments: tuple[Argument, ...]
    span: Span


Value = Name | Literal | Negative | Arithmetic | Items | CallValue


@dataclass(frozen=True, slots=True)
class Argument:
    """A value by its place, or by its name."""

    name: Name | None
    value: Value
    span: Span


@dataclass(frozen=True, slots=True)
class Branches:
    """`{ a | b }`."""

    chains: tuple[Chain, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Use:
    """`conv 8 3x3`, `basic(8)`, `add { … }`: a layer or a block, its arguments, its branches."""

    name: Name
    arguments: tuple[Argument, ...]
    branches: Branches | None
    span: Span


@dataclass(frozen=True, slots=True)
class Group:
    """`( chain )`."""

    chain: Chain
    span: Span


@dataclass(frozen=True, slots=True)
class Recall:
    """`@label`."""

    name: Name
    span: Span


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A step that could not be read, and was reported; its output is unknown."""

    span: Span


@dataclass(frozen=True, slots=True)
class Step:
    """`N * unit as label`."""

    repeats: tuple[Value, ...]
    unit: Use | Group | Recall | Unreadable
    label: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class Chain:
    """`a -> b -> c`."""

    steps: tuple[Step, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Setting:
    """`name: arguments`."""

    name: Name
    arguments: tuple[Argument, ...]
    span: Span
    readable: bool = True


@dataclass(frozen=True, slots=True)
class Constant:
    """`name = value`; no value where it could not be read."""

    name: Name
    value: Value | None
    span: Span


@dataclass(frozen=True, slots=True)
class Parameter:
    """A block's parameter, with its default if it has one."""

    name: Name
    default: Value | None
    span: Span


@dataclass(frozen=True, slots=True)
class Definition:
    """`def name(parameters) = chain`; neither parameters nor chain where it could not be read."""

    name: Name
    parameters: tuple[Parameter, ...]
    chain: Chain | None
    span: Span


Statement = Setting | Constant | Definition | Chain


@dataclass(frozen=True, slots=True)
class Tree:
    """All statements of one text, in its order."""

    source: Source
    statements: tuple[Statement, ...]
