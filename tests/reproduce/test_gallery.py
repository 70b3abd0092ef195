"""The networks that come with tuicnn, what they say of themselves, and the page about them."""

from __future__ import annotations

import pytest

from tests.conftest import ROOT
from tuicnn.reproduce.figures import Figures, read_figures, recipe
from tuicnn.reproduce.page import gallery_page, with_figures, with_table
from tuicnn.runs.starters import Starter, starters

NETS = starters()
FIGURES = read_figures(ROOT / "docs" / "gallery.json")
AGAIN = "python -m tuicnn.reproduce NET --seeds 5 --write"
each = pytest.mark.parametrize("net", NETS, ids=lambda net: net.name)


@each
def test_a_net_says_what_was_measured_of_it_as_it_is_now(net: Starter) -> None:
    figures = FIGURES.get(net.name)
    if figures is None:
        assert "Reached:" not in net.comment, f"it was not measured: {AGAIN}"
        return
    assert figures.recipe == recipe(net.plan), f"the net has changed since it was measured: {AGAIN}"
    assert with_figures(net.text, figures.sentence(net.plan)) == net.text, f"it says another figure: {AGAIN}"


@each
def test_a_net_says_what_it_shows_and_what_to_change(net: Starter) -> None:
    lines = net.text.split("\n\n")[0].splitlines()
    assert all(line.startswith("# ") for line in lines)
    assert 3 <= len(lines) <= 8
    assert net.comment.count("Try: ") == 1


def test_the_page_is_made_of_the_nets() -> None:
    page = (ROOT / "docs" / "gallery.md").read_text()
    assert page == gallery_page(NETS, FIGURES), "python -m tuicnn.reproduce --write"
    readme = (ROOT / "README.md").read_text()
    assert readme == with_table(readme, NETS, FIGURES), "python -m tuicnn.reproduce --write"
    assert all(f"| [{net.name}](docs/gallery.md#{net.name}) |" in readme for net in NETS)


def test_a_page_says_of_each_net_what_was_measured() -> None:
    one = Figures("", {"0": 0.99312}, 63.0)
    five = Figures("", {str(seed): 0.99 + seed / 1000 for seed in range(5)})
    page = gallery_page(NETS[:3], {NETS[0].name: one, NETS[1].name: five})
    rows = [[cell.strip() for cell in line.split("|")[3:-1]] for line in page.splitlines() if line.startswith("| [")]
    weights = [f"{net.plan.parameters:,}" for net in NETS]
    assert rows == [
        ["99.3%", "1", weights[0], "1 min 03 s"],
        ["99.20% ± 0.16%", "5", weights[1], "-"],
        ["-", "-", weights[2], "-"],
    ]
    assert one.sentence(NETS[0].plan) == (
        f"Reached: 99.3% of the test images (one run), {weights[0]} weights, 1 min 03 s on two cores."
    )
    assert "(mean of 5 seeds, 99.0% to 99.4%)" in five.sentence(NETS[1].plan)


def test_a_line_with_figures_is_put_in_the_place_of_the_old_one() -> None:
    text = "# A net.\n# Try: another.\n\n# not this\nflatten -> dense 10\n"
    once = with_figures(text, "Reached: 1%.")
    assert once == text.replace("another.\n", "another.\n# Reached: 1%.\n")
    assert with_figures(once, "Reached: 2%.") == once.replace("1%", "2%")
    assert with_figures(once, "") == text
