"""The first values of weights: random, and as large as keeps a signal's size the same from layer to layer.

An initialiser is called with (generator, shape, fan_in, fan_out) and gives a float64 array. `fan_in` counts the inputs
that one output sums, `fan_out` the outputs that one input goes to. A bare name is the form its paper proposed: `he` and
`lecun` draw from a normal distribution, `xavier` from a uniform one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import Number, positional, word

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Constant",
    "Dirac",
    "He",
    "HeNormal",
    "HeUniform",
    "Initialiser",
    "LeCun",
    "LeCunNormal",
    "LeCunUniform",
    "Normal",
    "Ones",
    "Torch",
    "Whiten",
    "Xavier",
    "XavierNormal",
    "XavierUniform",
    "Zeros",
]

Shape = tuple[int, ...]
Values: TypeAlias = "NDArray[np.float64]"


class Initialiser:
    """The base of all initialisers."""

    def __call__(self, generator: np.random.Generator, shape: Shape, fan_in: int, fan_out: int) -> Values:
        """The first values of an array of weights, drawn in the order in which the array lies in memory."""
        raise NotImplementedError


class Scaled(Initialiser):
    """Normal values of mean 0, whose variance depends on the fans."""

    def variance(self, fan_in: int, fan_out: int) -> float:
        """What keeps a signal's size the same from layer to layer."""
        raise NotImplementedError

    def draw(self, generator: np.random.Generator, shape: Shape, variance: float) -> Values:
        """Values of mean 0 and this variance."""
        return generator.standard_normal(shape) * math.sqrt(variance)

    def __call__(self, generator: np.random.Generator, shape: Shape, fan_in: int, fan_out: int) -> Values:
        return self.draw(generator, shape, self.variance(fan_in, fan_out))


class ScaledUniform(Scaled):
    """Uniform values of mean 0: on [-a, a] the variance is a²/3, so a = √(3·variance)."""

    def draw(self, generator: np.random.Generator, shape: Shape, variance: float) -> Values:
        limit = math.sqrt(3 * variance)
        return generator.uniform(-limit, limit, shape)


he = partial(word, "init", source="He, Zhang, Ren and Sun, Delving Deep into Rectifiers (2015), equation 10")
HE_NORMAL = "w: normal with mean 0 and std = sqrt(2/fan_in)"


@he("he_normal", help="normal, variance 2/fan_in; made for ReLU", formula=HE_NORMAL)
@dataclass(frozen=True)
class HeNormal(Scaled):
    """Normal with variance 2/fan_in."""

    def variance(self, fan_in: int, fan_out: int) -> float:
        return 2 / max(1, fan_in)


@he("he", help="the same as he_normal", aliases=("kaiming", "kaiming_normal"), formula=HE_NORMAL)
@dataclass(frozen=True)
class He(HeNormal):
    """`he_normal` by its short name."""


@he(
    "he_uniform",
    help="uniform, variance 2/fan_in",
    aliases=("kaiming_uniform",),
    formula="w: uniform on [-a, a], a = sqrt(6/fan_in)",
)
@dataclass(frozen=True)
class HeUniform(ScaledUniform, HeNormal):
    """Uniform on ±√(6/fan_in), so that the variance is that of `he_normal`."""


XAVIER = (
    "Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks (2010), equation {}"
)
XAVIER_UNIFORM = "w: uniform on [-a, a], a = sqrt(6/(fan_in + fan_out))"


class XavierScaled(Scaled):
    """Of variance 2/(fan_in + fan_out)."""

    def variance(self, fan_in: int, fan_out: int) -> float:
        return 2 / max(1, fan_in + fan_out)


@word(
    "init",
    "xavier_uniform",
    help="uniform, variance 2/(fan_in + fan_out); made for tanh",
    aliases=("glorot_uniform",),
    formula=XAVIER_UNIFORM,
    source=XAVIER.format(16),
)
@dataclass(frozen=True)
class XavierUniform(ScaledUniform, XavierScaled):
    """Uniform on ±√(6/(fan_in + fan_out))."""


@word(
    "init",
    "xavier",
    help="the same as xavier_uniform",
    aliases=("glorot",),
    formula=XAVIER_UNIFORM,
    source=XAVIER.format(16),
)
@dataclass(frozen=True)
class Xavier(XavierUniform):
    """`xavier_uniform` by its short name."""


@word(
    "init",
    "xavier_normal",
    help="normal, variance 2/(fan_in + fan_out)",
    aliases=("glorot_normal",),
    formula="w: normal with mean 0 and std = sqrt(2/(fan_in + fan_out))",
    source=XAVIER.format(12),
)
@dataclass(frozen=True)
class XavierNormal(XavierScaled):
    """Normal with variance 2/(fan_in + fan_out)."""


lecun = partial(word, "init", source="LeCun, Bottou, Orr and Mueller, Efficient BackProp (1998), equation 16")
LECUN_NORMAL = "w: normal with mean 0 and std = sqrt(1/fan_in)"


@lecun("lecun_normal", help="normal, variance 1/fan_in; made for tanh and selu-like activations", formula=LECUN_NORMAL)
@dataclass(frozen=True)
class LeCunNormal(Scaled):
    """Normal with variance 1/fan_in."""

    def variance(self, fan_in: int, fan_out: int) -> float:
        return 1 / max(1, fan_in)


