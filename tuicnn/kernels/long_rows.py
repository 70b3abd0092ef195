"""A small matrix times long rows, in pieces for which BLAS does not first copy the rows."""

from __future__ import annotations

from tuicnn.lazy_numpy import np

from .arrays import Array

__all__ = ["multiply_rows"]

#: multiply-adds up to which OpenBLAS multiplies matrices where they are, on processors with AVX-512; larger ones it
#: copies into panels first. A matrix of 6x6 times rows of 49,152 numbers takes a quarter of the time in pieces
IN_PLACE = 1_000_000
#: columns of a piece are a multiple of this, a vector's numbers
ALIGNED = 64


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
