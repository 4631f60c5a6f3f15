"""The PSID: a password of 32 characters that stands on the label of a self-encrypting drive and nowhere else.

It opens one drive whose data are gone then. Still it gets into no plan, journal, record, log or text: only `reveal` gives it.
"""

import re
from typing import Never

from agent.errors import Refused

PSID_CHARACTERS = 32

_LEFT_OUT = re.compile(r"[\s-]")
_PLAIN = re.compile(rf"[0-9A-Z]{{{PSID_CHARACTERS}}}")


def plain_psid(typed: str) -> str:
    """What was typed or scanned, in capitals, without the blanks and hyphens that labels print between its parts."""
    return _LEFT_OUT.sub("", typed).upper()


class Psid:
    """A PSID in memory; it can be neither printed nor pickled."""

    __slots__ = ("_plain",)

    def __init__(self, typed: str) -> None:
        """Take what a person typed; raises Refused unless it has 32 letters and digits."""
        plain = plain_psid(typed)
        if not _PLAIN.fullmatch(plain):
            raise Refused("A PSID has 32 letters and digits.", "Read it from the drive's label.")
        self._plain = plain

    def reveal(self) -> str:
        """The 32 characters, for the drive alone."""
        return self._plain

    def __repr__(self) -> str:
        """No character of it."""
        return "Psid(not shown)"

    def __reduce__(self) -> Never:
        """Refuse to be written anywhere."""
        raise TypeError("a PSID is kept in memory only")
