"""Turns the settings of a program into objects, with the defaults for those that are left out."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tuicnn.language.checks.arguments import extra_fields, take, take_options
from tuicnn.language.checks.program import Program
from tuicnn.language.checks.unknown_names import unknown_setting
from tuicnn.language.checks.values import Scope
from tuicnn.language.diagnostics import Code, Span
from tuicnn.language.excerpts import one_line
from tuicnn.language.fixes import Fix, respell, write
from tuicnn.language.names import CHOICES, OWN_SETTINGS, first_word, option_owner
from tuicnn.language.report import Report
from tuicnn.language.suggest import aliases, closest, option_meant
from tuicnn.language.syntax.tree import Argument, Literal, Name, Setting
from tuicnn.layers.base import Shape
from tuicnn.vocabulary import MISSING, arguments, info, show, vocabulary

__all__ = ["DEFAULTS", "Configuration", "configure"]

#: what a setting is where it is left out: the word and what is said with it
DEFAULTS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "data": ("mnist", {}),
    "loss": ("cross_entropy", {}),
    "optim": ("adam", {"lr": 2e-3}),
    "schedule": ("cosine", {}),
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
            if name == "loss" and getattr(out.made.get("target"), "what", "") == "image":
                word = "mse"
            cls = vocabulary(name)[word]
            out.made[name] = cls(**values)
            out.filled_in.append(" ".join([f"{name}: {word}", *(f"{k}={show(v)}" for k, v in values.items())]))
    for name, cls in vocabulary("setting").items():
        if name not in program.settings and all(a.default is not MISSING for a in arguments(cls)):
            out.made[name] = cls()
    if "train" not in program.settings:
        train = out.made["train"]
        own = [(a, getattr(train, a.name)) for a in arguments(train)]
        each = " ".join(f"{a.name}={a.kind.show(value)}" for a, value in own if value is not None)
        out.filled_in.append(f"train: {each}")
    return out


def _plain(name: str, setting: Setting, scope: Scope, report: Report) -> Any:
    cls = vocabulary("setting")[name]
    if setting.readable and setting.arguments:
        return take(cls, setting.name, setting.arguments, scope, report).made
    if setting.readable:
        report.error(Code.SETTING, f"`{name}:` says nothing", setting.span, help=write(f"{name}: {info(cls).example}"))
    return None


def _choice(name: str, setting: Setting, scope: Scope, report: Report, folders: tuple[str, ...]) -> Any:
    known = vocabulary(name)
    word, rest = first_word(setting)
    cls = known.get(word.text) if word is not None else None
    if cls is not None and word is not None and setting.readable:
        return take(cls, word, rest, scope, report, extra=extra_fields(cls, bases=folders)).made
    every = ", ".join(info(cls).usage for cls in known.values())
    if setting.readable and word is None:
        _no_word(name, setting, every, report)
    elif setting.readable and word is not None:
        _unknown_word(name, word, rest, every, report, folders)
    return None


def _no_word(name: str, setting: Setting, every: str, report: Report) -> None:
    """A setting that says nothing, or does not begin with its word."""
    usual, span = DEFAULTS[name][0], setting.span
    if not setting.arguments:
        return report.error(Code.SETTING, f"`{name}:` says nothing", span, help=write(f"{name}: {usual}"))
    first = setting.arguments[0]
    message, value, help = f"`{name}:` begins with one of: {every}", first.value, write(usual)
    if first.name is not None:
        help = write(" ".join([f"{name}:", usual, *(one_line(a.span) for a in setting.arguments)]))
        return report.error(Code.SETTING, message, span, help=help)
    if isinstance(value, Literal) and type(value.value) is str:
        stem = value.value.partition(".")[0]
        meant = closest(stem, vocabulary(name), aliases(name)) if "/" not in stem else None
        if meant is not None:
            message = f"`{name}:` takes a name without quotes. Did you mean `{meant}`?"
            help = write(meant, safe=stem == meant)
        elif name == "data":
            from tuicnn.data.places import FILE_WORDS

            help = write(f"{FILE_WORDS.get(Path(value.value).suffix.lower(), 'folder')} {show(value.value)}")
    elif isinstance(value, Literal) and name == "optim":
        help = write(f"{usual} lr={one_line(first.span)}")
    return report.error(Code.SETTING, message, first.span, help=help)


def _unknown_word(
    name: str, word: Name, rest: tuple[Argument, ...], every: str, report: Report, folders: tuple[str, ...]
) -> None:
    """A word that is none of a setting's; it may be written in two words, or with a number behind a hyphen."""
    what = {"data": "data set", "loss": "loss", "optim": "optimizer", "schedule": "schedule"}[name]
    known = vocabulary(name)

    def error(written: str, meant: str, span: Span, help: Fix) -> None:
        asked = f". Did you mean `{meant}`?" if meant else ""
        report.error(
            Code.DATA if name == "data" else Code.NAME, f"no {what} called `{written}`{asked}", span, help=help
        )

    names = {n.replace("-", "").replace("_", ""): n for n in known}
    bare = [a for a in rest[:2] if a.name is None]
    for count in range(len(bare), 0, -1):
        span = word.span.to(bare[count - 1].span)
        squeezed = names.get(one_line(span).casefold().replace(" ", "").replace("-", "").replace("_", ""))
        if squeezed is not None:
            return error(one_line(span), squeezed, span, respell(squeezed))
    meant = closest(word.text, known, aliases(name)) or ""
    there = _beside(word.text, folders) if name == "data" and not meant else ""
    if there:
        return error(word.text, there, word.span, write(there))
    safe = meant.casefold() == word.text.casefold()
    owner, option, _ = option_owner(word.text, {}) if not meant else ("", "", "")
    if owner and owner != name:
        message = f"no {what} called `{word.text}`; `{option}` is an option of `{owner}:`"
        help = write(DEFAULTS[name][0], more=f" here, and `{option}=…` there")
        return report.error(Code.NAME, message, word.span, help=help)
    help = write(meant or DEFAULTS[name][0], safe=safe, more=f"; there are: {every}")
    return error(word.text, meant, word.span, help)


