from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worker.fake_feed import OVERVIEW
from tuicnn.display.terminal import TerminalProfile
from tuicnn.training.events import State
from tuicnn.training.progress import Progress
from tuicnn.tui.widgets.status import Status
from tuicnn.tui.widgets.view_bar import Tab, ViewBar
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
def test_whatever_the_run_says_the_lines_have_the_width(
    progress: Progress, known: bool, frozen: bool, gone: str, width: int, terminal: TerminalProfile
) -> None:
    status = Status(terminal)
    status.show(Snapshot(OVERVIEW if known else None, progress, frozen=frozen, gone=gone))
    bar = ViewBar(terminal, "größe", [Tab("1", "Train", "train"), Tab("2", "Maps", "maps")], "maps")
    bar.show(status.read if known else Snapshot(None, progress, frozen=frozen, gone=gone))
    lines = [strip.text for height in (1, 2) for strip in status.painted(width, height)]
    lines += [strip.text for strip in bar.painted(width, 1)]
    assert [len(line) for line in lines] == [width] * 4
    assert all(line.isprintable() for line in lines)
    if terminal.ascii:
        assert all(line.isascii() for line in lines)


def painted(progress: Progress, width: int = 120) -> str:
    status = Status(TerminalProfile(colours="none"))
    status.show(Snapshot(OVERVIEW, progress))
    return "\n".join(strip.text for strip in status.painted(width, 2))


def test_what_is_amiss_is_cut_where_it_does_not_fit_and_ends_with_the_process() -> None:
    trouble = Progress(State.TRAINING, trouble="The disk is full: no checkpoint can be written to " + "x" * 99)
    heading = painted(trouble, 80).splitlines()[0]
    assert " The disk is full" in heading
    assert heading.rstrip().endswith("…")
    status = Status(TerminalProfile(colours="none"))
    status.show(Snapshot(OVERVIEW, trouble, gone="The process is gone."))
    assert "disk" not in "".join(strip.text for strip in status.painted(120, 2))


def test_a_warning_in_the_place_of_the_progress_leaves_the_time_that_is_left() -> None:
    message = "the processes wait for each other 62% of a step: this machine is busy; --threads 1 may be faster"
    heading = painted(Progress(State.TRAINING, step=1290, steps=2580, eta=71, message=message), 80).splitlines()[0]
    assert "wait for each other" in heading
    assert heading.rstrip().endswith("…  1:11 left")


@pytest.mark.parametrize("width", [56, 60, 80, 120, 200])
def test_what_matters_is_there_at_every_width(width: int) -> None:
    shown = painted(
        Progress(State.TRAINING, epoch=1, step=1290, steps=2580, eta=71, val_accuracy=0.9712, train_loss=0.1), width
    )
    for part in ("training", "epoch 2/3", "50%", "1:11", "97.1%"):
        assert part in shown
