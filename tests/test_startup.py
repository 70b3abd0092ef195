"""What a command does not need is not imported: `tuicnn check` answers before one has looked up from the keyboard."""

from __future__ import annotations

import subprocess
import sys

import pytest

from .conftest import ROOT

HEAVY = ("numpy", "textual", "PIL", "safetensors", "asyncio", "pygments")


@pytest.mark.parametrize("arguments", [["check", "nets/mnist.net"], ["check", "nets/mnist.net", "--json"], ["--help"]])
def test_a_command_imports_no_more_than_it_needs(arguments: list[str]) -> None:
    code = (
        "import sys\n"
        "from tuicnn.cli.program import run\n"
        f"sys.argv = ['tuicnn', *{arguments!r}]\n"
        "try:\n    run()\nexcept SystemExit as end:\n    assert not end.code\n"
        f"print(*(name for name in {HEAVY!r} if name in sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stderr.split() == []


@pytest.mark.parametrize("words", ["tuicnn train m", "tuicnn attach ", "tuicnn train nets/mnist.net --set optim."])
def test_a_press_of_tab_imports_no_more_than_it_needs(words: str) -> None:
    code = (
        "import os, sys\n"
        "from tuicnn.cli.program import run\n"
        f"os.environ.update(_TUICNN_COMPLETE='bash_complete', COMP_WORDS={words!r}, COMP_CWORD='{words.count(' ')}')\n"
        "sys.argv = ['tuicnn']\n"
        "try:\n    run()\nexcept SystemExit as end:\n    assert not end.code\n"
        f"print(*(name for name in {HEAVY!r} if name in sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stderr.split() == []


def test_the_first_picture_of_a_run_waits_for_no_other_view_and_for_no_engine() -> None:
    code = (
        "import sys, tuicnn.cli.watching\n"
        "from tuicnn.tui.views import load\n"
        "load('train')\n"
        "late = ('engine', 'language', 'layers', 'kernels', 'specimen', 'data', 'tui.screens.edit')\n"
        "print(*(name for name in late if f'tuicnn.{name}' in sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stderr.split() == []


def test_numpy_comes_when_it_is_wanted() -> None:
    code = "from tuicnn.lazy_numpy import np; import sys; assert 'numpy' not in sys.modules; print(np.arange(3).sum())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout == "3\n"
