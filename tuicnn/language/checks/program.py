"""Gathers what a file and the files it includes define: settings, constants, blocks, and the network's steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tuicnn.language.codes import Code
from tuicnn.language.diagnostics import Diagnostic, Note, Source
from tuicnn.language.fixes import Fix, remove, write
from tuicnn.language.report import Report
from tuicnn.language.suggest import closest
from tuicnn.language.syntax.parsing import parse
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
            elif statement.name.text in own.settings:
                _twice(
                    Code.SETTING, "setting", "first given here", own.settings[statement.name.text], statement, report
                )
            else:
                own.settings[statement.name.text] = statement
        elif isinstance(statement, Constant):
            if statement.name.text in own.constants:
                first = own.constants[statement.name.text]
                _twice(Code.CONSTANT, "constant", "first defined here", first, statement, report)
            else:
                own.constants[statement.name.text] = statement
        elif statement.name.text in own.blocks:
            _twice(Code.BLOCK, "block", "first defined here", own.blocks[statement.name.text], statement, report)
        else:
            own.blocks[statement.name.text] = statement
    program.take_over(own)
    program.steps = tuple(steps)
    return program


def _twice(
    code: Code,
    what: str,
    first_here: str,
    first: Setting | Constant | Definition,
    second: Setting | Constant | Definition,
    report: Report,
) -> None:
    mark = ":" if what == "setting" else ""
    verb = "given" if what == "setting" else "defined"
    name = second.name.text
    whole = second.span.line == second.span.end_line
    another = "" if what == "setting" else f", or give it another name such as `{name}2`"
    report.error(
        code,
        f"the {what} `{name}{mark}` is {verb} twice",
        second.span if whole else second.name.span,
        help=remove(more=another) if whole else write(f"{name}2", more=", or remove one of them"),
        notes=(Note(first_here, first.name.span),),
    )


def _include(setting: Setting, here: Path, report: Report, way: tuple[Path, ...]) -> Program | None:
    """The program of an included file; None (and a report) where there is none."""
    given = setting.arguments
    if not setting.readable:
        return None
    if len(given) != 1 or given[0].name is not None or not _is_text(given[0].value):
        report.error(
            Code.ARGUMENT, "include takes a file's path in quotes", setting.span, help=write('include: "blocks.net"')
        )
        return None
    assert isinstance(given[0].value, Literal)
    written = str(given[0].value.value)
    path = here / written
    span = given[0].span
    try:
        resolved = path.resolve()
    except (OSError, ValueError, RuntimeError):
        report.error(Code.FILE, f"`{written}` is no path", span, help=write('include: "blocks.net"'))
        return None
    if resolved in way:
        names = " → ".join(p.name for p in (*way[way.index(resolved) :], resolved))
        report.error(Code.RECURSION, f"the file includes itself: {names}", span, help="remove one `include:` of these")
        return None
    if len(way) >= _MOST_FILES:
        report.error(
            Code.LIMIT, f"files include each other more than {_MOST_FILES} deep", span, help="put them into fewer files"
        )
        return None
    known: dict[Path, Program] = report.found.programs
    if resolved in known:  # else files that each include the next one twice would be read without end
        return known[resolved]
    text = read_file(resolved)
    if isinstance(text, Diagnostic):
        near = closest(path.name, _nets_in(path.parent))
        missing = not _exists(path)
        message = f"there is no file `{written}` in {path.parent}" if missing else text.message
        help: Fix | str = f'remove the line `include: "{written}"`, or put the file there'
        if near is not None:
            other = str(Path(written).with_name(near))
            message, help = f'{message}. Did you mean `"{other}"`?', write(f'"{other}"')
        report.error(Code.FILE, message, span, help=help if missing else text.help)
        return None
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


def _is_text(value: object) -> bool:
    return isinstance(value, Literal) and type(value.value) is str
