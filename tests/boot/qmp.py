"""The control socket of a virtual machine (QMP): keys, pointer, pictures, end."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from pathlib import Path
from typing import Any

# Keys by their place on the keyboard (QKeyCode); letters that the layouts share and what else a person needs.
_NAMED = {" ": "spc", "\n": "ret", "-": "minus", ".": "dot", "/": "slash", ";": "semicolon"}
_SHIFTED = {">": "dot", "(": "9", ")": "0"}


class Monitor:
    """One connection to QMP; raises OSError, RuntimeError where QEMU refuses a command."""

    def __init__(self, path: Path, seconds: float = 60.0) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        until = time.monotonic() + seconds
        while True:
            try:
                self._socket.connect(str(path))
                break
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
        self._lines = self._socket.makefile("r", encoding="utf-8")
        self._lines.readline()
        self.command("qmp_capabilities")

    def command(self, name: str, /, **arguments: Any) -> Any:
        """Run one command and give its answer; events in between are dropped."""
        self._socket.sendall(json.dumps({"execute": name, "arguments": arguments}).encode() + b"\n")
        while True:
            answer = json.loads(self._lines.readline())
            if "error" in answer:
                raise RuntimeError(f"{name}: {answer['error']}")
            if "return" in answer:
                return answer["return"]

    def key(self, name: str, hold_ms: int = 120) -> None:
        """Press and release one key, by its QKeyCode."""
        self.command("send-key", keys=[{"type": "qcode", "data": name}], **{"hold-time": hold_ms})
        time.sleep(0.45)

    def chord(self, *names: str) -> None:
        """Press several keys together."""
        self.command("send-key", keys=[{"type": "qcode", "data": n} for n in names], **{"hold-time": 120})
        time.sleep(0.45)

    def type(self, text: str) -> None:
        """Type letters at a person's pace."""
        for character in text:
            if character in _SHIFTED:
                self.chord("shift", _SHIFTED[character])
            elif character.isupper():
                self.chord("shift", character.lower())
            else:
                self.key(_NAMED.get(character, character))

    def tap(self, x: float, y: float, hold_seconds: float = 0.15) -> None:
        """Put one finger down at these parts of the screen's width and height, hold it, lift it."""
        self._touch("begin", x, y)
        until = time.monotonic() + hold_seconds
        tremor = 0.0
        while time.monotonic() < until:
            time.sleep(min(0.15, hold_seconds))
            # No finger keeps as still as a program.
            tremor = 0.003 - tremor
            if hold_seconds > 1:
                self._touch("update", x + tremor, y)
        self._touch("end", x, y)
        time.sleep(0.2)

    def _touch(self, kind: str, x: float, y: float) -> None:
        down = kind != "end"
        events = [
            {
                "type": "mtt",
                "data": {"type": kind, "slot": 0, "tracking-id": 1 if down else -1, "axis": "x", "value": 0},
            }
        ]
        if down:
            for axis, part in (("x", x), ("y", y)):
                data = {"type": "data", "slot": 0, "tracking-id": 1, "axis": axis, "value": int(part * 0x7FFF)}
                events.append({"type": "mtt", "data": data})
        if kind != "update":
            events.append({"type": "btn", "data": {"down": down, "button": "touch"}})
        self.command("input-send-event", events=events)

    def picture(self, path: Path) -> Path:
        """Write what the screen shows as PNG."""
        self.command("screendump", filename=f"/src/build/boot/{path.name}", format="png")
        return path

    def quit(self) -> None:
        """End the machine at once, as a power cut does."""
        with contextlib.suppress(OSError, ValueError):
            self.command("quit")
        self._socket.close()
