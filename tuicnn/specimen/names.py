"""Which numbers a network has: every array that an address can name, and what is said of one that there is not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tuicnn.language.plan import Node, Plan
from tuicnn.language.suggest import closest
from tuicnn.layers import LRN, BatchNorm, GroupNorm, Layer, LayerNorm, PReLU, Shape
from tuicnn.training.averaging import LIVE
from tuicnn.vocabulary import info

from .address import Address, AddressError

__all__ = ["OWN", "Names", "derived", "qualified"]

#: the network's own numbers; a layer that is called so has `@` before its name
OWN = ("image", "logits", "p", "loss")

_AXES = {
    0: (),
    1: ("value",),
    2: ("output", "input"),
    3: ("channel", "row", "column"),
    4: ("filter", "channel", "row", "column"),
}


@dataclass(frozen=True)
class Place:
    """An array that can be named: its shape with PyTorch's axes, and whether it has a gradient and a step."""

    shape: Shape
    gradient: bool = False
    step: bool = False
    #: in a training step there is one for the whole batch, such as the mean of batch normalisation
    shared: bool = False
    #: there is none after training
    batch_only: bool = False

    @property
    def axes(self) -> tuple[str, ...]:
        """What each number of an index counts."""
        return _AXES[len(self.shape)]


def qualified(node: Node) -> str:
    """The node's name in an address."""
    return f"@{node.name}" if node.name in OWN else node.name


def derived(layer: Layer, shape: Shape) -> dict[str, Place]:
    """What a layer computes on its way.

    Of a normalisation, y = weight * xhat + bias with xhat = (x - mean) * rstd, where `rstd` is 1 / sqrt(var + eps), as
    PyTorch calls it. Batch normalisation has a mean and a variance of its own only in a training step; afterwards it
    takes its running ones. Of `prelu`, what its slopes multiply: min(x, 0). Of `lrn`, y = x * scale with
    scale = base ** -beta.
    """
    if isinstance(layer, PReLU):
        return {"below": Place(shape)}
    if isinstance(layer, BatchNorm):
        own = Place(shape[:1], shared=True, batch_only=True)
        return {"xhat": Place(shape), "rstd": Place(shape[:1], shared=True), "mean": own, "var": own}
    if isinstance(layer, LayerNorm):
        each = shape[1:] if layer.by_place(shape) else ()
        return {"xhat": Place(shape), **dict.fromkeys(("rstd", "mean", "var"), Place(each))}
    if isinstance(layer, LRN):
        return {"scale": Place(shape), "base": Place(shape)}
    if isinstance(layer, GroupNorm):
        return {"xhat": Place(shape), **dict.fromkeys(("rstd", "mean", "var"), Place((layer.groups,)))}
    return {}


