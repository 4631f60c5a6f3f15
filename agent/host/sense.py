"""SCSI sense data in both of its formats, with the ATA registers that a translation layer puts into it.

Sources: SPC-5, sense data (formats, sense key specific data); SAT-4, ATA PASS-THROUGH (ATA registers in descriptor and fixed format).
"""

from dataclasses import dataclass

_FIXED, _DESCRIPTOR = frozenset({0x70, 0x71}), frozenset({0x72, 0x73})
_VALID = 0x80
_KEY_SPECIFIC_VALID = 0x80
_PROGRESS_DESCRIPTOR, _ATA_DESCRIPTOR = 0x02, 0x09
_KEYS_WITH_PROGRESS = frozenset({0x00, 0x02})


@dataclass(frozen=True)
class AtaRegisters:
    """The registers that an ATA command left; the upper halves are None where they were not handed over.

    Fixed format has no room for COUNT (15:8) and LBA (47:24), and descriptor format has them only with its EXTEND bit.
    """

    error: int
    status: int
    device: int
    count_low: int
    count_high: int | None
    lba_low: int
    lba_high: int | None

    def words(self) -> str:
        """The registers in hexadecimal, as an expert reads them; -- where a half was not handed over."""
        high = "--" if self.count_high is None else f"{self.count_high:02X}"
        upper = "------" if self.lba_high is None else f"{self.lba_high:06X}"
        return (
            f"status {self.status:02X}h error {self.error:02X}h count {high}{self.count_low:02X}h "
            f"lba {upper}{self.lba_low:06X}h device {self.device:02X}h"
        )


@dataclass(frozen=True)
class Sense:
    """Sense key, additional code and qualifier; `progress` counts 65536ths where the device reports one."""

    key: int
    code: int
    qualifier: int
    progress: int | None = None
    ata: AtaRegisters | None = None

    def words(self) -> str:
        """ "key/code/qualifier" in hexadecimal."""
        return f"sense {self.key:X}h/{self.code:02X}h/{self.qualifier:02X}h"


def parse_sense(data: bytes) -> Sense | None:
    """Sense data in fixed or descriptor format; None where it is neither, or too short to tell."""
    response = data[0] & 0x7F if data else 0
    if response in _FIXED and len(data) >= 14:
        return _fixed(data)
    if response in _DESCRIPTOR and len(data) >= 8:
        return _descriptors(data)
    return None


def _fixed(data: bytes) -> Sense:
    key = data[2] & 0x0F
    progress = None
    if len(data) >= 18 and data[15] & _KEY_SPECIFIC_VALID and key in _KEYS_WITH_PROGRESS:
        progress = data[16] << 8 | data[17]
    ata = None
    if data[0] & _VALID:
        lba = data[9] | data[10] << 8 | data[11] << 16
        ata = AtaRegisters(data[3], data[4], data[5], data[6], None, lba, None)
    return Sense(key, data[12], data[13], progress, ata)


def _descriptors(data: bytes) -> Sense:
    key = data[1] & 0x0F
    progress: int | None = None
    ata: AtaRegisters | None = None
    end = min(len(data), 8 + data[7])
    at = 8
    while at + 2 <= end and at + 2 + data[at + 1] <= end:
        body = data[at : at + 2 + data[at + 1]]
        if body[0] == _PROGRESS_DESCRIPTOR and len(body) >= 8 and key in _KEYS_WITH_PROGRESS:
            progress = body[5] << 8 | body[6] if body[4] & _KEY_SPECIFIC_VALID else None
        elif body[0] == _ATA_DESCRIPTOR and len(body) >= 14:
            ata = _ata_descriptor(body)
        at += len(body)
    return Sense(key, data[2], data[3], progress, ata)


def _ata_descriptor(body: bytes) -> AtaRegisters:
    extended = bool(body[2] & 1)
    return AtaRegisters(
        error=body[3],
        status=body[13],
        device=body[12],
        count_low=body[5],
        count_high=body[4] if extended else None,
        lba_low=body[7] | body[9] << 8 | body[11] << 16,
        lba_high=body[6] | body[8] << 8 | body[10] << 16 if extended else None,
    )
