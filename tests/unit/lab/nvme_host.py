"""A host for the model's tests: submission queue entries by hand, and a clock that stands still."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

from tests.lab.disk import SECTOR, planted
from tests.lab.drives.nvme_config import parse_drive
from tests.lab.drives.nvme_drive import Drive
from tests.lab.drives.nvme_words import Command, Completion

SIZE = 1 << 20
BLOCKS = SIZE // SECTOR
NQN = "nqn.2026-11.org.example:drive"


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


class Host:
    """A drive in a folder, planted before its first start; `start` is power on, `cut` power off."""

    def __init__(self, folder: Path, **config: Any) -> None:
        self.folder = folder
        self.document = {"subnqn": NQN, "folder": str(folder), "namespaces": [{"bytes": SIZE}], **config}
        self.clock = Clock()
        folder.mkdir(parents=True, exist_ok=True)
        for number, _ in enumerate(self.document["namespaces"], 1):
            path = self.path(number)
            if not path.exists():
                path.write_bytes(b"".join(planted(block) for block in range(BLOCKS)))
        self.start()

    def path(self, number: int = 1) -> Path:
        return self.folder / f"namespace-{number}"

    def start(self) -> None:
        self.drive = Drive(parse_drive(self.document), self.clock)

    def cut(self, **changes: Any) -> None:
        """Power off without a word, and on again."""
        self.drive.cut()
        self.document.update(changes)
        self.start()

    def wait(self, seconds: float) -> None:
        self.clock.seconds += seconds
        self.drive.advance()

    def admin(self, opcode: int, nsid: int = 0, *dwords: int, data: bytes = b"") -> Completion:
        """Dwords 10 and up; the answer must come at once."""
        (answer,) = self.admin_later(opcode, nsid, *dwords, data=data)
        return answer

    def admin_later(self, opcode: int, nsid: int = 0, *dwords: int, data: bytes = b"") -> list[Completion]:
        """The same for a command whose answer comes later: the list fills then."""
        answers: list[Completion] = []
        self.drive.admin(Command(entry(opcode, nsid, *dwords), data), 1, answers.append)
        return answers

    def io(self, opcode: int, lba: int, count: int, data: bytes = b"", nsid: int = 1, flags: int = 0) -> Completion:
        dwords = (lba & 0xFFFFFFFF, lba >> 32, (count - 1) | flags)
        return self.drive.io(Command(entry(opcode, nsid, *dwords), data))

    def read(self, lba: int, count: int = 1, nsid: int = 1) -> bytes:
        done = self.io(0x02, lba, count, nsid=nsid)
        assert done.status == 0, hex(done.status)
        return done.data

    def write(self, lba: int, data: bytes, nsid: int = 1, flags: int = 0) -> int:
        return self.io(0x01, lba, len(data) // SECTOR, data, nsid, flags).status

    def sanitize(self, cdw10: int, pattern: int = 0) -> int:
        return self.admin(0x84, 0, cdw10, pattern).status

    def sanitize_log(self) -> tuple[int, int, int]:
        """SPROG, SSTAT, SCDW10 of log page 81h, 32 bytes of it."""
        page = self.log(0x81, 32)
        return struct.unpack_from("<HHI", page)

    def log(self, identifier: int, length: int) -> bytes:
        done = self.admin(0x02, 0xFFFFFFFF, identifier | (length // 4 - 1) << 16)
        assert done.status == 0, hex(done.status)
        assert len(done.data) == length
        return done.data

    def identify(self, kind: int, nsid: int = 0) -> bytes:
        done = self.admin(0x06, nsid, kind)
        assert done.status == 0, hex(done.status)
        assert len(done.data) == 4096
        return done.data

    def format(self, cdw10: int, nsid: int = 1, seconds: float = 10) -> int:
        """Send a Format NVM, let so many seconds pass, return its status; -1 where it has not been answered."""
        answers = self.admin_later(0x80, nsid, cdw10)
        for _ in range(20):
            self.wait(seconds / 20)
        return answers[0].status if answers else -1

    def left(self, number: int = 1) -> list[int]:
        """Planted sectors that are still there."""
        data = self.path(number).read_bytes()
        return [n for n in range(len(data) // SECTOR) if data[n * SECTOR : (n + 1) * SECTOR] == planted(n)]


def entry(opcode: int, nsid: int, *dwords: int) -> bytes:
    """A submission queue entry: CDW0, NSID, then dwords 10 to 15."""
    return struct.pack("<II32x6I", opcode | 0x1234 << 16, nsid, *dwords, *[0] * (6 - len(dwords)))
