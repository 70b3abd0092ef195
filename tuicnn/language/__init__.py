"""The language of `.net` files: text to tree to checked plan, with diagnostics and their fixes."""

from __future__ import annotations

from tuicnn.language.checking import Checked, Reading, check, check_file
from tuicnn.language.diagnostics import Applicability, Code, Diagnostic, Edit, Note, Severity, Source, Span
from tuicnn.language.overrides import OverrideError, check_overridden, check_overridden_file, override
from tuicnn.language.plan import INPUT, Node, Plan
from tuicnn.language.rendering import render, render_plain
from tuicnn.language.syntax.reading import read_file
from tuicnn.language.writing.formatting import UnreadableError, format_text

__all__ = [
    "INPUT", "Applicability", "Checked", "Code", "Diagnostic", "Edit", "Node", "Note", "OverrideError", "Plan",
    "Reading", "Severity", "Source", "Span", "UnreadableError", "check", "check_file", "check_overridden",
    "check_overridden_file", "format_text", "override", "read_file", "render", "render_plain",
]  # fmt: skip
