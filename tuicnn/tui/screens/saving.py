"""Saves a text with the questions that this takes. To be called in a worker of the app: a dialog is waited for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.app import App

from tuicnn.display.terminal import TerminalProfile
from tuicnn.errors import UserError
from tuicnn.tui.editor.desk import OpenText
from tuicnn.tui.editor.edited_file import ChangedError
from tuicnn.tui.screens.question import NameScreen, QuestionScreen

__all__ = ["save", "save_as"]

OVER, TAKE, ELSEWHERE = "o", "t", "a"
ANSWERS = (
    (OVER, "write this text over it"),
    (TAKE, "take the file's text (ctrl+u brings this one back)"),
    (ELSEWHERE, "save this one under another name"),
)


async def save(app: App[Any], terminal: TerminalProfile, text: OpenText, take: Callable[[str], object]) -> str:
    """Save a text to its file, or under another name where that stays as it is; what became of it, as a sentence.

    Where another program wrote to the file, whose text is kept is asked; `take` is called with the file's text.
    """
    if refusal := text.file.refusal:
        return await save_as(app, terminal, text, refusal)
    try:
        text.file.save(text.buffer.text)
    except ChangedError as changed:
        answer = await app.push_screen_wait(QuestionScreen(terminal, "Save", str(changed), ANSWERS))
        if answer == ELSEWHERE:
            return await save_as(app, terminal, text)
        try:
            if answer == TAKE:
                take(text.file.take())
                return f"the text of {text.file.name} is here"
            if answer != OVER:
                return ""
            text.file.save(text.buffer.text, over=True)
        except UserError as error:
            return str(error)
    except UserError as error:
        return str(error)
    text.keep_draft()
    return f"saved to {text.file.name}"


async def save_as(app: App[Any], terminal: TerminalProfile, text: OpenText, why: str = "") -> str:
    """Ask for a name until the text is saved under it, or the person has had enough; see `save`."""
    question, name = f"{why} Save it as:".strip(), str(text.file.suggestion())
    while True:
        name = await app.push_screen_wait(NameScreen(terminal, "Save as", question, name))
        if not name:
            return ""
        try:
            text.file = text.file.save_as(Path(name).expanduser(), text.buffer.text)
        except ChangedError:
            question = f"{name} is there already and stays as it is; choose another name:"
        except (UserError, RuntimeError, ValueError) as error:  # no such home folder, a name with a NUL
            question = str(error)
        else:
            text.keep_draft()
            return f"saved to {text.file.name}"
