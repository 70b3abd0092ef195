"""A run that is slowed to be watched is the same run: only later, and its journal says so."""

from __future__ import annotations

import time
from pathlib import Path

from tests.runs.small import NET, checkpoint_of, made_data, of, read_journal, same, story, train
from tuicnn.runs.creation import create_run
from tuicnn.training.events import Epoch, Event, PaceChanged, Step
from tuicnn.worker.runner import Run


def test_a_slowed_run_has_the_same_bits_and_the_time_of_its_steps_alone(tmp_path: Path) -> None:
    text = NET.format(data=made_data(tmp_path), optim="optim: adam")
    slow, fast = create_run(tmp_path, "slow", text), create_run(tmp_path, "fast", text)
    seen: list[tuple[int, float]] = []

    def look(run: Run, event: Event) -> None:
        if isinstance(event, Step) and event.step == 1:
            run.act("slower")
            run.act("slower")
        if isinstance(event, Step) and event.step in (2, 4):
            seen.append((run.progress().pace, run.progress().eta))
        if isinstance(event, Step) and event.step == 4:
            run.act("faster")

    began = time.monotonic()
    run = train(slow, report=look)
    took = time.monotonic() - began
    train(fast)
    assert story(slow) == story(fast)
    assert same(checkpoint_of(slow), checkpoint_of(fast))
    journal = read_journal(slow.journal).events
    assert [(e.step, e.pace) for e in of(journal, PaceChanged)] == [(1, 100), (1, 10), (4, 100)]
    (pace, at_two), (_, at_four) = seen
    assert pace == 10
    assert at_two > 0.4  # the steps that are left, at ten a second
    assert at_four > 0.2
    assert took > 0.19  # two steps waited a tenth of a second each
    trained = sum(epoch.seconds for epoch in of(journal, Epoch))
    assert run.progress().seconds <= trained < took  # without what was waited
