"""Which drive a word on the command line means."""

from collections.abc import Sequence

from agent.errors import UsageError
from agent.model.drive import Drive, confirmable_name, is_placeholder


def choose_drive(drives: Sequence[Drive], name: str) -> Drive:
    """The one drive of this node or serial; raises UsageError."""
    by_node = [d for d in drives if d.node == name]
    by_serial = [d for d in drives if d.identity.serial.strip() == name.strip() and not is_placeholder(name)]
    found = by_node or by_serial
    if not found:
        raise UsageError(f"There is no drive {name!r}.", "`ardoise list` shows what there is.")
    if len(found) > 1:
        raise UsageError(f"{len(found)} drives have the serial {name!r}.", "Name the one you mean by its node.")
    return found[0]


def canonical_name(name: str, drives: tuple[Drive, ...]) -> str:
    """The word as a confirmation compares it: a serial is matched without the blanks around it, a node stays what it is."""
    known = {confirmable_name(d, drives) for d in drives}
    return name if name in known else name.strip()
