"""Which products of matrices BLAS computes where they are, and long ones in such pieces.

OpenBLAS has kernels for small products, on processors with AVX-512; the matrices of larger ones it first copies into
panels. Where a matrix is thin that takes longer than the product: a matrix of 6x6 times rows of 49,152 numbers takes a
quarter of the time in pieces, 6,272 pixels of 64 channels times 64 filters two thirds.
"""

from __future__ import annotations

from functools import lru_cache

from tuicnn.lazy_numpy import np

from ..arrays import Array

__all__ = ["equal_pieces", "multiply_rows"]

#: the product of the three sizes of a product, its multiply-adds, up to which nothing is copied
IN_PLACE = 10**6
#: columns of a piece of long rows are a multiple of this, some vectors of a processor
ALIGNED = 64
#: rows that a piece must have at least; with fewer, its second factor is read too often
LEAST = 96


def multiply_rows(matrix: Array, rows: Array, out: Array) -> None:
    """out = matrix (a, b) times rows (…, b, L) -> (…, a, L)."""
    length = rows.shape[-1]
    most = max(ALIGNED, IN_PLACE // max(1, matrix.size) // ALIGNED * ALIGNED)
    if length <= most:
        np.matmul(matrix, rows, out=out)
        return
    pieces = -(-length // most)
    each = -(-length // pieces // ALIGNED) * ALIGNED
    for first in range(0, length, each):
        np.matmul(matrix, rows[..., first : first + each], out=out[..., first : first + each])


def equal_pieces(rows: int, size: int) -> int:
    """How many equal pieces of `rows` rows to multiply by a matrix of `size` values; 1 where none are small enough."""
    return _equal_pieces(rows, IN_PLACE // max(1, size), LEAST)


@lru_cache(maxsize=256)
def _equal_pieces(rows: int, most: int, least: int) -> int:
    for pieces in range(1, rows // least + 1):
        if rows % pieces == 0 and rows // pieces <= most:
            return pieces
    return 1
