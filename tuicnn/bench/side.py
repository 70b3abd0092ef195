"""`python -m tuicnn.bench.side`: the process of one contender. Started by `tuicnn.bench.process`, not by people.

It reads orders, one JSON object a line, and answers each with one: first what to measure, then what to do. Between
orders it computes nothing; at the end of its input it exits.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from tuicnn.system.process import end_with_parent

if TYPE_CHECKING:
    from tuicnn.bench.turns import Contender
    from tuicnn.data import Dataset
    from tuicnn.language.plan import Plan

__all__ = ["main"]

Message = dict[str, Any]


class _Side:
    """One contender and what it can be asked."""

    def __init__(self, order: Message) -> None:
        from tuicnn.bench.material import material, unaugmented
        from tuicnn.bench.memory import PeakMemory
        from tuicnn.language import check

        path = Path(order["path"])
        checked = check(order["text"], name=order["path"], path=path)
        if checked.plan is None:
            raise ValueError(f"{path} cannot be trained")
        plan, self.threads = unaugmented(checked.plan), int(order["threads"])
        dataset, own = material(plan)
        made = self._maker(order["side"], dataset)
        small = replace(plan, train=replace(plan.train, batch=2))
        first = made(small)  # loads what is loaded at the first use, so that it does not count
        first.train()
        first.close()
        del first
        self.memory = PeakMemory()
        self.contender = made(plan)
        self.memory.add_children()
        self.about = {
            "data": dataset.name,
            "own_data": own,
            "images": len(dataset.train_images),
            "sample_loss": self.contender.sample_loss(),
        }

    def _maker(self, side: str, dataset: Dataset) -> Callable[[Plan], Contender]:
        """Makes a contender of this side for a plan; the images are ready."""
        if side == "tuicnn":
            from tuicnn.bench.ours import Ours

            return lambda plan: Ours(plan, dataset, self.threads)
        import torch

        from tuicnn.bench.theirs import Images, Theirs

        torch.set_num_threads(self.threads)
        images = Images(dataset, channels_last=side == "channels_last")
        return lambda plan: Theirs(plan, dataset, images)

    def answer(self, order: Message) -> Message:
        from tuicnn.bench.turns import again, median_times

        seconds = float(order.get("seconds", 0))
        match order["do"]:
            case "train":
                return {"rate": again(self.contender.train, seconds)}
            case "evaluate":
                return {"rate": again(self.contender.evaluate, seconds)}
            case "layers":
                return {"times": median_times(self.contender, seconds)}
            case "memory":
                return {"bytes": self.memory.bytes()}
            case "sgemm":
                from tuicnn.bench.ours import sgemm

                return {"flops": sgemm(self.threads, seconds)}
        raise ValueError(f"nobody can do {order['do']}")


def main() -> int:
    """Serve one contender on standard input and output."""
    # where the command is killed, do not compute on
    end_with_parent()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no answer
    side: _Side | None = None
    for line in sys.stdin:
        try:
            order = json.loads(line)
            if side is None:
                side = _Side(order)
                _send(answers, side.about)
            else:
                _send(answers, side.answer(order))
        except BrokenPipeError:
            return 0
        except MemoryError:
            _send(answers, {"error": "there is not enough memory"})
            return 1
        except Exception as error:
            _send(answers, {"error": str(error) or type(error).__name__})
            return 1
    return 0


def _send(answers: TextIO, message: Message) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


if __name__ == "__main__":
    raise SystemExit(main())
