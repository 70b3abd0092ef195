"""What Tab offers behind `tuicnn`, in the shells themselves where they are here."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.shell_completion import CompletionItem

from tests.conftest import ROOT, Run, usage_error
from tuicnn.cli.completing import Completed
from tuicnn.cli.program import main
from tuicnn.cli.shells import COMPLETE, SHELLS, script
from tuicnn.language import check
from tuicnn.language.overrides.names import names_of
from tuicnn.language.overrides.places import find
from tuicnn.language.overrides.values import Override

NETS = sorted((ROOT / "nets").glob("*.net"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.net").write_text("w = 4\noptim: sgd lr=0.1\nconv w 3x3 as stem -> flatten -> dense 10\n")
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "one.net").write_text("relu -> flatten -> dense 10\n")
    for name in ("mnist-1", "my-2"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "net.net").write_text("conv 8 3x3 -> flatten -> dense 10\n")
    return tmp_path


def offered(line: str) -> list[CompletionItem[str]]:
    """What is offered at the end of a line."""
    *words, begun = line.split(" ")
    return SHELLS["fish"](main, {}, "tuicnn", COMPLETE).get_completions(words[1:], begun)


def words_at(line: str) -> list[str]:
    return [item.value for item in offered(line)]


def test_commands_nets_and_options_are_offered(folder: Path) -> None:
    first = words_at("tuicnn ")
    assert set(first) >= {"train", "check", "completion", "my.net", "deep/er/one.net", "nets/mnist.net"}
    assert "home" not in first
    assert "runs/my-2/net.net" not in first
    assert words_at("tuicnn expl") == ["explain"]
    assert words_at("tuicnn train m") == ["my.net"]
    assert words_at("tuicnn train deep/") == ["deep/er/one.net"]
    assert words_at("tuicnn check ./d") == ["./deep/er/one.net"]
    assert "--epochs" in words_at("tuicnn --ep")
    assert words_at("tuicnn my.net --ep") == ["--epochs"]
    assert words_at("tuicnn eval my-2 --part v") == ["validation"]
    assert words_at("tuicnn chekc nets/mnist.net --ep") == ["--epochs"]  # it is told when it is entered


def test_runs_layers_and_addresses_are_offered(folder: Path) -> None:
    assert sorted(words_at("tuicnn attach ")) == ["mnist-1", "my-2"]
    assert words_at("tuicnn compare mnist-1 my") == ["my-2"]
    assert words_at("tuicnn layers max") == ["maxpool"]
    assert words_at("tuicnn explain my-2 conv1.") == ["conv1.weight[", "conv1.bias["]
    assert words_at("tuicnn explain none conv1.") == []
    assert words_at("tuicnn plot my-2 -o figures --layer co") == ["conv1"]
    assert words_at("tuicnn new incep") == ["inception"]


def test_the_values_of_the_net_are_offered_part_by_part(folder: Path) -> None:
    assert set(words_at("tuicnn train my.net --set ")) >= {"w=", "optim.", "stem.", "dense1.", "loss="}
    assert words_at("tuicnn train my.net --set optim.m") == ["optim.momentum="]
    assert words_at("tuicnn bench my.net --set stem.k") == ["stem.kernel="]
    assert words_at("tuicnn train --set optim.b") == ["optim.beta1=", "optim.beta2="]  # as without a net
    momentum = offered("tuicnn my.net --set optim.m")[0]
    assert momentum.help


@pytest.mark.parametrize("path", NETS, ids=lambda path: path.stem)
def test_every_value_that_is_offered_can_be_set(path: Path) -> None:
    reading = check(path.read_text()).reading
    assert reading is not None
    names = names_of(reading)
    assert len(names) > 20
    for name in names:
        find(Override(name, "8"), reading)


def test_every_run_and_net_that_a_command_takes_is_completed() -> None:
    """A command of tomorrow that takes a RUN says so by its type."""
    plain = [
        f"{command.name} {parameter.name}"
        for command in main.commands.values()
        for parameter in command.params
        if isinstance(parameter, click.Argument)
        and parameter.name in ("run", "runs", "which", "net", "nets")
        and not isinstance(parameter.type, Completed)
    ]
    assert plain == []


BASH = """
source ./script
answer() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tuicnn_completion tuicnn 2>/dev/null; echo "${COMPREPLY[@]}"; }
answer tuicnn train my.net --set optim.m
answer tuicnn train my.net --set stem.k
answer tuicnn train --set w = 8 m
answer tuicnn eval my-2 --part = v
answer tuicnn explain my-2 conv1.w
answer tuicnn chekc
complete -p tuicnn
"""
FISH = """
source ./script
for line in "train my.net --set optim.m" "train my.net --set stem.k" "train --set w=8 m" "explain my-2 conv1.w"
    complete -C "tuicnn $line" | string split -f 1 \\t
