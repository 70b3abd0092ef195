"""Published data sets are fetched from a server on this machine: proven, resumed, and one sentence where that fails."""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import shutil
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.data.test_cifar import BATCHES, batch, write_tar
from tuicnn.cli.fetching import missing_after_fetching
from tuicnn.data import Cifar10, DataError
from tuicnn.data.fetching import Download, fetch

CONTENT = {"a.gz": np.random.default_rng(0).bytes(700_000), "b.gz": b"few"}


class Server:
    """Serves `files` below /toy/; after `lose` bytes of an answer it closes the connection."""

    def __init__(self) -> None:
        self.files = dict(CONTENT)
        self.lose: list[int] = []  # one for each answer
        self.ranges = True
        self.asked: list[tuple[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append((self.path, self.headers.get("Range", "")))
                data = outer.files.get(self.path.removeprefix("/toy/"))
                if data is None:
                    self.send_error(404)
                    return
                start = int(begun[1]) if (begun := re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))) else 0
                if start and not outer.ranges:
                    start = 0
                if start >= len(data):
                    self.send_error(416)
                    return
                self.send_response(206 if start else 200)
                self.send_header("Content-Length", str(len(data) - start))
                self.send_header("Content-Encoding", "gzip")  # as some servers say of files that end in .gz
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(data[start : start + outer.lose.pop(0) if outer.lose else len(data)])

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.http.shutdown()
    made.http.server_close()


@pytest.fixture
def toy(data: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Download:
    monkeypatch.delenv("TUICNN_MIRROR", raising=False)
    files = {name: (hashlib.sha256(content).hexdigest(), len(content)) for name, content in CONTENT.items()}
    return Download("toy", f"{server.url}toy/", files)


def found(toy: Download) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in toy.folder.iterdir() if not path.name.startswith(".")}


def test_files_are_fetched_once_and_their_bytes_are_counted(toy: Download, server: Server) -> None:
    told: list[tuple[int, int]] = []
    fetch(toy, lambda done, total: told.append((done, total)))
    assert found(toy) == CONTENT
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (700_003, 700_003)
    asked = len(server.asked)
    fetch(toy)
    assert len(server.asked) == asked == 2


@pytest.mark.parametrize("ranges", [True, False])
def test_a_transfer_that_broke_off_goes_on_where_it_ended(toy: Download, server: Server, ranges: bool) -> None:
    server.lose, server.ranges = [300_000, 0, 0, 0], ranges  # lost on the way, and then no answer that has anything
    with pytest.raises(DataError, match=r"there is no connection to 127\.0\.0\.1"):
        fetch(toy)
    assert "a.gz" not in found(toy)
    server.lose = []
    server.asked.clear()
    fetch(toy)
    assert found(toy) == CONTENT
    assert server.asked[0] == ("/toy/a.gz", "bytes=300000-" if ranges else "")


def test_a_connection_that_is_lost_at_times_costs_nothing(toy: Download, server: Server) -> None:
    server.lose = [200_000, 250_000]
    fetch(toy)
    assert found(toy) == CONTENT
    assert [asked for _, asked in server.asked] == ["", "bytes=200000-", "bytes=450000-", ""]


def test_what_is_not_the_published_file_is_not_kept(toy: Download, server: Server) -> None:
    server.files["a.gz"] = CONTENT["a.gz"][::-1]
    with pytest.raises(DataError, match=r"what 127.* sends is not the published file: its SHA-256 differs\."):
        fetch(toy)
    assert found(toy) == {}
    server.files["a.gz"] = CONTENT["a.gz"]
    (toy.folder / "a.gz.part").write_bytes(b"of something else" * 50_000)  # longer than the file
    fetch(toy)
    assert found(toy) == CONTENT


def test_why_it_fails_is_said(toy: Download, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    del server.files["a.gz"]
    with pytest.raises(DataError, match=r"127\.0\.0\.1:\d+ answers 404"):
        fetch(toy)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 1000))
    with pytest.raises(DataError, match=r"it takes 700 kB, and .*toy has room for 1 kB"):
        fetch(toy)


def test_a_mirror_takes_the_place_of_the_publisher(
    toy: Download, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUICNN_MIRROR", server.url)
    fetch(Download("toy", "http://127.0.0.1:1/", toy.files))
    assert found(toy) == CONTENT


def test_two_that_fetch_at_a_time_fetch_once(toy: Download, server: Server) -> None:
    both = [threading.Thread(target=fetch, args=(toy,)) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert found(toy) == CONTENT
    assert len(server.asked) == 2


def test_a_command_fetches_what_is_not_here(
    toy: Download, server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = Path(toy.folder.parent.parent / "cifar.tar.gz")
    archive.parent.mkdir(exist_ok=True)
    write_tar(archive, {f"cifar-10-batches-bin/{name}": batch(seed) for seed, name in enumerate(BATCHES)})
    content = archive.read_bytes()
    server.files["cifar-10-binary.tar.gz"] = content
    files = {"cifar-10-binary.tar.gz": (hashlib.sha256(content).hexdigest(), len(content))}
    monkeypatch.setattr(Cifar10, "download", Download("cifar10", f"{server.url}toy/", files))
    monkeypatch.setenv("TUICNN_MIRROR", "none")
    missing = missing_after_fetching(Cifar10())
    assert "put cifar-10-binary.tar.gz (from" in missing
    assert not server.asked
    monkeypatch.delenv("TUICNN_MIRROR")
    assert missing_after_fetching(Cifar10()) == ""
    assert "cifar10 is in" in capsys.readouterr().err
    assert len(Cifar10().load().test_labels) == 10
    shutil.rmtree(toy.folder.parent / "cifar10")
    server.http.shutdown()
    server.http.server_close()
    told = missing_after_fetching(Cifar10())
    assert "where a network is there, tuicnn data cifar10 fetches it" in told
    assert told.endswith(f"It could not be fetched now: there is no connection to {server.url[7:-1]}.")
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        assert len(tar.getmembers()) == 7
