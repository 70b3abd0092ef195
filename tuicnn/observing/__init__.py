"""What can be asked of a run's inside: one module a question, with its answer, and here the list of them.

A new question needs its module and its place in the list. A view names it in `View.questions`, and draws
`snapshot.answer(AskIt)`. A question that is not in the list is refused by a run's process.
"""

from __future__ import annotations

from typing import Any

from tuicnn.observing.activations import AskActivations
from tuicnn.observing.histograms import AskHistograms
from tuicnn.observing.images import AskImages
from tuicnn.observing.kernels import AskKernels
from tuicnn.observing.layer_stats import AskLayerStats
from tuicnn.observing.question import Question
from tuicnn.observing.specimen import AskSpecimen

__all__ = ["QUESTIONS"]

QUESTIONS: tuple[type[Question[Any]], ...] = (
    AskActivations,
    AskHistograms,
    AskImages,
    AskKernels,
    AskLayerStats,
    AskSpecimen,
)
