"""Test images that are looked at mirrored and shifted too: the outputs are averaged as the published recipe does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tuicnn import Dataset
from tuicnn.language import check
from tuicnn.training.trainer import Trainer

NET = "conv 4 3x3 -> batchnorm -> gelu -> maxpool 2 -> flatten -> dense 3"


def some_images(count: int = 150) -> Dataset:
    random = np.random.default_rng(1)
    return Dataset.from_arrays(
        random.integers(0, 255, (60, 7, 8, 3), dtype=np.uint8),
        np.arange(60) % 3,
        test=(random.integers(0, 255, (count, 7, 8, 3), dtype=np.uint8), np.arange(count) % 3),
        val=10,
    )


def trainer_of(head: str, threads: int = 1) -> Trainer:
    plan = check(f"{head}\n{NET}", input=(3, 7, 8), classes=3).plan
    assert plan is not None
    return Trainer(plan, some_images(), threads=threads)


@pytest.mark.parametrize(("head", "mirrored", "shift"), [
    ("", False, 0),
    ("test: flip=horizontal", True, 0),
    ("test: shift=2", False, 2),
    ("test: flip=horizontal shift=1 fill=reflect", True, 1),
])  # fmt: skip
def test_outputs_are_averaged_over_the_views(head: str, mirrored: bool, shift: int) -> None:
    torch: Any = pytest.importorskip("torch")
    trainer = trainer_of(head)
    data, network = trainer.dataset, trainer.network
    x = torch.tensor(((data.test_images / 255 - data.mean) / data.std).transpose(0, 3, 1, 2))

    def looked(images: Any) -> Any:
        z = network.forward(images.numpy())
        return (z + network.forward(images.flip(-1).numpy())) / 2 if mirrored else z

    z = looked(x)
    if shift:
        around = torch.nn.functional.pad(x, (shift,) * 4, "reflect")
        ends = (around[:, :, :7, :8], around[:, :, 2 * shift :, 2 * shift :])
        z = 0.5 * z + 0.25 * sum(looked(end) for end in ends)
    found = trainer.evaluate("test", lambda share: True)
    assert found is not None
    assert found.loss == pytest.approx(trainer.plan.loss.forward(z, data.test_labels).mean(), rel=1e-5)
    assert found.predictions.tolist() == z.argmax(axis=1).tolist()


def test_validation_and_prediction_look_at_an_image_as_it_is() -> None:
    plain, viewed = trainer_of(""), trainer_of("test: flip=horizontal shift=2 fill=mean")
    for split, same in (("validation", True), ("train", True), ("test", False)):
        one, other = (trainer.evaluate(split, lambda share: True) for trainer in (plain, viewed))  # type: ignore[arg-type]
        assert one is not None
        assert other is not None
        assert (one.loss == other.loss) == same


@pytest.mark.processes
def test_processes_change_no_bit() -> None:
    one, two = (trainer_of("test: flip=horizontal shift=1", threads) for threads in (1, 2))
    try:
        assert one.evaluate_some("test", 0, 150).confidences.tobytes() == (
            two.evaluate_some("test", 0, 150).confidences.tobytes()
        )
    finally:
        two.close()


def test_how_it_is_written_is_told() -> None:
    def told(setting: str) -> list[str]:
        return [f"{d.message}; {d.help}" for d in check(f"{setting}\n{NET}", input=(3, 8, 8), classes=3).diagnostics]

    assert told("test: flip shift") == [
        "`flip` needs `=` and a value; write `flip=horizontal`",
        "`shift` needs `=` and a value; write `shift=2`",
    ]
    assert "Did you mean `test:`?" in told("tta: flip=horizontal")[0]
    assert told("test: fill=mean flip=horizontal") == ["fill changes nothing without shift; write `fill=mean shift=1`"]
