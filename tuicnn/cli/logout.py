"""Where logging out would end a run, asks once on each machine whether runs are to outlive it."""

from __future__ import annotations

import contextlib
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

import click
import platformdirs

from tuicnn.cli.output.streams import complain, is_terminal
from tuicnn.system.files import write_atomic
from tuicnn.worker.logout import ROOT, SCOPE, keep, threat

__all__ = ["past_logout"]


def past_logout(choice: str | None) -> Sequence[str]:
    """The command that a run's process is to be started through: none, or `systemd-run` in a scope of its own.

    `choice` is `keep`, `end` or None; None asks where there is a terminal, else says once what would happen and how to
    prevent it. The answer is remembered, and not asked for again.
    """
    found = threat()
    if found is None:
        return ()
    memory = _memory()
    answer = choice or _recall(memory)
    if answer is None:
        complain(
            f"When you log out, this run will be ended too: {found.reason}.\n"
            "It would go on with: loginctl enable-linger (once)"
            + (", and systemd-run --user --scope for each run." if found.scope else ".")
        )
        if is_terminal(sys.stdin) and is_terminal(sys.stderr):
            answer = (
                "keep"
                if click.confirm("Let tuicnn do that, now and for later runs?", default=True, err=True)
                else "end"
            )
        else:
            complain("tuicnn does it with --after-logout keep. This is said once.")
            answer = "end"
    with contextlib.suppress(OSError):  # then it is asked again
        if answer != _recall(memory):
            memory.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(memory, answer.encode() + b"\n")
    if answer != "keep":
        return ()
    trouble = keep(found)
    if trouble:
        complain(trouble)
    return SCOPE if found.scope and not trouble.startswith("systemd-run") else ()


def _memory() -> Path:
    """The file of the answer, one for each machine: several may share a home."""
    try:
        machine = (ROOT / "etc/machine-id").read_text().strip()
    except OSError:
        machine = ""
    return platformdirs.user_state_path("tuicnn") / f"after-logout-{machine or platform.node()}"


def _recall(memory: Path) -> str | None:
    try:
        said = memory.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return None
    return said if said in ("keep", "end") else None
