"""Normalisation: y = weight * xhat + bias with xhat = (x - mean) * rstd, and rstd = 1 / sqrt(var + eps)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tuicnn.kernels.arrays import Array
from tuicnn.layers import BatchNorm, GroupNorm, Layer, LayerNorm
from tuicnn.specimen.explanation import Part

from .base import Index, Opened, Operand, Rule, Use, View

__all__ = ["OPENS", "TRAINING"]


class Normalisation(Rule):
    """What all three share. They differ in the set of values that a mean is of, and in what shares a weight."""

    def group(self, view: View, index: Index) -> Index:
        """The index of the mean and variance that a value is normalised with."""
        raise NotImplementedError

    def learnt(self, view: View, index: Index) -> Index:
        """The index of a value's own weight and bias."""
        return index[:1]

    def mean(self, view: View) -> Operand:
        return view.derived["mean"]

    def variance(self, view: View) -> Operand:
        return view.derived["var"]

    def output(self, view: View, index: Index) -> Opened:
        xhat, weight, bias = view.derived["xhat"], view.own["weight"], view.own["bias"]
        own = self.learnt(view, index)
        formula = f"{view.named(own, weight)} * {view.named(index, xhat)} + {view.named(own, bias)}"
        parts = [
            xhat.part(index, weight[own], weight.address(own), "the value, normalised"),
            bias.part(own, label="bias"),
        ]
        words = "the normalised value times a learnt weight, plus a learnt bias"
        return Opened(f"{view.named(index)} = {formula}", parts, words=words)

    def own(self, view: View, name: str, index: Index) -> Opened:
        rstd, written = view.derived["rstd"], view.named(index, view.derived[name])
        if name == "xhat":
            group, mean, x = self.group(view, index), self.mean(view), view.x
            by = rstd.address(group)
            formula = f"({view.named(index, x)} - {view.named(group, mean)}) * {view.named(group, rstd)}"
            parts = [x.part(index, rstd[group], by, "input"), mean.part(group, -rstd[group], by, "mean")]
            words = "how far the value lies from the mean, in standard deviations"
            return Opened(f"{written} = {formula}", parts, words=words)
        if name == "rstd":
            var, eps = self.variance(view), view.layer.eps
            parts = [var.part(index, label="variance"), Part("eps", eps, eps)]
            words = "1 divided by the standard deviation; eps keeps it from a division by 0"
            return Opened(f"{written} = 1 / sqrt({view.named(index, var)} + {eps:g})", parts, "rsqrt", words)
        return self.statistic(view, name, index)

    def statistic(self, view: View, name: str, index: Index) -> Opened:
        """A mean or a variance: the sum over all values of its set, each by its share."""
        x, mean, places = view.x, view.derived["mean"], self.members(view, index)
        written, count = view.named(index, view.derived[name]), self.count(view, len(places))
        if name == "mean":
            parts = [x.part(place, 1 / count) for place in places]
            words = f"the mean of {count:,} values"
            return Opened(f"{written} = (sum of {len(places)} values of {x.name}) / {count}", parts, words=words)
        middle, apart = mean[index], []
        for place in places:
            factor = (x[place] - middle) / count
            apart.append(Part("", x[place], (x[place] - middle) * factor, factor, x.address(place)))
        formula = f"(sum of ({x.name} - {view.named(index, mean)})**2 over {len(places)} values) / {count}"
        return Opened(f"{written} = {formula}", apart, words="the mean of the squared distances from the mean")

    def count(self, view: View, members: int) -> int:
        """How many values a set has; of the image at hand it has so many `members`."""
        return members

    def members(self, view: View, group: Index) -> list[Index]:
        """The places of all values of a set."""
        return [place for place in np.ndindex(*view.x.array.shape) if self.group(view, place) == group]

    def readers(self, view: View, number: int, index: Index) -> Iterable[Use]:
        """Every output of the same set: x acts by itself, through the mean, and through the variance.

        dy_j / dx_i = weight_j * rstd * ([i = j] - 1/m - xhat_i * xhat_j / m), as in `plain.standardise_backward`.
        """
        group, xhat, weight = self.group(view, index), view.derived["xhat"], view.own["weight"]
        rstd, places = view.derived["rstd"][group], self.members(view, group)
        for place in places:
            through = (place == index) - (1 + xhat[index] * xhat[place]) / len(places)
            yield Use(place, weight[self.learnt(view, place)] * rstd * through)

    def uses(self, view: View, name: str, index: Index) -> Iterable[Use]:
        xhat = view.derived["xhat"]
        for place in np.ndindex(*view.output.array.shape):
            if self.learnt(view, place) == index:
                yield Use(place, 1.0) if name == "bias" else Use(place, xhat[place], xhat.address(place))


