"""Whether the evidence folder can keep a record, asked before anything is erased."""

import errno
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from agent.durable import sync_folder, write_synced
from agent.errors import EvidenceError

MINIMUM_FREE_MIB = 64

_PROBE_BYTES = 64 * 1024
_CHOOSE = "Choose another folder with --evidence, or another stick."


def check_writable(
    evidence: Path,
    minimum_free_mib: int = MINIMUM_FREE_MIB,
    write: Callable[[Path, bytes], None] = write_synced,
    free_bytes: Callable[[Path], int] | None = None,
) -> None:
    """Write, sync and remove a probe file, and look at the space left; raises EvidenceError with the remedy.

    `free_bytes` is asked for what an ordinary user may still write, in bytes.
    """
    if not evidence.is_dir():
        raise EvidenceError(f"The evidence folder {str(evidence)!r} is not there.", f"Create it. {_CHOOSE}")
    try:
        _probe(evidence, write)
        free = (free_bytes or _free_bytes)(evidence)
    except OSError as error:
        raise evidence_error(evidence, error) from error
    if free < minimum_free_mib * 1024 * 1024:
        raise EvidenceError(
            f"The evidence folder {str(evidence)!r} has {free // 2**20} MiB left; {minimum_free_mib} MiB are needed.",
            f"Make room there. {_CHOOSE}",
        )


def evidence_error(evidence: Path, error: OSError) -> EvidenceError:
    """What the system said about the evidence folder, in words that a technician can act upon."""
    name = repr(str(evidence))
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return EvidenceError(f"The evidence folder {name} is full.", f"Make room there. {_CHOOSE}")
    if error.errno == errno.EROFS:
        return EvidenceError(
            f"The evidence folder {name} is read-only.",
            f"Look for a write-protect switch on the stick, or mount it read-write. {_CHOOSE}",
        )
    if error.errno in {errno.EACCES, errno.EPERM}:
        return EvidenceError(f"No permission to write into the evidence folder {name}.", _CHOOSE)
    return EvidenceError(f"The evidence folder {name} can't be written: {error.strerror}.", _CHOOSE)


def _probe(evidence: Path, write: Callable[[Path, bytes], None]) -> None:
    probe = evidence / f".probe.{secrets.token_hex(8)}"
    try:
        write(probe, secrets.token_bytes(_PROBE_BYTES))
        sync_folder(evidence)
    finally:
        probe.unlink(missing_ok=True)


def _free_bytes(folder: Path) -> int:
    state = os.statvfs(folder)
    return state.f_bavail * state.f_frsize
