"""Messages for names that no layer, block, setting or label has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from tuicnn.language.checks.arguments import look
from tuicnn.language.checks.blocks import Blocks
from tuicnn.language.checks.context import Context
from tuicnn.language.checks.translation import glued, is_called, translated
from tuicnn.language.diagnostics import Code, Note, Span
from tuicnn.language.elsewhere import ABSENT_LAYERS, JOINS, NEEDLESS_STEPS, SETTINGS
from tuicnn.language.excerpts import excerpt, one_line
from tuicnn.language.fixes import Fix, line_end, remove, respell, write
from tuicnn.language.names import joins_named, option_owner, setting_names
from tuicnn.language.report import Report
from tuicnn.language.suggest import aliases, closest, layer_called
from tuicnn.language.syntax.tree import Name, Recall, Setting, Use
from tuicnn.vocabulary import info, vocabulary

__all__ = ["unknown_label", "unknown_setting", "unknown_step"]


def unknown_step(use: Use, context: Context, blocks: Blocks) -> None:
    """A step whose name is no layer and no block."""
    name, span = use.name.text, use.name.span
    message = f"no layer called `{name}`"

    def error(message: str, at: Span, help: Fix | str) -> None:
        context.report.error(Code.NAME, message, at, help=help)

    if name in context.scope.values:
        help = write(f"conv {name} 3x3", more=", or another layer")
        return error(f"`{name}` is a constant, not a layer", use.span, help)
    if name in context.labels.made:
        return error(f"`{name}` is a label, not a layer", span, write(f"@{name}"))
    if name in NEEDLESS_STEPS and not (use.arguments and name in setting_names()):
        return error(f"{message}: {NEEDLESS_STEPS[name]}", use.span, remove())
    if name in setting_names():
        text = f"`{name}` is a setting, not a layer"
        if not use.arguments:
            return error(text, span, f"write `{_example(name)}` on a line of its own")
        return error(f"{text}: it needs a `:`", span, f"write `{name}:`, on a line of its own")
    for rule in (_absent, _glued, _parted):
        found = rule(use, message)
        if found is not None:
            return error(*found)
    layers, elsewhere = [*vocabulary("layer"), "residual"], aliases("layer")
    if use.branches is not None:
        join = "concat" if len(use.branches.chains) > 1 else "residual"
        elsewhere = {**elsewhere, **{word: join if meant == "concat" else meant for word, meant in JOINS.items()}}
    meant = closest(name, [*layers, *blocks.definitions], elsewhere)
    if meant is None:
        return error(message, span, f"remove this step, or write one of the layers: {', '.join(layers)}")
    asked = f"{message}. Did you mean `{meant}`?"
    step, whole = translated(use, meant, context.scope)
    if step:
        return error(asked, use.span, write(step, safe=whole and is_called(name, meant)))
    error(asked, span, write(meant, safe=is_called(name, meant)))
    if meant in vocabulary("layer"):  # what is wrong with its arguments is told in one go
        look(vocabulary("layer")[meant], Name(meant, span), use.arguments, context.scope, context.report)
    return None


#: a message, what it is about, and what to write
_Found = tuple[str, Span, Fix]


def _absent(use: Use, message: str) -> _Found | None:
    """`lrn`, `multiply { … }`: known elsewhere, and no slip of a word of this language."""
    what, instead = ABSENT_LAYERS.get(use.name.text.rpartition(".")[2].casefold(), ("", ""))
    message = f"{message}: there is none for {what}"
    if not what:
        return None
    if instead != "add":  # what it was given is not what the other layer takes
        return message, use.span, write(instead, more=", the nearest there is")
    message += f"; branches are joined by {joins_named()}"
    if use.branches is None:
        return message, use.span, write("add { identity | conv 8 1x1 }", more=", say")
    return message, use.name.span, write("add", more=", or `concat`")


def _glued(use: Use, message: str) -> _Found | None:
    """`dense10`, `conv3x3 8`: a layer whose first value sticks to it."""
    parts = glued(use.name.text) if layer_called(use.name.text) is None else None
    if parts is None:
        return None
    layer, value = parts
    text, span = f"{layer} {value}", use.name.span
    rest = [excerpt(a.span) for a in use.arguments]
    if "x" in value and rest and layer == "conv":
        text, span = " ".join([layer, rest[0], value, *rest[1:]]), use.span
    return f"{message}. Did you mean `{text}`?", span, write(text)


def _parted(use: Use, message: str) -> _Found | None:
    """`max pool 2`, `batch norm`: a layer's name in two words or three."""
    names = [use.name]
    for argument in use.arguments[:2]:
        if argument.name is not None or not isinstance(argument.value, Name):
            break
        names.append(argument.value)
    for count in range(len(names), 1, -1):
        layer = layer_called("".join(n.text for n in names[:count]))
        if layer is not None:
            written = " ".join(n.text for n in names[:count])
            message = f"no layer called `{written}`. Did you mean `{layer}`?"
            return message, names[0].span.to(names[count - 1].span), respell(layer)
    return None