end
"""


def in_shell(shell: str, text: str, folder: Path, environment: dict[str, str]) -> str:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not here")
    bin = folder / "bin"
    bin.mkdir()
    (bin / "tuicnn").write_text(f'#!/bin/sh\nexec {sys.executable} -m tuicnn "$@"\n')
    (bin / "tuicnn").chmod(0o755)
    (folder / "script").write_text(script(shell, main))
    done = subprocess.run(
        [shell, "-c", text], cwd=folder, env={**environment, "PATH": f"{bin}:{environment['PATH']}"},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout


def test_bash_asks_and_is_answered(folder: Path, environment: dict[str, str]) -> None:
    assert in_shell("bash", BASH, folder, environment).splitlines() == [
        "optim.momentum=",
        "stem.kernel=",
        "my.net",
        "validation",
        r"conv1.weight\[",
        "",
        "complete -o nosort -F _tuicnn_completion tuicnn",
    ]


def test_fish_asks_and_is_answered(folder: Path, environment: dict[str, str]) -> None:
    answers = in_shell("fish", FISH, folder, environment).splitlines()
    assert answers == ["optim.momentum=", "stem.kernel=", "my.net", "conv1.weight["]


def test_zsh_reads_the_script(folder: Path, environment: dict[str, str]) -> None:
    text = "autoload -Uz compinit; compinit -u; source ./script; print -r -- $_comps[tuicnn]"
    assert in_shell("zsh", text, folder, environment) == "_tuicnn_completion\n"
    assert "compadd -U -S ''" in script("zsh", main)


def test_a_word_that_is_neither_command_nor_net_is_told_what_was_meant(folder: Path) -> None:
    assert "no command chekc. Did you mean check?" in usage_error("chekc", "nets/mnist.net")
    assert "no command trian. Did you mean train?" in usage_error("trian")
    assert "no command fit. Did you mean train?" in usage_error("fit", "my.net")
    assert "no command and no net mnits. Did you mean nets/mnist.net?" in usage_error("mnits")
    assert "no command and no net deep/er/on.net. Did you mean deep/er/one.net?" in usage_error("deep/er/on.net")
    assert "no command and no net zebra; tuicnn --help lists the commands" in usage_error("zebra", "my.net")


def test_a_shell_that_is_missing_or_unknown_is_answered_with_those_there_are(tuicnn: Run) -> None:
    missing, unknown = tuicnn("completion"), tuicnn("completion", "tcsh")
    assert (missing.returncode, unknown.returncode) == (2, 2)
    assert missing.stderr.endswith("Choose from:\n  bash,\n  zsh,\n  fish\n")
    assert "'tcsh' is not one of 'bash', 'zsh', 'fish'" in unknown.stderr


def test_the_script_is_printed(tuicnn: Run) -> None:
    done = tuicnn("completion", "fish")
    assert (done.returncode, done.stdout, done.stderr) == (0, script("fish", main), "")
