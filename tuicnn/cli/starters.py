"""A starter file, written from a network that comes with tuicnn."""

from __future__ import annotations

import shlex
from itertools import count
from pathlib import Path

from tuicnn.errors import UserError
from tuicnn.language.suggest import closest
from tuicnn.runs.starters import DEFAULT, Starter, starters

__all__ = ["commands_for", "starter", "target", "write_starter"]


def starter(wanted: str | None, name: str | None = None) -> Starter:
    """The network that is `wanted`, with or without `.net` and `nets/`; else the one that the file's `name` names,
    else the default. Raises `UserError`."""
    known = {s.name: s for s in starters()}
    if wanted is None:
        stem = Path(name or "").name.removesuffix(".net")
        return known.get(stem, known[DEFAULT])
    name, plain = wanted, wanted.removeprefix("nets/").removesuffix(".net").casefold()
    if plain not in known:
        near = closest(plain, known) or next((k for k in known if plain and plain in k), "")
        hint = f"Did you mean {near}?" if near else f"There are: {', '.join(known)}"
        raise UserError(f"no network called {name!r} comes with tuicnn. {hint}")
    return known[plain]


def target(name: str | None, source: Starter) -> Path:
    """The file to write: `my` and `my.net` both mean `my.net`; without a name, the network's own."""
    path = Path(source.name if name is None else name)
    if not path.name or not str(path).isprintable():
        raise UserError(f"{name!r} can name no file; write tuicnn new my.net")
    return path if path.suffix == ".net" else path.with_name(f"{path.name}.net")


def write_starter(path: Path, source: Starter) -> None:
    """Write the file. Raises `UserError` where there is one already, or it cannot be written."""
    text = f"{source.text.rstrip()}\n\n{_hints(path)}"
    try:
        with path.open("xb") as file:
            try:
                file.write(text.encode())
                file.flush()
            except OSError:
                path.unlink()
                raise
    except FileExistsError:
        free = next(p for n in count(2) if not (p := path.with_stem(f"{path.stem}-{n}")).exists())
        raise UserError(f"{path} is there already and stays as it is; another name is free: {_quoted(free)}") from None
    except FileNotFoundError:
        raise UserError(f"there is no folder {path.parent}; make it first: mkdir -p {_quoted(path.parent)}") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be written: {getattr(error, 'strerror', None) or error}") from None


def _hints(path: Path) -> str:
    lines = [f"# {command}    {what}\n" for command, what in commands_for(path)]
    return "# Change something, and look again:\n" + "".join(lines)


def commands_for(path: Path) -> list[tuple[str, str]]:
    """What to do with a file, in columns."""
    name = _quoted(path)
    commands = [
        (f"tuicnn check {name}", "the network as a table, and what is wrong with it"),
        (f"tuicnn {name}", "train it and watch"),
        ("tuicnn layers", "all that can be written in it"),
    ]
    width = max(len(command) for command, _ in commands)
    return [(command.ljust(width), what) for command, what in commands]


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
