"""How a batch is cut into shards that fit the cache.

The cut depends on the network, its batch and the machine, never on the number of processes: sums are taken shard by
shard, and a result must be the same to the last bit for any number of them. A checkpoint keeps the size of the shards,
so that a run goes on in the same way on another machine.
"""

from __future__ import annotations

import math
import os

__all__ = ["INFERENCE_SHARD", "shard_bounds", "shard_size"]

#: images of a shard that is not trained
INFERENCE_SHARD = 256
#: values that a layer of images may have at once of a part of such a shard: what a core's own cache holds
PART = 2**20
#: images of a part, at least
LEAST_OF_PART = 64
#: images of a shard that is trained, at most, for a small network and for others, and at least: with fewer, Python's
#: own time for each call counts, and with more what a layer makes of them leaves the cache
MOST_OF_SMALL, MOST, LEAST = 64, 32, 8
#: multiply-adds of an image up to which a network is small
SMALL = 2_000_000
#: multiply-adds of a batch below which sharing it costs more than it saves
SMALL_BATCH = 2_000_000


def shard_size(macs: int, batch: int) -> int:
    """The most images of a shard, for a network of `macs` multiply-adds an image and its usual batch.

    So that every processor of this machine can have a shard, and that two can on any machine, unless a batch is done
    in less than a millisecond.
    """
    most = MOST_OF_SMALL if macs <= SMALL else MOST
    share = -(-batch // max(2, os.cpu_count() or 1))
    return most if macs * batch <= SMALL_BATCH else min(most, max(LEAST, share))


def part_size(values: int) -> int:
    """The images of a shard that is not trained which go through the layers of images together.

    `values` is what the one of these layers that needs most has at once of one image. A power of two, so that a shard
    is cut evenly and rows of all images begin where a vector register may.
    """
    wanted: int = round(math.log2(max(1, PART / values)))
    return min(INFERENCE_SHARD, max(LEAST_OF_PART, int(2**wanted)))


def shard_bounds(count: int, most: int) -> list[tuple[int, int]]:
    """The shards of `count` images as (start, stop): as few as can be with `most` images each, of nearly one size."""
    pieces = -(-count // most)
    return [(piece * count // pieces, (piece + 1) * count // pieces) for piece in range(pieces)]
