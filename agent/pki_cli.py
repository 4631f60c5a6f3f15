"""`ardoise pki`: the organisation's own chain of trust in one folder, and the folders of its stations.

Everything is created whole or not at all and never overwritten. The summary goes to standard output as JSON, words go to
standard error, passphrases nowhere.
"""

import argparse
import fcntl
import getpass
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)

from agent.certificate.pki import (
    STATION_LIFE,
    Authority,
    issue_station,
    lock_key,
    make_crl,
    make_issuing_ca,
    make_root,
    unlock_key,
)
from agent.certificate.trust import is_test_root
from agent.durable import sync_folder, write_durably, write_synced
from agent.errors import EnvironmentLacks, ExitCode, Refused, UsageError
from agent.workflow.station import read_passphrase

MINIMUM_PASSPHRASE = 8
_REASONS = {
    "unspecified": x509.ReasonFlags.unspecified,
    "key-compromise": x509.ReasonFlags.key_compromise,
    "superseded": x509.ReasonFlags.superseded,
    "cessation-of-operation": x509.ReasonFlags.cessation_of_operation,
}
_INDEX = "issued.json"


@dataclass(frozen=True)
class _File:
    """A file of a new folder; keys are for their owner alone."""

    name: str
    data: bytes
    secret: bool = False


def add_pki_commands(subparsers: Any) -> argparse.ArgumentParser:  # noqa: ANN401 - argparse keeps this type private
    """Add `pki` with its own commands to the program's."""
    parser: argparse.ArgumentParser = subparsers.add_parser("pki", help="make and revoke signing stations")
    commands = parser.add_subparsers(dest="pki_command", required=True)
    init = commands.add_parser("init", help="make a root, an issuing CA and a registry key")
    init.add_argument("folder", metavar="DIR", type=Path)
    init.add_argument("--organisation", metavar="O", default="", help="stands in every certificate")
    init.add_argument(
        "--test", action="store_true", help="a throw-away root, the only kind that may sign specimens"
    )
    issue = commands.add_parser("issue-station", help="make the folder of a new station")
    issue.add_argument("folder", metavar="DIR", type=Path)
    issue.add_argument("--name", metavar="N", required=True, help="the station's name in its certificate")
    issue.add_argument("--out", metavar="STATION_DIR", type=Path, required=True)
    issue.add_argument("--station-passphrase-file", metavar="G", type=Path, help="opens the new station's key")
    issue.add_argument("--days", type=int, default=STATION_LIFE.days, help="validity, at most %(default)s")
    issue.add_argument("--registry-key", metavar="FILE", type=Path, help="another registry's public key")
    revoke = commands.add_parser("revoke", help="revoke a station and renew crl.pem")
    revoke.add_argument("folder", metavar="DIR", type=Path)
    revoke.add_argument("serial", metavar="SERIAL", help="in hexadecimal, as issue-station printed it")
    revoke.add_argument("--reason", choices=sorted(_REASONS), default="unspecified")
    renew = commands.add_parser("crl", help="renew crl.pem, which is valid for 90 days")
    renew.add_argument("folder", metavar="DIR", type=Path)
    for command in (init, issue, revoke, renew):
        command.add_argument("--passphrase-file", metavar="F", type=Path, help="opens the keys of DIR; first line")
    return parser


def run_pki(args: argparse.Namespace) -> int:
    """Carry out one `pki` command; raises UsageError, KeyLocked, Refused, EnvironmentLacks."""
    commands = {"init": _init, "issue-station": _issue_station, "revoke": _revoke, "crl": _renew}
    try:
        summary = commands[args.pki_command](args, datetime.now(UTC).replace(microsecond=0))
    except OSError as error:
        raise EnvironmentLacks(
            f"{error.filename or args.folder}: {error.strerror}.", "Choose another folder."
        ) from error
    print(json.dumps(summary, indent=2))  # noqa: T201
    return int(ExitCode.OK)


