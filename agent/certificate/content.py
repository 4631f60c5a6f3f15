"""What a record's own content must fulfil, beyond being signed: nobody may claim more than the evidence supports."""

from agent.certificate.page_text import SANITIZED, hidden_areas_caution
from agent.certificate.report import FailureKind, Signer, StepFailed
from agent.model.coherence import drive_contradiction, record_contradiction
from agent.model.machine import Environment
from agent.model.record import Record, machine_headline, medium_outcome
from agent.model.sanitization import Method


def check_issuer(record: Record, signer: Signer) -> str:
    """The record names the very certificate that signed it; raises StepFailed CONTRADICTION."""
    claimed = (record.issuer.organisation, record.issuer.station, record.issuer.certificate_sha256)
    if claimed != (signer.organisation, signer.station, signer.certificate_sha256):
        raise _contradiction("The record names another issuer than the certificate that signed it.")
    return f"{signer.organisation}, station {signer.station}"


def check_specimen(record: Record, signer: Signer) -> str:
    """Simulated runs are specimens, and specimens belong under a TEST root; raises StepFailed SPECIMEN, CONTRADICTION."""
    if record.specimen != (record.environment is Environment.SIMULATED):
        raise _contradiction("The record's environment and its mark as a specimen contradict each other.")
    if record.specimen and not signer.test_root:
        raise StepFailed(
            FailureKind.SPECIMEN, "A specimen of a simulated machine, signed under a root that is not for tests."
        )
    return "specimen, under a TEST root" if record.specimen else "not a specimen"


def check_evidence(record: Record) -> str:
    """Outcomes, levels and headline derived again from the evidence equal those claimed; raises StepFailed CONTRADICTION."""
    for number, drive in enumerate(record.drives, 1):
        supported = medium_outcome(drive)
        if drive.outcome is not supported:
            why = drive_contradiction(drive) if drive.outcome in SANITIZED else ""
            raise _contradiction(
                f"Medium {number} claims '{drive.outcome}', its evidence supports '{supported}'{f': {why}' if why else ''}."
            )
        if (drive.level_reached is not Method.NONE) != (supported in SANITIZED):
            raise _contradiction(
                f"Medium {number} claims the level '{drive.level_reached}' with the outcome '{supported}'."
            )
    if words := record_contradiction(record):
        raise _contradiction(f"The record contradicts itself: {words}.")
    supported_headline = machine_headline(record.drives, record.host, record.ended)
    if record.headline is not supported_headline:
        raise _contradiction(
            f"The headline says '{record.headline}', the evidence supports '{supported_headline}'."
        )
    return f"{record.headline}, {len(record.drives)} media, each as its evidence supports"


def content_remarks(record: Record, signer: Signer) -> list[str]:
    """What is true and valid, and yet must be said."""
    remarks = []
    if signer.test_root:
        remarks.append("The root is a throw-away TEST root: anyone may hold its keys.")
    if record.environment is not Environment.LIVE_IMAGE:
        remarks.append(f"Not made in the live image: {record.environment}.")
    if not record.time.clock_plausible:
        remarks.append(
            f"The station's clock was wrong: {record.time.issued_at:%Y-%m-%d %H:%M} UTC is what it claimed."
        )
    if hidden_areas_caution(record):
        remarks.append(hidden_areas_caution(record))
    return remarks


def _contradiction(message: str) -> StepFailed:
    return StepFailed(FailureKind.CONTRADICTION, message)
