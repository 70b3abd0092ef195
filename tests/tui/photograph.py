"""Pictures of the views of a run, for the documents: `python -m tests.tui.photograph runs/mnist-1 docs`.

Draws what stands on the screen, cell by cell, with the DejaVu fonts; needs no terminal.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from textual.strip import Strip

from tuicnn.display.terminal import TerminalProfile
from tuicnn.runs.folder import RunFolder
from tuicnn.tui.app import TrainApp

#: for each view: what is pressed, and seconds until it stands
VIEWS: dict[str, tuple[tuple[str, ...], float]] = {
    "train": (("1",), 4.0),
    "maps": (("2",), 4.0),
    "explain": (("3", *("enter",) * 6), 4.0),
    "mistakes": (("4",), 4.0),
    "edit": (("5",), 4.0),
    "runs": (("escape", "6", *("space", "down") * 3), 4.0),
}
FONTS = Path("/usr/share/fonts/truetype/dejavu")
CELL = (9, 18)  # pixels
DARK = (0x000000, 0xDE5A5A, 0x5FAF5F, 0xD7A03C, 0x5A8CDC, 0xAF5FD7, 0x00AF87, 0xC6C6C6)
BRIGHT = (0x686868, 0xFF6E6E, 0x82D282, 0xF0BE5A, 0x78AAFA, 0xCD82F5, 0x3CD2AF, 0xEEEEEE)
DARK_RGB, BRIGHT_RGB = ([(c >> 16, c >> 8 & 255, c & 255) for c in colours] for colours in (DARK, BRIGHT))
THEME = TerminalTheme((22, 24, 28), (208, 208, 208), DARK_RGB, BRIGHT_RGB)


def picture(strips: list[Strip]) -> Image.Image:
    """The lines of a screen as they stand in a dark terminal."""
    wide, high = CELL
    columns = max(strip.cell_length for strip in strips)
    image = Image.new("RGB", (columns * wide + 2 * wide, (len(strips) + 1) * high), THEME.background_color)
    draw = ImageDraw.Draw(image)
    names = {(False, False): "Mono", (True, False): "Mono-Bold", (False, True): "", (True, True): "-Bold"}
    fonts = {kind: ImageFont.truetype(FONTS / f"DejaVuSans{name}.ttf", 15) for kind, name in names.items()}
    for row, strip in enumerate(strips):
        x, y = wide, row * high + high // 2
        for text, style, _ in strip:
            if not text:
                continue
            ink, ground = colours(style or Style())
            draw.rectangle((x, y, x + len(text) * wide - 1, y + high - 1), ground)
            for character in text:
                if character == "\N{UPPER HALF BLOCK}":
                    draw.rectangle((x, y, x + wide - 1, y + high // 2 - 1), ink)
                elif character == "\N{LOWER HALF BLOCK}":
                    draw.rectangle((x, y + high // 2, x + wide - 1, y + high - 1), ink)
                elif character == "\N{FULL BLOCK}":
                    draw.rectangle((x, y, x + wide - 1, y + high - 1), ink)
                elif character != " ":
                    braille = "\N{BRAILLE PATTERN BLANK}" <= character <= "\N{BRAILLE PATTERN DOTS-12345678}"
                    draw.text((x, y), character, ink, fonts[bool(style and style.bold), braille])
                x += wide
    return image


def colours(style: Style) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """What a style writes with, and on."""

    def of(colour: Color | None, otherwise: tuple[int, int, int], foreground: bool) -> tuple[int, int, int]:
        return tuple(colour.get_truecolor(THEME, foreground=foreground)) if colour else otherwise  # type: ignore[return-value]

    ink, ground = of(style.color, THEME.foreground_color, True), of(style.bgcolor, THEME.background_color, False)
    if style.dim:
        ink = tuple((a + b) // 2 for a, b in zip(ink, ground, strict=True))  # type: ignore[assignment]
    return (ground, ink) if style.reverse else (ink, ground)


async def photograph(run: Path, into: Path, size: tuple[int, int], terminal: TerminalProfile) -> None:
    """Show a run and take a picture of each view."""
    app = TrainApp.of_run(RunFolder(run), terminal, None)
    async with app.run_test(size=size) as pilot:
        await pilot.pause(2.0)
        for name, (keys, seconds) in VIEWS.items():
            for key in keys:
                await pilot.press(key)
                await pilot.pause(1.0)
            await pilot.pause(seconds)
            strips = [Strip(list(Segment.simplify(strip))) for strip in app.screen._compositor.render_strips()]
            picture(strips).quantize(64).save(into / f"{name}.png", optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("into", type=Path)
    parser.add_argument("--size", default="120x40")
    parser.add_argument("--colours", default="256", choices=["truecolor", "256", "16", "none"])
    options = parser.parse_args()
    columns, rows = map(int, options.size.split("x"))
    asyncio.run(photograph(options.run, options.into, (columns, rows), TerminalProfile(colours=options.colours)))


if __name__ == "__main__":
    main()
