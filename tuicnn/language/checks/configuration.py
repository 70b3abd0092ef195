"""Turns the settings of a program into objects, with the defaults for those that are left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tuicnn.language.checks.arguments import extra_fields, take, take_options
from tuicnn.language.checks.program import Program
from tuicnn.language.checks.unknown_names import CHOICES, OWN_SETTINGS, unknown_setting
from tuicnn.language.checks.values import Scope
from tuicnn.language.codes import Code
from tuicnn.language.excerpts import one_line
from tuicnn.language.fixes import Fix, respell, write
from tuicnn.language.report import Report
from tuicnn.language.suggest import aliases, closest, option_meant
from tuicnn.language.syntax.tree import Argument, CallValue, Literal, Name, Setting
from tuicnn.layers.base import Shape
from tuicnn.vocabulary import MISSING, arguments, info, show, vocabulary

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


def configure(program: Program, scope: Scope, report: Report, folders: tuple[str, ...]) -> Configuration:
    """All settings. Relative paths in them are looked for in the `folders`."""
    out = Configuration()
    for name, setting in program.settings.items():
        if name in CHOICES:
            out.made[name] = _choice(name, setting, scope, report, folders)
        elif name in vocabulary("setting"):
            out.made[name] = _plain(name, setting, scope, report)
        elif name not in OWN_SETTINGS:
            unknown_setting(setting, report, program.settings)
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
        report.error(Code.SETTING, f"`{name}:` says nothing", setting.span, help=write(f"{name}: {info(cls).example}"))
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


def _choice(name: str, setting: Setting, scope: Scope, report: Report, folders: tuple[str, ...]) -> Any:
    known = vocabulary(name)
    if not setting.readable:
        return None
    word, rest = _first_word(setting)
    every = ", ".join(info(cls).usage for cls in known.values())
    if word is None:
        _no_word(name, setting, every, report)
        return None
    cls = known.get(word.text)
    if cls is None:
        _unknown_word(name, word, rest, every, report, folders)
        return None
    return take(cls, word, rest, scope, report, extra=extra_fields(cls, bases=folders)).made


def _no_word(name: str, setting: Setting, every: str, report: Report) -> None:
    """A setting that says nothing, or does not begin with its word."""
    usual = DEFAULTS[name][0]
    if not setting.arguments:
        report.error(Code.SETTING, f"`{name}:` says nothing", setting.span, help=write(f"{name}: {usual}"))
        return
    first = setting.arguments[0]
    message, span = f"`{name}:` begins with one of: {every}", first.span
    value = first.value
    help: Fix | str = write(usual)
    if first.name is not None:
        options = " ".join(one_line(a.span) for a in setting.arguments)
        span, help = setting.span, write(f"{name}: {usual} {options}")
    elif isinstance(value, Literal) and type(value.value) is str:
        stem = value.value.partition(".")[0]
        meant = closest(stem, vocabulary(name), aliases(name)) if "/" not in stem else None
        if meant is not None:
            message, help = (
                f"`{name}:` takes a name without quotes. Did you mean `{meant}`?",
                write(meant, safe=stem == meant),
            )
        elif name == "data":
            kind = "npz" if value.value.endswith(".npz") else "folder"
            help = write(f"{kind} {show(value.value)}")
    elif isinstance(value, Literal) and name == "optim":
        help = write(f"{usual} lr={one_line(first.span)}")
    report.error(Code.SETTING, message, span, help=help)


def _unknown_word(
    name: str, word: Name, rest: tuple[Argument, ...], every: str, report: Report, folders: tuple[str, ...]
) -> None:
    """A word that is none of a setting's; it may be written in two words, or with a number behind a hyphen."""
    what = {"data": "data set", "loss": "loss", "optim": "optimizer", "schedule": "schedule"}[name]
    code = Code.DATA if name == "data" else Code.NAME
    known = vocabulary(name)
    names = {n.replace("-", "").replace("_", ""): n for n in known}
    bare = [a for a in rest[:2] if a.name is None]
    for count in range(len(bare), 0, -1):
        span = word.span.to(bare[count - 1].span)
        squeezed = one_line(span).casefold().replace(" ", "").replace("-", "").replace("_", "")
        if squeezed in names:
            message = f"no {what} called `{one_line(span)}`. Did you mean `{names[squeezed]}`?"
            report.error(code, message, span, help=respell(names[squeezed]))
            return
    meant = closest(word.text, known, aliases(name))
    there = _beside(word.text, folders) if name == "data" and meant is None else ""
    if there:
        report.error(code, f"no {what} called `{word.text}`. Did you mean `{there}`?", word.span, help=write(there))
        return
    usual = DEFAULTS[name][0]
    asked = f". Did you mean `{meant}`?" if meant is not None else ""
    same = meant is not None and meant.casefold() == word.text.casefold()
    help = write(meant or usual, safe=same, more=f"; there are: {every}")
    report.error(code, f"no {what} called `{word.text}`{asked}", word.span, help=help)


def _beside(name: str, folders: tuple[str, ...]) -> str:
    """How the folder or file of this name is written as a data set; "" where there is none."""
    from tuicnn.data import DataError
    from tuicnn.data.places import resolve

    for kind, path, what in (("folder", name, "folder"), ("npz", f"{name}.npz", "file")):
        try:
            found = resolve(path, folders, what)
        except DataError:
            continue
        if kind == "folder" and any(found.glob("train-images*")):
            kind = "idx"
        return f"{kind} {show(path)}"
    return ""


def _default(setting: Setting, scope: Scope, report: Report, out: Configuration) -> None:
    if not setting.readable:
        return
    word, rest = _first_word(setting)
    layers = vocabulary("layer")
    if word is None or (word.text in layers and not rest):
        text = " ".join(one_line(a.span) for a in setting.arguments)
        named = all(a.name is not None and option_meant(a.name.text, _options("conv")) for a in setting.arguments)
        example = f"conv {text}" if word is None and named and text else "conv pad=same bias=false"
        if word is not None and word.text != "conv":
            example = f"{word.text} …"
        report.error(
            Code.SETTING, "`default:` takes a layer and options", setting.span, help=write(f"default: {example}")
        )
    elif word.text not in layers:
        meant = closest(word.text, layers, aliases("layer"))
        asked = f". Did you mean `{meant}`?" if meant is not None else ""
        help = write(meant) if meant is not None else f"write one of the layers: {', '.join(layers)}"
        report.error(Code.NAME, f"no layer called `{word.text}`{asked}", word.span, help=help)
    else:
        values = take_options(layers[word.text], word, rest, scope, report)
        out.defaults[word.text] = {**out.defaults.get(word.text, {}), **values}


def _options(layer: str) -> list[str]:
    return [a.name for a in arguments(vocabulary("layer")[layer]) if not a.positional]
