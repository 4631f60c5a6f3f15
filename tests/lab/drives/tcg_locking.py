"""The tables of the Admin SP and the Locking SP, as far as they are there: Opal SSC 2.01, 4.2 and 4.3."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.lab.drives import tcg_objects
from tests.lab.drives.nvme_config import Tcg
from tests.lab.drives.tcg_tokens import Value

_PIN = 3
_START, _LENGTH, _READ_ENABLED, _WRITE_ENABLED, _READ_LOCKED, _WRITE_LOCKED = range(3, 9)
_INACTIVE, _MANUFACTURED = 8, 9
_MAX_RANGES = 8
_NOBODY_KNOWS = b"set by an owner who took it along"


class Locking:
    """PINs, the Locking SP's life cycle, and its ranges; `memory` is what survives the power."""

    def __init__(self, config: Tcg, memory: dict[str, Any], save: Callable[[], None]) -> None:
        self._config = config
        self._memory = memory
        self._save = save
        if not memory:
            owned = _NOBODY_KNOWS.decode() if config.owned or config.locked else config.msid
            memory["sid"] = config.sid or owned
            memory["admin"] = memory["sid"]
            memory["activated"] = bool(config.locked)
            memory["ranges"] = {}
            for number, (first, count) in enumerate(config.locked, 1):
                memory["ranges"][str(number if count else 0)] = [first, count, 1, 1, 1, 1]
        self.lock_again()

    @property
    def activated(self) -> bool:
        """Whether the Locking SP is in the state Manufactured."""
        return bool(self._memory["activated"])

    @property
    def sid_changed(self) -> bool:
        """Whether somebody has set the SID's PIN."""
        return bool(self._memory["sid"] != self._config.msid)

    @property
    def any_locked(self) -> bool:
        """The Locked bit of Level 0 Discovery."""
        return any(each[4] or each[5] for each in self._memory["ranges"].values())

    def lock_again(self) -> None:
        """What a power cycle does to ranges (LockOnReset; Core 2.01, 5.7.2.2.7)."""
        for each in self._memory["ranges"].values():
            each[4], each[5] = each[2], each[3]
        self._save()

    def refuses(self, namespace: int, first: int, count: int, *, write: bool) -> bool:
        """Whether blocks may not be accessed; numbered ranges lie in the first namespace."""
        ranges = self._memory["ranges"]
        column = 5 if write else 4
        covered = 0
        for number, each in ranges.items():
            low, high = max(first, each[0]), min(first + count, each[0] + each[1])
            if namespace != 1 or number == "0" or low >= high:
                continue
            if each[column]:
                return True
            covered += high - low
        return covered < count and bool(ranges.get("0", [0] * 6)[column])

    def pin(self, sp: bytes, authority: bytes) -> bytes | None:
        """The credential of an authority of an SP; None where it has no such authority."""
        if sp == tcg_objects.ADMIN_SP:
            pins = {tcg_objects.SID: self._memory["sid"], tcg_objects.PSID: self._config.psid}
        else:
            pins = {tcg_objects.ADMIN_1: self._memory["admin"]}
        found = pins.get(authority)
        return None if found is None else bytes(found, "latin-1")

    def get(self, row: bytes, proved: set[bytes]) -> dict[int, Value]:
        """The columns of a row that these authorities may see; none of a row that they may not."""
        if row == tcg_objects.C_PIN_MSID:
            return {_PIN: self._config.msid.encode()}
        if row == tcg_objects.LOCKING_SP:
            return {6: _MANUFACTURED if self.activated else _INACTIVE}
        if row == tcg_objects.C_PIN_SID and tcg_objects.SID in proved:
            return {5: self._config.psid_tries, 6: 0}
        if row == tcg_objects.LOCKING_INFO:
            return {4: _MAX_RANGES}
        number = _range_number(row)
        if number is not None and tcg_objects.ADMIN_1 in proved:
            values = self._memory["ranges"].get(number, [0] * 6)
            return dict(enumerate(values, _START))
        return {}

    def set(self, row: bytes, proved: set[bytes], values: Mapping[Any, Value]) -> bool:
        """Change a row; False where these authorities may not."""
        pin = values.get(_PIN)
        if row == tcg_objects.C_PIN_SID and tcg_objects.SID in proved and isinstance(pin, bytes):
            self._memory["sid"] = pin.decode("latin-1")
        elif row == tcg_objects.C_PIN_ADMIN_1 and tcg_objects.ADMIN_1 in proved and isinstance(pin, bytes):
            self._memory["admin"] = pin.decode("latin-1")
        elif tcg_objects.ADMIN_1 in proved and (number := _range_number(row)) is not None:
            present = self._memory["ranges"].setdefault(number, [0] * 6)
            for column, value in values.items():
                if column in range(_START, _WRITE_LOCKED + 1) and isinstance(value, int):
                    present[column - _START] = value
        else:
            return False
        self._save()
        return True

    def activate(self) -> None:
        """Manufactured-Inactive to Manufactured: Admin1's PIN is the SID's (Opal SSC 2.01, 5.1.1)."""
        self._memory["activated"], self._memory["admin"] = True, self._memory["sid"]
        self._save()

    def revert(self, *, with_admin: bool) -> None:
        """The state that the maker left, of the Locking SP and of the Admin SP."""
        self._memory["activated"], self._memory["ranges"] = False, {}
        if with_admin:
            self._memory["sid"] = self._config.msid
        self._save()


def _range_number(row: bytes) -> str | None:
    if row == tcg_objects.GLOBAL_RANGE:
        return "0"
    if row[:6] == tcg_objects.RANGES:
        return str(int.from_bytes(row[6:], "big"))
    return None
