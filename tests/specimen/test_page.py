"""What docs/explain.md shows is what the command prints today, but for the figures."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.layers.helpers import inner
from tuicnn import Network
from tuicnn.specimen.specimen import Specimen
from tuicnn.specimen.text import lines
from tuicnn.specimen.training import NextStep
from tuicnn.training.checkpointing import named_arrays

PAGE = Path("docs/explain.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^\$ tuicnn explain mnist-1 '(.+)'\n((?:(?!```|\$ ).*\n)+)", PAGE, re.MULTILINE)


@pytest.fixture(scope="module")
def specimen() -> Specimen:
    """Of the page's net, not trained."""
    network, random = Network.from_file("nets/mnist.net"), np.random.default_rng(0)
    images, labels = random.normal(size=(64, 1, 28, 28)).astype(np.float32), random.integers(0, 10, 64)
    kept = named_arrays(network, network.plan.optimizer.state(network.store.flat))
    step = NextStep(
        network, 64, lambda a, b: (inner(images[a:b]), labels[a:b]), step=1770, kept=kept, lr=0.001, updates=1770,
        rate="0.004 * 0.25 (cosine)",
    )  # fmt: skip
    return Specimen(network, images[0], 9, step)


def without_figures(text: str) -> str:
    """Without fractions, and how many outputs a number went into: one that is no maximum went into none."""
    some = re.sub(r"\b(?:the one output|\d+ outputs)\b", "# outputs", text)
    return " ".join(re.sub(r"(?<![\w[*])-?\d+\.\d+(?:e-?\d+)?", "#", some).split())


@pytest.mark.parametrize(("address", "shown"), SHOWN, ids=[address for address, _ in SHOWN])
def test_each_descent_is_printed_so(specimen: Specimen, address: str, shown: str) -> None:
    printed = shown.strip().splitlines()
    if printed[0].startswith("mnist-1 after step"):
        del printed[:2]
    explanation = specimen.explain(address)
    head, *rest = lines(explanation)
    table = printed.index("") if "" in printed else len(printed)
    assert printed[0].split(" = ")[0] == head.split(" = ")[0] == address
    assert ("engine" in printed[0]) == ("engine" in head)
    said = rest[: rest.index("")] if "" in rest else rest
    assert without_figures(" ".join(printed[1:table])) == without_figures(" ".join(said))
    if explanation.parts:
        assert printed[table + 1] == rest[rest.index("") + 1]
