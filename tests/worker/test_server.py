"""One answer for one request, and no viewer harms the run or another viewer."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.faults.waiting import until
from tests.worker.pretend import PretendRun, an_overview
from tuicnn.errors import UserError
from tuicnn.observing.activations import Activations, AskActivations
from tuicnn.observing.image import PinnedImage
from tuicnn.observing.layer_stats import AskLayerStats, LayerStats
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.lock import identity_of
from tuicnn.training.events import Overview, State
from tuicnn.training.progress import Progress
from tuicnn.worker import server as server_module
from tuicnn.worker.address import address_for
from tuicnn.worker.feed import Poll
from tuicnn.worker.frames import encode, opened
from tuicnn.worker.messages import Act, AskOverview, AskPoll, Hello, Refusal
from tuicnn.worker.server import VIEWERS, Server

POLL = encode("poll", AskPoll(0, 0))


@contextlib.contextmanager
def viewer(folder: RunFolder, hello: Hello | None = None) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        connection.connect(str(address_for(folder.path)))
        with contextlib.suppress(BrokenPipeError):  # who is not let in may be hung up on before
            connection.sendall(encode("hello", hello or Hello(identity_of(folder.path))))
        yield connection


def exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def answer(connection: socket.socket, cls: type) -> Any:
    payload = exactly(connection, struct.unpack(">I", exactly(connection, 4))[0])
    frame = opened(payload)
    return frame.read(Refusal if frame.kind in ("refusal", "full", "stranger") else cls)


def works(folder: RunFolder) -> bool:
    with viewer(folder) as connection:
        connection.sendall(POLL)
        return isinstance(answer(connection, Poll), Poll)


def test_each_question_has_its_answer(server: Server, folder: RunFolder, run: PretendRun) -> None:
    with viewer(folder) as connection:
        connection.sendall(encode("overview", AskOverview()))
        assert answer(connection, Overview) == an_overview()
        connection.sendall(encode("poll", AskPoll(1, 0)))
        poll = answer(connection, Poll)
        assert (poll.progress.step, poll.history.start) == (3, 1)
        assert (len(poll.history.losses), len(poll.history.epochs)) == (2, 1)
        connection.sendall(encode("ask AskLayerStats", AskLayerStats()))
        assert answer(connection, LayerStats).dead.tolist() == [3, 4]
        connection.sendall(encode("ask AskActivations", AskActivations(0, PinnedImage(-1))))
        assert (answer(connection, Activations)).sample == 9
        for action, state in (("pause", State.PAUSED), ("resume", State.TRAINING), ("step", State.TRAINING)):
            connection.sendall(encode("act", Act(action)))  # type: ignore[arg-type]
            assert answer(connection, Progress).state is state
    assert run.asked == ["history", "AskLayerStats", "AskActivations", "pause", "resume", "step"]


def test_without_a_request_there_is_no_work(server: Server, folder: RunFolder, run: PretendRun) -> None:
    with viewer(folder):
        until(lambda: server.quiet_for == 0)
        time.sleep(0.1)
    assert run.asked == []


def test_the_layers_are_answered_before_the_data_is_read(server: Server, folder: RunFolder, run: PretendRun) -> None:
    run.overview = an_overview(class_names=(), train_images=0, val_images=0, test_images=0, steps_per_epoch=0)
    with viewer(folder) as connection:
        connection.sendall(encode("overview", AskOverview()))
        early = answer(connection, Overview)
        assert (early.complete, early.layers) == (False, an_overview().layers)
        run.overview = an_overview()
        connection.sendall(encode("overview", AskOverview()))
        assert answer(connection, Overview) == an_overview()


def test_an_act_is_answered_when_it_is_done(server: Server, folder: RunFolder, run: PretendRun) -> None:
    with viewer(folder) as connection:
        run.doing = Future()
        connection.sendall(encode("act", Act("halve-rate")))
        assert works(folder)
        connection.settimeout(0.05)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.settimeout(5)
        run.doing.set_result(None)
        assert isinstance(answer(connection, Progress), Progress)
        run.doing = Future()
        run.doing.set_exception(UserError("It is too late."))
        connection.sendall(encode("act", Act("halve-rate")))
        assert answer(connection, Progress) == Refusal("It is too late.", False)


def test_data_that_cannot_be_read_is_told(server: Server, folder: RunFolder, run: PretendRun) -> None:
    run.overview = an_overview(steps_per_epoch=0)
    with viewer(folder) as connection:
        run.now = Progress(state=State.FAILED, message="There is no data.")
        connection.sendall(encode("overview", AskOverview()))
        assert answer(connection, Overview) == Refusal("There is no data.", True)


def test_an_answer_waits_for_the_training_thread_and_holds_nobody_up(
    server: Server, folder: RunFolder, run: PretendRun
) -> None:
    with viewer(folder) as connection:
        connection.sendall(encode("ask AskActivations", AskActivations(1)))
        until(lambda: len(run.waiting) == 1)
        assert works(folder)
        run.let_answers_go()
        assert answer(connection, Activations).layer == 1


def test_a_question_of_a_viewer_that_left_is_cancelled(server: Server, folder: RunFolder, run: PretendRun) -> None:
    with viewer(folder) as connection:
        connection.sendall(encode("ask AskActivations", AskActivations(1)))
        until(lambda: len(run.waiting) == 1)
    until(lambda: run.waiting[0].cancelled())
    run.let_answers_go()
    assert works(folder)


def test_a_viewer_that_does_not_wait_gets_its_answers_in_turn(
    server: Server, folder: RunFolder, run: PretendRun
) -> None:
    with viewer(folder) as connection:
        connection.sendall(encode("ask AskActivations", AskActivations(1)))
        until(lambda: len(run.waiting) == 1)
        connection.sendall(POLL)
        assert works(folder)
        run.let_answers_go()
        assert isinstance(answer(connection, Activations), Activations)
        assert isinstance(answer(connection, Poll), Poll)


def test_what_cannot_be_answered_is_refused_in_a_sentence(server: Server, folder: RunFolder, run: PretendRun) -> None:
    with viewer(folder) as connection:
        connection.sendall(encode("ask AskActivations", AskActivations(7)))
        assert answer(connection, Activations) == Refusal("There is no layer 7.", False)
        connection.sendall(encode("ask AskActivations", AskActivations(8)))
        assert "because of an error" in answer(connection, Activations).message
        run.maps = (4100, 4100)  # of 4 bytes each
        connection.sendall(encode("ask AskActivations", AskActivations(0)))
        assert answer(connection, Activations) == Refusal("The answer is too large to be sent.", False)
        connection.sendall(POLL)
        assert isinstance(answer(connection, Poll), Poll)


@pytest.mark.parametrize(
    "request_",
    [
        encode("ask Everything", AskLayerStats()),  # no such question
        encode("ask Question", AskLayerStats()),
        encode("AskLayerStats", AskLayerStats()),
        encode("ask AskActivations", AskLayerStats()),  # another one's fields
        encode("ask AskActivations", AskActivations("all")),  # type: ignore[arg-type]
        encode("ask AskActivations", AskActivations(0, PinnedImage(2**62))).replace(b"4611686018427387904", b"9" * 19),
    ],
)
def test_a_question_that_there_is_not_is_not_put_to_the_run(
    server: Server, folder: RunFolder, run: PretendRun, request_: bytes
) -> None:
    with viewer(folder) as connection:
        connection.sendall(request_)
        assert "does not understand this screen" in answer(connection, Poll).message
        assert connection.recv(1) == b""
    assert run.asked == []


def test_who_does_not_mean_this_run_is_not_served(server: Server, folder: RunFolder, run: PretendRun) -> None:
    with viewer(folder, Hello((1, 2))) as connection:
        with contextlib.suppress(BrokenPipeError):  # it may have hung up already
            connection.sendall(encode("act", Act("stop")))
        assert answer(connection, Progress) == Refusal("This is the process of another run.", True)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        connection.connect(str(address_for(folder.path)))
        connection.sendall(encode("act", Act("stop")))
        assert answer(connection, Progress).message.endswith("does not say which run is meant.")
    assert run.asked == []


def test_requests_sent_at_once_are_answered_in_turn(server: Server, folder: RunFolder) -> None:
    with viewer(folder) as connection:
        connection.sendall(POLL * 20)
        for _ in range(20):
            assert isinstance(answer(connection, Poll), Poll)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(min_size=1, max_size=200))
def test_garbage_is_hung_up_on_and_harms_nobody(server: Server, folder: RunFolder, garbage: bytes) -> None:
    with viewer(folder) as bad, viewer(folder) as good:
        bad.sendall(garbage)
        bad.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionError):
            while bad.recv(4096):
                pass
        good.sendall(POLL)
        assert isinstance(answer(good, Poll), Poll)


def test_an_old_or_new_screen_is_told_so(server: Server, folder: RunFolder) -> None:
    with viewer(folder) as connection:
        connection.sendall(POLL.replace(b'"version":3', b'"version":9'))
        refusal = answer(connection, Poll)
        assert "version 9, where this tuicnn speaks version 3" in refusal.message
        assert refusal.final
        assert connection.recv(1) == b""


def test_a_request_that_is_too_long_is_not_kept(server: Server, folder: RunFolder) -> None:
    with viewer(folder) as connection:
        connection.sendall(struct.pack(">I", 1 << 30))
        assert isinstance(answer(connection, Poll), Refusal)
        assert connection.recv(1) == b""


def test_a_stalled_viewer_is_not_waited_for_nor_fed_more_than_one_answer(folder: RunFolder) -> None:
    run = PretendRun(maps=(64, 128, 128))  # 4 MiB an answer, more than a socket holds
    server = Server(run, identity_of(folder.path), lambda: address_for(folder.path))
    try:
        with viewer(folder) as stalled:
            stalled.sendall(encode("ask AskActivations", AskActivations(0)) * 5)
            until(lambda: "AskActivations" in run.asked)
            assert works(folder)
            assert run.asked.count("AskActivations") == 1
            for _ in range(5):
                assert answer(stalled, Activations).maps.shape == (64, 128, 128)
        with viewer(folder) as flood, contextlib.suppress(ConnectionError):
            flood.sendall(encode("ask AskActivations", AskActivations(0)))
            while True:  # hung up on, well before memory is short
                flood.sendall(POLL * 100)
        assert works(folder)
    finally:
        server.close()


def test_viewers_are_limited_and_a_silent_one_makes_room(
    server: Server, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with contextlib.ExitStack() as stack:
        crowd = [stack.enter_context(viewer(folder)) for _ in range(VIEWERS)]
        for connection in crowd:
            connection.sendall(POLL)
            answer(connection, Poll)
        late = stack.enter_context(viewer(folder))
        refusal = answer(late, Poll)
        assert refusal.message.startswith(f"{VIEWERS} connections to this run are open")
        with contextlib.suppress(ConnectionResetError):  # its hello was not read
            assert late.recv(1) == b""
        monkeypatch.setattr(server_module, "IDLE_TIMEOUT", 0.0)
        assert works(folder)
        crowd[-1].sendall(POLL)
        assert isinstance(answer(crowd[-1], Poll), Poll)


def test_an_error_in_the_run_costs_one_connection(server: Server, folder: RunFolder, run: PretendRun) -> None:
    run.broken = True
    with viewer(folder) as connection:
        connection.sendall(POLL)
        assert connection.recv(1) == b""
    run.broken = False
    assert works(folder)


def test_somebody_elses_process_is_not_let_in(
    server: Server, folder: RunFolder, run: PretendRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "peer_is_me", lambda _: False)
    with viewer(folder) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(encode("act", Act("stop")))
        assert connection.recv(1) == b""
    assert run.asked == []


def test_a_stale_socket_is_replaced_and_a_live_one_is_not(folder: RunFolder, run: PretendRun) -> None:
    path = address_for(folder.path)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
        dead.listen()
    server = Server(run, identity_of(folder.path), lambda: path)
    try:
        assert works(folder)
        with pytest.raises(UserError, match="Another process answers"):
            Server(run, identity_of(folder.path), lambda: path)
        assert works(folder)
    finally:
        server.close()
    assert not path.exists()


def test_a_socket_file_that_was_removed_is_made_anew(
    folder: RunFolder, run: PretendRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "CHECK_PERIOD", 0.05)
    path = address_for(folder.path)
    server = Server(run, identity_of(folder.path), lambda: path)
    try:
        with viewer(folder) as connection:
            path.unlink()
            until(path.exists)
            until(lambda: works(folder))
            connection.sendall(POLL)  # who was connected stays so
            assert isinstance(answer(connection, Poll), Poll)
    finally:
        server.close()
    assert not path.exists()


def test_a_socket_that_cannot_be_made_is_a_sentence(run: PretendRun, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"socket .* cannot be made: it is not there"):
        Server(run, (0, 0), lambda: tmp_path / "none" / "s")


def test_it_is_known_when_the_last_viewer_left(server: Server, folder: RunFolder) -> None:
    with viewer(folder):
        until(lambda: server.quiet_for == 0)
    until(lambda: 0 < server.quiet_for < 5)


def test_half_a_request_and_then_silence_is_hung_up_on(
    server: Server, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "REQUEST_TIMEOUT", 0.3)
    monkeypatch.setattr(server_module, "CHECK_PERIOD", 0.05)
    with viewer(folder) as half, viewer(folder) as silent, viewer(folder) as slow:
        for connection in (silent, slow):
            connection.sendall(POLL)
            answer(connection, Poll)
        half.sendall(POLL + POLL[:10])
        answer(half, Poll)
        # byte by byte does not help: it is the whole request that has its time
        with contextlib.suppress(OSError):
            for byte in POLL:
                slow.sendall(bytes([byte]))
                time.sleep(0.02)
        for connection in (half, slow):
            with contextlib.suppress(ConnectionError):
                assert connection.recv(1) == b""
        silent.sendall(POLL)  # between two requests one may be silent
        assert isinstance(answer(silent, Poll), Poll)


def test_who_never_asks_makes_room_and_does_not_count_as_watching(
    server: Server, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "SILENT_TIMEOUT", 0.0)
    with contextlib.ExitStack() as stack:
        for _ in range(VIEWERS):
            stack.enter_context(viewer(folder))
        until(lambda: server.quiet_for == 0)
        assert works(folder)
        monkeypatch.setattr(server_module, "IDLE_TIMEOUT", 0.0)
        monkeypatch.setattr(server_module, "CHECK_PERIOD", 0.05)
        until(lambda: server.quiet_for > 0)
