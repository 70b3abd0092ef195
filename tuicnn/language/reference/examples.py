"""The example of each word in a whole file: the smallest network that it stands in without a complaint."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from tuicnn.language.checking import NETWORK, Checked, check
from tuicnn.language.plan import Plan
from tuicnn.layers.base import Shape
from tuicnn.vocabulary import info

from .entries import Entry

__all__ = ["NETWORK", "check_example", "example_plan", "example_program", "example_shapes"]

#: a network whose target may be the image
AUTOENCODER = "conv 8 3x3 stride=2 pad=same -> relu -> upsample 2 -> conv 1 3x3 pad=1"

#: what a layer's example may follow and what may follow it; the first pair that fits is taken
_BEFORE = ("", "conv 8 3x3 pad=1", "conv 8 3x3 pad=1 -> maxpool 2 -> flatten")
_AFTER = ("", "dense 10", "flatten -> dense 10")


def example_program(entry: Entry) -> str:
    """A whole file with the entry's example in it. `include:` names a file that the reader has to have."""
    return _chosen(entry)[0]


def example_plan(entry: Entry) -> Plan:
    """The plan of that file, on MNIST. Raises `ValueError` where it has a mistake, and for `include:`."""
    text, checked = _chosen(entry)
    if checked.plan is None:
        raise ValueError(f"the example of {entry.name} has a mistake: {text}")
    return checked.plan


def example_shapes(entry: Entry) -> tuple[Shape, Shape]:
    """What goes into the example of a layer in that file, and what comes out."""
    name = "add" if entry.name == "residual" else entry.name
    node = next(n for n in example_plan(entry).nodes if info(n.layer).name == name)
    return node.input_shapes[-1 if entry.name == "residual" else 0], node.shape


def check_example(entry: Entry, text: str) -> Checked:
    """Check a file; a data set that an example names need not be on this machine."""
    if entry.family == "data":
        return check(text, name=entry.name, input=(1, 28, 28), classes=10)
    return check(text, name=entry.name)


@cache
def _chosen(entry: Entry) -> tuple[str, Checked]:
    first = None
    for text in _candidates(entry):
        checked = check_example(entry, text)
        if checked.ok and not checked.diagnostics:
            return text, checked
        first = first or (text, checked)
    assert first is not None
    return first


def _candidates(entry: Entry) -> Iterator[str]:
    if entry.family == "layer":
        for before in _BEFORE:
            # only a convolution of its own begins a network well; no other convolution then stands before it
            if bool(before) != (entry.name == "conv"):
                for after in _AFTER:
                    yield " -> ".join(part for part in (before, entry.example, after) if part)
    elif entry.family == "init":
        yield NETWORK.replace("dense 10" if "dense" in entry.example else "conv 8 3x3 pad=1", entry.example)
    elif entry.name == "default":
        yield f"{entry.example}\n{NETWORK.replace(' pad=1', '')}"
    elif entry.family == "schedule" or entry.name == "schedule":
        yield f"{entry.example}\ntrain: epochs=30\n{NETWORK}"
    elif entry.name == "target":
        yield f"{entry.example}\n{AUTOENCODER}"
    else:
        yield f"{entry.example}\n{NETWORK}"
