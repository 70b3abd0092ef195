"""Reads the data that a run trains on, and refuses what its network cannot take."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tuicnn.data.reading_progress import report_reading
from tuicnn.errors import UserError
from tuicnn.training.overview import misfit_of
from tuicnn.vocabulary import info

if TYPE_CHECKING:
    from tuicnn.data import Dataset
    from tuicnn.language import Plan

__all__ = ["read_data"]


def read_data(plan: Plan, given: Dataset | None, tell: Callable[[str], None]) -> Dataset:
    """The data that is `given`, else what the plan names; `tell` is called with how much of it is read.

    Raises `DataError` where it cannot be read, `UserError` where its images or classes are not the network's.
    """
    name = info(plan.data).name
    with report_reading(lambda done, total: tell(f"reading {name}: {done:,} of {total:,} images")):
        dataset = given or plan.data.load()
    if misfit := misfit_of(dataset, plan):
        raise UserError(f"{misfit}.")
    return dataset
