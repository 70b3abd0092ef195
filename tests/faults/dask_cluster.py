"""A Dask cluster of real processes on this machine, behind certificates, whose processes can be killed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from distributed import Security

from tests.faults.waiting import until

__all__ = ["DaskCluster", "certificates"]


def certificates(folder: Path) -> tuple[str | Path, ...]:
    """Certificates in files of a folder, as options of dask and of tuicnn."""
    folder.mkdir()
    made = Security.temporary()
    options: tuple[str | Path, ...] = ()
    for name, text in (
        ("ca-file", made.tls_ca_file),
        ("cert", made.tls_client_cert),
        ("key", made.tls_client_key),
    ):
        path = folder / f"{name}.pem"
        path.write_text(text)
        path.chmod(0o600)
        options += (f"--tls-{name}", path)
    return options


class DaskCluster:
    """A scheduler, and workers with one thread each."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder, self._environment = folder, environment
        self.certificates = certificates(folder / "tls")
        self.workers: list[subprocess.Popen[bytes]] = []
        file = folder / "scheduler.json"
        self.scheduler = self._start(
            "scheduler", "--protocol", "tls", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", file
        )
        until(lambda: file.exists() and file.read_text().endswith("}"))
        self.address: str = json.loads(file.read_text())["address"]

    def _start(self, what: str, *arguments: str | Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{what}", *arguments, *self.certificates, "--no-dashboard"],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def add_worker(self) -> None:
        """Start one more worker, which is there a little later."""
        self.workers.append(self._start("worker", self.address, "--nthreads", "1", "--no-nanny"))

    def kill_workers(self) -> None:
        """SIGKILL to all of them."""
        for worker in self.workers:
            worker.kill()
            worker.wait()
        self.workers.clear()

    def kill_scheduler(self) -> None:
        """SIGKILL to the scheduler."""
        self.scheduler.kill()
        self.scheduler.wait()

    def close(self) -> None:
        """End all that is left."""
        self.kill_workers()
        self.kill_scheduler()
