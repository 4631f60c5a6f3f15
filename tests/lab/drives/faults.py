"""What is wrong with a simulated drive, and what it calls itself: frozen values, read from JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

SECURITY, ENHANCED = "security", "enhanced"
BLOCK, CRYPTO, OVERWRITE, FORMAT = "block", "crypto", "overwrite", "format"
TECHNIQUES = (SECURITY, ENHANCED, BLOCK, CRYPTO, OVERWRITE, FORMAT)

WORKS, REFUSES, NOTHING, HALF, GAP, FAILS, HANGS = "works", "refuses", "nothing", "half", "gap", "fails", "hangs"
ERASES = (WORKS, REFUSES, NOTHING, HALF, GAP, FAILS, HANGS)

_STOPS_AT = {FAILS: 0.5, HANGS: 0.65}
_CHOICES = {
    "frozen": ("", "once", "always"),
    "sanitize_frozen": ("", "once", "always"),
    "sense": ("descriptor", "libata", "control-page", "lost"),
    "erase": ERASES,
}

T = TypeVar("T")
Range = tuple[int, int]


@dataclass(frozen=True)
class Faults:
    """One drive's defects; without any it does what the standards say.

    `erase` is what becomes of an erase whose technique is in `erase_of`; ranges are (first sector, number of sectors).
    """

    # What erases come to: works, refuses, nothing (says it worked), half (the second one is left), gap, fails, hangs.
    erase: str = WORKS
    erase_of: tuple[str, ...] = TECHNIQUES
    gap: tuple[float, float] = (0.1, 0.4)
    # The share at which one that fails (0.5 unless told) or hangs (0.65) stops.
    stops_at: float | None = None
    # Of the drive's own clock, for one pass over the medium; its clock is faster than the host's by the factor.
    erase_seconds: float = 1.0
    clock_factor: float = 1.0
    # What is on the medium afterwards: hex digits, repeated, or "noise".
    security_value: str = "00"
    sanitize_value: str = "00"
    crypto_value: str = "noise"
    # A sanitize that the status never heard of; one that it calls completed while it goes on (or erases nothing).
    forgets_status: bool = False
    completes_at_once: bool = False
    # Erases end where the host's addresses do.
    spares_hidden: bool = False
    # Another drive's serial number after an erase.
    serial_after: str = ""

    # At power-on: the first one only ("once") or each ("always").
    frozen: str = ""
    sanitize_frozen: str = ""
    # How the drive comes here: with somebody's password; a sanitize at this share; a completed one from years ago; trimmed.
    locked: bool = False
    running_at_start: float | None = None
    running_technique: str = BLOCK
    stale_completed: bool = False
    blank: bool = False
    # Hidden at its end, of the medium's sectors; `refuses_restore` keeps them so.
    hpa_sectors: int = 0
    dco_sectors: int = 0
    ama_sectors: int = 0
    refuses_restore: bool = False

    # ATA registers come back: always in descriptor format; errors in fixed format unless D_SENSE is set, as libata has
    # it; all as D_SENSE has it; not at all, as through a poor bridge, with GOOD even for what was aborted.
    sense: str = "descriptor"
    refuses_sense_choice: bool = False
    # Unreadable until written; not to be written.
    bad_sectors: tuple[Range, ...] = ()
    write_errors: tuple[Range, ...] = ()
    smart_failing: bool = False
    # Writes acknowledged and not stored; trims are dropped with all of them.
    drops_writes: tuple[Range, ...] = ()
    drops_all_writes: bool = False
    # A volatile cache: what was not flushed is lost with the power.
    write_cache: bool = False
    self_test_seconds: float = 1.0

    def of(self, technique: str) -> str:
        """What becomes of an erase by this technique."""
        return self.erase if technique in self.erase_of else WORKS

    @property
    def stop(self) -> float:
        """The share at which an erase that fails or hangs stops."""
        return _STOPS_AT.get(self.erase, 1.0) if self.stops_at is None else self.stops_at


@dataclass(frozen=True)
class Identity:
    """What the drive calls itself and says that it can do; `rotation` is 1 for a solid-state drive (ACS-4 7.13.6.85)."""

    model: str = "LAB DISK"
    serial: str = "LAB0001"
    firmware: str = "1.0"
    vendor: str = "LAB"
    wwn: int = 0x5000C500A1B2C301
    rotation: int = 1
    sector_bytes: int = 512
    physical_bytes: int = 4096
    sanitize: tuple[str, ...] = (BLOCK, CRYPTO, OVERWRITE)
    security: bool = True
    enhanced: bool = True
    hpa: bool = True
    dco: bool = True
    ama: bool = False
    trim: bool = True
    encrypts: bool = False
    master_password: str | None = None
    """None: the vendor's own secret, as on most drives; text is padded with zeros."""


@dataclass(frozen=True)
class DriveConfig:
    """One drive of a configuration; `size` is the medium's bytes, hidden sectors included."""

    name: str
    kind: str
    image: Path
    state: Path
    size: int
    identity: Identity = field(default_factory=Identity)
    faults: Faults = field(default_factory=Faults)

    @property
    def sectors(self) -> int:
        """Logical sectors of the medium."""
        return self.size // self.identity.sector_bytes


def drive_config(given: Mapping[str, Any]) -> DriveConfig:
    """Read one drive; an unknown key or choice raises ValueError, so that no fault is silently absent."""
    unknown = set(given) - {"iqn", "kind", "image", "state", "size", "identity", "faults"}
    if unknown:
        raise ValueError(f"unknown in a drive: {sorted(unknown)}")
    config = DriveConfig(
        name=given["iqn"],
        kind=given["kind"],
        image=Path(given["image"]),
        state=Path(given["state"]),
        size=given["size"],
        identity=read(Identity, given.get("identity", {})),
        faults=read(Faults, given.get("faults", {})),
    )
    if config.size % config.identity.physical_bytes:
        raise ValueError(f"{config.size} bytes are no whole number of physical sectors")
    return config


def read(kind: type[T], given: Mapping[str, Any]) -> T:
    """A frozen value from JSON: lists become tuples, unknown keys and choices are refused."""
    unknown = set(given) - {known.name for known in fields(kind)}  # type: ignore[arg-type]
    if unknown:
        raise ValueError(f"unknown in {kind.__name__}: {sorted(unknown)}")
    for key, choices in _CHOICES.items():
        if given.get(key, choices[0]) not in choices:
            raise ValueError(f"{key} is one of {choices}, not {given[key]!r}")
    for key in ("erase_of", "sanitize"):
        if set(given.get(key, ())) - set(TECHNIQUES):
            raise ValueError(f"{key} names techniques: {TECHNIQUES}")
    return kind(**{key: _frozen(value) for key, value in given.items()})


def _frozen(value: object) -> object:
    return tuple(_frozen(each) for each in value) if isinstance(value, list) else value
