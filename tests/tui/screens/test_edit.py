"""The Edit view: typing, what is told as one types, saving, and a new run of the changed text."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from textual.events import Key, MouseScrollDown

import tuicnn.language.editing  # noqa: F401 - the view imports it in a thread, which takes long
from tests.runs.small import NET, made_data, read_journal, train
from tests.tui.pictures import Picture, showing
from tests.worker.fake_feed import OVERVIEW, FakeFeed
from tuicnn.display.terminal import TerminalProfile
from tuicnn.runs.creation import create_run
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.origin import Origin
from tuicnn.runs.starters import starters
from tuicnn.training.events import State, WarmStart
from tuicnn.training.options import Options
from tuicnn.tui.app import TrainApp
from tuicnn.tui.screens.edit import EditScreen
from tuicnn.tui.views import TABS
from tuicnn.worker.feed import Feed

DIGIT = next(tab.key for tab in TABS if tab.mode == "edit")
PLAIN = TerminalProfile(ascii=True, colours="none")
Editing = Callable[..., AbstractAsyncContextManager[Picture]]


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A net of made-up data in the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tuicnn.tui.screens.view.NOTICE_SECONDS", 60.0)  # however busy the machine is
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path = tmp_path / "small.net"
    path.write_text(NET.format(data=made_data(tmp_path), optim="optim: adam lr=1e-3"))
    return path


@pytest.fixture
def run(net: Path, tmp_path: Path) -> RunFolder:
    """A run of it that has not begun."""
    folder = create_run(tmp_path, "small", net.read_text())
    Origin.here(net, Options()).keep(folder)
    return folder


@pytest.fixture
def editing(run: RunFolder, feed: FakeFeed) -> Editing:
    """The Edit view of the run, analysed."""

    @asynccontextmanager
    async def shown(
        size: tuple[int, int] = (108, 30), terminal: TerminalProfile = PLAIN, folder: RunFolder = run
    ) -> AsyncIterator[Picture]:
        async def connect() -> Feed:
            return feed

        async with showing(TrainApp(connect, terminal, title=folder.name, folder=folder), size) as screen:
            await screen.press(DIGIT)
            await screen.until(lambda: view(screen).analysis.document is not None)
            yield screen

    return shown


def view(screen: Picture) -> EditScreen:
    shown = next(s for s in screen.app.screen_stack if isinstance(s, EditScreen))
    assert isinstance(shown, EditScreen)
    return shown


def text(screen: Picture) -> str:
    opened = view(screen).text
    assert opened is not None
    return opened.buffer.text


def change(screen: Picture, old: str, new: str) -> None:
    view(screen).become(text(screen).replace(old, new))


async def at_the_end(screen: Picture) -> None:
    await screen.press("ctrl+end", "up", "end")


async def test_letters_and_digits_type_and_escape_gives_the_keys_back(editing: Editing, net: Path) -> None:
    async with editing() as screen:
        before = text(screen)
        await screen.press(*"q1 ?sdwr")
        assert text(screen) == f"q1 ?sdwr{before}"
        await screen.sees("not saved", "esc other keys")
        await screen.press("escape", "1")
        await screen.until(lambda: screen.app.current_mode == "train")
        await screen.press(DIGIT)
        await screen.sees("q1 ?sdwr")
        await screen.press("escape", "enter", "x", "escape", "u", "u", "u")
        assert text(screen) == before
    assert net.read_text() == before


async def test_what_is_typed_at_once_is_typed_in_the_text(editing: Editing, run: RunFolder, feed: FakeFeed) -> None:
    async def connect() -> Feed:
        return feed

    async with showing(TrainApp(connect, PLAIN, title=run.name, folder=run)) as screen:
        screen.app.action_show_view("edit")
        for key in ("a", "=", "1"):  # the view is not there yet
            screen.app.post_message(Key(key, key))
        await screen.sees("a=1data")
        assert not feed.acted


async def test_each_line_says_what_it_gives_and_problems_stand_under_theirs(editing: Editing) -> None:
    async with editing() as screen:
        await screen.sees("-> 3 values | 615 weights")
        await at_the_end(screen)
        await screen.press(*" -> relux")
        await screen.until(lambda: any("^^^^^" in line for line in screen.lines))
        row = next(i for i, line in enumerate(screen.lines) if "dense 3 -> relux" in line)
        under = screen.lines[row + 1]
        assert under.index("^") == screen.lines[row].index("relux")
        await screen.sees("no layer called `relux`", "ctrl+f", "1 error")
        await screen.press("ctrl+f")
        await screen.until(lambda: "-> relu\n" in text(screen))
        await screen.sees("fixed: ")
        await screen.press("ctrl+u")
        assert "relux" in text(screen)


async def test_tab_completes_and_goes_through_what_must_be_given(editing: Editing) -> None:
    async with editing() as screen:
        await at_the_end(screen)
        await screen.press(*" -> max")
        await screen.until(lambda: view(screen).analysis.document is not None and "maxpool" in screen.text)
        await screen.press("tab", "3")
        assert text(screen).endswith(" -> maxpool 3\n")
        await screen.press(*" -> ", *"con")
        await screen.sees("> conv")
        await screen.press("tab", "4", "tab", *"5x5")
        assert text(screen).endswith(" -> conv 4 5x5\n")
        await screen.press("enter", "tab")
        assert text(screen).endswith("\n    \n")


async def test_the_mouse_puts_the_cursor_selects_and_scrolls(editing: Editing) -> None:
    async with editing() as screen:
        view(screen).become("# \N{CJK UNIFIED IDEOGRAPH-6F22}x\n\tab\n" + "\n" * 60)
        await screen.pilot.mouse_down("#net", offset=(5 + 5, 1))  # a tab has four cells
        await screen.pilot.hover("#net", offset=(5 + 2, 0))
        await screen.pilot.mouse_up("#net", offset=(5 + 2, 0))
        opened = view(screen).text
        assert opened is not None
        assert (opened.buffer.anchor, opened.buffer.cursor) == ((1, 2), (0, 2))
        await screen.press("delete", "y")
        assert text(screen).startswith("# yb\n")
        for _ in range(5):
            view(screen).editor.post_message(MouseScrollDown(None, 1, 1, 0, 0, 0, False, False, False))
        await screen.sees("16   ")
        assert opened.buffer.cursor == (0, 3)


async def test_help_tells_of_the_word_at_the_cursor(editing: Editing) -> None:
    async with editing((120, 40)) as screen:
        await at_the_end(screen)
        await screen.press("home", "right")
        await screen.sees("conv 3 3x3 pad=1", "Convolution: F filters of KxK")


async def test_marks_say_which_layers_would_keep_their_weights(editing: Editing) -> None:
    async with editing((120, 40)) as screen:
        await screen.sees("6 = conv 3 3x3")
        change(screen, "flatten -> dense 3", "flatten\ndense 4\ndense 3")
        await screen.sees("6 = conv 3 3x3", "7 + dense 4", "8 + dense 3", "begins with weights of small-1", "+ new")
        change(screen, "conv 3", "dense 3 -> conv 3")
        await screen.until(lambda: view(screen).analysis.errors)
        assert "6   dense 3 ->" in screen.text


async def test_a_text_with_an_error_does_not_run_and_says_where(editing: Editing, feed: FakeFeed) -> None:
    async with editing() as screen:
        await at_the_end(screen)
        await screen.press(*" -> relux", "ctrl+home", "ctrl+r")
        await screen.sees("It cannot run yet, line 6", "no layer called `relux`")
        opened = view(screen).text
        assert opened is not None
        assert opened.buffer.cursor[0] == 5
        assert not feed.acted


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[RunFolder]:
    """The runs whose process would have been started."""
    found: list[RunFolder] = []

    def start(prepared: object) -> subprocess.Popen[bytes]:
        found.append(prepared.folder)  # type: ignore[attr-defined]
        return subprocess.Popen(["true"])

    monkeypatch.setattr("tuicnn.tui.screens.edit.start_process", start)
    return found


async def shows(screen: Picture, started: list[RunFolder]) -> RunFolder:
    """Wait until the run that was started is the one that is shown."""
    await screen.until(lambda: started)
    await screen.opens(started[0])
    return started[0]


@pytest.mark.parametrize(("answer", "acted"), [("k", ["save"]), ("s", ["stop"]), ("c", []), ("escape", [])])
async def test_a_warm_run_keeps_the_weights_of_what_is_the_same(
    editing: Editing, run: RunFolder, feed: FakeFeed, started: list[RunFolder], answer: str, acted: list[str]
) -> None:
    train(run)
    async with editing() as screen:
        await screen.watches()
        change(screen, "flatten", "flatten -> dense 5")
        trained = text(screen)
        await screen.press("ctrl+w")
        await screen.sees("is still training. What becomes of it?")
        assert not feed.acted
        await screen.press(answer)
        if not acted:
            await screen.pause(0.1)
            assert not started
            assert not feed.acted
            return
        new = await shows(screen, started)  # in the place of the former one
        assert feed.acted == acted
    assert (new.name, new.text) == ("small-2", trained)
    warm = next(event for event in read_journal(new.journal).events if isinstance(event, WarmStart))
    assert (warm.run, warm.kept) == ("small-1", ("conv1", "batchnorm1"))
    assert Origin.of(new).path == Origin.of(run).path


async def test_what_the_text_now_says_stands_above_the_options_of_the_former_run(
    editing: Editing, run: RunFolder, net: Path, feed: FakeFeed, started: list[RunFolder]
) -> None:
    Origin.here(net, Options(epochs=9, seed=3, threads=1)).keep(run)
    feed.state = State.DONE
    async with editing() as screen:
        await screen.watches()
        change(screen, "seed=4", "seed=5")
        await screen.press("ctrl+r")
        await shows(screen, started)
    assert Origin.of(started[0]).options == Options(epochs=9, seed=5, threads=1)


async def test_what_another_program_writes_is_noticed_and_never_written_over_unasked(
    editing: Editing, net: Path
) -> None:
    async with editing() as screen:
        before = text(screen)
        net.write_text("# theirs\n" + before)
        await screen.until(lambda: text(screen) == "# theirs\n" + before)
        await screen.sees("was changed by another program; its text is here")
        await screen.press("ctrl+home", *"#1 ", "ctrl+s")
        await screen.sees("saved to small.net")
        assert net.read_text() == "#1 # theirs\n" + before
        await screen.press("2")
        net.write_text("# theirs again\n")
        await screen.press("ctrl+s")
        await screen.sees("small.net was changed by another program.", "write this text over it")
        await screen.press("escape")
        await screen.pause(0.1)
        assert net.read_text() == "# theirs again\n"
        await screen.press("ctrl+s")
        await screen.sees("write this text over it")
        await screen.press("o")
        await screen.sees("saved to small.net")
        assert net.read_text().startswith("#1 2# theirs\n")


async def test_what_is_not_saved_is_there_again_after_a_lost_connection(
    editing: Editing, run: RunFolder, net: Path
) -> None:
    async with editing() as screen:
        before = text(screen)
        await screen.press(*"# typed", "enter")
        await screen.until(lambda: run.draft.exists())
    async with editing() as screen:
        await screen.sees("What was typed here and not saved is back")
        assert text(screen) == "# typed\n" + before
        await screen.press("ctrl+s")
        await screen.sees("saved to small.net")
        assert not run.draft.exists()
    assert net.read_text() == "# typed\n" + before


async def test_where_no_run_is_open_a_net_that_comes_with_tuicnn_is_changed_saved_as_a_copy_and_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[RunFolder]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    async with showing(TrainApp(None, PLAIN, title=""), (100, 30)) as screen:
        await screen.sees("mnist", "lenet5", "e edit")
        below = [starter.name for starter in starters()].index("lenet5")
        await screen.press(*["down"] * below, "e")
        await screen.sees("nets/lenet5.net", "61,706 weights")
        assert "reading" not in screen.text
        await screen.press(*"# x", "enter", "escape", "escape", *["up"] * below, "e")
        await screen.sees("nets/mnist.net")
        await screen.press("#", "ctrl+s")
        await screen.sees("Save it as:", "mnist.net_")
        await screen.press(*["backspace"] * 9, *"mine", "enter")
        await screen.sees("saved to mine.net")
        assert (tmp_path / "mine.net").read_text() == text(screen)
        await screen.press("ctrl+r")
        await shows(screen, started)
    assert [path.name for path in tmp_path.glob("*.net")] == ["mine.net"]
    assert started[0].text == (tmp_path / "mine.net").read_text()
    draft = tmp_path / "state" / "tuicnn" / "draft-lenet5.net"
    assert draft.read_text().startswith("# x\n# LeNet-5")


@pytest.mark.parametrize(
    ("size", "terminal"),
    [((80, 24), TerminalProfile()), ((120, 40), PLAIN), ((56, 14), TerminalProfile(colours="16", console=True))],
)
async def test_every_line_fits_whatever_is_written(
    editing: Editing, size: tuple[int, int], terminal: TerminalProfile
) -> None:
    async with editing(size, terminal) as screen:
        view(screen).become("\t# 漢字 → ü\x07 " + "x" * 200 + "\r\nconv 8 3x3 {\n" + text(screen))
        for keys in (["end"], ["tab"], ["shift+home"], ["ctrl+end"], ["pageup"], ["ctrl+x"], ["漢"], ["escape"]):
            await screen.press(*keys)
            await screen.pause(0.05)
            strips = screen.app.screen._compositor.render_strips()
            assert len(strips) == size[1]
            assert {strip.cell_length for strip in strips} == {size[0]}
            assert not terminal.ascii or screen.text.isascii()
        await screen.pilot.resize_terminal(1, 1)
        await screen.pilot.resize_terminal(*size)
        await screen.pause(0.05)
        assert {strip.cell_length for strip in screen.app.screen._compositor.render_strips()} == {size[0]}


async def test_who_types_goes_on_typing_when_the_terminal_was_too_small_for_a_while(editing: Editing) -> None:
    async with editing() as screen:
        await screen.press("ctrl+home", "#")
        for size in ((40, 10), (30, 5), (100, 30)):
            await screen.pilot.resize_terminal(*size)
            await screen.pause(0.05)
        await screen.press("q", "8")
        await screen.until(lambda: text(screen).startswith("#q8"))
        await screen.press("escape")
        for size in ((40, 10), (100, 30)):
            await screen.pilot.resize_terminal(*size)
            await screen.pause(0.05)
        assert not view(screen).is_typing


async def test_an_empty_text_shows_how_to_begin(editing: Editing) -> None:
    async with editing() as screen:
        view(screen).become("")
        await screen.sees("there is no layer", "ctrl+f")
        await screen.press("ctrl+f")
        await screen.until(lambda: "conv 8 3x3 pad=1" in text(screen))


async def test_a_thousand_layers_are_analysed_while_one_types(editing: Editing) -> None:
    async with editing() as screen:
        data, _, rest = text(screen).partition("\n")
        view(screen).become(data + "\n" + "conv 3 3x3 pad=1 -> relu\n" * 490 + rest)
        await screen.press("ctrl+home", *"# typed ", "enter")
        await screen.until(lambda: len(view(screen).analysis.hints) > 490, 20)
        assert text(screen).startswith("# typed \n")
        await screen.press("ctrl+end")
        await screen.sees("conv 3 3x3 pad=1 -> relu")


async def test_the_text_of_somebody_else_s_run_is_told_without_one(
    editing: Editing, run: RunFolder, feed: FakeFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuicnn.tui.screens.view.NOTICE_SECONDS", 60.0)
    feed._overview = replace(OVERVIEW, text="flatten -> dense 10")
    (run.path / "net.net").unlink()
    (run.path / "net.net").mkdir()
    async with editing() as screen:
        await screen.sees("flatten -> dense 10", "small-1/net.net")


async def test_a_digit_close_behind_esc_shows_its_view_and_is_not_typed(editing: Editing) -> None:
    async with editing((120, 40)) as screen:
        await screen.sees("6 = conv 3 3x3")
        before = text(screen)
        for key in (Key("escape", "\x1b"), Key("1", "1")):  # as over a slow line, which brings both at once
            screen.app.post_message(key)
        await screen.sees("[1 Train]")
        await screen.press("5")
        await screen.sees("[5 Edit]")
        assert text(screen) == before
