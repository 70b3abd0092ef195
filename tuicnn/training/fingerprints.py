"""Fingerprints of what a run's numbers depend on: its plan and its data.

A checkpoint carries them, so that another run never resumes from it. They are hashes of plain values,
the same on every machine.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tuicnn.vocabulary import encoded

if TYPE_CHECKING:
    from tuicnn.data import Dataset
    from tuicnn.language import Plan

__all__ = ["data_fingerprint", "plan_fingerprint", "same_training"]


def plan_fingerprint(plan: Plan) -> str:
    """A hash of all in a plan that determines training but for how many epochs there are: no comment, no name."""
    essence = {
        "input": plan.input,
        "classes": plan.classes,
        "nodes": [[encoded(node.layer), node.inputs] for node in plan.nodes],
        "data": encoded(plan.data),
        "augment": encoded(plan.augment),
        "loss": encoded(plan.loss),
        "optimizer": encoded(plan.optimizer),
        "schedule": encoded(plan.schedule),
        "batch": plan.train.batch,
        "seed": plan.train.seed,
        **({"target": plan.target.what} if plan.of_images else {}),
    }
    train = plan.train
    if train.averages:
        essence["average"] = [train.ema, train.lookahead, train.alpha]
    return hashlib.sha256(json.dumps(essence, sort_keys=True).encode()).hexdigest()


def same_training(one: Plan, other: Plan) -> bool:
    """Whether two plans train the same, for as many epochs, and are evaluated in the same way."""
    train = replace(one.train, checkpoint=other.train.checkpoint)
    return plan_fingerprint(one) == plan_fingerprint(other) and train == other.train and one.test == other.test


def data_fingerprint(data: Dataset) -> str:
    """A hash of a data set's labels, of how many images there are, and of their mean and deviation."""
    digest = hashlib.sha256()
    for images, labels in (
        (data.train_images, data.train_labels),
        (data.val_images, data.val_labels),
        (data.test_images, data.test_labels),
    ):
        digest.update(f"{images.shape} ".encode() + np.ascontiguousarray(labels, "<i8").tobytes())
    for numbers in (data.mean, data.std):
        digest.update(np.ascontiguousarray(numbers, "<f8").tobytes())
    return digest.hexdigest()
