"""What `tuicnn layers`, editors and the language page say is complete, and is what the checker does."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tuicnn.language import check, check_file
from tuicnn.language.names import setting_names
from tuicnn.language.reference import (
    FAMILIES,
    Entry,
    default_text,
    describe,
    entries,
    entry_of,
    example_plan,
    example_program,
    find,
)
from tuicnn.language.reference.examples import check_example, example_shapes
from tuicnn.layers import Conv
from tuicnn.vocabulary import MISSING, info, vocabulary

ENTRIES = entries()
each = pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: f"{e.family}-{e.name}")


def test_every_word_has_one_entry() -> None:
    found = [(e.family, e.name) for e in ENTRIES]
    words = [(v, name) for v in FAMILIES for name in vocabulary(v)]
    words += [("setting", name) for name in setting_names() if ("setting", name) not in words] + [("layer", "residual")]
    assert sorted(found) == sorted(words)


@each
def test_an_entry_is_found_by_its_name_and_by_what_it_is_called_elsewhere(entry: Entry) -> None:
    assert entry in find(entry.name).entries
    assert entry in find(entry.title.upper()).entries
    for alias in entry.aliases:
        assert entry in find(alias).elsewhere
    assert find(entry.name + "qq").entries == ()


def test_a_misspelling_is_told_from_a_word() -> None:
    assert find("covn").meant == "conv"
    assert find("optimzer").meant == "optim"
    assert find("xyzzy").meant == ""
    assert find("").entries == ()
    linear = find("linear")
    assert [e.family for e in linear.entries] == ["schedule"]
    assert [e.name for e in linear.elsewhere] == ["dense"]


@each
def test_texts_are_whole_and_in_ascii(entry: Entry) -> None:
    texts = [entry.usage, entry.brief, entry.help, entry.example, entry.shape, entry.formula, entry.source]
    texts += [t for a in entry.arguments for t in (a.name, a.help, a.kind.says)]
    assert all(t.isascii() for t in texts)
    assert entry.usage
    assert entry.help
    assert not entry.help.endswith(".")
    assert all(a.help for a in entry.arguments)
    if entry.family == "layer":
        assert " -> " in entry.shape.split("\n")[0]
    if entry.family in ("layer", "loss", "optim", "schedule", "init"):
        assert " = " in entry.formula or "mean 0 and this std" in entry.formula
    # what only moves values, or is no more than its formula, needs no source
    plain = {"flatten", "reshape", "zeropad", "identity", "constant", "step", "normal", "zeros"}
    assert bool(entry.source) == (entry.family not in ("setting", "data") and entry.name not in plain)


@each
def test_every_example_checks_without_a_complaint(entry: Entry, tmp_path: Path) -> None:
    text = example_program(entry)
    assert entry.example in text
    if entry.name == "include":
        (tmp_path / "blocks.net").write_text("optim: sgd lr=0.1\n")
        (tmp_path / "my.net").write_text(text)
        _, checked = check_file(tmp_path / "my.net")
    else:
        checked = check_example(entry, text)
    assert checked.ok
    assert checked.diagnostics == ()


def made(entry: Entry, text: str) -> Any:
    """The object that an entry's example makes in a file."""
    checked = check_example(entry, text)
    plan = checked.plan
    assert plan is not None, checked.diagnostics
    if entry.family == "layer":
        return next(node.layer for node in plan.nodes if info(node.layer).name == entry.name)
    if entry.family == "init":
        inits = [getattr(node.layer, "init", None) for node in plan.nodes]
        return next(init for init in inits if init is not None and info(init).name == entry.name)
    return getattr(
        plan, {"optim": "optimizer"}.get(entry.family, entry.name if entry.family == "setting" else entry.family)
    )


@pytest.mark.parametrize("entry", [e for e in ENTRIES if any(a.default not in (MISSING, None) for a in e.arguments)])
def test_every_default_is_accepted_as_it_is_shown(entry: Entry) -> None:
    options = [a for a in entry.arguments if not a.positional]
    given = [a.kind.show(getattr(made(entry, example_program(entry)), a.name)) for a in entry.arguments if a.positional]
    given += [f"{a.name}={default_text(a)}" for a in options if a.default is not None]
    first = "" if entry.family == "setting" else entry.name
    head = f"{entry.name}:" if entry.family == "setting" else f"{entry.family}:" if entry.family != "layer" else ""
    text = " ".join([*filter(None, [head, first]), *given])
    if entry.family == "init":
        text = f"{entry.example}({', '.join(given)})"
    thing = made(entry, example_program(entry).replace(entry.example, text, 1))
    for a in options:
        assert getattr(thing, a.name) == a.default
        assert default_text(a) in describe(entry)


@pytest.mark.parametrize("entry", [e for e in ENTRIES if e.left_out], ids=lambda e: e.name)
def test_what_a_setting_is_where_it_is_left_out(entry: Entry) -> None:
    network = "conv 8 3x3 pad=1 -> flatten -> dense 10"
    without, with_it = check(network).plan, check(f"{entry.left_out}\n{network}").plan
    assert without is not None
    assert with_it is not None
    assert replace(without, text="", filled_in=(), nodes=()) == replace(with_it, text="", filled_in=(), nodes=())


def test_the_shapes_of_an_example_are_the_plans() -> None:
    shapes = {e.name: example_shapes(e) for e in ENTRIES if e.family == "layer"}
    assert shapes["conv"] == ((1, 28, 28), (8, 28, 28))
    assert shapes["maxpool"] == ((8, 28, 28), (8, 14, 14))
    assert shapes["flatten"] == ((8, 28, 28), (6272,))
    assert shapes["dense"] == ((1568,), (10,))
    assert shapes["reshape"] == ((1568,), (8, 14, 14))
    assert shapes["concat"] == ((8, 28, 28), (16, 28, 28))
    assert shapes["residual"] == ((8, 28, 28), (8, 28, 28))
    assert [n.text for n in example_plan(entry_of(Conv)).nodes] == ["conv 8 3x3 pad=1", "flatten", "dense 10"]


@each
def test_markdown_tells_all_of_a_word(entry: Entry) -> None:
    text = describe(entry)
    for part in (
        entry.usage,
        entry.formula,
        entry.shape,
        entry.source,
        *entry.aliases,
        *(a.name for a in entry.arguments),
    ):
        assert part in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == (2 + len(entry.arguments) if entry.arguments else 0)
    for row in rows:
        assert row.replace("\\|", "").count("|") == 5
    assert text.count("```") % 2 == 0


def test_a_class_is_described_as_its_entry() -> None:
    assert describe(Conv) == describe(find("conv").entries[0])


def test_checking_a_file_loads_nothing_of_this() -> None:
    code = (
        "import sys, tuicnn.cli.program\n"
        "from tuicnn.language import check\n"
        "check('conv 8 3x3 -> flatten -> dense 10')\n"
        "print([m for m in sys.modules if m.startswith(('tuicnn.language.reference', 'tuicnn.cli.output.layers', "
        "'tuicnn.cli.starters', 'tuicnn.runs.starters'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_argument_is_found_with_its_owners() -> None:
    assert [e.name for e in find("momentum").owners] == ["batchnorm", "lars", "rmsprop", "sgd"]
    for entry in ENTRIES:
        assert all(entry in find(a.name).owners for a in entry.arguments)
