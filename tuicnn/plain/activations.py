"""Activations from their definitions: a function of each value alone, and softmax, of a row of values.

Each is written for one number; `each` and `chain` take it to every value of an array of any shape. By the chain rule
dx = dy * (the derivative of y by x), value by value.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from tuicnn.kernels.arrays import Array
from tuicnn.lazy_numpy import np

from .shapes import floating, need_like

__all__ = [
    "elu",
    "elu_backward",
    "gelu",
    "gelu_backward",
    "hardsigmoid",
    "hardsigmoid_backward",
    "hardswish",
    "hardswish_backward",
    "leaky_relu",
    "leaky_relu_backward",
    "mish",
    "mish_backward",
    "prelu",
    "prelu_backward",
    "relu",
    "relu6",
    "relu6_backward",
    "relu_backward",
    "rescale",
    "rescale_backward",
    "sigmoid",
    "sigmoid_backward",
    "silu",
    "silu_backward",
    "softmax",
    "softmax_backward",
    "tanh",
    "tanh_backward",
]

Function = Callable[[float], float]


def each(function: Function, x: Array) -> Array:
    """y[place] = function(x[place]), for every place of x."""
    y = np.zeros(x.shape, floating(x))
    for place in np.ndindex(*x.shape):
        y[place] = function(float(x[place]))
    return y


def chain(derivative: Function, dy: Array, x: Array) -> Array:
    """dx[place] = dy[place] * derivative(x[place]), for every place of x."""
    need_like("dy", dy, x.shape)
    dx = np.zeros(x.shape, floating(dy, x))
    for place in np.ndindex(*x.shape):
        dx[place] = dy[place] * derivative(float(x[place]))
    return dx


def relu(x: Array) -> Array:
    """y = max(x, 0), as torch.nn.functional.relu.

    Source: Nair and Hinton, Rectified Linear Units Improve Restricted Boltzmann Machines (2010).
    """
    return each(lambda value: max(value, 0.0), x)


def relu_backward(dy: Array, x: Array) -> Array:
    """dx = dy where x > 0, else 0. At x = 0, where there is no derivative, it is 0, as in PyTorch."""
    return chain(lambda value: 1.0 if value > 0 else 0.0, dy, x)


def leaky_relu(x: Array, slope: float = 0.01) -> Array:
    """y = max(x, 0) + slope * min(x, 0), as torch.nn.functional.leaky_relu.

    Source: Maas, Hannun and Ng, Rectifier Nonlinearities Improve Neural Network Acoustic Models (2013).
    """
    return each(lambda value: max(value, 0.0) + slope * min(value, 0.0), x)


def leaky_relu_backward(dy: Array, x: Array, slope: float = 0.01) -> Array:
    """dx = dy where x > 0, else slope * dy."""
    return chain(lambda value: 1.0 if value > 0 else slope, dy, x)


def relu6(x: Array) -> Array:
    """y = min(max(x, 0), 6), as torch.nn.functional.relu6.

    Source: Sandler and others, MobileNetV2: Inverted Residuals and Linear Bottlenecks (2018).
    """
    return each(lambda value: min(max(value, 0.0), 6.0), x)


def relu6_backward(dy: Array, x: Array) -> Array:
    """dx = dy where 0 < x < 6, else 0; at 0 and 6 too, as in PyTorch."""
    return chain(lambda value: 1.0 if 0 < value < 6 else 0.0, dy, x)


def rescale(x: Array, scale: float, offset: float = 0.0) -> Array:
    """y = scale * x + offset, of two fixed numbers: with -1 and 1 it is 1 - x.

    Source: Srivastava, Greff and Schmidhuber, Highway Networks (2015), where 1 - x weighs what is carried past.
    """
    return each(lambda value: scale * value + offset, x)


def rescale_backward(dy: Array, x: Array, scale: float, offset: float = 0.0) -> Array:
    """dx = scale * dy."""
    return chain(lambda value: scale, dy, x)


def prelu(x: Array, weight: Array) -> Array:
    """y = max(x, 0) + weight * min(x, 0), as torch.nn.functional.prelu: a slope for each channel, or one for all.

    x is (N, C, H, W) or (N, C). Source: He, Zhang, Ren and Sun, Delving Deep into Rectifiers (2015), section 2.1.
    """
    y = np.zeros(x.shape, floating(x))
    for place in np.ndindex(*x.shape):
        value, slope = float(x[place]), weight[place[1] % len(weight)]
        y[place] = max(value, 0.0) + slope * min(value, 0.0)
    return y


def prelu_backward(dy: Array, x: Array, weight: Array) -> tuple[Array, Array]:
    """dx and dweight: dx = dy where x > 0, else weight * dy; dweight is the sum of dy * min(x, 0) over its places."""
    need_like("dy", dy, x.shape)
    dx, dweight = np.zeros(x.shape, floating(dy, x)), np.zeros(weight.shape, floating(dy, x))
    for place in np.ndindex(*x.shape):
        value, own = float(x[place]), place[1] % len(weight)
        dx[place] = dy[place] if value > 0 else weight[own] * dy[place]
        dweight[own] += dy[place] * min(value, 0.0)
    return dx, dweight


def elu(x: Array, alpha: float = 1.0) -> Array:
    """y = x where x > 0, else alpha * (exp(x) - 1), as torch.nn.functional.elu.

    Source: Clevert, Unterthiner and Hochreiter, Fast and Accurate Deep Network Learning by Exponential Linear Units
    (2016).
    """
    return each(lambda value: value if value > 0 else alpha * math.expm1(value), x)


def elu_backward(dy: Array, x: Array, alpha: float = 1.0) -> Array:
    """dx = dy where x > 0, else dy * alpha * exp(x)."""
    return chain(lambda value: 1.0 if value > 0 else alpha * math.exp(value), dy, x)


def normal_cdf(x: float) -> float:
    """The share of a standard normal distribution that lies below x: (1 + erf(x / sqrt(2))) / 2."""
    return (1 + math.erf(x / math.sqrt(2))) / 2


def normal_density(x: float) -> float:
    """The density of a standard normal distribution, the derivative of `normal_cdf`: exp(-x**2 / 2) / sqrt(2 pi)."""
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def gelu(x: Array) -> Array:
    """y = x * normal_cdf(x), as torch.nn.functional.gelu: x times the share of a normal distribution below x.

    Source: Hendrycks and Gimpel, Gaussian Error Linear Units (2016), in its exact form.
    """
    return each(lambda value: value * normal_cdf(value), x)


def gelu_backward(dy: Array, x: Array) -> Array:
    """dx = dy * (normal_cdf(x) + x * normal_density(x)), by the product rule."""
    return chain(lambda value: normal_cdf(value) + value * normal_density(value), dy, x)


def logistic(x: float) -> float:
    """1 / (1 + exp(-x)); for negative x written as exp(x) / (1 + exp(x)), so that no exp can overflow."""
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def sigmoid(x: Array) -> Array:
    """y = 1 / (1 + exp(-x)), as torch.sigmoid.

    Source: Goodfellow, Bengio and Courville, Deep Learning (2016), equation 3.30.
    """
    return each(logistic, x)


def sigmoid_backward(dy: Array, x: Array) -> Array:
    """dx = dy * y * (1 - y) with y = sigmoid(x), as exp(-x) / (1 + exp(-x))**2 is y * (1 - y)."""
    return chain(lambda value: logistic(value) * (1 - logistic(value)), dy, x)


def silu(x: Array) -> Array:
    """y = x * sigmoid(x), as torch.nn.functional.silu.

    Source: Elfwing, Uchibe and Doya, Sigmoid-Weighted Linear Units for Neural Network Function Approximation (2018).
    """
    return each(lambda value: value * logistic(value), x)


def silu_backward(dy: Array, x: Array) -> Array:
    """dx = dy * s * (1 + x * (1 - s)) with s = sigmoid(x), by the product rule."""
    return chain(lambda value: logistic(value) * (1 + value * (1 - logistic(value))), dy, x)


def softplus(x: float) -> float:
    """log(1 + exp(x)); for positive x written as x + log(1 + exp(-x)), so that no exp can overflow."""
    return x + math.log1p(math.exp(-x)) if x > 0 else math.log1p(math.exp(x))


def mish(x: Array) -> Array:
    """y = x * tanh(log(1 + exp(x))), as torch.nn.functional.mish.

    Source: Misra, Mish: A Self Regularized Non-Monotonic Activation Function (2020).
    """
    return each(lambda value: value * math.tanh(softplus(value)), x)


def mish_backward(dy: Array, x: Array) -> Array:
    """dx = dy * (t + x * (1 - t**2) * sigmoid(x)) with t = tanh(log(1 + exp(x))), by the product rule.

    The derivative of log(1 + exp(x)) is sigmoid(x), and that of tanh is 1 - tanh**2.
    """

    def derivative(value: float) -> float:
        t = math.tanh(softplus(value))
        return t + value * (1 - t * t) * logistic(value)

    return chain(derivative, dy, x)


def hardsigmoid(x: Array) -> Array:
    """y = min(max(x + 3, 0), 6) / 6, as torch.nn.functional.hardsigmoid: three lines in place of a sigmoid.

    Source: Howard and others, Searching for MobileNetV3 (2019), section 5.2.
    """
    return each(lambda value: min(max(value + 3, 0.0), 6.0) / 6, x)


def hardsigmoid_backward(dy: Array, x: Array) -> Array:
    """dx = dy / 6 where -3 < x < 3, else 0."""
    return chain(lambda value: 1 / 6 if -3 < value < 3 else 0.0, dy, x)


def hardswish(x: Array) -> Array:
    """y = x * min(max(x + 3, 0), 6) / 6, as torch.nn.functional.hardswish.

    Source: Howard and others, Searching for MobileNetV3 (2019), section 5.2.
    """
    return each(lambda value: value * min(max(value + 3, 0.0), 6.0) / 6, x)


def hardswish_backward(dy: Array, x: Array) -> Array:
    """dx = 0 up to -3, dy from 3 on, and dy * (2 * x + 3) / 6 between, by the product rule."""
    return chain(lambda value: 0.0 if value <= -3 else 1.0 if value >= 3 else (2 * value + 3) / 6, dy, x)


def tanh(x: Array) -> Array:
    """y = (exp(x) - exp(-x)) / (exp(x) + exp(-x)), as torch.tanh.

    Source: LeCun, Bottou, Orr and Mueller, Efficient BackProp (1998), section 4.4.
    """
    return each(math.tanh, x)


def tanh_backward(dy: Array, x: Array) -> Array:
    """dx = dy * (1 - y**2) with y = tanh(x), as tanh = sinh / cosh and cosh**2 - sinh**2 = 1."""
    return chain(lambda value: 1 - math.tanh(value) ** 2, dy, x)


def softmax(x: Array, dim: int = -1) -> Array:
    """Each row of values along the axis `dim` as shares of 1, as torch.softmax; the shape stays.

    y[k] = exp(x[k]) / sum over j of exp(x[j]). The row's largest value is taken off first: it cancels, and no exp can
    overflow. Of outputs (N, K) the rows are the images', dim=-1; of images (N, C, H, W) dim=1 makes each pixel's
    channels a row. Source: Goodfellow, Bengio and Courville, Deep Learning (2016), equation 6.29.
    """
    rows = np.moveaxis(x, dim, -1)
    y = np.zeros(rows.shape, floating(x))
    for row in np.ndindex(*rows.shape[:-1]):
        largest = max(float(value) for value in rows[row])
        total = 0.0
        for k, value in enumerate(rows[row]):
            y[row][k] = math.exp(float(value) - largest)
            total += float(y[row][k])
        for k in range(rows.shape[-1]):
            y[row][k] /= total
    return np.moveaxis(y, -1, dim)


def softmax_backward(dy: Array, x: Array, dim: int = -1) -> Array:
    """dx[j] = y[j] * (dy[j] - sum over k of dy[k] * y[k]) in each row along `dim`, with y = softmax(x).

    Every y[k] depends on every x[j]: the derivative is y[k] * ([k = j] - y[j]). The sum over k of dy[k] times that is
    dx[j]. Source: Bishop, Pattern Recognition and Machine Learning (2006), equation 4.106.
    """
    need_like("dy", dy, x.shape)
    y, slopes = np.moveaxis(softmax(x, dim), dim, -1), np.moveaxis(dy, dim, -1)
    dx = np.zeros(y.shape, floating(dy, x))
    for row in np.ndindex(*y.shape[:-1]):
        mean = 0.0
        for k, share in enumerate(y[row]):
            mean += float(slopes[row][k] * share)
        for j, share in enumerate(y[row]):
            dx[row][j] = share * (slopes[row][j] - mean)
    return np.moveaxis(dx, -1, dim)
