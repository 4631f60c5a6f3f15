"""What a person does at the screen, by keys or by touch, each step judged by the picture."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

from tests.boot import enrol
from tests.boot.machine import IN_TOOLS, PLACE, Machine, inside
from tests.boot.screen import (
    BACKGROUND,
    CODE_BACK,
    FAILED,
    HIGHLIGHTED_ROW,
    PANEL,
    changed_share,
    find_colour,
    find_frame,
    read_code,
    share_of,
    size_of,
)

START_SECONDS = 600
# The code's strip is a hundred points wide; the countdown's has the same colour and the dialog's width.
_WIDEST_CODE = 400


def reach_list(machine: Machine, *, touch: bool = False) -> None:
    """From power-on to the list of drives; keeps the times."""
    unlock(machine, touch=touch)
    wait_for_list(machine)


def unlock(machine: Machine, *, touch: bool = False) -> None:
    """From power-on to the passphrase that was given."""
    machine.skip_menu()
    machine.wait_for("screen", START_SECONDS)
    wait_for_colour(machine, "unlock", PANEL, 0.02, 240)
    machine.events["first screen"] = time.monotonic() - machine.started
    time.sleep(3)
    machine.picture("unlock")
    if touch:
        tap_text(machine, enrol.PASSPHRASE)
    else:
        machine.monitor.type(enrol.PASSPHRASE + "\n")


def wait_for_list(machine: Machine) -> None:
    """Until the list of drives stands on the screen; writes down the times."""
    wait_for_colour(machine, "drives", HIGHLIGHTED_ROW, 0.01, 300)
    machine.events["list of drives"] = time.monotonic() - machine.started
    settle(machine, "drives")
    (PLACE / f"{machine.name}.seconds.json").write_text(json.dumps(machine.events, indent=2))


def key_changes_screen(machine: Machine) -> None:
    """F1 shows the help, Escape takes it away."""
    before = settle(machine, "drives")
    machine.monitor.key("f1")
    machine.wait_until(lambda: changed_share(before, machine.picture("help")) > 0.05, "change by a key", 60)
    machine.monitor.key("esc")
    machine.wait_until(lambda: changed_share(before, machine.picture("drives")) < 0.05, "end of the help", 60)


def confirm_by_code(machine: Machine, font: Path) -> None:
    """From the chosen drives to the countdown: plan, confirmation, the code that stands on the screen."""
    step(machine, "ret", "plan")
    step(machine, "ret", "confirm")
    machine.wait_until(lambda: find_colour(machine.picture("confirm"), CODE_BACK) is not None, "the code", 60)
    time.sleep(4)
    letters = read_code(machine.picture("confirm"), font).lower()
    for _ in range(4):
        for letter in letters:
            machine.monitor.type(letter)
            time.sleep(0.8)
        time.sleep(3)
        # Where busy cores bunch the keys, the screen says that they came too fast, and a person types them again.
        box = find_colour(machine.picture("countdown"), CODE_BACK)
        if box is None or box[2] - box[0] > _WIDEST_CODE:
            return
    raise AssertionError(f"{machine.name}: the code was not taken")


def step(machine: Machine, key: str, what: str) -> None:
    """Press one key and wait until the picture has changed and then stood still."""
    before = settle(machine, what).read_bytes()
    machine.monitor.key(key)
    machine.wait_until(lambda: machine.picture(what).read_bytes() != before, f"change after {key}", 60)
    settle(machine, what)


def settle(machine: Machine, what: str, seconds: float = 30) -> Path:
    """A picture that has stood still for two seconds."""
    until = time.monotonic() + seconds
    last = b""
    while (now := machine.picture(what).read_bytes()) != last and time.monotonic() < until:
        last = now
        time.sleep(2)
    return PLACE / f"{machine.name}-{what}.png"


def wait_for_colour(
    machine: Machine, what: str, colour: tuple[int, int, int], share: float, seconds: float
) -> None:
    """Wait until this part of the screen has exactly this colour."""
    machine.wait_until(lambda: share_of(machine.picture(what), BACKGROUND) > 0.1, f"{what}: the screen", seconds)
    machine.wait_until(lambda: share_of(machine.picture(what), colour) > share, what, seconds)


# touch ------------------------------------------------------------------------------------------------------------

_CAPS = ("1234567890", "qwertyuiop", "asdfghjkl-", "zxcvbnm._@")
_CAP_CELLS, _LAST_ROW_CELLS = 7, (11, 35, 11, 14)


def tap_text(machine: Machine, text: str) -> None:
    """Tap a passphrase on the screen's own keyboard, then OK; the caps are found by the panel's colour."""
    grid = keyboard_grid(PLACE / f"{machine.name}-unlock.png")
    for character in text:
        machine.monitor.tap(*grid[character])
        time.sleep(0.7)
    machine.picture("typed")
    machine.monitor.tap(*grid["\n"])


def keyboard_grid(picture: Path) -> dict[str, tuple[float, float]]:
    """Where each cap is, as parts of the screen's width and height: the block of the panel's colour has five rows."""
    box = find_colour(picture, PANEL)
    assert box, "no keyboard on the screen"
    left, top, right, bottom = box
    width, height = size_of(picture)
    cell = (right - left) / sum(_LAST_ROW_CELLS)
    row = (bottom - top) / (len(_CAPS) + 1)
    grid = {}
    for number, caps in enumerate(_CAPS):
        for index, cap in enumerate(caps):
            x = right - (len(caps) - index - 0.5) * _CAP_CELLS * cell
            grid[cap] = (x / width, (top + (number + 0.5) * row) / height)
    last = (bottom - row / 2) / height
    grid[" "] = ((left + (_LAST_ROW_CELLS[0] + _LAST_ROW_CELLS[1] / 2) * cell) / width, last)
    grid["\n"] = ((right - _LAST_ROW_CELLS[3] / 2 * cell) / width, last)
    return grid


def tap_field(machine: Machine, colour: tuple[int, int, int], what: str) -> None:
    """Tap the filled field of this colour (the highlighted row, the primary key), wait for what it does."""
    picture = settle(machine, what)
    before = picture.read_bytes()
    box = find_colour(picture, colour)
    assert box, f"{machine.name}: nothing to tap for {what}"
    machine.monitor.tap(*middle_of(picture, box))
    machine.wait_until(lambda: machine.picture(what).read_bytes() != before, f"{what} after a tap", 60)
    settle(machine, what)


def hold(machine: Machine, seconds: float) -> None:
    """Hold a finger on the button that erases, known by its frame: narrower than the dialog's own."""
    picture = settle(machine, "confirm")
    box = find_frame(picture, FAILED, (100, 700))
    assert box, "no button to hold"
    machine.monitor.tap(*middle_of(picture, box), hold_seconds=seconds)


def middle_of(picture: Path, box: tuple[int, int, int, int]) -> tuple[float, float]:
    """The middle of a box, as parts of the picture's width and height."""
    width, height = size_of(picture)
    return (box[0] + box[2]) / 2 / width, (box[1] + box[3]) / 2 / height


def code_font(iso: Path) -> Path:
    """The bold face that the terminal draws with, out of the image itself."""
    if (PLACE / "bold.ttf").exists():
        return PLACE / "bold.ttf"
    face = "usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf"
    script = f"""cd {inside(PLACE)} && rm -rf font face.squashfs
        xorriso -osirrox on -indev {inside(iso)} -extract /live/root.squashfs face.squashfs 2>/dev/null
        unsquashfs -quiet -no-progress -d font face.squashfs {face} >/dev/null && cp font/{face} bold.ttf && rm -rf face.squashfs"""
    subprocess.run([IN_TOOLS, "sh", "-c", script], check=True)
    return PLACE / "bold.ttf"
