"""What was done to drives before their erase, kept on the stick until a record has called the drive sanitized.

A drive's size may have been changed for good, or its content reverted, in a sitting that ended before any record: the next
one still says so. A drive whose serial number is its maker's filler can't be told from its like after a start: what was
done to such a drive is then said to the person, and put into no record.
"""

import json
import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from agent.durable import write_durably
from agent.errors import EvidenceError
from agent.model.drive import Identity, is_placeholder, printable
from agent.model.json_form import JsonFormError, from_json_form, to_json_form
from agent.model.machine import Environment
from agent.model.preparation import Preparation, is_same_drive
from agent.workflow.view import Inspection

log = logging.getLogger(__name__)

_FILE = "prepared.json"
_UNREADABLE = "prepared-unreadable.json"
_MOST_KEPT = 100


@dataclass(frozen=True)
class _Notes:
    """The file's content."""

    environment: Environment
    preparations: tuple[Preparation, ...]


class Prepared:
    """The notes of one evidence folder; another environment's are left alone until the first own one is written."""

    def __init__(self, journals: Path, environment: Environment) -> None:
        self._path = journals / _FILE
        self._environment = environment
        self._begun_here: set[tuple[datetime, Identity]] = set()
        self._unreadable = False
        self._kept = self._read()
        self._to_set_aside = self._unreadable

    def begin(self, step: Preparation) -> None:
        """Note what is about to be done; raises EvidenceError, then nothing may be."""
        self._kept = (*self._kept, step)[-_MOST_KEPT:]
        try:
            self._write()
        except OSError as error:
            self._kept = self._kept[:-1]
            raise EvidenceError(
                f"The step can't be noted in the evidence folder: {error.strerror}.",
                "Nothing was touched. Check that the stick is in place and has room.",
            ) from error
        self._begun_here.add((step.at, step.identity))

    def remarks(self) -> tuple[str, ...]:
        """What a person should know of notes that no record will hold, in plain text."""
        found = []
        if self._unreadable:
            found.append("What was done to drives before their erase can't be read: no record will say it.")
        lost = [p for p in self._kept if is_placeholder(p.identity.serial) and not self._is_from_here(p)]
        found += [
            f"{p.at:%Y-%m-%d}: {p.kind.value}, {p.outcome.value}, on {printable(p.identity.model)} without a serial number of"
            " its own: it can't be told from others, and no record will say it."
            for p in lost
        ]
        return tuple(dict.fromkeys(found))

    def take_back(self, step: Preparation) -> None:
        """It was not done after all."""
        self._kept = tuple(p for p in self._kept if p != step)
        self._try_to_write()

    def finish(self, step: Preparation) -> None:
        """What became of the step that was begun last on this drive."""
        others = tuple(p for p in self._kept if (p.at, p.identity) != (step.at, step.identity))
        self._kept = (*others, step)
        self._try_to_write()

    def forget(self, sanitized: Iterable[Identity]) -> None:
        """A record on stable storage calls these drives sanitized, and says what was done to them before."""
        drives = tuple(sanitized)
        left = tuple(
            p for p in self._kept if not (self._is_told(p) and any(is_same_drive(p.identity, d) for d in drives))
        )
        if left != self._kept:
            self._kept = left
            self._try_to_write()

    def attached(self, inspection: Inspection) -> Inspection:
        """The same inspection; each drive that can be told from all others has what was done to it."""
        identities = [f.drive.identity for f in inspection.drives]
        drives = tuple(replace(f, preparations=self._of(f.drive.identity, identities)) for f in inspection.drives)
        return replace(inspection, drives=drives)

    def _of(self, identity: Identity, every: list[Identity]) -> tuple[Preparation, ...]:
        if sum(is_same_drive(identity, other) for other in every) != 1:
            return ()
        return tuple(p for p in self._kept if self._is_told(p) and is_same_drive(p.identity, identity))

    def _is_told(self, step: Preparation) -> bool:
        """Whether a record of this drive may say it: another of the same filler may be in its place after a start."""
        return not is_placeholder(step.identity.serial) or self._is_from_here(step)

    def _is_from_here(self, step: Preparation) -> bool:
        return (step.at, step.identity) in self._begun_here

    def _read(self) -> tuple[Preparation, ...]:
        try:
            notes = from_json_form(json.loads(self._path.read_bytes()), _Notes)
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, JsonFormError) as error:
            log.warning("what was done to drives before can't be read: %s", error)
            self._unreadable = True
            return ()
        return notes.preparations if notes.environment is self._environment else ()

    def _write(self) -> None:
        if self._to_set_aside:
            # A person may still make sense of it.
            with suppress(OSError):
                self._path.replace(self._path.with_name(_UNREADABLE))
            self._to_set_aside = False
        notes = _Notes(self._environment, self._kept)
        write_durably(self._path, json.dumps(to_json_form(notes), sort_keys=True).encode(), 0o600)

    def _try_to_write(self) -> None:
        try:
            self._write()
        except OSError as error:
            # It stays in memory, for this sitting's record; on the stick stands what was written before.
            log.warning("what was done to drives before can't be noted: %s", error.strerror)
