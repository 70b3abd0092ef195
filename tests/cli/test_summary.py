from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from tests.worker.fake_feed import OVERVIEW, FakeFeed
from tuicnn.cli.output.summary import print_summary
from tuicnn.display.terminal import TerminalProfile
from tuicnn.runs.creation import create_run_at
from tuicnn.runs.folder import RunFolder
from tuicnn.training.divergence import Divergence
from tuicnn.training.events import Epoch, State
from tuicnn.training.progress import Progress
from tuicnn.tui.outcome import Outcome


async def _said(
    outcome: Outcome, terminal: TerminalProfile | None = None, *, tty: bool = False, folder: str = "runs/mnist-3"
) -> str:
    out = io.StringIO()
    terminal = terminal or TerminalProfile(ascii=True, colours="none")
    console = Console(
        file=out,
        width=60,
        force_terminal=tty,
        color_system="256" if tty else None,
        no_color=terminal.colours == "none",
        highlight=False,
    )
    print_summary(outcome, RunFolder(Path(folder)), terminal, console)
    return out.getvalue()


async def _outcome(step: int, choice: str, state: State = State.TRAINING) -> Outcome:
    feed = FakeFeed()
    feed.advance(step)
    feed.state = state
    poll = await feed.poll(0, 0)
    return Outcome(choice, poll.progress, OVERVIEW, poll.history.epochs)  # type: ignore[arg-type]


async def test_a_run_in_the_background_is_named_with_the_command_that_shows_it() -> None:
    said = await _said(await _outcome(1000, "background"))
    assert "tuicnn attach mnist-3" in said
    assert "runs/mnist-3" in said
    assert "step 1,000 of 2,580" in said
    assert said.isascii()


async def test_the_commands_work_wherever_the_run_lies_and_before_anything_was_seen_of_it() -> None:
    said = await _said(await _outcome(1000, "background"), folder="/data/my runs/best")
    assert "tuicnn attach '/data/my runs/best'\n" in said
    assert "tuicnn stop '/data/my runs/best'\n" in said
    unseen = Outcome("background", Progress(), None, ())
    said = await _said(unseen)
    assert "tuicnn attach mnist-3\n" in said
    assert "runs/mnist-3\n" in said
    said = await _said(replace(unseen, overview=OVERVIEW))
    assert "0 steps" not in said


async def test_a_run_that_is_left_paused_says_how_it_goes_on() -> None:
    said = await _said(await _outcome(1000, "background", State.PAUSED))
    assert "Paused in the background" in said
    assert "go on     tuicnn attach mnist-3, then the space bar" in said


@pytest.mark.parametrize(("choice", "state"), [("background", State.PAUSED), ("stop", State.STOPPED)])
async def test_a_run_that_diverged_says_so_and_where_it_is_left_that_its_rate_is_to_be_halved(
    choice: str, state: State
) -> None:
    outcome = await _outcome(1000, choice, state)
    told = Divergence(1001, 2, "the output of conv2", "infinite", "conv2")
    said = await _said(replace(outcome, progress=replace(outcome.progress, diverged=told)))
    assert told.sentence in said
    how = "go on     tuicnn attach mnist-3, then the minus key and the space bar"
    assert (how in said) == (choice == "background")


async def test_a_pause_is_told_also_where_the_screen_had_not_seen_it_yet(tmp_path: Path) -> None:
    folder = create_run_at(tmp_path / "run", "flatten -> dense 10\n")
    events = [{"event": "start", "epochs": 3}, {"event": "paused", "step": 7}]
    unseen = Outcome("background", Progress(), None, ())
    with folder.lock():
        folder.journal.write_text("".join(f"{json.dumps(event)}\n" for event in events[:1]))
        assert "Training goes on" in await _said(unseen, folder=str(folder.path))
        folder.journal.write_text("".join(f"{json.dumps(event)}\n" for event in events))
        said = await _said(unseen, folder=str(folder.path))
    assert "Paused in the background" in said
    assert ", then the space bar" in said


async def test_a_run_that_has_ended_says_how_and_offers_nothing_to_attach_to() -> None:
    said = await _said(await _outcome(2580, "ended", State.DONE))
    assert "97.83% of the 10,000 test images are right" in said
    assert said.count("96.8") + said.count("97.2") + said.count("97.6") >= 3
    assert "attach" not in said


async def test_a_run_that_could_not_be_saved_says_so() -> None:
    outcome = await _outcome(2580, "ended", State.DONE)
    trouble = "The weights could not be saved: the disk is full."
    assert trouble in await _said(replace(outcome, progress=replace(outcome.progress, trouble=trouble)))


async def test_a_discarded_run_offers_no_folder() -> None:
    said = await _said(await _outcome(500, "discard", State.STOPPED))
    assert "Discarded" in said
    assert "runs/" not in said


async def test_a_long_folder_stays_in_one_piece_and_many_epochs_are_cut() -> None:
    outcome = await _outcome(2580, "ended", State.DONE)
    folder = "/home/somebody/" + "very-long/" * 12 + "runs/mnist-3"
    epochs = tuple(replace(outcome.epochs[0], epoch=i + 1) for i in range(40))
    said = await _said(replace(outcome, epochs=epochs), folder=folder)
    assert folder in said
    assert "the last 12 of 40 epochs" in said


async def test_without_colours_no_colour_is_printed_and_without_a_terminal_no_escape() -> None:
    outcome = await _outcome(1000, "background")
    assert "\x1b" not in await _said(outcome)
    assert "38;5" not in await _said(outcome, TerminalProfile(colours="none"), tty=True)
    assert "38;5" in await _said(outcome, TerminalProfile(colours="256"), tty=True)


async def test_every_figure_of_an_epoch_stands_under_its_heading_and_the_best_is_marked() -> None:
    epochs = [
        Epoch(e, 860 * e, e + 0.125, 0.5 + e / 100, e + 4.5, 0.25 + e / 100, 1000.0 + e, 20.0 + e) for e in (1, 2, 3)
    ]
    progress = Progress(State.DONE, epoch=3, step=2580, steps=2580, best_epoch=2)
    out = io.StringIO()
    console = Console(file=out, width=100, no_color=True)
    terminal = TerminalProfile(ascii=True, colours="none")
    print_summary(Outcome("ended", progress, OVERVIEW, epochs), RunFolder(Path("runs/mnist-3")), terminal, console)
    head, *lines = out.getvalue().splitlines()[:4]
    assert head.split() == ["epoch", "loss", "accuracy", "val", "loss", "val", "accuracy", "time", "images/s"]
    for e, line in zip((1, 2, 3), lines, strict=True):
        told = [str(e), f"{e + 0.125:.2f}", f"{50 + e}.0%", f"{e + 4.5:.2f}", f"{25 + e}.00%"]
        assert line.split() == [*told, *["best"] * (e == 2), f"0:{20 + e}", f"{1000 + e:,}"]
