"""`tuicnn lsp`, as an editor meets it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from lsprotocol import types

from tests.conftest import ROOT, Run
from tests.faults.terminal import Terminal, plain
from tests.lsp.conftest import PATIENCE, Editor

BROKEN = "conv 8 3x3 strid=1 -> flatten -> dense 10\n"
FIXED = "conv 8 3x3 stride=1 -> flatten -> dense 10\n"

NET = """\
data: mnist   # 😀 😀
w = 4
def wide(c, k=3) = conv c k pad=same -> relu
conv w 3x3 as stem -> relu
2 * wide w   # 😀 twice
concat { identity | @stem -> wide(w, k=1) }
flatten -> dense 10
"""


async def test_problems_come_and_go(editor: Editor) -> None:
    found = await editor.open(BROKEN)
    assert [(d.severity, d.code, d.source) for d in found] == [(types.DiagnosticSeverity.Error, "name", "tuicnn")]
    assert (found[0].range.start, found[0].range.end) == (editor.at("strid"), editor.at("strid", after=True))
    assert "Did you mean `stride`?" in found[0].message
    editor.type(FIXED)
    assert await editor.diagnostics() == []
    editor.type("conv 8 3x3 stride=2 -> flatten -> dense 10\n")
    assert [d.severity for d in await editor.diagnostics()] == [types.DiagnosticSeverity.Warning]


async def test_an_editing_session(editor: Editor) -> None:
    assert await editor.open(NET) == []

    assert "**1x28x28 → 4x26x26** · 40 weights · 24,336 multiply-adds an image" in await editor.hover("conv w")
    assert "constant" not in await editor.hover("w = 4")
    assert "must be given" in await editor.hover("3x3 as")

    hints = await editor.hints()
    assert hints[4] == "→ 4x26x26 · 40 weights"
    assert hints[6] == "→ 8x26x26 · 20 weights"
    assert hints[7] == "→ 10 values · 54,090 weights"
    assert set(hints) == {3, 4, 5, 6, 7}

    where = await editor.definition("wide w")
    assert where is not None
    assert (where.uri, where.range.start) == (editor.uri, editor.at("wide(c"))

    renamed = await editor.rename("wide w", "broad")
    assert renamed == NET.replace("wide", "broad")

    offered = await editor.complete("dense")
    assert {"dense", "wide"} <= set(offered)
    chosen = await editor.client.completion_item_resolve_async(offered["dense"])
    assert isinstance(chosen.documentation, types.MarkupContent)
    assert "dense N" in chosen.documentation.value

    symbols = await editor.client.text_document_document_symbol_async(
        types.DocumentSymbolParams(types.TextDocumentIdentifier(editor.uri))
    )
    assert [s.name for s in symbols or ()] == ["data:", "w", "wide(c, k)", "stem"]

    editor.type("conv   8 3x3   ->relu->   flatten ->dense 10")
    await editor.diagnostics()
    assert await editor.format() == "conv 8 3x3 -> relu -> flatten -> dense 10\n"
    editor.type("conv 8 3x3 -> {")
    await editor.diagnostics()
    assert await editor.format() is None


async def test_a_file_that_is_included(editor: Editor) -> None:
    blocks = editor.path.parent / "blocks.net"
    blocks.write_text("def wide(c) = conv c 3x3 pad=same -> relu\n")
    assert await editor.open('include: "blocks.net"\nwide 4 -> flatten -> dense 10\n') == []
    where = await editor.definition("wide")
    assert where is not None
    assert (where.uri, where.range.start) == (blocks.as_uri(), types.Position(0, 4))
    file = await editor.definition('"blocks')
    assert file is not None
    assert file.uri == blocks.as_uri()
    with pytest.raises(Exception, match="rename it there"):
        await editor.rename("wide", "broad")

    # a mistake in it is shown where it is included, and leads to its own place; and goes when it is mended and saved
    blocks.write_text("def wide(c) = covn c 3x3 pad=same -> relu\n")
    save = types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(editor.uri))
    editor.client.text_document_did_save(save)
    (found,) = await editor.diagnostics()
    assert found.range.start == editor.at('"blocks.net"')
    assert "covn" in found.message
    assert [(r.location.uri, r.location.range.start.character) for r in found.related_information or ()][:1] == [
        (blocks.as_uri(), 14)
    ]
    blocks.write_text("def wide(c) = conv c 3x3 pad=same -> relu\n")
    editor.client.text_document_did_save(save)
    assert await editor.diagnostics() == []


async def test_other_files_are_left_alone(editor: Editor) -> None:
    """An editor that does not know the language is told to open plain text here: what is no net is none of ours."""
    notes = types.TextDocumentItem((editor.path.parent / "notes.txt").as_uri(), "plaintext", 1, "conv what?")
    editor.client.text_document_did_open(types.DidOpenTextDocumentParams(notes))
    here = types.TextDocumentIdentifier(notes.uri)
    assert not await editor.client.text_document_document_symbol_async(types.DocumentSymbolParams(here))
    assert len(await editor.open(BROKEN)) == 1
    assert editor.published.empty()


async def test_typing_a_program_character_by_character(editor: Editor) -> None:
    """At each keystroke something is asked; the server lives, answers, and ends with what the whole text gives."""
    await editor.open("")
    waiting = []
    for end in range(1, len(NET) + 1):
        editor.type(NET[:end])
        here = {"text_document": types.TextDocumentIdentifier(editor.uri), "position": editor.at(NET[:end], after=True)}
        questions = (
            lambda here=here: editor.client.text_document_completion_async(types.CompletionParams(**here)),
            lambda here=here: editor.client.text_document_hover_async(types.HoverParams(**here)),
            lambda: editor.hints(),
            lambda: editor.format(),
            lambda here=here: editor.client.text_document_semantic_tokens_full_async(
                types.SemanticTokensParams(here["text_document"])
            ),
            lambda here=here: editor.client.text_document_prepare_rename_async(types.PrepareRenameParams(**here)),
        )
        waiting.append(asyncio.ensure_future(questions[end % len(questions)]()))
        await asyncio.sleep(0)
    await asyncio.wait_for(asyncio.gather(*waiting), PATIENCE)
    assert await editor.diagnostics() == []
    assert (await editor.hints())[7] == "→ 10 values · 54,090 weights"


@pytest.mark.parametrize("encoding", [types.PositionEncodingKind.Utf8, types.PositionEncodingKind.Utf32])
async def test_an_editor_that_counts_otherwise(
    tmp_path: Path, environment: dict[str, str], encoding: types.PositionEncodingKind
) -> None:
    editor = Editor(tmp_path / "my.net", [encoding])
    started = await editor.start(environment)
    assert started.capabilities.position_encoding == encoding
    text = 'data: folder "😀é" strid=2\nconv 8 3x3 -> flatten -> dense 10\n'
    found = await editor.open(text)
    before = text[: text.index("strid")]
    units = len(before.encode()) if encoding is types.PositionEncodingKind.Utf8 else len(before)
    assert units in [d.range.start.character for d in found]
    assert await editor.stop() == 0


def test_what_it_prints_is_the_protocol_alone(tmp_path: Path, environment: dict[str, str]) -> None:
    """Whatever is printed meanwhile does not come between the messages."""
    code = (
        "import tuicnn.lsp.server as server, tuicnn.lsp.texts as texts\n"
        "inner = texts.analyse\n"
        "def analyse(*given):\n"
        "    print('a line that nobody asked for', flush=True)\n"
        "    return inner(*given)\n"
        "texts.analyse = analyse\n"
        "server.serve()\n"
    )
    messages: list[dict[str, object]] = [
        {"id": 1, "method": "initialize", "params": {"processId": None, "rootUri": None, "capabilities": {}}},
        {"method": "initialized", "params": {}},
        {
            "method": "textDocument/didOpen",
            "params": {"textDocument": {"uri": "untitled:my", "languageId": "net", "version": 1, "text": "relu"}},
        },
        {"id": 2, "method": "textDocument/documentSymbol", "params": {"textDocument": {"uri": "untitled:my"}}},
        {"id": 3, "method": "shutdown"},
        {"method": "exit"},
    ]
    sent = b""
    for message in messages:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        sent += b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    done = subprocess.run(
        [sys.executable, "-c", code], input=sent, capture_output=True, env=environment, timeout=PATIENCE, check=False
    )
    left, answered = done.stdout, []
    while left:
        head, _, left = left.partition(b"\r\n\r\n")
        assert head.startswith(b"Content-Length: ")
        length = int(head.split(b"\r\n")[0].removeprefix(b"Content-Length: "))
        answered.append(json.loads(left[:length]).get("id"))
        left = left[length:]
    assert {1, 2, 3} <= set(answered)
    assert b"a line that nobody asked for" in done.stderr
    assert done.returncode == 0


def test_who_types_it_is_told_that_an_editor_does(tmp_path: Path, environment: dict[str, str]) -> None:
    with Terminal([sys.executable, "-m", "tuicnn", "lsp"], tmp_path, environment) as shell:
        assert shell.ended() == 1
        assert "docs/editors.md" in plain(shell.said)


def test_without_its_packages_it_says_how_to_have_them(tuicnn: Run, tmp_path: Path) -> None:
    (tmp_path / "pygls.py").write_text("raise ModuleNotFoundError(\"No module named 'pygls'\", name='pygls')")
    done = tuicnn("lsp", PYTHONPATH=f"{tmp_path}:{ROOT}")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "pip install -e '.[lsp]'" in done.stderr


async def test_a_fix_is_offered_where_its_problem_is_and_all_safe_ones_at_once(editor: Editor) -> None:
    text = "# 😀\nconv 8 3x3 => relu, 😀\nflaten -> dense 12 # why\n"
    await editor.open(text)
    fixes = await editor.actions("=>")
    assert [(a.title, a.kind, a.is_preferred) for a in fixes][:1] == [
        ("write `->`", types.CodeActionKind.QuickFix, True)
    ]
    assert editor.acted(fixes[0]) == text.replace("=>", "->")
    (found, *_) = await editor.actions("flaten", types.CodeActionKind.QuickFix)
    assert (found.title, found.is_preferred) == ("write `flatten`", None)
    assert [d.code for d in found.diagnostics or ()] == ["name"]
    (everything,) = await editor.actions("# why", types.CodeActionKind.Source)
    assert editor.acted(everything) == text.replace("=>", "->").replace(",", "")
    editor.type(FIXED)
    await editor.diagnostics()
    assert await editor.actions("conv") == []
