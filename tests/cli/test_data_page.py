"""What docs/data.md shows is what the commands print, and its nets are nets that can be trained on such files."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import ROOT, Run

PAGE = (ROOT / "docs/data.md").read_text(encoding="utf-8")
COMMANDS = [line.partition(" #")[0].strip() for line in re.findall(r"^    tuicnn (.+)$", PAGE, re.MULTILINE)]
SHOWN = re.findall(r"^\$ tuicnn (.+)\n((?:(?!```).*\n)+)", PAGE, re.MULTILINE)
NETS = re.findall(r"^```net\n(.+?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(autouse=True)
def files(tmp_path: Path, tuicnn: Run) -> None:
    """The files that the page speaks of, in the folder where commands are run: one of the test set is there twice."""
    work, source = tmp_path / "work", np.random.default_rng(0)
    for name in ("book", "cone", "mug"):
        (work / "photos" / name).mkdir(parents=True)
        for number in range(12):
            noise = Image.fromarray(source.integers(0, 256, (45, 60, 3), dtype=np.uint8))
            picture = noise.rotate(90, expand=True) if number % 3 == 0 else noise
            picture = picture.convert("L") if number == 7 else picture
            picture.save(work / "photos" / name / f"IMG_{number:04}.JPG", quality=90)
    copy = work / "photos/mug/copy.JPG"
    (work / "photos/mug/IMG_0011.JPG").unlink()
    copy.write_bytes((work / "photos/mug/IMG_0002.JPG").read_bytes())
    rows = source.integers(0, 256, (60, 64))
    for part in ("train", "test"):
        lines = [",".join(map(str, [number % 10, *row])) for number, row in enumerate(rows)]
        (work / f"{part}.csv").write_text("\n".join(lines))
    (work / "my.net").write_text(NETS[0])


def words(text: str) -> list[str]:
    """Lines without figures."""
    return [" ".join(re.sub(r"\d[\d,.x]*", "1", line).split()) for line in text.strip().splitlines()]


def arguments(command: str) -> list[str]:
    return [quoted or plain for single, double, plain in re.findall(r"'([^']*)'|\"([^\"]*)\"|(\S+)", command)
            for quoted in [single or double]]  # fmt: skip


def test_each_command_works(tuicnn: Run, tmp_path: Path) -> None:
    assert len(COMMANDS) > 5
    for command in COMMANDS:
        given = [word if word != "mnist" else "mnist limit=50 val=50" for word in arguments(command)]
        done = tuicnn(*given)
        assert done.returncode == 0, (command, done.stderr)
    assert (tmp_path / "work/sheet.png").is_file()


def test_what_is_shown_is_printed(tuicnn: Run, tmp_path: Path) -> None:
    ((command, shown),) = SHOWN
    done = tuicnn(*arguments(command))
    printed = (done.stderr + done.stdout).replace(f"{tmp_path}/work/", "")
    ours, theirs = words(printed), words(shown)
    assert ours == theirs


def test_the_nets_can_be_trained(tuicnn: Run, tmp_path: Path) -> None:
    assert len(NETS) == 2
    for net in NETS:
        (tmp_path / "work/page.net").write_text(net)
        done = tuicnn("check", "page.net")
        assert done.returncode == 0, done.stderr
        assert "warning" not in done.stderr
