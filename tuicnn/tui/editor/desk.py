"""The texts that are open in the editor, by run. What was typed stays, in other views and after a lost connection."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from tuicnn.bundled import bundled
from tuicnn.limits import NET_BYTES
from tuicnn.runs.creation import clean_name
from tuicnn.runs.folder import RunFolder
from tuicnn.system.files import write_atomic
from tuicnn.system.regular_files import read_regular
from tuicnn.tui.editor.buffer import Buffer
from tuicnn.tui.editor.edited_file import EditedFile

__all__ = ["Desk", "OpenText"]


@dataclass
class OpenText:
    """A text under edit, its file, and the draft, where what is not saved is kept."""

    buffer: Buffer
    file: EditedFile
    draft: Path
    #: a sentence about how the text came to be as it is; "" for nothing
    news: str = ""

    @property
    def is_saved(self) -> bool:
        """Whether the text is that of the file, as far as that is known."""
        return self.buffer.text == self.file.known

    @property
    def would_be_lost(self) -> bool:
        """Whether the text is in no file: neither in its own nor in the run's."""
        return not self.is_saved and self.buffer.text != self.file.text

    def keep_draft(self) -> bool:
        """Write what is not saved to the draft, or remove that; False where it cannot be kept."""
        try:
            if self.would_be_lost:
                self.draft.parent.mkdir(parents=True, exist_ok=True)
                write_atomic(self.draft, self.buffer.text.encode(errors="replace"))
            else:
                self.draft.unlink(missing_ok=True)
        except OSError:  # somebody else's folder, or a full disk
            return not self.would_be_lost
        return True


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
            if run is not None:
                self._open[key] = _opened(EditedFile.of_run(run), run.draft)
            else:
                file = EditedFile(None, told) if told else EditedFile.starter(bundled("nets") / "mnist.net")
                self._open[key] = _opened(file, _own_draft(file.stem))
        return self._open[key]

    def begin_with(self, path: Path) -> None:
        """Where no run is open, edit a net that comes with tuicnn from now on. Raises `UserError`."""
        former = self._open.get(None)
        if former is None or former.file.path != path:
            file = EditedFile.starter(path)
            if former is not None:
                former.keep_draft()
            self._open[None] = _opened(file, _own_draft(file.stem))

    def hand_over(self, run: RunFolder | None, new: RunFolder) -> None:
        """A new run was begun with the text of another one: what is typed from now on belongs to the new one."""
        text = self._open.pop(None if run is None else run.path)
        with contextlib.suppress(OSError):
            text.draft.unlink(missing_ok=True)
        text.draft, text.file.text = new.draft, text.buffer.text
        self._open[new.path] = text

    def leave(self, discarded: RunFolder | None = None) -> list[str]:
        """Keep what is not saved, at the end; where it is, in sentences. A run that is discarded keeps nothing."""
        said = []
        for path, text in self._open.items():
            if not text.would_be_lost:
                continue
            if discarded is not None and path == discarded.path:
                text.draft = _own_draft(text.file.stem)
            kept = text.keep_draft()
            where = f"it is kept in {text.draft}" if kept else "it cannot be kept either, and is gone"
            said.append(f"The changed text of {text.file.name} was not saved; {where}.")
        return said


def _own_draft(stem: str) -> Path:
    """Where a text that belongs to no run is kept."""
    return platformdirs.user_state_path("tuicnn") / f"draft-{clean_name(stem)}.net"


def _opened(file: EditedFile, place: Path) -> OpenText:
    text = OpenText(Buffer(file.text), file, place)
    with contextlib.suppress(OSError, UnicodeDecodeError):
        draft = read_regular(place, NET_BYTES).decode()
        if draft not in (file.text, file.known):
            text.buffer.become(draft)
            text.news = "What was typed here and not saved is back; ctrl+u takes it away."
            return text
    if file.has_changed:
        text.news = f"{file.name} is another text now; this is the one that the run trains."
    return text
