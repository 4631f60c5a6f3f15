"""A faulty eMMC: what mmc-utils says of each operation that goes wrong, and what the flash still holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.lab import guest
from tests.lab.disk import left, plant
from tests.lab.drives.emmc import Emmc, Kind, Operation, commands, leftover
from tests.lab.guest import Case

_SECTORS = 4096
_ALL, _HALF = _SECTORS * 512, _SECTORS * 256
_PIECE = 64 << 10
_ERASES: tuple[tuple[Operation, str], ...] = (
    ("erase", "legacy"),
    ("trim", "trim"),
    ("secure-erase", "secure-erase"),
)


@dataclass(frozen=True)
class Expected:
    """The tool's exit code is 0, and so many bytes are left at the drive's addresses and behind them."""

    succeeds: bool
    shown: int
    behind: int


def _erase(kind: Kind | None, *, purges: bool) -> Expected:
    if kind in {"refuse", "hang"}:
        return Expected(False, _ALL, 0)
    shown = {"nothing": _ALL, "half": _HALF, "fail": _HALF}.get(kind or "", 0)
    # mmc-utils looks at few of the status bits: after an error in the middle it says that it succeeded.
    return Expected(True, shown, 0 if purges else _ALL - shown)


def _sanitize(kind: Kind | None) -> Expected:
    behind = {None: 0, "half": _HALF, "fail": _HALF}.get(kind, _ALL)
    return Expected(kind in {None, "nothing", "half"}, 0, behind)


def _faults(operation: Operation, kind: Kind | None) -> dict[Operation, Kind]:
    return {operation: kind} if kind else {}


_KINDS: tuple[Kind | None, ...] = (None, "refuse", "nothing", "half", "fail", "hang")
_ROWS: tuple[tuple[str, dict[Operation, Kind], str, Expected], ...] = (
    *(
        (
            f"{operation}-{kind}",
            {operation: kind} if kind else {},
            word,
            _erase(kind, purges=word == "secure-erase"),
        )
        for operation, word in _ERASES
        for kind in _KINDS
    ),
    *((f"sanitize-{kind}", _faults("sanitize", kind), "sanitize", _sanitize(kind)) for kind in _KINDS),
    # Without an erase there is nothing that a sanitize could remove.
    ("sanitize-alone", {}, "sanitize-alone", Expected(True, _ALL, 0)),
    # A discard may leave everything where it was.
    ("discard", {}, "discard", Expected(True, _ALL, 0)),
)


def test_each_fault(tmp_path: Path) -> None:
    """All in one guest; files of the host are the devices."""
    asked = []
    for key, faults, word, _ in _ROWS:
        folder = tmp_path / "lab" / key
        Emmc(_SECTORS, faults=faults).make(folder, user=f"/lab/{key}/user")
        plant(folder / "user", _SECTORS)
        asked += [_tool(key, line) for line in _lines(word)]
    guest.run(tmp_path / "lab", [], Case((), "", tuple(asked), runs=0))
    found, wanted = {}, {}
    for key, _, _, expected in _ROWS:
        folder = tmp_path / "lab" / key
        code = int((folder / "code").read_text())
        behind = len([b for b in range(0, _ALL, _PIECE) if b"PLANTED" in leftover(folder)[b : b + _PIECE]]) * _PIECE
        found[key] = Expected(code == 0, left(folder / "user", _SECTORS).bytes, behind)
        wanted[key] = expected
        assert commands(folder), key
    assert found == wanted


def _lines(word: str) -> list[str]:
    if word == "sanitize":
        return [f"mmc erase legacy 0 {_ALL - 1}", "mmc sanitize"]
    if word == "sanitize-alone":
        return ["mmc sanitize"]
    return [f"mmc erase {word} 0 {_ALL - 1}"]


def _tool(key: str, line: str) -> str:
    return f"MMC_SHIM=/lab/{key} {line} /lab/{key}/user >/dev/null 2>&1 && code=0 || code=$?; echo $code >/lab/{key}/code"
