"""Makes the tree while Lark parses: one method for each rule of the grammar, called from the leaves up."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from lark import Token, Transformer

from tuicnn.language.diagnostics import Source, Span
from tuicnn.language.syntax import tree
from tuicnn.language.syntax.tree import Name
from tuicnn.vocabulary import Size, Time

__all__ = ["Building", "current", "span_of"]

#: the text that is being parsed (the parser is shared, and so is its `Building`)
current: ContextVar[Source] = ContextVar("current")


def span_of(first: Token, last: Token | None = None) -> Span:
    """From the start of one token to the end of another."""
    end = first if last is None else last
    return Span(
        first.line or 1,
        first.column or 1,
        end.end_line or end.line or 1,
        end.end_column or (end.column or 1) + len(end),
        current.get(),
    )


def _name(token: Token) -> Name:
    return Name(str(token), span_of(token))


def _span(thing: Any) -> Span:
    return span_of(thing) if isinstance(thing, Token) else thing.span


def _nodes(children: list[Any]) -> tuple[Any, ...]:
    """The children without the marks around and between them."""
    return tuple(c for c in children if not isinstance(c, Token))


def _unquoted(token: Token) -> str:
    return token[1:-1].replace("\\\\", "\0").replace('\\"', '"').replace("\0", "\\")


class Building(Transformer[Token, Any]):
    """Children of each rule in, a node of the tree out."""

    def setting(self, children: list[Any]) -> tree.Setting:
        name, colon, *rest = children
        last = rest[-1].span if rest else span_of(colon)
        return tree.Setting(_name(name), tuple(rest), span_of(name).to(last))

    def constant(self, children: list[Any]) -> tree.Constant:
        name, _, value = children
        return tree.Constant(_name(name), value, span_of(name).to(value.span))

    def definition(self, children: list[Any]) -> tree.Definition:
        parameters = children[2] if isinstance(children[2], tuple) else ()
        chain: tree.Chain = children[-1]
        return tree.Definition(_name(children[1]), parameters, chain, span_of(children[0]).to(chain.span))

    def parameters(self, children: list[Any]) -> tuple[tree.Parameter, ...]:
        return _nodes(children)

    def parameter(self, children: list[Any]) -> tree.Parameter:
        default = children[2] if len(children) > 1 else None
        return tree.Parameter(_name(children[0]), default, _span(children[0]).to(_span(children[-1])))

    def chain(self, children: list[Any]) -> tree.Chain:
        steps = _nodes(children)
        return tree.Chain(steps, steps[0].span.to(steps[-1].span))

    def step(self, children: list[Any]) -> tree.Step:
        label = None
        if isinstance(children[-1], Token):
            label = _name(children[-1])
            children = children[:-2]
        unit = children[-1]
        repeats = tuple(children[:-1])
        first = repeats[0].span if repeats else unit.span
        return tree.Step(repeats, unit, label, first.to(label.span if label else unit.span))

    def repeat(self, children: list[Any]) -> Any:
        first = children[0]
        if first.type == "LCOUNT":
            return children[1]
        if first.type == "MINUS":
            return tree.Negative(self.integer(children[1:]), 1, span_of(first, children[1]))
        return {"INT": self.integer, "FLOAT": self.float, "NAME": self.name}[first.type](children)

    def use(self, children: list[Any]) -> tree.Use:
        branches = children[-1] if isinstance(children[-1], tree.Branches) else None
        name, (*rest,) = _name(children[0]), children[1:]
        last = name.span
        arguments: list[tree.Argument] = []
        for child in rest:
            called, last = child if isinstance(child, tuple) else ((child,), child.span)
            arguments += called
        given = tuple(arguments[: len(arguments) - (branches is not None)])
        return tree.Use(name, given, branches, name.span.to(last))

    def group(self, children: list[Any]) -> tree.Group:
        return tree.Group(children[1], span_of(children[0], children[-1]))

    def recall(self, children: list[Any]) -> tree.Recall:
        return tree.Recall(_name(children[1]), span_of(children[0], children[1]))

    def branches(self, children: list[Any]) -> tree.Branches:
        chains = _nodes(children)
        return tree.Branches(chains, span_of(children[0], children[-1]))

    def placed(self, children: list[Any]) -> tree.Argument:
        return tree.Argument(None, children[0], children[0].span)

    def named(self, children: list[Any]) -> tree.Argument:
        name = _name(children[0])
        return tree.Argument(name, children[2], name.span.to(children[2].span))

    def negative(self, children: list[Any]) -> tree.Negative:
        number = children[1]
        literal = self.integer([number]) if number.type == "INT" else self.float([number])
        return tree.Negative(literal, 1, span_of(children[0], number))

    def call(self, children: list[Any]) -> tuple[tuple[tree.Argument, ...], Span]:
        return _nodes(children), span_of(children[0], children[-1])

    def arithmetic(self, children: list[Any]) -> Any:
        if len(children) == 1:
            return children[0]
        rest = tuple(zip(map(str, children[1::2]), children[2::2], strict=True))
        return tree.Arithmetic(children[0], rest, children[0].span.to(children[-1].span))

    def factor(self, children: list[Any]) -> Any:
        if len(children) == 1:
            return children[0]
        return tree.Negative(children[-1], len(children) - 1, span_of(children[0]).to(children[-1].span))

    def integer(self, children: list[Any]) -> tree.Literal:
        return tree.Literal(int(children[0]), span_of(children[0]))

    def float(self, children: list[Any]) -> tree.Literal:
        return tree.Literal(float(children[0]), span_of(children[0]))

    def size(self, children: list[Any]) -> tree.Literal:
        parts = str(children[0]).replace("X", "x").replace("×", "x").split("x")
        return tree.Literal(Size(map(int, parts)), span_of(children[0]))

    def time(self, children: list[Any]) -> tree.Literal:
        number = float(children[0][:-1])
        return tree.Literal(Time(number, str(children[0][-1])), span_of(children[0]))

    def string(self, children: list[Any]) -> tree.Literal:
        return tree.Literal(_unquoted(children[0]), span_of(children[0]))

    def name(self, children: list[Any]) -> Name:
        return _name(children[0])

    def call_value(self, children: list[Any]) -> tree.CallValue:
        arguments, end = children[1]
        return tree.CallValue(_name(children[0]), arguments, span_of(children[0]).to(end))

    def parenthesis(self, children: list[Any]) -> Any:
        return replace(children[1], span=span_of(children[0], children[-1]))

    def pair(self, children: list[Any]) -> tree.Items:
        return replace(self.items(children), round=True)

    def items(self, children: list[Any]) -> tree.Items:
        return tree.Items(_nodes(children), span_of(children[0], children[-1]))