class OfBatch(Normalisation):
    """Batch normalisation after training, with running statistics: see `plain.batch_norm_inference`."""

    def group(self, view: View, index: Index) -> Index:
        return index[:1]

    def mean(self, view: View) -> Operand:
        return view.own["running_mean"]

    def variance(self, view: View) -> Operand:
        return view.own["running_var"]

    def derived(self, view: View) -> dict[str, Array]:
        rstd = 1 / np.sqrt(view.own["running_var"].array.astype(np.float64) + view.layer.eps)
        x = view.x.array.astype(np.float64)
        axes = (slice(None), *[None] * (x.ndim - 1))
        return {"xhat": (x - view.own["running_mean"].array[axes]) * rstd[axes], "rstd": rstd}

    def readers(self, view: View, number: int, index: Index) -> Iterable[Use]:
        """The statistics are constants: a value has its own output alone."""
        yield Use(index, view.own["weight"][index[:1]] * view.derived["rstd"][index[:1]])


class OfTrainingBatch(Normalisation):
    """Batch normalisation in a training step, with the mean and variance of the batch: see `plain.batch_norm`."""

    def group(self, view: View, index: Index) -> Index:
        return index[:1]

    def count(self, view: View, members: int) -> int:
        assert view.statistics is not None
        return view.statistics[2]

    def derived(self, view: View) -> dict[str, Array]:
        assert view.statistics is not None
        mean, var, _ = view.statistics
        rstd = 1 / np.sqrt(var + view.layer.eps)
        x = view.x.array.astype(np.float64)
        axes = (slice(None), *[None] * (x.ndim - 1))
        return {"xhat": (x - mean[axes]) * rstd[axes], "rstd": rstd, "mean": mean, "var": var}

    def readers(self, view: View, number: int, index: Index) -> Iterable[Use]:
        """A value's own output, and by way of the mean and the variance every other output of the batch.

        dx = weight * rstd * (dy - (sum of dy) / m - xhat * (sum of dy * xhat) / m), over the batch's m values of the
        channel: see `plain.batch_norm_backward`. The two sums are the batch's gradients by bias and weight.
        """
        assert view.statistics is not None
        channel, m = index[:1], view.statistics[2]
        factor = view.own["weight"][channel] * view.derived["rstd"][channel]
        yield Use(index, factor)
        yield Use(channel, -factor / m, weight="bias")
        yield Use(channel, -factor * view.derived["xhat"][index] / m, weight="weight")


class OfGroups(Normalisation):
    """Each of some groups of the image's channels: see `plain.group_norm`."""

    def groups(self, view: View) -> int:
        return int(view.layer.groups)

    def group(self, view: View, index: Index) -> Index:
        return (index[0] // (view.x.array.shape[0] // self.groups(view)),)

    def derived(self, view: View) -> dict[str, Array]:
        x = view.x.array.astype(np.float64)
        rows = x.reshape(self.groups(view), -1)
        mean, var = rows.mean(axis=1), rows.var(axis=1)
        rstd = 1 / np.sqrt(var + view.layer.eps)
        return {
            "xhat": ((rows - mean[:, None]) * rstd[:, None]).reshape(x.shape),
            "rstd": rstd,
            "mean": mean,
            "var": var,
        }


class OfImage(Normalisation):
    """All of the image with a weight for each value, or the channels of each place: see `plain.layer_norm` and
    `plain.layer_norm_channels`."""

    def by_place(self, view: View) -> bool:
        return bool(view.layer.by_place(view.x.array.shape))

    def group(self, view: View, index: Index) -> Index:
        return index[1:] if self.by_place(view) else ()

    def learnt(self, view: View, index: Index) -> Index:
        return index[:1] if self.by_place(view) else index

    def derived(self, view: View) -> dict[str, Array]:
        x = view.x.array.astype(np.float64)
        axes = 0 if self.by_place(view) else None
        mean, var = x.mean(axis=axes), x.var(axis=axes)
        rstd = 1 / np.sqrt(var + view.layer.eps)
        return {"xhat": (x - mean) * rstd, "rstd": rstd, "mean": mean, "var": var}


OPENS: dict[type[Layer], Rule] = {
    BatchNorm: OfBatch(),
    GroupNorm: OfGroups(),
    LayerNorm: OfImage(),
}

#: those that are otherwise in a training step
TRAINING: dict[type[Layer], Rule] = {BatchNorm: OfTrainingBatch()}
