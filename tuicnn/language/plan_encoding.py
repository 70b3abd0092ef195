"""A plan as JSON, and back, for another process: it needs neither the files that the net includes nor its data set."""

from __future__ import annotations

from typing import Any

from tuicnn.language.diagnostics import Source, Span
from tuicnn.language.plan import INPUT, Node, Plan, costs_of
from tuicnn.language.vocabularies import fill_vocabularies
from tuicnn.layers.base import Shape
from tuicnn.records import dump_plain, parse
from tuicnn.vocabulary import decoded, encoded

__all__ = ["decode_plan", "encode_plan"]

#: a plan's fields that are objects of the vocabulary, and the name of theirs
_SETTINGS = {
    "data": "data",
    "augment": "setting",
    "test": "setting",
    "loss": "loss",
    "optimizer": "optim",
    "schedule": "schedule",
    "train": "setting",
    "target": "setting",
}


def encode_plan(plan: Plan) -> str:
    """All of a plan but its places in files: what computes the same numbers, and what was filled in."""
    return dump_plain(
        {
            "name": plan.name,
            "text": plan.text,
            "input": list(plan.input),
            "classes": plan.classes,
            "nodes": [[node.name, encoded(node.layer), list(node.inputs), node.text] for node in plan.nodes],
            "filled_in": list(plan.filled_in),
            **{field: encoded(getattr(plan, field)) for field in _SETTINGS},
        }
    )


def decode_plan(text: str) -> Plan:
    """The plan of `encode_plan`; every node stands at the beginning of the text."""
    fill_vocabularies()
    given: dict[str, Any] = parse(text)
    span = Span(1, 1, 1, 1, Source(given["name"], given["text"]))
    shapes: dict[int, Shape] = {INPUT: tuple(given["input"])}
    nodes = []
    for number, (name, layer, inputs, written) in enumerate(given["nodes"]):
        made, known = decoded("layer", layer), tuple(shapes[source] for source in inputs)
        shapes[number], parameters, macs = costs_of(made, known)
        nodes.append(Node(name, made, tuple(inputs), known, shapes[number], parameters, macs, written, span))
    settings = {field: decoded(vocabulary, given[field]) for field, vocabulary in _SETTINGS.items()}
    return Plan(
        given["name"],
        given["text"],
        shapes[INPUT],
        given["classes"],
        tuple(nodes),
        filled_in=tuple(given["filled_in"]),
        **settings,
    )
