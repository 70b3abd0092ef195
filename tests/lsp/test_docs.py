"""What docs/editors.md tells to write is well-formed, and starts a command that there is."""

from __future__ import annotations

import json
import re
import tomllib

from tests.conftest import ROOT
from tuicnn.cli.program import main

PAGE = (ROOT / "docs" / "editors.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_every_editor_starts_the_server() -> None:
    helix = tomllib.loads(blocks("toml")[0])
    code = json.loads(blocks("json")[0])
    started = [
        [helix["language-server"]["tuicnn"]["command"], *helix["language-server"]["tuicnn"]["args"]],
        [code["glspc.server.command"], *code["glspc.server.commandArguments"]],
        *(re.findall(r'"(\w+)"', found) for text in blocks("lua") for found in re.findall(r"cmd = \{(.*?)\}", text)),
    ]
    assert started == [["tuicnn", "lsp"]] * 4
    assert "lsp" in main.commands
    assert helix["language"][0]["language-servers"] == ["tuicnn"]
    assert helix["language"][0]["file-types"] == ["net"]
