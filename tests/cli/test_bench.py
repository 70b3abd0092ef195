"""What `tuicnn bench` prints, from figures as large as they may get."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.conftest import ROOT, Run, usage_error
from tuicnn.bench.machine import machine
from tuicnn.bench.results import Figures, Kind, Result, geometric_mean
from tuicnn.cli.output.bench import print_layers, print_machine, print_results
from tuicnn.cli.program import main
from tuicnn.errors import UserError


def made(net: str = "nets/mnist.net", threads: int = 1, factor: float = 1.0, *, against: bool = True) -> Result:
    def side(training: float) -> Figures:
        rounds: dict[Kind, list[float]] = {"training": [training * 0.9, training, training * 3]}
        return Figures({**rounds, "inference": [2 * training]}, [(2e-3, 4e-3), (0.0, 0.0)], 5 * 2**20)

    theirs = {"contiguous": side(100_000.0), "channels_last": side(200_000.0)} if against else {}
    return Result(
        net=net,
        threads=threads,
        batch=1000,
        data="MNIST",
        own_data=True,
        images=1000,
        nodes=[("conv1", "conv 8 3x3 pad=1", "columns"), ("relu1", "relu", "")],
        flops={"training": 100_000, "inference": 50_000},
        sgemm=1e11,
        sides={"tuicnn": side(200_000.0 * factor), **theirs},
    )


def printed(results: list[Result], width: int = 100) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=False, highlight=False)
    print_results(console, results)
    for result in results:
        print_layers(console, result)
    return stream.getvalue()


def test_the_ratio_is_to_the_faster_memory_format() -> None:
    result = made(factor=1.5)
    assert result.best("training") == "channels_last"
    assert result.ratio("training") == pytest.approx(1.5)
    assert result.share("tuicnn", "training") == pytest.approx(0.3)
    row = next(line.split() for line in printed([result]).splitlines() if line.startswith("mnist"))
    assert row == ["mnist", "1", "1000", "300,000", "200,000*", "1.50", "30%", "5.0", "5.0"]


def test_means_are_geometric_and_of_one_number_of_threads() -> None:
    assert geometric_mean([0.5, 2.0]) == pytest.approx(1.0)
    text = printed([made(factor=0.5), made("b.net", factor=2.0), made(threads=2, factor=3.0)])
    assert "1 thread: 1.00 times PyTorch's speed in training, 1.00 in inference (geometric mean)" in text
    assert "2 threads: 3.00 times PyTorch's speed in training, 3.00 in inference\n" in text


def test_layers_are_microseconds_an_image() -> None:
    lines = printed([made()]).splitlines()
    assert next(line.split()[-4:] for line in lines if line.startswith("conv 8")) == ["2.0", "4.0", "2.0", "4.0"]
    assert next(line.split()[-4:] for line in lines if line.startswith("total")) == ["2.0", "4.0", "2.0", "4.0"]


def test_it_fits() -> None:
    long = made("a-net-with-a-rather-long-name.net", threads=64, factor=10.0)
    for against in (True, False):
        text = printed([made(against=against), made(long.net, 64, 10.0, against=against)])
        assert max(map(len, text.splitlines())) <= 100
        assert "…" not in text


def test_random_images_are_said() -> None:
    result = made()
    result.own_data = False
    assert "On random images, because the data is not here: mnist." in printed([result])
    assert "random" not in printed([made()])


def test_a_busy_machine_is_said() -> None:
    found = machine(against=False)
    assert printed_machine({**found, "busy": 0.05}).count("\n") == 1
    assert "Other programs use 52% of the processors" in printed_machine({**found, "busy": 0.52})


def printed_machine(found: dict[str, Any]) -> str:
    stream = io.StringIO()
    print_machine(Console(file=stream, width=200), found)
    return stream.getvalue()


def test_json(tuicnn: Run) -> None:
    """Every key is described, and every key that is described is there."""
    page = (ROOT / "docs" / "bench.md").read_text()
    described = {key for row in re.findall(r"^\| (`.*?) \|", page, re.MULTILINE) for key in re.findall(r"`(\w+)`", row)}
    done = tuicnn("bench", "nets/two-classes.net", "--json", "--threads", "2,1", "--seconds", "0.01", "--rounds", "2")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["threads"] for line in lines] == [2, 1]
    for line in lines:
        (side,) = line["sides"].values()
        assert {*line, *side} == described
        assert all(f"`{key}`" in page for key in (*line["machine"], *side["layers"][0], *line["sides"]))
        assert len(side["training_rounds"]) == 2


def test_a_table(tuicnn: Run) -> None:
    done = tuicnn("bench", "nets/two-classes.net", "--threads", "1", "--seconds", "0.01", "--rounds", "1")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^two-classes +1 +32 ", done.stdout, re.MULTILINE)
    assert "conv 4 6x6 stride=2" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--threads", "0"], "'0' must be numbers from 1 to 1024 with commas between them, such as 1,2"),
        (["--threads", "1,"], "'1,' must be numbers"),
        (["--against", "jax"], "'jax' is not"),
        (["--seconds", "nan"], "nan is no time"),
    ],
)
def test_bad_usage(arguments: list[str], says: str) -> None:
    assert says in usage_error("bench", *arguments)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "there is no file"),
        ("covn 8 3x3 -> flatten -> dense 10\n", "conv"),
        ('data: npz "nowhere.npz"\nflatten -> dense 10\n', "nowhere.npz"),
    ],
)
def test_a_net_that_cannot_be_trained(tuicnn: Run, tmp_path: Path, text: str | None, says: str) -> None:
    if text is not None:
        (tmp_path / "work" / "my.net").write_text(text)
    done = tuicnn("bench", "my.net")
    assert done.returncode == 1
    assert says in done.stderr
    assert not done.stdout


@pytest.mark.processes
def test_the_messages_of_a_step_are_measured(tuicnn: Run, tmp_path: Path) -> None:
    (tmp_path / "work" / "my.net").write_text("train: batch=128\nconv 4 3x3 -> relu -> flatten -> dense 10\n")
    measured = ("bench", "my.net", "--group", "fork", "--threads", "1,2", "--seconds", "0.05", "--rounds", "1")
    done = tuicnn(*measured, "--json")
    assert done.returncode == 0, done.stderr
    alone, both = map(json.loads, done.stdout.splitlines())
    assert (alone["processes"], both["processes"]) == (1, 2)
    assert both["step"] > both["talk"] > alone["talk"] > 0
    assert "its messages alone" in tuicnn(*measured).stdout
    assert "one net" in usage_error("bench", "--group", "fork")


def test_without_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuicnn.bench.machine.find_spec", lambda name: None)
    with pytest.raises(
        UserError, match=r"PyTorch.* not installed; install it, in the clone of tuicnn: pip install -e '\.\[bench\]'"
    ):
        main.main(["bench", "--against", "torch"], standalone_mode=False)
