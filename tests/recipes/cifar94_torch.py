"""The recipe of nets/cifar-94.net written by hand in PyTorch, on the same images: what it is to be compared with.

    python -m tests.recipes.cifar94_torch --seed 0      # all 10 epochs: the accuracy, and the seconds of training
    python -m tests.recipes.cifar94_torch --epochs 1 --limit 8192 --test 1000

Nothing of the network or its training is this project's: the images, decoded and split, are. The recipe is airbench94
of Jordan, 94% on CIFAR-10 in 3.29 Seconds on a Single GPU (2024), with the whitening layer's bias learnt to the end.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from time import perf_counter
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from tuicnn.bundled import bundled
from tuicnn.data import Dataset
from tuicnn.language import check_file

BATCH, RATE, MOMENTUM, DECAY, BIAS_RATE = 1024, 1.5, 0.85, 0.00133, 64
WARMUP, START, FINAL = 2.3, 0.2, 0.07
LOOKAHEAD, KEPT = 5, 0.95


class Dirac(nn.Conv2d):  # type: ignore[misc]
    """A 3x3 convolution whose first filters pass their channels on."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__(channels, filters, 3, padding="same", bias=False)
        nn.init.dirac_(self.weight.data[:channels])


def norm(channels: int) -> nn.BatchNorm2d:
    """Batch normalisation with a shift alone."""
    made = nn.BatchNorm2d(channels, eps=1e-12, momentum=0.4)
    made.weight.requires_grad_(False)
    return made


def block(channels: int, filters: int) -> list[nn.Module]:
    """Two convolutions; pooling behind the first."""
    return [
        Dirac(channels, filters), nn.MaxPool2d(2), norm(filters), nn.GELU(),
        Dirac(filters, filters), norm(filters), nn.GELU(),
    ]  # fmt: skip


class Scaled(nn.Linear):  # type: ignore[misc]
    """The last layer, a ninth of its sums."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) / 9


def network(images: torch.Tensor) -> nn.Sequential:
    """The network; its first layer whitens the patches of the first 5,000 images, (N, 3, 32, 32)."""
    first = nn.Conv2d(3, 24, 2)
    patches = functional.unfold(images[:5000].double(), 2).transpose(1, 2).reshape(-1, 12)
    sizes, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))
    half = (vectors / torch.sqrt(sizes + 5e-4)).T.flip(0).reshape(12, 3, 2, 2)
    first.weight.data[:] = torch.cat([half, -half]).float()
    first.weight.requires_grad_(False)
    nn.init.zeros_(first.bias)
    blocks = [*block(24, 64), *block(64, 256), *block(256, 256)]
    return nn.Sequential(first, nn.GELU(), *blocks, nn.MaxPool2d(3), nn.Flatten(), Scaled(256, 10, bias=False))


def rate(step: int, each: int, steps: int) -> float:
    """The factor on the learning rate."""
    warm = WARMUP * each
    rise = START + (1 - START) * min(1.0, (step + 1) / warm)
    fallen = min(1.0, max(0.0, (step - warm) / (steps - warm)))
    return rise * (1 - (1 - FINAL) * fallen)


class Images:
    """Training images, normalised; each is mirrored in every other epoch, and moved by up to two pixels."""

    def __init__(self, images: torch.Tensor, labels: torch.Tensor) -> None:
        self.images, self.labels, self.epoch = images, labels, 0
        mirrored = torch.rand(len(images)) < 0.5
        self.images[mirrored] = self.images[mirrored].flip(-1)

    def batches(self) -> Any:
        """The batches of the next epoch."""
        images = self.images.flip(-1) if self.epoch % 2 else self.images
        self.epoch += 1
        order = torch.randperm(len(images))
        for start in range(0, len(order), BATCH):
            which = order[start : start + BATCH]
            around = functional.pad(images[which], (2,) * 4, "reflect")
            places = torch.randint(0, 5, (len(which), 2)).tolist()
            moved = [each[:, y : y + 32, x : x + 32] for each, (y, x) in zip(around, places, strict=True)]
            yield torch.stack(moved).contiguous(memory_format=torch.channels_last), self.labels[which]


def tensors(data: Dataset, part: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Normalised images (N, 3, 32, 32) of a part, and their labels."""
    images = torch.from_numpy(getattr(data, f"{part}_images")).permute(0, 3, 1, 2).float() / 255
    mean, std = (torch.from_numpy(numbers).float()[:, None, None] for numbers in (data.mean, data.std))
    return (images - mean) / std, torch.from_numpy(getattr(data, f"{part}_labels"))


