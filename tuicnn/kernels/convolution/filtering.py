"""The constant matrices of Winograd's minimal filtering, for any small kernel and stride.

Minimal filtering F(m, r) computes m outputs of a filter g of r values from n = m + r - 1 values d with n products,
where the definition has m·r:

    y = AT [ (G g) * (BT d) ]                                                             (* value by value)

It is the transpose of a product of polynomials done by values: evaluate both at n - 1 points and at infinity (where a
polynomial's value is its leading coefficient), multiply, interpolate. With the finite points p:

    AT has the columns (1, p, p², …), and for infinity (0, …, 0, 1)
    G  has the rows (1, p, p², …) / Π (p - q) over the other points q, and for infinity (0, …, 0, 1)
    BT has as rows the coefficients of Π (x - q) over the other points q, and for infinity over all points

A stride s takes the filter apart into its phases: values i, i + s, i + 2s, … of the kernel meet only the pixels
i, i + s, … So each phase is a minimal filtering without a stride, and the outputs are their sum.

Sources: Winograd, Arithmetic Complexity of Computations (1980); Lavin and Gray, Fast Algorithms for Convolutional
Neural Networks (2016), for convolution, with the points 0, 1, -1, 2, -2; Barabasz, Anderson, Soodhalter and Gregg,
Error Analysis and Improving the Accuracy of Winograd Convolution for Deep Neural Networks (2018), for how the points
round.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

from tuicnn.lazy_numpy import np

from ..arrays import Array
from ..windows import Window

__all__ = ["POINTS", "Filtering", "filtering", "products", "saves", "tile_outputs"]

#: where polynomials are evaluated, in the order in which they are taken. A number and the other's reciprocal, 1/2 and
#: -2, round less than 2 and -2: measured for 3x3 windows of 64 channels in float32, F(4, 3) has an error of 2.6e-6 of
#: the largest value, with 2 and -2 it is 5.6e-6. The sixth is for F(5, 3) and F(3, 5): 9e-6 and 6e-6
POINTS = (0.0, 1.0, -1.0, 0.5, -2.0, 2.0)
#: by how much fewer products must be for the sixth point to be taken
WORTH = 1.1
#: the most values of a kernel in each phase of its stride for which the rounding was measured
MOST_TAPS = 5


class Filtering(NamedTuple):
    """One axis of a minimal filtering: `outputs` of each tile of `pixels`, which begin `step` pixels apart.

    The matrices are in one type of number, each also as its transpose in its own memory.
    """

    outputs: int
    step: int
    pixels: int
    bt: Array
    b: Array
    at: Array
    a: Array
    g: Array
    gt: Array

    @property
    def one(self) -> int:
        """The position of the point 1, whose column of AT is all ones: what is added there is added to each output.

        For kernels longer than the stride; for others no such point is taken.
        """
        return POINTS.index(1)

    @property
    def overlap(self) -> int:
        """How many pixels two neighbouring tiles share."""
        return self.pixels - self.step


def simple(outputs: int, taps: int) -> tuple[Array, Array, Array]:
    """BT, AT and G of F(outputs, taps), in float64."""
    if taps == 1:
        return np.eye(outputs), np.eye(outputs), np.ones((outputs, 1))
    size = outputs + taps - 1
    points = np.array(POINTS[: size - 1])
    bt, at, g = np.zeros((size, size)), np.zeros((outputs, size)), np.zeros((size, taps))
    for i, point in enumerate(points):
        others = np.delete(points, i)
        bt[i, : size - 1] = np.atleast_1d(np.poly(others))[::-1]
        at[:, i] = point ** np.arange(outputs)
        g[i] = point ** np.arange(taps) / np.prod(point - others)
    bt[-1] = np.atleast_1d(np.poly(points))[::-1]
    at[-1, -1] = g[-1, -1] = 1
    return bt, at, g


@functools.cache
def filtering(kernel: int, stride: int, outputs: int, dtype: str) -> Filtering:
    """The filtering with so many outputs a tile, which must take no more points than there are."""
    taps = [len(range(phase, kernel, stride)) for phase in range(stride)]
    size = stride * (outputs - 1) + kernel
    bt, at, g = np.zeros((size, size)), np.zeros((outputs, size)), np.zeros((size, kernel))
    first = 0
    for phase, count in enumerate(taps):
        own = slice(first, first + outputs + count - 1)
        bt[own, phase::stride], at[:, own], g[own, phase::stride] = simple(outputs, count)
        first = own.stop
    both = (np.ascontiguousarray(m, dtype) for one in (bt, at, g) for m in (one, one.T))
    return Filtering(outputs, stride * outputs, size, *both)


def products(kernel: int, stride: int, outputs: int, oh: int, ow: int) -> int:
    """The products of one channel with one filter for (oh, ow) outputs, with so many outputs a tile along each axis."""
    return -(-oh // outputs) * -(-ow // outputs) * (stride * (outputs - 1) + kernel) ** 2


@functools.cache
def tile_outputs(kernel: int, stride: int, oh: int, ow: int) -> int:
    """The outputs of a tile with which (oh, ow) outputs take the fewest products; of two such, the fewer."""
    taps = -(-kernel // stride)

    def cost(outputs: int) -> float:
        rough = outputs + taps - 1 > len(POINTS)
        return products(kernel, stride, outputs, oh, ow) * (WORTH if rough else 1)

    return min(range(1, len(POINTS) + 3 - taps), key=cost)


@functools.cache
def saves(window: Window, oh: int, ow: int, at_least: float) -> bool:
    """Whether minimal filtering can compute (oh, ow) outputs under this window, with so many times fewer products."""
    (kernel, other), (stride, other_stride) = window.kernel, window.stride
    if kernel != other or stride != other_stride or window.dilation != (1, 1):
        return False
    if not stride < kernel <= MOST_TAPS * stride:
        return False
    fewest = products(kernel, stride, tile_outputs(kernel, stride, oh, ow), oh, ow)
    return at_least * fewest <= oh * ow * kernel**2
