from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from textual._compositor import Compositor, LayoutUpdate

from tests.tui.pictures import showing
from tests.worker.fake_feed import OVERVIEW, FakeFeed
from tuicnn.display.terminal import Colours, TerminalProfile
from tuicnn.training.divergence import Divergence
from tuicnn.training.events import State
from tuicnn.tui.app import TrainApp
from tuicnn.worker.feed import WorkerGone

SIZES = [(120, 40), (80, 24), (60, 15), (200, 60), (30, 8), (110, 31), (12, 3), (300, 12)]


async def test_it_shows_the_layers_before_the_data_is_read() -> None:
    slow = FakeFeed(reading=3600)
    slow.advance(100)
    slow.message = "reading mnist: 12,400 of 60,000 images"
    async with showing(slow, (120, 40)) as screen:
        await screen.until(lambda: "conv 16 3x3" in screen.text and slow.message in screen.text)
        assert "images of mnist" not in screen.text
        await screen.press("s", "n", "down", "l", "m", "left", "t", "b")
        assert slow.acted == []
        slow.message, slow.reading = "", 0
        await screen.sees("says 1")
        await screen.pause(0)
        assert screen.app.watcher.snapshot.overview == OVERVIEW


async def test_a_view_that_is_there_is_shown_at_once_and_drawn_once(
    feed: FakeFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And has the newest numbers with that."""
    async with showing(feed, (120, 40)) as screen:
        await screen.watches()
        await screen.press("2", "1")
        await screen.sees("[1 Train]", "step 100")
        await screen.press("2")
        await screen.sees("[2 Maps]")
        feed.advance(23)
        await screen.until(lambda: screen.app.watcher.snapshot.progress.step == 123)
        shown: list[str] = []
        render = Compositor.render_full_update

        def rendered(compositor: Compositor, simplify: bool = False) -> LayoutUpdate:
            update = render(compositor, simplify)
            shown.append("\n".join(strip.text for strip in compositor.render_strips()))
            return update

        monkeypatch.setattr(Compositor, "render_full_update", rendered)
        waits = list[float]()
        monkeypatch.setattr(screen.app, "set_timer", lambda delay, *_, **__: waits.append(delay))
        await screen.press("1")
        await screen.sees("[1 Train]", "step 123")
        await screen.pause(0.1)
        assert not waits
        assert len(shown) == 1
        assert "[1 Train]" in shown[0]


@pytest.mark.parametrize(
    "terminal", [TerminalProfile(), TerminalProfile(ascii=True, colours="16")], ids=["unicode", "ascii"]
)
async def test_every_size_and_dialog_is_drawn_within_the_screen(feed: FakeFeed, terminal: TerminalProfile) -> None:
    """Also where the terminal gets another size meanwhile."""
    async with showing(feed, SIZES[0], terminal) as screen:
        await screen.watches()
        for size in SIZES:
            await screen.pilot.resize_terminal(*size)
            for key in ("left", "/", "c", "escape", "q", "escape", "question_mark", "escape"):
                await screen.press(key)
                await screen.pause()
                shown = screen.lines
                assert len(shown) == size[1]
                assert {len(line) for line in shown} == {size[0]}
                if terminal.ascii:
                    assert screen.text.isascii()
            for widget in screen.app.screen.query("*"):
                if widget.display and widget.is_on_screen and widget.region.area:
                    assert screen.app.screen.region.contains_region(widget.region), widget


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_ascii_stays_ascii_whatever_happens(size: tuple[int, int]) -> None:
    feed = FakeFeed(replace(OVERVIEW, net="größe", class_names=tuple("αβγδεζηθικ"), run="läufe/größe-1"))
    feed.advance(900)
    async with showing(feed, size, TerminalProfile(ascii=True, colours="none")) as screen:
        await screen.watches()
        for key in ["space", *"sffn", "down", "left", *"lmt/x", "escape", "ctrl+p", "question_mark", "escape", "q"]:
            await screen.press(key)
            await screen.pause()
            assert screen.text.isascii(), key
        await screen.press("escape")
        feed.gone = "Die Größe ist weg: läufe."
        await screen.until(lambda: screen.app.watcher.snapshot.gone)
        await screen.pause()
        assert screen.text.isascii()


@pytest.mark.parametrize("colours", ["truecolor", "256", "16", "none"])
async def test_meaning_is_not_in_the_colour_alone(feed: FakeFeed, colours: Colours) -> None:
    async with showing(feed, (120, 40), TerminalProfile(colours=colours)) as screen:
        await screen.sees("says 0")
        await screen.press("n", "n")
        await screen.sees("says 3", "it is 2")
        row = next(line for line in screen.lines if " conv1 " in line)
        assert row.lstrip().startswith(screen.app.terminal.glyphs.pointer)


async def test_without_colours_none_is_sent(feed: FakeFeed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with showing(feed, (120, 40), TerminalProfile(colours="none")) as screen:
        await screen.sees("says 0")
        await screen.press("q")
        await screen.pause()
        for strip in screen.app.screen._compositor.render_strips():
            for segment in strip:
                for colour in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                    assert colour is None or colour.is_default


async def test_space_pauses_and_resumes_and_s_steps(feed: FakeFeed) -> None:
    async with showing(feed) as screen:
        await screen.sees("training")
        await screen.press("space")
        await screen.sees("paused")
        await screen.sees("space go on", line=-1)
        await screen.press("space")
        await screen.sees("training", line=1)
        await screen.sees("space pause", line=-1)
        await screen.press("s")
        await screen.until(lambda: feed.step == 101 and "paused" in screen.text)
        assert feed.acted == ["pause", "resume", "step"]


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
@pytest.mark.parametrize("rate", [0.0, 400.0], ids=["standing", "moving"])
async def test_a_number_is_the_same_wherever_it_stands(size: tuple[int, int], rate: float) -> None:
    feed = FakeFeed(rate=rate)
    feed.advance(300)
    async with showing(feed, size) as screen:
        await screen.watches()

        def figures() -> list[list[str]]:
            patterns = (rf"\b{word} +(?:\S train\w* )?(\d\S*)" for word in ("loss", "accuracy"))
            return [re.findall(pattern, screen.text) for pattern in patterns]

        for _ in range(12 if rate else 1):
            # the screen may be looked at between two widgets' lines, which the next look does not
            await screen.until(lambda: all(len(found) >= 2 and len(set(found)) == 1 for found in figures()))
            await screen.pause(0.11)


async def test_w_writes_a_checkpoint_and_says_when_it_is_there(feed: FakeFeed) -> None:
    async with showing(feed) as screen:
        await screen.sees("training")
        await screen.press("w")
        await screen.sees("saved after step 100")
        assert feed.acted == ["save"]


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_minus_and_plus_change_the_learning_rate(feed: FakeFeed, size: tuple[int, int]) -> None:
    async with showing(feed, size) as screen:
        await screen.sees("learning rate 0.001 ")
        await screen.press("minus", "minus")
        await screen.sees("learning rate 0.00025 ")
        await screen.sees("the learning rate is halved from the next step on", line=1)
        await screen.press("plus")
        await screen.sees("learning rate 0.0005 ")
        await screen.press("equals_sign")
        await screen.sees("learning rate 0.001 ")
        assert feed.acted == ["halve-rate", "halve-rate", "double-rate", "double-rate"]
        await screen.press("question_mark")
        await screen.sees("Keys and words")
        pages = []
        for _ in range(6):
            pages += screen.lines
            await screen.press("pagedown")
            await screen.pause()
        assert any("Halve the learning rate" in line for line in pages)
        assert any("+ =" in line for line in pages if "Double the learning rate" in line)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_training_is_slowed_to_be_watched_and_that_is_said(feed: FakeFeed, size: tuple[int, int]) -> None:
    async with showing(feed, size) as screen:
        await screen.sees("training", line=1)
        await screen.press("greater_than_sign")
        await screen.sees("at full speed already", line=1)
        await screen.press("less_than_sign", "less_than_sign")
        await screen.sees("10 steps/s", line=0)
        await screen.press("4")
        await screen.sees("[4 Mistakes]", "10 steps/s", line=0)
        await screen.press("greater_than_sign", "greater_than_sign", "1")
        await screen.sees("training", line=1)
        feed.state = State.PAUSED
        await screen.sees("paused", line=0)
        await screen.press("less_than_sign")
        await screen.sees("one step at a time already: s trains the next one", line=1)
        assert feed.acted == ["slower", "slower", "faster", "faster"]


async def test_where_no_step_follows_the_rate_is_left_alone_and_that_is_said(feed: FakeFeed) -> None:
    feed.state = State.TESTING
    async with showing(feed) as screen:
        await screen.sees("testing")
        for key in ("minus", "plus", "s"):
            await screen.press(key)
            await screen.sees("no step follows", line=1)
        assert feed.acted == []


@pytest.mark.parametrize(
    ("size", "said"),
    [((120, 40), ("training", "%", "left")), ((80, 24), ("%",)), ((60, 15), ("training", "%"))],
)
async def test_the_first_line_names_the_view_and_tells_how_far_the_run_is(
    feed: FakeFeed, size: tuple[int, int], said: tuple[str, ...]
) -> None:
    async with showing(feed, size) as screen:
        await screen.sees("[1 Train]", "mnist-3", *said, line=0)
        feed.gone = "The process is gone."
        await screen.sees("lost", line=0)


async def test_keys_can_be_clicked(feed: FakeFeed) -> None:
    async with showing(feed) as screen:
        await screen.sees("space pause", line=-1)
        await screen.pilot.click(offset=(screen.lines[-1].index("pause"), 23))
        await screen.until(lambda: feed.acted == ["pause"])


@pytest.mark.parametrize("size", [(200, 60), (120, 40), (80, 24), (60, 15)])
async def test_a_run_that_diverged_says_where_and_waits_for_a_smaller_rate(
    feed: FakeFeed, size: tuple[int, int]
) -> None:
    async with showing(feed, size) as screen:
        await screen.sees("training")
        feed.state, feed.message = State.PAUSED, "The step was undone."
        sizes = (("its input", 3.1e20), ("its weights", 4.5e18))
        feed.diverged = Divergence(1234, 2, "the output of conv2", "infinite", "conv2", sizes)
        await screen.sees(" DIVERGED ", line=1)
        marked = [line for line in screen.lines if line.lstrip().startswith(screen.app.terminal.glyphs.wrong)]
        assert any("conv 16" in line for line in marked)  # conv2
        said = " ".join(" ".join(screen.lines[1:3]).split())
        assert "The output of conv2 became infinite" in said
        assert ("in step 1,234" in said) == (size[0] > 60)
        assert ("its input reached 3.1e+20" in said) == (size[0] > 80)
        assert re.search(r"minus halves the (learning )?rate \(0.001\), space goes on.", said)
        feed.trouble = "The disk is full: no checkpoint can be written to runs/mnist-3/checkpoints."
        await screen.sees("The disk is full", line=2)
        assert "The output of conv2 became infinite" in screen.lines[1]
        feed.trouble = ""
        await screen.press("minus")
        await screen.until(lambda: "(0.0005)" in " ".join(screen.lines[1:3]))
        await screen.press("space")
        await screen.sees("training", line=0)
        assert feed.acted == ["halve-rate", "resume"]


async def test_what_is_amiss_is_shown_until_it_is_over(feed: FakeFeed) -> None:
    async with showing(feed, (120, 40)) as screen:
        await screen.sees("training")
        feed.message = "Training goes on in one process: another process is gone."
        await screen.sees("one process", line=1)
        feed.trouble = "The disk is full: no checkpoint can be written to runs/mnist-3/checkpoints."
        await screen.sees("The disk is full: no checkpoint", line=1)
        feed.trouble = ""
        await screen.sees("one process", line=1)
        feed.message = ""
        await screen.sees("epoch 1/3", line=1)


async def test_the_end_is_told_in_a_frozen_view_too(feed: FakeFeed) -> None:
    async with showing(feed) as screen:
        await screen.watches()
        await screen.press("f")
        await screen.sees("view frozen")
        feed.advance(100_000)
        await screen.sees("97.83% of the 10,000 test images are right")


async def test_a_frozen_view_stays_while_data_arrive(feed: FakeFeed) -> None:
    async with showing(feed, (120, 40)) as screen:
        await screen.sees("says 0")
        await screen.press("f")
        await screen.sees("view frozen")
        before = screen.text
        feed.advance(900)
        await screen.pause(0.4)
        assert screen.text == before
        await screen.press("space")
        await screen.sees("paused; the view is frozen")
        await screen.press("f")
        await screen.until(lambda: "epoch 2/3" in screen.text and "view frozen" not in screen.lines[1])


async def test_a_process_that_is_gone_is_told_and_one_can_leave(feed: FakeFeed) -> None:
    async with showing(feed) as screen:
        await screen.sees("training")
        feed.gone = "The process of the run mnist-3 is gone; it was killed."
        await screen.until(lambda: feed.gone in screen.text)
        assert "conv 16 3x3" in screen.text
        await screen.press("space", "q")
        await screen.until(lambda: not screen.app.is_running)
    assert screen.outcome.choice == "gone"
    assert screen.outcome.message == feed.gone


async def test_a_run_that_cannot_be_reached_at_all_is_told() -> None:
    async def connect() -> Any:
        raise WorkerGone("No data: mnist is not there.")

    async with showing(TrainApp(connect, TerminalProfile())) as screen:
        await screen.sees("No data: mnist is not there.")
        await screen.press("q")
    assert screen.outcome.choice == "gone"
