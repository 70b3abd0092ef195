"""The language of `.net` files: text to tree to checked plan, and what the reader is told."""

from __future__ import annotations

from .checking import Checked, Reading, check, check_file
from .codes import CODES, Code
from .diagnostics import Diagnostic, Note, Severity, Source, Span
from .formatting import UnreadableError, format_text
from .plan import INPUT, Node, Plan
from .reading import read_file
from .rendering import render, render_plain

__all__ = [
    "CODES",
    "INPUT",
    "Checked",
    "Code",
    "Diagnostic",
    "Node",
    "Note",
    "Plan",
    "Reading",
    "Severity",
    "Source",
    "Span",
    "UnreadableError",
    "check",
    "check_file",
    "format_text",
    "read_file",
    "render",
    "render_plain",
]
