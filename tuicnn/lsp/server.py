"""The server itself: which request is answered by what."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tuicnn.language import UnreadableError, format_text
from tuicnn.language.editing import RenameError
from tuicnn.language.highlighting import NetLexer

from . import answers
from .analysis import Analysis
from .colours import LEGEND, semantic_tokens
from .problems import code_actions
from .texts import NetServer

__all__ = ["serve"]


def _new_server() -> NetServer:
    server = NetServer()
    _text_events(server)
    _questions(server)
    _whole_texts(server)
    _renaming(server)
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
    """What is answered from the analysis of a text; the answer for a text that is not open is nothing."""

    def answer(feature: str, by: Callable[[Analysis, Any], Any], options: Any = None) -> None:
        async def answered(params: Any) -> Any:
            analysis = await server.analysis(params.text_document.uri)
            return by(analysis, params) if analysis is not None else None

        server.feature(feature, options)(answered)

    def answer_at(feature: str, by: Callable[..., Any]) -> None:
        answer(feature, lambda analysis, params: by(analysis, analysis.page.place(params.position)))

    answer_at(types.TEXT_DOCUMENT_HOVER, answers.hover)
    answer_at(types.TEXT_DOCUMENT_DEFINITION, answers.definition)
    answer_at(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, answers.highlights)
    answer_at(types.TEXT_DOCUMENT_PREPARE_RENAME, answers.prepare_rename)
    answer(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, lambda analysis, _: answers.outline(analysis))
    answer(types.TEXT_DOCUMENT_INLAY_HINT, lambda analysis, params: answers.inlay_hints(analysis, params.range))

    @server.feature(types.COMPLETION_ITEM_RESOLVE)
    def chosen(item: types.CompletionItem) -> types.CompletionItem:
        return answers.documented(item)

    def complete(analysis: Analysis, params: types.CompletionParams) -> list[types.CompletionItem]:
        return answers.complete(analysis, analysis.page.place(params.position), snippets=server.snippets())

    # not the space and `>`: then Enter behind them would take what is offered, where a new line is meant
    triggers = types.CompletionOptions(trigger_characters=["=", "@", "("], resolve_provider=True)
    answer(types.TEXT_DOCUMENT_COMPLETION, complete, triggers)

    def references(analysis: Analysis, params: types.ReferenceParams) -> list[types.Location]:
        place, with_definition = analysis.page.place(params.position), params.context.include_declaration
        return answers.references(analysis, place, with_definition=with_definition)

    answer(types.TEXT_DOCUMENT_REFERENCES, references)

    def actions(analysis: Analysis, params: types.CodeActionParams) -> list[types.CodeAction]:
        return code_actions(analysis, params.range, related=server.related(), only=params.context.only)

    kinds = types.CodeActionOptions([types.CodeActionKind.QuickFix, types.CodeActionKind.SourceFixAll])
    answer(types.TEXT_DOCUMENT_CODE_ACTION, actions, kinds)


def _whole_texts(server: NetServer) -> None:
    """What needs no check of the text."""

    @server.feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, LEGEND)
    async def coloured(params: types.SemanticTokensParams) -> types.SemanticTokens:
        page = server.page(params.text_document.uri)
        return types.SemanticTokens(await server.work(semantic_tokens, page) if page is not None else [])

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


def _renaming(server: NetServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
    async def renamed(params: types.RenameParams) -> types.WorkspaceEdit | None:
        analysis = await server.analysis(params.text_document.uri)
        if analysis is None:
            return None
        found = [await server.analysis(uri) for uri in list(server.open)]
        place, open_texts = analysis.page.place(params.position), [each for each in found if each is not None]
        try:
            return answers.rename(analysis, place, params.new_name, open_texts)
        except RenameError as error:
            raise JsonRpcException(str(error), code=types.LSPErrorCodes.RequestFailed) from None


def serve() -> None:
    """Serve the editor that started this process, by its standard input and output, until it says goodbye."""
    # the output is the protocol's: what anything else prints goes to the errors
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _new_server().start_io(stdout=output)
