from __future__ import annotations

from dataclasses import replace
from time import process_time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from tests.tui.drawn import TERMINALS, drawn
from tests.worker.fake_feed import LAYERS, OVERVIEW
from tuicnn.display.outline import outline
from tuicnn.display.terminal import TerminalProfile
from tuicnn.observing.layer_stats import LayerStats
from tuicnn.training.divergence import Divergence
from tuicnn.training.events import LayerRow, Overview
from tuicnn.tui.widgets.layer_table import LayerTable


def stats(rows: int, value: float) -> LayerStats:
    one = np.full(rows, value, np.float32)
    parts = {"optimizer": 0.5, "waiting": 1.0, "rest": 0.25}
    course = np.full((5, rows), value, np.float32)
    return LayerStats(one, one, one, one, one, course, **parts, step=value * rows + sum(parts.values()))


def table_of(stats: LayerStats | None, terminal: TerminalProfile | None = None, cursor: int = 0) -> LayerTable:
    table = LayerTable(terminal or TerminalProfile())
    table.show(OVERVIEW, stats, cursor)
    return table


@pytest.mark.parametrize("value", [0.0, 1e-12, 0.5, 1.0, 123456.0, float("nan"), float("inf")])
@pytest.mark.parametrize("terminal", TERMINALS)
def test_every_width_and_height_is_filled_exactly(terminal: TerminalProfile, value: float) -> None:
    table = table_of(stats(len(LAYERS), value), terminal, 5)
    for width in (1, 5, 20, 40, 56, 72, 80, 200):
        for height in (1, 2, 3, 8, 40):
            drawn(table, width, height)


def test_a_column_stays_where_it_is_whatever_the_numbers() -> None:
    values = (0.0, 9.9e-9, 0.5, 999.0, float("nan"))
    assert len({drawn(table_of(stats(len(LAYERS), value)), 72, 20)[0] for value in values}) == 1


def test_it_shows_what_a_layer_is_and_costs_and_the_totals() -> None:
    shown = drawn(table_of(stats(len(LAYERS), 0.25), cursor=13), 140, 20)
    dense = next(line for line in shown if "dense 10" in line)
    glyphs = TerminalProfile().glyphs
    assert dense.split()[-9:] == [
        "10",
        "31,370",
        "0.25",
        glyphs.thick[0] * 10,
        "0.250",
        "0.250",
        glyphs.levels[4] * 5,
        "0.250",
        "25%",
    ]
    assert "4,007,808 multiply-adds" in shown[18]
    assert shown[18].split()[-1] == "5.25"
    assert "dense1 is thrown about: a step moves its weights by 25.00% of their size" in shown[19]
    besides = [line.split()[-1] for line in shown[15:18]]
    assert ["optimizer" in shown[15], "waiting" in shown[16], "rest" in shown[17]] == [True] * 3
    # what is shown of a step adds up to the step
    assert 0.25 * len(LAYERS) + sum(map(float, besides)) == 5.25


def test_what_a_step_does_besides_takes_one_line_where_layers_would_be_hidden() -> None:
    shown = drawn(table_of(stats(len(LAYERS), 0.25)), 140, len(LAYERS) + 4)
    assert [line.split()[-1] for line in shown if "optimizer, waiting, rest" in line] == ["1.75"]
    assert all(any(f" {row.name} " in line for line in shown) for row in LAYERS)


def test_every_number_stands_under_its_own_heading() -> None:
    many = len(LAYERS)
    at = np.arange(many)
    ms, out, grad, dead = (np.asarray(column, np.float32) for column in (10 + at, 100 + at, 200 + at, (30 + at) / 100))
    update = (50 + at).astype(np.float32)
    known = LayerStats(ms, out, grad, dead, update, grad[None], optimizer=70.25, waiting=80.5, rest=90.75, step=98.125)
    head, *lines = drawn(table_of(known), 110, 20)
    names = ("output", "weights", "ms", "out", "grad", "Δw/w")
    ends = {name: head.index(f" {name} ") + 1 + len(name) for name in names}
    ends["dead"] = head.rindex("dead") + 4

    def under(line: str, name: str) -> str:
        """The word that ends where the heading does; "" where there is none."""
        cell = line[: ends[name]]
        return "" if cell.endswith(" ") else cell.split()[-1]

    for i, row in enumerate(LAYERS):
        assert [under(lines[i], name) for name in ends] == [
            "x".join(map(str, row.shape)),
            f"{row.parameters:,}" if row.parameters else "",
            f"{10 + i}.00",
            f"{100 + i}",
            f"{200 + i}",
            f"{50 + i}.0",
            f"{30 + i}%",
        ]
    for line, (text, spent) in zip(
        lines[many:],
        [("optimizer", "70.25"), ("waiting", "80.50"), ("rest of the step", "90.75"), ("multiply-adds", "98.12")],
        strict=False,
    ):
        assert text in line
        assert under(line, "ms") == spent
        assert [under(line, name) for name in ("out", "grad", "Δw/w", "dead")] == [""] * 4
    assert under(lines[many + 3], "weights") == f"{sum(row.parameters for row in LAYERS):,}"


