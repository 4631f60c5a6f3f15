"""An on-screen keyboard for machines without one: large caps that are tapped or clicked, and send what a key would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult, RenderResult

SHIFT, BACK, SPACE, ENTER = "shift", "back", "space", "enter"
_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl-", "zxcvbnm._@")
_WORDS = {SHIFT: "ABC", BACK: "←", SPACE: " ", ENTER: "OK"}


class KeyCap(Widget):
    """One cap; a tap sends its character or its name."""

    @dataclass
    class Tapped(Message):
        """A cap was tapped: one character, or BACK or ENTER."""

        what: str

    def __init__(self, what: str) -> None:
        super().__init__(classes="cap" if len(what) == 1 else f"cap -{what}")
        self.what = what

    def render(self) -> RenderResult:
        """The character or the cap's word."""
        return Content(_WORDS.get(self.what, self.what))

    def on_click(self, event: events.Click) -> None:
        """Tell the screen, or change the case of all caps."""
        event.stop()
        self.post_message(self.Tapped(self.what))


class KeyBoard(Vertical):
    """Four rows of characters and one of commands; the shift cap holds until it is tapped again."""

    def compose(self) -> ComposeResult:
        """The caps."""
        for row in _ROWS:
            with Horizontal(classes="caps"):
                for character in row:
                    yield KeyCap(character)
        with Horizontal(classes="caps"):
            for what in (SHIFT, SPACE, BACK, ENTER):
                yield KeyCap(what)

    def on_key_cap_tapped(self, message: KeyCap.Tapped) -> None:
        """Shift changes the caps and goes no further."""
        if message.what != SHIFT:
            return
        message.stop()
        for cap in self.query(KeyCap):
            if len(cap.what) == 1:
                cap.what = cap.what.swapcase()
                cap.refresh()
