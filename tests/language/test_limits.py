"""No text takes time or memory out of proportion: these would never end, or not fit, if they were unrolled."""

from __future__ import annotations

import re
import sys
import tracemalloc

import pytest

from tuicnn.language import check, render_plain

from .invariants import no_hang


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


def many(line: str, times: int, end: str = "") -> str:
    """A line again and again, `{0}` its number and `{1}` the next one."""
    return "\n".join([*(line.format(i, i + 1) for i in range(times)), end])


OUT_OF_PROPORTION = {
    # marks by the million
    **{f"{mark!r} without end": mark * 200_000 for mark in ("->", "(", "{", "a ", "=", "\n", '"\n', "a-", "a.", "3x")},
    **{f"{mark!r} without end": mark * 100_000 for mark in ("\0", "\ud800", "“", "😀 ", "é", "2**", "@")},
    "a text in quotes": '"' + "a\\\\" * 300_000 + '"',
    "one line of layers": "conv 8 3x3 pad=1 -> " * 50_000,
    "a name": "a" * 1_000_000,
    "a number": "flatten -> dense " + "9" * 900_000,
    "an exponent": "flatten -> dense 1e" + "9" * 900_000,
    "signs": "flatten -> dense (" + "-" * 50_000 + "1)",
    "a sum": "flatten -> dense (" + "1+" * 25_000 + "1)",
    "a product": "flatten -> dense (" + ("9" * 290 + "*") * 3000 + "1)",
    "brackets and what closes them": "(" * 25_000 + ")" * 25_000,
    # a million repeats
    "repeats in repeats": "1000 * (" * 20 + "relu" + ")" * 20,
    "repeats of what is unknown": "1000 * (1000 * (1000 * rellu))",
    # what grows by doubling
    "lists in lists": many("a{1} = [a{0}, a{0}]", 50, "a0 = [1]\nflatten -> dense a50"),
    "calls in calls": many("a{1} = normal(a{0}, a{0})", 50, "a0 = 1\nflatten -> dense 10 init=a50"),
    "numbers": many("a{1} = a{0} * a{0}", 50, "a0 = 9\nflatten -> dense a50"),
    "defaults": "def f(a0=9, " + ", ".join(f"a{i + 1}=(a{i}*a{i})" for i in range(15)) + ") = relu\n" + many("f", 2000),
    "blocks": many("def b{0} = b{1} -> b{1}", 30, "def b30 = relu\nb0 -> flatten -> dense 10"),
    "blocks with arguments": many("def b{0}(n) = b{1} (2*n) -> b{1} (2*n+1)", 40, "def b40(n) = relu\nb0 1"),
    "blocks that only name others": many("def b{0}(n) = b{1} n", 60, "def b60(n) = relu\n" + many("b0 1", 2000)),
    # what is looked up again and again
    "labels": many("relu as l{0}", 4000),
    "unknown labels": many("relu as lab{0}", 4000, many("add {{ relu | @leb{0} }}", 1500)),
    "constants that name the one before": many("a{1} = a{0}", 4000, "a0 = 10\nflatten -> dense a4000"),
    "constants that name the next one": many("a{0} = a{1}", 4000, "a4000 = 10\nflatten -> dense a0"),
    "constants that nothing uses": many("a{0} = {0}", 4000, "flatten -> dense 10"),
    "cycles of constants": many("a{0} = a{1} + a0", 3000, "a3000 = 1\nrelu"),
    "cycles of blocks": many("def b{0} = b{1} -> b0", 2500, "def b2500 = relu\nb0"),
    "parameters": "def f(" + ", ".join(f"p{i}" for i in range(3000)) + ") = relu\n" + many("f", 5000),
    "arguments": "conv " + "1 " * 15_000,
    "options": "conv 8 3x3 " + "pad=1 " * 4000,
    "unknown options": "conv 8 3x3 " + many("pod{0}=1", 4000).replace("\n", " "),
    "defaults for a layer": many("default: conv pad=1", 4000, many("conv 8 3x3", 3000)),
    "settings": many("train: epochs=1", 3000),
    "unknown names": many("covn{0} 8 -> rleu", 3000),
    "branches that do not fit": "relu\n" * 3000 + "concat { " + " | ".join(["dense 3"] * 3000) + " }",
    "windows that do not fit": "conv 2 1x1\n" * 3000 + "concat { " + " | ".join(["conv 3 99x99"] * 2500) + " }",
    "repeats behind their steps": "relu * 3 " * 1300,
    "commas": "conv 8, " + "3x3, " * 1900,
    "arrows of other languages": "relu => " * 1900,
    "layers of other languages": "nn.Conv2d(1, 8, 3), " * 400,
}


