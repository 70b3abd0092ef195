"""Reaches a Dask cluster, and only one whose connections are encrypted and known by certificates on both sides.

Whoever reaches a scheduler runs code as the user of its workers, on the same machine too. Needs the extra `dask`.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tuicnn.errors import UserError

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["Certificates", "at_scheduler", "on_this_machine"]

#: seconds within which a scheduler has to answer
PATIENCE = 10.0
#: and a client has to leave one
GOODBYE = 2.0


@dataclass(frozen=True)
class Certificates:
    """Files in PEM format; where one is None, Dask's own configuration may name it."""

    ca_file: Path | None = None
    cert: Path | None = None
    key: Path | None = None


@contextlib.contextmanager
def at_scheduler(address: str, certificates: Certificates) -> Iterator[Client]:
    """A client of a scheduler, by its address `tls://host:8786`. Raises `UserError`."""
    _require_tls(address)
    distributed = _distributed()
    given = {
        "tls_ca_file": certificates.ca_file,
        "tls_client_cert": certificates.cert,
        "tls_client_key": certificates.key,
    }
    for path in given.values():
        if path is not None and not path.is_file():
            raise UserError(f"The certificate file {path} is not there.")
    named = {name: str(path) for name, path in given.items() if path is not None}
    security = distributed.Security(require_encryption=True, **named)
    missing = [name for name in given if not getattr(security, name)]
    if missing:
        raise UserError(
            f"To reach {address} its certificates are needed: --tls-ca-file CA.pem --tls-cert CERT.pem --tls-key "
            "KEY.pem, or distributed.comm.tls in Dask's own configuration; docs/cluster.md says how to make them"
        )
    try:
        client = distributed.Client(address, security=security, timeout=PATIENCE, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise UserError(
            f"The scheduler {address} cannot be reached, or refuses these certificates: {_first_line(error)}"
        ) from error
    try:
        yield client
    finally:
        with contextlib.suppress(OSError, TimeoutError):  # a scheduler that is gone is not waited for
            client.close(timeout=GOODBYE)


@contextlib.contextmanager
def on_this_machine(workers: int) -> Iterator[Client]:
    """A client of a cluster of its own, with certificates that exist in memory only; it ends with the client."""
    distributed = _distributed()
    with (
        distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="tls://127.0.0.1",
            security=distributed.Security.temporary(),
            dashboard_address=None,
            memory_limit=0,
            silence_logs=logging.CRITICAL,
        ) as cluster,
        distributed.Client(cluster, security=cluster.security, set_as_default=False) as client,
    ):
        yield client


def _require_tls(address: str) -> None:
    found = urlsplit(address if "://" in address else f"//{address}")
    try:
        host = f"{found.hostname}:{found.port or 8786}"
    except ValueError:
        host = "host:8786"
    if found.scheme != "tls" or not found.hostname:
        raise UserError(
            f"--scheduler {address} is not encrypted: whoever reaches such a scheduler runs code as you. Start it with "
            f"--protocol tls and certificates, and write --scheduler tls://{host}; see docs/cluster.md"
        )


def _distributed() -> Any:
    """The package. Raises `UserError` where it is not installed."""
    try:
        import distributed
    except ImportError:
        raise UserError(
            "Dask is not installed; install it, in the clone of tuicnn: pip install -e '.[dask]'. Without --scheduler "
            "and --cluster a sweep trains on this machine."
        ) from None
    for name in logging.root.manager.loggerDict:  # what matters of it is said here, once
        if name == "distributed" or name.startswith("distributed."):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return distributed


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
