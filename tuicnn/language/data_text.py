"""A data set by its text, as it stands behind `data:` in a net."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tuicnn.errors import UserError
from tuicnn.language.checking import check

if TYPE_CHECKING:
    from tuicnn.data import DataSpec

__all__ = ["data_named", "text_of_data"]


def text_of_data(what: str) -> str:
    """The text of a data set behind `data:`, for that text itself or for the path of a person's own: `folder "photos"`.

    Raises `UserError` where it is a file of another kind.
    """
    from tuicnn.data.places import FILE_WORDS, word_for
    from tuicnn.vocabulary import show, vocabulary

    path = Path(what)
    word = what.split()[0] if what.strip() else ""
    if word in vocabulary("data") or not path.exists():
        return what
    if path.is_file() and path.suffix.lower() not in FILE_WORDS:
        raise UserError(f"{what} is no data set: give a folder of pictures, or a {' or '.join(FILE_WORDS)} file.")
    return f"{word_for(path)} {show(what)}"


def data_named(text: str) -> DataSpec:
    """The data set that a `text` names; its paths start from the working folder. Raises `UserError`."""
    if "\n" in text:
        raise UserError('A data set is written in one line, as behind data: in a net: npz "mine.npz"')
    # shape and classes stand in for the data's own, which is not looked for
    checked = check(f"data: {text}\nflatten -> dense 2\n", working=Path.cwd(), input=(1, 1, 1), classes=2)
    if checked.plan is None:
        first = next(each.message for each in checked.diagnostics if each.severity == "error")
        said = first if first.endswith(("?", ".")) else f"{first}."
        raise UserError(f'`{text}` names no data: {said} Write it as in a net: npz "mine.npz"')
    return checked.plan.data
