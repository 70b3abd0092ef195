from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tuicnn.initialisers as init
from tuicnn import Dataset, Network
from tuicnn.language import check
from tuicnn.vocabulary import Call, ObjectOf, UnsuitableError, Word, info, vocabulary, written

NAMES = [name for name in vocabulary("init") if name not in ("normal", "whiten", "dirac")]


def values(
    initialiser: init.Initialiser, seed: int = 0, count: int = 100_000
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return initialiser(np.random.default_rng(seed), (count // 10, 10), 40, 60)


@given(st.sampled_from([name for name in NAMES if name != "zeros"]), st.integers(0, 2**32))
def test_the_generator_alone_decides(name: str, seed: int) -> None:
    made = ObjectOf("init").accept(Word(name))
    assert (values(made, seed, 100) == values(made, seed, 100)).all()
    assert (values(made, seed, 100) != values(made, seed + 1, 100)).any()


def test_normal_and_zeros() -> None:
    small = ObjectOf("init").accept(Call("normal", (0.01,)))
    assert abs(values(small).std() / 0.01 - 1) < 0.02
    assert not values(ObjectOf("init").accept(Word("zeros"))).any()
    assert (values(init.Ones()) == 1).all()
    with pytest.raises(UnsuitableError, match="at least 0"):
        ObjectOf("init").accept(Call("normal", (-1,)))
    with pytest.raises(UnsuitableError, match="normal"):
        ObjectOf("init").accept(Word("gauss"))


@given(st.sampled_from([(3, 3), (2, 2), (1, 5)]), st.integers(1, 5), st.integers(1, 9), st.sampled_from([1, 2]))
def test_dirac_passes_channels_on_as_pytorchs(
    kernel: tuple[int, int], channels: int, filters: int, groups: int
) -> None:
    """The first filters are those of `dirac_`; the others are no zeros, but as PyTorch's conv begins."""
    torch = pytest.importorskip("torch")
    text = f"conv {groups * filters} {kernel[0]}x{kernel[1]} groups={groups} init=dirac -> flatten -> dense 2"
    ours = Network.from_text(text, input=(groups * channels, 5, 5), classes=2).state_dict()["conv1.weight"]
    theirs = torch.nn.init.dirac_(torch.empty(ours.shape), groups).numpy()
    passing = theirs.any(axis=(1, 2, 3))
    assert (ours[passing] == theirs[passing]).all()
    limit = 1 / np.sqrt(channels * kernel[0] * kernel[1])
    assert not ours[~passing].size or (np.abs(ours[~passing]).max() <= limit and ours[~passing].all())


def test_whitening_makes_channels_of_real_images_uncorrelated() -> None:
    rng = np.random.default_rng(0)
    smooth = rng.normal(size=(300, 9, 9, 3)).cumsum(axis=1).cumsum(axis=2)
    pixels = np.clip(128 + 9 * smooth, 0, 255).astype(np.uint8)
    data = Dataset.from_arrays(pixels, np.arange(300) % 2, val=20)
    text = "conv 24 2x2 init=whiten(1e-6) bias=false -> flatten -> dense 2"
    network = Network.from_text(text, data=data)
    images = ((data.train_images / 255 - data.mean) / data.std).transpose(0, 3, 1, 2)
    maps = network.activations(images[0])[0]
    assert maps is not None
    np.testing.assert_allclose(maps[:12], -maps[12:], atol=1e-5)
    network = Network.from_text(text.replace("24 2x2", "12 2x2"), data=data, dtype=np.float64)
    found = [network.activations(image)[0] for image in images]
    y = np.concatenate([each.reshape(12, -1) for each in found if each is not None], axis=1)
    np.testing.assert_allclose(y @ y.T / y.shape[1], np.eye(12), atol=0.01)
    # another seed whitens the same images alike, and none are needed to make a network of weights that there are
    other = Network.from_text(text, data=data, seed=5)
    assert (other.state_dict()["conv1.weight"][:12] == network.state_dict()["conv1.weight"].astype(np.float32)).all()
    assert Network.from_text(text, input=(3, 9, 9), classes=2).awaits_images


def test_whitening_is_for_a_conv_that_reads_the_images() -> None:
    text = "conv 24 2x2 init=whiten -> conv 8 3x3 init=whiten -> flatten -> dense 2"
    for net, said in (
        (text, "init=whiten is for a conv that reads the images"),
        ("flatten -> dense 2 init=whiten", "init=whiten is for a conv that reads the images"),
        ("depthwise 3x3 init=whiten -> flatten -> dense 2", "init=whiten is for a conv that reads the images"),
        ("conv 9 1x1 init=whiten -> flatten -> dense 2", "makes at most 6 filters of 1x1 patches with 3 channels"),
    ):
        assert said in check(net, input=(3, 9, 9), classes=2).diagnostics[0].message


@pytest.mark.parametrize("name", [*NAMES, "dirac", "whiten"])
def test_written_as_read(name: str) -> None:
    made = ObjectOf("init").accept(Word(name))
    assert written(made) == name
    assert info(made).help
    assert written(init.Normal(0.01)) == "normal(0.01)"
