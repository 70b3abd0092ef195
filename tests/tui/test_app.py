from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.tui.pictures import lines, text, until
from tests.worker.fake_feed import OVERVIEW, FakeFeed
from tuicnn.display.terminal import Colours, TerminalProfile
from tuicnn.training.events import State
from tuicnn.tui.app import TrainApp
from tuicnn.worker.feed import WorkerGone

MakeApp = Callable[..., TrainApp]
SIZES = [(120, 40), (80, 24), (60, 15), (200, 60), (30, 8), (110, 31), (12, 3), (300, 12)]


async def test_it_shows_the_layers_before_the_data_is_read(make_app: MakeApp) -> None:
    slow = FakeFeed(reading=3600)
    slow.advance(100)
    slow.message = "reading mnist: 12,400 of 60,000 images"
    app = make_app(slow)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "conv 16 3x3" in text(app) and slow.message in text(app))
        assert "images of mnist" not in text(app)
        await pilot.press("s", "n", "down", "l", "m", "tab")
        assert slow.acted == []
        slow.message, slow.reading = "", 0
        await until(pilot, lambda: "says 1" in text(app))
        await pilot.pause(0)
        assert app.watcher.snapshot.overview == OVERVIEW


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "terminal", [TerminalProfile(), TerminalProfile(ascii=True, colours="16")], ids=["unicode", "ascii"]
)
async def test_every_size_and_pane_is_drawn_within_the_screen(
    make_app: MakeApp, feed: FakeFeed, size: tuple[int, int], terminal: TerminalProfile
) -> None:
    app = make_app(feed, terminal)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.watcher.snapshot.overview)
        for key in ("tab", "tab", "tab", "q", "escape", "question_mark", "escape"):
            await pilot.press(key)
            await pilot.pause()
            shown = lines(app)
            assert len(shown) == size[1]
            assert {len(line) for line in shown} == {size[0]}
            if terminal.ascii:
                assert text(app).isascii()
        for widget in app.screen.query("*"):
            if widget.display and widget.is_on_screen and widget.region.area:
                assert app.screen.region.contains_region(widget.region), widget


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_ascii_stays_ascii_whatever_happens(make_app: MakeApp, size: tuple[int, int]) -> None:
    overview = OVERVIEW.__class__(
        **{**OVERVIEW.__dict__, "net": "größe", "class_names": tuple("αβγδεζηθικ"), "run": "läufe/größe-1"}
    )
    feed = FakeFeed(overview)
    feed.advance(900)
    app = make_app(feed, TerminalProfile(ascii=True, colours="none"))
    keys = [
        "space",
        "s",
        "f",
        "f",
        "n",
        "down",
        "tab",
        "tab",
        "tab",
        "l",
        "m",
        "ctrl+p",
        "question_mark",
        "escape",
        "q",
    ]
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.watcher.snapshot.overview)
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
            assert text(app).isascii(), key
        await pilot.press("escape")
        feed.gone = "Die Größe ist weg: läufe."
        await until(pilot, lambda: app.watcher.snapshot.gone)
        await pilot.pause()
        assert text(app).isascii()


@pytest.mark.parametrize("colours", ["truecolor", "256", "16", "none"])
async def test_meaning_is_not_in_the_colour_alone(make_app: MakeApp, feed: FakeFeed, colours: Colours) -> None:
    app = make_app(feed, TerminalProfile(colours=colours))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "says 0" in text(app))
        await pilot.press("n", "n")
        await until(pilot, lambda: "says 3" in text(app) and "it is 2" in text(app))
        row = next(line for line in lines(app) if " conv1 " in line)
        assert row.lstrip().startswith(app.terminal.glyphs.pointer)


async def test_without_colours_none_is_sent(make_app: MakeApp, feed: FakeFeed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = make_app(feed, TerminalProfile(colours="none"))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "says 0" in text(app))
        await pilot.press("q")
        await pilot.pause()
        for strip in app.screen._compositor.render_strips():
            for segment in strip:
                for colour in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                    assert colour is None or colour.is_default


