"""What the language knows of data sets."""

from __future__ import annotations

import subprocess
import sys

from tuicnn.data import IdxFolder, Mnist
from tuicnn.vocabulary import words


def test_all_data_sets_are_words() -> None:
    assert set(words.vocabulary("data")) >= {"mnist", "fashion-mnist", "cifar10", "symbols", "folder", "npz", "idx"}


def test_the_folder_of_the_net_file_is_no_argument() -> None:
    assert [argument.name for argument in words.arguments(IdxFolder)] == [
        "directory", "classes", "limit", "val", "pad", "normalise",
    ]  # fmt: skip
    spec = IdxFolder("my digits", classes=(0, 1), bases=("/somewhere",))
    assert words.written(spec) == 'idx "my digits" classes=[0, 1]'
    assert words.written(Mnist(val=100)) == "mnist val=100"


def test_importing_is_light() -> None:
    """Pillow is only for pictures; every start of the program would wait for it."""
    code = (
        "import sys, tuicnn.data; print([m for m in ('PIL', 'textual', 'lark', 'multiprocessing') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
