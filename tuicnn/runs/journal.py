"""The journal of a run: its events, one JSON object a line, appended.

Strict JSON: a number that is not finite is written as null. Imports nothing heavy: `tuicnn runs` reads journals.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from tuicnn.errors import UserError
from tuicnn.records import RecordError, dump_plain
from tuicnn.records import parse as parse_json
from tuicnn.system.files import why
from tuicnn.system.regular_files import open_regular
from tuicnn.training.events import End, Event, Start, State, Step, event_of, to_dict

__all__ = ["LONG", "Journal", "damage_of", "events_in", "events_of", "note_failure", "parse", "repair", "size_of"]

FLUSH_EVERY = 0.5  # seconds that steps are buffered at most
RETRY_EVERY = 5.0  # seconds between attempts on a disk that refused
KEEP_AT_MOST = 4 << 20  # bytes buffered while the disk refuses; beyond them the oldest lines are dropped
LONG = 100_000_000  # bytes; reading a longer journal is announced
LINE_AT_MOST = 1 << 20  # bytes; a longer line is damaged
#: the message for it, with the number of bytes
HALF_WRITTEN = "The last line of the journal was half-written; its {} bytes were removed."
#: how the line of a step begins, also where a program wrote the journal anew
_STEP = (b'{"event":"step"', b'{"event": "step"')
_NUMBER = rb"(null|(?:0|[1-9][0-9]{0,20})(?:\.[0-9]+)?(?:e[+-]?[0-9]{1,2})?)"
#: the line of a step as it is written here, which most lines are
_PLAIN_STEP = re.compile(
    rb'\{"event":"step","step":(0|[1-9][0-9]{0,14}),"loss":%s,"accuracy":%s\}\n?' % (_NUMBER, _NUMBER)
)
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND


class Journal:
    """Appends events to a file. A disk that refuses is reported once, and tried again later; nothing is raised.

    `on_trouble` is called with a sentence when the disk begins to refuse, and with "" when it takes lines again. A file
    that was removed is begun anew at the path that `where` gives: a run's folder may have been renamed.
    May be used from several threads.
    """

    def __init__(
        self, path: Path, on_trouble: Callable[[str], None] = lambda _: None, where: Callable[[], Path] | None = None
    ) -> None:
        """Open the file for appending, repaired. Raises `UserError` where it cannot be opened."""
        self._on_trouble, self._where = on_trouble, where or (lambda: path)
        self._start = b""  # the line by which the run is known
        self._lock = threading.Lock()
        self._waiting = bytearray()
        self._trouble = False
        self._due = 0.0
        self._descriptor = -1
        try:
            self._descriptor = open_regular(path, _FLAGS)
            #: bytes of a half-written last line that were cut off
            self.cut_off = repair(self._descriptor)
        except OSError as error:
            self.close()
            raise UserError(f"{path} cannot be written: {why(error)}.") from error

    def append(self, event: Event) -> None:
        """Write an event, steps within half a second, all others at once (with the time, in seconds since 1970)."""
        # its kind comes first, so that a reader who wants no steps need not parse them
        plain = to_dict(event)
        if not isinstance(event, Step):
            plain = {"event": plain["event"], "time": round(time.time(), 3), **plain}
        with self._lock:
            if isinstance(event, Start):
                self._start = _line({**plain, "event": "start"})
            self._waiting += _line(plain)
            now = time.monotonic()
            ended = isinstance(event, End)
            if now >= self._due or ended or not (isinstance(event, Step) or self._trouble):
                self._flush(now)
            if ended:
                self._sync()

    def sync(self) -> None:
        """Flush and sync the file, as far as the disk allows."""
        with self._lock:
            self._flush(time.monotonic())
            self._sync()

    def close(self) -> None:
        """Flush, as far as the disk allows, and close."""
        with self._lock:
            if self._descriptor >= 0:
                self._flush(time.monotonic())
                self._let_go()

    def abandon(self) -> None:
        """Close without writing: the file belongs to another process, or is gone."""
        with self._lock:
            if self._descriptor >= 0:
                self._let_go()

    def _sync(self) -> None:
        if not self._trouble and self._descriptor >= 0:
            with contextlib.suppress(OSError):
                os.fsync(self._descriptor)

    def _let_go(self) -> None:
        os.close(self._descriptor)
        self._descriptor = -1

    def _flush(self, now: float) -> None:
        self._due = now + FLUSH_EVERY
        if self._descriptor < 0:
            self._waiting.clear()
            return
        try:
            if os.fstat(self._descriptor).st_nlink == 0:
                self._begin_anew()
            while self._waiting:
                # remove what was written at once, so that a half-written line is continued, not repeated
                del self._waiting[: os.write(self._descriptor, bytes(self._waiting))]
        except OSError as error:
            self._due = now + RETRY_EVERY
            self._give_up_the_oldest()
            if not self._trouble:
                self._trouble = True
                self._on_trouble(f"The journal of the run cannot be written: {why(error)}.")
        else:
            if self._trouble:
                self._trouble = False
                self._on_trouble("")

    def _begin_anew(self) -> None:
        try:
            descriptor = open_regular(self._where(), _FLAGS)
        except (FileNotFoundError, NotADirectoryError):  # the folder was removed, and the run ends
            return
        os.dup2(descriptor, self._descriptor, inheritable=False)
        os.close(descriptor)
        if not self._waiting.startswith(self._start):
            self._waiting[:0] = self._start

    def _give_up_the_oldest(self) -> None:
        surplus = len(self._waiting) - KEEP_AT_MOST
        if surplus > 0:
            # the first line may be half on disk: keep it, and drop whole lines after it
            first, gap = self._waiting.find(b"\n") + 1, self._waiting.find(b"\n", surplus) + 1
            del self._waiting[first : max(first, gap)]


def note_failure(path: Path, message: str) -> None:
    """Append to a journal that its run failed, and why; the caller holds the run's lock. Raises `UserError`."""
    journal = Journal(path)
    journal.append(End(State.FAILED, message))
    journal.close()


