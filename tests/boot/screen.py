"""What a person sees: colours of a screendump, and the code of the confirmation read from its picture."""

from __future__ import annotations

import re
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFont

BACKGROUND = (0x1C, 0x23, 0x29)
CONSOLE_BLUE = (0x00, 0x00, 0xAA)
PANEL = (0x28, 0x32, 0x3A)
PRIMARY = (0x9C, 0xC2, 0xFF)
FAILED = (0xFF, 0x9C, 0x96)
FAILED_BACK = (0xA3, 0x16, 0x1C)
CODE_BACK = (0xFF, 0xD7, 0x5E)
HIGHLIGHTED_ROW = (0x35, 0x42, 0x4D)
_LEAST_RUN, _LEAST_HEIGHT = 9, 10
LETTERS = "BCDEFGHIJKLNOPRSTUVX"


def share_of(path: Path, colour: tuple[int, int, int]) -> float:
    """Part of the picture that has exactly this colour."""
    with Image.open(path) as picture:
        counts = picture.convert("RGB").getcolors(1 << 24) or []
    return sum(n for n, c in counts if c == colour) / sum(n for n, _ in counts)


def find_colour(path: Path, colour: tuple[int, int, int], least_run: int = 9) -> tuple[int, int, int, int] | None:
    """The box (left, top, right, bottom) of a filled field of this colour; letters have no long run of it."""
    with Image.open(path) as picture:
        return _field(picture.convert("RGB"), colour, least_run)


def find_frame(
    path: Path, colour: tuple[int, int, int], widths: tuple[int, int]
) -> tuple[int, int, int, int] | None:
    """The box of a frame whose horizontal lines have this colour and a length between these widths, in points."""
    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    back = Image.new("RGB", picture.size, colour)
    same = ImageChops.difference(picture, back).convert("L").point(lambda v: 255 if v == 0 else 0)
    lines = []
    for y in range(same.height):
        row = same.crop((0, y, same.width, y + 1)).tobytes()
        longest = max(re.finditer(rb"\xff+", row), key=lambda m: m.end() - m.start(), default=None)
        if longest and widths[0] <= longest.end() - longest.start() <= widths[1]:
            lines.append((y, longest.start(), longest.end()))
    if not lines:
        return None
    return min(x[1] for x in lines), lines[0][0], max(x[2] for x in lines), lines[-1][0] + 1


def size_of(path: Path) -> tuple[int, int]:
    """Width and height of a picture in points."""
    with Image.open(path) as picture:
        return picture.size


def changed_share(before: Path, after: Path) -> float:
    """Part of the picture's points that differ."""
    with Image.open(before) as one, Image.open(after) as two:
        difference = (
            ImageChops.difference(one.convert("RGB"), two.convert("RGB"))
            .convert("L")
            .point(lambda v: 255 if v else 0)
        )
    return difference.histogram()[255] / (difference.width * difference.height)


def read_code(path: Path, font_file: Path) -> str:
    """The letters on the yellow strip, by likeness with the same font's letters."""
    with Image.open(path) as picture:
        strip = _code_strip(picture.convert("RGB"))
    shapes = {letter: _shape_of_letter(letter, font_file) for letter in LETTERS}
    return "".join(_most_like(glyph, shapes) for glyph in _glyphs(strip))


def _code_strip(picture: Image.Image) -> Image.Image:
    box = _field(picture, CODE_BACK, _LEAST_RUN)
    assert box, "no code on the screen"
    return picture.crop(box).convert("L")


def _field(picture: Image.Image, colour: tuple[int, int, int], run: int) -> tuple[int, int, int, int] | None:
    back = Image.new("RGB", picture.size, colour)
    same = ImageChops.difference(picture, back).convert("L").point(lambda v: 255 if v == 0 else 0)
    row = b"\xff" * run
    lines = [same.crop((0, y, same.width, y + 1)).tobytes() for y in range(same.height)]
    groups: list[list[tuple[int, int, int]]] = [[]]
    for y, line in enumerate(lines):
        if row in line:
            groups[-1].append((y, line.find(row), line.rfind(row) + run))
        elif groups[-1]:
            groups.append([])
    # Frames are lines of one or two points; a filled field is the highest group of rows.
    filled = max(groups, key=len)
    if len(filled) < _LEAST_HEIGHT:
        return None
    return min(f[1] for f in filled), filled[0][0], max(f[2] for f in filled), filled[-1][0] + 1


def _glyphs(strip: Image.Image) -> list[Image.Image]:
    dark = strip.point(lambda v: 255 if v < 128 else 0)
    columns = [dark.crop((x, 0, x + 1, dark.height)).getbbox() is not None for x in range(dark.width)]
    glyphs, start = [], None
    for x, filled in enumerate([*columns, False]):
        if filled and start is None:
            start = x
        elif not filled and start is not None:
            part = strip.crop((start, 0, x, strip.height))
            box = part.point(lambda v: 255 if v < 128 else 0).getbbox()
            glyphs.append(_normal(part.crop(box)))
            start = None
    return glyphs


def _shape_of_letter(letter: str, font_file: Path) -> Image.Image:
    font = ImageFont.truetype(str(font_file), 72)
    canvas = Image.new("L", (120, 120), 255)
    ImageDraw.Draw(canvas).text((30, 10), letter, fill=0, font=font)
    return _normal(canvas.crop(canvas.point(lambda v: 255 if v < 128 else 0).getbbox()))


def _normal(glyph: Image.Image) -> Image.Image:
    return glyph.resize((24, 32))


def _most_like(glyph: Image.Image, shapes: dict[str, Image.Image]) -> str:
    def distance(letter: str) -> int:
        histogram = ImageChops.difference(glyph, shapes[letter]).histogram()
        return sum(n * v * v for v, n in enumerate(histogram))

    return min(shapes, key=distance)
