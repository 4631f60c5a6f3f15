"""What a simulated NVMe drive is and what is wrong with it, as its JSON says it; a word that is not known is an error."""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Ranges = tuple[tuple[int, int], ...]
EVERYTHING: Ranges = ((0, 1 << 62),)

# Capabilities of the sanitize family (NVMe Base 2.1, 5.1.13.2.1: SANICAP).
CRYPTO_ERASE, BLOCK_ERASE, OVERWRITE, NO_DEALLOCATE_INHIBITED = 1 << 0, 1 << 1, 1 << 2, 1 << 29


@dataclass(frozen=True)
class Namespace:
    """One namespace; its number is its place in the list, from 1. `file` holds its bytes, in the drive's folder."""

    bytes: int = 64 << 20
    lba_bytes: int = 512
    attached: bool = True
    file: str = ""
    eui64: str = ""
    nguid: str = ""


@dataclass(frozen=True)
class Capabilities:
    """What the drive says that it can do: the fields' bits are those of Identify Controller (NVMe Base 2.1, 5.1.13.2.1).

    `oacs` 0x17: Security, Format, Firmware, Self-test; 0x1F has Namespace Management too. `sanicap` bit 0 crypto erase, bit 1 block
    erase, bit 2 overwrite, bit 29 NDI, bits 31:30 NODMMAS; 0 is a drive without sanitize. `fna` bit 0 format and bit 1 secure erase reach every namespace,
    bit 2 crypto erase, bit 3 no broadcast.
    """

    oacs: int = 0x17
    oncs: int = 0x0D
    fna: int = 0x04
    sanicap: int = CRYPTO_ERASE | BLOCK_ERASE | OVERWRITE
    volatile_cache: bool = False
    version: int = 0x00010400


@dataclass(frozen=True)
class Timing:
    """How long the drive's own work takes, in seconds; `factor` stretches or shortens all of it."""

    sanitize: float = 2.0
    format: float = 0.2
    self_test: float = 1.0
    factor: float = 1.0


@dataclass(frozen=True)
class Erased:
    """What is read after the drive's own erase: "00", "ff", any bytes in hex, or "random".

    `deallocated` is what a deallocated block reads as ("00" or "ff"), also after a sanitize without No-Deallocate; "" leaves there what the
    erase itself left on the medium.
    """

    pattern: str = "00"
    crypto: str = "random"
    deallocated: str = "00"


@dataclass(frozen=True)
class Smart:
    """The SMART / Health Information log (NVMe Base 2.1, 5.1.12.1.3) where it is not the ordinary one."""

    critical_warning: int = 0
    temperature_kelvin: int = 308
    spare_percent: int = 100
    used_percent: int = 3
    media_errors: int = 0
    power_on_hours: int = 12_345
    unsafe_shutdowns: int = 7


@dataclass(frozen=True)
class Before:
    """What happened to the drive before its first start here.

    `sstat` and `scdw10`: a sanitize of years ago. `running`: SCDW10 of a sanitize that is going on, `running_progress` of it done.
    `trimmed`: whatever the medium's file holds is gone.
    """

    sstat: int = 0
    scdw10: int = 0
    running: int = 0
    running_progress: float = 0.3
    trimmed: bool = False


@dataclass(frozen=True)
class Faults:
    """What is wrong.

    `format`: "invalid-opcode", "invalid-field", "nothing" (success, nothing erased), "half", "gap", "fails" (Internal Error at `fails_at`),
    "hangs" (never answers, erases no further than `hangs_at`).
    `sanitize`: "invalid-opcode", "invalid-field", "ignored" (accepted, the status stays the old one), "nothing" (runs its time), "lies" (done at once, nothing erased), "early" (says done while
    it still runs), "half", "gap", "forgets" (SSTAT stays 0), "fails" (SSTAT 3 at `fails_at`), "hangs" (SPROG stays at `hangs_at`).
    `self_test`: "fails", "hangs". `gap`: the part that is left out. `drop_writes`, `bad_reads`, `bad_writes`: first and last LBA of ranges (true: all of them).
    """

    format: str = ""
    sanitize: str = ""
    gap: tuple[float, float] = (0.1, 0.4)
    fails_at: float = 0.5
    hangs_at: int = 42598
    drop_writes: Ranges = ()
    bad_reads: Ranges = ()
    bad_writes: Ranges = ()
    heals: bool = False
    serial_after_erase: str = ""
    serial_after_restart: str = ""
    self_test: str = ""


