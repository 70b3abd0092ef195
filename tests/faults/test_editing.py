"""The Edit view in a terminal: a line is changed, the weights that can be kept are, and the new run trains."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.conftest import Shell
from tests.faults.waiting import begun, steps, until
from tests.runs.small import NET, made_data, read_journal
from tuicnn.runs.folder import RunFolder
from tuicnn.training.events import End, State, WarmStart
from tuicnn.tui.views import TABS

pytestmark = pytest.mark.processes

DIGIT = next(tab.key for tab in TABS if tab.mode == "edit")


def test_a_changed_net_goes_on_with_the_weights_of_the_former_run(terminals: Shell, tmp_path: Path) -> None:
    net, optim = tmp_path / "small.net", "optim: adam lr=1e-3"
    net.write_text(NET.format(data=made_data(tmp_path), optim=optim).replace("epochs=2", "epochs=90000"))
    before = net.read_text()
    old, new = (RunFolder(tmp_path / "runs" / f"small-{number}") for number in (1, 2))
    screen = terminals("small.net")
    screen.until("training")
    until(lambda: begun(old))
    screen.press(DIGIT)
    screen.until("615 weights")
    screen.press("\x1b[1;5F\x1b[A\x1b[F")  # ctrl+end, up, end
    screen.press("\x7f4 -> relu -> dense 3")
    screen.until("2 new")
    screen.forget()
    screen.press("\x17")  # ctrl+w
    screen.until("What becomes of it?")
    screen.press("s")
    screen.until("behind the curves: small-1")
    until(lambda: begun(new))
    steps(new, 50)
    told = read_journal(new.journal).events
    warm = next(event for event in told if isinstance(event, WarmStart))
    assert (warm.run, warm.kept) == ("small-1", ("conv1", "batchnorm1"))
    assert new.text == before.replace("dense 3", "dense 4 -> relu -> dense 3")
    assert net.read_text() == before
    end = next(event for event in read_journal(old.journal).events if isinstance(event, End))
    assert end.state is State.STOPPED
    assert warm.at_step == max(old.checkpoints.steps())
