"""Whether a person who looks at a page sees its headline: drawn, large enough, in another colour than what is around it.

Extracted text says which words a page holds, not that anybody can read them: white on white, under a box, beside the sheet
or a point high they would still be found. So the page is drawn, by PDFium, and the pixels of each letter are looked at. What
this can't see: a picture elsewhere on the page that says something else.
"""

import ctypes
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from agent.certificate.report import FailureKind, StepFailed

LEAST_HEIGHT = 7.0
"""Points; a capital letter of a text of ten points has as many."""
_SCALE = 3
_LEAST_CONTRAST = 90
_LEAST_INK, _LEAST_AROUND = 10, 25
"""Percent of a letter's box that is of its colour, and of a rim around it that is not."""
_RIM = 0.2
_MOST_SEGMENTS = 24
"""So many corners has a box with rounded ones; what has more may be a drawn letter."""
_SAME_COLOUR = 60

# PDFium keeps state of its own for the whole process.
_LOCK = threading.Lock()

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class _Letter:
    """A character's box in points (left, bottom, right, top) and its colour."""

    box: Box
    luminance: int


@dataclass(frozen=True)
class Pages:
    """The text of all pages without any space, and whether the headline can be seen on the first."""

    text: str
    unseen: str


def look_at(pdf: bytes, headline: str) -> Pages:
    """The text as PDFium extracts it, and why nobody sees the headline ('' where one does); raises StepFailed SEAL."""
    import pypdfium2  # noqa: PLC0415 - a record alone is verified without it

    try:
        with _LOCK:
            document = pypdfium2.PdfDocument(pdf)
            try:
                first, *others = document
                words = _Words(first.get_textpage())
                texts = [words.text, *(_Words(page.get_textpage()).text for page in others)]
                return Pages("".join(texts), _unseen(first, words, "".join(headline.split())))
            finally:
                document.close()
    except (pypdfium2.PdfiumError, IndexError, ValueError) as error:
        raise StepFailed(FailureKind.SEAL, "The page can't be drawn.") from error


class _Words:
    """The characters of a page that are no spaces, in one text, and where each of them stands."""

    def __init__(self, text_page: Any) -> None:  # noqa: ANN401 - pypdfium2 has no types
        from pypdfium2 import raw  # noqa: PLC0415

        self._page = text_page
        handle, code = text_page.raw, raw.FPDFText_GetUnicode
        read = [chr(code(handle, i)) for i in range(raw.FPDFText_CountChars(handle))]
        shown = [(i, c) for i, c in enumerate(read) if c.isprintable() and not c.isspace()]
        self.text = "".join(character for _, character in shown)
        self._indexes = [index for index, _ in shown]

    def letters(self, start: int, count: int) -> list[_Letter]:
        """So many letters from a place of the text on."""
        return [self._letter(index) for index in self._indexes[start : start + count]]

    def _letter(self, index: int) -> _Letter:
        from pypdfium2 import raw  # noqa: PLC0415

        left, right, bottom, top = (ctypes.c_double() for _ in range(4))
        raw.FPDFText_GetCharBox(self._page, index, left, right, bottom, top)
        colours = [ctypes.c_uint() for _ in range(4)]
        raw.FPDFText_GetFillColor(self._page, index, *colours)
        red, green, blue, _ = (int(colour.value) for colour in colours)
        box = (left.value, bottom.value, right.value, top.value)
        return _Letter(box, (299 * red + 587 * green + 114 * blue) // 1000)


def _unseen(page: Any, words: _Words, headline: str) -> str:  # noqa: ANN401
    reason, start = f"the first page does not show {headline!r}", words.text.find(headline)
    while start >= 0:
        reason = _hidden(page, words.letters(start, len(headline)))
        if not reason:
            return ""
        start = words.text.find(headline, start + 1)
    return reason


def _hidden(page: Any, word: list[_Letter]) -> str:  # noqa: ANN401
    width, height = page.get_size()
    around: Box = (
        min(letter.box[0] for letter in word),
        min(letter.box[1] for letter in word),
        max(letter.box[2] for letter in word),
        max(letter.box[3] for letter in word),
    )
    tall = around[3] - around[1]
    rim = tall * _RIM
    if tall < LEAST_HEIGHT:
        return "the headline is too small to be read"
    if around[0] < rim or around[1] < rim or around[2] > width - rim or around[3] > height - rim:
        return "the headline does not lie on the page"
    if _is_painted_over(page, around):
        return "a picture lies where the headline is"
    grey = _drawn(page, (around[0] - rim, around[1] - rim, around[2] + rim, around[3] + rim))
    if all(_is_seen(grey, letter, rim) for letter in word):
        return ""
    return "a letter of the headline can't be seen"


def _is_painted_over(page: Any, around: Box) -> bool:  # noqa: ANN401
    from pypdfium2 import raw  # noqa: PLC0415

    kinds = [raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_SHADING, raw.FPDF_PAGEOBJ_PATH]
    for item in page.get_objects(filter=kinds, max_depth=8):
        left, bottom, right, top = item.get_bounds()
        if left < around[2] and right > around[0] and bottom < around[3] and top > around[1]:
            drawn = item.type == raw.FPDF_PAGEOBJ_PATH
            if not drawn or raw.FPDFPath_CountSegments(item) > _MOST_SEGMENTS:
                return True
    return False


def _drawn(page: Any, part: Box) -> Callable[[Box], bytes]:  # noqa: ANN401
    """The grey values inside a box of this part of the page."""
    width, height = page.get_size()
    crop = (part[0], part[1], width - part[2], height - part[3])
    bitmap = page.render(scale=_SCALE, crop=crop, grayscale=True, no_smoothtext=True)
    stride, rows, columns, data = bitmap.stride, bitmap.height, bitmap.width, bytes(bitmap.buffer)

    def values(box: Box) -> bytes:
        left, right = (int((x - part[0]) * _SCALE) for x in (box[0], box[2]))
        top, bottom = (int((part[3] - y) * _SCALE) for y in (box[3], box[1]))
        left, right = max(0, left), min(columns, right + 1)
        lines = range(max(0, top), min(rows, bottom + 1))
        return b"".join(data[y * stride + left : y * stride + right] for y in lines)

    return values


def _is_seen(grey: Callable[[Box], bytes], letter: _Letter, rim: float) -> bool:
    left, bottom, right, top = letter.box
    inside = grey(letter.box)
    whole = grey((left - rim, bottom - rim, right + rim, top + rim))
    ink = sum(count for value, count in Counter(inside).items() if abs(value - letter.luminance) < _SAME_COLOUR)
    other = sum(
        count for value, count in Counter(whole).items() if abs(value - letter.luminance) >= _LEAST_CONTRAST
    )
    return ink * 100 >= _LEAST_INK * len(inside) and other * 100 >= _LEAST_AROUND * len(whole) and bool(inside)
