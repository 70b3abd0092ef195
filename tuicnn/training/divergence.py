"""A step whose numbers do not stay finite: what is known of it, and the error that says so."""

from __future__ import annotations

from dataclasses import dataclass, replace

__all__ = ["MOST_HALVINGS", "DivergedError", "Divergence"]

#: halvings of the learning rate in one epoch, after which a run gives up
MOST_HALVINGS = 10


@dataclass(frozen=True)
class Divergence:
    """The first numbers of a step that were not finite. Its text is a clause without a full stop."""

    step: int  # of the whole run, from 1
    epoch: int  # from 1
    what: str  # `the output of conv2`
    value: str  # `NaN` or `infinite`
    layer: str = ""  # its name; "" where no layer is to blame
    #: how large the numbers were that it was made of, by what they are: `its input`, 3.1e20
    sizes: tuple[tuple[str, float], ...] = ()
    #: whether it was the step along the gradient: then a smaller learning rate helps at once; else the weights that
    #: earlier steps have led to are too far off, and it cannot
    by_rate: bool = False

    def __str__(self) -> str:
        sizes = ", ".join(f"{name} reached {size:.2g}" for name, size in self.sizes)
        return f"{self._event} in step {self.step:,} (epoch {self.epoch})" + (f": {sizes}" if sizes else "")

    @property
    def _event(self) -> str:
        return f"{self.what} {'would have become' if self.by_rate else 'became'} {self.value}"

    @property
    def sentence(self) -> str:
        """The text as a sentence."""
        return self.sentences[0]

    @property
    def sentences(self) -> tuple[str, str, str]:
        """The text as a sentence; where there is less room for it, without the sizes; and without the step too."""
        clauses = (str(self), str(replace(self, sizes=())), self._event)
        full, shorter, shortest = (f"{clause[0].upper()}{clause[1:]}." for clause in clauses)
        return full, shorter, shortest


class DivergedError(ArithmeticError):
    """A step was not taken, since its numbers did not stay finite; everything is as it was before."""

    def __init__(self, divergence: Divergence) -> None:
        super().__init__(str(divergence))
        self.divergence = divergence
