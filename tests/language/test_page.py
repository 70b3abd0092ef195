"""docs/language.md is what the code says, whole, and its links and examples work."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT
from tuicnn.language import Code, check
from tuicnn.language.reference import entries
from tuicnn.language.reference.page import language_page
from tuicnn.language.writing.formatting import format_text

PAGE = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
#: the page without its blocks
PROSE = BLOCK.sub("", PAGE)
HEADINGS = re.findall(r"^#+ (.*)$", PROSE, re.MULTILINE)


def anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_the_page_is_what_the_code_says() -> None:
    assert language_page() == PAGE, "write it anew: python -m tuicnn.language.reference > docs/language.md"


def test_every_word_has_its_place_once() -> None:
    places = [h.removesuffix(":") for h in HEADINGS] + re.findall(r"^\| `init=(\w+)", PROSE, re.MULTILINE)
    assert [e.name for e in entries() if places.count(e.name) != 1] == []
    assert all(PROSE.count(f"\n| `{each}` |") == 1 for each in Code)


def test_the_parts_stand_in_the_order_in_which_they_are_read() -> None:
    parts = re.findall(r"^## (.*)$", PROSE, re.MULTILINE)
    wanted = "The smallest file, A larger file, Forms, Other values without editing, Settings, Layers, Messages"
    assert parts == wanted.split(", ")


def test_every_link_leads_somewhere() -> None:
    anchors = [anchor(h) for h in HEADINGS]
    assert len(set(anchors)) == len(anchors)
    links = re.findall(r"\]\(([^)]*)\)", PROSE)
    assert len(links) > 100
    assert [link for link in links if link.removeprefix("#") not in anchors] == []


NETWORKS = [text for kind, text in BLOCK.findall(PAGE) if kind == "net" and re.search(r"dense ?\(?\w+\)?", text)]


@pytest.mark.parametrize("text", NETWORKS)
def test_every_network_can_be_trained(text: str) -> None:
    if text in {f"{e.usage}\n" for e in entries()}:
        return  # how a word is written, not a network
    checked = check(text)
    assert {d.code for d in checked.diagnostics} <= {"data"}  # CIFAR-10 need not be here
    assert checked.plan is not None
    assert format_text(text) == text


def test_three_ways_to_write_a_network_are_the_same() -> None:
    texts = [text for kind, text in BLOCK.findall(PAGE.partition("**Steps.**")[2].partition("**Blocks**")[0])]
    plans = [check(text).plan for text in texts]
    assert len(plans) == 3
    assert len({tuple((n.name, n.shape, n.parameters) for n in plan.nodes) for plan in plans if plan}) == 1


def test_tables_are_whole() -> None:
    tables = re.findall(r"(?:^\|.*\n)+", PROSE, re.MULTILINE)
    assert len(tables) > 20
    for table in tables:
        assert len({row.replace("\\|", "").count("|") for row in table.splitlines()}) == 1, table
