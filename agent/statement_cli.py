"""What the commands for lots, intake receipts, destruction records and acceptances have in common."""

import argparse
import getpass
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.certificate.statement import is_day
from agent.certificate.trust import (
    CRL_FILE,
    LOG_KEY_FILE,
    ROOT_CRL_FILE,
    ROOT_FILE,
    TRUST_FILES,
    Trust,
    load_trust_files,
)
from agent.errors import UsageError
from agent.host.clock import SystemClock
from agent.model.drive import printable
from agent.model.language import Language
from agent.workflow.statements import Issued
from agent.workflow.station import Station, open_station, read_passphrase

MAXIMUM_INPUT_BYTES = 64 * 1024 * 1024


def add_signing_options(parser: argparse.ArgumentParser) -> None:
    """Whose key signs, and in which language the page is."""
    parser.add_argument(
        "--station", type=Path, metavar="DIR", required=True, help="the folder of the signing station"
    )
    parser.add_argument(
        "--passphrase-file", type=Path, metavar="F", help="opens the station's key; else it is asked for"
    )
    parser.add_argument(
        "--page-language", choices=[str(code) for code in Language], default="en", help="language of the document"
    )


def add_trust_options(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """Who is trusted, when signed files are read."""
    parser.add_argument(
        "--trust",
        metavar="ROOT.pem|DIR",
        type=Path,
        required=required,
        help=f"the issuer's root certificate, or a folder with {', '.join(TRUST_FILES)}",
    )
    parser.add_argument("--crl", metavar="FILE", type=Path, help="the issuing CA's list of revoked stations")
    parser.add_argument("--root-crl", metavar="FILE", type=Path, help="the root's list of revoked issuing CAs")
    parser.add_argument("--log", metavar="FILE", type=Path, help="the keys of the logs that are known (log.vkey)")


def trust_of(args: argparse.Namespace) -> Trust:
    """What the options say is trusted; raises UsageError."""
    folder = args.trust if args.trust.is_dir() else None
    files = {ROOT_FILE: read_input(args.trust)} if folder is None else _trust_folder(folder)
    for name, path in ((CRL_FILE, args.crl), (ROOT_CRL_FILE, args.root_crl), (LOG_KEY_FILE, args.log)):
        if path is not None:
            files[name] = read_input(path)
    return load_trust_files(files)


def _trust_folder(folder: Path) -> dict[str, bytes]:
    return {name: read_input(folder / name) for name in TRUST_FILES if (folder / name).is_file()}


def signing_station(args: argparse.Namespace, now: datetime) -> Station:
    """The station, opened; raises StationError, KeyLocked, UsageError."""
    if args.passphrase_file is not None:
        passphrase = read_passphrase(args.passphrase_file)
    elif sys.stdin.isatty():
        passphrase = getpass.getpass("Passphrase of the station: ").encode()
    else:
        raise UsageError("There is no terminal to ask for a passphrase.", "Use --passphrase-file.")
    return open_station(args.station, passphrase, now)


def present_time() -> datetime:
    """Now, as the system's clock claims."""
    return SystemClock().now()


def read_input(path: Path) -> bytes:
    """A file that was named on the command line; raises UsageError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAXIMUM_INPUT_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}.") from error
    if len(data) > MAXIMUM_INPUT_BYTES:
        raise UsageError(f"{path} is larger than any file that belongs here.")
    return data


def opaque_id(text: str) -> str:
    """An id of a person or a donor; raises ArgumentTypeError for what looks like a sentence."""
    if not text.strip() or len(text) > 64 or not text.isprintable() or "@" in text:
        raise argparse.ArgumentTypeError("an id of 1 to 64 printable characters, no address")
    return text.strip()


def day(text: str) -> str:
    """A calendar day; raises ArgumentTypeError."""
    if not is_day(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no day like 2026-11-21")
    return text


def show_issued(issued: Issued[Any], **more: Any) -> None:  # noqa: ANN401 - values for JSON
    """The answer on standard output."""
    answer = {
        "statement_id": issued.statement.statement_id,
        "file": str(issued.json_file),
        "document": None if issued.pdf_file is None else str(issued.pdf_file),
        **more,
    }
    print(json.dumps(answer, indent=2))  # noqa: T201


def say(text: str) -> None:
    """Words for a person, on standard error."""
    print(printable(text, 400), file=sys.stderr)  # noqa: T201
