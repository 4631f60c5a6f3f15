"""Empty the outbox: each record is uploaded, and called archived only once its checked receipt is on stable storage."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from agent.certificate.receipt import registry_id
from agent.errors import AgentError, EvidenceError, ReceiptInvalid, RegistryRejected, RegistryUnavailable
from agent.registry.client import Quarantined, RegistryClient
from agent.registry.finals import Fetching, FinalCheck
from agent.registry.outbox import Outbox, PendingRecord, SetAside


class UploadOutcome(StrEnum):
    """Where one record stands after an attempt."""

    ARCHIVED = "archived"
    QUARANTINED = "quarantined"
    REJECTED = "rejected"
    PENDING = "pending"


@dataclass(frozen=True)
class UploadResult:
    """One record's outcome; detail and remedy are empty where it is archived."""

    record_id: str
    outcome: UploadOutcome
    detail: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class UploadReport:
    """What became of every record that waited, what was found corrupt, and why a final document is missing, by record."""

    results: tuple[UploadResult, ...]
    set_aside: tuple[SetAside, ...]
    final_remarks: Mapping[str, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether everything that was in the outbox is archived and nothing was corrupt."""
        return not self.set_aside and all(r.outcome is UploadOutcome.ARCHIVED for r in self.results)


def upload_pending(outbox: Outbox, client: RegistryClient, check: FinalCheck | None = None) -> UploadReport:
    """Upload all that this registry has not archived, oldest first; raises EvidenceError when the folder can't be read.

    With `check` the final documents that are missing are fetched afterwards.
    """
    scan = outbox.scan(registry_id(client.key))
    results: list[UploadResult] = []
    silent: AgentError | None = None
    for record in scan.pending:
        if silent is not None:
            results.append(_result(record, UploadOutcome.PENDING, silent))
            continue
        try:
            results.append(upload_record(outbox, client, record))
        except RegistryUnavailable as error:
            # With 300 records and no registry, one patience is enough.
            silent = error
            results.append(_result(record, UploadOutcome.PENDING, error))
    remarks: dict[str, str] = {}
    if check is not None and silent is None:
        fetching = Fetching(outbox, client, check)
        fetching.run()
        remarks = {record: remark for record, remark in fetching.remarks.items() if remark}
    return UploadReport(tuple(results), scan.set_aside, remarks)


def upload_record(outbox: Outbox, client: RegistryClient, record: PendingRecord) -> UploadResult:
    """Upload one record; raises RegistryUnavailable when there was no usable answer."""
    try:
        answer = client.upload(outbox.load(record))
        if isinstance(answer, Quarantined):
            return UploadResult(
                record.record_id,
                UploadOutcome.QUARANTINED,
                f"The registry keeps it in quarantine: {answer.reason}.",
                "Have the station's certificate made known to the registry, then upload again.",
            )
        outbox.store_receipt(record.record_id, answer.receipt)
    except RegistryRejected as error:
        return _result(record, UploadOutcome.REJECTED, error)
    except (ReceiptInvalid, EvidenceError) as error:
        return _result(record, UploadOutcome.PENDING, error)
    return UploadResult(record.record_id, UploadOutcome.ARCHIVED)


def _result(record: PendingRecord, outcome: UploadOutcome, error: AgentError) -> UploadResult:
    return UploadResult(record.record_id, outcome, error.message, error.remedy)
