"""ONNX's own node tests, through our layers, losses and optimizers, to ONNX's own tolerances."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.onnx.cases import Case, all_cases
from tests.onnx.operators import OPERATORS, run
from tests.onnx.ours import NotOursError

pytest.importorskip("onnx", reason="the recorded cases come with the package onnx (the extra `test` has it)")

#: how many cases with each operator run: all but those in left_out.txt (which has every border that ONNX tries)
RUN = {
    "Adam": 2,
    "Add": 4,
    "AveragePool": 11,
    "BatchNormalization": 9,
    "Col2Im": 4,
    "Concat": 13,
    "Conv": 26,
    "ConvTranspose": 12,
    "Dropout": 8,
    "Elu": 4,
    "Flatten": 11,
    "Gelu": 2,
    "Gemm": 12,
    "GlobalAveragePool": 2,
    "GlobalMaxPool": 2,
    "GroupNormalization": 2,
    "HardSigmoid": 4,
    "HardSwish": 1,
    "Identity": 6,
    "InstanceNormalization": 3,
    "LRN": 2,
    "LayerNormalization": 19,
    "LeakyRelu": 5,
    "LogSoftmax": 18,
    "MatMul": 8,
    "MaxPool": 15,
    "Mish": 1,
    "Momentum": 3,
    "Mul": 9,
    "NegativeLogLikelihoodLoss": 8,
    "PRelu": 8,
    "Pad": 0,
    "ReduceMax": 8,
    "ReduceMean": 10,
    "Relu": 3,
    "Reshape": 17,
    "Resize": 4,
    "Sigmoid": 7,
    "Softmax": 11,
    "SoftmaxCrossEntropyLoss": 10,
    "Sum": 4,
    "Swish": 2,
    "Tanh": 5,
    "Upsample": 1,
}


@dataclass(frozen=True)
class Outcome:
    """What became of a case: it `differs` in some way ("" where it agrees), or is `refused` for a reason."""

    case: Case
    differs: str = ""
    refused: str = ""


def outcome(case: Case) -> Outcome:
    try:
        for given, wanted in case.records:
            made = run(case, given)
            for name, theirs in wanted.items():
                ours = made[name]
                if ours is None:  # not shown by our layer; its translator says so
                    continue
                assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype), name
                np.testing.assert_allclose(ours, theirs, rtol=case.rtol, atol=case.atol, err_msg=name)
            assert any(made[name] is not None for name in wanted)
    except NotOursError as reason:
        return Outcome(case, refused=str(reason))
    except AssertionError as difference:
        return Outcome(case, differs=f"{case.name}: {difference}")
    return Outcome(case)


@cache
def outcomes() -> tuple[Outcome, ...]:
    """Of every case that speaks of something of ours."""
    return tuple(outcome(case) for case in all_cases() if case.operators & set(OPERATORS))


@cache
def left_out() -> tuple[tuple[str, str], ...]:
    """left_out.txt as (pattern of names, reason)."""
    reason, found = "", []
    for line in Path(__file__).with_name("left_out.txt").read_text().splitlines():
        if line.startswith("    "):
            found.append((line.strip(), reason))
        elif line and not line.startswith("#"):
            reason = line
    return tuple(found)


@pytest.mark.parametrize("operator", sorted(OPERATORS))
def test_cases_of(operator: str) -> None:
    """Every case with this operator agrees, or is left out; and as many run as did when this was written."""
    of_it = [each for each in outcomes() if operator in each.case.operators]
    assert [each.differs for each in of_it if each.differs] == []
    assert sum(not each.refused for each in of_it) == RUN[operator]


def test_every_case_runs_or_is_left_out_for_the_reason_given() -> None:
    refused = {(each.case.name, each.refused) for each in outcomes() if each.refused}
    unexplained = [
        (name, reason)
        for name, reason in refused
        if not any(fnmatchcase(name, pattern) and reason == given for pattern, given in left_out())
    ]
    assert unexplained == []


@pytest.mark.parametrize(("pattern", "reason"), left_out(), ids=lambda text: text.replace(" ", "-"))
def test_nothing_is_left_out_in_vain(pattern: str, reason: str) -> None:
    assert any(fnmatchcase(each.case.name, pattern) and each.refused == reason for each in outcomes())


def test_what_is_written_out_in_smaller_operators_has_a_case_of_its_own() -> None:
    """So nothing is lost by leaving out `…_expanded`: the same arrays come with the operator itself."""
    cases = {case.name: case for case in all_cases()}
    for each in outcomes():
        base, expanded, _ = each.case.name.partition("_expanded")
        if expanded:
            pairs = zip(each.case.records, cases[base].records, strict=True)
            for (given, wanted), (same_given, same_wanted) in pairs:
                for ours, others in ((given, same_given), (wanted, same_wanted)):
                    assert len(ours) == len(others), each.case.name
                    for one, other in zip(ours.values(), others.values(), strict=True):
                        np.testing.assert_array_equal(one, other, err_msg=each.case.name)


def test_how_many_run(capsys: pytest.CaptureFixture[str]) -> None:
    """No case is lost silently, and one that is new with a version of onnx is seen."""
    counts = Counter("ran" if not each.refused else "left out" for each in outcomes())
    whole = sum("_expanded" not in each.case.name and bool(each.refused) for each in outcomes())
    with capsys.disabled():
        print(
            f"\nONNX: {counts['ran']} of its recorded cases run through tuicnn; {counts['left out']} are left out, "
            f"{counts['left out'] - whole} of them operators written out in smaller ones"
        )
    assert counts["ran"] == 286
    assert counts["left out"] == 512
