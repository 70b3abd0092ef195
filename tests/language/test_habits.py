"""What people write out of habit: each first line, each mark, and the file that comes of following every help.

In habits.txt stand, case by case, a file with mistakes; for each problem its line, what is marked, and the message;
and the file after what is marked was replaced by what the help says to write.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tuicnn.language import Applicability, check
from tuicnn.language.fixes import apply_edits

from .following import cases, errors, followed, marked

CASES = cases("habits.txt")


@pytest.mark.parametrize(("text", "told", "fixed"), CASES)
def test_every_mistake_is_named_and_every_help_fixes_it(text: str, told: str, fixed: str) -> None:
    problems = errors(check(text))
    assert [f"{p.span.line}: {marked(p)}  <-  {p.message}" for p in problems] == told.split("\n")
    assert followed(text) == fixed
    assert errors(check(fixed)) == []


@pytest.mark.parametrize("text", [text for text, _, _ in CASES])
def test_a_safe_fix_takes_its_problem_away_and_brings_no_error_in(text: str) -> None:
    before = Counter(p.message for p in errors(check(text)))
    for problem in errors(check(text)):
        if problem.applicability is Applicability.SAFE:
            after = Counter(p.message for p in errors(check(apply_edits(text, problem.fixes))))
            assert after <= before - Counter([problem.message])


@pytest.mark.parametrize(
    ("first", "second"),
    [("covn 8 3x3", "dense 12"), ("conv 8 3x3 strid=2", "dense ten"), ("relu => tanh", "dense 1_0")],
)
def test_problems_that_have_nothing_to_do_with_each_other_are_told_in_one_go(first: str, second: str) -> None:
    problems = errors(check(f"{first}\nflatten\n{second}"))
    assert [p.span.line for p in problems] == [1, 3]


@pytest.mark.parametrize(
    "text",
    [
        "def f(c:\n  conv c\n repeat 3 { add(",
        "for i in range(3): ",
        "model = Sequential([",
        "/* never closed\nconv 8 3x3",
        "add { { { ( [ relu | \n} -> ]",
        "net = conv 8 3x3 ->\n- - -> . > x x3 3x",
        "def = : = { = }\nlet let = =\nrepeat repeat 3",
        "a = b, c d: e(f)=g {h|i}",
    ],
)
def test_a_heap_of_habits_is_read_to_its_end(text: str) -> None:
    assert errors(check(text))
