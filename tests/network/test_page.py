"""The code in docs/python.md runs, block after block, as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path("docs/python.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_the_code_runs_and_prints_what_its_comments_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    known: dict[str, object] = {"__name__": "page"}
    exec(compile("\n".join(BLOCKS), "docs/python.md", "exec"), known)
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    for told in re.findall(r"^ *print\(\w+\)  # (.*)$", "\n".join(BLOCKS), re.MULTILINE):
        words = " ".join(re.sub(r"[\d.,%]+", "", told.removesuffix("...")).split())
        assert words in " ".join(re.sub(r"[\d.,%]+", "", printed).split()), told
