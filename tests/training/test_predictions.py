"""What was said of images, counted: against counts made one image at a time."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.made_predictions import predictions
from tuicnn.engine.evaluation import Evaluation
from tuicnn.language import check
from tuicnn.training import predictions as module
from tuicnn.training.predictions import Confusion, Predictions
from tuicnn.training.trainer import Trainer

pairs = st.integers(1, 6).flatmap(
    lambda classes: st.tuples(
        st.just(classes),
        st.lists(st.tuples(*[st.integers(0, classes - 1)] * 2, st.floats(0, 1, width=32)), min_size=1, max_size=40),
    )
)


@given(pairs)
def test_counts_are_those_of_the_images_one_by_one(given_: tuple[int, list[tuple[int, int, float]]]) -> None:
    classes, images = given_
    found = predictions(images, classes)
    counts = Counter((label, said) for label, said, _ in images)
    matrix = found.confusion()
    assert {(a, b): int(matrix[a, b]) for a in range(classes) for b in range(classes) if matrix[a, b]} == counts
    wrong = [Confusion(a, b, n) for (a, b), n in sorted(counts.items()) if a != b]
    assert found.confusions() == sorted(wrong, key=lambda each: -each.count)
    sizes = Counter(label for label, _, _ in images)
    assert found.class_sizes().tolist() == [sizes[label] for label in range(classes)]
    for label, accuracy in enumerate(found.class_accuracy()):
        assert accuracy == pytest.approx(counts[label, label] / sizes[label] if sizes[label] else np.nan, nan_ok=True)


@given(pairs)
def test_the_worst_are_the_surest_mistakes(given_: tuple[int, list[tuple[int, int, float]]]) -> None:
    classes, images = given_
    found = predictions(images, classes)
    worst = found.worst().tolist()
    assert sorted(worst) == [place for place, (label, said, _) in enumerate(images) if label != said]
    surer = [found.confidences[place] - found.truths[place] for place in worst]
    assert surer == sorted(surer, reverse=True)
    for label in range(classes):
        assert found.worst(label).tolist() == [place for place in worst if images[place][0] == label]
        assert found.worst(label, 0).tolist() == [place for place in worst if images[place][:2] == (label, 0)]
        assert found.worst(said=label).tolist() == [place for place in worst if images[place][1] == label]


def test_what_is_no_number_is_the_worst() -> None:
    found = predictions([(0, 1, 0.9), (0, 1, np.nan), (0, 1, 1.0)], 2)
    assert found.worst().tolist() == [1, 2, 0]


@pytest.mark.parametrize("last", ["dense 1 -> sigmoid", "dense 2"])
def test_of_many_images_every_so_many_are_kept(last: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose numbers are those of the split; also of a network that has one output for two classes."""
    loss = "mse" if "sigmoid" in last else "cross_entropy"
    plan = check(f"data: mnist classes=[0, 1] limit=100 val=1000\nloss: {loss}\nflatten -> {last}").plan
    assert plan is not None
    trainer = Trainer(plan, plan.data.load())
    found = trainer.evaluate("validation", lambda share: True)
    assert found is not None
    whole = Predictions.of(found, "validation", trainer, 1)
    assert (len(whole), whole.images, whole.classes, whole.accuracy) == (1000, 1000, 2, found.accuracy)
    assert whole.wrong.mean() == pytest.approx(1 - found.accuracy)
    two = [whole.confidences[whole.wrong] + whole.truths[whole.wrong], whole.confidences[~whole.wrong]]
    np.testing.assert_allclose(two[0], 1, rtol=1e-5)
    np.testing.assert_array_equal(two[1], whole.truths[~whole.wrong])
    monkeypatch.setattr(module, "MOST", 300)
    some = Predictions.of(found, "validation", trainer, 1)
    assert (len(some), some.images, some.accuracy) == (300, 1000, found.accuracy)
    assert np.diff(some.numbers).min() >= 3
    for name in ("labels", "said", "confidences", "truths"):
        np.testing.assert_array_equal(getattr(some, name), getattr(whole, name)[some.numbers])


def test_of_no_images_nothing_is_known() -> None:
    found = Evaluation.joined([])
    assert np.isnan([found.loss, found.accuracy]).all()
