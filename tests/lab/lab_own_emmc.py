"""`ardoise` on the lab's eMMC, as it is on any: erase and sanitize, and what a fault of the device comes to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lab import guest
from tests.lab.cells import drive_records
from tests.lab.conftest import sanitize
from tests.lab.disk import left, plant
from tests.lab.drives.emmc import SEC_GB_CL_EN, SECURE_ER_EN, Emmc, commands, leftover
from tests.lab.guest import Case

_NODE, _SERIAL = "/dev/mmcblk0", "0x1a2b3c4d"
_SECTORS = 64 << 11
_SANITIZE, _SECURE = "mmc-erase-and-sanitize", "mmc-secure-erase"
_OLD = 5


@dataclass(frozen=True)
class Row:
    """A device, the technique, what it must come to; `hides` where data are left that no read can show."""

    key: str
    device: Emmc
    outcomes: tuple[str, ...]
    technique: str = _SANITIZE
    hides: bool = False


_NOT_DONE = ("failed", "unknown")
_ROWS = (
    Row("healthy", Emmc(_SECTORS), ("sanitized",)),
    Row("erased-is-ff", Emmc(_SECTORS, erased_mem_cont=1), ("sanitized",)),
    # Areas of their own, for the machine's firmware: the record says that they were not reached.
    Row("boot-areas", Emmc(_SECTORS, boot_size_mult=4), ("sanitized",)),
    Row("no-trim", Emmc(_SECTORS, sec_feature_support=1 << 6), ("sanitized",)),
    Row("trim-refused", Emmc(_SECTORS, faults={"trim": "refuse"}), _NOT_DONE),
    Row("trim-does-nothing", Emmc(_SECTORS, faults={"trim": "nothing"}), _NOT_DONE),
    Row("trim-does-half", Emmc(_SECTORS, faults={"trim": "half"}), _NOT_DONE),
    Row("trim-fails", Emmc(_SECTORS, faults={"trim": "fail"}), _NOT_DONE),
    Row("sanitize-refused", Emmc(_SECTORS, faults={"sanitize": "refuse"}), _NOT_DONE),
    Row("sanitize-hangs", Emmc(_SECTORS, faults={"sanitize": "hang"}), _NOT_DONE),
    # Nothing that a host can ask tells: here the program can only say what the device said.
    Row("sanitize-does-nothing", Emmc(_SECTORS, faults={"sanitize": "nothing"}), ("sanitized",), hides=True),
    Row(
        "old",
        Emmc(_SECTORS, ext_csd_rev=_OLD, sec_feature_support=SECURE_ER_EN | SEC_GB_CL_EN),
        ("sanitized",),
        _SECURE,
    ),
    Row(
        "old-does-half",
        Emmc(
            _SECTORS,
            ext_csd_rev=_OLD,
            sec_feature_support=SECURE_ER_EN | SEC_GB_CL_EN,
            faults={"secure-erase": "half"},
        ),
        _NOT_DONE,
        _SECURE,
    ),
)


@pytest.mark.parametrize("row", _ROWS, ids=lambda row: row.key)
def test_own_erase_of_an_emmc(lab: Path, row: Row) -> None:
    drives = row.device.make_drive(lab)
    plant(drives[0], _SECTORS)
    argv = sanitize(_NODE, passes="random", confirms=[_SERIAL], technique=row.technique)
    result = guest.run(lab, drives, Case(argv, _NODE, before=("python3 -m tests.lab.emmc_tree",)))
    (run,) = result.runs
    records = drive_records(lab / "evidence", _NODE)
    told = f"{run['err']}\n{records[-1]['reason'] if records else ''}\n{commands(lab / 'emmc')}"
    assert "Traceback" not in run["err"], told
    assert records, told
    outcome = records[-1]["outcome"]
    assert outcome in row.outcomes, f"{outcome} {told}"
    assert (run["code"] == 0) == (outcome == "sanitized"), told
    if outcome == "sanitized":
        assert left(drives[0], _SECTORS).bytes == 0
        assert any("boot" in words for words in records[-1]["not_covered"]) == bool(row.device.boot_size_mult)
        assert (b"PLANTED" in leftover(lab / "emmc")) == row.hides
