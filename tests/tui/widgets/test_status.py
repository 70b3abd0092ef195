from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worker.fake_feed import OVERVIEW
from tuicnn.display.numbers import clock, count, percent, significant
from tuicnn.display.plain import plain
from tuicnn.display.terminal import TerminalProfile
from tuicnn.display.verdict import epoch_of, verdict
from tuicnn.training.events import State
from tuicnn.training.progress import Progress
from tuicnn.tui.widgets.status import Status
from tuicnn.worker.snapshot import Snapshot

numbers = st.floats() | st.floats(0, 1)
progresses = st.builds(
    Progress,
    state=st.sampled_from(State),
    message=st.text(max_size=300),
    epoch=st.integers(0, 3),
    step=st.integers(0, 2580),
    steps=st.sampled_from([0, 2580]),
    evaluated=st.floats(0, 1),
    seconds=st.floats(0, 1e9),
    eta=numbers,
    images_per_second=numbers,
    learning_rate=numbers,
    train_loss=numbers,
    train_accuracy=numbers,
    val_loss=numbers,
    val_accuracy=numbers,
    best_val_accuracy=numbers,
    best_epoch=st.integers(0, 3),
    test_loss=numbers,
    test_accuracy=numbers,
    trouble=st.text(max_size=300),
)


@given(
    progress=progresses,
    known=st.booleans(),
    frozen=st.booleans(),
    gone=st.sampled_from(["", "Weg: größe. " * 9]),
    width=st.integers(1, 160),
    terminal=st.sampled_from([TerminalProfile(colours="none"), TerminalProfile(ascii=True, colours="none")]),
)
def test_whatever_the_run_says_three_lines_of_the_width(
    progress: Progress, known: bool, frozen: bool, gone: str, width: int, terminal: TerminalProfile
) -> None:
    status = Status(terminal, "größe")
    status.show(Snapshot(OVERVIEW if known else None, progress, frozen=frozen, gone=gone))
    lines = [strip.text for strip in status.painted(width, 3)]
    assert [len(line) for line in lines] == [width] * 3
    assert all(line.isprintable() for line in lines)
    if terminal.ascii:
        assert all(line.isascii() for line in lines)


def painted(progress: Progress, width: int = 120) -> str:
    status = Status(TerminalProfile(colours="none"))
    status.show(Snapshot(OVERVIEW, progress))
    return "\n".join(strip.text for strip in status.painted(width, 3))


def test_what_is_amiss_is_cut_where_it_does_not_fit_and_ends_with_the_process() -> None:
    trouble = Progress(State.TRAINING, trouble="The disk is full: no checkpoint can be written to " + "x" * 99)
    heading = painted(trouble, 80).splitlines()[0]
    assert "  The disk is full" in heading
    assert heading.rstrip().endswith("…")
    status = Status(TerminalProfile(colours="none"))
    status.show(Snapshot(OVERVIEW, trouble, gone="The process is gone."))
    assert "disk" not in "".join(strip.text for strip in status.painted(120, 3))


@pytest.mark.parametrize("width", [56, 60, 80, 120, 200])
def test_what_matters_is_there_at_every_width(width: int) -> None:
    shown = painted(
        Progress(State.TRAINING, epoch=1, step=1290, steps=2580, eta=71, val_accuracy=0.9712, train_loss=0.1), width
    )
    for part in ("training", "epoch 2/3", "50%", "1:11", "97.1%"):
        assert part in shown


@pytest.mark.parametrize(
    ("state", "epoch", "step", "expected"),
    [
        (State.TRAINING, 0, 0, (1, 0.0)),
        (State.TRAINING, 0, 430, (1, 0.5)),
        (State.TRAINING, 0, 860, (1, 1.0)),
        (State.VALIDATING, 0, 860, (1, 1.0)),
        (State.TRAINING, 1, 860, (2, 0.0)),
        (State.PAUSED, 1, 860, (2, 0.0)),
        (State.TESTING, 3, 2580, (3, 1.0)),
        (State.DONE, 3, 2580, (3, 1.0)),
    ],
)
def test_the_epoch_is_the_one_that_is_being_trained(
    state: State, epoch: int, step: int, expected: tuple[int, float]
) -> None:
    assert epoch_of(Progress(state, epoch=epoch, step=step), OVERVIEW) == expected


def test_a_run_says_honestly_how_it_ended() -> None:
    assert "97.83% of the 10,000 test images are right" in verdict(
        Progress(State.DONE, test_accuracy=0.97829), OVERVIEW
    )
    assert "not read" in verdict(Progress(State.STOPPED, step=12, steps=99), OVERVIEW)
    assert "NaN" in verdict(Progress(State.DIVERGED, step=12), OVERVIEW)
    assert verdict(Progress(State.FAILED, message="The disk is full."), OVERVIEW) == "The disk is full."


@given(st.floats(-1e12, 1e12) | st.floats(allow_nan=True, allow_infinity=True))
def test_three_digits_in_six_characters_are_about_the_number(number: float) -> None:
    text = significant(number)
    if math.isnan(number):
        assert text == "-"
    elif 0 <= number < 1e300:
        assert len(text) <= 6
        assert float(text) == pytest.approx(number, rel=0.06 if 1e-9 < number < 1e9 else 0.5)


@given(st.floats(0, 1), st.integers(0, 2))
def test_all_is_said_of_all_only(share: float, digits: int) -> None:
    text = percent(share, digits)
    assert text.endswith("%")
    assert float(text[:-1]) == pytest.approx(100 * share, abs=1.01 * 10.0**-digits)
    assert (float(text[:-1]) == 100) == (share == 1)


def test_times_and_counts() -> None:
    assert [clock(s) for s in (0, 42.4, 723, 3723, math.nan)] == ["0:00", "0:42", "12:03", "1:02:03", "-"]
    assert [count(n) for n in (0, 15_690, 33_554_432)] == ["0", "15,690", "33.6 M"]


@given(st.text())
def test_text_from_elsewhere_takes_a_column_a_character(text: str) -> None:
    for terminal in (TerminalProfile(), TerminalProfile(ascii=True)):
        made = plain(text, terminal)
        assert len(made) == len(text)
        assert made.isprintable()
        assert made.isascii() or not terminal.ascii
