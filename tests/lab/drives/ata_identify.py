"""IDENTIFY DEVICE data (ACS-4 7.13): the words that the tools look at, each from what the drive is now."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from tests.lab.drives.ata_task import checksum
from tests.lab.drives.faults import Faults, Identity


@dataclass(frozen=True)
class Now:
    """What of the drive's state IDENTIFY DEVICE shows."""

    serial: str
    sectors: int
    sanitize: int
    security: int
    master_identifier: int
    write_cache: bool
    smart: bool


def ata_string(text: str, length: int) -> bytes:
    """Left-aligned, padded with spaces, the two characters of each word swapped (ACS-4 3.3.10)."""
    plain = text.encode("ascii")[:length].ljust(length)
    return b"".join(plain[at : at + 2][::-1] for at in range(0, length, 2))


def erase_minutes(faults: Faults) -> int:
    """The drive's own estimate: whole pairs of minutes, one at least (words 89 and 90)."""
    return 2 * max(1, -(-int(faults.erase_seconds) // 120))


def identify(identity: Identity, faults: Faults, now: Now) -> bytes:
    """The 512 bytes."""
    words = [0] * 256
    _plain(words)
    _sizes(words, identity, now.sectors)
    _features(words, identity, now)
    _trim(words, identity)
    words[59] |= now.sanitize
    words[89], words[90] = _times(identity, faults)
    words[92] = now.master_identifier if identity.security else 0
    words[108:112] = struct.unpack(">4H", identity.wwn.to_bytes(8, "big"))
    words[128] = now.security
    words[217] = identity.rotation
    data = bytearray(struct.pack("<256H", *words))
    data[20:40] = ata_string(now.serial, 20)
    data[46:54] = ata_string(identity.firmware, 8)
    data[54:94] = ata_string(identity.model, 40)
    data[510] = 0xA5
    return checksum(bytes(data))


def _plain(words: list[int]) -> None:
    """What is the same on every SATA drive of these years."""
    words[0] = 0x0040
    words[47] = 0x8010
    words[48] = 0x4000
    words[49], words[50], words[53] = 0x2F00, 0x4000, 0x0006
    words[59] = 0x0110
    words[63], words[64] = 0x0007, 0x0003
    words[65:69] = [120] * 4
    words[75], words[76], words[77], words[78], words[79] = 31, 0x010E, 0x0006, 0x0040, 0x0040
    # ATA/ATAPI-4 to ACS-4; "ACS-4 T13/BSR INCITS 529 revision 5".
    words[80], words[81] = 0x0FF0, 0x005E
    words[88] = 0x407F
    # 2.5 inches.
    words[168] = 3
    # Serial transport, SATA 3.2.
    words[222] = 0x10FF


def _sizes(words: list[int], identity: Identity, sectors: int) -> None:
    short = min(sectors, 0x0FFFFFFF)
    words[60], words[61] = short & 0xFFFF, short >> 16
    words[100:104] = struct.unpack("<4H", struct.pack("<Q", sectors))
    exponent = (identity.physical_bytes // identity.sector_bytes).bit_length() - 1
    words[106] = 0x4000 | (0x2000 | exponent if exponent else 0)
    if identity.sector_bytes != 512:
        words[106] |= 0x1000
        words[117], words[118] = identity.sector_bytes // 2 & 0xFFFF, identity.sector_bytes // 2 >> 16
    words[209] = 0x4000


def _features(words: list[int], identity: Identity, now: Now) -> None:
    """Words 82 to 87, 119 and 120: supported, then enabled."""
    hpa, dco = 0x0400 * identity.hpa, 0x0800 * identity.dco
    # NOP, look-ahead, write cache, power management, SMART.
    words[82] = 0x4069 | hpa | 0x0002 * identity.security
    # FLUSH CACHE EXT, FLUSH CACHE, 48-bit addresses.
    words[83] = 0x7400 | dco
    # World wide name, WRITE FUA EXT, general purpose logging, SMART self-test, SMART error logging.
    words[84] = 0x4163
    enabled = 0x0002 if now.security & 0x0002 else 0
    words[85] = words[82] & ~0x0023 | enabled | 0x0020 * now.write_cache | 0x0001 * now.smart
    words[86] = 0x8000 | words[83] & 0x3FFF
    words[87] = words[84]
    # READ LOG DMA EXT; Accessible Max Address Configuration.
    words[119] = words[120] = 0x4008 | 0x0100 * identity.ama


def _trim(words: list[int], identity: Identity) -> None:
    """Word 69: deterministic, zeros after TRIM, encrypts all data; words 105 and 169."""
    words[69] = (0x4020 if identity.trim else 0) | 0x0010 * identity.encrypts
    words[105], words[169] = (8, 1) if identity.trim else (0, 0)


def _times(identity: Identity, faults: Faults) -> tuple[int, int]:
    """Words 89 and 90 (ACS-4 7.13.6.43): pairs of minutes, in 15 bits with bit 15 set where 8 are too few."""
    if not identity.security:
        return 0, 0
    pairs = erase_minutes(faults) // 2
    word = pairs if pairs < 0xFF else 0x8000 | min(pairs, 0x7FFE)
    return word, word if identity.enhanced else 0