@pytest.mark.parametrize("name", OUT_OF_PROPORTION)
def test_no_text_takes_time_out_of_proportion(name: str) -> None:
    """The alarm only keeps the tests from hanging: what is done for a text is bounded by its words."""
    text = OUT_OF_PROPORTION[name]
    with no_hang():
        result = check(text, input=(1, 8, 8), classes=10)
        render_plain(result.diagnostics, width=100)
    assert len(result.diagnostics) <= 200


@pytest.mark.parametrize("text", ["->" * 5_000_000, "a-" * 499_000, '"' + "a" * 900_000, "(" * 900_000, "3x" * 400_000])
def test_no_text_takes_memory_out_of_proportion(text: str) -> None:
    tracemalloc.start()
    try:
        with no_hang():
            check(text, input=(1, 8, 8), classes=10)
        assert tracemalloc.get_traced_memory()[1] < 150_000_000
    finally:
        tracemalloc.stop()


def test_the_work_for_each_line_is_the_same_in_a_long_text() -> None:
    """Counted in function calls, which do not depend on the machine: twice the lines, twice the work."""

    def calls(text: str) -> int:
        count = 0

        def event(frame: object, what: str, argument: object) -> None:
            nonlocal count
            count += what in ("call", "c_call")

        sys.setprofile(event)
        try:
            assert check(text, input=(1, 8, 8), classes=10).ok
        finally:
            sys.setprofile(None)
        return count

    lines = (
        "w{0} = {1}\ndef f{0}(c) = conv c 3x3 pad=same -> relu as a\nf{0} (w{0}) -> residual {{ batchnorm }} as l{0}"
    )
    texts = [many(lines, n, "flatten -> dense 10") for n in (10, 100, 200)]
    _, short, long = (calls(text) for text in texts)
    assert long < 2.2 * short


def test_errors_are_not_crowded_out_by_warnings() -> None:
    warned = "concat { " + " | ".join(["maxpool 2"] * 250) + " }"
    result = check(f"{warned} -> dense 10", input=(1, 9, 9), classes=10)
    assert result.plan is None
    assert "shape" in {d.code for d in result.diagnostics}


LONG = ["9" * 100, "9" * 300, "9" * 400, "9" * 5000, "1e9", "1e30", "1e300", "1e400", "0x" + "f" * 5000, "0" * 50 + "7"]


@pytest.mark.parametrize("number", LONG)
@pytest.mark.parametrize(
    "text",
    ["conv {} 3x3", "conv {}.5 3x3", "conv 8 {}x3", "conv 8 3x3 -> dropout {}%", "conv 8 3x3 pad={}", "{} * relu",
     "conv 8 3x3 -> {}", "w = -{}*{}*{}\nconv w 3x3", "optim: sgd lr={}\nrelu", "train: checkpoint={}m\nrelu",
     "relu -> c{}"],
)  # fmt: skip
def test_a_number_of_any_length_is_told_in_a_sentence_that_one_can_read(text: str, number: str) -> None:
    checked = check(text.replace("{}", number) + " -> flatten -> dense 10", input=(1, 8, 8), classes=10)
    for problem in checked.diagnostics:
        assert len(problem.message) < 250
        assert not re.search(r"\w{60}", problem.message)