def repair(descriptor: int) -> int:
    """End a journal with a whole line: what a crash left half-written is cut off. How many bytes. Raises `OSError`.

    A last line that is an event, and lacks only its newline, is given one.
    """
    size = end = os.fstat(descriptor).st_size
    tail = b""
    while end and b"\n" not in tail:
        start = max(0, end - (64 << 10))
        tail = os.pread(descriptor, end - start, start)
        end = start
    whole = end + tail.rfind(b"\n") + 1
    if whole == size:
        return 0
    if size - whole <= LINE_AT_MOST and parse(os.pread(descriptor, size - whole, whole)) is not None:
        os.pwrite(descriptor, b"\n", size)
        return 0
    os.ftruncate(descriptor, whole)
    return size - whole


def events_of(path: Path, *, steps: bool = True) -> Iterator[Event | None]:
    """The events of a journal, None for a damaged line; none where there is no file. Raises `UserError`.

    A last line that is still being written is left out. `steps=False` leaves steps out, which is much faster.
    """
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            yield from (event for _, event in events_in(file, steps=steps))
    except FileNotFoundError:
        return
    except OSError as error:
        raise UserError(f"{path} cannot be read: {why(error)}.") from error


def events_in(file: BinaryIO, *, steps: bool = True) -> Iterator[tuple[int, Event | None]]:
    """The events of an open journal, as `events_of` has them, each with the place where its line begins."""
    end = 0
    while line := file.readline(LINE_AT_MOST):
        start, end = end, end + len(line)
        if not line.endswith(b"\n") and len(line) == LINE_AT_MOST:
            yield start, None
            while (line := file.readline(LINE_AT_MOST)) and not line.endswith(b"\n"):
                end += len(line)
            end += len(line)
        elif steps or not line.startswith(_STEP):
            event = parse(line)
            if event is not None or (line.strip() and line.endswith(b"\n")):
                yield start, event


def size_of(path: Path) -> int:
    """The bytes of a journal; 0 where there is none."""
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def damage_of(path: Path, lines: int) -> str:
    """The message where `lines` lines of a journal cannot be read; "" for none."""
    what = "1 line" if lines == 1 else f"{lines:,} lines"
    return f"{path} is damaged: {what} cannot be read, and will be passed over." if lines else ""


def parse(line: bytes) -> Event | None:
    """The event in a line; None where the line is damaged."""
    if plain := _PLAIN_STEP.fullmatch(line):  # four times as fast as what comes to the same below
        step, loss, accuracy = plain.groups()
        share = math.nan if accuracy == b"null" else float(accuracy)
        if not (share < 0 or share > 1):
            return Step(int(step), math.nan if loss == b"null" else float(loss), share)
    try:
        return event_of(parse_json(line))
    except RecordError:
        return None


def _line(plain: dict[str, Any]) -> bytes:
    return dump_plain(plain).encode(errors="replace") + b"\n"