def _beside(name: str, folders: tuple[str, ...]) -> str:
    """How the folder or file of this name is written as a data set; "" where there is none."""
    from tuicnn.data import DataError
    from tuicnn.data.places import FILE_WORDS, resolve, word_for

    for path, what in ((name, "folder"), *((f"{name}{ending}", "file") for ending in FILE_WORDS)):
        with contextlib.suppress(DataError):
            return f"{word_for(resolve(path, folders, what))} {show(path)}"
    return ""


def _default(setting: Setting, scope: Scope, report: Report, out: Configuration) -> None:
    if not setting.readable:
        return
    word, rest = first_word(setting)
    layers = vocabulary("layer")
    if word is None or (word.text in layers and not rest):
        text = " ".join(one_line(a.span) for a in setting.arguments)
        options = [a.name for a in arguments(layers["conv"]) if not a.positional]
        named = all(a.name is not None and option_meant(a.name.text, options) for a in setting.arguments)
        example = f"conv {text}" if word is None and named and text else "conv pad=same bias=false"
        if word is not None and word.text != "conv":
            example = f"{word.text} …"
        help: Fix | str = write(f"default: {example}")
        report.error(Code.SETTING, "`default:` takes a layer and options", setting.span, help=help)
    elif word.text not in layers:
        meant = closest(word.text, layers, aliases("layer"))
        asked = f". Did you mean `{meant}`?" if meant is not None else ""
        help = write(meant) if meant is not None else f"write one of the layers: {', '.join(layers)}"
        report.error(Code.NAME, f"no layer called `{word.text}`{asked}", word.span, help=help)
    else:
        out.defaults.setdefault(word.text, {}).update(take_options(layers[word.text], word, rest, scope, report))
