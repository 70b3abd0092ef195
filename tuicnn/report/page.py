"""The page of a report, put together of its sections."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from string import Template

from tuicnn.report.material import Material
from tuicnn.report.sections import curves, figures, net, quality, settings
from tuicnn.system.printable import harmless
from tuicnn.version import __version__

__all__ = ["is_report", "page"]

_MARK = '<meta name="generator" content="tuicnn report">'


def page(material: Material) -> bytes:
    """A whole file of HTML: no script, and nothing that is fetched from anywhere."""
    here = files("tuicnn.report")
    template, style = (here.joinpath(name).read_text(encoding="utf-8") for name in ("page.html", "page.css"))
    sections = (figures, curves, quality, net, settings)
    made = Template(template).substitute(
        title=escape(material.name),
        style=style,
        body="\n".join(section(material) for section in sections),
        version=escape(__version__),
    )
    return harmless(made).encode()  # HTML allows no control characters, as names and messages may have


def is_report(start: bytes) -> bool:
    """Whether a file that begins so was made here, and may be replaced."""
    return _MARK.encode() in start
