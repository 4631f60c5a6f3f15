"""Words in huge letters, made of full blocks: readable from three metres, sized by the terminal (users.md F01)."""

import unicodedata

from agent.tui.glyphs import FULL_BLOCK

ROWS = 5
_GAP = 1
_SCALES = ((6, 3), (4, 2), (3, 2), (2, 2), (2, 1), (1, 1))

_LETTERS = {
    "A": " ## |#  #|####|#  #|#  #", "B": "### |#  #|### |#  #|### ", "C": " ###|#   |#   |#   | ###",
    "D": "### |#  #|#  #|#  #|### ", "E": "####|#   |### |#   |####", "F": "####|#   |### |#   |#   ",
    "G": " ###|#   |# ##|#  #| ###", "H": "#  #|#  #|####|#  #|#  #", "I": "#|#|#|#|#",
    "J": "  ##|   #|   #|#  #| ## ", "K": "#  #|# # |##  |# # |#  #", "L": "#   |#   |#   |#   |####",
    "M": "#   #|## ##|# # #|#   #|#   #", "N": "#   #|##  #|# # #|#  ##|#   #", "O": " ## |#  #|#  #|#  #| ## ",
    "P": "### |#  #|### |#   |#   ", "Q": " ## |#  #|#  #|# # | # #", "R": "### |#  #|### |# # |#  #",
    "S": " ###|#   | ## |   #|### ", "T": "###| # | # | # | # ", "U": "#  #|#  #|#  #|#  #| ## ",
    "V": "#   #|#   #| # # | # # |  #  ", "W": "#   #|#   #|# # #|## ##|#   #", "X": "#   #| # # |  #  | # # |#   #",
    "Y": "#   #| # # |  #  |  #  |  #  ", "Z": "####|   #| ## |#   |####",
    "0": " ## |#  #|#  #|#  #| ## ", "1": " # |## | # | # |###", "2": "### |   #| ## |#   |####",
    "3": "### |   #| ## |   #|### ", "4": "#  #|#  #|####|   #|   #", "5": "####|#   |### |   #|### ",
    "6": " ## |#   |### |#  #| ## ", "7": "####|   #|  # | #  | #  ", "8": " ## |#  #| ## |#  #| ## ",
    "9": " ## |#  #| ###|   #| ## ", "%": "#  #|   #| ## |#   |#  #", "!": "#|#|#| |#", "-": "   |   |###|   |   ",
    " ": "  |  |  |  |  ",
}  # fmt: skip
_MARKS = {"\u0301": " ## ", "\u0300": " ## ", "\u0302": " ## ", "\u0308": "#  #"}


def block_lines(text: str, width: int, height: int, screen_height: int) -> list[str]:
    """Lines that spell the text within width x height cells, at least a tenth of the screen high where that fits.

    Falls back to words below each other, then to the plain text.
    """
    text = text.upper()
    options = [text] if " " not in text else [text, text.replace(" ", "\n", 1)]
    drawn = [(scale, lines) for scale in _SCALES for o in options if (lines := _fitting(o, scale, width, height))]
    if not drawn:
        return [text[:width]]
    wanted = [lines for (_, sy), lines in drawn if ROWS * sy * 10 >= screen_height]
    return wanted[-1] if wanted and screen_height > 50 else _calmest(drawn)


def _calmest(drawn: list[tuple[tuple[int, int], list[str]]]) -> list[str]:
    # Square pixels look best; (2, 2) is only for screens that need the height.
    square = [lines for (sx, sy), lines in drawn if (sx, sy) != (2, 2)]
    return square[0] if square else drawn[0][1]


def _fitting(text: str, scale: tuple[int, int], width: int, height: int) -> list[str]:
    lines: list[str] = []
    for number, word in enumerate(text.split("\n")):
        lines += [""] * (number > 0) + _draw(word, *scale)
    fits = len(lines) <= height and max(map(len, lines), default=0) <= width
    return lines if fits else []


def _draw(word: str, sx: int, sy: int) -> list[str]:
    letters = [_glyph(c) for c in unicodedata.normalize("NFC", word)]
    rows = [" ".join(g[row] for g in letters) for row in range(ROWS + 1)]
    if not rows[0].strip():
        rows = rows[1:]
        tall = [sy] * ROWS
    else:
        tall = [1] + [sy] * ROWS
    wide = ["".join(FULL_BLOCK * sx if c == "#" else " " * sx for c in row).rstrip() for row in rows]
    lines = [line for line, times in zip(wide, tall, strict=True) for _ in range(times)]
    span = max(map(len, lines), default=0)
    return [line.ljust(span) for line in lines]


def _glyph(character: str) -> list[str]:
    parts = unicodedata.normalize("NFD", character)
    base, marks = parts[0], parts[1:]
    rows = _LETTERS.get(base, _LETTERS[" "]).split("|")
    mark = _MARKS.get(marks[0], "") if marks else ""
    return [mark[: len(rows[0])].ljust(len(rows[0])), *rows]
