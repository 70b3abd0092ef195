"""A question to a run from a program that is no screen: to its process, else to what it has saved."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.runs.small import a_run, stop_after, train
from tests.worker.pretend import PretendRun, an_overview
from tuicnn import Network
from tuicnn.errors import UserError
from tuicnn.observing.image import PinnedImage
from tuicnn.observing.layer_stats import AskLayerStats
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.lock import identity_of
from tuicnn.training.events import Event, Step
from tuicnn.worker.address import address_for
from tuicnn.worker.asking import ask, specimen_state
from tuicnn.worker.runner import Run
from tuicnn.worker.server import Server


def test_a_run_answers(server: Server, folder: RunFolder) -> None:
    found = ask(folder, AskLayerStats())
    assert found is not None
    assert found.step == 4


async def test_so_it_does_where_an_event_loop_runs_as_in_a_notebook(server: Server, folder: RunFolder) -> None:
    found = ask(folder, AskLayerStats())
    assert found is not None
    assert found.step == 4


def test_one_that_no_process_trains_does_not(folder: RunFolder) -> None:
    assert ask(folder, AskLayerStats()) is None


def test_one_that_reads_its_data_says_so_at_once(server: Server, folder: RunFolder, run: PretendRun) -> None:
    run.overview = replace(an_overview(), steps_per_epoch=0)
    for asked in (lambda: ask(folder, AskLayerStats()), lambda: specimen_state(folder, PinnedImage())):
        with pytest.raises(UserError, match=r"The run tiny-1 still reads its data: it has no weights yet\."):
            asked()
    assert run.asked == []


def test_one_that_is_resumed_opens_at_its_checkpoint_while_it_reads(tmp_path: Path) -> None:
    folder, run = a_run(tmp_path), PretendRun()
    train(folder, report=stop_after(2))
    run.overview = replace(an_overview(), steps_per_epoch=0)
    with folder.lock():
        server = Server(run, identity_of(folder.path), lambda: address_for(folder.path))
        state = specimen_state(folder, PinnedImage(1))
        server.close()
    assert (state.step, state.number) == (2, 1)


def test_a_network_of_a_run_that_trains_has_the_weights_of_this_moment(tmp_path: Path) -> None:
    folder, paused, left = a_run(tmp_path), threading.Event(), []

    def pause(run: Run, event: Event) -> None:
        if isinstance(event, Step) and event.step == 4:
            run.act("pause")
            left.append((run, Server(run, identity_of(folder.path), lambda: address_for(folder.path))))
            paused.set()

    training = threading.Thread(target=lambda: train(folder, every=0, report=pause))
    training.start()
    assert paused.wait(60)
    ((run, server),) = left
    now, epoch = Network.from_run(folder.path), Network.from_run(folder.path, epoch=1)
    state = specimen_state(folder, PinnedImage())
    run.act("resume")
    training.join(60)
    server.close()
    assert state.step == 4
    assert all(np.array_equal(array, state.arrays[name]) for name, array in now.state_dict().items())
    assert not np.array_equal(now.state_dict()["conv1.weight"], epoch.state_dict()["conv1.weight"])