def _init(args: argparse.Namespace, at: datetime) -> dict[str, Any]:
    _must_be_new(args.folder)
    organisation = args.organisation.strip() or ("Ardoise test bench" if args.test else "Unnamed organisation")
    _check_name(organisation, "organisation")
    if not args.organisation:
        _say(f"No --organisation was given: certificates will say {organisation!r}.")
    passphrase = _passphrase(args.passphrase_file, "Passphrase for the new keys", new=True, test=args.test)
    root = make_root(organisation, at, test=args.test)
    issuing_ca = make_issuing_ca(root, at)
    registry = Ed25519PrivateKey.generate()
    files = [
        _File("root.key.pem", lock_key(root.private_key, passphrase), secret=True),
        _File("root.pem", _pem(root.certificate)),
        _File("ca.key.pem", lock_key(issuing_ca.private_key, passphrase), secret=True),
        _File("ca.pem", _pem(issuing_ca.certificate)),
        _File("crl.pem", make_crl(issuing_ca, (), 1, at).public_bytes(Encoding.PEM)),
        # A registry starts unattended, so its key has no passphrase: the file's mode is its only guard.
        _File(
            "registry.key.pem",
            registry.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            secret=True,
        ),
        _File("registry.pub.pem", _public_pem(registry.public_key())),
        _File(_INDEX, _index_bytes({"crl_number": 1, "stations": []})),
    ]
    _make_folder(args.folder, files)
    _say(f"Made {args.folder}. Keep root.key.pem offline, in two places; give root.pem to those who verify.")
    fingerprint = root.certificate.fingerprint(hashes.SHA256()).hex()
    return {"folder": str(args.folder), "organisation": organisation, "root_sha256": fingerprint, "test": args.test}


def _issue_station(args: argparse.Namespace, at: datetime) -> dict[str, Any]:
    _must_be_new(args.out)
    _check_name(args.name, "station's name")
    if not 1 <= args.days <= STATION_LIFE.days:
        raise UsageError(f"A station is issued for 1 to {STATION_LIFE.days} days.")
    root_pem = _read(args.folder / "root.pem")
    test = is_test_root(x509.load_pem_x509_certificate(root_pem))
    registry_key = _registry_key(args.registry_key or args.folder / "registry.pub.pem")
    issuing_ca, passphrase = _open_ca(args)
    station_file = args.station_passphrase_file
    if station_file is not None or args.passphrase_file is None:
        passphrase = _passphrase(station_file, "Passphrase for the new station", new=True, test=test)
    issued = issue_station(issuing_ca, args.name, at, timedelta(days=args.days))
    serial = f"{issued.certificate.serial_number:x}"
    not_after = issued.certificate.not_valid_after_utc.isoformat()
    # Listed first: a station that exists and can't be revoked is worse than one that is listed and does not exist.
    with _index(args.folder) as index:
        index["stations"].append(
            {"serial": serial, "name": args.name, "issued_at": at.isoformat(), "not_after": not_after}
        )
    files = [
        _File("station.key.pem", lock_key(issued.private_key, passphrase), secret=True),
        _File("station.cert.pem", _pem(issued.certificate)),
        _File("chain.pem", _pem(issuing_ca.certificate)),
        _File("root.pem", root_pem),
        _File("registry.pub.pem", registry_key),
    ]
    _make_folder(args.out, files)
    _say(f"Made the station {args.name!r} in {args.out}.")
    return {"folder": str(args.out), "station": args.name, "serial": serial, "not_after": not_after, "test": test}


def _revoke(args: argparse.Namespace, at: datetime) -> dict[str, Any]:
    serial = args.serial.strip().lower().replace(":", "").removeprefix("0x").lstrip("0")
    issuing_ca, _ = _open_ca(args)
    with _index(args.folder) as index:
        found = [station for station in index["stations"] if station["serial"] == serial]
        if not found:
            raise UsageError(f"No station with the serial {args.serial} was issued here.", f"See {_INDEX}.")
        found[0].setdefault("revoked_at", at.isoformat())
        found[0].setdefault("reason", args.reason)
        _write_crl(args.folder, index, issuing_ca, at)
    _say("Give the new crl.pem to the registry and to those who verify.")
    return {"station": found[0]["name"], "serial": serial, "revoked_at": found[0]["revoked_at"], "crl": "crl.pem"}


