"""What is said of a name that no layer, block, setting or label has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tuicnn.language.checks.arguments import look
from tuicnn.language.checks.blocks import Blocks
from tuicnn.language.checks.frames import Frame
from tuicnn.language.checks.translation import closest_exactly, glued, translated
from tuicnn.language.codes import Code
from tuicnn.language.diagnostics import Note, Span
from tuicnn.language.elsewhere import ABSENT_LAYERS, JOINS, NEEDLESS_STEPS, SETTINGS
from tuicnn.language.excerpts import excerpt, one_line
from tuicnn.language.fixes import line_end, remove, write
from tuicnn.language.report import Report
from tuicnn.language.suggest import aliases, closest, option_meant
from tuicnn.language.syntax.tree import Name, Recall, Setting, Use
from tuicnn.vocabulary import arguments, info, vocabulary

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
    error = frame.report.error
    if name in frame.scope.values:
        layer = f"conv {name} 3x3"
        error(Code.NAME, f"`{name}` is a constant, not a layer", use.span, help=write(layer, more=", or another layer"))
        return
    if name in frame.labels.made:
        error(Code.NAME, f"`{name}` is a label, not a layer", span, help=write(f"@{name}"))
        return
    if name in NEEDLESS_STEPS and not (use.arguments and name in setting_names()):
        error(Code.NAME, f"no layer called `{name}`: {NEEDLESS_STEPS[name]}", use.span, help=remove())
        return
    if name in setting_names():
        example = _example(name)
        text = f"`{name}` is a setting, not a layer"
        if not use.arguments:
            error(Code.NAME, text, span, help=f"write `{example}` on a line of its own")
        else:
            error(Code.NAME, f"{text}: it needs a `:`", span, help=f"write `{name}:`, on a line of its own")
        return
    layers = [*vocabulary("layer"), "residual"]
    message = f"no layer called `{name}`"
    if _absent(use, frame) or _glued(use, frame, message) or _parted(use, frame, message):
        return
    elsewhere = aliases("layer")
    if use.branches is not None:
        join = "concat" if len(use.branches.chains) > 1 else "residual"
        elsewhere = {**elsewhere, **{word: join if meant == "concat" else meant for word, meant in JOINS.items()}}
    meant = closest(name, [*layers, *blocks.definitions], elsewhere)
    if meant is None:
        error(Code.NAME, message, span, help=f"remove this step, or write one of the layers: {', '.join(layers)}")
        return
    asked = f"{message}. Did you mean `{meant}`?"
    step = translated(use, meant, frame.scope)
    if step:
        error(Code.NAME, asked, use.span, help=write(step))
        return
    error(Code.NAME, asked, span, help=write(meant, safe=closest_exactly(name) == meant))
    if meant in vocabulary("layer"):  # what is wrong with its arguments is told in one go
        look(vocabulary("layer")[meant], Name(meant, span), use.arguments, frame.scope, frame.report)


def _absent(use: Use, frame: Frame) -> bool:
    """`lrn`, `multiply { … }`: known elsewhere, and no slip of a word of this language."""
    name = use.name.text
    what, instead = ABSENT_LAYERS.get(name.rpartition(".")[2].casefold(), ("", ""))
    if not what:
        return False
    message = f"no layer called `{name}`: there is none for {what}"
    if instead != "add":
        # what it was given is not what the other layer takes
        frame.report.error(Code.NAME, message, use.span, help=write(instead, more=", the nearest there is"))
        return True
    message += "; branches are joined by add, concat and residual"
    if use.branches is None:
        frame.report.error(Code.NAME, message, use.span, help=write("add { identity | conv 8 1x1 }", more=", say"))
    else:
        frame.report.error(Code.NAME, message, use.name.span, help=write("add", more=", or `concat`"))
    return True


def _glued(use: Use, frame: Frame, message: str) -> bool:
    """`dense10`, `conv3x3 8`: a layer whose first value sticks to it."""
    parts = glued(use.name.text) if closest_exactly(use.name.text) is None else None
    if parts is None:
        return False
    layer, value = parts
    rest = [excerpt(a.span) for a in use.arguments]
    if "x" in value and rest and layer in ("conv",):
        text = " ".join([layer, rest[0], value, *rest[1:]])
        frame.report.error(Code.NAME, f"{message}. Did you mean `{text}`?", use.span, help=write(text))
    else:
        text = f"{layer} {value}"
        frame.report.error(Code.NAME, f"{message}. Did you mean `{text}`?", use.name.span, help=write(text))
    return True


def _parted(use: Use, frame: Frame, message: str) -> bool:
    """`max pool 2`, `batch norm`: a layer's name in two words or three."""
    names = [use.name]
    for argument in use.arguments[:2]:
        if argument.name is not None or not isinstance(argument.value, Name):
            break
        names.append(argument.value)
    for count in range(len(names), 1, -1):
        layer = closest_exactly("".join(n.text for n in names[:count]))
        if layer is not None:
            span = names[0].span.to(names[count - 1].span)
            written = " ".join(n.text for n in names[:count])
            frame.report.error(
                Code.NAME, f"no layer called `{written}`. Did you mean `{layer}`?", span, help=write(layer)
            )
            return True
    return False


def _example(name: str) -> str:
    """A whole setting, for one that says nothing."""
    if name in vocabulary("setting"):
        return f"{name}: {info(vocabulary('setting')[name]).example}"
    usual = {"data": "mnist", "loss": "cross_entropy", "optim": "adam lr=0.001", "schedule": "cosine"}
    return f"{name}: " + usual.get(name, "conv pad=same" if name == "default" else '"blocks.net"')


