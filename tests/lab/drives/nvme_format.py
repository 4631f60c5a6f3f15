"""Format NVM (NVMe Base 2.1, 5.1.10; NVM Command Set 1.1, 4.1.2): a command that is answered when the work is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.lab.drives.nvme_config import Drive
from tests.lab.drives.nvme_medium import pattern_of
from tests.lab.drives.nvme_space import Space, parts_of
from tests.lab.drives.nvme_state import State
from tests.lab.drives.nvme_words import ALL_NAMESPACES, Completion, Refused, Status

# LBA formats of every namespace: LBAF0 and LBAF1.
LBA_FORMATS = (512, 4096)
_ALL_FORMATS, _ALL_ERASES, _CRYPTO, _NO_BROADCAST = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_FORMAT_SUPPORTED = 1 << 1
Done = Callable[[Completion], None]


@dataclass
class _Job:
    targets: tuple[Space, ...]
    lba_bytes: int
    erase: int
    done: Done
    begun: float
    progress: float = 0.0


class Formatter:
    """One format at a time."""

    def __init__(self, config: Drive, state: State, spaces: Sequence[Space], now: Callable[[], float]) -> None:
        self._config = config
        self._fault = config.faults.format
        self._state = state
        self._spaces = spaces
        self._now = now
        self._job: _Job | None = None

    def command(self, nsid: int, cdw10: int, done: Done) -> None:
        """Take a Format NVM command."""
        if self._fault == "invalid-opcode" or not self._config.oacs & _FORMAT_SUPPORTED:
            raise Refused(Status.INVALID_OPCODE)
        if self._fault == "invalid-field":
            raise Refused(Status.INVALID_FIELD)
        if self._job is not None:
            raise Refused(Status.FORMAT_IN_PROGRESS)
        erase, fna = cdw10 >> 9 & 7, self._config.capabilities.fna
        if erase > 2 or (erase == 2 and not fna & _CRYPTO):
            raise Refused(Status.INVALID_FIELD)
        if cdw10 & 0xF >= len(LBA_FORMATS) or cdw10 >> 12 & 3 or cdw10 >> 5 & 7:
            raise Refused(Status.INVALID_FORMAT)
        targets = self._targets(nsid, everything=bool(fna & (_ALL_ERASES if erase else _ALL_FORMATS)))
        for space in targets:
            space.medium.flush()
        self._job = _Job(targets, LBA_FORMATS[cdw10 & 0xF], erase, done, self._now())
        self._note()

    def busy(self, number: int) -> bool:
        """Whether a namespace is being formatted."""
        return self._job is not None and any(space.number == number for space in self._job.targets)

    def remaining_percent(self, number: int) -> int:
        """Bits 6:0 of FPI in Identify Namespace."""
        if self._job is None or not self.busy(number):
            return 0
        return max(1, 100 - int(self._job.progress * 100))

    def advance(self) -> None:
        """Do what is due by now."""
        job = self._job
        if job is None:
            return
        seconds = max(self._config.timing.format * self._config.timing.factor, 1e-6)
        faults = self._config.faults
        limit = {"fails": faults.fails_at, "hangs": faults.hangs_at / 65536}.get(self._fault, 1.0)
        due = min(limit, (self._now() - job.begun) / seconds)
        parts = parts_of(self._fault, faults.gap)
        for space in job.targets:
            space.erase(job.progress, due, parts, self._pattern(job.erase))
        job.progress = due
        if due >= limit and self._fault != "hangs":
            self._end(job)
        else:
            self._note()

    def _targets(self, nsid: int, *, everything: bool) -> tuple[Space, ...]:
        if nsid == ALL_NAMESPACES:
            if self._config.capabilities.fna & _NO_BROADCAST:
                raise Refused(Status.INVALID_FIELD)
            # Without the FNA bit only the namespaces that are attached to this controller.
            return tuple(space for space in self._spaces if everything or space.attached)
        if not 1 <= nsid <= len(self._spaces):
            raise Refused(Status.INVALID_NAMESPACE)
        return tuple(self._spaces) if everything else (self._spaces[nsid - 1],)

    def _pattern(self, erase: int) -> bytes | None:
        erased = self._config.erased
        if erase == 2:
            return pattern_of(erased.crypto)
        return pattern_of(erased.pattern if erase else erased.deallocated or erased.pattern)

    def _note(self) -> None:
        job = self._job
        if job is None:
            return
        noted = {"namespaces": [space.number for space in job.targets], "progress": round(job.progress, 2)}
        if noted != self._state.formatting:
            self._state.formatting = noted
            self._state.save(durably=False)

    def _end(self, job: _Job) -> None:
        self._job = None
        failed = self._fault == "fails"
        if not failed:
            self._state.erased_once = True
            for space in job.targets:
                self._state.lba_bytes[space.number - 1] = job.lba_bytes
        self._state.formatting = None
        self._state.save()
        job.done(Completion(Status.INTERNAL_ERROR if failed else Status.SUCCESS))