@dataclass(frozen=True)
class Tcg:
    """A TCG Opal 2 drive; `locked`: first LBA and number of LBAs of ranges that somebody locked, (0, 0) the global range.

    `revert`: "" or "nothing" (says success and changes nothing); `block_sid`: the firmware sent Block SID before the start.
    """

    psid: str = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    msid: str = "MSID-OF-A-SIMULATED-DRIVE-000001"
    sid: str = ""
    owned: bool = False
    locked: Ranges = ()
    revert: str = ""
    reads_after_revert: str = "random"
    block_sid: bool = False
    psid_tries: int = 5


@dataclass(frozen=True)
class Drive:
    """One NVM subsystem with one port; `folder` holds its media and state.json."""

    subnqn: str
    folder: str
    model: str = "SIMULATED NVME 64M"
    serial: str = "SIMNVME0001"
    firmware: str = "SIM 1.0"
    namespaces: tuple[Namespace, ...] = (Namespace(),)
    capabilities: Capabilities = field(default_factory=Capabilities)
    timing: Timing = field(default_factory=Timing)
    erased: Erased = field(default_factory=Erased)
    smart: Smart = field(default_factory=Smart)
    before: Before = field(default_factory=Before)
    faults: Faults = field(default_factory=Faults)
    tcg: Tcg | None = None

    @property
    def place(self) -> Path:
        """Where its files are."""
        return Path(self.folder)

    @property
    def oacs(self) -> int:
        """Optional admin commands; Security Send and Receive need somebody behind them."""
        return self.capabilities.oacs & ~(self.tcg is None)


_FORMAT = {"", "invalid-opcode", "invalid-field", "nothing", "half", "gap", "fails", "hangs"}
_SANITIZE = {*_FORMAT, "ignored", "lies", "early", "forgets"}
_WORDS: dict[type, dict[str, set[str]]] = {
    Faults: {"format": _FORMAT, "sanitize": _SANITIZE, "self_test": {"", "fails", "hangs"}},
    Tcg: {"revert": {"", "nothing"}},
}


def parse_drives(document: dict[str, Any], beside: Path) -> tuple[Drive, ...]:
    """Drives of {"drives": [...]}; relative folders are beside the document. Raises ValueError for what is not known."""
    drives = tuple(_parse(Drive, each, "drives") for each in document["drives"])
    names = [drive.subnqn for drive in drives]
    if len(set(names)) != len(names):
        raise ValueError("two drives have the same subnqn")
    return tuple(dataclasses.replace(drive, folder=str(beside / drive.folder)) for drive in drives)


def parse_drive(document: dict[str, Any]) -> Drive:
    """One drive; raises ValueError for a word that is not known, so that no fault is left out silently."""
    return typing.cast("Drive", _parse(Drive, document, "drive"))


def _parse(kind: Any, document: dict[str, Any], where: str) -> Any:
    hints = typing.get_type_hints(kind)
    unknown = sorted(set(document) - set(hints))
    if unknown:
        raise ValueError(f"{where}: unknown: {', '.join(unknown)}; known: {', '.join(sorted(hints))}")
    parsed = kind(**{name: _value(hints[name], value, f"{where}.{name}") for name, value in document.items()})
    for name, known in _WORDS.get(kind, {}).items():
        if getattr(parsed, name) not in known:
            raise ValueError(f"{where}.{name}: unknown: {getattr(parsed, name)}; known: {', '.join(sorted(known))}")
    return parsed


def _value(hint: Any, value: Any, where: str) -> Any:
    if typing.get_origin(hint) is types.UnionType:
        hint = next(part for part in typing.get_args(hint) if part is not type(None))
    if dataclasses.is_dataclass(hint):
        return _parse(hint, value, where)
    if hint == Ranges:
        return _ranges(value)
    if typing.get_origin(hint) is tuple:
        inner = typing.get_args(hint)[0]
        return tuple(_value(inner, each, where) for each in value)
    if hint is float:
        return float(value)
    if type(value) is not hint:
        raise ValueError(f"{where}: {value!r} is no {hint.__name__}")
    return value


def _ranges(value: Any) -> Ranges:
    if value is True or value is False:
        return EVERYTHING if value else ()
    return tuple((int(first), int(last)) for first, last in value)
