"""What goes over the socket comes out as it went in, and nothing that comes in does harm."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worker.pretend import PretendRun, an_overview
from tuicnn.observing.activations import Activations, AskActivations
from tuicnn.observing.image import PinnedImage
from tuicnn.observing.layer_stats import AskLayerStats
from tuicnn.training.events import Overview
from tuicnn.training.progress import History, Progress
from tuicnn.worker.feed import Poll
from tuicnn.worker.frames import FrameError, Splitter, encode, opened
from tuicnn.worker.messages import Act, AskPoll, Refusal


def same(a: Any, b: Any) -> bool:
    """Equality of dataclasses with arrays and NaN in them."""
    if dataclasses.is_dataclass(a):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and np.array_equal(a, b, equal_nan=True)
    if isinstance(a, tuple):
        return isinstance(b, tuple) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and math.isnan(a):
        return isinstance(b, float) and math.isnan(b)
    return type(a) is type(b) and bool(a == b)


def there_and_back(value: Any) -> Any:
    splitter = Splitter(1 << 26)
    splitter.feed(encode("x", value))
    payload = splitter.next()
    assert payload is not None
    assert splitter.next() is None
    return opened(payload).read(type(value))


RUN = PretendRun()
POLL = Poll(Progress(), RUN.history(0, 0))
SEEN = RUN.ask(AskActivations(0, PinnedImage(4))).result()
FRAME = encode("poll", POLL)

numbers = st.floats(width=32) | st.just(math.nan)


@given(st.lists(numbers, max_size=20), st.integers(0, 2**40))
def test_history_survives(losses: list[float], start: int) -> None:
    array = np.array(losses, np.float32)
    poll = Poll(Progress(), History(start, array, array[::-1], RUN.history(0, 0).epochs))
    assert same(there_and_back(poll), poll)


@pytest.mark.parametrize(
    "value",
    [
        POLL,
        an_overview(),
        AskPoll(1, 2),
        AskActivations(0, PinnedImage(-5)),
        Act("stop"),
        Refusal("no", False),
        SEEN,
        dataclasses.replace(SEEN, maps=np.zeros((0, 3, 3), np.float32)),
        dataclasses.replace(SEEN, maps=np.ones((2, 6, 6), np.float32)[:, ::2, ::-3]),
        RUN.ask(AskLayerStats()).result(),
    ],
    ids=lambda v: type(v).__name__,
)
def test_every_message_survives(value: Any) -> None:
    assert same(there_and_back(value), value)


def test_a_text_beyond_64_kib_survives() -> None:
    overview = an_overview(text="é" * 200_000, class_names=tuple(map(str, range(1000))))
    assert same(there_and_back(overview), overview)


def test_what_is_too_long_is_not_sent() -> None:
    with pytest.raises(FrameError):
        encode("x", an_overview(), limit=100)


@given(st.binary(max_size=300))
def test_random_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(FrameError):
        opened(data).read(Poll)


@given(st.integers(0, len(FRAME) - 5))
def test_a_frame_cut_off_is_refused(length: int) -> None:
    with pytest.raises(FrameError):
        opened(FRAME[4 : 4 + length]).read(Poll)


@given(st.binary(min_size=1, max_size=64))
def test_a_frame_with_more_at_its_end_is_refused(more: bytes) -> None:
    with pytest.raises(FrameError):
        opened(FRAME[4:] + more).read(Poll)


@given(st.integers(0, len(FRAME) - 5), st.integers(1, 255))
def test_a_changed_byte_raises_nothing_else(place: int, change: int) -> None:
    data = bytearray(FRAME[4:])
    data[place] ^= change
    with contextlib.suppress(FrameError):
        assert isinstance(opened(bytes(data)).read(Poll), Poll)


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
values = st.recursive(plain, lambda v: st.lists(v, max_size=4) | st.dictionaries(st.text(max_size=8), v, max_size=4))
entries = st.tuples(st.text(max_size=3), st.sampled_from(["<f4", "|u1", "|O", "<i8"]), st.lists(st.integers(-2, 2**70)))


@given(
    values,
    st.lists(entries | values, max_size=3),
    st.binary(max_size=16),
    st.sampled_from([Poll, Overview, Activations, Act]),
)
def test_any_json_raises_nothing_else(value: Any, arrays: list[Any], raw: bytes, cls: type) -> None:
    head = json.dumps({"version": 1, "kind": "poll", "value": value, "arrays": arrays}).encode()
    with pytest.raises(FrameError):
        opened(struct.pack(">H", len(head)) + head + raw).read(cls)


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 60_000,
        b"1" * 6_000,
        b'{"version":3,"kind":"x","value":{},"arrays":[]}',
        b'{"version":3,"kind":"x","value":NaN,"arrays":[]}',
        b'{"version":3,"kind":"x","value":{"array":0},"arrays":[["value","<f4",[0]]]}',
        b'{"version":3,"kind":"x","value":{},"arrays":[["a","<f4",[0,9000000000]]]}',
    ],
    ids=lambda t: t[:30].decode(),
)
def test_clever_frames_are_refused(text: bytes) -> None:
    with pytest.raises(FrameError):
        opened(struct.pack(">H", len(text)) + text).read(Act)


def test_an_array_of_another_kind_is_refused() -> None:
    frame = encode("answer", dataclasses.replace(SEEN, image=SEEN.image.astype(np.float32)))
    with pytest.raises(FrameError):
        opened(frame[4:]).read(Activations)


def test_another_version_is_named() -> None:
    text = b'{"version":4,"kind":"x","value":{},"arrays":[]}'
    with pytest.raises(FrameError, match="version 4, where this tuicnn speaks version 3"):
        opened(struct.pack(">H", len(text)) + text)


@given(st.integers(0, 2**32 - 1).filter(lambda n: not 2 <= n <= 1000))
def test_a_length_that_lies_is_refused_before_the_rest_is_kept(length: int) -> None:
    splitter = Splitter(1000)
    splitter.feed(struct.pack(">I", length))
    with pytest.raises(FrameError):
        splitter.next()


@given(st.lists(st.integers(1, 200), max_size=50))
def test_frames_come_out_whole_however_they_come_in(cuts: list[int]) -> None:
    stream, splitter, found = FRAME * 3, Splitter(1 << 20), 0
    while stream:
        size = cuts.pop() if cuts else len(stream)
        splitter.feed(stream[:size])
        stream = stream[size:]
        while (payload := splitter.next()) is not None:
            assert opened(payload).kind == "poll"
            found += 1
    assert found == 3
