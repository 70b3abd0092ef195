"""What is said of a name that no layer, block, setting or label has."""

from __future__ import annotations

from tuicnn.words import arguments, info, vocabulary

from .blocks import Blocks
from .codes import Code
from .diagnostics import Note
from .frames import Frame
from .report import Report
from .suggest import aliases, closest, did_you_mean
from .tree import Recall, Setting, Use

__all__ = ["CHOICES", "OWN_SETTINGS", "setting_names", "unknown_label", "unknown_setting", "unknown_step"]

#: settings that name one of a vocabulary
CHOICES = ("data", "loss", "optim", "schedule")
#: settings of the language itself
OWN_SETTINGS = ("default", "include")


def setting_names() -> list[str]:
    """Every setting there is."""
    return list(dict.fromkeys([*CHOICES, *vocabulary("setting"), *OWN_SETTINGS]))


def unknown_step(use: Use, frame: Frame, blocks: Blocks) -> None:
    """A step whose name is no layer and no block."""
    name, span = use.name.text, use.name.span
    if name in frame.scope.values:
        frame.report.error(
            Code.NAME, f"`{name}` is a constant, not a layer", span, help=f"write a layer with it: conv {name} 3x3"
        )
        return
    if name in frame.labels.made:
        frame.report.error(Code.NAME, f"`{name}` is a label, not a layer", span, help=f"in a branch, write `@{name}`")
        return
    if name in setting_names():
        frame.report.error(
            Code.NAME, f"`{name}` is a setting, not a layer", span, help=f"write `{name}: …` on a line of its own"
        )
        return
    layers = [*vocabulary("layer"), "residual"]
    help = did_you_mean(name, [*layers, *blocks.definitions], aliases("layer"))
    frame.report.error(
        Code.NAME, f"no layer called `{name}`", span, help=help or f"the layers are: {', '.join(layers)}"
    )


def unknown_label(recall: Recall, frame: Frame, blocks: Blocks) -> None:
    """A label that is not made, not yet made, or made where it is not seen."""
    name = recall.name.text
    elsewhere = blocks.labels.get(name)
    if elsewhere is not None:
        frame.report.error(
            Code.LABEL,
            f"the label `{name}` is not known here",
            recall.span,
            help="a label is used after it is made, and one made in a block or a repeat only there",
            notes=(Note("it is made here", elsewhere.span),),
        )
        return
    help = did_you_mean(name, blocks.labels)
    if help:
        help = f"Did you mean `@{closest(name, blocks.labels)}`?"
    frame.report.error(
        Code.LABEL, f"no label called `{name}`", recall.span, help=help or f"make it first: conv 8 3x3 as {name}"
    )


def unknown_setting(setting: Setting, report: Report) -> None:
    """A line `name: …` whose name is no setting."""
    name, span = setting.name.text, setting.name.span
    if name in vocabulary("layer"):
        report.error(
            Code.SETTING, f"`{name}` is a layer, not a setting", span, help=f"write it without the colon: {name} …"
        )
        return
    owner = _owner(name)
    if owner:
        report.error(
            Code.SETTING, f"no setting `{name}:`", span, help=f"`{name}` is an option: write `{owner} {name}=…`"
        )
        return
    elsewhere = {
        "optimizer": "optim", "optimiser": "optim", "dataset": "data", "objective": "loss", "criterion": "loss",
        "training": "train", "scheduler": "schedule", "augmentation": "augment", "import": "include",
        "defaults": "default", "shape": "input",
    }  # fmt: skip
    names = setting_names()
    help = did_you_mean(name, names, elsewhere, mark=":")
    report.error(Code.SETTING, f"no setting `{name}:`", span, help=help or f"the settings are: {', '.join(names)}")


def _owner(name: str) -> str:
    """The setting that has an option of this name, as in `train:`, or ""."""
    for setting, cls in vocabulary("setting").items():
        if any(a.name == name and not a.positional for a in arguments(cls)):
            return f"{setting}:"
    for choice in CHOICES:
        for cls in vocabulary(choice).values():
            if any(a.name == name and not a.positional for a in arguments(cls)):
                return f"{choice}: {'adam' if choice == 'optim' else info(cls).name}"
    return ""
