"""`ardoise intake`: the signed receipt for machines that were handed over, before anything is erased."""

import argparse
from datetime import date
from pathlib import Path
from typing import Any

from agent.errors import ExitCode
from agent.model.intake import INTAKE_SCHEMA, IntakeReceipt
from agent.model.language import Language
from agent.statement_cli import (
    add_signing_options,
    day,
    opaque_id,
    present_time,
    read_input,
    say,
    show_issued,
    signing_station,
)
from agent.workflow.intake_list import read_machines
from agent.workflow.statements import Head, issue_statement


def add_intake_command(subparsers: Any) -> None:  # noqa: ANN401 - argparse keeps this type private
    """Add `intake` to the program's commands."""
    parser = subparsers.add_parser("intake", help="sign a receipt for machines before they are erased")
    parser.add_argument(
        "list", metavar="LIST.csv", type=Path, help="one machine a line, the first line names the columns"
    )
    parser.add_argument(
        "--out", metavar="DIR", type=Path, required=True, help="where intake.json and intake.pdf go"
    )
    parser.add_argument("--lot", required=True, help="the lot's name")
    parser.add_argument(
        "--donor", metavar="REF", type=opaque_id, required=True, help="the donor as an opaque reference"
    )
    parser.add_argument("--source", default="", help="where the machines come from (NIST: source)")
    parser.add_argument("--place", default="", help="where they were handed over")
    parser.add_argument("--handed-over-by", metavar="ID", type=opaque_id, required=True)
    parser.add_argument("--received-by", metavar="ID", type=opaque_id, required=True)
    parser.add_argument("--received-on", metavar="DAY", type=day, default=None, help="ISO date, default: today")
    parser.add_argument("--remark", default="")
    add_signing_options(parser)


def run_intake(args: argparse.Namespace) -> int:
    """Make the receipt; raises UsageError, Refused, StationError."""
    now = present_time()
    machines = read_machines(read_input(args.list))
    station = signing_station(args, now)

    def build(head: Head) -> IntakeReceipt:
        return IntakeReceipt(
            schema=INTAKE_SCHEMA,
            **vars(head),
            lot=args.lot,
            donor_reference=args.donor,
            source=args.source,
            place=args.place,
            handed_over_by=args.handed_over_by,
            received_by=args.received_by,
            received_on=args.received_on or date.isoformat(now.date()),
            remark=args.remark,
            machines=machines,
        )

    issued = issue_statement(build, station, args.out, Language(args.page_language), now)
    say(f"Signed the receipt for {len(machines)} machines. Keep it with the lot, and give intake.pdf to the donor.")
    show_issued(issued, machines=len(machines))
    return int(ExitCode.OK)
