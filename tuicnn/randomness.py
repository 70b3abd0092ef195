"""Stateless randomness: what is drawn depends on a seed, a stream's name and a place in the run, never on the past.

So any step can be made again without what went before it, and no number depends on how many threads there were.

Philox (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3") enciphers a counter with a key. The key is
(seed, hash of the stream's name), the counter's upper words are the place (epoch, step, shard), its lowest word counts
what is drawn there: two different places can never meet.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING, Any

from tuicnn.lazy_numpy import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["generator", "permutation"]

_WORD = 2**64


@cache
def _stream_key(stream: str, places: int) -> int:
    """64 bits for a stream's name; how many numbers follow it counts, so that (1,) and (1, 0) differ."""
    return int.from_bytes(hashlib.blake2b(f"{places} {stream}".encode(), digest_size=8).digest(), "little")


def generator(seed: int, stream: str, *numbers: int) -> np.random.Generator:
    """A generator for one place: `generator(seed, "dropout 4", epoch, step, shard)`.

    `seed` and up to three `numbers` lie in [0, 2**64). The same arguments give the same values, always; any other
    arguments give values that are independent of them.
    """
    if len(numbers) > 3:
        raise ValueError(f"a place has at most three numbers, not {len(numbers)}")
    if not all(0 <= n < _WORD for n in (seed, *numbers)):
        raise ValueError(f"seed and numbers must lie in [0, 2**64): {(seed, *numbers)}")
    key: NDArray[Any] = np.array([seed, _stream_key(stream, len(numbers))], dtype=np.uint64)
    counter: NDArray[Any] = np.zeros(4, dtype=np.uint64)
    counter[1 : 1 + len(numbers)] = numbers
    return np.random.Generator(np.random.Philox(key=key, counter=counter))


def permutation(length: int, seed: int, stream: str, *numbers: int) -> NDArray[np.int64]:
    """An order of 0 … length-1, int64 `(length,)`, for one place (see `generator`).

    Made from Philox's own bits, which NumPy promises never to change, and not by its shuffle, which it may.
    """
    bits = generator(seed, stream, *numbers).bit_generator.random_raw(length)
    return np.argsort(bits, kind="stable").astype(np.int64, copy=False)
