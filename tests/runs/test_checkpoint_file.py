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

from tuicnn.runs.checkpoint_file import CheckpointError, pack, pack_weights, unpack
from tuicnn.training.checkpoint import Checkpoint, Tally

ARRAY = arrays.arrays(np.float32, arrays.array_shapes(min_dims=0, max_side=4), elements=st.floats(width=32))
NAMES = ["conv1.weight", "conv1.weight/momentum", "dense2.bias", "dense2.bias/exp_avg_sq", "batchnorm1.running_mean"]
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
COUNT = st.integers(0, 2**40)

checkpoints = st.builds(
    Checkpoint,
    step=COUNT,
    epochs=COUNT,
    arrays=st.dictionaries(st.sampled_from(NAMES), st.one_of(ARRAY, ARRAY.map(np.transpose))),
    text=st.text(),
    input=st.tuples(COUNT, COUNT, COUNT),
    class_names=st.lists(st.text(), max_size=3).map(tuple),
    mean=st.lists(NUMBER, max_size=3).map(tuple),
    std=st.lists(NUMBER, max_size=3).map(tuple),
    plan=st.text(),
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
        step=7,
        epochs=2,
        arrays={
            "conv1.weight": np.arange(4, dtype=np.float32).reshape(2, 2),
            "conv1.weight/momentum": np.ones((2, 2), np.float32),
            "batchnorm1.running_var": np.zeros(1, np.float32),
        },
        text="dense 2\n",
        class_names=("cat", "dog"),
        mean=(0.5,),
    )
)


def metadata_of(data: bytes | bytearray) -> dict[str, str]:
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    found: dict[str, str] = header["__metadata__"]
    return found


def plain(value: Any) -> Any:
    """A value that can be compared to the last bit."""
    if isinstance(value, np.ndarray):
        return value.dtype, value.shape, value.tobytes()
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    return repr(value)


@given(checkpoints)
@example(Checkpoint(0, 0, {}, text='"sha256":"' + "0" * 64 + '"'))
def test_it_comes_back_to_the_last_bit(checkpoint: Checkpoint) -> None:
    found = unpack(pack(checkpoint))
    for f in fields(Checkpoint):
        assert plain(getattr(found, f.name)) == plain(getattr(checkpoint, f.name)), f.name


def test_it_is_a_safetensors_file_that_other_programs_read() -> None:
    assert {name: array.shape for name, array in load(bytes(SMALL)).items()} == {
        "conv1.weight": (2, 2),
        "conv1.weight/momentum": (2, 2),
        "batchnorm1.running_var": (1,),
    }
    assert metadata_of(SMALL)["net"] == "dense 2\n"


@given(checkpoints)
def test_the_file_of_weights_tells_how_they_are_used_and_is_the_same_each_time(checkpoint: Checkpoint) -> None:
    data = pack_weights(checkpoint)
    assert data == pack_weights(checkpoint)
    assert load(bytes(data)).keys() == {name for name in checkpoint.arrays if "/" not in name}
    metadata = metadata_of(data)
    assert metadata.keys() == {"format", "net", "input", "class_names", "mean", "std", "versions", "sha256"}
    assert metadata["net"] == checkpoint.text
    for name in ("input", "class_names", "mean", "std"):
        assert tuple(json.loads(metadata[name])) == getattr(checkpoint, name)


@given(st.integers(0, len(SMALL) - 1))
@example(0)
def test_cut_off_anywhere_it_is_refused(length: int) -> None:
    with pytest.raises(
        CheckpointError, match="is damaged: " + ("(it is cut off|what it holds)" if length else "it is empty")
    ):
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

    metadata = {**metadata_of(SMALL), "sha256": "0" * 64}
    state = json.loads(metadata["state"])
    for name, value in changes.items():
        if name in state:
            state[name] = value
        else:
            metadata[name] = value if isinstance(value, str) else json.dumps(value)
    metadata["state"] = json.dumps(state)
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
        {"tally": 3},
        {"tally": {"losses": 1, "corrects": 1, "images": -3, "seconds": 1}},
        {"smoothed": [1, 2, 3]},
        {"smoothed": 5},
        {"input": 5},
        {"mean": ["0.5"]},
        {"class_names": "cat"},
        {"class_names": [1]},
        {"std": "["},
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
    st.sampled_from([f.name for f in fields(Checkpoint) if f.name not in ("arrays", "text")]),
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
        unpack(forged(format="2"))


def test_a_negative_running_variance_is_damage() -> None:
    with pytest.raises(CheckpointError, match="is damaged: the running variance of batchnorm1 is negative"):
        unpack(pack(Checkpoint(1, 0, {"batchnorm1.running_var": np.full(1, -1, np.float32)})))
