"""A data set by its text, as it stands behind `data:` in a net."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tuicnn.errors import UserError
from tuicnn.language.checking import check

if TYPE_CHECKING:
    from tuicnn.data import DataSpec

__all__ = ["data_named"]


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
