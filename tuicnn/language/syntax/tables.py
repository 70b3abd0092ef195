"""Keeps the tables that Lark makes of the grammar in the user's cache folder: to make them takes longer than to check
a network.

They are JSON, never pickled; they are used only where they were made of this grammar by this version of Lark, are
whole, and lie in a file that only the user can write. Else they are made again. A cache that cannot be read or written
is ignored without a message: it only saves time.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import zlib
from pathlib import Path
from typing import Any

import lark
import platformdirs
from lark import Lark, Transformer
from lark.lark import PostLex

from tuicnn.records import dump, parse
from tuicnn.system.files import write_atomic
from tuicnn.system.regular_files import open_regular

__all__ = ["parser_of"]

#: what is given to Lark anew each time, because it is code
_CODE = ("postlex", "transformer")


def parser_of(grammar: str, postlex: PostLex, transformer: Transformer[Any, Any], **options: Any) -> Lark:
    """Lark's parser of a grammar; `options` are Lark's other options, all of them plain values."""
    code = {"postlex": postlex, "transformer": transformer}
    kept = sorted(postlex.always_accept)  # they have a say in the tables
    key = dump([lark.__version__, sys.version_info[:2], kept, options, grammar])
    path = platformdirs.user_cache_path("tuicnn") / "grammar.json"
    tables = _read(path, key)
    if tables is not None:
        with contextlib.suppress(Exception):  # whatever Lark makes of it: it is made anew
            return _load(tables, code)
    made = Lark(grammar, **options, **code)
    _write(path, key, _tables(made))
    return made


def _tables(parser: Lark) -> list[Any]:
    data, memo = parser.memo_serialize([lark.lexer.TerminalDef, lark.grammar.Rule])
    data["options"] = {name: value for name, value in data["options"].items() if name not in _CODE}
    return [data, memo]


def _load(tables: list[Any], code: dict[str, Any]) -> Lark:
    data, memo = tables
    parser = data["parser"]["parser"]
    # JSON knows no numbers as keys
    parser["tokens"] = _numbered(parser["tokens"])
    parser["states"] = {state: _numbered(actions) for state, actions in _numbered(parser["states"]).items()}
    made: Lark = Lark._load_from_dict(data, _numbered(memo), **code)  # type: ignore[no-untyped-call]
    return made


def _numbered(table: dict[str, Any]) -> dict[int, Any]:
    return {int(key): value for key, value in table.items()}


def _read(path: Path, key: str) -> Any:
    """The tables kept in a file; None where they are not to be believed."""
    try:
        with os.fdopen(open_regular(path, follow=True), "rb") as file:
            status = os.fstat(file.fileno())
            if status.st_uid != os.getuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                return None
            checksum, body = file.read().split(b"\n", 1)
        if int(checksum, 16) != zlib.crc32(body):
            return None
        written = parse(body)
        return written["tables"] if written["key"] == key else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _write(path: Path, key: str, tables: list[Any]) -> None:
    body = dump({"key": key, "tables": tables}).encode()
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, b"%08x\n" % zlib.crc32(body) + body)
