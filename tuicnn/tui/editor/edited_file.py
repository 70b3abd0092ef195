"""The file of a text that is edited: read, watched for what others write to it, and saved."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from tuicnn.bundled import is_bundled_net
from tuicnn.errors import UserError
from tuicnn.limits import NET_BYTES
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.origin import Origin
from tuicnn.system.files import why, write_over, write_shared
from tuicnn.system.regular_files import open_regular

__all__ = ["ChangedError", "EditedFile"]


class ChangedError(UserError):
    """The file holds a text that nobody has seen here; it is not written over without being asked."""


class EditedFile:
    """Where a text is saved. `path`: its file; None: it has none yet. `working`: where data is looked for.

    `text` is what the editor begins with, `known` what the file is known to hold (None: there is none): a file that
    holds anything else was written by another program.
    """

    def __init__(self, path: Path | None, text: str, *, known: str | None = None, working: Path | None = None) -> None:
        self.path = path
        self.text = text
        self.working = Path() if working is None else working
        self.known = known
        self._seen: bytes | None = None if known is None else known.encode()

    @classmethod
    def of_run(cls, run: RunFolder) -> EditedFile:
        """The net of a run: its file where that holds the same text, else the run's text. Raises `UserError`."""
        origin, text = Origin.of(run), run.text
        edited = cls(origin.path, text, known=text, working=origin.working)
        edited._seen = edited._read()  # a file that was changed since is not news, but is not written over either
        return edited

    @classmethod
    def starter(cls, path: Path) -> EditedFile:
        """A net that comes with tuicnn, to begin with. Raises `UserError`."""
        try:
            text = path.read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"{path} cannot be read; install tuicnn again.") from error
        return cls(path, text, known=text)

    # -- the file

    @property
    def name(self) -> str:
        """What the text is called."""
        return "a new net" if self.path is None else os.path.relpath(self.path) if self._is_near else str(self.path)

    @property
    def stem(self) -> str:
        """The name of the net."""
        return "my" if self.path is None else self.path.stem

    @property
    def _is_near(self) -> bool:
        try:
            return self.path is not None and self.path.absolute().is_relative_to(Path.cwd())
        except OSError:  # the working folder is gone
            return False

    @property
    def refusal(self) -> str:
        """Why it cannot be saved under its name, as a sentence; "" where it may be."""
        if self.path is None:
            return "This text has no file yet."
        return f"{self.name} comes with tuicnn and stays as it is." if is_bundled_net(self.path) else ""

    def suggestion(self) -> Path:
        """A free name to save a copy under, in the working folder."""
        names = (f"{self.stem}.net", *(f"{self.stem}-{number}.net" for number in range(2, 1_000)))
        return next((Path(name) for name in names if not os.path.lexists(name)), Path(f"{self.stem}.net"))

    def _read(self) -> bytes | None:
        """What the file holds now, as far as a net may be long; None where there is none, or it cannot be read."""
        if self.path is None:
            return None
        try:
            with os.fdopen(open_regular(self.path, follow=True), "rb") as file:
                return file.read(NET_BYTES + 1)
        except OSError:
            return None

    @property
    def has_changed(self) -> bool:
        """Whether the file was seen to hold another text than is known."""
        return self._seen is not None and self._seen != (self.known or "").encode()

    def news(self) -> str | None:
        """The text that another program has written since it was last asked; None where there is none."""
        found = self._read()
        if found is None or found == self._seen:
            return None
        self._seen = found
        return found.decode(errors="replace")

    def take(self) -> str:
        """The text of the file, which is known from now on. Raises `UserError`."""
        found = self._read()
        if found is None or self.path is None:
            raise UserError(f"{self.name} cannot be read.")
        try:
            text = found.decode()
        except UnicodeDecodeError:
            raise UserError(f"{self.name} is not in UTF-8 now; save under another name.") from None
        self.known, self._seen = text, found
        return text

    # -- saving

    def save(self, text: str, *, over: bool = False) -> None:
        """Write the text atomically. Raises `UserError`, with the old file in place.

        `ChangedError` where another program wrote to the file meanwhile, unless it is to be written `over`.
        """
        if refusal := self.refusal:
            raise UserError(refusal)
        assert self.path is not None
        known = None if self.known is None else self.known.encode()
        if not over and os.path.lexists(self.path) and self._read() != known:
            raise ChangedError(f"{self.name} was changed by another program.")
        data = text.encode()
        try:
            try:
                write_over(self.path, data)
            except FileNotFoundError:
                if self.path.is_symlink():  # it leads nowhere
                    raise
                write_shared(self.path, data)
        except OSError as error:
            reason = "there is no such folder" if error.errno == errno.ENOENT else why(error)
            raise UserError(f"{self.name} cannot be saved: {reason}. Nothing is lost: the text is here.") from error
        self.known, self._seen = text, data

    def save_as(self, path: Path, text: str, *, over: bool = False) -> EditedFile:
        """Write the text under another name; the file that is edited from then on. Raises as `save`."""
        path = path if path.suffix == ".net" else path.with_name(f"{path.name}.net")
        other = EditedFile(path, text, working=self.working)
        other.save(text, over=over)
        return other
