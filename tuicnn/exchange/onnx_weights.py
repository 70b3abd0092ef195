"""The weights in a file of ONNX, by the operators that take them: exporters name them as they like."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tuicnn.errors import UserError
from tuicnn.exchange.onnx_file import import_onnx
from tuicnn.exchange.weights_file import WeightGroup, WeightsFile, groups_of, known_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["of_onnx"]

#: operators that only move or pass on what they take
_MOVES = ("Identity", "Reshape", "Transpose", "Unsqueeze", "Squeeze")
#: what an operator's inputs are in PyTorch, from the second on
_ROLES: dict[str, tuple[str, ...]] = {
    "Conv": ("weight", "bias"),
    "ConvTranspose": ("weight", "bias"),
    "Gemm": ("weight", "bias"),
    "MatMul": ("weight",),
    "BatchNormalization": ("weight", "bias", "running_mean", "running_var"),
    "LayerNormalization": ("weight", "bias"),
    "InstanceNormalization": ("weight", "bias"),
    "GroupNormalization": ("weight", "bias"),
    "PRelu": ("weight",),
}


def of_onnx(path: Path, data: bytes) -> WeightsFile:
    """The groups in the order of the operators, those by name, and what the metadata tell. Raises `UserError`.

    What lies in files beside it, as PyTorch writes it, is read too.
    """
    onnx = import_onnx()
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load_model_from_string(data)
        onnx.external_data_helper.load_external_data_for_model(model, str(path.parent))
        onnx.checker.check_model(model)
    except (DecodeError, onnx.checker.ValidationError, ValueError, OSError) as error:
        reason = str(error).strip().partition("\n")[0] or "it is damaged"
        raise UserError(f"{path} cannot be read as a network of ONNX: {reason}") from error
    arrays = {each.name: onnx.numpy_helper.to_array(each) for each in model.graph.initializer}
    named = groups_of({name: array for name, array in arrays.items() if "." in name})  # others are no layer's
    reader = _Reader(onnx, arrays)
    for node in model.graph.node:
        reader.take(node)
    known = known_of({each.key: each.value for each in model.metadata_props})
    return WeightsFile(path, tuple(reader.groups), tuple(named), known)


class _Reader:
    """Takes the operators of a graph in order, and gathers the weights of each layer."""

    def __init__(self, onnx: Any, arrays: dict[str, NDArray[Any]]) -> None:
        self.groups: list[WeightGroup] = []
        self._onnx = onnx
        self._arrays = arrays  # values that are known: weights, and what only moves them
        self._sources = {name: name for name in arrays}  # what a known value is called in the file
        self._made: dict[str, Any] = {}  # the operator that made a value
        self._open: dict[str, int] = {}  # products and scales: the group of a value to which a bias may be added

    def take(self, node: Any) -> None:
        """Take the next operator."""
        attributes = {a.name: self._onnx.helper.get_attribute_value(a) for a in node.attribute}
        kind, output = node.op_type, node.output[0]
        if kind == "Constant" and "value" in attributes:
            self._know(output, self._onnx.numpy_helper.to_array(attributes["value"]), output)
        elif kind in _MOVES and node.input[0] in self._arrays:
            moved, name = self._arrays[node.input[0]], self._sources[node.input[0]]
            self._know(output, moved.transpose(attributes.get("perm")) if kind == "Transpose" else moved, name)
        elif kind in _ROLES:
            self._layer(node, attributes)
        elif kind == "Mul" and self._normalised(node):
            self._part(node, "weight")
        elif kind == "Add":
            self._part(node, "bias")
        self._made[output] = node

    def _know(self, name: str, array: NDArray[Any], source: str) -> None:
        self._arrays[name], self._sources[name] = array, source

    def _layer(self, node: Any, attributes: Mapping[str, Any]) -> None:
        """An operator that has its weights itself."""
        given = {
            role: name
            for role, name in zip(_ROLES[node.op_type], node.input[1:], strict=False)
            if name in self._arrays and self._arrays[name].dtype.kind == "f"
        }
        if "weight" not in given:
            return
        arrays = {role: self._arrays[name] for role, name in given.items()}
        if node.op_type == "InstanceNormalization" and (arrays["weight"] == 1).all() and not arrays["bias"].any():
            return  # groups of channels: what is learnt comes after it
        if node.op_type == "MatMul" or (node.op_type == "Gemm" and not attributes.get("transB", 0)):
            arrays["weight"] = arrays["weight"].T
        if node.op_type == "PRelu":
            arrays["weight"] = arrays["weight"].reshape(-1)
        self._add(node, arrays, {role: self._sources[name] for role, name in given.items()})

    def _part(self, node: Any, role: str) -> None:
        """A product by a weight, or a sum with a bias, that is an operator of its own."""
        known = [name for name in node.input if name in self._arrays and self._arrays[name].dtype.kind == "f"]
        others = [name for name in node.input if name not in self._arrays]
        if len(known) != 1 or len(others) != 1 or not self._arrays[known[0]].ndim:
            return
        array, source = self._arrays[known[0]], self._sources[known[0]]
        array = array.reshape(-1) if sum(size > 1 for size in array.shape) <= 1 else array
        if role == "weight":
            self._add(node, {role: array}, {role: source})
        elif (place := self._open.get(others[0])) is not None and role not in self.groups[place].arrays:
            group = self.groups[place]
            self.groups[place] = self._group(group.name, {**group.arrays, role: array}, {**group.sources, role: source})

    def _normalised(self, node: Any) -> bool:
        """Whether a product's other factor comes out of a normalisation that was written as several operators."""
        return any(
            name in self._made and self._made[name].op_type in ("Div", "Reshape", "InstanceNormalization")
            for name in node.input
        )

    def _add(self, node: Any, arrays: Mapping[str, NDArray[Any]], sources: Mapping[str, str]) -> None:
        """A group is called as its weight is, where that has a layer's name; else as the operator."""
        layer = sources["weight"].rpartition(".")[0] or node.name or sources["weight"]
        self.groups.append(self._group(layer, arrays, sources))
        self._open[node.output[0]] = len(self.groups) - 1

    def _group(self, name: str, arrays: Mapping[str, NDArray[Any]], sources: Mapping[str, str]) -> WeightGroup:
        values = {role: np.ascontiguousarray(array, np.float32) for role, array in arrays.items()}
        return WeightGroup(name, values, dict(sources))