@lecun("lecun", help="the same as lecun_normal", formula=LECUN_NORMAL)
@dataclass(frozen=True)
class LeCun(LeCunNormal):
    """`lecun_normal` by its short name."""


@lecun("lecun_uniform", help="uniform, variance 1/fan_in", formula="w: uniform on [-a, a], a = sqrt(3/fan_in)")
@dataclass(frozen=True)
class LeCunUniform(ScaledUniform, LeCunNormal):
    """Uniform on ±√(3/fan_in), so that the variance is that of `lecun_normal`."""


@word(
    "init",
    "torch",
    help="uniform, variance 1/(3*fan_in); what PyTorch's conv and linear layers begin with",
    aliases=("pytorch", "default"),
    formula="w: uniform on [-a, a], a = sqrt(1/fan_in)",
    source="torch.nn.Linear: Kaiming's uniform values with a slope of sqrt(5)",
)
@dataclass(frozen=True)
class Torch(ScaledUniform):
    """Uniform on ±√(1/fan_in), as torch.nn.Conv2d and torch.nn.Linear begin."""

    def variance(self, fan_in: int, fan_out: int) -> float:
        return 1 / (3 * max(1, fan_in))


@word(
    "init",
    "dirac",
    help="each of the first filters passes one channel on as it is; further filters as torch",
    aliases=("identity", "eye", "delta"),
    formula="w[f,c,u,v] = 1 where f = c and u, v is the centre, else 0, for f below the number of channels",
    source=(
        "Zagoruyko and Komodakis, DiracNets (2017); the further filters: Jordan, 94% on CIFAR-10 in 3.29 Seconds "
        "on a Single GPU (2024), section 3.3"
    ),
)
@dataclass(frozen=True)
class Dirac(Torch):
    """A layer that begins by passing its input on.

    Of each group, filter f gives channel f as torch.nn.init.dirac_ does; filters beyond the channels are drawn as by
    `torch`, where dirac_ makes them zero, from which batch normalisation could learn nothing.
    """

    def __call__(self, generator: np.random.Generator, shape: Shape, fan_in: int, fan_out: int) -> Values:
        *kernel, channels, filters = shape
        values = super().__call__(generator, shape, fan_in, fan_out)
        group = max(1, fan_out // math.prod(kernel))
        within = np.arange(filters) % group
        (passing,) = np.nonzero(within < channels)
        values[..., passing] = 0
        centre = tuple(size // 2 for size in kernel)
        values[centre][within[passing], passing] = 1
        return values


@word(
    "init",
    "whiten",
    help="filters that whiten the training images: their channels are uncorrelated and of one size",
    aliases=("pca", "zca", "patch_whitening"),
    example="whiten",
    usage="whiten(eps)",
    formula=(
        "w[i] = v[i]/sqrt(l[i] + eps), w[n + i] = -w[i]; v, l: eigenvectors and eigenvalues of the mean of p*p^T over "
        "the patches p, n numbers each, of the first 5,000 training images"
    ),
    source="Jordan, 94% on CIFAR-10 in 3.29 Seconds on a Single GPU (2024), section 3.2; first by Page (2019)",
)
@dataclass(frozen=True)
class Whiten(Torch):
    """Whitening of the images' patches, for a conv that reads the images; until these are known, as `torch`."""

    eps: float = positional(Number(above=0), default=5e-4, help="what is added to the eigenvalues")

    def filters(self, moments: Values, count: int) -> Values:
        """The first `count` filters, (n, count), from the patches' mean of p pᵀ, (n, n); there are 2n at most.

        An eigenvector's largest number is positive, whatever sign the library gave it.
        """
        sizes, vectors = np.linalg.eigh(moments)
        sizes, vectors = sizes[::-1], vectors[:, ::-1]
        largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=0)[None], axis=0)
        half = vectors * np.sign(largest) / np.sqrt(np.maximum(sizes, 0) + self.eps)
        both: Values = np.concatenate([half, -half], axis=1)
        return both[:, :count]


@word(
    "init",
    "normal",
    help="normal with this standard deviation",
    example="normal(0.01)",
    usage="normal(std)",
    formula="w: normal with mean 0 and this std",
)
@dataclass(frozen=True)
class Normal(Initialiser):
    """Normal with a standard deviation of one's own."""

    std: float = positional(Number(at_least=0), help="standard deviation")

    def __call__(self, generator: np.random.Generator, shape: Shape, fan_in: int, fan_out: int) -> Values:
        return generator.standard_normal(shape) * self.std


@word("init", "zeros", help="all zero", aliases=("zero",), formula="w = 0")
@dataclass(frozen=True)
class Zeros(Initialiser):
    """All zero: a bias starts so."""

    def __call__(self, generator: np.random.Generator, shape: Shape, fan_in: int, fan_out: int) -> Values:
        return np.zeros(shape)


@dataclass(frozen=True)
class Constant(Initialiser):
    """All of one value: a slope or a factor that is learnt starts so. Not a word of the language."""

    value: float

    def __call__(self, generator: np.random.Generator, shape: Shape, fan_in: int, fan_out: int) -> Values:
        return np.full(shape, self.value)


@dataclass(frozen=True)
class Ones(Initialiser):
    """All one: the scale of a normalisation starts so. Not a word of the language."""

    def __call__(self, generator: np.random.Generator, shape: Shape, fan_in: int, fan_out: int) -> Values:
        return np.ones(shape)
