"""`python -m tuicnn` is the command `tuicnn`."""

from __future__ import annotations

from tuicnn.cli.program import run

if __name__ == "__main__":  # a process that multiprocessing spawns imports this, too
    run()
