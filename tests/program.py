"""Runs `tuicnn …` in a process of its own that is forked from one which has imported it all already.

It has streams, a working folder, an environment and an exit code as a command of a shell has. Only Python's start and
the imports, which take longer than most commands, are not done each time; `tests/test_startup.py` is about these.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import pkgutil
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import NoReturn

__all__ = ["Program"]

ROOT = Path(__file__).resolve().parent.parent
_SIZE = 8  # bytes of a request's length
#: what commands that are run here do without
_LEFT_OUT = ("tuicnn.tui", "tuicnn.lsp", "tuicnn.bench")


class Program:
    """The process that is forked from; it ends with `close`, or with the process that made it."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.program", str(theirs.fileno())],
                cwd=ROOT,
                env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def run(
        self,
        arguments: tuple[str, ...],
        folder: Path,
        environment: Mapping[str, str],
        *,
        user: int | None = None,
        seconds: float = 120,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command with nothing to read, as `subprocess.run` would. Raises `TimeoutError`.

        With a `user`, who need not be able to read Python itself, as that one: only root can.
        """
        request = json.dumps([arguments, str(folder), dict(environment), user]).encode()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            socket.send_fds(self._socket, [len(request).to_bytes(_SIZE)], [out.fileno(), err.fileno()])
            self._socket.sendall(request)
            self._socket.settimeout(seconds)
            try:
                answer = self._socket.recv(_SIZE)
            except TimeoutError:
                self.close()
                raise
            said = [os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode() for file in (out, err)]
        return subprocess.CompletedProcess(arguments, int.from_bytes(answer, signed=True), *said)

    def close(self) -> None:
        """End it, and the command that it may be in."""
        self._socket.close()
        self._process.kill()
        self._process.wait()


def serve(requests: socket.socket) -> None:
    """Fork a command for each request until there are no more."""
    while True:
        head, descriptors, *_ = socket.recv_fds(requests, _SIZE, 2)
        if not head:
            return
        size, text = int.from_bytes(head), b""
        while len(text) < size:
            text += requests.recv(size - len(text))
        child = os.fork()
        if not child:
            requests.close()
            command(descriptors, *json.loads(text))
        for descriptor in descriptors:
            os.close(descriptor)
        _, status = os.waitpid(child, 0)
        requests.sendall(os.waitstatus_to_exitcode(status).to_bytes(_SIZE, signed=True))


def command(
    descriptors: list[int], arguments: list[str], folder: str, environment: dict[str, str], user: int | None
) -> NoReturn:
    """Be the command, to its end."""
    from tuicnn.cli.program import run
    from tuicnn.system.process import end_with_parent

    code = 1
    try:
        end_with_parent()
        for number, descriptor in enumerate(descriptors, 1):
            os.dup2(descriptor, number)
            os.close(descriptor)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = ["tuicnn", *arguments]
        if user is not None:
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
        run()
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:  # what Python does at its end
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


def main() -> None:
    """Import what commands need, and wait for requests."""
    from tuicnn.system.process import ONE_THREAD

    os.environ.update(ONE_THREAD)  # as the program does, before NumPy is imported
    for module in pkgutil.walk_packages(import_module("tuicnn").__path__, "tuicnn."):
        if not module.name.startswith(_LEFT_OUT) and not module.name.endswith("__main__"):
            try:
                import_module(module.name)
            except ModuleNotFoundError as missing:  # an extra that is not installed
                if (missing.name or "").startswith("tuicnn"):
                    raise
    import_module("tuicnn.language").check("relu -> flatten -> dense 10")  # reads the grammar
    gc.collect()
    gc.freeze()
    serve(socket.socket(fileno=int(sys.argv[1])))


if __name__ == "__main__":
    main()
