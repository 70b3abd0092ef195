"""An address names one number of a network: an output, a weight, a gradient, the next step of a weight.

conv1[2, 10, 14]                     an output of a layer: channel, row, column; of a vector, dense1[3]
image[0, 11, 15]                     a pixel, as the network gets it
logits[3], p[3], loss                the network's output, a probability, the loss of the image
conv1.weight[2, 0, 1, 1]             a weight, with PyTorch's axes; batchnorm1.running_mean[4]
conv1.weight/exp_avg[2, 0, 1, 1]     what the optimizer keeps beside a weight
d conv1[2, 10, 14]                   the gradient of the image's loss by a number, in evaluation mode
batch d conv1.weight[2, 0, 1, 1]     the gradient that the next training step uses, of its whole batch
batch[17] d conv1.weight[2, 0, 1, 1] the share of image 17 of the batch; batch[17] conv1[2, 10, 14], in training mode
step conv1.weight[2, 0, 1, 1]        how the next training step moves a weight
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

from lark import Lark, Token, Transformer, UnexpectedInput

from tuicnn.bundled import bundled
from tuicnn.errors import UserError

__all__ = ["Address", "AddressError", "parse"]

_EXAMPLES = (
    "conv1[2, 10, 14], conv1.weight[2, 0, 1, 1], p[3], loss, d conv1[2, 10, 14] or step conv1.weight[2, 0, 1, 1]"
)


class AddressError(UserError):
    """Nothing has this address; the message is one sentence that says what there is."""


@dataclass(frozen=True)
class Address:
    """One number. `str` writes it as it is read; whether a network has it is another question (`names.resolve`).

    `name` is a layer's, or `image`, `logits`, `p`, `loss`; a layer that is called like one of these has `@` before its
    name. `array` is one of the layer's own arrays (`weight`), `state` what the optimizer keeps beside it (`exp_avg`).
    `batch` speaks of the next training step, `image` of one of its images.
    """

    name: str
    index: tuple[int, ...] = ()
    array: str = ""
    state: str = ""
    kind: Literal["value", "gradient", "step"] = "value"
    batch: bool = False
    image: int | None = None

    @property
    def target(self) -> str:
        """The array that the number lies in, without its index: `conv1`, `conv1.weight`, `conv1.weight/exp_avg`."""
        return self.name + (f".{self.array}" if self.array else "") + (f"/{self.state}" if self.state else "")

    def __str__(self) -> str:
        batch = f"batch[{self.image}] " if self.image is not None else "batch " if self.batch else ""
        kind = {"value": "", "gradient": "d ", "step": "step "}[self.kind]
        return f"{batch}{kind}{self.target}" + (f"[{', '.join(map(str, self.index))}]" if self.index else "")

    @property
    def brief(self) -> str:
        """As `str`, without blanks between the numbers."""
        return str(self).replace(", ", ",")

    def at(self, *index: int) -> Address:
        """The same with another index."""
        return replace(self, index=index)


class _Builder(Transformer[Token, Address]):
    """Makes an `Address` of Lark's tree. What is left out comes as None."""

    def number(self, parts: list[Token | None]) -> Address:
        name, array, state, *index = parts
        return Address(str(name), tuple(int(i) for i in index if i is not None), str(array or ""), str(state or ""))

    def batch(self, parts: list[Token | None]) -> dict[str, Any]:
        _, image = parts
        return {"batch": True, "image": None if image is None else int(image)}

    def value(self, parts: list[Any]) -> Address:
        batch, number = parts
        return _with(number, batch)

    def gradient(self, parts: list[Any]) -> Address:
        batch, _, number = parts
        return replace(_with(number, batch), kind="gradient")

    def step(self, parts: list[Any]) -> Address:
        return replace(_with(parts[-1], None), kind="step")


def _with(number: Address, batch: dict[str, Any] | None) -> Address:
    return replace(number, **(batch or {}))


@cache
def _parser() -> Lark:
    grammar = (bundled("grammars") / "address.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", transformer=_Builder(), maybe_placeholders=True)


def parse(text: str) -> Address:
    """The address that a text writes. Raises `AddressError` where it is none, with what to write instead."""
    try:
        return _read(text)
    except UnexpectedInput:
        written = f"`{' '.join(text.split())[:60]}`" if text.strip() else "an empty text"
        raise AddressError(f"{written} is no address; {_advice(text)}") from None


def _read(text: str) -> Address:
    found = _parser().parse(text)
    assert isinstance(found, Address)
    return found


def _advice(text: str) -> str:
    """What to write: the words that are there, and all whole numbers after them in one pair of brackets."""
    words, numbers = re.fullmatch(r"\s*(.*?)\s*((?:[\[({]|(?<=\s)-?\d).*)?", text, re.DOTALL).groups("")  # type: ignore[union-attr]
    if re.search(r"-\s*\d", numbers):
        return "its numbers are counted from 0, and none is negative"
    if re.search(r"[:.]", numbers):
        return "write one whole number for each axis, not a range"
    words = re.sub(r"^(?:∂|grad(?:ient)?\b)\s*(?:of\b)?", "d ", words)
    index = ",".join(re.findall(r"\d+", numbers))
    try:
        return f"write {_read(f'{words}[{index}]' if index else words)}"
    except UnexpectedInput:
        return f"write one such as {_EXAMPLES}"
