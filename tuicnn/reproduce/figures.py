"""What was measured of the networks that come with tuicnn, and the file of a clone that keeps it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean, stdev

from tuicnn.errors import UserError
from tuicnn.language.plan import Plan
from tuicnn.numbers import counted, duration, percent
from tuicnn.records import RecordError, from_plain, parse, to_plain
from tuicnn.system.files import why
from tuicnn.vocabulary import written

__all__ = ["Figures", "read_figures", "recipe", "write_figures"]


@dataclass(frozen=True)
class Figures:
    """What training by a `recipe` gave: the accuracies on the test images, 0 to 1, by the seed, in decimal digits.

    `seconds` is how long a run trains on two processors that nothing else uses; None where that was not measured.
    """

    recipe: str
    accuracies: Mapping[str, float] = field(default_factory=dict)
    seconds: float | None = None

    @property
    def mean(self) -> float:
        """Of the accuracies."""
        return fmean(self.accuracies.values())

    def accuracy(self) -> str:
        """The accuracies in a few characters, for a table: `99.31% ± 0.04%`, `99.3%` of one run, or a dash."""
        values = list(self.accuracies.values())
        if not values:
            return "-"
        if len(values) == 1:
            return percent(values[0])
        return f"{percent(self.mean, 2)} ± {percent(stdev(values), 2)}"

    def sentence(self, plan: Plan) -> str:
        """All of it, as the net's own comment says it."""
        values = list(self.accuracies.values())
        how = "one run"
        if len(values) > 1:
            how = f"mean of {len(values)} seeds, {percent(min(values))} to {percent(max(values))}"
        parts = [f"Reached: {percent(self.mean)} of the test images ({how})"] if values else []
        parts.append(counted(plan.parameters, "weight"))
        if self.seconds is not None:
            parts.append(f"{duration(self.seconds)} on two cores")
        return ", ".join(parts) + "."


def recipe(plan: Plan) -> str:
    """Sixteen characters that change with all that a run computes, but not with its seed, names and comments."""
    train = replace(plan.train, seed=0, checkpoint=type(plan.train)().checkpoint)
    lines = [written(each) for each in (plan.settings | {"train": train}).values()]
    lines += [f"{written(node.layer)} {node.inputs}" for node in plan.nodes]
    return hashlib.blake2b("\n".join(lines).encode(), digest_size=8).hexdigest()


def read_figures(file: Path) -> dict[str, Figures]:
    """The figures of each net by its name; none where there is no file. Raises `UserError`."""
    try:
        return dict(from_plain(Mapping[str, Figures], parse(file.read_bytes())))  # type: ignore[type-abstract]
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UserError(f"{file} cannot be read: {why(error)}.") from None
    except RecordError as error:
        raise UserError(f"{file} is damaged: {error}. Take it from the repository anew.") from None


def write_figures(file: Path, figures: Mapping[str, Figures]) -> None:
    """Keep them, a line for each number, so that a change shows what has changed. Raises `OSError`."""
    plain = {name: to_plain(figures[name]) for name in sorted(figures)}
    file.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")
