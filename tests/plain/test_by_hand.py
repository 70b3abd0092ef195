"""docs/by-hand.md is executed: every block of Python, in order, prints what the page says that it prints."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from typing import Any

import numpy as np

from tests.conftest import ROOT


def test_each_block_prints_what_stands_below_it() -> None:
    page = (ROOT / "docs" / "by-hand.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```)?", page, re.DOTALL | re.MULTILINE)
    assert len(blocks) > 30
    names: dict[str, Any] = {}
    with np.printoptions():  # the page sets them
        for code, shown in blocks:
            printed = io.StringIO()
            with redirect_stdout(printed):
                exec(compile(code, "docs/by-hand.md", "exec"), names)
            assert printed.getvalue() == shown, code


def test_the_network_is_the_first_of_the_readme() -> None:
    first = re.search(r"^```net\n(.*?)\n```", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    assert first
    assert first[1] in (ROOT / "docs" / "by-hand.md").read_text()