async def test_space_pauses_and_resumes_and_s_steps(make_app: MakeApp, feed: FakeFeed) -> None:
    app = make_app(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "training" in text(app))
        await pilot.press("space")
        await until(pilot, lambda: "paused" in text(app))
        await pilot.press("space")
        await until(pilot, lambda: "training" in lines(app)[1])
        await pilot.press("s")
        await until(pilot, lambda: feed.step == 101 and "paused" in text(app))
        assert feed.acted == ["pause", "resume", "step"]


@pytest.mark.parametrize(("size", "pane"), [((120, 40), ""), ((80, 24), ""), ((80, 24), "tab")])
@pytest.mark.parametrize("rate", [0.0, 400.0], ids=["standing", "moving"])
async def test_a_number_is_the_same_wherever_it_stands(
    make_app: MakeApp, size: tuple[int, int], pane: str, rate: float
) -> None:
    feed = FakeFeed(rate=rate)
    feed.advance(300)
    app = make_app(feed)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "images/s" in text(app) or "validation" in text(app))
        await pilot.press(*([pane] if pane else []))
        for _ in range(12 if rate else 1):
            await pilot.pause(0.11)
            shown = text(app)
            for word in ("loss", "accuracy"):
                found = re.findall(rf"\b{word} +(?:\S train\w* |[▁-█]+ +)?(\d\S*)", shown)
                assert len(found) >= 2, shown
                assert len(set(found)) == 1, shown


async def test_w_writes_a_checkpoint_and_says_when_it_is_there(make_app: MakeApp, feed: FakeFeed) -> None:
    app = make_app(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "training" in text(app))
        await pilot.press("w")
        await until(pilot, lambda: "saved after step 100" in text(app))
        assert feed.acted == ["save"]


async def test_minus_and_plus_change_the_learning_rate(make_app: MakeApp, feed: FakeFeed) -> None:
    app = make_app(feed)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "learning rate 0.001 " in text(app))
        await pilot.press("minus", "minus")
        await until(pilot, lambda: "learning rate 0.00025 " in text(app))
        await until(pilot, lambda: "the learning rate is halved from the next step on" in lines(app)[0])
        await pilot.press("plus")
        await until(pilot, lambda: "learning rate 0.0005 " in text(app))
        await pilot.press("equals_sign")
        await until(pilot, lambda: "learning rate 0.001 " in text(app))
        assert feed.acted == ["halve-rate", "halve-rate", "double-rate", "double-rate"]
        await pilot.press("question_mark")
        await until(pilot, lambda: "Halve the learning rate" in text(app))
        assert any("+ =" in line for line in lines(app) if "Double the learning rate" in line)


async def test_where_no_step_follows_the_rate_is_left_alone_and_that_is_said(make_app: MakeApp, feed: FakeFeed) -> None:
    feed.state = State.TESTING
    app = make_app(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "testing" in text(app))
        for key in ("minus", "plus", "s"):
            await pilot.press(key)
            await until(pilot, lambda: "no step follows" in lines(app)[0])
        assert feed.acted == []


async def test_the_foot_says_what_the_space_bar_does_now(make_app: MakeApp, feed: FakeFeed) -> None:
    app = make_app(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "space pause" in lines(app)[-1])
        await pilot.press("space")
        await until(pilot, lambda: "space go on" in lines(app)[-1])
        await pilot.press("space")
        await until(pilot, lambda: "space pause" in lines(app)[-1])


async def test_tabs_and_keys_can_be_clicked(make_app: MakeApp, feed: FakeFeed) -> None:
    app = make_app(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "space pause" in lines(app)[-1])
        for pane in ("maps", "charts", "sample", "layers"):
            row = next(y for y, line in enumerate(lines(app)) if "charts" in line and "maps" in line)
            await pilot.click(offset=(lines(app)[row].index(pane) + 1, row))
            await until(pilot, lambda pane=pane: f"[{pane}]" in text(app))  # type: ignore[misc]
        await pilot.click(offset=(lines(app)[-1].index("pause"), 23))
        await until(pilot, lambda: feed.acted == ["pause"])


async def test_the_learning_rate_stands_on_a_small_terminal(make_app: MakeApp, feed: FakeFeed) -> None:
    app = make_app(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "learning rate 0.001" in text(app))


