"""What a question about a run is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, get_args

if TYPE_CHECKING:
    from tuicnn.training.trainer import Trainer

__all__ = ["Question"]

A_co = TypeVar("A_co", covariant=True)


class Question(ABC, Generic[A_co]):
    """A question whose answer is an `A_co`. Subclasses are frozen dataclasses, `class Ask…(Question[Answer])`.

    A question and its answer go over a socket: the answer is a dataclass too, and the fields of both are what `frames`
    can send: numbers, strings, tuples, arrays, with annotations of names that are imported. What a question holds may
    be anything that its annotations allow: whoever can connect sends what they like.
    """

    #: seconds from one question to the next, of a screen that draws the answer
    period: ClassVar[float]
    #: `A_co`, for whoever reads an answer from a socket
    answer_type: ClassVar[type[Any]]

    def __init_subclass__(cls) -> None:
        (base,) = cls.__orig_bases__  # type: ignore[attr-defined]
        (cls.answer_type,) = get_args(base)

    @abstractmethod
    def answer(self, trainer: Trainer) -> A_co:
        """The answer, between two steps or after the last one. Raises `UserError` where there is none.

        It holds training up for as long as it takes, and must change nothing that training depends on.
        """
