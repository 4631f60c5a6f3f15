"""Every screen at both sizes: only glyphs of the console font, nothing cut, every text translated, nothing by colour alone."""

import asyncio
import functools
import re
from pathlib import Path

import pytest

from agent.text import mangle, use_language
from agent.tui.glyphs import ALLOWED
from agent.tui.theme import CONSOLE, SLATE
from tests.tui import fake_sitting, frozen, pictures
from tests.tui.pictures import SCREENS, SIZES, draw

_SHOWS = {
    "drives": (
        "LENOVO ThinkPad T480",
        "SPECIMEN",
        "▲ SUSPECT",
        "not on offer",
        "spared: this stick",
        "2 drives chosen",
    ),
    "no-drive": ("No drive was found in this machine.", "/sys/block", "driver ahci"),
    "plan-own-erase": ("1. the drive erases itself", "2. only if that fails", "3. only if that fails"),
    "plan": ("nothing has been touched", "reaches Clear, required is Clear", "not covered:", "one random pass"),
    "plan-cautions": (
        "▲ A controller is in RAID mode",
        "▲ This machine runs on its battery",
        "✗ The battery is too low",
    ),
    "frozen": (
        "Let the machine sleep for ten seconds?",
        "has locked the erase commands of 3 drives:",
        "Not now",
        "Sleep",
    ),
    "frozen-no-sleep": ("(S3)", "What to try, in this order:", "1. Leave the machine on.", "Continue"),
    "thawed": ("The machine is awake again", "No longer locked: sda, sdb", "Still locked: sdc", "1. Leave"),
    "plan-steps": ("what to do: press G", "then press K", "G  give back", "K  PSID"),
    "give-back": (
        "hides 2097152 sectors (1.1 GB)",
        "Nothing is erased",
        "changed for good",
        "the whole drive",
        "Give it back",
    ),
    "psid": ("12 of 32 characters", "Samsung SSD 860 EVO", "everything on the drive is lost", "Use it"),
    "psid-refused": ("Refused by the drive", "may count attempts", "Type it again", "Back"),
    "revert": ("Everything on this drive will be lost", "B C D F", "This alone proves nothing", "Cancel"),
    "confirm": ("these 3 drives", "K R T B", "Cancel", "Not touched:"),
    "confirm-many": ("these 8 drives", " 8 ✗ ST1000LM035-1RK172", "the stick this system runs from", "Cancel"),
    "countdown": ("Any key stops it",),
    "progress": ("8 drives · 1 sanitized", "1 not sanitized", "✗ FAILED", "● SANITIZED", "3 errors", "Events"),
    "progress-own-erase": ("drive █", "check █", "26 %", "SANITIZING"),
    "paused": ("▲ PAUSED", "▲ TOO HOT", "not answering for 125 s", "■ WAITING", "61 °C", "2 paused", "pause …"),
    "pausing": ("Continue sdc", "Continue all", "Back"),
    "result": ("HAND OVER", "Record is on stable storage at", "certificate.pdf", "● archived", "level clear"),
    "incomplete": (
        "SET ASIDE",
        "✗ FAILED",
        "first bad LBA 976773168",
        "Certificate of some media only: certificate.pdf",
        "▲ upload pending",
        "upload now",
    ),
    "unrecorded": ("FIX", "There is NO record", "The evidence folder is full.", "save again"),
    "records": ("5 records · 1 waits for upload", "▲ in quarantine", "✗ rejected", "● archived"),
    "help": ("Keys", "everywhere"),
}
_NAMES = {
    "LENOVO", "ThinkPad", "GiB", "SPECIMEN", "ardoise", "KIOXIA", "KBG40ZNS256G", "NVMe", "SSD", "SATA", "HDD", "USB", "flash", "ASMT",
    "Samsung", "EVO", "SanDisk", "Ultra", "Fit", "BitLocker", "vfat", "ntfs", "gpt", "SMART", "WWN", "Clear", "AES", "CTR", "Enter", "Esc",
    "LBA", "https", "registry", "example", "sys", "block", "Intel", "AHCI", "ahci", "eMMC", "hosts", "controllers", "home", "run", "evidence",
    "certificate", "record", "pdf", "rpm", "English", "Français", "Deutsch", "Tab", "min", "random", "pattern", "receipt", "checked", "INCOMPLETE",
    "Purge",
}  # fmt: skip


DEVICE_WORDS = set(
    re.findall(
        r"[^\W\d_]{4,}",
        Path(fake_sitting.__file__).read_text()
        + Path(pictures.__file__).read_text()
        + Path(frozen.__file__).read_text(),
    )
)
"""Words of devices, reasons and problems: they are sample data of the fake, not texts of the screen."""
_MODAL = {"frozen", "frozen-no-sleep", "thawed", "give-back", "psid", "psid-refused", "revert"}
_MODAL |= {"confirm", "confirm-many", "countdown", "help", "pausing"}


@functools.cache
def drawn(name: str, size: tuple[int, int], code: str = "en") -> str:
    """A screen as text, drawn once for each test process."""
    use_language(code)
    return asyncio.run(draw(name, size))[2]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SCREENS)
def test_it_says_what_it_must_in_allowed_glyphs(name: str, size: tuple[int, int]) -> None:
    shown = drawn(name, size)
    for words in _SHOWS[name]:
        assert words in shown, shown
    assert set(shown) - {"\n"} <= ALLOWED
    assert name in _MODAL or len(shown.splitlines()[-1].rstrip()) < size[0]
    if name in {"progress", "paused", "result", "incomplete"}:
        rows = [line for line in shown.splitlines()[1 : size[1] // 2] if line.count("█") > 5]
        assert len(rows) * 10 >= size[1], shown


@pytest.mark.parametrize("name", SCREENS)
def test_every_text_is_translated(name: str) -> None:
    shown = drawn(name, (80, 24), "xx")
    words = set(re.findall(r"[^\W\d_]{4,}", shown))
    plain = {w for w in words if w.isascii() and re.search("[aeiouyncAEIOUYNC]", w)}
    assert not plain - _NAMES - DEVICE_WORDS, shown
    assert set(shown) - {"\n"} <= ALLOWED
    assert name in _MODAL or len(shown.splitlines()[-1].rstrip()) < 80, shown


def test_mangling_keeps_placeholders() -> None:
    assert mangle("{n} drives").format(n=3).startswith("3 drívés")


def _rgb(text: str) -> tuple[float, float, float]:
    return tuple(int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _contrast(one: str, other: str) -> float:
    lights = sorted(
        0.2126 * _linear(r) + 0.7152 * _linear(g) + 0.0722 * _linear(b) for r, g, b in (_rgb(one), _rgb(other))
    )
    return (lights[1] + 0.05) / (lights[0] + 0.05)


@pytest.mark.parametrize("state", ["done", "act", "failed", "running"])
def test_contrast_of_state_words(state: str) -> None:
    for theme in (SLATE, CONSOLE):
        ratio = _contrast(theme.variables[f"{state}-text"], theme.variables[f"{state}-back"])
        assert ratio >= 7, (theme.name, state, ratio)


def test_contrast_of_running_text() -> None:
    for theme in (SLATE, CONSOLE):
        for name in ("done", "act", "failed", "quiet"):
            assert _contrast(theme.variables[name], theme.background) >= 6, (theme.name, name)