def _example(name: str) -> str:
    """A whole setting, for one that says nothing."""
    if name in vocabulary("setting"):
        return f"{name}: {info(vocabulary('setting')[name]).example}"
    usual = {"data": "mnist", "loss": "cross_entropy", "optim": "adam lr=0.001", "schedule": "cosine"}
    return f"{name}: " + usual.get(name, "conv pad=same" if name == "default" else '"blocks.net"')


def unknown_label(recall: Recall, context: Context, blocks: Blocks, *, begins_branch: bool = True) -> None:
    """A label that is not made, not yet made, or made where it is not seen."""
    name, here = recall.name.text, recall.span
    elsewhere = blocks.labels.get(name)
    if elsewhere is not None:
        place = elsewhere.span
        message = f"the label `{name}` is not known here: one made in a block or a repeat is known only there"
        if place.source == here.source and (place.line, place.column) > (here.line, here.column):
            message = f"the label `{name}` is used before it is made"
        help = write("identity", more=" for what comes in here, or move this behind the label")
        note = Note("it is made here", place)
        return context.report.error(Code.LABEL, message, here, help=help, notes=(note,))
    meant, message = closest(name, blocks.labels), f"no label called `{name}`"
    if meant is not None:
        message, help = f"{message}. Did you mean `@{meant}`?", write(f"@{meant}")
    elif begins_branch:
        help = write("identity", more=f", or make it first: `conv 8 3x3 as {name}`")
    else:
        message, help = f"{message}: a label is made with `as`", write(f"identity as {name}")
    return context.report.error(Code.LABEL, message, here, help=help)


# --- settings -------------------------------------------------------------------------------------------------------


def unknown_setting(setting: Setting, report: Report, settings: Mapping[str, Setting]) -> None:
    """A line `name: …` whose name is no setting; `settings` are those that the file has."""
    name, names = setting.name.text, setting_names()

    def error(message: str, at: Span, help: Fix, *notes: Note) -> None:
        report.error(Code.SETTING, message, at, help=help, notes=notes)

    if name in vocabulary("layer"):
        return error(f"`{name}` is a layer, not a setting", _with_colon(setting), write(name))
    message = f"no setting `{name}:`"
    exact = ({n.casefold(): n for n in names} | SETTINGS).get(name.casefold())
    owner, option, word = option_owner(name, settings) if exact is None else ("", "", "")
    meant = exact or closest(name, names, SETTINGS)
    if owner:
        return _option_alone(setting, owner, option, word, error, settings.get(owner))
    if meant is None:
        span = setting.span if setting.readable else setting.name.span
        return error(message, span, remove(more=f"; the settings are: {', '.join(names)}"))
    if meant in settings:
        note = Note(f"`{meant}:` is here", settings[meant].name.span)
        return error(f"{message}; `{meant}:` is there already", setting.span, remove(), note)
    help = write(f"{meant}:", safe=exact is not None)
    return error(f"{message}. Did you mean `{meant}:`?", _with_colon(setting), help)


def _with_colon(setting: Setting) -> Span:
    end = setting.arguments[0].span.column if setting.arguments else setting.span.end_column
    text = excerpt(replace(setting.name.span, end_column=end)).rstrip()
    return replace(setting.name.span, end_column=setting.name.span.column + len(text))


def _option_alone(
    setting: Setting, owner: str, option: str, word: str, error: Callable[..., None], there: Setting | None
) -> None:
    """`lr: 0.001` on a line of its own: it belongs to `optim:`, which may be `there`."""
    written = f"{option}={' '.join(one_line(a.span) for a in setting.arguments) or '…'}"
    message = f"no setting `{setting.name.text}:`; `{option}` is an option of `{owner}:`"
    if there is None:
        return error(message, setting.span, write(" ".join(filter(None, [f"{owner}:", word, written]))))
    help = remove() + write(f" {written}", line_end(there.span.source, there.span.line))
    if any(a.name is not None and a.name.text == option for a in there.arguments):
        help = remove(more=": it is given there")
    return error(message, setting.span, help, Note(f"`{owner}:` is here", there.name.span))
