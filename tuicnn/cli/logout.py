"""Where logging out would end a run, asks once on each machine whether runs are to outlive it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence

import click

from tuicnn.cli.output.streams import complain, is_terminal
from tuicnn.system.files import write_atomic
from tuicnn.worker.logout import answer_file, remembered, threat
from tuicnn.worker.logout import past_logout as past

__all__ = ["past_logout"]


def past_logout(choice: str | None) -> Sequence[str]:
    """The command that a run's process is to be started through: none, or `systemd-run` in a scope of its own.

    `choice` is `keep`, `end` or None; None asks where there is a terminal, else says once what would happen and how to
    prevent it. The answer is remembered, and not asked for again.
    """
    found = threat()
    if found is None:
        return ()
    answer = choice or remembered()
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
        if answer != remembered():
            memory = answer_file()
            memory.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(memory, answer.encode() + b"\n")
    through, trouble = past(found, answer)
    if trouble:
        complain(trouble)
    return through
