"""An entry of the reference, and those of words that no class stands for: settings that choose, and `residual`."""

from __future__ import annotations

from dataclasses import dataclass

from tuicnn.vocabulary import Argument

__all__ = ["OWN", "Entry"]


@dataclass(frozen=True)
class Entry:
    """What there is to say of one word. All texts are in ASCII.

    `usage` and `example` are as they stand in a file: `optim: sgd [lr momentum]`, `optim: sgd lr=0.1`.
    """

    family: str
    name: str
    usage: str
    example: str
    help: str
    #: what some words of a family have in common, or ""
    group: str = ""
    shape: str = ""
    formula: str = ""
    source: str = ""
    #: the usage without options: `conv F KxK`
    brief: str = ""
    aliases: tuple[str, ...] = ()
    arguments: tuple[Argument, ...] = ()
    #: the line that is meant where a setting is left out, or ""
    left_out: str = ""
    #: the words that a setting chooses from
    choices: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The name as it stands in a file: `conv`, `optim:`."""
        return f"{self.name}:" if self.family == "setting" else self.name


OWN = (
    Entry(
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
    Entry("setting", "data", usage="", example="data: mnist val=5000", help="what to train on"),
    Entry(
        "setting", "loss", "", "loss: cross_entropy smoothing=0.1", "how wrong an output is: what training makes small"
    ),
    Entry("setting", "optim", "", "optim: sgd lr=0.1 momentum=0.9", "how the weights move against their gradient"),
    Entry("setting", "schedule", "", "schedule: cosine warmup=1", "how the learning rate changes from step to step"),
    Entry(
        "setting",
        "default",
        "default: LAYER k=v ...",
        "default: conv pad=same bias=false",
        "options of a layer for every one that does not say otherwise; one line for each layer",
    ),
    Entry(
        "setting",
        "include",
        usage='include: "FILE"',
        example='include: "blocks.net"',
        help="the blocks, constants and settings of another file; its path starts from this file's folder",
    ),
)
