"""A sweep on a Dask cluster: who has no certificate is refused; whatever dies, the table is the same."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import usage_error
from tests.faults.conftest import Sweep
from tests.faults.dask_cluster import DaskCluster, certificates
from tests.sweep.small import made_net, table
from tuicnn.language import override
from tuicnn.runs.origin import Origin
from tuicnn.sweep.folder import SweepFolder
from tuicnn.sweep.slices import Slice, train_slice
from tuicnn.training.events import Epoch

#: long enough to be killed in the middle; a trial's first slice is one epoch
EPOCHS = 1200
ARGUMENTS = ("my.net", "--set", "w=2,3", "--run", "s")


def long_net(folder: Path) -> Path:
    """A net that trains for some seconds, and its data."""
    net = made_net(folder)
    net.write_text(net.read_text().replace("epochs=4", f"epochs={EPOCHS}"))
    return net


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    """The accuracy of each variant, trained in this process, where nothing dies."""
    parent = tmp_path_factory.mktemp("truth")
    net = long_net(parent)
    found = {}
    for width in "23":
        text = override(net.read_text(), {"w": width}, path=net)
        result = train_slice(Slice("my-1", text, Origin(net, parent), EPOCHS, begun=False))
        found[width] = [event.val_accuracy for event in result.events if isinstance(event, Epoch)][-1]
    return found


def accuracies(folder: Path) -> dict[str, float]:
    """The same of a sweep that has ended."""
    rows = table(folder)
    assert {(row["epochs"], row["state"]) for row in rows} == {(EPOCHS, "done")}
    return {row["variant"]["w"]: row["val_accuracy"] for row in rows}


@pytest.fixture
def cluster(tmp_path: Path, environment: dict[str, str]) -> Iterator[DaskCluster]:
    made = DaskCluster(tmp_path, environment)
    yield made
    made.close()


def read_until(process: subprocess.Popen[str], epoch: int) -> None:
    """Read what a sweep tells, up to a trial that has so many epochs."""
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "epoch" and event["epoch"] >= epoch:
            return
    raise AssertionError("it has ended")


def test_workers_and_the_scheduler_are_killed_and_nothing_is_lost(
    cluster: DaskCluster, sweep: Sweep, tmp_path: Path, truth: dict[str, float]
) -> None:
    long_net(tmp_path)
    strangers = sweep(*ARGUMENTS, "--scheduler", cluster.address, *certificates(tmp_path / "others"))
    cluster.add_worker()
    cluster.add_worker()
    err = strangers.communicate(timeout=120)[1]
    assert strangers.returncode == 1
    assert "refuses these certificates" in err
    assert err.count("\n") <= 2
    assert not (tmp_path / "s").exists()
    process = sweep(*ARGUMENTS, "--scheduler", cluster.address, *cluster.certificates)
    read_until(process, 5)
    cluster.kill_workers()
    cluster.add_worker()
    cluster.add_worker()
    folder = SweepFolder.open(tmp_path / "s")
    read_until(process, 5)  # one more, beyond those that were told
    cluster.kill_workers()  # nothing comes to its end now
    cluster.kill_scheduler()
    err = process.communicate(timeout=120)[1]
    assert process.returncode == 1
    assert "The scheduler is gone" in err
    assert "Traceback" not in err
    assert not any(trial.folder.alive for trial in folder.trials)
    assert all(trial.folder.checkpoints.steps() for trial in folder.trials)
    process = sweep("s")  # it goes on here
    assert process.communicate(timeout=120)[1] == ""
    assert accuracies(tmp_path / "s") == truth


def test_a_cluster_that_is_made_here_gives_the_same_table(
    sweep: Sweep, tmp_path: Path, truth: dict[str, float]
) -> None:
    long_net(tmp_path)
    process = sweep(*ARGUMENTS, "--cluster", "local", "--jobs", "2")
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    assert [json.loads(line)["event"] for line in out.splitlines()].count("epoch") == 2 * EPOCHS
    assert accuracies(tmp_path / "s") == truth


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:8786", "127.0.0.1:8786", "somewhere"])
def test_a_scheduler_without_tls_is_refused(address: str, sweep: Sweep, tmp_path: Path) -> None:
    made_net(tmp_path)
    process = sweep(*ARGUMENTS, "--scheduler", address)
    err = process.communicate(timeout=120)[1]
    assert process.returncode == 1
    assert "runs code as you" in err
    assert "--scheduler tls://" in err


def test_one_cluster_is_enough() -> None:
    assert "two clusters" in usage_error("sweep", "my.net", "--scheduler", "tls://a:1", "--cluster", "local")
