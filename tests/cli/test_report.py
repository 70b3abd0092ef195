"""`tuicnn report`: a run as one page that needs nothing from elsewhere."""

from __future__ import annotations

import io
import json
import re
from base64 import b64decode
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import html5lib
import numpy as np
from PIL import Image

from tests.conftest import Run
from tests.runs.small import NET, made_data, train
from tuicnn.numbers import percent
from tuicnn.runs.creation import create_run
from tuicnn.runs.folder import RunFolder

HOSTILE = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a\x1b[31m&amp;")


class Elements(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def checked(path: Path) -> Elements:
    """The elements of a page that is valid, and asks for nothing from elsewhere."""
    page = path.read_text(encoding="utf-8")
    html5lib.HTMLParser(strict=True).parse(page)
    elements = Elements(page)
    assert {tag for tag, _ in elements.found}.isdisjoint({"script", "link", "iframe", "object", "base", "form", "a"})
    for tag, attributes in elements.found:
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)
        for name in ("src", "href", "srcset", "data"):
            assert (attributes.get(name) or "data:image/png;base64,").startswith("data:image/png;base64,")
    assert "url(" not in page
    assert "@import" not in page
    return elements


def test_the_page_says_what_eval_says(tuicnn: Run, stopped: RunFolder, tmp_path: Path) -> None:
    done = tuicnn("report", "my-1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "my-1.html\n", "")
    page = checked(tmp_path / "work/my-1.html")
    found = json.loads(tuicnn("eval", "my-1", "--json").stdout)
    assert percent(found["accuracy"], 2) in page.text
    low, high = found["accuracy_interval"]
    assert f"95% interval {percent(low, 2)} to {percent(high, 2)}" in page.text
    assert stopped.text.strip() in page.text
    assert "conv 3 3x3 pad=1" in page.text
    with np.load(tmp_path / "d.npz") as data:
        images = data["x_test"]
    shown = [(picture["src"] or "").partition(",")[2] for picture in page.of("img")]
    pixels = [np.asarray(Image.open(io.BytesIO(b64decode(each)))) for each in shown]
    assert len(pixels) == len(found["worst"]) > 0
    for picture, wrong in zip(pixels, found["worst"], strict=True):
        assert np.array_equal(picture, images[wrong["index"]])
    assert len(page.of("svg")) == 2
    assert re.search(r"validation [\d.]+% at the end", " ".join(each["aria-label"] or "" for each in page.of("svg")))


def test_names_and_texts_of_any_origin_stay_text(tuicnn: Run, tmp_path: Path) -> None:
    with np.load(made_data(tmp_path)) as data:
        arrays = dict(data)
    for part in ("y_train", "y_test"):
        arrays[part] = np.array(HOSTILE)[arrays[part]]
    np.savez(tmp_path / "d.npz", **arrays)
    text = NET.format(data=tmp_path / "d.npz", optim="# </pre><script>alert(2)</script> \u202e\x0b")
    train(create_run(tmp_path / "work", "my", text))
    done = tuicnn("report", "my-1", "-o", "r.html")
    assert done.returncode == 0, done.stderr
    page = checked(tmp_path / "work/r.html")
    assert HOSTILE[0] in page.text
    assert "</pre><script>alert(2)</script>" in page.text
    assert unescape("a\\x1b[31m&amp;amp;") in page.text
    assert not re.search(r"[\x00-\x08\x0b-\x1f\u202e]", page.text)


def test_of_many_classes_those_that_are_mistaken_are_listed_once(tuicnn: Run, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (200, 8, 8), dtype=np.uint8)
    labels = np.arange(200) % 40
    np.savez(tmp_path / "d.npz", x_train=images, y_train=labels, x_test=images[:80], y_test=labels[:80])
    text = NET.format(data=tmp_path / "d.npz", optim="optim: adam").replace("dense 3", "dense 40")
    train(create_run(tmp_path / "work", "my", text))
    assert tuicnn("report", "my-1").returncode == 0
    page = checked(tmp_path / "work/my-1.html")
    assert page.text.count("taken forimages") == 1
    assert "A row for each class" not in page.text
    assert len(page.of("img")) == 24


def test_without_its_data_there_is_still_a_page(tuicnn: Run, stopped: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "d.npz").unlink()
    done = tuicnn("report", "my-1")
    assert done.returncode == 0
    assert done.stderr.startswith("The report does not say how good the run is:")
    page = checked(tmp_path / "work/my-1.html")
    assert "were not at hand" in page.text
    assert len(page.of("svg")) == 2


def test_only_a_report_is_replaced(tuicnn: Run, stopped: RunFolder, tmp_path: Path) -> None:
    mine = tmp_path / "work/mine.html"
    mine.write_text("<!doctype html>my notes")
    refused = tuicnn("report", "my-1", "-o", "mine.html")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert mine.read_text() == "<!doctype html>my notes"
    for _ in range(2):
        assert tuicnn("report", "my-1", "-o", "new.html").returncode == 0
    nowhere = tuicnn("report", "my-1", "-o", "none/new.html")
    assert nowhere.stderr == "tuicnn: none/new.html cannot be written: there is no folder none; make it first.\n"