def unknown_label(recall: Recall, frame: Frame, blocks: Blocks, *, begins_branch: bool = True) -> None:
    """A label that is not made, not yet made, or made where it is not seen."""
    name = recall.name.text
    elsewhere = blocks.labels.get(name)
    if elsewhere is not None:
        place, here = elsewhere.span, recall.span
        if place.source == here.source and (place.line, place.column) > (here.line, here.column):
            message = f"the label `{name}` is used before it is made"
        else:
            message = f"the label `{name}` is not known here: one made in a block or a repeat is known only there"
        frame.report.error(
            Code.LABEL,
            message,
            recall.span,
            help=write("identity", more=" for what comes in here, or move this behind the label"),
            notes=(Note("it is made here", place),),
        )
        return
    meant = closest(name, blocks.labels)
    message = f"no label called `{name}`"
    if meant is not None:
        frame.report.error(Code.LABEL, f"{message}. Did you mean `@{meant}`?", recall.span, help=write(f"@{meant}"))
    elif begins_branch:
        frame.report.error(
            Code.LABEL, message, recall.span, help=write("identity", more=f", or make it first: `conv 8 3x3 as {name}`")
        )
    else:
        frame.report.error(
            Code.LABEL, f"{message}: a label is made with `as`", recall.span, help=write(f"identity as {name}")
        )


# --- settings -------------------------------------------------------------------------------------------------------


def unknown_setting(setting: Setting, report: Report, settings: Mapping[str, Setting] | None = None) -> None:
    """A line `name: …` whose name is no setting; `settings` are those that the file has."""
    settings = settings or {}
    name, span = setting.name.text, setting.name.span
    if name in vocabulary("layer"):
        report.error(Code.SETTING, f"`{name}` is a layer, not a setting", _with_colon(setting), help=write(name))
        return
    message = f"no setting `{name}:`"
    names = setting_names()
    exact = {n.casefold(): n for n in names} | SETTINGS
    meant = exact.get(name.casefold())
    owner, option, word = ("", "", "") if meant else _owner(name, settings)
    if owner:
        _option_alone(setting, owner, option, word, report, settings)
        return
    meant = meant or closest(name, names, SETTINGS)
    if meant is not None and meant in settings:
        note = Note(f"`{meant}:` is here", settings[meant].name.span)
        report.error(
            Code.SETTING, f"{message}; `{meant}:` is there already", setting.span, help=remove(), notes=(note,)
        )
    elif meant is not None:
        asked = f"{message}. Did you mean `{meant}:`?"
        safe = exact.get(name.casefold()) == meant
        report.error(Code.SETTING, asked, _with_colon(setting), help=write(f"{meant}:", safe=safe))
    else:
        help = remove(more=f"; the settings are: {', '.join(names)}")
        report.error(Code.SETTING, message, setting.span if setting.readable else span, help=help)


def _with_colon(setting: Setting) -> Span:
    end = setting.arguments[0].span.column if setting.arguments else setting.span.end_column
    text = excerpt(replace(setting.name.span, end_column=end)).rstrip()
    return replace(setting.name.span, end_column=setting.name.span.column + len(text))


def _option_alone(
    setting: Setting, owner: str, option: str, word: str, report: Report, settings: Mapping[str, Setting]
) -> None:
    """`lr: 0.001` on a line of its own: it belongs to `optim:`."""
    name = setting.name.text
    value = " ".join(one_line(a.span) for a in setting.arguments) or "…"
    written = f"{option}={value}"
    message = f"no setting `{name}:`; `{option}` is an option of `{owner}:`"
    there = settings.get(owner)
    if there is None:
        text = " ".join(filter(None, [f"{owner}:", word, written]))
        report.error(Code.SETTING, message, setting.span, help=write(text))
        return
    note = Note(f"`{owner}:` is here", there.name.span)
    if any(a.name is not None and a.name.text == option for a in there.arguments):
        report.error(Code.SETTING, message, setting.span, help=remove(more=": it is given there"), notes=(note,))
    else:
        help = remove() + write(f" {written}", line_end(there.span.source, there.span.line))
        report.error(Code.SETTING, message, setting.span, help=help, notes=(note,))


def _owner(name: str, settings: Mapping[str, Setting]) -> tuple[str, str, str]:
    """The setting that has an option of this name, the option, and the word it follows; or nothing."""
    found: list[tuple[str, str, str]] = []
    for setting in ("train", "augment"):
        cls = vocabulary("setting")[setting]
        own = [a.name for a in arguments(cls) if not a.positional]
        found.append((setting, _exactly(name, own), ""))
    for choice in CHOICES:
        known = vocabulary(choice)
        chosen = _chosen(settings.get(choice))
        usual = {"data": "mnist", "loss": "cross_entropy", "optim": "adam"}.get(choice, "")
        order = dict.fromkeys([w for w in (chosen, usual) if w in known] + [*known])
        for word in [chosen] if chosen in known else order:
            own = [a.name for a in arguments(known[word]) if not a.positional]
            found.append((choice, _exactly(name, own), word))
    return next((f for f in found if f[1] and f[1] == name), next((f for f in found if f[1]), ("", "", "")))


def _exactly(name: str, own: list[str]) -> str:
    """The option of this name or a name from elsewhere; a slip does not count."""
    meant = option_meant(name, own)
    if meant is None or len(name) == 1:
        return ""
    slip = meant.casefold() != name.casefold() and closest(name, [meant]) == meant and len(name) < len(meant)
    return "" if slip else meant


def _chosen(setting: Setting | None) -> str:
    if setting is None or not setting.arguments:
        return ""
    value = setting.arguments[0].value
    return value.text if isinstance(value, Name) else ""


def option_owner(name: str) -> str:
    """The setting that has an option of this name, or of one that means it; "" for none."""
    return _owner(name, {})[0]
