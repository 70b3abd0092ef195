"""Commands where something that they count on is gone: the working folder, a descriptor, a run's file, the data."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Run
from tests.runs.small import checkpoint_of, same, train
from tuicnn.runs.creation import create_run
from tuicnn.runs.folder import RunFolder


@pytest.mark.parametrize("arguments", ["runs", "attach", "../my.net", "stop", "{}/my.net --run {}/new"])
def test_a_working_folder_that_was_removed(environment: dict[str, str], tmp_path: Path, arguments: str) -> None:
    (tmp_path / "my.net").write_text("flatten -> dense 10\n")
    command = f"mkdir gone; cd gone; rmdir ../gone; exec {sys.executable} -m tuicnn {arguments.format(*[tmp_path] * 2)}"
    done = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "tuicnn: the working folder was removed; change to another one with cd, and try again\n"
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("loaded", ["click", "tuicnn.cli.group", "tuicnn.cli.program"])
def test_ctrl_c_while_the_program_loads_ends_it_in_silence(
    environment: dict[str, str], tmp_path: Path, loaded: str
) -> None:
    """`-X importtime` prints each module when it is there."""
    command = [sys.executable, "-X", "importtime", "-m", "tuicnn", "runs"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=pipe, stderr=pipe, text=True) as program:
        assert program.stderr is not None
        next(line for line in program.stderr if line.rpartition("|")[2].strip() == loaded)
        program.send_signal(signal.SIGINT)
        said, told = program.communicate(timeout=60)
    assert (program.returncode, said) == (130, "")
    assert "Traceback" not in told


@pytest.mark.parametrize("closed", ["<&-", "<&- >&- 2>&-"])
def test_a_start_with_closed_descriptors(
    tuicnn: Run, environment: dict[str, str], stopped: RunFolder, tmp_path: Path, closed: str
) -> None:
    net = shlex.quote(str(tmp_path / "work/my.net"))
    command = f"{sys.executable} -m tuicnn {net} --detach --epochs 100000 --run new {closed}"
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, env=environment, timeout=60, check=False)
    folder = RunFolder(tmp_path / "new")
    assert done.returncode == 0
    assert folder.alive
    assert tuicnn("stop", str(folder.path)).returncode == 0
    assert not folder.alive


@pytest.mark.parametrize("name", ["journal.jsonl", "lock", "net.net", "checkpoints/step-0000000004.safetensors"])
def test_a_pipe_in_the_place_of_a_runs_file_is_named_and_not_waited_for(
    tuicnn: Run, stopped: RunFolder, name: str
) -> None:
    path = stopped.path / name
    path.unlink()
    os.mkfifo(path)
    done = tuicnn("resume", "my-1")
    assert done.returncode == (0 if "step" in name else 1)
    assert re.search(rf"{re.escape(str(path))}.* it is not a regular file\.", done.stderr)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("what", ["device", "socket", "folder"])
def test_what_lies_in_the_place_of_a_runs_file_neither_hides_a_run_nor_holds_a_command_up(
    tuicnn: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    work = tmp_path / "work"
    names = ("journal.jsonl", "lock", "net.net", "origin.json")
    sound, *spoilt = (create_run(work, "my", "flatten -> dense 10\n") for _ in range(5))
    for folder, name in zip(spoilt, names, strict=True):
        (folder.path / name).unlink(missing_ok=True)
        if what == "device":
            (folder.path / name).symlink_to("/dev/zero")
        elif what == "folder":
            (folder.path / name).mkdir()
        else:
            monkeypatch.chdir(folder.path)  # the path of a socket is short
            with socket.socket(socket.AF_UNIX) as made:
                made.bind(name)
    listed = tuicnn("runs")
    assert (listed.returncode, "Traceback" in listed.stderr) == (0, False)
    assert all(folder.name in listed.stdout for folder in (sound, *spoilt))
    for folder in spoilt:
        stopped = tuicnn("stop", folder.name)
        assert stopped.returncode == 1
        assert stopped.stderr.startswith("tuicnn: ")
        assert "Traceback" not in stopped.stderr


@pytest.mark.parametrize("arguments", [["my-1/"], ["1", "--net", "my.net"]])
def test_the_net_of_a_run_is_written_anew_from_its_checkpoint(
    tuicnn: Run, stopped: RunFolder, arguments: list[str]
) -> None:
    text = stopped.text
    (stopped.path / "net.net").unlink()
    done = tuicnn("resume", *arguments)
    assert done.returncode == 0
    assert "net.net was not there; it was written anew from the checkpoint after step 4." in done.stderr
    assert stopped.text == text
    whole = create_run(stopped.path.parent.parent, "whole", text)
    train(whole)
    assert same(checkpoint_of(stopped), checkpoint_of(whole))


def test_data_that_changed_is_told_by_the_command_that_goes_on_in_the_background(
    tuicnn: Run, stopped: RunFolder, tmp_path: Path
) -> None:
    data = dict(np.load(tmp_path / "d.npz"))
    data["y_train"] = (data["y_train"] + 1) % 3
    np.savez(tmp_path / "d.npz", **data)
    done = tuicnn("resume", "1", "--detach")
    assert (done.returncode, done.stdout) == (1, "")
    assert "The data of this run is not what it was trained on" in done.stderr
    assert "tuicnn resume my-1 --warm begins a new run" in done.stderr


def test_a_run_that_is_not_named(tuicnn: Run, stopped: RunFolder) -> None:
    done = tuicnn("attach", "")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "Which run is meant?" in done.stderr


def test_a_comment_in_the_runs_own_net_is_never_taken_for_a_change_of_the_file(tuicnn: Run, stopped: RunFolder) -> None:
    net = stopped.path / "net.net"
    net.write_text("# a comment\n" + net.read_text())
    assert tuicnn("resume", "1").stderr == ""
    # its checkpoints hold the comment from now on
    assert tuicnn("resume", "1", "--epochs", "3").stderr == ""


def test_a_run_whose_checkpoints_were_removed_keeps_its_journal(tuicnn: Run, stopped: RunFolder) -> None:
    lines = stopped.journal.read_bytes().splitlines(keepends=True)
    assert b'"event":"end"' in lines[-1]
    shutil.rmtree(stopped.checkpoints.path)
    # stopped; killed in its second epoch; killed at the moment of its first checkpoint
    for left, code in ((lines, 1), (lines[:-1], 1), (lines[:5], 0)):
        stopped.journal.write_bytes(b"".join(left))
        done = tuicnn("resume", "1")
        assert done.returncode == code, done.stderr
        assert ("has no checkpoint to go on from in" in done.stderr) == bool(code)
        assert (f"tuicnn {stopped.path}/net.net" in done.stderr) == bool(code)
        assert (stopped.journal.read_bytes() == b"".join(left)) == bool(code)


def test_options_that_are_lost_are_asked_for_and_may_be_given_again(tuicnn: Run, stopped: RunFolder) -> None:
    assert tuicnn("train", "my.net", "--epochs", "1", "--limit", "40", "--run", "c").returncode == 0
    origin = stopped.path.parent.parent / "c" / "origin.json"
    for written, amiss in ((None, "not there"), ("{", "damaged")):
        origin.unlink()
        if written is not None:
            origin.write_text(written)
        lost = tuicnn("resume", "c", "--epochs", "2")
        assert lost.returncode == 1
        assert f"c/origin.json is {amiss}" in lost.stderr
        assert "--limit" in lost.stderr
        origin.touch()
    origin.write_text("{")
    wrong = tuicnn("resume", "c", "--epochs", "2", "--limit", "30")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    done = tuicnn("resume", "c", "--epochs", "2", "--limit", "40")
    assert (done.returncode, done.stderr) == (0, "")
    again = tuicnn("resume", "c", "--epochs", "3")  # they are remembered
    assert (again.returncode, again.stderr) == (0, "")
    refused = tuicnn("resume", "c", "--epochs", "4", "--limit", "30")
    assert "--limit belongs to the beginning of a run" in refused.stderr


def test_to_stop_a_run_that_has_failed_is_no_success(stopped: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from tuicnn.cli.program import main

    monkeypatch.chdir(stopped.path.parent.parent)
    monkeypatch.setattr("tuicnn.worker.stopping.stop", lambda folder: None)  # its process is about to leave
    assert CliRunner().invoke(main, ["stop", "1"]).exit_code == 0
    for state in ("failed", "diverged"):
        text = stopped.journal.read_text()
        stopped.journal.write_text(text.replace('"state":"stopped"', f'"state":"{state}"'))
        assert CliRunner().invoke(main, ["stop", "1"]).exit_code == 1
        stopped.journal.write_text(text)
