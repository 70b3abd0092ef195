"""Nothing that is printed steers the terminal, whatever the names and messages are that it quotes."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from tests.conftest import Run
from tuicnn.cli.output.streams import to_json
from tuicnn.display.output import Console, _Guarded
from tuicnn.runs.log import entry, last_words
from tuicnn.system.printable import harmless

HOSTILE = "x\x1b]0;title\x07\x1b[31m\x9b2J\x7f\r\u202e\u2028y"
TEXTS = st.text(st.one_of(st.characters(), st.sampled_from(HOSTILE)))


def is_harmless(said: str) -> bool:
    return all(line.isprintable() for line in said.split("\n"))


@given(TEXTS)
def test_what_is_printed_is_printable(text: str) -> None:
    under = io.StringIO()
    print(text, file=_Guarded(under), end="")
    assert is_harmless(under.getvalue())
    assert harmless(under.getvalue()) == under.getvalue()


@given(TEXTS)
def test_a_console_steers_the_terminal_only_with_its_own_styles(text: str) -> None:
    under = io.StringIO()
    table = Table("heading")
    table.add_row(Text(text, style="bold"))
    console = Console(under, force_terminal=True, color_system="standard", width=80)
    console.print(table, Text(text, style="red"), text)
    said = under.getvalue()
    for own in ("\x1b[1m", "\x1b[31m", "\x1b[0m"):
        said = said.replace(own, "")
    assert is_harmless(said)


@given(TEXTS)
def test_json_is_printable_ascii_and_says_the_same(text: str) -> None:
    line = to_json({"name": text})
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line) == {"name": text}


@given(TEXTS)
def test_a_log_can_be_read_in_a_terminal(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    assert is_harmless(entry(text).decode())
    log = tmp_path_factory.mktemp("log") / "worker.log"
    log.write_bytes(text.encode(errors="replace"))
    assert last_words(log).isprintable()


@pytest.mark.parametrize("command", ["attach", "stop", "resume", "check", "train", "layers", "fmt", "new", "watch"])
def test_an_argument_is_quoted_harmlessly(tuicnn: Run, command: str) -> None:
    done = tuicnn(command, HOSTILE)
    assert done.returncode != 0
    assert is_harmless(done.stdout + done.stderr)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments", [["check", f"--{HOSTILE}"], ["check", "a", HOSTILE], ["train", "--epochs", HOSTILE]]
)
def test_bad_usage_is_quoted_harmlessly(tuicnn: Run, arguments: list[str]) -> None:
    done = tuicnn(*arguments)
    assert done.returncode == 2
    assert is_harmless(done.stderr)


def test_the_name_and_the_journal_of_a_run_are_listed_harmlessly(tuicnn: Run, tmp_path: Path) -> None:
    folder = tmp_path / "work" / "runs" / HOSTILE
    folder.mkdir(parents=True)
    (folder / "net.net").write_text("flatten -> dense 10\n")
    events = [{"event": "trouble", "message": HOSTILE}, {"event": "end", "state": "failed", "message": HOSTILE}]
    (folder / "journal.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    for arguments in (["runs"], ["runs", "--json"], ["attach", HOSTILE], ["stop", HOSTILE], ["resume", HOSTILE]):
        done = tuicnn(*arguments)
        assert done.stdout + done.stderr
        assert is_harmless(done.stdout + done.stderr), arguments
    assert json.loads(tuicnn("runs", "--json").stdout)["run"] == HOSTILE


def test_a_reader_that_has_gone_is_told_by_the_exit_code(environment: dict[str, str], tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        command = [sys.executable, "-m", "tuicnn", "check", "nets/mnist.net"]
        done = subprocess.run(command, cwd=tmp_path, env=environment, stdout=write, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(write)
    assert done.returncode == 141
    assert b"Traceback" not in done.stderr
