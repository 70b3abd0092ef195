"""docs/tutorial.md, followed from its first line to its last: each file is written, each command typed."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw

from tests.cli.pages import missing
from tests.conftest import ROOT, Run

PAGE = ROOT / "docs" / "tutorial.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
#: so few images are enough to see what is printed
LESS = ["--limit", "100", "--threads", "1"]
#: messages that a busy machine gives, and an idle one does not
BUSY = re.compile(r"^(warning: the processes wait|step \d).*\n", re.MULTILINE)


def steps() -> Iterator[tuple[str, str, str]]:
    """What the page tells to do, in order: `write`, a file and its text; or `type`, a command and what it shows."""
    for block in BLOCK.finditer(TEXT):
        kind, text = block.groups()
        if kind in ("net", "python"):
            before = TEXT[: block.start()].rstrip().rpartition("\n\n")[2]
            assert before.endswith(":"), before
            name = re.findall(r"`(\w+\.(?:net|py))`", before)[-1]
            yield "write", name, text
        elif kind == "sh":
            yield from (("type", line.partition("#")[0].strip(), "") for line in text.splitlines())
        elif text.startswith("$ "):
            for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, _, shown = part.partition("\n")
                yield "type", command, shown


def test_the_tutorial_can_be_followed(tuicnn: Run, tmp_path: Path, environment: dict[str, str]) -> None:
    folder = tmp_path / "work"
    digit, triangle = Image.new("L", (300, 300), 235), Image.new("RGB", (90, 70), (20, 20, 60))
    ImageDraw.Draw(digit).arc((100, 50, 200, 150), 210, 450, fill=40, width=18)
    ImageDraw.Draw(triangle).regular_polygon((50, 35, 24), 3, fill=(230, 220, 90))
    digit.save(folder / "three.png")
    triangle.save(folder / "new.png")
    typed = 0
    for what, name, text in steps():
        if what == "write":
            (folder / name).write_text(text, encoding="utf-8")
            continue
        program, *arguments = shlex.split(name)
        if program == "python":
            subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, check=True, timeout=120)
            continue
        assert program == "tuicnn"
        if arguments[0] == "train" or arguments[0].endswith(".net"):
            arguments += LESS
        done = tuicnn(*arguments)
        printed = BUSY.sub("", done.stdout + done.stderr)
        assert done.returncode == (1 if "error[" in text else 0), printed
        assert missing(text, printed) == [], f"{name}:\n{printed}"
        typed += 1
    assert typed > 15
    assert {path.name for path in (folder / "runs").iterdir()} >= {"mnist-1", "my-2", "my-3", "shapes-4", "shapes-5"}


def test_its_pictures_and_links_are_there() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", TEXT) if not link.startswith("http")]
    assert len(links) > 10
    headings = [
        re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in re.findall(r"^#+ (.*)$", TEXT, re.MULTILINE)
    ]
    for link in links:
        path, _, anchor = link.partition("#")
        assert (PAGE.parent / path).exists(), link
        assert not anchor or path or anchor in headings, link
