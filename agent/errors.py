"""Every error that a user can meet: what happened, what to do, and the exit code it leads to."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of the commands; the first that applies is used (see docs/commands.md)."""

    OK = 0
    NOT_SANITIZED = 1
    USAGE = 2
    REFUSED = 3
    NOT_ARCHIVED = 4


class AgentError(Exception):
    """An error with the remedy that a technician can apply."""

    exit_code = ExitCode.REFUSED

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class UsageError(AgentError):
    """The command line asks for something that does not exist or contradicts itself."""

    exit_code = ExitCode.USAGE


class Refused(AgentError):
    """A safety rule says no; nothing was touched."""


class EraseRunning(Refused):
    """A drive is at an erase that this program did not start; what becomes of it is not ours to say."""


class EnvironmentLacks(AgentError):
    """A program, a folder or a capture that the work needs is not there."""


# host -------------------------------------------------------------------------------------------------------


class ToolMissing(EnvironmentLacks):
    """A program is not installed."""


class ToolFailed(AgentError):
    """A program ended with an exit code that its caller does not allow, or ran out of time."""

    def __init__(self, argv: tuple[str, ...], code: int | None, stderr: str, remedy: str = "") -> None:
        ending = "ran out of time" if code is None else f"ended with {code}"
        super().__init__(f"{argv[0]} {ending}: {stderr.strip()[:200]!r}.", remedy)
        self.argv = argv
        self.code = code
        self.stderr = stderr


class MediaError(AgentError):
    """A medium can't be opened, read or written as planned."""

    exit_code = ExitCode.NOT_SANITIZED


class MediaBusy(MediaError):
    """Somebody else holds the medium open, mounted or claimed."""


class MediaVanished(MediaError):
    """The medium is no longer there, or has shrunk."""


class IdentityChanged(MediaError):
    """The medium behind the node is not the one that was planned for."""


# evidence ---------------------------------------------------------------------------------------------------


class EvidenceError(AgentError):
    """The evidence folder can't keep a record: missing, read-only, full."""


class RecordNotMade(EvidenceError):
    """Drives were worked on, and their record could not be stored: nothing is proven."""

    exit_code = ExitCode.NOT_SANITIZED


class JournalCorrupt(AgentError):
    """A journal can't be trusted from some line on."""


# certificate ------------------------------------------------------------------------------------------------


class CertificateError(AgentError):
    """A certificate, a record or a key is not what it claims to be."""

    exit_code = ExitCode.NOT_SANITIZED


class MalformedRecord(CertificateError):
    """Bytes that are no canonical record of a known schema."""


class SignatureInvalid(CertificateError):
    """A signature envelope that does not have the one form allowed, or does not sign these bytes."""


class ProofInvalid(CertificateError):
    """A proof of the transparency log, a checkpoint or a time stamp that does not hold."""


class KeyLocked(AgentError):
    """The passphrase does not open the key."""


class StationError(AgentError):
    """The station's folder is incomplete, its certificate expired or meant for something else."""


# registry ---------------------------------------------------------------------------------------------------


class RegistryError(AgentError):
    """The registry did not archive a record; it stays in the outbox."""

    exit_code = ExitCode.NOT_ARCHIVED


class RegistryUnavailable(RegistryError):
    """No usable answer; trying again later may help."""


class RegistryRejected(RegistryError):
    """The registry answered that this record will not be accepted as it is."""


class ReceiptInvalid(RegistryError):
    """The answer's receipt is missing, is for something else, or its signature does not verify."""
