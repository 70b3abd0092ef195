"""The texts that are open in the editor, by run. What was typed stays, in other views and after a lost connection."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from tuicnn.limits import NET_BYTES
from tuicnn.runs.folder import RunFolder
from tuicnn.system.files import write_atomic
from tuicnn.system.regular_files import read_regular
from tuicnn.tui.editor.buffer import Buffer
from tuicnn.tui.editor.edited_file import EditedFile

__all__ = ["Desk", "OpenText"]


@dataclass
class OpenText:
    """A text under edit, and its file. `draft`: where what is not saved is kept; None: nowhere."""

    buffer: Buffer
    file: EditedFile
    draft: Path | None = None
    #: a sentence about how the text came to be as it is; "" for nothing
    news: str = ""

    @property
    def is_saved(self) -> bool:
        """Whether the text is that of the file, as far as that is known."""
        return self.buffer.text == self.file.known

    def keep_draft(self) -> None:
        """Write what is not saved to the draft, or remove that; a folder that cannot be written to has none."""
        if self.draft is None:
            return
        with contextlib.suppress(OSError):
            if self.is_saved or self.buffer.text == self.file.text:
                self.draft.unlink(missing_ok=True)
            else:
                write_atomic(self.draft, self.buffer.text.encode(errors="replace"))


class Desk:
    """One for all runs that a screen shows, one after the other."""

    def __init__(self) -> None:
        self._open: dict[Path | None, OpenText] = {}

    def text_of(self, run: RunFolder | None, told: str = "") -> OpenText:
        """The text of a run: as it was left, else its draft, else as it is trained. `told` is a run's without a folder.

        Raises `UserError` where it cannot be read.
        """
        key = None if run is None else run.path
        if key not in self._open:
            self._open[key] = _opened(run, told)
        return self._open[key]

    def hand_over(self, run: RunFolder | None, new: RunFolder) -> None:
        """A new run was begun with the text of another one: what is typed from now on belongs to the new one."""
        text = self._open.pop(None if run is None else run.path)
        if text.draft is not None:
            with contextlib.suppress(OSError):
                text.draft.unlink(missing_ok=True)
        text.draft = new.draft
        text.file.text = text.buffer.text
        self._open[new.path] = text

    @property
    def unsaved(self) -> list[OpenText]:
        """The texts that were changed and not saved."""
        return [text for text in self._open.values() if not text.is_saved and text.buffer.text != text.file.text]


def _opened(run: RunFolder | None, told: str) -> OpenText:
    if run is None:
        file = EditedFile.starter(told or None)
        return OpenText(Buffer(file.text), file)
    file = EditedFile.of_run(run)
    text = OpenText(Buffer(file.text), file, run.draft)
    with contextlib.suppress(OSError, UnicodeDecodeError):
        draft = read_regular(run.draft, NET_BYTES).decode()
        if draft not in (file.text, file.known):
            text.buffer.become(draft)
            text.news = "What was typed here and not saved is back; ctrl+u takes it away."
            return text
    if file.has_changed:
        text.news = f"{file.name} is another text now; this is the one that the run trains."
    return text
