"""The stable codes of problems, as in `error[shape]`: scripts and pages may rely on them."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["CODES", "Code"]


class Code(StrEnum):
    """What sort of problem it is."""

    FILE = "file"
    SYNTAX = "syntax"
    NAME = "name"
    ARGUMENT = "argument"
    RANGE = "range"
    SHAPE = "shape"
    STRIDE = "stride"
    BLOCK = "block"
    LABEL = "label"
    CONSTANT = "constant"
    RECURSION = "recursion"
    LIMIT = "limit"
    SETTING = "setting"
    DATA = "data"
    LOSS = "loss"
    EMPTY = "empty"
    MEMORY = "memory"
    TIME = "time"


#: one line on each code
CODES: dict[Code, str] = {
    Code.FILE: "the file cannot be read",
    Code.SYNTAX: "the text is not of the language's form",
    Code.NAME: "a name that is not known: a layer, block, setting, constant or word",
    Code.ARGUMENT: "an argument that is missing, unknown, given twice or one too many",
    Code.RANGE: "a value that an argument cannot take",
    Code.SHAPE: "a layer cannot take the shape it is given, or branches do not match",
    Code.STRIDE: "a window does not divide its image evenly",
    Code.BLOCK: "a block that is defined or used wrongly",
    Code.LABEL: "a label that is not known, made twice or used in the wrong place",
    Code.CONSTANT: "a constant that is defined twice or cannot be computed",
    Code.RECURSION: "a block, constant or file that needs itself",
    Code.LIMIT: "more layers, nesting or digits than there may be",
    Code.SETTING: "a setting that is given twice or says nothing",
    Code.DATA: "the data set is not known, not found, or does not fit the network",
    Code.LOSS: "the network's outputs do not suit the classes or the loss",
    Code.EMPTY: "there is no layer, or nothing to train",
    Code.MEMORY: "a training step would not fit in this machine's memory",
    Code.TIME: "an epoch would take days on this machine",
}
