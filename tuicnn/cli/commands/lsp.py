"""tuicnn lsp: the language server."""

from __future__ import annotations

import sys

from tuicnn.cli.group import main
from tuicnn.cli.output.streams import is_terminal
from tuicnn.errors import UserError

__all__ = ["lsp"]


@main.command()
def lsp() -> None:
    """Serve an editor: problems, shapes, completion and more as you type. The editor starts it, not you."""
    try:
        from tuicnn.lsp.server import serve
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        raise UserError(
            "the language server needs a package more; install it, in the clone of tuicnn: pip install -e '.[lsp]'"
        ) from None
    if is_terminal(sys.stdin):
        raise UserError("tuicnn lsp speaks with an editor, which starts it; docs/editors.md says how to set yours up")
    serve()
