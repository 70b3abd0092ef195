"""A network as operators of ONNX, in plain values: what a layer's `onnx` adds to. Needs no package but NumPy.

Shapes are PyTorch's and ONNX's: images (N, C, H, W), vectors (N, V). The operators are those of opset 17, which ONNX
Runtime has known since 1.12: https://onnx.ai/onnx/operators/.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tuicnn.lazy_numpy import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    #: what an operator takes: a value by its name, a number, whole numbers or an array; None for one that is left out
    Operand = str | float | Sequence[int] | NDArray[Any] | None

__all__ = ["OPSET", "OnnxGraph", "Operator"]

OPSET = 17


@dataclass(frozen=True)
class Operator:
    """One operator with its inputs ("" for one that is left out) and its output by name, and the layer it is of."""

    name: str
    inputs: tuple[str, ...]
    output: str
    attributes: Mapping[str, Any]
    layer: str


class OnnxGraph:
    """Operators in the order of computation, and the constants that they take."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        """`taken` are names that no value may have: those of inputs, outputs and weights."""
        self.operators: list[Operator] = []
        self.constants: dict[str, NDArray[Any]] = {}
        self._taken = set(taken)
        self._layer = ""

    def op(self, name: str, *inputs: Operand, **attributes: Any) -> str:
        """Add an operator with one output, and give the name of that.

        Numbers become float32, whole numbers in a sequence int64, as ONNX wants shapes and axes; attributes are whole
        numbers, sequences of them, floats or strings.
        """
        named = tuple(self._named(each) for each in inputs)
        output = self._free(f"{self._layer}/{name}")
        self.operators.append(Operator(name, named, output, attributes, self._layer))
        return output

    def begin(self, layer: str) -> None:
        """What is added from now on is of this layer."""
        self._layer = layer

    def rename(self, value: str, wanted: str) -> str:
        """Call the output of an operator otherwise: as wanted, or nearly so where that name is taken."""
        self._taken.discard(value)
        return self.give_out(value, self._free(wanted))

    def give_out(self, value: str, name: str) -> str:
        """Call the output of an operator by the name of one of the graph's own outputs, which was taken for it."""
        self.operators = [
            replace(
                each,
                inputs=tuple(name if given == value else given for given in each.inputs),
                output=name if each.output == value else each.output,
            )
            for each in self.operators
        ]
        return name

    def _named(self, given: Operand) -> str:
        if given is None or isinstance(given, str):
            return given or ""
        whole = not isinstance(given, float | np.ndarray)
        array = np.asarray(given, np.int64 if whole else np.float32)
        name = self._free(f"{self._layer}/constant")
        self.constants[name] = array
        return name

    def _free(self, wanted: str) -> str:
        """A name like the one that is wanted, which is taken from now on."""
        name, count = wanted, 1
        while name in self._taken:
            count += 1
            name = f"{wanted}_{count}"
        self._taken.add(name)
        return name
