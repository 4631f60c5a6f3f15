"""The eMMC devices of the lab, each with what may be wrong with it, and where their power is cut: data for lab_own_emmc.py."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.lab.disk import MIB
from tests.lab.drives.emmc import SEC_GB_CL_EN, SECURE_ER_EN, Emmc, Kind, Operation

SECTORS = 16 * MIB // 512
SANITIZE, SECURE_ERASE = "mmc erase and sanitize", "mmc secure erase"
_NOT_DONE = ("failed", "unknown")
_NEW = Emmc(SECTORS)
# Before sanitize there was secure erase (4.4 to 4.51).
_OLD = Emmc(SECTORS, ext_csd_rev=5, sec_feature_support=SECURE_ER_EN | SEC_GB_CL_EN)
_SLOW_MS = 120
_WORDS: dict[Kind, str] = {
    "refuse": "refuses",
    "nothing": "does nothing",
    "half": "does half",
    "fail": "fails half-way",
    "hang": "gives no answer",
}


@dataclass(frozen=True)
class Device:
    """A device, the technique, what it must come to; `hides` where data are left that no read can show."""

    fault: str
    emmc: Emmc
    outcomes: tuple[str, ...] = _NOT_DONE
    technique: str = SANITIZE
    hides: bool = False

    @property
    def id(self) -> str:
        """Its name among the tests."""
        return f"{self.technique}-{self.fault}".replace(" ", "-").replace(",", "")


@dataclass(frozen=True)
class Cut:
    """Where the power goes: after this command of the device, as its log has it, while that is being carried out."""

    words: str
    technique: str
    emmc: Emmc
    command: str

    @property
    def id(self) -> str:
        """Its name among the tests."""
        return self.words.replace(" ", "-").replace(",", "").replace("'", "")


def _faulty(emmc: Emmc, operation: Operation, kind: Kind, technique: str) -> Device:
    return Device(
        f"{operation.replace('-', ' ')} {_WORDS[kind]}",
        replace(emmc, faults={operation: kind}),
        technique=technique,
    )


DEVICES: tuple[Device, ...] = (
    Device("healthy", _NEW, ("sanitized",)),
    Device("erased as ff", replace(_NEW, erased_mem_cont=1), ("sanitized",)),
    # Areas of their own, for the machine's firmware: the record says that they were not reached.
    Device("has boot areas", replace(_NEW, boot_size_mult=4), ("sanitized",)),
    Device("has no trim", replace(_NEW, sec_feature_support=1 << 6), ("sanitized",)),
    *(_faulty(_NEW, "trim", kind, SANITIZE) for kind in ("refuse", "nothing", "half", "fail", "hang")),
    *(_faulty(_NEW, "sanitize", kind, SANITIZE) for kind in ("refuse", "fail", "hang")),
    # Nothing that a host can ask tells: here the program can only say what the device said.
    *(
        replace(_faulty(_NEW, "sanitize", kind, SANITIZE), outcomes=("sanitized",), hides=True)
        for kind in ("nothing", "half")
    ),
    Device("healthy", _OLD, ("sanitized",), SECURE_ERASE),
    *(_faulty(_OLD, "secure-erase", kind, SECURE_ERASE) for kind in ("refuse", "nothing", "half", "fail", "hang")),
)

_SLOW, _SLOW_OLD = replace(_NEW, slow_ms=_SLOW_MS), replace(_OLD, slow_ms=_SLOW_MS)
CUTS: tuple[Cut, ...] = (
    Cut(f"{SANITIZE}, during the erase", SANITIZE, _SLOW, "CMD38 00000001"),
    Cut(f"{SANITIZE}, during the sanitize", SANITIZE, _SLOW, "CMD6 03a5"),
    Cut(SECURE_ERASE, SECURE_ERASE, _SLOW_OLD, "CMD38 80000000"),
)
"""CMD38 is ERASE with its argument, CMD6 writes byte 165 (SANITIZE_START) of EXT_CSD."""
