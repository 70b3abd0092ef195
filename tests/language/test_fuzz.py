"""Texts that are right, printed and read again; and texts that were damaged: never an exception, never a false place.

`fuzz.py` beside this does the same for hours, guided by what is reached. What it found is kept here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tuicnn.bundled import bundled
from tuicnn.engine.network import Network
from tuicnn.language import Diagnostic, Severity, Source, check, check_file
from tuicnn.language.fixes import apply_edits, choose_fixes
from tuicnn.language.parsing.statements import parse
from tuicnn.language.report import Report
from tuicnn.language.writing.fixing import fix_text
from tuicnn.system.lines import plain_lines

from ..strategies import networks
from .following import cases
from .invariants import hold, no_hang
from .mutations import WORDS, damage
from .printing import printed
from .programs import chains, essence, whole

SOME = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
MISTAKES = [case[0] for name in ("habits.txt", "messages.txt") for case in cases(name)]
NETS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(bundled("nets").glob("*.net"))}
SEEDS = [*NETS.values(), whole("add { widen 3 as a | deep -> conv 4 1x1 } -> concat { identity | @a }")]


def reprinted(text: str) -> str:
    """What is printed of the tree of a text without problems."""
    report = Report()
    tree = parse(Source("net", text), report)
    assert not report.failed
    return printed(tree)


@pytest.mark.parametrize("name", NETS)
def test_a_shipped_network_printed_and_read_again_is_the_same(name: str) -> None:
    again = reprinted(NETS[name])
    assert again != NETS[name]
    first, second = (check(text).plan for text in (NETS[name], again))
    assert essence(second) == essence(first)
    assert first is not None
    assert second is not None
    settled = [(p.data, p.loss, p.optimizer, p.schedule, p.train, p.augment, p.filled_in) for p in (first, second)]
    assert settled[0] == settled[1]


@SOME
@given(networks())
def test_a_network_printed_and_read_again_is_the_same(network: tuple[str, tuple[int, int, int]]) -> None:
    text, image = network
    again = reprinted(text)
    plans = [check(t, input=image, classes=4).plan for t in (text, again)]
    assert essence(plans[0]) == essence(plans[1])
    assert reprinted(again) == again


@SOME
@given(chains)
def test_blocks_and_constants_printed_and_read_again_are_the_same(chain: str) -> None:
    plans = [check(t, input=(2, 9, 7), classes=10).plan for t in (whole(chain), reprinted(whole(chain)))]
    assert essence(plans[0]) == essence(plans[1])


@SOME
@given(networks())
def test_every_shape_in_the_plan_is_that_of_the_running_network(network: tuple[str, tuple[int, int, int]]) -> None:
    text, image = network
    made = Network.from_text(text, input=image, classes=4)
    outputs = made.activations(np.ones(image, np.float32))
    assert [out.shape for out in outputs if out is not None] == [
        node.shape for node, out in zip(made.plan.nodes, outputs, strict=True) if out is not None
    ]
    assert outputs[-1] is not None
    assert sum(weight.size for _, weight in made.named_parameters()) == made.plan.parameters


MANY = settings(SOME, max_examples=150)


@MANY
@given(st.text())
@example("((\n{")
@example("def\n=")
@example("a = b\nb = a\ndense a")
@example("\x1b[31m conv \ud800")
@example('data: folder "\x1b[2J"\nflatten -> dense 10')
@example("relu\x0c#\x0c\x85\u2028")
@example("conv 8 #\ud800")
@example("relu # a\n       # b\n       # c\n\n       # d")
@example("ab # c\n    # own\n    -> b # d")
def test_no_text_raises(text: str) -> None:
    hold(text)


@MANY
@given(st.lists(st.sampled_from(WORDS), max_size=25), st.sampled_from(["", " "]))
def test_no_jumble_of_the_language_raises(pieces: list[str], between: str) -> None:
    hold(between.join(pieces))


@MANY
@given(st.sampled_from(SEEDS), st.integers(0, 2**32), st.integers(1, 6))
def test_no_damage_raises(text: str, seed: int, times: int) -> None:
    with no_hang():
        hold(damage(text, seed, times))


def told(problems: Iterable[Diagnostic]) -> Counter[tuple[str, str]]:
    return Counter((d.code, d.message) for d in problems if d.severity is Severity.ERROR)


def comments(text: str) -> Counter[str]:
    return Counter(
        t.strip() for line in text.splitlines() if not {'"', "'", "`"} & set(line) for t in line.split("#")[1:]
    )


@MANY
@given(st.sampled_from([*SEEDS, *MISTAKES]), st.integers(0, 2**32), st.integers(0, 3))
def test_fixes_take_their_problems_away_and_bring_no_error_in(text: str, seed: int, times: int) -> None:
    """And no comment is lost, and nothing is left to fix."""
    text = damage(text, seed, times)
    with no_hang():
        before = check(text)
        fixed = fix_text(text)
        again = fix_text(fixed.text)
    assert (again.text, again.applied) == (fixed.text, ())
    assert all(comment in fixed.text for comment in comments(text))
    new = told(fixed.checked.diagnostics) - told(before.diagnostics)
    assert not [code for code, _ in new if code == "syntax"]
    assert bool(fixed.applied) == (fixed.text != text)
    assert not told(fixed.applied) - told(before.diagnostics) - told(fixed.applied) & told(fixed.checked.diagnostics)


@SOME
@given(st.sampled_from([*SEEDS, *MISTAKES]), st.integers(0, 2**32), st.integers(0, 3))
def test_edits_stand_in_their_text(text: str, seed: int, times: int) -> None:
    """All that belong together can be applied, whatever the ends of the lines, and lose no comment."""
    text = damage(text, seed, times)
    for problem in check(text).diagnostics:
        if problem.fixes and choose_fixes([problem], "net", unsafe=True):
            plain = apply_edits(plain_lines(text), problem.fixes)
            assert plain_lines(apply_edits(text, problem.fixes)) == plain
            assert all(comment in plain for comment in comments(text))


def test_a_comment_behind_an_open_quote_is_kept() -> None:
    text = 'conv 8 3x3 padding=1" -> flatten > dense 10 # why'
    for problem in check(text).diagnostics:
        assert apply_edits(text, problem.fixes).endswith("# why")


@SOME
@given(st.sampled_from(SEEDS), st.data())
def test_a_text_cut_anywhere(text: str, data: st.DataObject) -> None:
    with no_hang():
        hold(text[: data.draw(st.integers(0, len(text)))])


@SOME
@given(st.sampled_from(SEEDS), st.data())
def test_a_file_with_flipped_bits_or_cut_within_a_letter(
    tmp_path_factory: pytest.TempPathFactory, text: str, data: st.DataObject
) -> None:
    content = bytearray(text.replace("->", "→").encode())
    del content[data.draw(st.integers(0, len(content))) :]
    for place in data.draw(st.lists(st.integers(0, max(len(content) - 1, 0)), max_size=3)):
        if content:
            content[place] ^= 1 << data.draw(st.integers(0, 7))
    path: Path = tmp_path_factory.getbasetemp() / "flipped.net"
    path.write_bytes(content)
    with no_hang():
        _, checked = check_file(path)
    assert checked.ok == (checked.plan is not None)
    assert checked.ok or checked.diagnostics


FOUND = [
    "def f(1, 2, 3, 4, 5, 6, 7) = relu",  # a parameter for each number, and no letter left
    "default: conv padx=same conv c 3x3 -> batchnorm\nrelu",  # an argument that is another step's: read again and again
    "a = [1, 1]\nb = [a, a]\nc = [b, b]\nflatten -> dense c",
    "1000 * (1000 * ( -> den 1 1 1",
    f'include: "{"a." * 2000}"',  # a name too long for any file system
    f'data: folder "{"a." * 2000}"\nrelu',
    "default: conv normal(1) 2m\nm = 3\nconv -> flatten -> dense 10",  # a value that a default gives
]


@pytest.mark.parametrize("text", FOUND)
def test_what_was_found_once(text: str) -> None:
    with no_hang():
        hold(text)


@example(["\ud800", "\0", "\x85"])
@SOME
@given(st.lists(st.sampled_from(["\ud800", "\0", "\x85", "\u2028", "\x0b", "\ufeff", "\r", "conv 8 3x3", "->", " "])))
def test_odd_characters_stand_where_they_are_said_to_stand(pieces: list[str]) -> None:
    hold("".join(pieces))
