"""No text takes time or memory out of proportion: these would never end, or not fit, if they were unrolled."""

from __future__ import annotations

import pytest

from tuicnn.language import check


def doubling(deep: int, parameter: bool) -> str:
    """Blocks that each use the next one twice."""
    if parameter:
        lines = [f"def b{i}(n) = b{i + 1} (2*n) -> b{i + 1} (2*n+1)" for i in range(deep)]
        return "\n".join([*lines, f"def b{deep}(n) = relu", "b0 1 -> flatten -> dense 10"])
    lines = [f"def b{i} = b{i + 1} -> b{i + 1}" for i in range(deep)]
    return "\n".join([*lines, f"def b{deep} = relu", "b0 -> flatten -> dense 10"])


@pytest.mark.parametrize(
    "text",
    [
        "999999999 * relu -> flatten -> dense 10",
        "2 * " * 200 + "relu -> flatten -> dense 10",
        "n = 1000\nn * (n * (n * relu)) -> flatten -> dense 10",
        doubling(40, False),
        doubling(40, True),
        "relu\n" * 10_001,
        "\n".join(f"def b{i} = b{i + 1}" for i in range(500)) + "\ndef b500 = relu\nb0 -> flatten -> dense 10",
        "(" * 5000,
        "add { " * 2000,
        "\n".join(f"a{i} = a{i + 1} * a{i + 1}" for i in range(1000)) + "\na1000 = 99\nflatten -> dense a0",
        "flatten -> dense " + "9" * 5000,
    ],
)
def test_what_is_too_large_is_refused(text: str) -> None:
    checked = check(text, input=(1, 8, 8), classes=10)
    assert checked.plan is None
    assert "limit" in {d.code for d in checked.diagnostics}
    assert len(checked.diagnostics) < 5


def test_the_limit_is_the_limit() -> None:
    """Counted as it is unrolled: one layer more is refused."""
    assert check("9998 * relu -> flatten -> dense 10", input=(1, 8, 8), classes=10).ok
    (problem,) = check("9999 * relu -> flatten -> dense 10", input=(1, 8, 8), classes=10).diagnostics
    assert problem.message == "up to here, the network expands to 10,001 layers (limit 10,000)"


@pytest.mark.parametrize(
    ("step", "layers"),
    [("add { relu | tanh }", 3), ("residual { relu }", 2), ("(relu -> tanh)", 2), ("f 2", 4), ("2 * (3 * relu)", 6)],
)
def test_every_layer_is_counted(step: str, layers: int) -> None:
    """Blocks, groups and joins count as the layers that they become."""
    text = f"def f(n) = n * (relu -> tanh)\n%d * ({step}) -> flatten -> dense 10"
    plan = check(text % 1, input=(1, 8, 8), classes=10).plan
    assert plan is not None
    assert len(plan.nodes) == layers + 2
    most = 9_998 // layers
    (problem,) = check(text % (most + 1), input=(1, 8, 8), classes=10).diagnostics
    assert problem.code == "limit"


@pytest.mark.parametrize(
    "text", ["-" * 20_000 + "1", "}" * 5000, "a = 1" + "+1" * 5000, "def f" + "()" * 5000, "„" * 20_000, "a\n" * 2000]
)
def test_long_nonsense_is_read_to_its_end(text: str) -> None:
    assert 0 < len(check(text, input=(1, 8, 8), classes=10).diagnostics) <= 200


def test_a_long_chain_of_constants_is_computed() -> None:
    text = "\n".join(f"a{i} = a{i + 1}" for i in range(3000)) + "\na3000 = 10\nflatten -> dense a0"
    assert check(text, input=(1, 8, 8), classes=10).ok
