"""A training from Python that is kept as a run is one as the commands know it."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Run as Command
from tests.runs.small import NET, SGD, checkpoint_of, made_data, story, train
from tuicnn import Callback, Dataset, Network, Run, UserError
from tuicnn.network.fit import Fit
from tuicnn.runs.creation import create_run
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.journal import events_of
from tuicnn.training.events import RateChanged, Step
from tuicnn.worker.client import RemoteFeed


@pytest.fixture
def net(tmp_path: Path) -> Path:
    """A net with data of its own."""
    path = tmp_path / "my.net"
    path.write_text(NET.format(data=made_data(tmp_path), optim=SGD))
    return path


def test_it_is_the_run_that_the_command_would_have_made(net: Path, tmp_path: Path) -> None:
    network = Network.from_file(net)
    fit = network.fit(run=tmp_path / "mine", progress=False).run()
    mine, theirs = RunFolder(tmp_path / "mine"), create_run(tmp_path, "small", net.read_text())
    train(theirs)
    assert not mine.alive
    ours, other = checkpoint_of(mine), checkpoint_of(theirs)
    assert ours.arrays.keys() == other.arrays.keys()
    assert all(np.array_equal(ours.arrays[name], array) for name, array in other.arrays.items())
    assert np.array_equal(network.state_dict()["conv1.weight"], ours.arrays["conv1.weight"])
    assert [epoch.val_loss for epoch in Run(mine.path).epochs] == [epoch.val_loss for epoch in fit.epochs]


def test_commands_evaluate_it_and_go_on_with_it(net: Path, tmp_path: Path, tuicnn: Command) -> None:
    left = Network.from_file(net).fit(epochs=3, run=tmp_path / "work" / "runs" / "mine", progress=False)
    next(left)
    left.close()
    listed = tuicnn("runs").stdout
    assert "mine" in listed
    assert "stopped" in listed
    done = tuicnn("eval", "mine", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["epoch"] == 1
    whole = Network.from_file(net)
    whole.fit(epochs=3, progress=False).run()
    done = tuicnn("resume", "mine", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["state"] == "done"
    resumed = Network.from_run(tmp_path / "work" / "runs" / "mine").state_dict()
    assert all(np.array_equal(resumed[name], weights) for name, weights in whole.state_dict().items())


def test_a_screen_watches_and_controls_it_while_it_trains(net: Path, tmp_path: Path, runtime: Path) -> None:
    folder = RunFolder(tmp_path / "mine")

    async def halve_rate() -> float:
        feed = await RemoteFeed.connect(folder, timeout=5)
        try:
            assert (await feed.overview()).net == "my"
            before = (await feed.poll(0, 0)).progress.learning_rate
            await feed.act("halve-rate")
            return before
        finally:
            await feed.close()

    class Watched(Callback):
        """Another thread is the screen: it waits for the training, which waits for nobody."""

        def on_step(self, fit: Fit, step: Step) -> None:
            if step.step == 1:
                screen.start()

    rates: list[float] = []
    screen = threading.Thread(target=lambda: rates.append(asyncio.run(halve_rate())))
    fit = Network.from_file(net).fit(epochs=200, run=folder.path, callbacks=[Watched()], progress=False)
    for _ in fit:
        if not screen.is_alive():
            fit.stop()
    (rate,) = rates
    told = [event for event in events_of(folder.journal) if isinstance(event, RateChanged)]
    assert [event.factor for event in told] == [0.5]
    assert rate > told[0].learning_rate


def test_it_begins_with_the_weights_that_the_network_has(net: Path, tmp_path: Path) -> None:
    network = Network.from_file(net)
    network.load_state_dict({name: np.full_like(w, 0.25) for name, w in network.state_dict().items()})
    fit = network.fit(run=tmp_path / "mine", progress=False)
    next(fit)
    first = RunFolder(tmp_path / "mine").checkpoints.read(0)
    assert all((array == 0.25).all() for name, array in first.arrays.items() if "/" not in name)
    beside = Network.from_run(tmp_path / "mine").state_dict()  # also by the program that trains it
    assert all(np.array_equal(beside[name], weights) for name, weights in network.state_dict().items())
    fit.close()


def test_what_cannot_be_a_run_is_said(net: Path, tmp_path: Path, images: Dataset) -> None:
    network = Network.from_file(net)
    with pytest.raises(ValueError, match="the data that the net's text names: leave data or run= out"):
        network.fit(images, run=tmp_path / "mine")
    network.fit(run=tmp_path / "mine", epochs=1, progress=False).run()
    with pytest.raises(UserError, match=r"already holds a run .*; choose another folder"):
        network.fit(run=tmp_path / "mine", progress=False).run()
    assert story(RunFolder(tmp_path / "mine"))[-1]["state"] == "done"
