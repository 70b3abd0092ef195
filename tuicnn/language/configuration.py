"""Turns the settings of a program into objects, with the defaults for those that are left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tuicnn.layers.base import Shape
from tuicnn.values import show
from tuicnn.words import MISSING, arguments, info, vocabulary

from .arguments import extra_fields, take, take_options
from .codes import Code
from .program import Program
from .report import Report
from .strangers import CHOICES, OWN_SETTINGS, unknown_setting
from .suggest import aliases, did_you_mean
from .tree import Argument, CallValue, Literal, Name, Setting
from .values import Scope

__all__ = ["DEFAULTS", "Configuration", "configure"]

#: what a setting is where it is left out: the word and what is said with it
DEFAULTS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "data": ("mnist", {}),
    "loss": ("cross_entropy", {}),
    "optim": ("adam", {"lr": 1e-3}),
    "schedule": ("constant", {}),
}


@dataclass
class Configuration:
    """The settings by name; one that has a problem is None."""

    made: dict[str, Any] = field(default_factory=dict)
    #: options that `default:` changes, by layer
    defaults: dict[str, dict[str, Any]] = field(default_factory=dict)
    filled_in: list[str] = field(default_factory=list)

    @property
    def input(self) -> Shape | None:
        """The shape that `input:` names, if it does."""
        made = self.made.get("input")
        return tuple(made.shape) if made is not None else None


def configure(program: Program, scope: Scope, report: Report, folder: Path | None) -> Configuration:
    """All settings. Relative paths in them start from `folder`."""
    out = Configuration()
    for name, setting in program.settings.items():
        if name in CHOICES:
            out.made[name] = _choice(name, setting, scope, report, folder)
        elif name in vocabulary("setting"):
            out.made[name] = _plain(name, setting, scope, report)
        elif name not in OWN_SETTINGS:
            unknown_setting(setting, report)
    for setting in program.defaults:
        _default(setting, scope, report, out)
    for name, (word, values) in DEFAULTS.items():
        if name not in program.settings:
            cls = vocabulary(name)[word]
            out.made[name] = cls(**values)
            out.filled_in.append(" ".join([f"{name}: {word}", *(f"{k}={show(v)}" for k, v in values.items())]))
    for name, cls in vocabulary("setting").items():
        if name not in program.settings and all(a.default is not MISSING for a in arguments(cls)):
            out.made[name] = cls()
    if "train" not in program.settings:
        train = out.made["train"]
        each = " ".join(f"{a.name}={a.kind.show(getattr(train, a.name))}" for a in arguments(train))
        out.filled_in.append(f"train: {each}")
    return out


def _plain(name: str, setting: Setting, scope: Scope, report: Report) -> Any:
    cls = vocabulary("setting")[name]
    if not setting.readable:
        return None
    if not setting.arguments:
        report.error(Code.SETTING, f"`{name}:` says nothing", setting.span, help=f"write `{name}: {info(cls).example}`")
        return None
    return take(cls, setting.name, setting.arguments, scope, report).made


def _first_word(setting: Setting) -> tuple[Name | None, tuple[Argument, ...]]:
    """The word that a setting names, and the arguments that follow it, or stand in parentheses behind it."""
    if not setting.arguments:
        return None, ()
    first, *rest = setting.arguments
    if first.name is None and isinstance(first.value, Name):
        return first.value, tuple(rest)
    if first.name is None and isinstance(first.value, CallValue):
        return first.value.name, (*first.value.arguments, *rest)
    return None, ()


def _choice(name: str, setting: Setting, scope: Scope, report: Report, folder: Path | None) -> Any:
    known = vocabulary(name)
    if not setting.readable:
        return None
    word, rest = _first_word(setting)
    every = ", ".join(info(cls).usage for cls in known.values())
    if word is None:
        text = setting.arguments and isinstance(setting.arguments[0].value, Literal)
        report.error(
            Code.SETTING,
            f"`{name}:` begins with one of: {every}" if setting.arguments else f"`{name}:` says nothing",
            setting.arguments[0].span if setting.arguments else setting.span,
            help=f"write `{name}: {' '.join([DEFAULTS[name][0]])}`"
            if not text or name != "data"
            else 'write `data: folder "DIR"`',
        )
        return None
    cls = known.get(word.text)
    if cls is None:
        what = {"data": "data set", "loss": "loss", "optim": "optimizer", "schedule": "schedule"}[name]
        hint = did_you_mean(word.text, known, aliases(name))
        report.error(
            Code.DATA if name == "data" else Code.NAME,
            f"no {what} called `{word.text}`",
            word.span,
            help=f"{hint} There are: {every}".strip(),
        )
        return None
    return take(cls, word, rest, scope, report, extra=extra_fields(cls, base=str(folder) if folder else "")).made


def _default(setting: Setting, scope: Scope, report: Report, out: Configuration) -> None:
    if not setting.readable:
        return
    word, rest = _first_word(setting)
    layers = vocabulary("layer")
    if word is None or (word.text in layers and not rest):
        report.error(
            Code.SETTING,
            "`default:` takes a layer and options",
            setting.span,
            help="write `default: conv pad=same bias=false`",
        )
    elif word.text not in layers:
        help = did_you_mean(word.text, layers, aliases("layer")) or f"the layers are: {', '.join(layers)}"
        report.error(Code.NAME, f"no layer called `{word.text}`", word.span, help=help)
    else:
        values = take_options(layers[word.text], word, rest, scope, report)
        out.defaults[word.text] = {**out.defaults.get(word.text, {}), **values}