@given(cursor=st.integers(0, 99), height=st.integers(3, 30), before=st.integers(0, 99))
def test_the_cursor_is_always_in_sight(cursor: int, height: int, before: int) -> None:
    rows = tuple(LayerRow(f"relu{i}", f"relu {i}", "relu", (1, 2, 3), 0, 0, (i - 1,)) for i in range(100))
    table = LayerTable(TerminalProfile(colours="none"))
    for place in (before, cursor):
        table.show(replace(OVERVIEW, layers=rows), None, place)
        shown = drawn(table, 60, height)
    assert any(line.startswith(f"{table.terminal.glyphs.pointer} {cursor + 1:>3} relu{cursor} ") for line in shown)


class OneTable(App[None]):
    chosen = -1

    def compose(self) -> ComposeResult:
        yield table_of(None, cursor=13)

    def on_layer_table_chosen(self, message: LayerTable.Chosen) -> None:
        assert self.chosen < 0  # a click on the head chooses nothing
        self.chosen = message.layer


async def test_a_click_on_a_layer_chooses_it() -> None:
    app = OneTable()
    async with app.run_test(size=(80, 10)) as pilot:
        await pilot.pause()
        await pilot.click(LayerTable, offset=(5, 1))
        await pilot.click(LayerTable, offset=(5, 0))
        await pilot.pause()
        assert LAYERS[app.chosen].text in drawn(app.query_one(LayerTable), 80, 10)[1]


def test_branches_stand_under_what_they_fork_from_and_a_join_names_what_it_joins() -> None:
    lines = outline(LAYERS, TerminalProfile())
    shown = [f"{line.marks}{line.text} {line.source}".rstrip() for line in lines]
    assert shown[1:12] == [
        "relu",
        "├ conv 16 3x3 pad=same bias=false",
        "│ batchnorm",
        "│ relu",
        "│ conv 16 3x3 pad=same bias=false",
        "add (conv3, relu1)",
        "maxpool 2",
        "├ conv 8 1x1",
        "├ conv 8 3x3 pad=1",
        "concat as mixed (conv4, conv5)",
        "flatten",
    ]


@given(st.data())
def test_any_graph_can_be_outlined(data: st.DataObject) -> None:
    rows = []
    for i in range(data.draw(st.integers(1, 12))):
        inputs = data.draw(st.lists(st.integers(-1, i - 1), min_size=1, max_size=3))
        rows.append(LayerRow(f"l{i}", "relu", "relu", (1,), 0, 0, tuple(inputs)))
    lines = outline(rows, TerminalProfile(ascii=True))
    assert len(lines) == len(rows)
    assert not lines[0].marks or len(rows) > 1
    assert lines[-1].marks == ""
    for row, line in zip(rows, lines, strict=True):
        if len(row.inputs) > 1:
            for i in row.inputs:
                assert (rows[i].name if i >= 0 else "image") in line.source


def test_the_layer_that_diverged_is_marked() -> None:
    found = Divergence(1234, 2, "the gradient in conv2, over the whole batch,", "NaN", "conv2", by_rate=True)
    table = LayerTable(TerminalProfile(colours="none"))
    for diverged, names in ((found, ["conv2"]), (replace(found, layer=""), []), (None, [])):
        table.show(OVERVIEW, None, 0, diverged)
        marked = [line for line in drawn(table, 60, 20) if line.startswith(table.terminal.glyphs.wrong)]
        assert [line.split()[2] for line in marked] == names


@pytest.mark.parametrize("length", [4, 20, 39])
def test_a_layer_is_shortened_before_its_name(length: int) -> None:
    label = "n" * length
    rows = (replace(LAYERS[0], name=label, text=f"conv 16 3x3 pad=1 stride=2 bias=false init=he as {label}"),)
    table = LayerTable(TerminalProfile(colours="none"))
    table.show(replace(OVERVIEW, layers=rows), None, 0)
    line = drawn(table, 78, 10)[1]
    assert line.split()[2] == label
    assert line.split()[3] == "conv"


