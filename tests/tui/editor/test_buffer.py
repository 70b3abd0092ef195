"""The text under edit, against a string that is edited in the plainest way."""

from __future__ import annotations

from collections.abc import Callable

import hypothesis.strategies as st
import pytest
from hypothesis import given

from tuicnn.limits import NET_BYTES
from tuicnn.tui.editor.buffer import Buffer, Position

texts = st.text(st.sampled_from("ab {}#\t→漢\n"), max_size=40)

MOVES: list[Callable[[Buffer, bool], None]] = [
    lambda b, select: b.left(select=select),
    lambda b, select: b.right(select=select),
    lambda b, select: b.down(1, select=select),
    lambda b, select: b.down(-1, select=select),
    lambda b, select: b.word(1, select=select),
    lambda b, select: b.word(-1, select=select),
    lambda b, select: b.home(select=select),
    lambda b, select: b.end(select=select),
    lambda b, select: b.move((1, 3), select=select),
]
CHANGES: list[Callable[[Buffer, str], object]] = [
    lambda b, text: b.insert(text),
    lambda b, text: b.insert(text[:1]),
    lambda b, _: b.newline(),
    lambda b, _: b.indent(),
    lambda b, _: b.delete(-1),
    lambda b, _: b.delete(1),
    lambda b, _: b.delete_word(-1),
    lambda b, _: b.delete_word(1),
    lambda b, _: b.cut(),
    lambda b, text: b.become(text),
]
Todo = list[tuple[Callable[..., None], object]]
steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(MOVES), st.booleans()),
        st.tuples(st.sampled_from(CHANGES), texts),
    ),
    max_size=20,
)


def offset(text: str, place: Position) -> int:
    return sum(len(line) + 1 for line in text.split("\n")[: place[0]]) + place[1]


@given(texts, steps)
def test_undo_takes_every_change_back_and_redo_makes_it_again(text: str, todo: Todo) -> None:
    buffer = Buffer(text)
    for do, argument in todo:
        do(buffer, argument)
        for row, column in (buffer.cursor, buffer.anchor):
            assert 0 <= row < len(buffer.lines)
            assert 0 <= column <= len(buffer.lines[row])
    end = buffer.plain
    while buffer.undo():
        pass
    assert buffer.plain == text
    while buffer.redo():
        pass
    assert buffer.plain == end


@given(texts, steps, texts)
def test_what_is_selected_is_what_typing_replaces(text: str, todo: Todo, new: str) -> None:
    buffer = Buffer(text)
    for do, argument in todo:
        do(buffer, argument)
    before, (start, end) = buffer.plain, sorted([buffer.anchor, buffer.cursor])
    first, last = offset(before, start), offset(before, end)
    assert buffer.selected == before[first:last]
    buffer.insert(new)
    assert buffer.plain == before[:first] + new + before[last:]
    assert offset(buffer.plain, buffer.cursor) == first + len(new)


@given(texts, texts)
def test_becoming_another_text_is_one_change(text: str, other: str) -> None:
    buffer = Buffer(text)
    buffer.become(other)
    assert buffer.plain == other
    if other != text:
        assert buffer.undo()
    assert buffer.plain == text


@pytest.mark.parametrize("text", ["a\r\nb\r\n", "\ufeffa\nb", "a\rb", "a\nb\n", ""])
def test_a_file_keeps_the_ends_of_its_lines(text: str) -> None:
    buffer = Buffer(text)
    assert buffer.text == text
    buffer.insert("x\ny")
    assert buffer.text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff").startswith("x\ny")
    buffer.undo()
    assert buffer.text == text


def test_a_word_that_is_typed_is_undone_at_once() -> None:
    buffer = Buffer()
    for character in "conv 8":
        buffer.insert(character)
    buffer.undo()
    assert buffer.plain == "conv "
    buffer.undo()
    buffer.undo()
    assert buffer.plain == ""


def test_up_and_down_keep_to_their_column() -> None:
    buffer = Buffer("abcdef\nab\nabcdef")
    buffer.move((0, 5))
    buffer.down(1)
    assert buffer.cursor == (1, 2)
    buffer.down(1)
    assert buffer.cursor == (2, 5)


def test_lines_are_indented_as_the_one_above_and_deeper_in_a_brace() -> None:
    buffer = Buffer("    def a = {")
    buffer.end()
    buffer.newline()
    assert buffer.lines[1] == " " * 8
    buffer.delete(-1)
    assert buffer.lines[1] == " " * 4


def test_more_than_a_net_may_have_is_refused_and_nothing_is_lost() -> None:
    buffer = Buffer("conv 8 3x3")
    with pytest.raises(ValueError, match="at most 1,000 kB"):
        buffer.insert("x" * NET_BYTES)
    assert buffer.plain == "conv 8 3x3"
