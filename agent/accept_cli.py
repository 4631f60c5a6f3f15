"""`ardoise accept`: a validator's signed decision on one result, apart from the record (NIST SP 800-88r2 4.5.2)."""

import argparse
import hashlib
from pathlib import Path
from typing import Any

from agent.certificate.statement import ACCEPTANCE
from agent.certificate.verify import verify_record
from agent.errors import CertificateError, ExitCode, Refused
from agent.model.acceptance import ACCEPTANCE_SCHEMA, Acceptance, Decision
from agent.model.language import Language
from agent.model.record import Headline, Record
from agent.statement_cli import (
    add_signing_options,
    add_trust_options,
    opaque_id,
    present_time,
    read_input,
    say,
    show_issued,
    signing_station,
    trust_of,
)
from agent.workflow.statements import Head, issue_statement


def add_accept_command(subparsers: Any) -> None:  # noqa: ANN401 - argparse keeps this type private
    """Add `accept` to the program's commands."""
    parser = subparsers.add_parser("accept", help="sign the decision to accept or reject a result")
    parser.add_argument("folder", metavar="EVIDENCE_DIR", type=Path, help="the record's evidence folder")
    parser.add_argument(
        "--validator", metavar="ID", type=opaque_id, required=True, help="who decides, as an opaque id"
    )
    parser.add_argument("--decision", choices=[str(d) for d in Decision], required=True)
    parser.add_argument("--reason", default="", help="must be given to reject, or to accept what is INCOMPLETE")
    parser.add_argument(
        "--operator-may-accept", action="store_true", help="who erased the machine may accept its result"
    )
    parser.add_argument(
        "--out", metavar="DIR", type=Path, help="where acceptance.json goes (default: EVIDENCE_DIR)"
    )
    add_signing_options(parser)
    add_trust_options(parser)


def run_accept(args: argparse.Namespace) -> int:
    """Verify the record, then sign the decision; raises Refused, CertificateError, UsageError."""
    now = present_time()
    data = read_input(args.folder / "record.json")
    record = _verified(args, data)
    decision = Decision(args.decision)
    _check_may(args, record, decision)
    station = signing_station(args, now)

    def build(head: Head) -> Acceptance:
        return Acceptance(
            schema=ACCEPTANCE_SCHEMA,
            **vars(head),
            record_id=record.record_id,
            record_sha256=hashlib.sha256(data).hexdigest(),
            record_headline=record.headline.value,
            operator=record.operator.id,
            validator=args.validator,
            decision=decision,
            reason=args.reason,
        )

    issued = issue_statement(build, station, args.out or args.folder, Language.ENGLISH, now, with_page=False)
    say(f"Signed: {args.validator} decided '{decision}' on {record.headline} of record {record.record_id}.")
    show_issued(issued, decision=decision.value, file_name=ACCEPTANCE.json_name)
    return int(ExitCode.OK)


def _verified(args: argparse.Namespace, data: bytes) -> Record:
    report = verify_record(data, read_input(args.folder / "record.json.p7s"), trust_of(args), present_time())
    if report.record is None:
        step = report.failed_step
        raise CertificateError(f"The record is not valid: {step.detail if step else ''}.", "Nothing was signed.")
    return report.record


def _check_may(args: argparse.Namespace, record: Record, decision: Decision) -> None:
    if args.validator.lower() == record.operator.id.lower() and not args.operator_may_accept:
        raise Refused(
            "Who erased a machine does not accept its own result.",
            "Let another person decide, or give --operator-may-accept where the lot's policy allows it.",
        )
    complete = record.headline is Headline.SANITIZED
    if not args.reason and (decision is Decision.REJECT or not complete):
        raise Refused(f"'{decision}' on {record.headline} needs a reason.", "Give --reason.")
