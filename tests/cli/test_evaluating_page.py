"""What docs/evaluating.md shows is what the commands print today, but for the figures."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.pages import words
from tests.conftest import ROOT, Run
from tests.runs.small import train
from tuicnn.runs.creation import create_run
from tuicnn.runs.folder import RunFolder

PAGE = (ROOT / "docs/evaluating.md").read_text(encoding="utf-8")
COMMANDS = [line.partition("#")[0].split() for line in re.findall(r"^    tuicnn (.+)$", PAGE, re.MULTILINE)]
SHOWN = re.findall(r"^\$ tuicnn (.+)\n((?:(?!```|\$ ).*\n)+)", PAGE, re.MULTILINE)


@pytest.fixture
def run(tmp_path: Path, tuicnn: Run) -> RunFolder:
    """The page's runs, of nets that learn little and soon; the first of them."""
    digit = np.zeros((56, 40, 3), np.uint8) + 255
    digit[10:46, 18:22] = 0
    (tmp_path / "work/photos").mkdir()
    for name in ("three.png", "photos/1.png"):
        Image.fromarray(digit).save(tmp_path / "work" / name)
    net = "data: mnist val=50 limit=100\ntrain: epochs=2\nflatten -> dense 10\n"
    small = net.replace("flatten", "avgpool 2 -> flatten")
    texts = [("mnist", net), ("mnist", net.replace("epochs=2", "epochs=1 seed=3").replace("limit=100", "limit=90"))]
    texts += [("mnist", net.replace("epochs=2", f"epochs=2 seed={seed}")) for seed in (1, 2)]
    texts += [("small", small.replace("epochs=2", f"epochs=2 seed={seed}")) for seed in (0, 1, 2)]
    folders = [create_run(tmp_path / "work", name, text) for name, text in texts]
    for folder in folders:
        train(folder)
    return folders[0]


def test_what_is_shown_is_printed(tuicnn: Run, run: RunFolder) -> None:
    assert SHOWN
    for command, shown in SHOWN:
        done = tuicnn(*command.split())
        assert done.returncode == 0, done.stderr
        ours, theirs = (list(dict.fromkeys(words(text))) for text in (done.stdout, shown))
        if theirs[0] == "…":  # the first lines are left out
            ours, theirs = ours[1 - len(theirs) :], theirs[1:]
        assert ours == theirs


def test_each_command_works(tuicnn: Run, run: RunFolder) -> None:
    assert len(COMMANDS) > 3
    for command in COMMANDS:
        arguments = [word.strip("'") for word in command]
        if "--data" in arguments:  # the file is the reader's own
            arguments[arguments.index("--data") + 1 :] = ["mnist limit=5"]
        if "-" in arguments:  # a shell's redirection
            continue
        done = tuicnn(*arguments)
        assert done.returncode == 0, done.stderr
