"""Prints the language page: `python -m tuicnn.language.reference > docs/language.md`."""

from __future__ import annotations

import sys

from .page import language_page

__all__: list[str] = []

if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.write(language_page())