def evaluated(module: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    """The accuracy over six views of each image: it and two shifts by a pixel, each mirrored too."""
    module.eval()
    right = 0
    with torch.inference_mode():
        for start in range(0, len(images), 500):
            x = images[start : start + 500]
            around = functional.pad(x, (1,) * 4, "reflect")
            views = ((0.5, x), (0.25, around[:, :, :32, :32]), (0.25, around[:, :, 2:, 2:]))
            z = sum(share / 2 * (module(view) + module(view.flip(-1))) for share, view in views)
            right += int((z.argmax(1) == labels[start : start + 500]).sum())
    return right / len(images)


def optimizer_of(module: nn.Sequential) -> torch.optim.Optimizer:
    """SGD; shifts of normalisations learn 64 times as fast, with the others' decay."""
    shifts = [each.bias for each in module if isinstance(each, nn.BatchNorm2d)]
    known = {id(shift) for shift in shifts}
    others = [each for each in module.parameters() if each.requires_grad and id(each) not in known]
    groups = [
        {"params": shifts, "factor": BIAS_RATE, "weight_decay": DECAY / BIAS_RATE},
        {"params": others, "factor": 1},
    ]
    return torch.optim.SGD(groups, lr=RATE, momentum=MOMENTUM, nesterov=True, weight_decay=DECAY, fused=True)


class Steps:
    """The training of a module over so many `steps`, `each` to an epoch; `slow` are lookahead's weights."""

    def __init__(self, module: nn.Sequential, each: int, steps: int) -> None:
        self.module, self.each, self.steps, self.step = module, each, steps, 0
        self.optimizer, self.loss = optimizer_of(module), nn.CrossEntropyLoss(label_smoothing=0.2)
        state = module.state_dict()
        self.slow = {name: tensor.clone() for name, tensor in state.items() if tensor.is_floating_point()}

    def take(self, x: torch.Tensor, y: torch.Tensor) -> float:
        """One step; its loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = RATE * group["factor"] * rate(self.step, self.each, self.steps)
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss(self.module(x), y)
        loss.backward()
        self.optimizer.step()
        self.step += 1
        if self.step % LOOKAHEAD == 0:
            behind = KEPT**LOOKAHEAD * (self.step / self.steps) ** 3
            for name, tensor in self.module.state_dict().items():
                if name in self.slow:
                    self.slow[name].lerp_(tensor, 1 - behind)
                    tensor.copy_(self.slow[name])
        return float(loss.item())


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--limit", type=int, help="so many training images")
    parser.add_argument("--test", type=int, help="so many test images")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int)
    given = parser.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    torch.manual_seed(given.seed)
    plan = check_file(Path(bundled("nets") / "cifar-94.net"))[1].plan
    assert plan is not None
    data = plan.data.load()
    images, labels = (each[: given.limit] for each in tensors(data, "train"))
    module = network(images).to(memory_format=torch.channels_last)
    train, each = Images(images, labels), -(-len(images) // BATCH)
    training, seconds = Steps(module, each, each * given.epochs), 0.0
    for epoch in range(given.epochs):
        module.train()
        began = perf_counter()
        losses = [training.take(x, y) for x, y in train.batches()]
        seconds += perf_counter() - began
        print(json.dumps({"epoch": epoch + 1, "loss": sum(losses) / each, "seconds": round(seconds, 1)}), flush=True)
    module.load_state_dict(training.slow, strict=False)
    accuracy = evaluated(module, *(each[: given.test] for each in tensors(data, "test")))
    print(json.dumps({"seed": given.seed, "accuracy": accuracy, "seconds": round(seconds, 1), "steps": training.step}))


if __name__ == "__main__":
    main()
