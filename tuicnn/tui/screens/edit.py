"""The Edit view: change the net, see which layers keep their weights, and train it as a new run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType

from tuicnn.errors import UserError
from tuicnn.tui.editor.starting import prepare, start_process
from tuicnn.tui.messages import Begun
from tuicnn.tui.screens.help import Word
from tuicnn.tui.screens.net_text import NetTextView
from tuicnn.tui.screens.question import QuestionScreen
from tuicnn.tui.screens.saving import save, save_as
from tuicnn.tui.widgets.net_editor import NetEditor

__all__ = ["EditScreen"]

FILE_PERIOD = 1.0  # seconds between two looks at the file
PATIENCE = 15.0  # seconds for the former run to save its weights, or to stop


class EditScreen(NetTextView, inherit_bindings=False):
    """Letters type in the text; Escape leaves it to the keys of the view, Enter goes back to it.

    What Ctrl and a letter do, the capital does out of the text: some terminals keep Ctrl-W or Ctrl-S for themselves.
    """

    WORDS = (
        Word("=", "before a line: warm, its layers keep the weights that they have in the run that is shown", "good"),
        Word("+", "before a line: its layers begin with new weights", "second"),
        Word("~", "before a line: it has layers of both sorts", "second"),
        Word("{g.arrow} 8x28x28", "behind a line: the shape that comes out, its weights, and its multiply-adds", "dim"),
        Word("^^^", "under a line: what is wrong with it", "bad"),
        Word("tab", "in the text: writes the word that was begun, then goes to what it must be given; or blanks"),
        Word("ctrl+x ctrl+v", "in the text: cut what is selected, or the line; paste it"),
        Word("shift, ctrl", "in the text, with arrows, home and end: select; go by words, to the ends of the text"),
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,up,down", "type", "edit", tooltip="Go into the text, where letters type."),
        Binding("escape", "leave_text", "other keys", tooltip="Out of the text: digits and letters are keys again."),
        Binding("ctrl+r,R", "run(False)", "run anew", tooltip="Train this text as a new run, from new weights."),
        Binding("ctrl+w,W", "run(True)", "run warm", tooltip="Train it; lines marked = keep this run's weights."),
        Binding("ctrl+s,S", "save", "save", tooltip="Save the text to its file."),
        Binding("A", "save_as", "save as", show=False, tooltip="Save the text under another name."),
        Binding("ctrl+f,F", "fix", "fix", tooltip="Write what the next problem says instead."),
        Binding("ctrl+u,ctrl+underscore,u", "undo", "undo", show=False, tooltip="Take the last change back."),
        Binding("ctrl+y,U", "redo", "redo", show=False, tooltip="Make it again."),
        Binding("ctrl+n", "next_word", "next word", show=False, tooltip="Choose the next word that tab would write."),
        Binding("f1", "app.help", "keys", show=False, tooltip="Show the keys, also from within the text."),
    ]

    def on_mount(self) -> None:
        """Look at the file now and then."""
        self._starting = False
        self.set_interval(FILE_PERIOD, self._look_at_file)

    # -- keys

    @property
    def footer(self) -> Sequence[str]:
        """See `View`."""
        return "type", "leave_text", "fix", "run(True)", "run(False)", "save"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what can be done now is shown."""
        if action in ("type", "leave_text"):
            return self.is_typing == (action == "leave_text")
        if action == "run" and parameters == (True,):
            return self.analyst.former is not None
        if action == "fix":
            return any(remark.fixable for remarks in self.analysis.remarks.values() for remark in remarks)
        return True

    def action_leave_text(self) -> None:
        """Leave the text to the keys of the view."""
        self.set_focus(None)

    def action_type(self) -> None:
        """Go into the text."""
        self.editor.focus()

    @on(NetEditor.Refused)
    def _on_refused(self, message: NetEditor.Refused) -> None:
        self.notice(message.why)

    def action_undo(self) -> None:
        """Take the last change back."""
        if self.text is not None:
            self.editor.change(self.text.buffer.undo)

    def action_redo(self) -> None:
        """Make the change again."""
        if self.text is not None:
            self.editor.change(self.text.buffer.redo)

    @work(group="fix", exclusive=True)
    async def action_fix(self) -> None:
        """Apply the fix of a problem: on the cursor's line, else below it, else the first one."""
        from tuicnn.language.editing import fixable
        from tuicnn.language.fixes import apply_edits

        await self.settled()
        document = self.analysis.document
        if document is None or self.text is None:
            return
        buffer, row = self.text.buffer, self.text.buffer.cursor[0] + 1
        line, rest, every = (((row, 1), (row + 1, 0)), ((row, 1), (len(buffer.lines) + 1, 1)), ((1, 1), (row, 1)))
        found = next(filter(None, (fixable(document, *stretch) for stretch in (line, rest, every))), [])
        if not found:
            self.notice("no problem is left that a key can fix")
            return
        problem, before = found[0].diagnostic, list(buffer.lines)
        self.become(apply_edits(buffer.plain, problem.fixes))
        pairs = enumerate(zip(before, buffer.lines, strict=False))
        changed = next((i for i, (a, b) in pairs if a != b), min(len(before), len(buffer.lines) - 1))
        self.editor.go((changed, len(buffer.lines[changed])))
        self.notice(f"fixed: {problem.message}; ctrl+u takes it back")

    # -- the file

    def _look_at_file(self) -> None:
        """Notice what another program writes to the file."""
        text = self.text
        if text is None or not self.is_current or (news := text.file.news()) is None:
            return
        if not text.is_saved:
            if news != text.buffer.text:
                self.notice(f"{text.file.name} was changed by another program too; saving asks whose text is kept")
            return
        try:
            self.become(text.file.take())
        except UserError as error:
            self.notice(str(error))
        else:
            self.notice(f"{text.file.name} was changed by another program; its text is here, ctrl+u shows the former")

    @work(group="save", exclusive=True)
    async def action_save(self) -> None:
        """Save the text to its file; where that is not possible, under another name."""
        if self.text is not None:
            self._told(await save(self.app, self.terminal, self.text, self.become))

    @work(group="save", exclusive=True)
    async def action_save_as(self) -> None:
        """Save under another name."""
        if self.text is not None:
            self._told(await save_as(self.app, self.terminal, self.text))

    def _told(self, sentence: str) -> None:
        self.notice(sentence)
        self.analyse()  # paths in the text start from its file

    # -- a new run

    @work(group="run", exclusive=True)
    async def action_run(self, warm: bool) -> None:
        """Begin a run of the text, and show it."""
        if self._starting or self.text is None:
            return
        self._starting = True
        try:
            await self.settled()
            if why := self._why_not(warm):
                self.notice(why)
            elif await self._leave_former_run(warm):
                self.notice(f"starting a run{self.terminal.glyphs.ellipsis}")
                text, former = self.text, self.context.folder
                run = await asyncio.to_thread(prepare, text.buffer.text, text.file, former, warm=warm)
                process = await asyncio.to_thread(start_process, run)
                self.context.desk.hand_over(former, run.folder)
                self.post_message(Begun(run.folder, process))
        except UserError as error:
            self.notice(str(error))
        finally:
            self._starting = False

    def _why_not(self, warm: bool) -> str:
        """Why the text cannot be trained as it stands, with the cursor at the first error; "" where it can."""
        for row, remarks in sorted(self.analysis.remarks.items()):
            for remark in remarks:
                if remark.is_error:
                    self.editor.go((row, remark.start))
                    return f"It cannot run yet, line {row + 1}: {remark.text}"
        if warm and (self.analysis.warmth is None or not self.analysis.warmth.kept):
            return "No layer with weights is the same as in the former run: there is nothing to keep. Run it anew."
        return ""

    async def _leave_former_run(self, warm: bool) -> bool:
        """Ask what becomes of the run that is shown, if it goes on, and do it; False where the person cancels."""
        watcher, name = self.watcher, self.context.title
        if watcher.snapshot.overview is None or watcher.snapshot.gone or watcher.latest.state.final:
            return True
        answers = (("k", f"keep training {name} beside the new run"), ("s", f"stop {name} and save its weights"))
        question = f"{name} is still training. What becomes of it? Two runs at once share the processors."
        answer = await self.app.push_screen_wait(QuestionScreen(self.terminal, "New run", question, answers))
        if answer == "s":
            self.notice(f"stopping {name}; its weights are being saved")
            if await watcher.act("stop") is not None:
                await self._until(lambda: watcher.latest.state.final)
        elif answer == "k" and warm and watcher.latest.step and (asked := await watcher.act("save")) is not None:
            step = asked.step
            await self._until(lambda: watcher.latest.saved >= step)
        return bool(answer)

    async def _until(self, come: Callable[[], bool]) -> None:
        """Wait until the former run is so, or gone, for as long as it may take."""
        started = monotonic()
        while monotonic() - started < PATIENCE and not (come() or self.watcher.snapshot.gone):
            await asyncio.sleep(0.02)
