"""A real client that talks to `tuicnn lsp` over its standard input and output, as an editor does."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.lsp.client import LanguageClient

#: seconds that an answer may take on a machine that is busy with other things
PATIENCE = 60


class Editor:
    """One open file in a client, and what the server has said of it."""

    def __init__(self, path: Path, encodings: list[types.PositionEncodingKind] | None = None) -> None:
        self.path = path
        self.uri = path.as_uri()
        self.encodings = encodings
        self.version = 0
        self.text = ""
        self.client = LanguageClient("tests", "1")
        self.published: asyncio.Queue[types.PublishDiagnosticsParams] = asyncio.Queue()
        self.messages: list[str] = []

        def shown(params: types.ShowMessageParams) -> None:
            self.messages.append(params.message)

        feature: Callable[[str], Callable[[Any], Any]] = self.client.feature
        feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(lambda params: self.published.put_nowait(params))
        feature(types.WINDOW_SHOW_MESSAGE)(shown)

    async def start(self, environment: dict[str, str]) -> types.InitializeResult:
        await self.client.start_io(sys.executable, "-m", "tuicnn", "lsp", env=environment, cwd=str(self.path.parent))
        item = types.ClientCompletionItemOptions(snippet_support=True)
        capabilities = types.ClientCapabilities(
            general=types.GeneralClientCapabilities(position_encodings=self.encodings),
            text_document=types.TextDocumentClientCapabilities(
                completion=types.CompletionClientCapabilities(completion_item=item),
                publish_diagnostics=types.PublishDiagnosticsClientCapabilities(related_information=True),
            ),
        )
        started = await self.client.initialize_async(
            types.InitializeParams(capabilities=capabilities, root_uri=self.path.parent.as_uri())
        )
        self.client.initialized(types.InitializedParams())
        return started

    async def stop(self) -> int | None:
        """Say goodbye; the exit code of the server."""
        await asyncio.wait_for(self.client.shutdown_async(None), PATIENCE)
        self.client.exit(None)
        stop: Callable[[], Awaitable[None]] = self.client.stop
        await asyncio.wait_for(stop(), PATIENCE)
        assert self.client._server is not None
        return self.client._server.returncode

    # --- what a person does in it -----------------------------------------------------------------------------------

    async def open(self, text: str) -> list[types.Diagnostic]:
        """Open the file with a text; what is said of it."""
        self.text = text
        self.version += 1
        self.client.text_document_did_open(
            types.DidOpenTextDocumentParams(types.TextDocumentItem(self.uri, "net", self.version, text))
        )
        return await self.diagnostics()

    def type(self, text: str) -> None:
        """Let the file have another text."""
        self.text = text
        self.version += 1
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(uri=self.uri, version=self.version),
                [types.TextDocumentContentChangeWholeDocument(text)],
            )
        )

    async def diagnostics(self) -> list[types.Diagnostic]:
        """What is said of the text as it is now."""
        while True:
            params = await asyncio.wait_for(self.published.get(), PATIENCE)
            if params.uri == self.uri and params.version == self.version:
                return list(params.diagnostics)

    def at(self, text: str, after: bool = False) -> types.Position:
        """The position of the first place where `text` stands, in UTF-16 units; with `after`, behind it."""
        offset = self.text.index(text) + (len(text) if after else 0)
        lines = self.text[:offset].replace("\r\n", "\n").split("\n")
        return types.Position(len(lines) - 1, len(lines[-1].encode("utf-16-le")) // 2)

    def _here(self, text: str, after: bool) -> dict[str, Any]:
        return {"text_document": types.TextDocumentIdentifier(self.uri), "position": self.at(text, after)}

    async def hover(self, text: str) -> str:
        found = await self.client.text_document_hover_async(types.HoverParams(**self._here(text, False)))
        if found is None:
            return ""
        assert isinstance(found.contents, types.MarkupContent)
        return found.contents.value

    async def complete(self, text: str) -> dict[str, types.CompletionItem]:
        """What may be written behind the first place where `text` stands."""
        found = await self.client.text_document_completion_async(types.CompletionParams(**self._here(text, True)))
        assert isinstance(found, list)
        return {item.label: item for item in found}

    async def definition(self, text: str) -> types.Location | None:
        found = await self.client.text_document_definition_async(types.DefinitionParams(**self._here(text, False)))
        assert found is None or isinstance(found, types.Location)
        return found

    async def rename(self, text: str, name: str) -> str:
        """The text after the name at the first place where `text` stands was changed."""
        edit = await self.client.text_document_rename_async(
            types.RenameParams(**self._here(text, False), new_name=name)
        )
        assert edit is not None
        assert edit.changes is not None
        return self.edited(list(edit.changes[self.uri]))

    async def hints(self) -> dict[int, str]:
        """The hint beside each line, by number."""
        whole = types.Range(types.Position(0, 0), types.Position(self.text.count("\n") + 1, 0))
        found = await self.client.text_document_inlay_hint_async(
            types.InlayHintParams(types.TextDocumentIdentifier(self.uri), whole)
        )
        return {hint.position.line + 1: str(hint.label) for hint in found or ()}

    async def actions(self, text: str, *only: types.CodeActionKind) -> list[types.CodeAction]:
        """What is offered to be done about the first place where `text` stands."""
        place = types.Range(self.at(text), self.at(text, True))
        found = await self.client.text_document_code_action_async(
            types.CodeActionParams(
                types.TextDocumentIdentifier(self.uri), place, types.CodeActionContext([], list(only) or None)
            )
        )
        return [action for action in found or () if isinstance(action, types.CodeAction)]

    def acted(self, action: types.CodeAction) -> str:
        """The text after an action."""
        assert action.edit is not None
        assert action.edit.changes is not None
        return self.edited(list(action.edit.changes[self.uri]))

    async def format(self) -> str | None:
        edits = await self.client.text_document_formatting_async(
            types.DocumentFormattingParams(types.TextDocumentIdentifier(self.uri), types.FormattingOptions(4, True))
        )
        return None if edits is None else self.edited(list(edits))

    def edited(self, edits: list[Any]) -> str:
        """The text with edits, whose units are UTF-16's."""
        lines = self.text.replace("\r\n", "\n").split("\n")
        starts = [sum(len(line) + 1 for line in lines[:i]) for i in range(len(lines))]

        def offset(position: types.Position) -> int:
            line = lines[position.line].encode("utf-16-le")[: 2 * position.character]
            return starts[position.line] + len(line.decode("utf-16-le"))

        text = "\n".join(lines)
        for edit in sorted(edits, key=lambda e: offset(e.range.start), reverse=True):
            text = text[: offset(edit.range.start)] + edit.new_text + text[offset(edit.range.end) :]
        return text


@pytest.fixture
async def editor(tmp_path: Path, environment: dict[str, str]) -> AsyncIterator[Editor]:
    """A client with the server started, and nothing open yet."""
    folder = tmp_path / "work"
    folder.mkdir()
    editor = Editor(folder / "my.net")
    await editor.start(environment)
    yield editor
    assert await editor.stop() == 0
    assert editor.messages == []
