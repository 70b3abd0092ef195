"""Everything that the README tells to type is typed here."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

from tests.conftest import ROOT, Run
from tests.faults.terminal import Terminal, plain
from tuicnn.language import check, render_plain
from tuicnn.vocabulary import vocabulary

README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


COMMANDS = [
    line.partition("#")[0].split() for block in blocks("sh") for line in block.splitlines() if line.startswith("tuicnn")
]


@pytest.mark.parametrize("text", blocks("net"))
def test_networks_can_be_trained(text: str) -> None:
    checked = check(text)
    # the larger one is for CIFAR-10, which need not be here
    assert {d.code for d in checked.diagnostics} <= {"data"}
    assert checked.plan is not None


def test_the_line_is_the_main_network() -> None:
    assert (ROOT / "nets" / "mnist.net").read_text().rstrip().endswith(blocks("net")[0].strip())


def test_the_layers_that_are_named_are_layers() -> None:
    listed = README.partition("The layers: ")[2].partition(". The whole")[0]
    assert re.findall(r"`(\w+)`", listed) == list(dict.fromkeys(re.findall(r"`(\w+)`", listed)))
    assert set(re.findall(r"`(\w+)`", listed)) < set(vocabulary("layer"))


def test_the_message_is_what_is_said() -> None:
    shown = blocks("text")[0]
    text = next(line.partition("| ")[2] for line in shown.splitlines() if line.startswith("1 |"))
    assert render_plain(check(text, name="my.net").diagnostics, ascii=True).strip() == shown.strip()


def test_python(tmp_path: Path, environment: dict[str, str]) -> None:
    code = "\n".join(blocks("python"))  # the second goes on where the first ends
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "(8, 1, 3, 3)" in done.stdout


def test_the_commands_without_a_terminal(tuicnn: Run) -> None:
    for command in COMMANDS:
        name = command[1] if len(command) > 1 else ""
        if name in ("", "check", "train", "runs", "new", "layers", "fmt", "bench"):
            more = ["--limit", "300"] if name == "train" and "--limit" not in command else []
            more += ["--seconds", "0.01", "--rounds", "1", "--threads", "1"] if name == "bench" else []
            done = tuicnn(*command[1:], *more)
            assert done.returncode == 0, (command, done.stderr)


def test_the_commands_in_the_text(tuicnn: Run, environment: dict[str, str]) -> None:
    """Those that stand in a sentence: where the data would be, and Pygments."""
    assert "`tuicnn check nets/fashion.net`" in README
    done = tuicnn("check", "nets/fashion.net")
    assert done.returncode == 0
    assert "zalandoresearch/fashion-mnist" in done.stderr
    assert "TUICNN_DATA" in done.stderr
    assert "`pygmentize nets/lenet5.net`" in README
    try:
        distribution("tuicnn")
    except PackageNotFoundError:
        pytest.skip("Pygments finds the lexer where tuicnn is installed, and here it is not")
    done = subprocess.run(
        [sys.executable, "-m", "pygments", "-f", "html", "nets/lenet5.net"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert '<span class="nf">conv</span>' in done.stdout


def test_the_commands_in_a_terminal(tuicnn: Run, tmp_path: Path, environment: dict[str, str]) -> None:
    """Watch, leave it in the background, attach, leave, stop: as the README has it."""
    assert ["tuicnn", "nets/mnist.net"] in COMMANDS
    assert ["tuicnn", "attach"] in COMMANDS
    assert ["tuicnn", "stop"] in COMMANDS
    try:
        for arguments in (["nets/mnist.net", "--epochs", "1000", "--threads", "1"], ["attach"]):
            with Terminal([sys.executable, "-m", "tuicnn", *arguments], tmp_path / "work", environment) as shell:
                shell.until("training ")
                shell.press("q")
                shell.until("keep training")
                shell.press("k")
                assert shell.ended() == 0
                assert "goes on in the background" in plain(shell.said.rpartition(b"\x1b[?1049l")[2])
        assert re.search(r"mnist-1 +training", tuicnn("runs").stdout)
    finally:
        ended = tuicnn("stop")
    assert "mnist-1: stopped" in ended.stdout
