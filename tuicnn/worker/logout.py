"""Whether the machine ends a run in the background when its user logs out, and what keeps it.

systemd-logind knows of each session, a scope with all processes that were started in it. With `KillUserProcesses=yes`
it ends them with the session; a session of its own (`setsid`) does not help. A scope of the user's own service
manager does (`systemd-run --user --scope`), and that manager outlives the last logout where the user lingers
(`loginctl enable-linger`). Source: logind.conf(5), loginctl(1), systemd-run(1).

What the user chose is remembered in a file, one for each machine.
"""

from __future__ import annotations

import os
import platform
import pwd
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs

__all__ = ["ROOT", "SCOPE", "Threat", "answer_file", "keep", "past_logout", "remembered", "scope_works", "threat"]

ROOT = Path("/")  # where the machine's files are
#: a command that becomes the one after it, in a scope of the user's own service manager
SCOPE = ("systemd-run", "--user", "--scope", "--quiet", "--collect", "--")
_PLACES = ("etc", "run", "usr/local/lib", "usr/lib")  # the first one that has a file of some name has the word
_TRUE, _FALSE = ("1", "yes", "y", "true", "t", "on"), ("0", "no", "n", "false", "f", "off")
_SETTING = re.compile(r"\s*(#?)\s*(KillUserProcesses|KillOnlyUsers|KillExcludeUsers)\s*=(.*)")


@dataclass(frozen=True)
class Threat:
    """Why a process that is started here does not outlive the logout, as a clause; and what it takes that it does."""

    reason: str
    scope: bool  # a scope outside the session
    linger: bool  # the user lingers


def threat(root: Path | None = None) -> Threat | None:
    """What ends a background process of this user at logout on this machine; None where nothing does."""
    root = ROOT if root is None else root
    group = _read(root / "proc/self/cgroup")
    session = re.search(r"/session-[^/\s]+\.scope", group)
    managed = re.search(rf"/user@{os.getuid()}\.service/", group)
    lingers = (root / "var/lib/systemd/linger" / _user()).exists()
    if session is not None:
        kill, source = _kills(root)
        if kill:
            return Threat(f"{source} has systemd-logind end all of a session with it", scope=True, linger=not lingers)
    elif managed is not None and not lingers:
        return Threat("it belongs to your systemd user manager, which ends at your last logout", False, True)
    return None


def scope_works() -> bool:
    """Whether a command can be run in a scope of the user's service manager, tried with one that does nothing."""
    return _succeeds([*SCOPE, "true"])


def keep(threat: Threat) -> str:
    """Do what is to be done once; a sentence says what could not be, "" that all was."""
    if threat.linger and not _succeeds(["loginctl", "enable-linger"]):
        return (
            "Lingering could not be switched on (an administrator can: loginctl enable-linger "
            f"{_user()}), so the run ends with your last logout."
        )
    if threat.scope and not scope_works():
        return "systemd-run --user --scope does not work here, so the run ends with this session."
    return ""


def past_logout(found: Threat | None, answer: str | None) -> tuple[Sequence[str], str]:
    """The command that a run's process is started through, none or `SCOPE`; and a sentence where it ends all the same.

    `answer` is `keep` where the run is to outlive the logout.
    """
    if found is None or answer != "keep":
        return (), ""
    trouble = keep(found)
    return (SCOPE if found.scope and not trouble.startswith("systemd-run") else ()), trouble


def answer_file() -> Path:
    """The file of the user's answer, one for each machine: several may share a home."""
    try:
        machine = (ROOT / "etc/machine-id").read_text().strip()
    except OSError:
        machine = ""
    return platformdirs.user_state_path("tuicnn") / f"after-logout-{machine or platform.node()}"


def remembered() -> str | None:
    """Whether runs are to outlive the logout, as the user chose: `keep` or `end`; None where it was not asked yet."""
    try:
        said = answer_file().read_text().strip()
    except (OSError, UnicodeDecodeError):
        return None
    return said if said in ("keep", "end") else None


def _succeeds(command: list[str]) -> bool:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _kills(root: Path) -> tuple[bool, str]:
    """Whether logind ends this user's processes with the session, and the line that says so."""
    # entries that are commented out in the main file show what was compiled in
    found = {"KillUserProcesses": "no", "KillOnlyUsers": "", "KillExcludeUsers": "root"}
    source = "systemd's default"
    for path in _files(root):
        section = ""
        for line in _read(path).splitlines():
            if line.lstrip().startswith("["):
                section = line.strip()
            setting = _SETTING.match(line)
            if setting is None or section != "[Login]":
                continue
            comment, name, value = setting[1], setting[2], setting[3].strip()
            if comment and path.name != "logind.conf":
                continue
            if name == "KillUserProcesses" and value.lower() not in (*_TRUE, *_FALSE):
                continue
            found[name] = value
            if name == "KillUserProcesses":
                source = f"KillUserProcesses={value} in /{path.relative_to(root)}"
    if _user() in found["KillExcludeUsers"].split():
        return False, ""
    if only := found["KillOnlyUsers"].split():
        return _user() in only, source
    return found["KillUserProcesses"].lower() in _TRUE, source


def _files(root: Path) -> Iterator[Path]:
    """The files of logind's configuration, those whose word counts more later."""
    for place in _PLACES:
        if (main := root / place / "systemd/logind.conf").is_file():
            yield main
            break
    parts: dict[str, Path] = {}
    for place in reversed(_PLACES):
        folder = root / place / "systemd/logind.conf.d"
        try:
            parts |= {path.name: path for path in folder.iterdir() if path.suffix == ".conf"}
        except OSError:
            continue
    yield from (parts[name] for name in sorted(parts))


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a user without a name
        return str(os.getuid())
