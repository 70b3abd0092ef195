"""The notebooks run as they stand, and are kept with what they show."""

from __future__ import annotations

import ast
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.notebooks import NOTEBOOKS, executed

IN_A_KERNEL = all(map(find_spec, ("nbclient", "nbformat", "ipykernel")))


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def shown(cell: Any) -> set[str]:
    """The types of what a cell displays, and its errors; not what is printed, for a busy machine says that it is."""
    kinds = {kind for output in cell["outputs"] for kind in (output.get("data") or [output.get("name", "error")])}
    return kinds - {"stdout"}


@pytest.mark.processes
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore:::zmq", "ignore:::jupyter_client", "ignore:::nbformat")
def test_it_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = json.loads(path.read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in code_cells(kept)]
    if not IN_A_KERNEL:  # the code alone: a notebook is an extra
        monkeypatch.chdir(tmp_path)
        exec(compile("\n".join(cells), str(path), "exec"), {"__name__": "notebook"})
        return
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    done = executed(path, tmp_path)
    text = json.dumps(done)
    assert "\\u001b" not in text
    assert "stderr" not in text
    assert [shown(cell) for cell in code_cells(done)] == [shown(cell) for cell in code_cells(kept)]
    for cell in code_cells(done):  # a training stands once in the cell that it is the value of
        if "fit(data).run()" in "".join(cell["source"]):
            assert sum("data" in output for output in cell["outputs"]) == 1


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_ends_in_a_value_is_kept_with_what_it_shows(path: Path) -> None:
    """A cell that was changed is run anew: python -m tests.notebooks."""
    for cell in code_cells(json.loads(path.read_text(encoding="utf-8"))):
        source = "".join(cell["source"])
        assert cell["execution_count"] is not None, source
        value = isinstance(last := ast.parse(source).body[-1], ast.Expr) and not ast.unparse(last).startswith("print(")
        assert bool(shown(cell)) == (value or "fit(data" in source), source