def _renew(args: argparse.Namespace, at: datetime) -> dict[str, Any]:
    issuing_ca, _ = _open_ca(args)
    with _index(args.folder) as index:
        _write_crl(args.folder, index, issuing_ca, at)
    return {"crl": "crl.pem", "number": index["crl_number"]}


def _write_crl(folder: Path, index: dict[str, Any], issuing_ca: Authority, at: datetime) -> None:
    index["crl_number"] += 1
    revoked = tuple(
        (int(s["serial"], 16), datetime.fromisoformat(s["revoked_at"]), _REASONS[s["reason"]])
        for s in index["stations"]
        if "revoked_at" in s
    )
    crl = make_crl(issuing_ca, revoked, index["crl_number"], at)
    # The list first: a revocation that only the old CRL knew would be lost with the next one.
    write_durably(folder / _INDEX, _index_bytes(index), 0o600)
    write_durably(folder / "crl.pem", crl.public_bytes(Encoding.PEM))


def _open_ca(args: argparse.Namespace) -> tuple[Authority, bytes]:
    certificate = x509.load_pem_x509_certificate(_read(args.folder / "ca.pem"))
    key_pem = _read(args.folder / "ca.key.pem")
    passphrase = _passphrase(args.passphrase_file, "Passphrase of the issuing CA", new=False, test=True)
    return Authority(certificate, unlock_key(key_pem, passphrase)), passphrase


def _passphrase(file: Path | None, prompt: str, *, new: bool, test: bool) -> bytes:
    if file is not None:
        passphrase = read_passphrase(file)
    elif sys.stdin.isatty():
        passphrase = getpass.getpass(f"{prompt}: ").encode()
        if new and getpass.getpass("Once more: ").encode() != passphrase:
            raise UsageError("The two passphrases differ.", "Try again.")
    else:
        raise UsageError("There is no terminal to ask for a passphrase.", "Use --passphrase-file.")
    if new and len(passphrase) < (1 if test else MINIMUM_PASSPHRASE):
        raise UsageError(f"The passphrase is shorter than {MINIMUM_PASSPHRASE} bytes.", "Take several words.")
    return passphrase


def _registry_key(path: Path) -> bytes:
    pem = _read(path)
    try:
        key = load_pem_public_key(pem)
    except ValueError as error:
        raise UsageError(f"{path} is not a public key in PEM.") from error
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"{path} is not an Ed25519 key.")
    return _public_pem(key)


@contextmanager
def _index(folder: Path) -> Iterator[dict[str, Any]]:
    """The list of issued certificates under a lock, written back when the block ends well."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        index = json.loads(_read(folder / _INDEX))
        yield index
        write_durably(folder / _INDEX, _index_bytes(index), 0o600)
    finally:
        os.close(descriptor)


def _index_bytes(index: dict[str, Any]) -> bytes:
    return json.dumps(index, indent=2, ensure_ascii=False).encode() + b"\n"


def _make_folder(folder: Path, files: list[_File]) -> None:
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.new")
    temporary.mkdir(mode=0o700, parents=True)
    try:
        for file in files:
            write_synced(temporary / file.name, file.data, 0o600 if file.secret else 0o644)
        sync_folder(temporary)
        temporary.rename(folder)
    except OSError:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    sync_folder(folder.parent)


def _must_be_new(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        raise Refused(f"{folder} exists and is not empty; keys are never overwritten.", "Choose another folder.")


def _check_name(name: str, what: str) -> None:
    # RFC 5280 appendix A.1: ub-organization-name and ub-common-name are 64.
    if not name.isprintable() or not name.strip() or len(name) > 64:
        raise UsageError(f"The {what} must be 1 to 64 printable characters.")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path} can't be read: {error.strerror}.", "Is this a folder of `ardoise pki init`?"
        ) from error


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _public_pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _say(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201
