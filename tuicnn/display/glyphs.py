"""The characters to draw with: all of Unicode, those of the Linux console's font, and ASCII alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

__all__ = ["ASCII", "CONSOLE", "UNICODE", "Glyphs"]


@dataclass(frozen=True)
class Glyphs:
    """The characters to draw with; the ramps go from the least to the most."""

    horizontal: str
    vertical: str
    top_left: str
    top_right: str
    bottom_left: str
    bottom_right: str
    tee_right: str  # a line to the right out of a vertical one
    tee_left: str
    tee_down: str
    dotted: str  # a light vertical mark, behind data
    braille: bool  # whether U+2800 to U+28FF can be used: 2x4 dots a cell
    levels: str  # eight heights of a bar standing up
    eighths: str  # parts of a cell filled from the left; the last one is the full cell
    rail: str  # the empty part of a bar
    thick: str  # the full part of a thin bar, and half a cell of it
    upper_half: str
    lower_half: str
    full: str
    ramp: str  # brightness, the first is a space
    band: str  # the spread behind a line, where there are no dots
    above: str  # data goes on beyond the upper end of the axis
    below: str
    best: str  # the best of several points
    points: str  # marks of single measured values on a chart, one for each series
    traces: str  # marks of lines in a chart's legend, one for each series
    arrow: str  # leads to: `conv -> relu`
    times: str
    delta: str  # a change of what follows
    dot: str  # a separator between facts
    dash: str  # stands for an unknown value, or from - to
    ellipsis: str
    check: str  # a right answer
    wrong: str  # a wrong answer, or what failed
    truth: str  # the true class
    pointer: str  # the chosen row, the predicted class
    running: str
    paused: str


UNICODE = Glyphs(
    horizontal="─",
    vertical="│",
    top_left="┌",
    top_right="┐",
    bottom_left="└",
    bottom_right="┘",
    tee_right="├",
    tee_left="┤",
    tee_down="┬",
    dotted="┊",
    braille=True,
    levels="▁▂▃▄▅▆▇█",
    eighths="▏▎▍▌▋▊▉█",
    rail="─",
    thick="━╸",
    upper_half="▀",
    lower_half="▄",
    full="█",
    ramp=" .:-=+*#%@",
    band="░",
    above="▴",
    below="▾",
    best="★",
    points="●◆▲",
    traces="━╍┈",
    arrow="→",
    times="×",
    delta="Δ",
    dot="·",
    dash="–",
    ellipsis="…",
    check="✓",
    wrong="✗",
    truth="=",
    pointer="▸",
    running="▶",
    paused="‖",
)

#: the Linux console's own font has the 256 characters of code page 437 and few others
CONSOLE = replace(
    UNICODE,
    dotted="│",
    braille=False,
    levels="__▄▄▄▄██",
    eighths="▌▌▌▌████",
    thick="══",
    above="^",
    below="v",
    best="*",
    points="■+x",
    traces="█*+",
    times="x",
    delta="δ",
    dash="-",
    ellipsis="...",
    check="√",
    wrong="x",
    pointer="►",
    running="►",
    paused="=",
)

ASCII = Glyphs(
    horizontal="-",
    vertical="|",
    top_left="+",
    top_right="+",
    bottom_left="+",
    bottom_right="+",
    tee_right="+",
    tee_left="+",
    tee_down="+",
    dotted="|",
    braille=False,
    levels="_.-:=+*#",
    eighths="    ####",
    rail=".",
    thick="==",
    upper_half="'",
    lower_half=".",
    full="#",
    ramp=" .:-=+*#%@",
    band=".",
    above="^",
    below="v",
    best="*",
    points="ox@",
    traces=":*+",
    arrow="->",
    times="x",
    delta="d",
    dot="|",
    dash="-",
    ellipsis="...",
    check="*",
    wrong="x",
    truth="=",
    pointer=">",
    running=">",
    paused="=",
)
