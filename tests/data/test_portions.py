"""Work on many files is shared by processes, to the same result, and whatever becomes of them."""

from __future__ import annotations

import mmap
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from tuicnn.data import ImageFolder, decoding, headers, portions
from tuicnn.data.portions import in_portions
from tuicnn.vocabulary import Size

from .made import write_tree


def squares(processes: int, count: int = 1000) -> list[int]:
    found: dict[int, list[int]] = {}
    in_portions(count, count, lambda a, b: [n * n for n in range(a, b)], found.__setitem__, processes=processes)
    return [each for start in sorted(found) for each in found[start]]


@pytest.mark.parametrize("processes", [1, 2, 5])
@pytest.mark.parametrize("count", [0, 1, 257, 1000])
def test_the_result_does_not_depend_on_the_processes(processes: int, count: int) -> None:
    assert squares(processes, count) == [n * n for n in range(count)]


@pytest.mark.parametrize("end", ["kill", "raise", "exit"])
def test_what_a_process_leaves_undone_is_done_here(end: str) -> None:
    here = os.getpid()

    def work(start: int, stop: int) -> list[int]:
        if start == 256 and os.getpid() != here:
            if end == "raise":
                raise RuntimeError
            os._exit(3) if end == "exit" else os.kill(os.getpid(), signal.SIGKILL)
        return list(range(start, stop))

    found: dict[int, list[int]] = {}
    in_portions(2000, 2000, work, found.__setitem__, processes=2)
    assert sorted(n for numbers in found.values() for n in numbers) == list(range(2000))


def test_processes_end_with_the_work_also_where_it_is_given_up() -> None:
    pids = np.frombuffer(mmap.mmap(-1, 8 * 2000), np.int64)

    def work(start: int, stop: int) -> int:
        pids[start:stop] = os.getpid()
        return os.getpid()

    def give_up(start: int, pid: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        in_portions(2000, 2000, work, give_up, processes=2)
    for pid in set(pids.tolist()) - {0, os.getpid()}:
        assert not Path(f"/proc/{pid}").exists()


def test_pictures_are_the_same_however_many_processes_decode_them(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tree(data, ("a", "b"), 20, 12, 9, 3)
    (data / "b/07.png").write_bytes(b"?")
    spec = ImageFolder(str(data), size=Size((6, 6)), skip="bad")
    one = spec.load()
    monkeypatch.setattr(portions, "_PORTION_FILES", 3)
    for module in (decoding, headers):
        monkeypatch.setattr(module, "processes_for", lambda files, size: 3)
    three = spec.load()
    np.testing.assert_array_equal(one.train_images, three.train_images)
    np.testing.assert_array_equal(one.train_labels, three.train_labels)
    assert one.left_out == three.left_out != ()


def test_few_files_are_not_worth_a_process() -> None:
    assert portions.processes_for(100, 10_000) == 1
    assert portions.processes_for(100_000, 0) == portions.processes_for(10, 10**9) > 0
