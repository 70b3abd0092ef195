"""Fetches published data sets over the network into the user's cache folder: once, proven by SHA-256, and resumed.

Pooch proves each file and puts it in its place whole. What it leaves to a downloader is here: a transfer that broke off
goes on where it ended, in this or a later call. `TUICNN_MIRROR` names another server, with a folder for each data set,
or `none`: then nothing is fetched.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tuicnn.system import machine
from tuicnn.system.files import why

from .base import DataError
from .places import cache_folder

if TYPE_CHECKING:
    import requests

__all__ = ["PART", "Download", "fetch", "may_fetch"]

#: how the name of a file ends that is not fetched to its end yet
PART = ".part"

MIRROR = "TUICNN_MIRROR"
#: seconds to wait for a connection, and for more of a file
TIMEOUTS = (5.0, 30.0)
#: how often a transfer is begun again where the connection is lost on the way
_ATTEMPTS = 3
_CHUNK = 2**18  # bytes

#: told how many bytes of all are here
Report = Callable[[int, int], object]


@dataclass(frozen=True)
class Download:
    """The files of a data set as published: the folder to get them from, and each one's SHA-256 and bytes."""

    name: str
    url: str
    files: Mapping[str, tuple[str, int]]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(size for _, size in self.files.values())

    @property
    def base(self) -> str:
        """The folder to get them from now: a mirror's where there is one."""
        mirror = os.environ.get(MIRROR, "")
        return f"{mirror.rstrip('/')}/{self.name}/" if mirror else self.url

    @property
    def folder(self) -> Path:
        """Where they are put."""
        return cache_folder() / self.name


def may_fetch() -> bool:
    """Whether the user lets data sets be fetched."""
    return os.environ.get(MIRROR, "").casefold() not in ("none", "off")


def fetch(download: Download, report: Report = lambda done, total: None) -> None:
    """Fetch what of a data set is not in the cache folder yet. Raises `DataError`.

    `report` is called with the bytes that are here and all bytes. Another process that fetches the same is waited for.
    """
    import pooch  # with requests, which takes long to import
    from requests.exceptions import RequestException

    pooch.get_logger().setLevel("ERROR")
    host = urlsplit(download.base).netloc or download.base
    before = 0
    try:
        with _alone(download.folder):
            _must_have_room(download)
            registry = {name: f"sha256:{digest}" for name, (digest, _) in download.files.items()}
            files = pooch.create(path=download.folder, base_url=download.base, registry=registry)
            for name, (_, size) in download.files.items():

                def resumed(url: str, to: Any, _: Any, before: int = before, size: int = size) -> None:
                    _transfer(url, Path(to), lambda done: report(before + min(done, size), download.size))

                files.fetch(name, downloader=resumed)
                before += size
                report(before, download.size)
    except RequestException as error:
        raise DataError(_reason(error, host)) from None
    except ValueError:  # Pooch's, where the hash differs
        raise DataError(f"what {host} sends is not the published file: its SHA-256 differs.") from None
    except OSError as error:
        raise DataError(f"it cannot be put into {download.folder}: {why(error)}.") from None


def _reason(error: requests.RequestException, host: str) -> str:
    if error.response is not None:
        return f"{host} answers {error.response.status_code} ({error.response.reason})."
    kind = type(error).__name__
    return f"{host} does not answer in time." if "Timeout" in kind else f"there is no connection to {host}."


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _must_have_room(download: Download) -> None:
    there = sum(path.stat().st_size for path in download.folder.iterdir() if path.is_file())
    free = shutil.disk_usage(download.folder).free
    if download.size - there > free:
        raise DataError(
            f"it takes {machine.in_bytes(download.size)}, and {download.folder} has room for {machine.in_bytes(free)}."
        )


def _transfer(url: str, to: Path, report: Callable[[int], object]) -> None:
    """Get a file, from where an earlier transfer ended; `to` is then whole, though not proven yet."""
    from requests.exceptions import ConnectionError as LostConnection
    from requests.exceptions import Timeout

    part = to.with_name(f"{url.rpartition('/')[2]}{PART}")
    for attempt in range(_ATTEMPTS):
        have = part.stat().st_size if part.exists() else 0
        try:
            if _receive(url, part, have, report):
                break
        except (LostConnection, Timeout):
            if attempt == _ATTEMPTS - 1 or part.stat().st_size <= have:  # nothing has come: it will not
                raise
    part.replace(to)


def _receive(url: str, part: Path, have: int, report: Callable[[int], object]) -> bool:
    """Add to `part` what follows its first `have` bytes; False where it is to be begun anew."""
    import requests
    from urllib3.exceptions import HTTPError

    part.touch()
    headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={have}-"} if have else {})}
    with requests.get(url, stream=True, headers=headers, timeout=TIMEOUTS) as response:
        if response.status_code == requests.codes.requested_range_not_satisfiable:
            part.unlink()
            return False
        response.raise_for_status()
        goes_on = response.status_code == requests.codes.partial_content and have
        have = have if goes_on else 0
        wanted = have + int(response.headers.get("Content-Length", 0))
        with part.open("ab" if goes_on else "wb") as file:
            try:
                while data := response.raw.read(_CHUNK, decode_content=False):
                    file.write(data)
                    have += len(data)
                    report(have)
            except (HTTPError, OSError) as error:
                if isinstance(error, OSError) and error.errno is not None:  # the disk's
                    raise
                raise requests.exceptions.ConnectionError(error, request=response.request) from None
        if have < wanted:
            raise requests.exceptions.ConnectionError("the connection was lost", request=response.request)
    return True
