"""The notebooks in docs/notebooks, run anew.

python -m tests.notebooks          # each in a kernel of its own; what they show is kept in them

They are kept with what they show, so that they can be read where nothing runs.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

__all__ = ["NOTEBOOKS", "executed"]

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent / "docs" / "notebooks").glob("*.ipynb"))
_TIMEOUT = 240  # seconds of a cell


def executed(path: Path, folder: Path) -> Any:
    """A notebook with what its cells give, run in `folder` by a kernel of this Python. Raises where a cell does."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=_TIMEOUT, kernel_name="python3", resources=resources).execute()
    for cell in notebook.cells:
        cell.metadata.clear()  # when it was run
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook


if __name__ == "__main__":
    import tempfile

    import nbformat

    for each in NOTEBOOKS:
        with tempfile.TemporaryDirectory() as place:
            nbformat.write(executed(each, Path(place)), each)
        sys.stdout.write(f"{each.name}: {each.stat().st_size:,} bytes\n")
