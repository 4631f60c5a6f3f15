"""What a statement's own content must fulfil, beyond being signed: nothing in it may say more than the rest supports."""

from agent.certificate.canonical import SHA256_HEX
from agent.certificate.report import FailureKind, Signer, StepFailed
from agent.certificate.statement import is_day
from agent.model.acceptance import Acceptance
from agent.model.destruction import DestructionRecord
from agent.model.intake import IntakeReceipt
from agent.model.lot import Lot
from agent.model.lot_rules import conclude
from agent.model.statement import Statement


def check_statement_issuer(statement: Statement, signer: Signer) -> str:
    """The statement names the very certificate that signed it; raises StepFailed CONTRADICTION."""
    issuer = statement.issuer
    claimed = (issuer.organisation, issuer.station, issuer.certificate_sha256)
    if claimed != (signer.organisation, signer.station, signer.certificate_sha256):
        raise _contradiction("The statement names another issuer than the certificate that signed it.")
    return f"{signer.organisation}, station {signer.station}"


def check_statement_specimen(statement: Statement, signer: Signer) -> str:
    """A specimen is what a TEST root signs, and nothing else; raises StepFailed SPECIMEN."""
    if statement.specimen != signer.test_root:
        raise StepFailed(
            FailureKind.SPECIMEN,
            "A specimen under a root that is not for tests."
            if statement.specimen
            else "Signed under a TEST root, and not marked as a specimen.",
        )
    return "specimen, under a TEST root" if statement.specimen else "not a specimen"


def check_content(statement: Statement) -> str:
    """What the statement concludes equals what its own entries support; raises StepFailed CONTRADICTION."""
    if isinstance(statement, Lot):
        return _check_lot(statement)
    if isinstance(statement, DestructionRecord):
        return _check_destruction(statement)
    if isinstance(statement, IntakeReceipt):
        return _check_intake(statement)
    if isinstance(statement, Acceptance):
        return _check_acceptance(statement)
    raise AssertionError(f"no rules for {type(statement).__name__}")


def _check_lot(lot: Lot) -> str:
    digests = [entry.record_sha256 for entry in lot.entries]
    if len(set(digests)) != len(digests):
        raise _contradiction("The lot lists a record twice.")
    if not all(SHA256_HEX.fullmatch(digest) for digest in digests):
        raise _contradiction("The lot names a record by something that is no digest.")
    supported = conclude(lot.entries, lot.destructions, lot.intake, lot.policy)
    if lot.headline is not supported.headline:
        raise _contradiction(f"The lot says '{lot.headline}', its entries support '{supported.headline}'.")
    if lot.totals != supported.totals:
        raise _contradiction("The lot's totals are not those of its entries.")
    if lot.exceptions != supported.exceptions:
        raise _contradiction("The lot's exceptions are not those of its entries.")
    return f"{lot.headline}: {lot.totals.machines} machines, {lot.totals.media} media, {len(lot.exceptions)} exceptions"


def _check_destruction(done: DestructionRecord) -> str:
    if done.result is not done.technique.reaches:
        raise _contradiction(f"'{done.technique}' reaches '{done.technique.reaches}', not '{done.result}'.")
    if not done.operator or not done.witness or done.operator.lower() == done.witness.lower():
        raise _contradiction("Who destroyed it and who witnessed it are not two persons.")
    if not is_day(done.destroyed_on):
        raise _contradiction("The date of the destruction is no calendar day.")
    return f"{done.technique}: {done.result}"


def _check_intake(receipt: IntakeReceipt) -> str:
    if not is_day(receipt.received_on):
        raise _contradiction("The date of the handing-over is no calendar day.")
    if not all(machine.serial or machine.asset_tag for machine in receipt.machines):
        raise _contradiction("A machine has neither a serial number nor a property number.")
    return f"{len(receipt.machines)} machines announced"


def _check_acceptance(acceptance: Acceptance) -> str:
    if not SHA256_HEX.fullmatch(acceptance.record_sha256) or not acceptance.validator:
        raise _contradiction("The acceptance names no record or no validator.")
    return f"{acceptance.decision} by {acceptance.validator}"


def _contradiction(message: str) -> StepFailed:
    return StepFailed(FailureKind.CONTRADICTION, message)
