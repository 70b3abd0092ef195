"""What differs between runs is said, and nothing else."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import hypothesis.strategies as st
from hypothesis import example, given

from tests.worker.fake_feed import OVERVIEW
from tuicnn.runs.compared import SeedGroup
from tuicnn.runs.comparison import Difference, differences, seed_groups, told
from tuicnn.statistics import mean_interval
from tuicnn.training.events import LayerRow, Overview


def a_net(*layers: str, **more: object) -> Overview:
    rows = tuple(
        LayerRow(f"{text.split()[0]}{i}", text, text.split()[0], (1,), 0, 0, (i - 1,)) for i, text in enumerate(layers)
    )
    return replace(OVERVIEW, layers=rows, **more)  # type: ignore[arg-type]


def test_what_was_changed_is_told_with_how_it_is_in_each() -> None:
    one = a_net("conv 8 3x3", "relu", "flatten", "dense 10", optimizer="adam lr=0.001")
    wide = a_net("conv 16 3x3", "relu", "flatten", "dense 10", optimizer="adam lr=0.01")
    deep = a_net("conv 8 3x3", "relu", "conv 8 3x3", "relu", "flatten", "dense 10", optimizer="adam lr=0.001", epochs=9)
    found = differences([one, wide])
    assert found == (
        Difference("optim", ("lr=0.001", "lr=0.01")),
        Difference("conv0", ("conv 8 3x3", "conv 16 3x3")),
    )
    assert told(found, 1) == "optim lr=0.01, conv 16 3x3"
    assert told(differences([one, deep]), 1) == "epochs 9, conv 8 3x3 -> relu"
    assert told(differences([one, deep]), 0) == "epochs 3, without conv 8 3x3 -> relu"


def test_an_option_that_one_run_writes_is_told_of_the_other_too() -> None:
    """A default is a value: `adam` beside `adam lr=0.004` does not say how far apart they are."""
    runs = [replace(OVERVIEW, optimizer=text) for text in ("adam lr=0.004", "adam", "sgd momentum=0.5")]
    assert differences(runs[:2]) == (Difference("optim", ("lr=0.004", "lr=0.001")),)
    values = differences(runs)[0].values
    assert values[1].split() == ["adam", "lr=0.001"]
    assert set(values[2].split()) == {"sgd", "momentum=0.5", "lr=0.01"}
    clipped = [replace(OVERVIEW, optimizer=text) for text in ("adam clip=1", "adam")]
    assert differences(clipped) == (Difference("optim", ("clip=1", "clip=none")),)
    assert differences([replace(run, optimizer="unknown") for run in runs]) == ()
    unknown = [replace(OVERVIEW, optimizer=text) for text in ("adam lr=0.004", "of_another_version rate=2")]
    assert differences(unknown)[0].values[1] == "of_another_version rate=2"


def test_a_list_or_a_quoted_name_is_told_whole() -> None:
    lists = [replace(OVERVIEW, schedule=text) for text in ("step at=[10, 20, 30]", "step at=[10, 20]")]
    assert differences(lists)[0].values == ("at=[10, 20, 30]", "at=[10, 20]")
    folders = [replace(OVERVIEW, data_spec=text) for text in ('folder "my cats"', 'folder "my dogs"')]
    assert differences(folders)[0].values == ('"my cats"', '"my dogs"')


_texts = st.lists(st.sampled_from(["conv 8 3x3", "conv 16 3x3", "relu", "dense 10"]), max_size=7)


@example([["relu", "conv 8 3x3", "dense 10"], ["relu", "relu", "dense 10"], ["relu", "relu", "dense 10"]])
@given(st.lists(_texts, min_size=1, max_size=4))
def test_the_same_is_never_told_and_nothing_that_differs_is_left_out(nets: list[list[str]]) -> None:
    runs = [a_net(*net) for net in nets]
    found = differences(runs)
    assert bool(found) == any(net != nets[0] for net in nets)
    for difference in found:
        assert len(set(difference.values)) > 1
    for i, one in enumerate(nets):
        for j, other in enumerate(nets):
            assert (told(found, i) == told(found, j)) == (one == other)
            pieces = [difference.values[i] for difference in found if difference.values[i]]
            assert len(" -> ".join(pieces)) <= len(" -> ".join(one))


def test_runs_that_are_the_same_but_for_their_seed_are_one_group() -> None:
    one, wide = a_net("conv 8 3x3", "dense 10"), a_net("conv 16 3x3", "dense 10")
    shifted = replace(one, augment="shift=1")
    runs = [wide, one, replace(one, seed=1), shifted, replace(wide, seed=7), replace(one, seed=2, epochs=9)]
    assert seed_groups(runs) == [[0, 4], [1, 2], [3], [5]]


def test_an_interval_over_seeds_holds_nothing_that_no_accuracy_can_be() -> None:
    def interval(*accuracies: float) -> tuple[float, float]:
        runs: Any = [SimpleNamespace(evaluated=SimpleNamespace(scores=SimpleNamespace(accuracy=a))) for a in accuracies]
        return SeedGroup(tuple(runs)).interval

    assert interval(0.98, 0.7) == (0.0, 1.0)
    assert interval(0.81, 0.8, 0.79) == mean_interval((0.81, 0.8, 0.79))
    assert all(map(math.isnan, interval(0.8)))
