"""What trainings, runs, epochs and scores show of themselves, in a session and in a notebook."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from tests.network.conftest import TEXT
from tests.runs.small import a_run, stop_after, train
from tuicnn import Dataset, Network, Run, UserError
from tuicnn.network.shown import ConfusionMatrix


def parsed(html: str) -> ElementTree.Element:
    """A piece of HTML that is well-formed, as XML."""
    return ElementTree.fromstring(f"<div>{html.replace('<br>', '<br/>')}</div>")


def test_a_training_shows_its_figures_and_its_curves(images: Dataset) -> None:
    network = Network.from_text(TEXT, data=images)
    fit = network.fit(images, progress=False)
    assert repr(fit) == "net: starting, 0 of 2 epochs"
    assert not parsed(fit._repr_html_()).findall(".//{*}svg")
    epoch = next(fit)
    assert str(epoch).startswith("epoch 1: training loss ")
    assert "Epoch(epoch=1, step=3, train_loss=" in repr(epoch)
    assert next(cell.text for cell in parsed(epoch._repr_html_()).iter("td")) == "1"
    html = parsed(fit._repr_html_())
    bar = html.find(".//progress")
    assert bar is not None
    assert (bar.get("value"), bar.get("max")) == ("3", "6")
    fit.run()
    html = parsed(fit._repr_html_())
    assert html.find(".//progress") is None
    assert [each.get("aria-label", "").partition(":")[0] for each in html.findall(".//{*}svg")] == ["loss", "accuracy"]
    assert repr(fit).startswith("net: done, 2 of 2 epochs, validation accuracy ")
    assert "test accuracy" in repr(fit)


def test_a_run_tells_what_its_training_came_to(tmp_path: Path) -> None:
    folder = a_run(tmp_path)
    train(folder)
    run, network = Run(folder.path), Network.from_run(folder.path)
    assert (run.name, run.state, run.step, len(run.epochs)) == ("small-1", "done", 6, 2)
    assert run.text == folder.text
    past = run.network(epoch=1).state_dict()
    assert any(not np.array_equal(past[name], weights) for name, weights in network.state_dict().items())
    assert repr(run).startswith("small: done, 2 of 2 epochs, validation accuracy ")
    assert len(parsed(run._repr_html_()).findall(".//{*}svg")) == 2
    with pytest.raises(UserError, match="There is no run"):
        Run(tmp_path / "none")


def test_a_run_that_has_not_begun_or_was_stopped_shows_itself_too(tmp_path: Path) -> None:
    folder = a_run(tmp_path)
    assert repr(Run(folder.path)) == "small: lost"
    assert parsed(Run(folder.path)._repr_html_()) is not None
    train(folder, report=stop_after(2))
    assert repr(Run(folder.path)).startswith("small: stopped, 0 of 2 epochs, ")


def test_scores_show_their_figures_and_which_classes_are_taken_for_which(images: Dataset) -> None:
    network = Network.from_text(TEXT, data=images)
    network.fit(images, progress=False).run()
    scores = network.evaluate(images.test_images, images.test_labels)
    assert repr(scores).startswith("accuracy ")
    assert repr(scores).endswith("on 12 images")
    matrix = scores.confusion()
    assert np.asarray(matrix).sum() == 12
    assert np.trace(np.asarray(matrix)) == round(12 * scores.accuracy)
    assert np.asarray(matrix, dtype=np.float32).dtype == np.float32
    html = parsed(scores._repr_html_())
    heads = [cell.text for cell in html.findall(".//th")]
    assert heads[1:4] == ["left", "middle", "right"]


def test_a_matrix_is_a_table_whose_rows_are_the_truth() -> None:
    matrix = ConfusionMatrix(np.array([[5, 0], [1234, 2]]), ("a<b", "c"))
    assert repr(matrix).splitlines() == ["      a<b     c", "a<b     5     .", "c    1234     2"]
    html = matrix._repr_html_()
    assert "a&lt;b" in html
    rows = [[cell.text for cell in row] for row in parsed(html).iter("tr")]
    assert rows[2] == ["c", "1,234", "2"]
    many = ConfusionMatrix(
        np.eye(100, dtype=np.int64) * 9 + np.eye(100, k=1, dtype=np.int64), tuple(map(str, range(100)))
    )
    assert len(list(parsed(many._repr_html_()).iter("tr"))) == 21
