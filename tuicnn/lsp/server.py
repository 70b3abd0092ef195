"""The server itself: which request is answered by what."""

from __future__ import annotations

import os
import sys
from pathlib import PurePath

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tuicnn.highlighting import NetLexer
from tuicnn.language import UnreadableError, format_text

from .colours import LEGEND, semantic_tokens
from .completion import complete, documented
from .hints import inlay_hints
from .hover import hover
from .navigation import definition, highlights, outline, references
from .renaming import RenameError, prepare, rename
from .texts import NetServer

__all__ = ["serve"]


def _new_server() -> NetServer:
    server = NetServer()
    _text_events(server)
    _questions(server)
    _changes(server)
    return server


def _text_events(server: NetServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        document = params.text_document
        # an editor that does not know the language may open all sorts of files here
        if document.language_id in NetLexer.aliases or PurePath(document.uri).suffix == ".net":
            server.begin(document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        server.changed(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        # another text may include this one
        for uri in server.open:
            server.changed(uri, after=0)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        server.forget(params.text_document.uri)


def _questions(server: NetServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hovered(params: types.HoverParams) -> types.Hover | None:
        analysis = await server.analysis(params.text_document.uri)
        return hover(analysis, analysis.page.place(params.position)) if analysis else None

    # not the space and `>`: then Enter behind them would take what is offered, where a new line is meant
    triggers = types.CompletionOptions(trigger_characters=["=", "@", "("], resolve_provider=True)

    @server.feature(types.TEXT_DOCUMENT_COMPLETION, triggers)
    async def completed(params: types.CompletionParams) -> list[types.CompletionItem]:
        analysis = await server.analysis(params.text_document.uri)
        if analysis is None:
            return []
        return complete(analysis, analysis.page.place(params.position), snippets=server.snippets())

    @server.feature(types.COMPLETION_ITEM_RESOLVE)
    def chosen(item: types.CompletionItem) -> types.CompletionItem:
        return documented(item)

    @server.feature(types.TEXT_DOCUMENT_INLAY_HINT)
    async def hinted(params: types.InlayHintParams) -> list[types.InlayHint]:
        analysis = await server.analysis(params.text_document.uri)
        return inlay_hints(analysis, params.range) if analysis else []

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    async def defined(params: types.DefinitionParams) -> types.Location | None:
        analysis = await server.analysis(params.text_document.uri)
        return definition(analysis, analysis.page.place(params.position)) if analysis else None

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    async def used(params: types.ReferenceParams) -> list[types.Location]:
        analysis = await server.analysis(params.text_document.uri)
        if analysis is None:
            return []
        place = analysis.page.place(params.position)
        return references(analysis, place, with_definition=params.context.include_declaration)

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
    async def highlighted(params: types.DocumentHighlightParams) -> list[types.DocumentHighlight]:
        analysis = await server.analysis(params.text_document.uri)
        return highlights(analysis, analysis.page.place(params.position)) if analysis else []

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    async def outlined(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        analysis = await server.analysis(params.text_document.uri)
        return outline(analysis) if analysis else []

    @server.feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, LEGEND)
    async def coloured(params: types.SemanticTokensParams) -> types.SemanticTokens:
        page = server.page(params.text_document.uri)
        return types.SemanticTokens(await server.work(semantic_tokens, page) if page is not None else [])


def _changes(server: NetServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_FORMATTING)
    async def formatted(params: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
        page = server.page(params.text_document.uri)
        if page is None:
            return None
        try:
            text = await server.work(format_text, page.text)
        except UnreadableError:
            return None  # the problems are shown where they stand
        return [types.TextEdit(page.whole(), text)] if text != page.text else []

    @server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
    async def asked(params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder | None:
        analysis = await server.analysis(params.text_document.uri)
        return prepare(analysis, analysis.page.place(params.position)) if analysis else None

    @server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
    async def renamed(params: types.RenameParams) -> types.WorkspaceEdit | None:
        analysis = await server.analysis(params.text_document.uri)
        if analysis is None:
            return None
        others = [await server.analysis(uri) for uri in list(server.open)]
        try:
            return rename(
                analysis, analysis.page.place(params.position), params.new_name, [o for o in others if o is not None]
            )
        except RenameError as error:
            raise JsonRpcException(str(error), code=types.LSPErrorCodes.RequestFailed) from None


def serve() -> None:
    """Serve the editor that started this process, by its standard input and output, until it says goodbye."""
    # the output is the protocol's: what anything else prints goes to the errors
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _new_server().start_io(stdout=output)