class Names:
    """The names of a plan's numbers."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.nodes = {qualified(node): node for node in plan.nodes}
        #: each layer's place among the plan's nodes
        self.numbers = {name: number for number, name in enumerate(self.nodes)}
        output, self._optimizer = plan.nodes[-1].shape, plan.optimizer
        #: by what an address has before its index: `conv1`, `conv1.weight`, `conv1.weight/exp_avg`
        self.places = {
            "image": Place(plan.input, gradient=True),
            "logits": Place(output, gradient=True),
            "loss": Place(()),
        }
        if not plan.of_images:
            self.places["p"] = Place((plan.classes,))
        for name, node in self.nodes.items():
            self.places[name] = Place(node.shape, gradient=True)
            for own, place in derived(node.layer, node.shape).items():
                self.places[f"{name}.{own}"] = place
            for own, spec in node.layer.weights(*node.input_shapes).items():
                shape = spec.outer_shape
                self.places[f"{name}.{own}"] = Place(shape, gradient=spec.is_parameter, step=spec.is_parameter)
                if spec.is_parameter:
                    kept = (*plan.optimizer.state_names, *((LIVE,) if plan.train.averages else ()))
                    self.places.update({f"{name}.{own}/{state}": Place(shape, step=True) for state in kept})

    def resolve(self, address: Address) -> Address:
        """The address by the names that the network has: `relu[…]` becomes `relu1[…]` where there is one relu.

        Raises `AddressError`, which says what there is, where it has no such number.
        """
        found = self._named(address)
        place = self.places[found.target]
        self._check_kind(found, place)
        self._check_index(found, place)
        return found

    def _named(self, address: Address) -> Address:
        """The address with a name that there is."""
        if address.target in self.places:
            return address
        name = address.name
        if name == "p" and name not in self.places:
            raise AddressError(
                f"{address}: the target is the image, and there are no probabilities; write logits[0,0,0]"
            )
        if name not in self.nodes and name not in OWN:
            plain = name.removeprefix("@")
            alike = [n for n, node in self.nodes.items() if info(node.layer).name == plain]
            if plain in self.nodes or len(alike) == 1:
                return self._named(replace(address, name=plain if plain in self.nodes else alike[0]))
            if alike:
                raise AddressError(f"{address}: which {plain}? There are {_all(alike)}")
            meant = closest(plain, [*self.nodes, *OWN])
            if meant is not None:
                raise AddressError(f"{address}: there is no {name}; did you mean {replace(address, name=meant)}?")
            raise AddressError(f"{address}: there is no {name}; there are {_all([*self.nodes, *OWN])}")
        if address.state and replace(address, state="").target in self.places:
            raise AddressError(f"{address}: {self._states(replace(address, state='').target)}")
        own = [
            target.partition(".")[2] for target in self.places if target.startswith(f"{name}.") and "/" not in target
        ]
        if not own:
            raise AddressError(f"{address}: {name} has no weights; write {replace(address, array='', state='')}")
        meant = closest(address.array, own)
        advice = f"; did you mean {replace(address, array=meant)}?" if meant else ""
        raise AddressError(f"{address}: {name} has {_all(own)}{advice}")

    def _states(self, target: str) -> str:
        """What is said where the optimizer keeps no such thing beside an array."""
        word, keeps = info(self._optimizer).name, self._optimizer.state_names
        if not self.places[target].step:
            return f"{target} is not learnt, so the optimizer keeps nothing beside it"
        return f"{word} keeps {_all(keeps)} beside each weight" if keeps else f"{word} keeps nothing beside a weight"

    def _check_kind(self, address: Address, place: Place) -> None:
        bare = replace(address, kind="value", batch=False, image=None)
        if address.kind == "step" and not place.step:
            weights = [target for target, other in self.places.items() if other.step]
            there = f"; write such as step {weights[0]}" if weights else ""
            raise AddressError(f"{address}: a step moves weights, and {bare.target} is none{there}")
        if address.kind == "gradient" and not place.gradient:
            raise AddressError(
                f"{address}: the gradient is told of outputs, of the image and of weights, and not of {bare.target}"
            )
        if address.batch and address.image is None and not place.shared and bare.target != "loss":
            if address.kind == "gradient" and place.step:
                return  # the sum over its images
            first = replace(address, image=0)
            raise AddressError(f"{address}: each image of the batch has one of its own; write {first}")
        if place.batch_only and not address.batch:
            running = replace(address, array=f"running_{address.array}")
            raise AddressError(f"{address}: there is one in a training step only; write batch {address} or {running}")

    def _check_index(self, address: Address, place: Place) -> None:
        shape, target = place.shape, address.target
        if len(address.index) != len(shape):
            if not shape:
                raise AddressError(f"{address}: {target} is one number; write {address.at()}")
            size = f"has {shape[0]} values" if len(shape) == 1 else f"is {' x '.join(map(str, shape))}"
            index = [min(i, n - 1) for i, n in zip((*address.index, *[0] * len(shape)), shape, strict=False)]
            raise AddressError(f"{address}: {target} {size}; write {_all(place.axes)}, as in {address.at(*index)}")
        for number, count, axis in zip(address.index, shape, place.axes, strict=True):
            if number >= count:
                counted = f"{count} {axis}s, 0 to {count - 1}" if count > 1 else f"one {axis}, 0"
                raise AddressError(f"{address}: {target} has {counted}")


def _all(names: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`; of very many the first twenty."""
    *rest, last = names
    if len(rest) > 20:
        rest, last = rest[:20], f"{len(rest) - 19} more"
    return f"{', '.join(rest)} and {last}" if rest else last
