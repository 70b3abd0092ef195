"""Files that can be read, and what is said of those that cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuicnn.language import Diagnostic, check_file, read_file, render_plain


def test_a_file_is_read_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "a.net"
    path.write_bytes("\ufeffconv 8 3×3\r\n→ flatten → dense 10".encode())
    assert read_file(path) == "\ufeffconv 8 3×3\r\n→ flatten → dense 10"
    text, checked = check_file(path)
    assert checked.ok
    assert text.startswith("\ufeff")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "there is no file"),
        (b"relu\0", "is not a text: it has NUL bytes"),
        (b"relu\nr\xe9lu", "is not in UTF-8: see byte 0xe9 in line 2"),
        (b"#" * 1_000_001, "is larger than 1000 kB"),
    ],
)
def test_a_file_that_cannot_be_read_has_one_problem(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "a.net"
    if content is not None:
        path.write_bytes(content)
    text, checked = check_file(path)
    assert text == ""
    assert not checked.ok
    (problem,) = checked.diagnostics
    assert problem.code == "file"
    assert says in problem.message
    assert problem.help
    assert render_plain([problem]).startswith("error[file]: ")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    found = read_file(tmp_path)
    assert isinstance(found, Diagnostic)
    assert "is a folder" in found.message


def test_a_path_that_cannot_be_is_told(tmp_path: Path) -> None:
    assert isinstance(read_file(tmp_path / "a\0b"), Diagnostic)
    assert isinstance(read_file(tmp_path / ("a" * 5000)), Diagnostic)


def test_included_definitions_can_be_used_and_defined_anew(tmp_path: Path) -> None:
    (tmp_path / "blocks.net").write_text(
        "w = 4\ntrain: epochs=9\nloss: mse\ndefault: conv pad=same\ndef step(c) = conv c 3x3 -> relu\nrelu\nrelu\n"
    )
    path = tmp_path / "a.net"
    path.write_text('loss: cross_entropy\ninclude: "blocks.net"\nw = 6\nstep w -> flatten -> dense 10\n')
    plan = check_file(path)[1].plan
    assert plan is not None
    assert [n.text for n in plan.nodes] == ["conv 6 3x3", "relu", "flatten", "dense 10"]
    assert plan.nodes[0].shape == (6, 28, 28)
    assert plan.train.epochs == 9
    assert type(plan.loss).__name__ == "CrossEntropy"


def test_a_problem_in_an_included_file_shows_both_places(tmp_path: Path) -> None:
    (tmp_path / "blocks.net").write_text("# first line\ndef step = covn 8 3x3\n")
    path = tmp_path / "a.net"
    path.write_text('include: "blocks.net"\nstep -> flatten -> dense 10\ncovn 3\n')
    problems = check_file(path)[1].diagnostics
    shown = render_plain(problems[:1], ascii=True).replace(str(tmp_path), "DIR")
    assert shown == (
        "error[name]: no layer called `covn`. Did you mean `conv`?\n"
        "  DIR/blocks.net:2:12\n"
        "2 | def step = covn 8 3x3\n"
        "  |            ^^^^\n"
        "  = in `step`, used in DIR/a.net, line 2\n"
        "  = included in DIR/a.net, line 1\n"
        "help: write `conv`"
    )
    assert [(p.span.source.name.endswith("a.net"), p.span.line) for p in problems] == [(False, 2), (True, 3)]


def test_files_that_include_each_other_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.net").write_text('include: "b.net"\nflatten -> dense 10')
    (tmp_path / "b.net").write_text('include: "a.net"')
    (problem,) = check_file(tmp_path / "a.net")[1].diagnostics
    assert problem.code == "recursion"
    assert "a.net → b.net → a.net" in problem.message


def test_a_missing_included_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "blocks.net").write_text("w = 3")
    path = tmp_path / "a.net"
    path.write_text('include: "block.net"\nflatten -> dense 10')
    (problem,) = check_file(path)[1].diagnostics
    told = f'there is no file `block.net` in {tmp_path}. Did you mean `"blocks.net"`?'
    assert (problem.code, problem.message, problem.help) == ("file", told, 'write `"blocks.net"`')


def test_a_path_without_quotes_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "blocks.net").write_text("w = 3")
    path = tmp_path / "a.net"
    path.write_text("include: blocks.net\nflatten -> dense 10")
    (problem,) = check_file(path)[1].diagnostics
    assert (problem.message, problem.help) == ("a path stands in double quotes", 'write `"blocks.net"`')
    assert (problem.span.column, problem.span.end_column) == (10, 20)


@pytest.mark.parametrize(
    ("there", "means"),
    [("pets/a", 'folder "pets"'), ("pets.npz", 'npz "pets.npz"'), ("pets/train-images-idx3-ubyte", 'idx "pets"')],
)
def test_a_data_set_that_lies_beside_the_file_is_what_an_unknown_name_means(
    tmp_path: Path, there: str, means: str
) -> None:
    path = tmp_path / "a.net"
    path.write_text("data: pets val=3\n\nflatten\ndense 3\n")
    (before,) = check_file(path)[1].diagnostics
    assert "write `mnist`" in str(before.help)
    (tmp_path / there).parent.mkdir(exist_ok=True)
    (tmp_path / there).write_bytes(b"")
    (found,) = check_file(path)[1].diagnostics
    assert (found.message, found.help) == (f"no data set called `pets`. Did you mean `{means}`?", f"write `{means}`")
