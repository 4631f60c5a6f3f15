"""What a verification found, step by step; nothing counts as valid before the last step has passed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from agent.errors import CertificateError
from agent.model.record import Record


class FailureKind(StrEnum):
    """Why a certificate is refused; the registry decides by it between refusing and quarantine."""

    MALFORMED = "malformed"
    SIGNATURE = "signature"
    UNTRUSTED = "untrusted"
    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"
    REVOKED = "revoked"
    SPECIMEN = "specimen"
    CONTRADICTION = "contradiction"
    SEAL = "seal"
    PROOF = "proof"


class Degree(StrEnum):
    """Degrees of proof (DESIGN section 6), weakest first."""

    SIGNED = "signed"
    TIMESTAMPED = "timestamped"
    LOGGED = "logged"
    WITNESSED = "witnessed"

    @property
    def rank(self) -> int:
        """Order of strength."""
        return list(Degree).index(self)


class StepStatus(StrEnum):
    """How one step ended."""

    OK = "ok"
    FAILED = "FAILED"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True)
class Step:
    """One numbered step of a verification, with what it found."""

    number: int
    name: str
    status: StepStatus
    detail: str


@dataclass(frozen=True)
class Signer:
    """The station's certificate as the chain names it; `serial` in lower-case hex, digest of the DER in hex."""

    organisation: str
    station: str
    serial: str
    certificate_sha256: str
    not_before: datetime
    not_after: datetime
    root: str
    test_root: bool


@dataclass(frozen=True)
class Report:
    """The result of a verification; `record` is there only when everything was valid, `degree` too."""

    steps: tuple[Step, ...]
    valid: bool
    failure: FailureKind | None
    failed_step: Step | None
    record: Record | None
    record_sha256: str | None
    signer: Signer | None
    degree: Degree | None
    remarks: tuple[str, ...]


class StepFailed(CertificateError):
    """A step's finding: the kind of failure and what was seen."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass
class Notes:
    """What a running step wants said about itself."""

    detail: str = ""
    status: StepStatus = StepStatus.OK


@dataclass
class Run:
    """Collects the steps of one verification in the order of `names`; the first failure ends it."""

    names: tuple[str, ...]
    steps: list[Step] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    record: Record | None = None
    record_sha256: str | None = None
    signer: Signer | None = None

    @contextmanager
    def step(self, name: str, kind: FailureKind) -> Iterator[Notes]:
        """One step; a CertificateError inside it fails the step, with `kind` unless it brings its own; raises StepFailed."""
        if name != self.names[len(self.steps)]:
            raise AssertionError(f"step {name!r} is out of order")
        notes = Notes()
        try:
            yield notes
        except CertificateError as error:
            failure = error if isinstance(error, StepFailed) else StepFailed(kind, error.message)
            self._add(name, StepStatus.FAILED, failure.message)
            raise failure from error
        self._add(name, notes.status, notes.detail)

    def failed(self, failure: StepFailed) -> Report:
        """The report of a verification that ended early: what follows was not checked."""
        broken = self.steps[-1]
        for name in self.names[len(self.steps) :]:
            self._add(name, StepStatus.NOT_CHECKED, "")
        return Report(
            steps=tuple(self.steps),
            valid=False,
            failure=failure.kind,
            failed_step=broken,
            record=None,
            record_sha256=self.record_sha256,
            signer=self.signer,
            degree=None,
            remarks=tuple(self.remarks),
        )

    def passed(self, degree: Degree) -> Report:
        """The report of a verification whose every step was carried out."""
        if len(self.steps) != len(self.names) or self.record is None:
            raise AssertionError("a verification passed without all of its steps")
        return Report(
            steps=tuple(self.steps),
            valid=True,
            failure=None,
            failed_step=None,
            record=self.record,
            record_sha256=self.record_sha256,
            signer=self.signer,
            degree=degree,
            remarks=tuple(self.remarks),
        )

    def _add(self, name: str, status: StepStatus, detail: str) -> None:
        self.steps.append(Step(len(self.steps) + 1, name, status, detail))
