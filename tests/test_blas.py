"""The kernel of matrix products is told as OpenBLAS chose it."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tuicnn.system.blas import blas_kernel

CODE = "import numpy; from tuicnn.system.blas import blas_kernel; print(blas_kernel())"


@pytest.mark.skipif(
    not blas_kernel() or platform.machine() != "x86_64", reason="NumPy has another BLAS, or the processor other kernels"
)
def test_the_kernel_that_the_environment_asks_for() -> None:
    environment = {"OPENBLAS_CORETYPE": "Nehalem", "PYTHONPATH": str(ROOT)}
    assert subprocess.check_output([sys.executable, "-c", CODE], env=environment, text=True) == "Nehalem\n"