@pytest.mark.parametrize("size", [(200, 60), (120, 40), (80, 24), (60, 15)])
async def test_a_run_that_diverged_says_where_and_waits_for_a_smaller_rate(
    make_app: MakeApp, feed: FakeFeed, size: tuple[int, int]
) -> None:
    app = make_app(feed)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "training" in text(app))
        feed.state, feed.message = State.PAUSED, "The step was undone."
        feed.diverged = (
            "The output of conv2 became infinite in step 1,234 (epoch 2): its input reached 3.1e+20, "
            "its weights reached 4.5e+18."
        )
        await until(pilot, lambda: " DIVERGED " in lines(app)[1])
        marked = [line for line in lines(app) if line.lstrip().startswith(app.terminal.glyphs.wrong)]
        assert any("conv 16" in line for line in marked)  # conv2
        said = " ".join(" ".join(lines(app)[1:3]).split())
        assert "The output of conv2 became infinite" in said
        assert ("in step 1,234" in said) == (size[0] > 60)
        assert ("its input reached 3.1e+20" in said) == (size[0] > 80)
        assert re.search(r"minus halves the (learning )?rate \(0.001\), space goes on.", said)
        feed.trouble = "The disk is full: no checkpoint can be written to runs/mnist-3/checkpoints."
        await until(pilot, lambda: "The disk is full" in lines(app)[0])
        assert "The output of conv2 became infinite" in lines(app)[1]
        await pilot.press("minus")
        await until(pilot, lambda: "(0.0005)" in " ".join(lines(app)[1:3]))
        await pilot.press("space")
        await until(pilot, lambda: "training" in lines(app)[1])
        assert feed.acted == ["halve-rate", "resume"]


async def test_what_is_amiss_is_shown_until_it_is_over(make_app: MakeApp, feed: FakeFeed) -> None:
    app = make_app(feed)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "training" in text(app))
        feed.message = "Training goes on in one process: another process is gone."
        await until(pilot, lambda: "one process" in lines(app)[0])
        feed.trouble = "The disk is full: no checkpoint can be written to runs/mnist-3/checkpoints."
        await until(pilot, lambda: "The disk is full: no checkpoint" in lines(app)[0])
        feed.trouble = ""
        await until(pilot, lambda: "one process" in lines(app)[0])
        feed.message = ""
        await until(pilot, lambda: "batch 64" in lines(app)[0])


async def test_the_end_is_told_in_a_frozen_view_too(make_app: MakeApp, feed: FakeFeed) -> None:
    app = make_app(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.watcher.snapshot.overview)
        await pilot.press("f")
        await until(pilot, lambda: "view frozen" in text(app))
        feed.advance(100_000)
        await until(pilot, lambda: "97.83% of the 10,000 test images are right" in text(app))


async def test_a_frozen_view_stays_while_data_arrive(make_app: MakeApp, feed: FakeFeed) -> None:
    app = make_app(feed)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "says 0" in text(app))
        await pilot.press("f")
        await until(pilot, lambda: "view frozen" in text(app))
        before = text(app)
        feed.advance(900)
        await pilot.pause(0.4)
        assert text(app) == before
        await pilot.press("space")
        await until(pilot, lambda: "paused; the view is frozen" in text(app))
        await pilot.press("f")
        await until(pilot, lambda: "epoch 2/3" in text(app) and "view frozen" not in lines(app)[1])


async def test_a_process_that_is_gone_is_told_and_one_can_leave(make_app: MakeApp, feed: FakeFeed) -> None:
    app = make_app(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "training" in text(app))
        feed.gone = "The process of the run mnist-3 is gone; it was killed."
        await until(pilot, lambda: feed.gone in text(app))
        assert "conv 16 3x3" in text(app)
        await pilot.press("space", "q")
        await until(pilot, lambda: not app.is_running)
    assert app.return_value is not None
    assert app.return_value.choice == "gone"
    assert app.return_value.message == feed.gone


async def test_a_run_that_cannot_be_reached_at_all_is_told() -> None:
    async def connect() -> Any:
        raise WorkerGone("No data: mnist is not there.")

    app = TrainApp(connect, TerminalProfile())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "No data: mnist is not there." in text(app))
        await pilot.press("q")
    assert app.return_value is not None
    assert app.return_value.choice == "gone"
