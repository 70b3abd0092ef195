"""From Python: `Network.explain`, what an explanation shows of itself, and ties."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.runs.small import a_run, checkpoint_of, killed_after_each_event, train
from tuicnn import Network
from tuicnn.errors import UserError
from tuicnn.language.plan import INPUT
from tuicnn.observing.specimen import AskSpecimen
from tuicnn.runs.reopened import ReopenedRun
from tuicnn.runs.specimens import checkpoint_after
from tuicnn.specimen.specimen import Specimen
from tuicnn.training.checkpoint import Checkpoint
from tuicnn.training.options import Options

ASK = AskSpecimen(next_step=True)


def test_an_explanation_shows_itself() -> None:
    network = Network.from_text("conv 8 3x3 pad=1 -> relu -> maxpool 2 -> flatten -> dense 10", seed=0)
    image = np.random.default_rng(0).normal(size=(1, 28, 28))
    found = network.explain("logits[3]", image)
    head, formula, *_, last = repr(found).splitlines()
    assert head == f"logits[3] = {found.value:.6g}    engine {found.engine:.6g}"
    assert formula.startswith("dense1[3] = dense1.bias[3] + sum over v < 1568 of")
    assert last.endswith("1,557 others")
    html = found._repr_html_()
    assert html.count("<tr>") == 14
    assert "<td>flatten1[" in html
    given = repr(network.explain("conv1.bias[3]", image)).splitlines()
    assert given[:2] == ["conv1.bias[3] = 0    engine 0", "conv1.bias[3] is given"]
    with pytest.raises(UserError, match="without the image's label there is no loss; give it"):
        network.explain("loss", image)


def test_of_equal_values_the_first_wins_forward_and_backward() -> None:
    network = Network.from_text("maxpool 2 -> flatten -> dense 3", input=(1, 2, 2), classes=3, seed=0)
    specimen = Specimen(network, np.ones((1, 2, 2)), 1)
    labels = [part.label for part in specimen.explain("maxpool1[0, 0, 0]").parts]
    assert labels[0] == "window (0, 0), the winner"
    assert all(label.endswith(", as large, but later in reading order") for label in labels[1:])
    assert specimen.explain("d image[0, 0, 0]").value == specimen.evaluation.gradients.output(INPUT)[0, 0, 0] != 0
    assert specimen.explain("d image[0, 0, 1]").value == 0


@pytest.mark.parametrize("optim", ["optim: adam", "optim: sgd momentum=0.9 nesterov=true decay=0.01"])
def test_a_checkpoint_knows_the_weights_of_the_next(tmp_path: Path, optim: str) -> None:
    """After each step of a run, with augmentation, dropout, a schedule and batch normalisation."""
    folder = a_run(tmp_path, optim)
    left = {}
    for _, run in killed_after_each_event(folder):
        if run.checkpoints.steps():
            left[checkpoint_of(run).step] = run
    assert sorted(left) == [1, 2, 3, 4, 5, 6]
    random = np.random.default_rng(0)
    for step in range(1, 6):
        specimen = ASK.answer(ReopenedRun(left[step]).trainer()).specimen()
        there = checkpoint_of(left[step + 1])
        for name in ("conv1.weight", "conv1.bias", "batchnorm1.weight", "dense1.weight"):
            index = tuple(int(random.integers(size)) for size in there.arrays[name].shape)
            found = specimen.explain(f"step {name}{list(index)}")
            assert found.engine == there.arrays[name][index]
            assert found.value == pytest.approx(found.engine, rel=1e-5, abs=1e-7)
            assert found.formula.endswith("(cosine)")


def test_a_network_out_of_a_run(tmp_path: Path) -> None:
    folder = a_run(tmp_path, "optim: adam")
    with pytest.raises(UserError, match="small-1 has no checkpoint yet"):
        Network.from_run(folder.path)
    folder.save_weights(untrained := Checkpoint(0, 0, {}))
    assert checkpoint_after(folder).step == untrained.step
    train(folder)
    network, checkpoint = Network.from_run(folder.path), checkpoint_of(folder)
    assert all((checkpoint.arrays[name] == array).all() for name, array in network.state_dict().items())
    for epoch in (1, 2):
        past, snapshot = Network.from_run(folder.path, epoch=epoch), folder.snapshots.read(epoch)
        assert past.state_dict().keys() == snapshot.arrays.keys()
        assert all((snapshot.arrays[name] == array).all() for name, array in past.state_dict().items())
    with pytest.raises(UserError, match="The run small-1 has no snapshot of epoch 3; there are those of epochs 1, 2"):
        Network.from_run(folder.path, epoch=3)
    with pytest.raises(UserError, match="There is no run none"):
        Network.from_run("none")


def test_a_past_epoch_opens_as_far_as_it_is_known(tmp_path: Path) -> None:
    folder = a_run(tmp_path, "optim: adam")
    train(folder, options=Options(epochs=4))
    there = {epoch: folder.snapshots.read(epoch) for epoch in (1, 2, 3, 4)}
    past = next(epoch for epoch in there if there[epoch].step not in folder.checkpoints.steps())
    specimen = ASK.answer(ReopenedRun(folder).trainer(past)).specimen()
    assert specimen.explain("dense1.weight[1, 2]").value == there[past].arrays["dense1.weight"][1, 2]
    gradient = specimen.explain("batch d dense1.weight[1, 2]")
    assert gradient.value == pytest.approx(gradient.engine, rel=1e-4, abs=1e-6)
    for address in ("step dense1.weight[1, 2]", "dense1.weight/exp_avg[1, 2]"):
        with pytest.raises(UserError, match="of this epoch only the weights were kept"):
            specimen.explain(address)
    newest = ASK.answer(ReopenedRun(folder).trainer(4)).specimen()  # of the last one there is a checkpoint
    assert newest.explain("step dense1.weight[1, 2]").engine is not None


def test_a_network_shows_itself_as_its_table() -> None:
    network = Network.from_text("conv 8 3x3 pad=1 -> relu -> flatten -> dense 10", seed=0)
    title, _, head, conv, *_, total = repr(network).splitlines()
    assert title == "net: 1x28x28 images, 10 classes, float32"
    assert head.split() == ["name", "layer", "output", "parameters", "multiply-adds"]
    assert conv.split() == ["conv1", "conv", "8", "3x3", "pad=1", "8x28x28", "80", "56,448"]
    assert total.split() == ["total", "62,810", "119,168"]
    html = network._repr_html_()
    assert html.count("<tr>") == 6
    assert "<td>conv 8 3x3 pad=1</td>" in html


def test_a_run_whose_net_has_changed_by_a_file_that_it_includes_is_not_opened_as_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = tmp_path / "blocks.net"
    blocks.write_text("def unit(f) = conv f 3x3 -> relu\n")
    net = 'data: npz "{data}" val=10\ninclude: "blocks.net"\nunit(2) -> flatten -> dense 3\n{optim}\n'
    folder = a_run(tmp_path, net=net)
    train(folder)
    opened = ReopenedRun(folder).trainer()
    blocks.write_text("def unit(f) = conv f 3x3 -> gelu\n")
    for reopen in (lambda: ReopenedRun(folder).trainer(), lambda: Network.from_run(folder.path)):
        with pytest.raises(UserError, match="The net of the run small-1 includes a file, or was given options, that"):
            reopen()
    assert ASK.answer(opened).specimen().explain("relu1[0, 1, 1]").combine == "relu"


def test_what_a_flattened_value_is_said_to_come_from_has_that_value() -> None:
    network = Network.from_text("conv 2 3x3 -> flatten -> dense 3", input=(1, 5, 7), classes=3, seed=0)
    specimen = Specimen(network, np.random.default_rng(0).normal(size=(1, 5, 7)), 1)
    *parts, _bias = specimen.explain("dense1[1]").parts
    assert parts[-1].label == "conv1[1,2,4]"
    assert all(specimen.explain(part.label).engine == part.value for part in parts)
    again = Network.from_text("flatten -> dense 4 -> dense 3", input=(1, 2, 2), classes=3, seed=0)
    first, second = (Specimen(again, np.ones((1, 2, 2)), 1).explain(f"dense{i}[0]").parts[3].label for i in (1, 2))
    assert (first, second) == ("image[0,1,1]", "input 3")
