"""What NumPy's matrix products run on: the kernel is told as OpenBLAS chose it, and its threads can be held back."""

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


COUNT = """
from tuicnn.system.blas import _function, one_blas_thread
threads = _function("get_num_threads")
print(threads())
with one_blas_thread():
    print(threads())
print(threads())
"""


@pytest.mark.skipif(not blas_kernel(), reason="NumPy has another BLAS")
def test_inside_there_is_one_thread_and_afterwards_as_many_as_before() -> None:
    environment = {"OPENBLAS_NUM_THREADS": "2", "PYTHONPATH": str(ROOT)}
    before, inside, after = subprocess.check_output([sys.executable, "-c", COUNT], env=environment, text=True).split()
    assert (inside, after) == ("1", before)
