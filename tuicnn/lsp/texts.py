"""The open texts: each state of a text is checked once, in a thread, and what is asked of it is answered from that.

Problems are shown a moment after the last keystroke. A request that comes while a text is being checked waits for that
check, if its state is new enough, or for the next: while someone types, no check is begun that nobody needs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from tuicnn.version import __version__

from .analysis import Analysis, analyse
from .positions import Page
from .problems import diagnostics

__all__ = ["NetServer"]

T = TypeVar("T")
R = TypeVar("R")

#: seconds without a keystroke after which problems are shown
_PAUSE = 0.15


@dataclass
class _Open:
    """A text that is open in the editor."""

    #: counts its states; `analysis` is of the state `analysed`, which the client calls `version`
    number: int = 1
    analysed: int = 0
    analysis: Analysis | None = None
    version: int | None = None
    #: the check that is under way, and the pause before its problems are shown
    under_way: asyncio.Task[None] | None = field(default=None, repr=False)
    pause: asyncio.Task[None] | None = field(default=None, repr=False)


class NetServer(LanguageServer):
    """A language server that knows its open texts, and nothing yet of what may be asked."""

    def __init__(self) -> None:
        # The client sends the whole text with each change: a network is short, and there is one way less to differ on
        # what a line is.
        super().__init__("tuicnn", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full)
        self.open: dict[str, _Open] = {}
        self.checker = ThreadPoolExecutor(1, thread_name_prefix="check")

    async def analysis(self, uri: str) -> Analysis | None:
        """The analysis of a text as it stands now, or a moment later; None for one that is not open."""
        state = self.open.get(uri)
        if state is None:
            return None
        wanted = state.number
        while state.analysed < wanted and self.open.get(uri) is state:
            if state.under_way is None:
                state.under_way = asyncio.get_running_loop().create_task(self._analyse(uri, state))
            # shielded: that one who asked gives up must not keep the others from the answer
            await asyncio.shield(state.under_way)
        return state.analysis

    async def _analyse(self, uri: str, state: _Open) -> None:
        document = self.workspace.get_text_document(uri)
        number, version = state.number, document.version
        loop = asyncio.get_running_loop()
        codec = self.workspace.position_codec
        try:
            state.analysis = await loop.run_in_executor(self.checker, analyse, Page(uri, document.source, codec))
            state.analysed, state.version = number, version
        finally:
            state.under_way = None

    async def work(self, function: Callable[[T], R], given: T) -> R:
        """Do what may take a while in the thread in which texts are checked."""
        return await asyncio.get_running_loop().run_in_executor(self.checker, function, given)

    def begin(self, uri: str) -> None:
        """A text was opened."""
        self.open[uri] = _Open()
        self._show_problems(uri, self.open[uri], after=0)

    def changed(self, uri: str, after: float = _PAUSE) -> None:
        """A text, or a file that it may include, has changed; its problems are shown after so many seconds."""
        state = self.open.get(uri)
        if state is not None:
            state.number += 1
            self._show_problems(uri, state, after)

    def _show_problems(self, uri: str, state: _Open, after: float) -> None:
        if state.pause is not None:
            state.pause.cancel()
        state.pause = asyncio.get_running_loop().create_task(self._publish(uri, after))

    async def _publish(self, uri: str, after: float) -> None:
        await asyncio.sleep(after)
        analysis, state = await self.analysis(uri), self.open.get(uri)
        if analysis is None or state is None:
            return
        shown = diagnostics(analysis, related=self.related())
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, shown, state.version))

    def forget(self, uri: str) -> None:
        """A text was closed: nothing more is said of it."""
        state = self.open.pop(uri, None)
        if state is None:
            return
        if state.pause is not None:
            state.pause.cancel()
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    def page(self, uri: str) -> Page | None:
        """A text as it stands now, unchecked; None for one that is not open."""
        if uri not in self.open:
            return None
        return Page(uri, self.workspace.get_text_document(uri).source, self.workspace.position_codec)

    def related(self) -> bool:
        """Whether the client shows places that belong to a problem."""
        about = self.client_capabilities.text_document
        published = about.publish_diagnostics if about is not None else None
        return bool(published is not None and published.related_information)

    def snippets(self) -> bool:
        """Whether the client goes through the fields of what is completed."""
        about = self.client_capabilities.text_document
        item = about.completion.completion_item if about is not None and about.completion is not None else None
        return bool(item is not None and item.snippet_support)
