"""Keeping others from a node without the exclusive claim that would keep the packaged tools out, too."""

import fcntl
import os
from collections.abc import Callable

from agent.errors import IdentityChanged, MediaBusy, MediaVanished
from agent.host.media import again_while_busy
from agent.model.drive import Drive, Identity
from agent.model.preparation import is_same_drive


def lock_node(node: str) -> int:
    """A descriptor whose lock keeps udev from probing; raises MediaVanished, MediaBusy."""
    try:
        descriptor = os.open(node, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as error:
        raise MediaVanished(f"{node} can't be opened: {error.strerror}.", "List the drives again.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise MediaBusy(f"Another program has locked {node}.", "Wait until it has ended.") from error
    return descriptor


class NodeGuard:
    """Holds a node while the drive behind it changes its size; `check` raises where somebody uses it and gives its identity now."""

    def __init__(self, drive: Drive, check: Callable[[], Identity]) -> None:
        self._drive = drive
        self._check = check
        self._lock = -1
        self._changed = False

    def hold(self) -> None:
        """Lock the node and ask who uses it and what it is; raises MediaBusy, MediaVanished, IdentityChanged, Refused."""
        if self._lock < 0:
            self._lock = again_while_busy(lambda: lock_node(self._drive.node))
        try:
            self._compare()
        except BaseException:
            self.let_go()
            raise
        self._changed = True

    def _compare(self) -> None:
        now, planned = self._check(), self._drive.identity
        # Once our own command has run, its size is what changes.
        if not (is_same_drive(now, planned) if self._changed else now.same_medium(planned)):
            raise IdentityChanged(f"The medium at {self._drive.node} is not the one that was listed.")

    def let_go(self) -> None:
        """Release the node: a disk that is found anew gets its old name only if nobody holds it open. Safe to call twice."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
