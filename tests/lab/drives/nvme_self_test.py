"""Device Self-test: NVMe Base 2.1, 5.1.5 (command), 5.1.12.1.7 (log page 06h)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

from tests.lab.drives.nvme_config import Drive
from tests.lab.drives.nvme_space import Space
from tests.lab.drives.nvme_state import State
from tests.lab.drives.nvme_words import Refused, Status

_SHORT, _EXTENDED, _ABORT = 1, 2, 0xF
_PASSED, _ABORTED_BY_COMMAND, _FAILED_SEGMENT = 0, 1, 7
_UNUSED = 0xF
_RESULTS = 20


class SelfTester:
    """One test at a time; a bad block that can't be read, or the configuration, makes it fail."""

    def __init__(self, config: Drive, state: State, spaces: Sequence[Space], now: Callable[[], float]) -> None:
        self._config = config
        self._state = state
        self._spaces = spaces
        self._now = now
        self._running = 0
        self._begun = 0.0

    def command(self, nsid: int, code: int) -> None:
        """Start a test, or abort the one that runs."""
        if code == _ABORT:
            if self._running:
                self._note(_ABORTED_BY_COMMAND, nsid)
            return
        if code not in {_SHORT, _EXTENDED}:
            raise Refused(Status.INVALID_FIELD)
        if self._running:
            raise Refused(Status.SELF_TEST_IN_PROGRESS)
        self._running, self._begun = code, self._now()

    def abort(self, reason: int) -> None:
        """What a format (4h) or a sanitize (9h) does to a test (5.1.12.1.7: Device Self-test Status)."""
        if self._running:
            self._note(reason, 0)

    def advance(self) -> None:
        """Do what is due by now."""
        if not self._running or self._percent() < 100 or self._config.faults.self_test == "hangs":
            return
        bad = self._bad()
        failed = bad is not None or self._config.faults.self_test == "fails"
        self._note(_FAILED_SEGMENT if failed else _PASSED, bad[0] if bad else 0, bad[1] if bad else 0)

    def log(self) -> bytes:
        """564 bytes: what runs, how far it is, the last twenty results, the newest first."""
        percent = min(self._percent(), 99) if self._running else 0
        entries = b"".join(_entry(result) for result in reversed(self._state.self_tests[-_RESULTS:]))
        free = _RESULTS - min(len(self._state.self_tests), _RESULTS)
        unused = bytes([_UNUSED]).ljust(28, b"\0") * free
        return bytes([self._running, percent, 0, 0]) + entries + unused

    def _percent(self) -> int:
        seconds = max(self._config.timing.self_test * self._config.timing.factor, 1e-6)
        long = 10 if self._running == _EXTENDED else 1
        return int(100 * (self._now() - self._begun) / seconds / long)

    def _bad(self) -> tuple[int, int] | None:
        for space in self._spaces:
            block = space.bad_block()
            if block is not None:
                return space.number, block
        return None

    def _note(self, result: int, nsid: int, lba: int = 0) -> None:
        hours = self._config.smart.power_on_hours
        self._state.self_tests.append(
            {"code": self._running, "result": result, "nsid": nsid, "lba": lba, "hours": hours}
        )
        self._running = 0
        self._state.save()


def _entry(result: dict[str, int]) -> bytes:
    failed = result["result"] == _FAILED_SEGMENT
    # Status, segment number, valid diagnostic information (bits 0 and 1: NSID and LBA are valid), reserved.
    head = bytes(
        [result["code"] << 4 | result["result"], 2 if failed else 0, 3 if result["nsid"] and failed else 0, 0]
    )
    return head + struct.pack("<QIQ4x", result["hours"], result["nsid"], result["lba"])
