"""What is said where two nets differ."""

from __future__ import annotations

import pytest

from tuicnn.runs.resume_point import difference


@pytest.mark.parametrize("changed", [0, 3, 200])
def test_a_difference_is_told_and_cut_where_it_is_long(changed: int) -> None:
    old = [f"relu  # {n}" for n in range(300)]
    new = [line.replace("relu", "tanh") if n < changed else line for n, line in enumerate(old)]
    *lines, last = difference("\n".join(old), "\n".join(new), "before", "now").splitlines() or [""]
    whole = 3 + 2 * changed  # three lines say where it is
    if not changed:
        assert (lines, last) == ([], "")
    elif changed == 3:
        assert len([*lines, last]) == whole
        assert "-relu  # 2" in lines
        assert last == "+tanh  # 2"
    else:
        assert len(lines) < 100
        assert last == f"… and {whole - len(lines)} lines more"
