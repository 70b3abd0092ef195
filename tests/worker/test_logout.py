"""Whether the machine ends background processes at logout, read from the files of a made-up machine."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from tuicnn.worker.logout import Threat, keep, scope_works, threat

USER = pwd.getpwuid(os.getuid()).pw_name
SESSION = f"0::/user.slice/user-{os.getuid()}.slice/session-3.scope\n"
MANAGER = f"0::/user.slice/user-{os.getuid()}.slice/user@{os.getuid()}.service/app.slice/run-1.scope\n"


def machine(root: Path, files: dict[str, str], group: str = SESSION, *, lingers: bool = False) -> Path:
    """A root folder with some files; `files` are those of logind, each under [Login]."""
    written = {name: f"[Login]\n{text}\n" for name, text in files.items()} | {"proc/self/cgroup": group}
    if lingers:
        written[f"var/lib/systemd/linger/{USER}"] = ""
    for name, text in written.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


MAIN = "etc/systemd/logind.conf"
PART = "etc/systemd/logind.conf.d/50-kill.conf"
EVERYBODY = "KillExcludeUsers=\n"  # root is left out by default, and these tests may run as root


@pytest.mark.parametrize(
    ("files", "ends"),
    [
        ({}, False),
        ({MAIN: "#KillUserProcesses=no\n"}, False),
        ({MAIN: EVERYBODY + "#KillUserProcesses=yes\n"}, True),  # a comment in this file shows the default
        ({MAIN: EVERYBODY + "KillUserProcesses=yes\n"}, True),
        ({MAIN: EVERYBODY + "KillUserProcesses=yes\n", PART: "KillUserProcesses=no\n"}, False),
        ({MAIN: EVERYBODY + "KillUserProcesses=no\n", PART: "KillUserProcesses = ON\n"}, True),
        ({PART: EVERYBODY + "#KillUserProcesses=yes\n"}, False),  # elsewhere a comment is one
        ({PART: EVERYBODY + "KillUserProcesses=maybe\n"}, False),
        # of two parts with one name the one in /etc counts, of several parts the last one by name
        ({"usr/lib/systemd/logind.conf.d/50-kill.conf": EVERYBODY + "KillUserProcesses=yes\n", PART: ""}, False),
        ({"usr/lib/systemd/logind.conf.d/60-kill.conf": EVERYBODY + "KillUserProcesses=yes\n", PART: ""}, True),
        ({"usr/lib/systemd/logind.conf": EVERYBODY + "KillUserProcesses=yes\n"}, True),
        ({"usr/lib/systemd/logind.conf": EVERYBODY + "KillUserProcesses=yes\n", MAIN: ""}, False),
        ({MAIN: f"KillUserProcesses=yes\nKillExcludeUsers=somebody {USER}\n"}, False),
        ({MAIN: EVERYBODY + "KillUserProcesses=yes\nKillOnlyUsers=somebody\n"}, False),
        ({MAIN: EVERYBODY + f"KillUserProcesses=no\nKillOnlyUsers={USER}\n"}, True),
    ],
)
def test_the_files_of_logind_are_read_as_it_reads_them(tmp_path: Path, files: dict[str, str], ends: bool) -> None:
    assert (threat(machine(tmp_path, files)) is not None) == ends


def test_what_it_takes_is_told(tmp_path: Path) -> None:
    found = threat(machine(tmp_path, {PART: EVERYBODY + "KillUserProcesses=yes\n"}))
    assert found is not None
    assert found.reason.startswith(f"KillUserProcesses=yes in /{PART} has systemd-logind end")
    assert (found.scope, found.linger) == (True, True)
    again = threat(machine(tmp_path, {}, lingers=True))
    assert again is not None
    assert (again.scope, again.linger) == (True, False)


def test_outside_a_session_only_lingering_counts(tmp_path: Path) -> None:
    files = {MAIN: EVERYBODY + "KillUserProcesses=yes\n"}
    found = threat(machine(tmp_path, files, MANAGER))
    assert found is not None
    assert (found.scope, found.linger) == (False, True)
    assert threat(machine(tmp_path, files, MANAGER, lingers=True)) is None
    assert threat(machine(tmp_path, files, "0::/\n")) is None  # a container, or a machine without systemd


def command(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_keeping_does_what_can_be_done_and_tells_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    command(tmp_path, "loginctl", f'echo "$@" >> {tmp_path}/asked')
    command(
        tmp_path,
        "systemd-run",
        f'echo "$@" >> {tmp_path}/asked; while [ "$1" != -- ]; do shift; done; shift; exec "$@"',
    )
    assert scope_works()
    assert keep(Threat("it is so", scope=True, linger=True)) == ""
    asked = (tmp_path / "asked").read_text().splitlines()
    assert "enable-linger" in asked
    assert asked[0].startswith("--user --scope")
    command(tmp_path, "loginctl", "exit 1")
    assert f"an administrator can: loginctl enable-linger {USER}" in keep(Threat("it is so", scope=True, linger=True))
    command(tmp_path, "systemd-run", "exit 1")
    assert keep(Threat("it is so", scope=True, linger=False)).startswith(
        "systemd-run --user --scope does not work here"
    )
