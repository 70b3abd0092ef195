"""The networks on the page of architectures: each is right, learns with all its weights, and has as many as is said."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tuicnn import Network
from tuicnn.language import check
from tuicnn.layers import Shape
from tuicnn.layers.learning import Learning
from tuicnn.runs.starters import starters
from tuicnn.vocabulary import vocabulary

PAGE = Path("docs/architectures.md").read_text(encoding="utf-8")
#: by their headings: the text of a network, and what is said behind it
NETS = {
    heading: (text, behind)
    for heading, text, behind in re.findall(
        r"^## ([^\n]+)\n[^#]*?^```net\n(.*?)^```\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE
    )
}


def test_each_part_has_a_network() -> None:
    assert list(NETS) == re.findall(r"^## (.*)$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("name", NETS)
def test_every_weight_of_it_learns(name: str) -> None:
    """Of some images, the gradient by each array of weights is finite, and not 0 everywhere."""
    text, behind = NETS[name]
    checked = check(text)
    plan = checked.plan
    assert plan is not None
    assert [d for d in checked.diagnostics if d.code != "data"] == []  # the data sets need not be here
    network, random = Network(plan), np.random.default_rng(0)
    shape: Shape = (8, *plan.input)
    y = random.random(shape) if plan.of_images else random.integers(0, plan.classes, 8)
    _, gradients = network.loss_and_gradients(random.normal(size=shape).astype(np.float32), y)
    frozen = {node.name for node in plan.nodes if isinstance(node.layer, Learning) and node.layer.freeze}
    for weight, gradient in gradients.items():
        assert np.isfinite(gradient).all(), weight
        assert gradient.any() or weight.rpartition(".")[0] in frozen, weight
    said = re.search(r"([\d,]+) weights", behind)
    assert said is None or int(said[1].replace(",", "")) == plan.parameters


def test_the_table_names_networks_and_words_that_there_are() -> None:
    rows = re.findall(r"^\| (?!family|---)([^|]+) \| ([^|]+) \| \[([^\]]+)\]\(([^)]+)\)", PAGE, re.MULTILINE)
    assert len(rows) > 10
    words = {*vocabulary("layer"), "residual", "groups"}
    known = {starter.name for starter in starters()}
    anchors = {heading.casefold().replace(" ", "-") for heading in NETS}
    for _, made_of, where, link in rows:
        assert set(re.findall(r"`([^`]+)`", made_of)) <= words
        assert link == f"gallery.md#{where}" and where in known if where != "below" else link[1:] in anchors
