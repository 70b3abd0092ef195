"""`tuicnn` alone, in a terminal: a run that has ended is opened, trained on in a process of its own, and left."""

from __future__ import annotations

from pathlib import Path

from tests.faults.conftest import Shell
from tests.faults.terminal import plain
from tests.faults.waiting import until
from tests.runs.small import a_run, train
from tuicnn.runs.status import summary


def test_from_the_list_of_runs_to_five_epochs_more(tmp_path: Path, terminals: Shell) -> None:
    folder = a_run(tmp_path)
    train(folder)
    screen = terminals()
    screen.until("what differs")
    screen.until("small-1")
    screen.press("\r")
    screen.until("of the 12 test images are right")
    screen.until("train 5 more")
    screen.press("r")
    screen.until("Train small-1 for 5 epochs more?")
    screen.forget()
    screen.press("y")
    until(lambda: summary(folder).epochs == 7 and summary(folder).state == "done")
    screen.until("DONE")
    screen.press("6")
    screen.until("7/7")
    screen.read(1.5)  # the screen asks twice a second whether the run has ended
    screen.press("q")
    assert screen.ended() == 0
    assert screen.restored
    assert f"folder {folder.path}" in plain(screen.said.rpartition(b"\x1b[?1049l")[2])


def test_a_lost_run_is_attached_to_and_resumed(tmp_path: Path, terminals: Shell) -> None:
    folder = a_run(tmp_path)
    train(folder)
    journal = folder.journal.read_bytes().splitlines(keepends=True)
    folder.journal.write_bytes(b"".join(line for line in journal if b'"event":"end"' not in line))
    assert summary(folder).state == "lost"
    screen = terminals("attach")
    screen.until("LOST")
    screen.until("Its process was gone after step 6 of 6")
    screen.press("r")
    screen.until("Resume small-1 from its")
    screen.press("y")
    until(lambda: summary(folder).state == "done")
    screen.until("of the 12 test images are right")
    screen.press("q")
    assert screen.ended() == 0
