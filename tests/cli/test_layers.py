"""`tuicnn layers`, as it terminals and as programs read it."""

from __future__ import annotations

import io
import json
import re

import pytest
from rich.console import Console

from tests.conftest import Run
from tuicnn.cli.output.layers import json_of, print_found, print_list, unknown
from tuicnn.language.reference import Entry, Found, default_text, entries, find

each = pytest.mark.parametrize("entry", entries(), ids=lambda e: f"{e.family}-{e.name}")


def shown(width: int, name: str | None = None) -> str:
    """What a terminal of so many columns shows."""
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=True, no_color=True, highlight=False, markup=False)
    if name is None:
        print_list(console)
    else:
        print_found(console, name, find(name))
    return re.sub(r"\x1b\[[0-9;]*m", "", file.getvalue())


@pytest.mark.parametrize("width", [80, 120])
def test_the_list_has_every_word_on_a_line_of_its_own(width: int) -> None:
    text = shown(width)
    assert text.isascii()
    lines = text.splitlines()
    assert max(map(len, lines)) <= width
    found = [line for line in lines if line.startswith("  ") and line[2] != " "]
    assert len(found) == len(entries())
    for line, entry in zip(found, entries(), strict=True):
        assert line.startswith(f"  {entry.brief}  ")
        assert entry.help.split()[0] in line


@pytest.mark.parametrize("width", [80, 120])
@each
def test_a_word_is_told_whole_within_the_terminal(entry: Entry, width: int) -> None:
    text = shown(width, entry.name)
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= width
    assert text.startswith(entry.usage[: width // 2])
    words = text.split()
    parts = [entry.help, entry.example, entry.shape, entry.formula, entry.source, *entry.aliases, *entry.choices]
    parts += [t for a in entry.arguments for t in (f"{a.name}=", default_text(a), a.kind.says, a.help)]
    for word in " ".join(parts[1:]).split():
        assert word in words or word + "," in words, word


def test_the_example_is_shown_with_its_shapes() -> None:
    rows = [line.split() for line in shown(80, "maxpool").splitlines()]
    assert ["conv1", "conv", "8", "3x3", "pad=1", "8x28x28", "80", "56,448"] in rows
    assert ["maxpool1", "maxpool", "2", "8x14x14"] in rows


def test_other_names() -> None:
    assert shown(80, "fc").startswith("fc is called dense here.\n\ndense N [bias init freeze rate bias_rate decay]\n")
    both = shown(80, "logistic")
    assert both.startswith("logistic is called sigmoid (layer) or bce (loss) here.")
    assert "loss: bce" in both
    assert "tuicnn layers dense" in shown(80, "linear").splitlines()[-1]
    assert shown(80, "optimizer").startswith("optimizer is called optim: here.")


def test_a_misspelling_is_told_what_was_meant(tuicnn: Run) -> None:
    done = tuicnn("layers", "covn")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "tuicnn: No layer or setting is called 'covn'. Did you mean conv?\n"
    assert unknown("glu", Found(meant="gelu")).endswith("is: multiply { conv 8 1x1 | conv 8 1x1 -> sigmoid }")
    assert unknown("xyzzy", Found()) == "No layer or setting is called 'xyzzy'; tuicnn layers lists them all"
    for odd in ("", " ", ":", "\x1b[31m", "x" * 5000, "ü"):
        assert unknown(odd, find(odd)).isprintable()


def test_json_is_one_object_a_line(tuicnn: Run) -> None:
    done = tuicnn("layers", "--json")
    assert done.returncode == 0
    every = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(e["family"], e["name"]) for e in every] == [(e.family, e.name) for e in entries()]
    (conv,) = (json.loads(line) for line in tuicnn("layers", "conv2d", "--json").stdout.splitlines())
    assert conv == json_of(find("conv").entries[0]) == every[0]
    assert conv["network"]["layers"][0] == {"text": "conv 8 3x3 pad=1", "out": [8, 28, 28], "parameters": 80}
    pad = next(a for a in conv["arguments"] if a["name"] == "pad")
    assert (pad["default"], pad["needed"], pad["by_place"]) == ("0", False, False)


def test_the_command_prints_what_a_pipe_can_take(tuicnn: Run) -> None:
    done = tuicnn("layers", LANG="C")
    assert done.returncode == 0
    assert done.stdout.isascii()
    # no line of a list is broken where there is no edge
    assert sum(line.startswith("  ") for line in done.stdout.splitlines()) == len(entries())
    assert "conv F KxK [stride pad" in tuicnn("layers", "conv").stdout


def test_an_option_is_told_apart_from_a_layer() -> None:
    assert unknown("stride", find("stride")) == (
        "stride= is an argument of conv, depthwise, convtranspose, maxpool and avgpool; see tuicnn layers conv"
    )
    assert unknown("epochs", find("epochs")) == "epochs= is an argument of train:; see tuicnn layers train"
    assert shown(80, "pad").startswith("pad is called zeropad here.")
    assert "pad= is an argument of conv, " in shown(80, "pad")
