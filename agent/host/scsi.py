"""SCSI INQUIRY on a descriptor (SG_IO), and the parts of INQUIRY and ATA IDENTIFY data that tell one drive from another.

Sources: SPC-5 7.7 (VPD pages 80h, 89h, B1h), SAT-4 12.4.2 (page 89h carries the IDENTIFY DEVICE data from byte 60),
ACS-4 7.13 (IDENTIFY DEVICE words).
"""

from dataclasses import dataclass

from agent.host import sg_io

VPD_SERIAL = 0x80
VPD_ATA = 0x89
VPD_CHARACTERISTICS = 0xB1

_IDENTIFY_OFFSET = 60
_IDENTIFY_BYTES = 512


def inquiry_page(descriptor: int, page: int) -> bytes:
    """One vital product data page read from the device behind a descriptor; b'' where it has none or is no SCSI device."""
    size = 1024
    command = bytes([0x12, 0x01, page, size >> 8, size & 0xFF, 0])
    try:
        answer = sg_io.execute(descriptor, command, receive=size)
    except OSError:
        return b""
    data = answer.data
    if not answer.good or len(data) < 4 or data[1] != page:
        return b""
    return data[: 4 + (data[2] << 8 | data[3])]


def unit_serial(page: bytes) -> str:
    """The serial of VPD page 80h; '' where the page is absent."""
    if len(page) < 4 or page[1] != VPD_SERIAL:
        return ""
    return page[4 : 4 + page[3]].decode("latin-1").strip(" \0")


def rotation_rate(page: bytes) -> int | None:
    """Rotations per minute of VPD page B1h, 0 for non-rotating media, None where not reported (SBC-4 6.6.2)."""
    if len(page) < 6 or page[1] != VPD_CHARACTERISTICS:
        return None
    return _rotation(page[4] << 8 | page[5])


def _rotation(word: int) -> int | None:
    if word == 1:
        return 0
    return word if 0x0401 <= word <= 0xFFFE else None


@dataclass(frozen=True)
class AtaIdentify:
    """What ATA IDENTIFY DEVICE says of identity and of features that hide sectors."""

    model: str
    serial: str
    firmware: str
    wwn: str
    rotation_rpm: int | None
    parallel: bool
    hpa_supported: bool
    dco_supported: bool
    ama_supported: bool
    sanitize_supported: bool = False


def ata_identify(page: bytes) -> AtaIdentify | None:
    """The IDENTIFY data inside VPD page 89h; None where there is none, it is a packet device, or its checksum is wrong."""
    if len(page) < 2 or page[1] != VPD_ATA:
        return None
    return parse_identify(page[_IDENTIFY_OFFSET : _IDENTIFY_OFFSET + _IDENTIFY_BYTES])


def parse_identify(data: bytes) -> AtaIdentify | None:
    """The 512 bytes of IDENTIFY DEVICE; None where there is nothing, it is a packet device, or the checksum is wrong."""
    if len(data) != _IDENTIFY_BYTES or not any(data):
        return None
    # Word 255: A5h in the low byte says that the checksum is there (ACS-4 7.13.6.102); drives before ATA-5 have none.
    if data[510] == 0xA5 and sum(data) % 256:
        return None
    words = [data[i] | data[i + 1] << 8 for i in range(0, _IDENTIFY_BYTES, 2)]
    if words[0] & 0x8000:
        return None
    valid_83 = words[83] & 0xC000 == 0x4000
    return AtaIdentify(
        model=_ata_text(data, 27, 46),
        serial=_ata_text(data, 10, 19),
        firmware=_ata_text(data, 23, 26),
        wwn=_ata_wwn(words),
        rotation_rpm=_rotation(words[217]),
        parallel=words[76] in {0x0000, 0xFFFF},
        hpa_supported=bool(words[82] & 1 << 10),
        dco_supported=valid_83 and bool(words[83] & 1 << 11),
        ama_supported=words[119] & 0xC000 == 0x4000 and bool(words[119] & 1 << 8),
        sanitize_supported=bool(words[59] & 1 << 12),
    )


def _ata_text(data: bytes, first: int, last: int) -> str:
    raw = data[first * 2 : last * 2 + 2]
    swapped = bytes(raw[i ^ 1] for i in range(len(raw)))
    return swapped.decode("latin-1").strip(" \0")


def _ata_wwn(words: list[int]) -> str:
    # Word 87 bit 8: the world wide name in words 108-111 is supported.
    if words[87] & 0xC000 != 0x4000 or not words[87] & 1 << 8:
        return ""
    value = "".join(f"{word:04x}" for word in words[108:112])
    return f"naa.{value}" if int(value, 16) else ""