def blocky(layers: int = 3) -> Overview:
    """A stem, two turns of a block, and an end."""
    names = ["", *["unit #1"] * layers, *["unit #2"] * layers, ""]
    rows = tuple(
        LayerRow(f"l{i}", f"conv {i}", "conv", (2, 4, 4), 10 + i, 100, (i - 1,), block) for i, block in enumerate(names)
    )
    return replace(OVERVIEW, layers=rows)


def names_of(lines: list[str]) -> list[str]:
    """The third word of each line that has a number: a name, or the mark of a folded block."""
    return [line[2:].split()[1] for line in lines if line[2:].split()[:1] and line[2:].split()[0].isdecimal()]


def test_a_folded_block_is_one_line_with_the_sums_of_its_layers() -> None:
    overview = blocky()
    known = replace(stats(8, 0.5), milliseconds=np.arange(8, dtype=np.float32))
    table = LayerTable(TerminalProfile(colours="none"))
    table.show(overview, known, 2)
    assert names_of(drawn(table, 100, 20)) == ["l0", "-", "│", "│", "-", "│", "│", "l7"]
    table.fold(2)
    lines = drawn(table, 100, 20)
    assert names_of(lines) == ["l0", "+", "-", "│", "│", "l7"]
    folded = lines[2]
    assert folded.startswith(f"{table.terminal.glyphs.pointer} 2 + unit #1  3 layers ")
    assert folded.split()[7:10] == ["2x4x4", "36", "6.00"]
    assert table.moved(1) == 4
    assert table.moved(-1) == 0
    table.fold_all()
    assert names_of(drawn(table, 100, 20)) == ["l0", "+", "+", "l7"]
    table.fold_all()
    assert len(names_of(drawn(table, 100, 20))) == 8


def test_the_blocks_of_a_large_network_are_folded_at_first() -> None:
    table = LayerTable(TerminalProfile(colours="none"))
    table.show(blocky(20), None, 0)
    assert names_of(drawn(table, 100, 20)) == ["l0", "+", "+", "l41"]


def test_the_slowest_come_first_and_what_is_searched_for_is_found_in_folded_blocks() -> None:
    overview = blocky()
    table = LayerTable(TerminalProfile(colours="none"))
    table.show(overview, replace(stats(8, 0.5), milliseconds=np.array([5, 1, 1, 1, 9, 0, 1, 2], np.float32)), 0)
    table.fold(5)
    table.sort(by_time=True)
    lines = drawn(table, 100, 20)
    assert "by time" in lines[0]
    assert [line[2:].split()[0] for line in lines[1:7]] == ["5", "1", "8", "2", "3", "4"]
    table.sort(by_time=False)
    assert table.search("CONV 6") == 6
    assert [line[2:].split()[0] for line in drawn(table, 100, 20)[1:2]] == ["7"]
    assert table.search("nothing") is None
    assert "no layer has that" in drawn(table, 100, 20)[1]
    table.search("")
    assert names_of(drawn(table, 100, 20)) == ["l0", "-", "│", "│", "+", "l7"]


def test_of_a_thousand_layers_those_in_sight_are_painted_in_no_time() -> None:
    rows = tuple(LayerRow(f"conv{i}", "conv 8 3x3", "conv", (8, 9, 9), 80, 99, (i - 1,)) for i in range(1000))
    table = LayerTable(TerminalProfile())
    known = stats(1000, 0.5)
    table.show(replace(OVERVIEW, layers=rows), known, 500)
    drawn(table, 120, 30)
    began = process_time()
    for cursor in range(500, 510):
        table.show(replace(OVERVIEW, layers=rows), known, cursor)
        drawn(table, 120, 30)
    assert (process_time() - began) / 10 < 0.05


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ({"update": 2e-3}, "conv1 learns: a step moves its weights by 0.20% of their size"),
        ({"update": 1e-8}, "conv1 hardly learns: a step moves its weights by 1.0e-8 times their size"),
        ({"update": 0.3}, "conv1 is thrown about"),
        ({"gradient": 0.0}, "conv1: no gradient comes back to it"),
    ],
)
def test_a_sentence_says_whether_the_chosen_layer_learns(figures: dict[str, float], said: str) -> None:
    known = stats(len(LAYERS), 0.01)
    changed = {name: np.full(len(LAYERS), value, np.float32) for name, value in figures.items()}
    assert said in drawn(table_of(replace(known, **changed)), 100, 20)[19]  # type: ignore[arg-type]
