"""Whether `mpiexec` has started this process as one of several, and what it then does."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tuicnn.errors import UserError

if TYPE_CHECKING:
    from tuicnn.training.ranks import Ranks
    from tuicnn.training.trainer import Trainer

__all__ = ["joined"]

#: what launchers tell each of their processes of how many there are: those of MPICH and Intel, of Open MPI, of PMIx
_SIZES = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "PMIX_SIZE")


@contextmanager
def joined(make: Callable[..., Trainer] | None = None) -> Iterator[Ranks | None]:
    """The ranks of MPI of which this process is the first; None where there is one alone.

    Any other rank does here what the first one tells it, with a trainer that it may `make`, and exits. Raises
    `UserError`.
    """
    if not any(os.environ.get(name, "").isdecimal() and int(os.environ[name]) > 1 for name in _SIZES):
        yield None
        return
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:  # the second where there is mpi4py, but no MPI
        why = str(error).partition("\n")[0]
        raise UserError(
            f"Ranks of MPI need mpi4py and an MPI ({why}); install them, in the clone of tuicnn: "
            "pip install -e '.[mpi]' mpich"
        ) from None
    if MPI.COMM_WORLD.size == 1:
        raise UserError(
            "mpiexec has started several processes that do not know each other: it is that of another MPI than mpi4py "
            "was built for; see docs/cluster.md"
        )
    from tuicnn.training.ranks import Ranks
    from tuicnn.training.trainer import Trainer

    ranks = Ranks(MPI.COMM_WORLD)
    refusal = ranks.refusal()
    if ranks.rank:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
            signal.signal(number, signal.SIG_IGN)  # for the first rank, which ends the others
        if not refusal:
            ranks.follow(make or Trainer)
        sys.exit(0)
    if refusal:
        raise UserError(refusal)
    try:
        yield ranks
    finally:
        ranks.release()
