"""`ardoise destroy`: the signed record of a medium that could not be sanitized and was destroyed."""

import argparse
import hashlib
from pathlib import Path
from typing import Any

from agent.certificate.verify import verify_record
from agent.errors import CertificateError, ExitCode, UsageError
from agent.model.destruction import (
    DESTRUCTION_SCHEMA,
    DestroyedMedium,
    DestructionRecord,
    DestructionResult,
    DestructionTechnique,
)
from agent.model.drive import is_placeholder
from agent.model.language import Language
from agent.model.record import DriveRecord, Record
from agent.statement_cli import (
    add_signing_options,
    add_trust_options,
    day,
    opaque_id,
    present_time,
    read_input,
    say,
    show_issued,
    signing_station,
    trust_of,
)
from agent.workflow.statements import Head, issue_statement


def add_destroy_command(subparsers: Any) -> None:  # noqa: ANN401 - argparse keeps this type private
    """Add `destroy` to the program's commands."""
    parser = subparsers.add_parser("destroy", help="sign the record of a medium's destruction")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--record", metavar="EVIDENCE_DIR", type=Path, help="the record that tells of its failure")
    which.add_argument("--by-hand", action="store_true", help="no record tells of it: say model and serial number")
    parser.add_argument("--serial", required=True, help="the medium's serial number")
    parser.add_argument("--model", default="", help="with --by-hand: as its label says")
    parser.add_argument("--media-type", default="", help="with --by-hand")
    parser.add_argument("--machine-serial", default="", help="with --by-hand: the machine that it came from")
    parser.add_argument("--how", choices=[str(t) for t in DestructionTechnique], required=True)
    parser.add_argument("--particle-mm", metavar="N", type=_size, help="largest size of what is left")
    parser.add_argument("--tool", default="", help="the device that did it")
    parser.add_argument("--on", metavar="DAY", type=day, help="ISO date, default: today")
    parser.add_argument("--place", default="")
    parser.add_argument("--operator", metavar="ID", type=opaque_id, required=True, help="who did it")
    parser.add_argument("--witness", metavar="ID", type=opaque_id, required=True, help="who saw it; another person")
    parser.add_argument("--reason", default="", help="default: what the record says")
    parser.add_argument(
        "--photo", metavar="FILE", type=Path, action="append", default=[], help="only its digest is kept"
    )
    add_trust_options(parser, required=False)
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="where destruction.json and .pdf go")
    add_signing_options(parser)


def run_destroy(args: argparse.Namespace) -> int:
    """Make the record; exit 1 where the medium was only damaged; raises UsageError, CertificateError, Refused."""
    now = present_time()
    if args.operator.lower() == args.witness.lower():
        raise UsageError("Who destroyed it and who witnessed it are not two persons.", "Let somebody else watch.")
    medium, reason = _by_hand(args) if args.by_hand else _from_record(args)
    photos = tuple(hashlib.sha256(read_input(path)).hexdigest() for path in args.photo)
    technique = DestructionTechnique(args.how)
    station = signing_station(args, now)

    def build(head: Head) -> DestructionRecord:
        return DestructionRecord(
            schema=DESTRUCTION_SCHEMA,
            **vars(head),
            medium=medium,
            technique=technique,
            result=technique.reaches,
            particle_mm=args.particle_mm,
            tool=args.tool,
            destroyed_on=args.on or now.date().isoformat(),
            place=args.place,
            operator=args.operator,
            witness=args.witness,
            reason=args.reason or reason,
            photo_sha256=photos,
        )

    issued = issue_statement(build, station, args.out, Language(args.page_language), now)
    done = technique.reaches is DestructionResult.DESTROY
    if not done:
        say(
            f"'{technique}' only damages a medium: this is not Destroy (NIST SP 800-88), and the lot stays incomplete."
        )
    show_issued(issued, result=technique.reaches.value)
    return int(ExitCode.OK if done else ExitCode.NOT_SANITIZED)


def _size(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of millimetres, from 1 to 1000")
    return int(text)


def _by_hand(args: argparse.Namespace) -> tuple[DestroyedMedium, str]:
    if not args.model or is_placeholder(args.serial):
        raise UsageError("By hand, model and serial number must be given.", "Both stand on the medium's label.")
    return DestroyedMedium(args.model, args.serial, "", None, args.media_type, "", args.machine_serial, ""), ""


def _from_record(args: argparse.Namespace) -> tuple[DestroyedMedium, str]:
    if args.trust is None:
        raise UsageError("A record is believed only under a root.", "Give --trust.")
    data = read_input(args.record / "record.json")
    report = verify_record(data, read_input(args.record / "record.json.p7s"), trust_of(args), present_time())
    if report.record is None:
        step = report.failed_step
        raise CertificateError(f"The record is not valid: {step.detail if step else ''}.", "Verify it first.")
    record: Record = report.record
    found = [drive for drive in record.drives if drive.identity.serial.strip() == args.serial.strip()]
    if len(found) != 1:
        raise UsageError(f"The record names {len(found)} media with the serial number {args.serial!r}.")
    return _medium(record, found[0], hashlib.sha256(data).hexdigest()), found[0].reason


def _medium(record: Record, drive: DriveRecord, digest: str) -> DestroyedMedium:
    identity, host = drive.identity, record.host
    return DestroyedMedium(
        model=identity.model,
        serial=identity.serial,
        wwn=identity.wwn,
        capacity_bytes=identity.capacity_bytes,
        media_type=drive.media_type,
        machine_model=f"{host.manufacturer} {host.model}".strip(),
        machine_serial=host.serial,
        record_sha256=digest,
    )
