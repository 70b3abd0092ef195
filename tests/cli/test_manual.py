"""docs/tuicnn.1, the page for `man tuicnn`, is what the commands say of themselves."""

from __future__ import annotations

import shutil
import subprocess

import click
import pytest

from tests.conftest import ROOT
from tuicnn.cli.manual import manual
from tuicnn.cli.program import main

PAGE = ROOT / "docs" / "tuicnn.1"


def test_the_page_is_what_the_help_says() -> None:
    assert manual() == PAGE.read_text(), "write it anew: python -m tuicnn.cli.manual > docs/tuicnn.1"


def test_man_shows_every_command_and_option_as_it_is_typed() -> None:
    if shutil.which("groff") is None:
        pytest.skip("groff is not here")
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-rLL=200n", str(PAGE)],
        env={"GROFF_NO_SGR": "1", "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    shown = subprocess.run(["col", "-bx"], input=done.stdout, capture_output=True, text=True, check=True).stdout
    for name, command in main.commands.items():
        assert (f"tuicnn {name} [OPTIONS]" in shown) is not command.hidden
        for option in command.params:
            if isinstance(option, click.Option) and not command.hidden:
                assert f"\n       {option.opts[0]}" in shown
    assert "--set optim.lr=1e-3" in shown  # hyphens that can be copied
    assert "\n           tuicnn resume mnist-1 --epochs 10  " in shown  # examples keep their lines
