"""How far a trained network of `nets/` says the same here, in ONNX Runtime and in PyTorch, on all its test images.

Logits are measured against the largest of them, where that is more than 1.

python -m tests.exchange.agreement                # each network, trained for an epoch of 2,000 images
python -m tests.exchange.agreement --limit 200 nets/mnist.net
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.exchange.made import Answer, in_onnxruntime, in_torch, ours
from tests.runs.small import train
from tuicnn.bundled import bundled
from tuicnn.exchange.trained import TrainedNetwork
from tuicnn.runs.creation import create_run
from tuicnn.runs.origin import Origin
from tuicnn.training.options import Options

_BATCH = 500  # images at a time


def joined(answers: list[Answer]) -> Answer:
    return Answer(*(np.concatenate([getattr(a, name) for a in answers]) for name in ("probabilities", "logits")))


def lines(net: Path, limit: int, work: Path) -> Iterator[str]:
    """One for each other program."""
    options = Options(epochs=1, limit=limit, threads=1)
    folder = create_run(work, net.stem, net.read_text())
    Origin(net.absolute(), Path.cwd(), options).keep(folder)
    run = train(folder, options=options, every=1e9)
    network = TrainedNetwork.of_run(folder)
    test = network.plan.data.load().test_images.transpose(0, 3, 1, 2)
    batches = [test[a : a + _BATCH] for a in range(0, len(test), _BATCH)]
    here = joined([ours(network, batch) for batch in batches])
    for name, answers in (
        ("ONNX Runtime", in_onnxruntime(network, *batches)),
        ("PyTorch", in_torch(network, work, *batches)),
    ):
        there = joined(answers)
        same = int((here.probabilities.argmax(1) == there.probabilities.argmax(1)).sum())
        largest = {"probabilities": 1.0, "logits": max(1.0, float(np.abs(here.logits).max()))}
        apart = [float(np.abs(getattr(here, n) - getattr(there, n)).max()) / most for n, most in largest.items()]
        accuracy = f"{run.progress().test_accuracy:8.2%}"
        yield f"{net.stem:14} {accuracy} {name:13} {same:6,} of {len(test):6,} {apart[0]:11.1e} {apart[1]:9.1e}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("nets", nargs="*", type=Path, default=sorted(bundled("nets").glob("*.net")))
    parser.add_argument("--limit", type=int, default=2000, help="training images")
    given = parser.parse_args()
    print("network        accuracy in            same class   probabilities    logits")
    for net in given.nets:
        with tempfile.TemporaryDirectory() as work:
            for line in lines(net, given.limit, Path(work)):
                print(line, flush=True)


if __name__ == "__main__":
    main()
