"""`ardoise pki`: the organisation's own chain of trust in one folder, and the folders of its stations.

Everything is created whole or not at all and no key is ever overwritten. The summary goes to standard output as JSON, words
go to standard error, passphrases nowhere. docs/ceremony.md is the way through it for a person.
"""

import argparse
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.certificate.pki import STATION_LIFE
from agent.errors import EnvironmentLacks, ExitCode
from agent.pki_cli import authority, backup, enrol, leaves

_Command = Callable[[argparse.Namespace, datetime], dict[str, Any] | None]
_COMMANDS: dict[str, _Command] = {
    "init": authority.init,
    "backup": backup.backup,
    "check-backup": backup.check,
    "restore": backup.restore,
    "renew-ca": authority.renew_ca,
    "request": enrol.request,
    "enrol": enrol.enrol,
    "accept": enrol.accept,
    "issue-station": leaves.issue_station_folder,
    "issue-registry": leaves.issue_registry,
    "renew": leaves.renew,
    "list": leaves.list_issued,
    "revoke": authority.revoke,
    "revoke-ca": authority.revoke_ca,
    "crl": authority.crl,
    "root-crl": authority.root_crl,
}


def add_pki_commands(subparsers: Any) -> argparse.ArgumentParser:  # noqa: ANN401 - argparse keeps this type private
    """Add `pki` with its own commands to the program's."""
    parser: argparse.ArgumentParser = subparsers.add_parser("pki", help="make, renew and revoke signing stations")
    commands = parser.add_subparsers(dest="pki_command", required=True)
    _add_root_commands(commands)
    _add_station_commands(commands)
    _add_revocation_commands(commands)
    return parser


def run_pki(args: argparse.Namespace) -> int:
    """Carry out one `pki` command; raises UsageError, KeyLocked, Refused, StationError, EnvironmentLacks."""
    try:
        summary = _COMMANDS[args.pki_command](args, datetime.now(UTC).replace(microsecond=0))
    except OSError as error:
        raise EnvironmentLacks(
            f"{error.filename or args.folder}: {error.strerror}.", "Choose another folder."
        ) from error
    if summary is not None:
        print(leaves.summary_text(summary))  # noqa: T201
    return int(ExitCode.OK)


def _add_root_commands(commands: Any) -> None:  # noqa: ANN401 - see add_pki_commands
    init = _command(commands, "init", "make a root, an issuing CA and a registry key", "keys")
    init.add_argument("--organisation", metavar="O", default="", help="stands in every certificate")
    init.add_argument(
        "--test", action="store_true", help="a throw-away root, the only kind that may sign specimens"
    )
    _root_passphrase(init, "opens the root's key; default: as --passphrase-file")
    keep = _command(commands, "backup", "copy the root's key to two places, each checked by opening it")
    keep.add_argument("--to", metavar="NEW_DIR", type=Path, action="append", required=True, help="twice or more")
    keep.add_argument("--take-offline", action="store_true", help="then remove the root's key from DIR")
    keep.add_argument("--backup-passphrase-file", metavar="G", type=Path, help="opens the backups; first line")
    _root_passphrase(keep)
    check = commands.add_parser("check-backup", help="open a backup of the root and try it", allow_abbrev=False)
    check.add_argument("backup", metavar="BACKUP", type=Path)
    check.add_argument("--backup-passphrase-file", metavar="G", type=Path, help="opens the backup; first line")
    restore = _command(commands, "restore", "put the root's key from a backup back into DIR")
    restore.add_argument("backup", metavar="BACKUP", type=Path)
    restore.add_argument("--backup-passphrase-file", metavar="G", type=Path, help="opens the backup; first line")
    _root_passphrase(restore)
    renew = _command(commands, "renew-ca", "renew the issuing CA under the root", "issuing CA")
    renew.add_argument(
        "--new-key", action="store_true", help="where the old key may be known to others, or is lost"
    )
    renew.add_argument("--years", type=int, default=20, help="validity, never longer than the root's; default: 20")
    _root(renew)


