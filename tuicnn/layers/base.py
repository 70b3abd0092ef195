"""The base of all layers: shape rule, weights, cost, forward and backward.

Arrays inside the network are `(H, W, N, C)` for images and `(N, V)` for vectors; shapes in a plan, and everything a
person sees, are `(C, H, W)` and `(V,)`, as PyTorch has them. Why this order: one pixel of all images is one run of N·C
numbers, so that shifts, strides and borders are copies of long runs; and every product is rows of pixels by columns of
channels, the form in which a product is fastest.

A batch is cut into shards, and a layer's `forward` and `backward` are called once for each shard, in one of several
processes: they must not write to the layer (layers are frozen) or to the parameters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from tuicnn.vocabulary import arguments, word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tuicnn.kernels.arrays import Array

    from .onnx_graph import OnnxGraph

    #: arrays by name: a layer's weights, their gradients, its buffers
    Arrays = Mapping[str, Array]
    #: the gradient by each input; None where it is not needed
    Gradients = Sequence[Array | None]
    Partial = NDArray[np.float64]
    Initialiser = Callable[[np.random.Generator, tuple[int, ...], int, int], Array]

__all__ = ["Layer", "LayerContext", "Shape", "ShapeError", "WeightSpec"]

#: registers a class of layers
layer = partial(word, "layer")
#: (C, H, W) for an image, (V,) for a vector
Shape = tuple[int, ...]


class ShapeError(ValueError):
    """A layer cannot take what it is given.

    `argument` is the one to blame. `write` is the text to write for it, or where none is to blame, before the layer;
    `more` is what else helps, and goes on with that sentence.
    """

    def __init__(self, message: str, *, argument: str = "", write: str = "", more: str = "") -> None:
        super().__init__(message)
        self.argument = argument
        self.write = write
        self.more = more


@dataclass(frozen=True)
class WeightSpec:
    """One array of weights: a parameter, which is learnt, or a buffer, such as a running mean.

    `shape` is the engine's own layout. `axes` takes it to PyTorch's: `outer = inner.transpose(axes)`.
    `initial(generator, shape, fan_in, fan_out)` gives the first values, in float64.
    """

    shape: tuple[int, ...]
    initial: Initialiser
    axes: tuple[int, ...] | None = None
    fan_in: int = 1
    fan_out: int = 1
    is_parameter: bool = True

    @property
    def outer_shape(self) -> tuple[int, ...]:
        """The shape as PyTorch has it."""
        return tuple(self.shape[a] for a in self.axes) if self.axes else self.shape


@dataclass
class LayerContext:
    """What a layer is told for one pass of one shard: training or not, randomness, statistics of the whole batch."""

    training: bool
    #: a generator that depends only on (seed, layer, epoch, step, shard); None where nothing is to be drawn
    random: Callable[[], np.random.Generator] | None = None
    #: what `combine` or `combine_backward` made of the whole batch, for layers with `whole_batch`
    shared: Any = None
    #: running statistics and the like, by name (engine layout); read only
    buffers: Mapping[str, Array] = field(default_factory=dict)
    #: False where the gradient by the inputs is not needed (the first layer): backward may give None for them
    needs_input_gradient: bool = True
    #: True where no other layer reads the input after this, so that it may be written over
    in_place: bool = False


class Layer:
    """The base of all layers. Subclasses are frozen dataclasses registered with `layer(…)`."""

    #: how many inputs it takes; None for any number (`add`, `concat`)
    arity: int | None = 1
    #: True where training needs sums over the whole batch before forward and before backward (batchnorm)
    whole_batch: bool = False
    #: True where a unit can be 0 for every image and then learns no more (relu): the screen counts such units
    can_die: bool = False
    #: True where its first weights are made from the training images, which it must read
    of_images: bool = False
    #: True where its output is always in memory of its own, which backward does not need: the only layer that reads it
    #: may write over it
    owns_output: ClassVar[bool] = False
    #: True where each output is a sum of products with `weight`, whose last axis is the output's channels, and `bias`
    #: where it has one: a scale and a shift of its channels can be put into its weights
    is_affine: ClassVar[bool] = False
    #: what all its outputs are, whatever its inputs; "" where they may be any numbers
    limits: ClassVar[str] = ""

    # --- what the plan asks (no arrays) -----------------------------------------------------------------------------

    def output(self, *inputs: Shape) -> Shape:
        """The shape of the output for these shapes of inputs. Raises `ShapeError`."""
        return inputs[0]

    def weights(self, *inputs: Shape) -> dict[str, WeightSpec]:
        """The weights by name, as PyTorch names them (`weight`, `bias`, `running_mean`), in PyTorch's order."""
        return {}

    def rate_of(self, weight: str) -> float:
        """What the learning rate is multiplied by for one of its weights; 0: it stays as it begins."""
        return 1.0

    def decay_of(self, weight: str) -> float:
        """What the weight decay is multiplied by for one of its weights."""
        return 1.0

    def macs(self, *inputs: Shape) -> int:
        """Multiply-adds of one image's forward pass (0 for layers without products)."""
        return 0

    def method(self, *inputs: Shape) -> str:
        """The kernel that computes it for these shapes of inputs, where there are several; else ""."""
        return ""

    def torch(self, *inputs: Shape) -> tuple[str, ...]:
        """The same in PyTorch: modules of `torch.nn` as they are written, in turn; the last has the weights."""
        return (f"{type(self).__name__}({', '.join(repr(getattr(self, a.name)) for a in arguments(self))})",)

    def torch_expression(self, *inputs: Shape) -> str:
        """The same in PyTorch as an expression of the inputs `x0`, `x1` and so on, where `torch.nn` has no module for
        it; else "". Of a layer with weights it calls `module`, which is what `torch` gives."""
        return ""

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        """The same after training in ONNX: adds its operators to the graph, and gives the name of its output.

        `inputs` and `weights` are values by name, shaped as PyTorch has them; `shapes` are those of the inputs.
        """
        raise NotImplementedError

    def working_set(self, *inputs: Shape) -> int:
        """How many values of one image forward has at once outside training: those that come in, between and out."""
        return sum(map(math.prod, (*inputs, self.output(*inputs))))

    # --- what the network asks --------------------------------------------------------------------------------------

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """The output of one shard, and what `backward` will need (may be None where not `context.training`)."""
        raise NotImplementedError

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """The gradient of each input from the output's, `dy`; *writes* (not adds) each weight's into `gradients`.

        A layer must not write into `dy`, nor return `dy` itself after changing it (returning it unchanged is fine). It
        may write over what it saved for this alone, and over its own output: whoever read that has gone back before.
        """
        raise NotImplementedError

    # --- only where `whole_batch` -----------------------------------------------------------------------------------

    def gather(self, inputs: Sequence[Array], weights: Arrays) -> Partial:
        """One shard's share of what forward must know of the whole batch: an array of one shape for all shards."""
        raise NotImplementedError

    def combine(self, partials: Sequence[Partial]) -> Any:
        """All shards' partial sums, in their order, made one: `shared` in forward and in `update_running_stats`."""
        raise NotImplementedError

    def gather_backward(self, dy: Array, saved: Any, weights: Arrays) -> Partial:
        """One shard's share of what backward must know of the whole batch: an array of one shape for all shards."""
        raise NotImplementedError

    def combine_backward(self, partials: Sequence[Partial]) -> Any:
        """All shards' partial sums, in their order, made one: `shared` in backward."""
        raise NotImplementedError

    def update_running_stats(self, shared: Any, buffers: Arrays) -> None:
        """Update the running statistics in `buffers` in place, once a training step, from what `combine` made."""
        raise NotImplementedError
