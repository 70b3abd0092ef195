"""The tables of `tuicnn check` and `tuicnn runs`: each number under its heading, as it is counted by hand."""

from __future__ import annotations

import io
import math
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tuicnn.cli.output.runs import runs_table
from tuicnn.display.layer_table import layer_table
from tuicnn.language import check
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.status import RunSummary

NET = """\
data: mnist
optim: sgd lr=0.1
train: epochs=1
conv 8 3x3 -> depthwise 5x5 -> conv 12 3x3 groups=4 bias=false -> batchnorm -> flatten -> dense 10
"""


def cells(table: Table) -> dict[str, list[str]]:
    """What stands in each column, by its heading."""
    return {str(column.header): [str(cell) for cell in column.cells] for column in table.columns}


def test_the_layers_of_a_check_cost_what_is_counted_by_hand() -> None:
    plan = check(NET).plan
    assert plan is not None
    found = [(node.shape, node.parameters, node.macs) for node in plan.nodes]
    assert found == [
        ((8, 26, 26), 8 * (1 * 9) + 8, 26 * 26 * 8 * 9),
        ((8, 22, 22), 8 * 25 + 8, 22 * 22 * 8 * 25),
        ((12, 20, 20), 12 * (2 * 9), 20 * 20 * 12 * 2 * 9),
        ((12, 20, 20), 2 * 12, 0),
        ((12 * 20 * 20,), 0, 0),
        ((10,), 4800 * 10 + 10, 4800 * 10),
    ]
    shown = cells(layer_table(plan))
    assert shown["name"] == ["conv1", "depthwise1", "conv2", "batchnorm1", "flatten1", "dense1"]
    assert shown["output"] == ["x".join(map(str, shape)) for shape, _, _ in found]
    assert shown["parameters"] == [f"{number:,}" if number else "" for _, number, _ in found]
    assert shown["multiply-adds"] == [f"{number:,}" if number else "" for _, _, number in found]
    assert [str(column.footer) for column in layer_table(plan).columns][-2:] == [
        f"{sum(parameters for _, parameters, _ in found):,}",
        f"{sum(macs for _, _, macs in found):,}",
    ]


def test_a_run_has_each_of_its_figures_under_its_heading() -> None:
    never = math.nan
    figures = (3, 7, 0.75, 0.625, 12345)  # epochs, those planned, best validation, test, parameters
    run = RunSummary(
        RunFolder(Path("runs/one")), "stopped", False, never, never, *figures, "", "", 0, paused=False, saved=890
    )
    out = io.StringIO()
    Console(file=out, width=200).print(runs_table([run]))
    head, line = out.getvalue().splitlines()
    ends = {"epochs": "3/7", "parameters": "12,345", "best validation": "75.00%", "test": "62.50%"}
    for name, text in ends.items():
        assert line[: head.index(name) + len(name)].split()[-1] == text
    for name, text in {"run": "one", "state": "stopped", "started": "-", "resumes at": "step 890"}.items():
        assert line[head.index(name) :].startswith(text)
