"""Gathers what a file and the files it includes define: settings, constants, blocks, and the network's steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from tuicnn.language.diagnostics import Code, Diagnostic, Note, Source
from tuicnn.language.fixes import Fix, remove, write
from tuicnn.language.parsing.statements import parse
from tuicnn.language.report import Report
from tuicnn.language.suggest import closest
from tuicnn.language.syntax.reading import read_file
from tuicnn.language.syntax.tree import Chain, Constant, Definition, Literal, Setting, Step, Tree

__all__ = ["Program", "gather"]

#: files that may be included, one in another
_MOST_FILES = 50


@dataclass
class Program:
    """All that was written, by name."""

    settings: dict[str, Setting] = field(default_factory=dict)
    #: `default:` lines; of two for one layer the later one counts where they disagree
    defaults: list[Setting] = field(default_factory=list)
    constants: dict[str, Constant] = field(default_factory=dict)
    blocks: dict[str, Definition] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()

    def take_over(self, other: Program) -> None:
        """Add what an included file defines."""
        self.settings |= other.settings
        self.defaults += other.defaults
        self.constants |= other.constants
        self.blocks |= other.blocks


def gather(
    tree: Tree, path: Path | None, report: Report, way: tuple[Path, ...] = (), *, working: Path = Path()
) -> Program:
    """The program of a tree. An included file's own steps are not taken; what it defines can be defined anew."""
    program, own = Program(), Program()
    here = (path.parent if path is not None else working).absolute()
    way = (*way, path.absolute().resolve()) if path is not None else way
    steps: list[Step] = []
    for statement in tree.statements:
        if isinstance(statement, Chain):
            steps += statement.steps
        elif isinstance(statement, Setting):
            if statement.name.text == "include":
                included = _include(statement, here, report, way)
                if included is not None:
                    program.take_over(included)
            elif statement.name.text == "default":
                own.defaults.append(statement)
            else:
                _define(own.settings, Code.SETTING, "setting", statement, report)
        elif isinstance(statement, Constant):
            _define(own.constants, Code.CONSTANT, "constant", statement, report)
        else:
            _define(own.blocks, Code.BLOCK, "block", statement, report)
    program.take_over(own)
    program.steps = tuple(steps)
    return program


_Named = TypeVar("_Named", Setting, Constant, Definition)


def _define(known: dict[str, _Named], code: Code, what: str, second: _Named, report: Report) -> None:
    """Take a definition over, or say that there is one of its name."""
    first = known.setdefault(second.name.text, second)
    if first is second:
        return
    name, setting = second.name.text, what == "setting"
    message = f"the setting `{name}:` is given twice" if setting else f"the {what} `{name}` is defined twice"
    note = Note("first given here" if setting else "first defined here", first.name.span)
    span, help = second.span, remove(more="" if setting else f", or give it another name such as `{name}2`")
    if span.line != span.end_line:
        span, help = second.name.span, write(f"{name}2", more=", or remove one of them")
    report.error(code, message, span, help=help, notes=(note,))


def _include(setting: Setting, here: Path, report: Report, way: tuple[Path, ...]) -> Program | None:
    """The program of an included file; None (and a report) where there is none."""
    given = setting.arguments
    if not setting.readable:
        return None
    wanted = given[0].value if len(given) == 1 and given[0].name is None else None
    if not isinstance(wanted, Literal) or type(wanted.value) is not str:
        help = write('include: "blocks.net"')
        report.error(Code.ARGUMENT, "include takes a file's path in quotes", setting.span, help=help)
        return None
    written, span = wanted.value, given[0].span
    path = here / written

    def error(code: Code, message: str, help: Fix | str) -> Program | None:
        report.error(code, message, span, help=help)
        return None

    try:
        resolved = path.resolve()
    except (OSError, ValueError, RuntimeError):
        return error(Code.FILE, f"`{written}` is no path", write('"blocks.net"'))
    if resolved in way:
        names = " → ".join(p.name for p in (*way[way.index(resolved) :], resolved))
        return error(Code.RECURSION, f"the file includes itself: {names}", "remove one `include:` of these")
    if len(way) >= _MOST_FILES:
        message = f"files include each other more than {_MOST_FILES} deep"
        return error(Code.LIMIT, message, "put them into fewer files")
    known: dict[Path, Program] = report.found.programs
    if resolved in known:  # else files that each include the next one twice would be read without end
        return known[resolved]
    text = read_file(resolved)
    if isinstance(text, Diagnostic):
        if _exists(path):
            return error(Code.FILE, text.message, text.help)
        message, near = f"there is no file `{written}` in {path.parent}", closest(path.name, _nets_in(path.parent))
        if near is None:
            return error(Code.FILE, message, f'remove the line `include: "{written}"`, or put the file there')
        other = str(Path(written).with_name(near))
        return error(Code.FILE, f'{message}. Did you mean `"{other}"`?', write(f'"{other}"'))
    source = Source(str(Path(setting.span.source.name).parent / written), text)
    report.include(source, span)
    known[resolved] = gather(parse(source, report), resolved, report, way)
    return known[resolved]


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is too long, say
        return False


def _nets_in(folder: Path) -> list[str]:
    try:
        return sorted(p.name for p in folder.iterdir() if p.suffix == ".net")[:200]
    except OSError:
        return []
