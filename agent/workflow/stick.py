"""The stick with the evidence folder: whether it was pulled in the middle of the work, and what to do when it is back."""

import errno
import logging
from pathlib import Path

from agent.engine.journal import Journal
from agent.engine.journal_file import PULLED
from agent.errors import AgentError, EvidenceError
from agent.host.machine import Machine
from agent.registry.writable import check_writable
from agent.workflow.recovery import Hold

log = logging.getLogger(__name__)

PULLED_OUT = ("The stick was pulled out.", "Put the same stick back; the record is then made by itself.")


class Stick:
    """What a sitting asks of the medium below its evidence folder; everything on it is opened by path, each time."""

    def __init__(self, machine: Machine, evidence: Path, hold: Hold) -> None:
        self._machine = machine
        self._evidence = evidence
        self._hold = hold

    def missing(self, journal: Journal | None) -> bool:
        """Whether lines are in memory only, or the evidence folder is not there."""
        return (journal is not None and journal.away) or not self._machine.is_there(self._evidence)

    def hold(self) -> None:
        """Lock the folder for this sitting, also after the stick was pulled between two rounds; raises Refused, EvidenceError."""
        self._hold.renew()

    def is_awake(self) -> bool:
        """Whether it is there and takes evidence, after the machine slept: its USB port lost power meanwhile."""
        try:
            if not self._machine.is_there(self._evidence):
                return False
            self._hold.renew()
            check_writable(self._evidence)
        except AgentError:
            return False
        return True

    def bring_back(self, journal: Journal) -> bool:
        """Whether nothing has to wait for the stick any more: the journal is durable on it, or lost for good."""
        if not self._machine.is_there(self._evidence):
            return False
        try:
            # Before the journal is written: another session may have taken the folder for an abandoned one.
            self._hold.renew()
        except AgentError:
            return False
        try:
            return journal.come_back()
        except EvidenceError as error:
            # Running jobs end by that, and the record claims nothing that the journal does not hold.
            log.warning("the journal: %s", error.message)
            return True

    def is_back(self, journal: Journal) -> bool:
        """Whether it is worth while to try to record again."""
        if not self.bring_back(journal):
            return False
        try:
            check_writable(self._evidence)
        except EvidenceError as error:
            # Anything but a missing stick is for the attempt itself to say.
            return not blames_stick(error)
        return True


def blames_stick(error: BaseException) -> bool:
    """Whether this is what the system says where the medium below a file has gone."""
    cause = error if isinstance(error, OSError) else error.__cause__
    # A file that is missing in a folder that is there says nothing of the stick.
    return isinstance(cause, OSError) and cause.errno in PULLED - {errno.ENOENT}
