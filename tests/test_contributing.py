"""What the page for contributors says of the code can be checked: its drawing, the files and the modules it names."""

from __future__ import annotations

import importlib.util
import re
import tomllib

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "contributing.md").read_text()
CODE = re.findall(r"`([^`\n]+)`", PAGE) + [
    word for block in re.findall(r"```\w*\n(.*?)```", PAGE, re.DOTALL) for word in block.split()
]
PATHS = sorted(
    {word for word in (w.strip("():,;") for w in CODE) if re.fullmatch(r"[\w./-]*\w/[\w./-]*|\w+\.py", word)}
)


def test_the_drawing_is_the_import_contract() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = (c["layers"] for c in contracts if c["name"] == "Which way the house may look")
    drawing = PAGE.partition("```text\n")[2].partition("```")[0]
    drawn = [re.split(r"  +", line)[0] for line in drawing.splitlines() if not line.startswith(" ")]
    assert drawn == [layer.replace("tuicnn.", "") for layer in layers]


@pytest.mark.parametrize("path", PATHS)
def test_every_file_is_there(path: str) -> None:
    """From the top of the tree, or inside tuicnn; NAME and FAMILY stand for what a contributor chooses."""
    known = re.sub(r"[^/]*(NAME|FAMILY)[^/]*$", "", path)
    assert any((top / known).exists() for top in (ROOT, ROOT / "tuicnn", ROOT / "docs", ROOT / "tuicnn" / "data")) or (
        known.endswith(".py") and list((ROOT / "tuicnn").rglob(known))
    )


def test_every_module_can_be_run() -> None:
    modules = set(re.findall(r"python -m ([\w.]+)", PAGE))
    assert len(modules) > 4
    assert all(importlib.util.find_spec(module) for module in modules)


def test_every_link_leads_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", PAGE)
    assert targets
    assert all((ROOT / "docs" / target).exists() for target in targets)
