"""ONNX's recorded node tests, read into plain values: nodes with attributes, arrays in, arrays out."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["KINDS", "Case", "Node", "all_cases"]

Value = NDArray[Any]

KINDS = ("node", "simple", "pytorch-converted", "pytorch-operator")


@dataclass(frozen=True)
class Node:
    """One operator of a graph. `opset` is the version of the operators that the graph was written for."""

    operator: str
    attributes: Mapping[str, Any]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    opset: int


@dataclass(frozen=True)
class Case:
    """A graph, and one or more records of what goes in and what must come out, each array by its name."""

    name: str
    kind: str
    nodes: tuple[Node, ...]
    constants: Mapping[str, Value]
    records: tuple[tuple[Mapping[str, Any], Mapping[str, Any]], ...]
    rtol: float
    atol: float

    @property
    def operators(self) -> set[str]:
        return {node.operator for node in self.nodes}


@cache
def all_cases() -> tuple[Case, ...]:
    """Every case of `KINDS`, some 2000: takes a few seconds."""
    from onnx.backend.test.loader import load_model_tests

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # onnx computes many of its cases anew, infinities among them
        return tuple(_case(test) for kind in KINDS for test in load_model_tests(kind=kind))


def _case(test: Any) -> Case:
    import onnx

    model = test.model if test.model is not None else onnx.load(Path(test.model_dir) / "model.onnx")
    opset = {entry.domain: entry.version for entry in model.opset_import}
    nodes = tuple(
        Node(
            node.op_type,
            {a.name: _attribute(onnx.helper.get_attribute_value(a)) for a in node.attribute},
            tuple(node.input),
            tuple(node.output),
            opset.get(node.domain, 1),
        )
        for node in model.graph.node
    )
    constants = {c.name: onnx.numpy_helper.to_array(c) for c in model.graph.initializer}
    given = [i.name for i in model.graph.input if i.name not in constants or test.model is None]
    wanted = [o.name for o in model.graph.output]
    sets = test.data_sets if test.data_sets is not None else _stored(Path(test.model_dir))
    records = tuple((dict(zip(given, x, strict=False)), dict(zip(wanted, y, strict=True))) for x, y in sets)
    return Case(test.name, test.kind, nodes, constants, records, test.rtol, test.atol)


def _attribute(value: Any) -> Any:
    import onnx

    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, list):
        return [_attribute(each) for each in value]
    return onnx.numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value


def _stored(folder: Path) -> list[tuple[Sequence[Any], Sequence[Any]]]:
    """The records beside a stored model; what is not a tensor is None."""
    return [(_tensors(each, "input_"), _tensors(each, "output_")) for each in sorted(folder.glob("test_data_set_*"))]


def _tensors(folder: Path, start: str) -> list[Any]:
    import onnx

    found: list[Any] = []
    for number in range(len(list(folder.glob(f"{start}*.pb")))):
        tensor = onnx.TensorProto()
        try:
            tensor.ParseFromString((folder / f"{start}{number}.pb").read_bytes())
            found.append(np.asarray(onnx.numpy_helper.to_array(tensor)))
        except Exception:  # a sequence or a map, which no layer of ours takes
            found.append(None)
    return found
