"""DER written tag by tag, for structures whose every byte is fixed (X.690)."""

from datetime import datetime

from asn1crypto import core

SEQUENCE, SET, INTEGER, OCTETS = 0x30, 0x31, 0x02, 0x04
CONTEXT_0, CONTEXT_1 = 0xA0, 0xA1


def tlv(tag: int, *parts: bytes) -> bytes:
    """Tag, definite length in its shortest form, and the parts as contents."""
    contents = b"".join(parts)
    size = len(contents)
    if size < 128:
        return bytes((tag, size)) + contents
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(length))) + length + contents


def oid(dotted: str) -> bytes:
    """An object identifier."""
    return bytes(core.ObjectIdentifier(dotted).dump())


def integer(value: int) -> bytes:
    """An INTEGER."""
    return bytes(core.Integer(value).dump())


def generalized_time(value: datetime) -> bytes:
    """A moment in UTC as GeneralizedTime; whole seconds without a fraction."""
    return bytes(core.GeneralizedTime(value).dump())
