"""Where a problem is shown, what is said of it, and which have a fix."""

from __future__ import annotations

from pathlib import Path

from tests.language.editing.marked import CURSOR, marked
from tuicnn.language.editing import fixable, problems, read_document, safely_fixable


def test_a_problem_of_an_included_file_stands_where_it_is_included(tmp_path: Path) -> None:
    (tmp_path / "blocks.net").write_text("def wide(c) = covn c 3x3\n")
    document = read_document('relu\ninclude: "blocks.net"\nflatten -> dense 10\n', tmp_path / "my.net")
    problem = next(p for p in problems(document) if "covn" in p.diagnostic.message)
    assert (problem.span.line, problem.span.column) == (2, 10)
    assert document.is_own(problem.span)
    assert "help: write `conv`" in problem.text()
    assert problem not in fixable(document, (1, 1), (9, 1))  # its fix is one of another file


def test_what_has_a_fix_is_found_from_the_place_of_its_problem() -> None:
    document, place = marked(f"co{CURSOR}vn 8 3x3 => relu -> flaten -> dense 10\n")
    assert ["covn" in p.diagnostic.message for p in fixable(document, place, place)] == [True]
    assert fixable(document, (1, 6), (1, 8)) == []
    assert len(fixable(document, (1, 1), (2, 1))) == 3
    assert ["=>" in p.diagnostic.message for p in safely_fixable(document)] == [True]
