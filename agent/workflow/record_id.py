"""Record ids: UUID version 7 (RFC 9562 5.7), so that folders sort by time."""

import secrets
import uuid
from datetime import datetime


def new_record_id(now: datetime) -> str:
    """A fresh id; its first 48 bits are the milliseconds of `now`, as the station's clock claims them."""
    milliseconds = max(0, int(now.timestamp() * 1000)) & (2**48 - 1)
    value = milliseconds << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=value))
