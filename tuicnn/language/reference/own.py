"""The words of the language that no class stands for: the settings that choose among words, and `residual`."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["OWN", "Own"]


@dataclass(frozen=True)
class Own:
    """What a class would say of itself (see `vocabulary.WordInfo`); `usage` and `example` as they stand in a file."""

    family: str
    name: str
    usage: str
    example: str
    help: str
    group: str = ""
    shape: str = ""
    formula: str = ""
    source: str = ""


OWN = (
    Own(
        "layer",
        "residual",
        usage="residual { a }",
        example="residual { conv 8 3x3 pad=1 -> relu }",
        help="adds its input to what its chain makes of it; short for add { a | identity }",
        group="branches",
        shape="any shape -> the same shape\nthe chain inside must end in the shape that it begins with",
        formula="y = a(x) + x",
        source="He, Zhang, Ren and Sun, Deep Residual Learning for Image Recognition (2016), equation 1",
    ),
    Own("setting", "data", usage="", example="data: mnist val=5000", help="what to train on"),
    Own(
        "setting",
        "loss",
        usage="",
        example="loss: cross_entropy smoothing=0.1",
        help="how wrong an output is: what training makes small",
    ),
    Own(
        "setting",
        "optim",
        usage="",
        example="optim: sgd lr=0.1 momentum=0.9",
        help="how the weights move against their gradient",
    ),
    Own(
        "setting",
        "schedule",
        usage="",
        example="schedule: cosine warmup=1",
        help="how the learning rate changes from step to step",
    ),
    Own(
        "setting",
        "default",
        usage="default: LAYER k=v ...",
        example="default: conv pad=same bias=false",
        help="options of a layer for every one that does not say otherwise; one line for each layer",
    ),
    Own(
        "setting",
        "include",
        usage='include: "FILE"',
        example='include: "blocks.net"',
        help="the blocks, constants and settings of another file; its path starts from this file's folder",
    ),
)
