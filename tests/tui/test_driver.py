"""Keys as the terminal sends them."""

from __future__ import annotations

from time import sleep

import pytest
from textual.constants import ESCAPE_DELAY
from textual.events import Key

from tuicnn.tui.driver import KeyParser


@pytest.mark.parametrize(
    ("sent", "keys"),
    [
        ("\x1b6", ["escape", "6"]),
        ("\x1bq", ["escape", "q"]),
        ("\x1bG", ["escape", "G"]),
        ("\x1b?", ["escape", "question_mark"]),
        ("\x1b[", ["escape", "left_square_bracket"]),
        ("\x1b-", ["escape", "minus"]),
        ("\x1b\r", ["escape", "enter"]),
        ("\x1b[A", ["up"]),
        ("\x1b[1;5C", ["ctrl+right"]),
        ("§", ["section_sign"]),
        ("x1", ["x", "1"]),
    ],
)
def test_escape_and_a_character_that_arrive_together_are_two_keys(sent: str, keys: list[str]) -> None:
    parser = KeyParser(False)
    messages = list(parser.feed(sent))
    sleep(1.1 * ESCAPE_DELAY)  # after which it is known that no longer sequence has begun
    assert [message.key for message in (*messages, *parser.tick()) if isinstance(message, Key)] == keys