def _add_station_commands(commands: Any) -> None:  # noqa: ANN401 - see add_pki_commands
    ask = _command(commands, "request", "on the stick: make a key and a request for its certificate", "station")
    ask.add_argument("--name", metavar="N", help="the station's name in its certificate")
    ask.add_argument("--renew", action="store_true", help="a new key for a station that exists")
    ask.add_argument(
        "--token-module", metavar="LIB", type=Path, help="make the key in a token, by its PKCS#11 library"
    )
    ask.add_argument("--token-label", metavar="L", default="", help="the token's label, where there are several")
    enrolled = _command(commands, "enrol", "certify a request whose fingerprint a person compared", "issuing CA")
    enrolled.add_argument("request", metavar="REQUEST", type=Path)
    enrolled.add_argument("--fingerprint", metavar="F", default="", help="as read aloud at the stick")
    accepted = _command(
        commands, "accept", "on the stick: take the certificate that came from the office", "station"
    )
    accepted.add_argument("bundle", metavar="BUNDLE", type=Path)
    issue = _command(commands, "issue-station", "make the folder of a new station, key included", "issuing CA")
    issue.add_argument("--name", metavar="N", required=True, help="the station's name in its certificate")
    issue.add_argument("--station-passphrase-file", metavar="G", type=Path, help="opens the new station's key")
    issue.add_argument("--registry-key", metavar="FILE", type=Path, help="another registry's public key")
    registry = _command(
        commands, "issue-registry", "make the registry's keys for seals and time stamps", "issuing CA"
    )
    registry.add_argument("--name", metavar="N", required=True, help="the registry's name in its certificates")
    renew = _command(commands, "renew", "a new certificate for a station's present key", "issuing CA")
    renew.add_argument("serial", metavar="SERIAL", help="in hexadecimal, as `list` prints it")
    for command in (enrolled, issue, registry, renew):
        command.add_argument("--out", metavar="NEW_DIR", type=Path, required=True)
    for command in (enrolled, issue, renew):
        command.add_argument("--days", type=int, default=STATION_LIFE.days, help="validity, at most %(default)s")
    listed = commands.add_parser("list", help="what was issued, and its state", allow_abbrev=False)
    listed.add_argument("folder", metavar="DIR", type=Path)
    listed.add_argument("--json", action="store_true")


def _add_revocation_commands(commands: Any) -> None:  # noqa: ANN401 - see add_pki_commands
    revoke = _command(commands, "revoke", "revoke a certificate and renew the issuing CA's list", "issuing CA")
    revoke_ca = _command(commands, "revoke-ca", "revoke an issuing CA and renew the root's list")
    for command in (revoke, revoke_ca):
        command.add_argument("serial", metavar="SERIAL", help="in hexadecimal, as `list` prints it")
        command.add_argument("--reason", choices=sorted(authority.REASONS), default="unspecified")
        command.add_argument("--date", metavar="WHEN", help="when it was revoked; default: now")
        command.add_argument("--invalidity-date", metavar="WHEN", help="from when the key is not to be trusted")
    _command(commands, "crl", "renew crl.pem, which is valid for 90 days", "issuing CA")
    root_crl = _command(commands, "root-crl", "renew root-crl.pem, which is valid for 400 days")
    _root(revoke_ca)
    _root(root_crl)


def _command(commands: Any, name: str, text: str, opens: str = "") -> argparse.ArgumentParser:  # noqa: ANN401
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
    parser.add_argument("folder", metavar="STATION_DIR" if opens == "station" else "DIR", type=Path)
    if opens:
        parser.add_argument(
            "--passphrase-file", metavar="F", type=Path, help=f"opens the {opens}; first line; default: asked for"
        )
    return parser


def _root(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--root", metavar="BACKUP", type=Path, help="where the root's key is; default: DIR")
    _root_passphrase(parser)


def _root_passphrase(parser: argparse.ArgumentParser, text: str = "opens the root's key; first line") -> None:
    parser.add_argument("--root-passphrase-file", metavar="R", type=Path, help=text)
