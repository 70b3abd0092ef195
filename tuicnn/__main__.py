"""`python -m tuicnn` is the command `tuicnn`."""

from __future__ import annotations

from tuicnn.cli.program import run

run()
