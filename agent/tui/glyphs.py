"""The characters that a screen may show: those of the live image's console font (Uni2-Terminus16), and text made of them."""

import unicodedata

from rich.cells import cell_len

from agent.model.drive import printable

DONE, RUNNING, ACT, FAILED = "●", "■", "▲", "✗"
FULL_BLOCK, LIGHT_SHADE = "█", "░"
DASH = "\N{EN DASH}"

_ASCII = frozenset(map(chr, range(0x20, 0x7F)))
_LATIN_1 = frozenset(map(chr, range(0xA0, 0x100)))
_LATIN_EXTENDED = frozenset("ŒœŸ")
_BOX_DRAWING = frozenset(map(chr, range(0x2500, 0x2580)))
_SIGNS = frozenset(
    "●■▲✗█░▒…→←↑↓“”•€\N{EN DASH}\N{EM DASH}\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}"
)

ALLOWED = _ASCII | _LATIN_1 | _LATIN_EXTENDED | _BOX_DRAWING | _SIGNS


def screen_text(text: str, limit: int = 64) -> str:
    """Text of a device, a tool or a server on one line: whatever the console font lacks becomes '?'."""
    clean = printable(unicodedata.normalize("NFC", text), limit)
    return "".join(c if c in ALLOWED else "?" for c in clean)


def prose(text: str, limit: int = 600) -> str:
    """Sentences of the program or of a tool: like screen_text, with line breaks as blanks."""
    return screen_text(" ".join(text.split()), limit)


def fit(text: str, width: int) -> str:
    """The text cut or padded to exactly so many cells."""
    if width <= 0:
        return ""
    if cell_len(text) > width:
        text = text[: width - 1].rstrip() + "…"
    return text + " " * (width - cell_len(text))


def bar(fraction: float, width: int) -> str:
    """A progress bar of so many cells; full only when everything is done."""
    filled = int(max(0.0, min(1.0, fraction)) * width)
    return FULL_BLOCK * filled + LIGHT_SHADE * (width - filled)
