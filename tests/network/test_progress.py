"""How far a training is, in a terminal; where output is kept, nothing is added to it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.faults.terminal import Terminal, plain

BEGIN = """\
from tuicnn import Network, datasets
data = datasets.mnist(limit=2000, val=100)
network = Network.from_text("conv 4 3x3 -> relu -> flatten -> dense 10", seed=0)
"""
EPOCHS = """\
for epoch in network.fit(data, epochs=2, threads=1):
    print(f"validation {epoch.val_accuracy:.2f}")
"""
LONG = """\
fit = network.fit(data, epochs=10_000, threads=1).run()
print("after", fit.state, len(network.predict(data.test_images[:5])))
"""


def test_a_pipe_gets_what_the_program_prints_and_no_more(tmp_path: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + EPOCHS],
        env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["validation", "validation"]


def test_a_terminal_shows_a_bar_and_ctrl_c_ends_the_loop(tmp_path: Path, environment: dict[str, str]) -> None:
    with Terminal([sys.executable, "-c", BEGIN + LONG], tmp_path, environment) as shell:
        shell.until("images/s")
        shell.press("\x03")
        assert shell.ended() == 0
    said = plain(shell.said)
    assert "Stopping after this step; the network keeps the weights so far." in said
    assert "after stopped 5" in said
