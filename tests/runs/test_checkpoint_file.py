"""A checkpoint comes back as it was written, or not at all."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from safetensors.numpy import load

from tuicnn.runs.checkpoint_file import CheckpointError, pack, unpack
from tuicnn.training.checkpoint import Checkpoint, Tally

FLAT = arrays.arrays(np.float32, st.integers(0, 40), elements=st.floats(width=32))
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
COUNT = st.integers(0, 2**40)

checkpoints = st.builds(
    Checkpoint,
    step=COUNT,
    epochs=COUNT,
    weights=FLAT,
    kept=FLAT,
    optimizer=st.dictionaries(st.sampled_from(["velocity", "mean", "square"]), FLAT),
    text=st.text(),
    plan=st.text(),
    layout=st.text(),
    data=st.text(),
    seed=COUNT,
    epochs_planned=COUNT,
    rate_factor=st.floats(1e-300, 1e300),
    updates=COUNT,
    tally=st.builds(Tally, NUMBER, NUMBER, COUNT, NUMBER, COUNT),
    smoothed=st.tuples(NUMBER, NUMBER, NUMBER, NUMBER),
    seconds=NUMBER,
    val_loss=st.one_of(NUMBER, st.just(math.nan)),
    best_val_accuracy=st.one_of(NUMBER, st.just(math.nan)),
    best_step=COUNT,
    versions=st.dictionaries(st.text(), st.text(), max_size=2),
    choices=st.dictionaries(st.text(), COUNT, max_size=2),
)

SMALL = pack(
    Checkpoint(
        7, 2, np.arange(5, dtype=np.float32), np.ones(2, np.float32), {"velocity": np.zeros(5, np.float32)}, "dense 2\n"
    )
)


def plain(value: Any) -> Any:
    """A value that can be compared to the last bit."""
    if isinstance(value, np.ndarray):
        return value.dtype, value.shape, value.tobytes()
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    return repr(value)


@given(checkpoints)
@example(Checkpoint(0, 0, np.zeros(0, np.float32), np.zeros(0, np.float32), {}, '"sha256":"' + "0" * 64 + '"'))
def test_it_comes_back_to_the_last_bit(checkpoint: Checkpoint) -> None:
    found = unpack(pack(checkpoint))
    for f in fields(Checkpoint):
        assert plain(getattr(found, f.name)) == plain(getattr(checkpoint, f.name)), f.name


def test_it_is_a_safetensors_file_that_other_programs_read() -> None:
    assert load(bytes(SMALL))["weights"].tolist() == [0, 1, 2, 3, 4]


@given(st.integers(0, len(SMALL) - 1))
def test_cut_off_anywhere_it_is_refused(length: int) -> None:
    with pytest.raises(CheckpointError, match="is damaged"):
        unpack(SMALL[:length])


@given(st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 7)), min_size=1, max_size=4, unique=True))
def test_with_any_bits_flipped_it_is_refused(flips: list[tuple[int, int]]) -> None:
    data = bytearray(SMALL)
    for place, bit in flips:
        data[place] ^= 1 << bit
    with pytest.raises(CheckpointError, match="is damaged"):
        unpack(data)


def test_every_single_flipped_bit_is_noticed() -> None:
    data = bytearray(SMALL)
    for place in range(len(data)):
        for bit in (0, 5):
            data[place] ^= 1 << bit
            with pytest.raises(CheckpointError):
                unpack(data)
            data[place] ^= 1 << bit
    assert unpack(data).step == 7


@given(st.binary(max_size=300))
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(CheckpointError):
        unpack(data)


@given(st.binary(max_size=300), st.integers(0, len(SMALL)))
def test_anything_put_in_is_refused(junk: bytes, place: int) -> None:
    if junk:
        with pytest.raises(CheckpointError):
            unpack(SMALL[:place] + junk + SMALL[place:])


def forged(**changes: Any) -> bytes:
    """A file whose hash is right, and whose numbers are not ours."""
    import hashlib

    from safetensors.numpy import save

    header = json.loads(SMALL[8 : 8 + int.from_bytes(SMALL[:8], "little")])
    state = {**json.loads(header["__metadata__"]["state"]), **changes}
    metadata = {"sha256": "0" * 64, "state": json.dumps(state)}
    data = save(dict(load(bytes(SMALL))), metadata)
    return data.replace(b"0" * 64, hashlib.sha256(data).hexdigest().encode(), 1)


def test_the_forged_ones_below_are_refused_for_their_numbers_alone() -> None:
    assert unpack(forged(step=9)).step == 9


@pytest.mark.parametrize(
    "changes",
    [
        {"step": -1},
        {"step": True},
        {"step": 1.5},
        {"step": None},
        {"seconds": "1"},
        {"seconds": [1]},
        {"tally": {}},
        {"tally": 3},
        {"tally": {"losses": 1, "corrects": 1, "images": -3, "seconds": 1}},
        {"smoothed": [1, 2, 3]},
        {"smoothed": 5},
        {"text": 5},
        {"versions": []},
        {"versions": {"numpy": 2}},
        {"choices": {"shard": "8"}},
        {"choices": {"shard": [8]}},
        {"choices": {"shard": 7**500}},
        {"step": 7**500},
        {"seconds": 7**500},
        {"rate_factor": 0},
        {"rate_factor": -1.0},
        {"rate_factor": None},
    ],
)
def test_numbers_that_make_no_sense_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(CheckpointError, match="is not a checkpoint of tuicnn"):
        unpack(forged(**changes))


@given(
    st.sampled_from([f.name for f in fields(Checkpoint) if f.name not in ("weights", "kept", "optimizer")]),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.just(7**500), st.floats(), st.text()),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
    ),
)
def test_any_value_of_any_number_is_taken_or_refused(name: str, value: Any) -> None:
    with contextlib.suppress(CheckpointError):
        unpack(forged(**{name: value}))


def test_another_form_is_said_to_be_one() -> None:
    with pytest.raises(CheckpointError, match="another version of tuicnn"):
        unpack(forged(format=99))
