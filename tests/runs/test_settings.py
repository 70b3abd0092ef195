"""Whatever a net's settings say, who compares runs sees it: `compare`, `resume --net` and the gallery's recipes."""

from __future__ import annotations

from dataclasses import fields

import pytest

from tuicnn.language import check
from tuicnn.language.plan import Plan
from tuicnn.reproduce.figures import recipe
from tuicnn.runs.comparison import differences, seed_groups
from tuicnn.settings import Train
from tuicnn.training.fingerprints import same_training
from tuicnn.training.overview import overview_of

#: a line, its setting, and for `train:` its option, in the place of nothing
LINES = {
    "data: mnist pad=2 val=1000": "data",
    "data: mnist normalise=none": "data",
    "data: mnist classes=[0, 1, 2, 3, 4, 5, 6, 7, 9, 8]": "data",
    "target: image": "target",
    "augment: shift=1": "augment",
    "test: shift=1": "test",
    "test: flip=horizontal": "test",
    "loss: cross_entropy weights=[1, 1, 1, 1, 1, 1, 1, 1, 1, 2]": "loss",
    "optim: sgd": "optim",
    "schedule: step at=[2, 3]": "schedule",
    "train: epochs=3": "epochs",
    "train: batch=32": "batch",
    "train: patience=2": "patience",
    "train: ema=0.99": "ema",
    "train: lookahead=5": "lookahead",
    "train: lookahead=5 alpha=falling": "alpha",
}


def plan(line: str = "") -> Plan:
    net = "dense 784 -> reshape 1x28x28" if line == "target: image" else "dense 10"
    made = check(f"{line}\nflatten -> {net}\n").plan
    assert made is not None, line
    return made


@pytest.mark.parametrize("line", LINES)
def test_what_a_setting_says_is_seen(line: str) -> None:
    plain, other = plan(), plan(line)
    runs = [overview_of(each, threads=1, run="") for each in (plain, other)]
    found = {each.what for each in differences(runs)}
    assert found & {LINES[line], "train"}, line
    assert seed_groups(runs) == [[0], [1]]
    assert recipe(plain) != recipe(other)
    assert not same_training(plain, other)


def test_seeds_and_how_often_checkpoints_are_make_no_other_recipe() -> None:
    runs = [plan("train: seed=1"), plan("train: seed=2 checkpoint=5s")]
    assert seed_groups([overview_of(each, threads=1, run="") for each in runs]) == [[0, 1]]
    assert recipe(runs[0]) == recipe(runs[1])


def test_no_setting_is_forgotten_above() -> None:
    """A new one belongs into `Plan.settings`, and into the lines."""
    one = plan()
    own = {"name", "text", "input", "classes", "nodes", "filled_in"}
    assert {id(getattr(one, each.name)) for each in fields(one) if each.name not in own} == set(
        map(id, one.settings.values())
    )
    assert {*one.settings, *(each.name for each in fields(Train))} == {*LINES.values(), "train", "seed", "checkpoint"}
