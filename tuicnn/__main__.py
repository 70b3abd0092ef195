"""`python -m tuicnn` is the command `tuicnn`."""

from __future__ import annotations

import sys

__all__ = ["run"]


def run() -> None:
    """Run the program and exit; Ctrl-C while it loads or begins ends it in silence, as it does later."""
    try:
        from tuicnn.cli.program import run as program

        program()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":  # a process that multiprocessing spawns imports this, too
    run()
