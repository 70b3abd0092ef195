"""Plans a sweep: checks each variant before any is trained, and says what it takes of time, memory and disk."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tuicnn.errors import UserError
from tuicnn.numbers import counted
from tuicnn.runs.prepared import NetFile
from tuicnn.runs.snapshots import MOST, MOST_BYTES
from tuicnn.sweep.halving import Rung, rungs
from tuicnn.sweep.variants import label_of
from tuicnn.system import machine
from tuicnn.system.files import why
from tuicnn.system.machine import in_bytes, processors

if TYPE_CHECKING:
    from tuicnn.language import Diagnostic, Plan
    from tuicnn.training.options import Options

__all__ = ["PlannedSweep", "PlannedVariant", "plan_sweep"]

#: bytes of a weight on disk and of a pixel in memory; those that Python and NumPy take in a process
_WEIGHT, _PIXEL, _PROCESS = 4, 1, 80 << 20
#: checkpoints that a run keeps; bytes of its journal, log and predictions of a small run
_CHECKPOINTS, _BESIDE = 3, 1 << 17


@dataclass(frozen=True)
class PlannedVariant:
    """A variant that can be trained, and what one trial of it takes at most."""

    values: Mapping[str, str]
    epochs: int  # in all
    parameters: int
    macs: int  # of one image's forward pass
    memory: int  # bytes
    disk: int  # bytes


@dataclass(frozen=True)
class PlannedSweep:
    """All that is known of a sweep before it begins."""

    net: NetFile  # as it is written
    variants: tuple[PlannedVariant, ...]
    seeds: tuple[int, ...]
    rungs: tuple[Rung, ...]
    warnings: tuple[Diagnostic, ...]  # what the first variant does not have, each once

    @property
    def trials(self) -> int:
        """How many there are: one of each variant and seed."""
        return len(self.variants) * len(self.seeds)

    @property
    def epochs(self) -> int:
        """Those of all trials together, at most."""
        most, before = 0, [0] * len(self.variants)
        for rung in self.rungs:
            more = [now - then for now, then in zip(rung.epochs, before, strict=True)]
            most += sum(sorted(more)[-rung.variants :])
            before = list(rung.epochs)
        return most * len(self.seeds)

    @property
    def disk(self) -> int:
        """Bytes that all trials come to at most."""
        return sum(variant.disk for variant in self.variants) * len(self.seeds)

    def jobs(self, wanted: int | None) -> int:
        """How many trials at a time: as `wanted`, or one a processor, as far as the memory goes.

        Raises `UserError` where what is wanted does not fit in the memory.
        """
        there, each = machine.memory(), max(variant.memory for variant in self.variants)
        fits = max(1, there.total // each) if there is not None else self.trials
        if wanted is not None and wanted > fits:
            raise UserError(
                f"{counted(wanted, 'trial')} at a time take {in_bytes(wanted * each)}, more than this machine's memory "
                f"({in_bytes(there.total if there is not None else 0)}); write --jobs {fits}"
            )
        return min(wanted or min(processors(), fits), self.trials)

    def require_disk(self, folder: Path) -> None:
        """Raises `UserError` where the disk of a folder has less room than the trials may take."""
        while not folder.exists():
            folder = folder.parent
        try:
            free = shutil.disk_usage(folder).free
        except OSError as error:
            raise UserError(f"The room on the disk of {folder} is not known: {why(error)}.") from error
        if self.disk > free:
            raise UserError(
                f"The {counted(self.trials, 'trial')} may take {in_bytes(self.disk)} of the disk, and {in_bytes(free)} "
                "are free; take fewer variants or seeds, or --run with a folder on another disk"
            )


def plan_sweep(
    path: Path, variants: Sequence[Mapping[str, str]], options: Options, seeds: int, eta: int | None
) -> PlannedSweep:
    """Check each variant of a net with the same `options`, for so many seeds, from the net's own on.

    Raises `UserError` where one cannot be trained, with its problems, or where its data is not here.
    """
    from tuicnn.language import render_plain

    net, first = NetFile.read(path), NetFile.read(path, variants[0]).checked.diagnostics
    planned, failed, first_seed = [], [], 0
    warnings: dict[str, Diagnostic] = {}
    for values in variants:
        changed = NetFile.read(path, values)
        for diagnostic in changed.checked.diagnostics:
            warnings.setdefault(diagnostic.message, diagnostic)
        if changed.checked.plan is None:
            failed.append(f"{label_of(values)}\n{render_plain(changed.checked.diagnostics)}")
            continue
        plan = options.apply(changed.plan)
        if seeds > 1 and "train.seed" in values:
            raise UserError("The seeds are counted by --seeds; leave train.seed out of --set, or --seeds.")
        first_seed = plan.train.seed
        planned.append(_planned(values, plan))
    if failed:
        some = f"{len(failed):,} of the {counted(len(variants), 'variant')}" if len(variants) > 1 else "the net"
        raise UserError(f"{some} cannot be trained, so none is:\n\n" + "\n\n".join(failed[:3]))
    return PlannedSweep(
        net,
        tuple(planned),
        tuple(range(first_seed, first_seed + seeds)) if seeds > 1 else (first_seed,),
        rungs([variant.epochs for variant in planned], eta),
        tuple(found for found in warnings.values() if found not in first),
    )


def _planned(values: Mapping[str, str], plan: Plan) -> PlannedVariant:
    from tuicnn.language.checks.costs import step_memory

    kept = len(plan.optimizer.state_names) + plan.train.averages
    weights = plan.parameters * _WEIGHT
    memory = step_memory(plan.nodes, plan.optimizer, plan.train.batch, averages=plan.train.averages)
    images = plan.data.limit or plan.data.images or 0
    return PlannedVariant(
        values,
        plan.train.epochs,
        plan.parameters,
        plan.macs,
        _PROCESS + sum(memory) + images * math.prod(plan.input),
        _BESIDE
        + weights * (1 + kept) * _CHECKPOINTS
        + weights
        + min(weights * min(MOST, plan.train.epochs), MOST_BYTES),
    )
