"""`mpiexec -n K tuicnn train`: the same bits for any number of ranks, and what happens where one is lost."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from tests.conftest import Run
from tests.faults.waiting import steps, until
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.status import summary

MPIEXEC = shutil.which("mpiexec", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
CORES = os.cpu_count() or 1
#: with layers that must know the whole batch, batches of several shards, and the last batch smaller than the others
TEXT = """\
data: mnist limit=900 val=150
train: epochs=2 batch=256 seed=3
optim: adam
augment: shift=1
conv 4 3x3 -> batchnorm -> relu -> maxpool 2 -> conv 8 3x3 pad=1 -> batchnorm -> relu -> dropout 0.3 -> flatten
-> dense 10
"""

Start = Callable[..., "subprocess.Popen[str]"]


def _works() -> bool:
    """Whether there is an mpiexec whose processes know each other."""
    if MPIEXEC is None:
        return False
    said = "from mpi4py import MPI; MPI.COMM_WORLD.rank or print(MPI.COMM_WORLD.size)"
    asked = [MPIEXEC, "-n", "2", sys.executable, "-c", said]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip() == "2"


pytestmark = pytest.mark.skipif(not _works(), reason="no mpiexec here that mpi4py goes with: pip install mpich")


@pytest.fixture
def work(tuicnn: Run, tmp_path: Path) -> Path:
    """The working folder of the commands."""
    folder = tmp_path / "work"
    (folder / "my.net").write_text(TEXT)
    return folder


@pytest.fixture
def mpiexec(work: Path, environment: dict[str, str]) -> Iterator[Start]:
    """Starts so many ranks of a command; they are gone in the end."""
    started: list[subprocess.Popen[str]] = []
    if "LD_LIBRARY_PATH" in os.environ:  # where an MPI may be
        environment["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]

    def start(ranks: int, *words: str) -> subprocess.Popen[str]:
        assert MPIEXEC is not None
        command = [MPIEXEC, "-n", str(ranks), sys.executable, "-P", "-m", "tuicnn", *words]
        process = subprocess.Popen(
            command, cwd=work, env=environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """The exit code and what was printed."""
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def bits(path: Path) -> dict[str, bytes]:
    """The weights of a run."""
    return {name: array.tobytes() for name, array in load_file(path / "weights.safetensors").items()}


def ranks_of(process: subprocess.Popen[str]) -> list[int]:
    """The processes of all ranks that a launcher has started, the first one first."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            said = dict(each.split("=", 1) for each in path.read_text().split("\0") if "=" in each)
            command = path.with_name("cmdline").read_text().split("\0")
        except (OSError, ValueError):
            continue
        if "PMI_RANK" in said and "tuicnn" in command and path.with_name("cwd").resolve() == _cwd(process):
            found.append((int(said["PMI_RANK"]), int(path.parent.name)))
    return [pid for _, pid in sorted(found)]


def _cwd(process: subprocess.Popen[str]) -> Path:
    return Path(f"/proc/{process.pid}/cwd").resolve()


def test_any_number_of_ranks_gives_the_same_bits_and_the_first_alone_speaks(
    mpiexec: Start, tuicnn: Run, work: Path
) -> None:
    alone = tuicnn("train", "my.net", "--run", "runs/alone", "--threads", "1")
    assert alone.returncode == 0, alone.stderr
    wanted = bits(work / "runs/alone")
    for ranks in (1, 2, 3):
        code, out, err = ended(mpiexec(ranks, "train", "my.net", "--json", "--run", f"runs/of{ranks}"))
        assert code == 0, err
        events = [json.loads(line)["event"] for line in out.splitlines()]
        assert [events.count(each) for each in ("start", "end")] == [1, 1]
        assert bits(work / f"runs/of{ranks}") == wanted, ranks


@pytest.mark.parametrize(("victim", "ranks"), [(0, 1), (1, 3)])
def test_a_lost_rank_ends_the_run_and_any_number_of_ranks_goes_on_with_it(
    victim: int, ranks: int, mpiexec: Start, tuicnn: Run, work: Path
) -> None:
    folder = RunFolder(work / "runs/killed")
    process = mpiexec(2, "train", "my.net", "--run", "runs/killed", "--epochs", "12")
    until(lambda: folder.checkpoints.steps())
    os.kill(ranks_of(process)[victim], signal.SIGKILL)
    assert ended(process)[0] != 0
    assert summary(folder).state == "lost"
    code, _, err = ended(mpiexec(ranks, "resume", "killed"))
    assert code == 0, err
    assert tuicnn("train", "my.net", "--run", "runs/alone", "--epochs", "12").returncode == 0
    assert bits(folder.path) == bits(work / "runs/alone")


def test_ctrl_c_at_the_launcher_ends_all_in_order(mpiexec: Start, work: Path) -> None:
    folder = RunFolder(work / "runs/stopped")
    process = mpiexec(2, "train", "my.net", "--run", "runs/stopped", "--epochs", "10000")
    until(lambda: folder.journal.exists() and len(ranks_of(process)) == 2)
    steps(folder, 10)
    process.send_signal(signal.SIGINT)
    until(lambda: summary(folder).state == "stopped", 60)
    ended(process)
    assert folder.weights.exists()


@pytest.mark.parametrize(
    ("ranks", "words", "told"),
    [
        (2, ("train", "none.net"), r"there is no file none\.net"),
        (2, ("train", "bad.net"), r"no layer called `dens`"),
        (2, ("train", "my.net", "--threads", "2"), r"leave --threads out"),
        (2 * CORES, ("train", "my.net"), r"\d+ ranks of MPI are on \S+, which has \d+ processors?"),
    ],
)
def test_what_cannot_be_trained_is_told_once_and_all_ranks_end(
    ranks: int, words: tuple[str, ...], told: str, mpiexec: Start, work: Path
) -> None:
    (work / "bad.net").write_text("flatten -> dens 10\n")
    code, out, err = ended(mpiexec(ranks, *words))
    assert code != 0
    assert out == ""
    assert len(re.findall(told, err)) == 1, err
    assert not (work / "runs").exists()


def test_the_messages_of_a_step_are_measured(mpiexec: Start) -> None:
    code, out, err = ended(
        mpiexec(2, "bench", "my.net", "--group", "mpi", "--seconds", "0.05", "--rounds", "1", "--json")
    )
    assert code == 0, err
    (found,) = map(json.loads, out.splitlines())
    assert (found["group"], found["processes"]) == ("mpi", 2)
    assert 0 < found["talk"] < found["step"]
