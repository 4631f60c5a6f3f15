"""Certificates of stations and of the registry: issued, renewed, listed."""

import argparse
import hashlib
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)

from agent.certificate.pki import ROOT_LIFE, STATION_LIFE, Authority, issue_for, issue_leaf, issue_station
from agent.certificate.trust import LeafKind
from agent.durable import write_durably
from agent.errors import Refused, UsageError
from agent.pki_cli import folder as office
from agent.pki_cli.folder import File

CERTIFICATES = "certificates"
"""A copy of each certificate that was issued: a renewal needs its public key."""

EXPIRING = timedelta(days=30)


def issue_station_folder(args: argparse.Namespace, at: datetime) -> dict[str, Any]:
    """The whole folder of a new station, its key made here: for tests and for set-ups of one computer."""
    office.must_be_new(args.out)
    office.check_name(args.name, "station's name")
    life = station_life(args.days)
    registry_key = read_registry_key(args.registry_key or args.folder / office.REGISTRY_KEY)
    test = office.is_test(args.folder)
    authority, entry, passphrase = current_ca(args)
    if args.station_passphrase_file is not None or args.passphrase_file is None:
        passphrase = office.ask_new_passphrase(
            args.station_passphrase_file, "New passphrase for the station", test=test
        )
    issued = issue_station(authority, args.name, at, life)
    enter(args.folder, issued.certificate, (args.name, LeafKind.STATION), entry, at)
    files = [
        File("station.key.pem", office.lock(issued.private_key, passphrase), secret=True),
        *public_files(args.folder, issued.certificate, authority, registry_key),
    ]
    office.make_folder(args.out, files)
    office.say(f"Made the station {args.name!r} in {args.out}.")
    return {"folder": str(args.out), "station": args.name, **told(issued.certificate), "test": test}


def issue_registry(args: argparse.Namespace, at: datetime) -> dict[str, Any]:
    """The registry's keys for seals and time stamps with their certificates, in a new folder for its server."""
    office.must_be_new(args.out)
    office.check_name(args.name, "registry's name")
    office.check_name(f"{args.name} TSA", "registry's name")
    authority, entry, _ = current_ca(args)
    files = [
        File("chain.pem", office.pem(authority.certificate)),
        File(office.ROOT, office.read(args.folder / office.ROOT)),
    ]
    summary: dict[str, Any] = {"folder": str(args.out)}
    # A token must outlive what it stamps, so its certificate lasts as long as its CA.
    kinds = (("seal", args.name, LeafKind.REGISTRY), ("tsa", f"{args.name} TSA", LeafKind.TIME_STAMPING))
    for short, name, kind in kinds:
        issued = issue_leaf(authority, name, kind, at, life=ROOT_LIFE)
        enter(args.folder, issued.certificate, (name, kind), entry, at)
        # Without a passphrase, like the registry's other keys: it starts unattended.
        key_pem = issued.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        files += [
            File(f"{short}.key.pem", key_pem, secret=True),
            File(f"{short}.cert.pem", office.pem(issued.certificate)),
        ]
        summary[short] = told(issued.certificate)
    office.make_folder(args.out, files)
    office.say(f"Made the registry's keys in {args.out}. They have no passphrase: copy them to its server only.")
    return summary


def renew(args: argparse.Namespace, at: datetime) -> dict[str, Any]:
    """A new certificate for a station's present key, in a folder to be carried to the stick."""
    office.must_be_new(args.out)
    serial = office.normal_serial(args.serial)
    found = [s for s in office.read_index(args.folder)["stations"] if s["serial"] == serial]
    if not found:
        raise UsageError(
            f"No station with the serial {args.serial} was issued here.", "See `ardoise pki list DIR`."
        )
    _check_renewable(found[0], at)
    old = office.read_certificate(args.folder / CERTIFICATES / f"{serial}.pem")
    public_key = old.public_key()
    if not isinstance(public_key, ec.EllipticCurvePublicKey):
        raise UsageError("The certificate's key is not on the curve P-256.")
    authority, entry, _ = current_ca(args)
    return certify(args, (found[0]["name"], public_key, at), authority, entry)


def certify(
    args: argparse.Namespace,
    subject: tuple[str, ec.EllipticCurvePublicKey, datetime],
    authority: Authority,
    entry: dict[str, Any],
) -> dict[str, Any]:
    """A station's certificate for a key that is elsewhere, in a folder to be carried there."""
    name, public_key, at = subject
    registry_key = read_registry_key(args.folder / office.REGISTRY_KEY)
    certificate = issue_for(authority, name, at, station_life(args.days), public_key)
    enter(args.folder, certificate, (name, LeafKind.STATION), entry, at)
    office.make_folder(args.out, public_files(args.folder, certificate, authority, registry_key))
    office.say(f"Carry {args.out} to the stick; there: ardoise pki accept STATION_DIR {args.out.name}")
    return {"folder": str(args.out), "station": name, **told(certificate), "test": office.is_test(args.folder)}


def _check_renewable(station: dict[str, Any], at: datetime) -> None:
    if station.get("kind", LeafKind.STATION) != LeafKind.STATION:
        raise Refused(f"{station['name']!r} is not a station.", "Use `ardoise pki issue-registry`.")
    if "revoked_at" in station:
        raise Refused(
            f"{station['name']!r} was revoked on {station['revoked_at'][:10]}: its key is not trusted again.",
            "Enrol the stick with a new key: `ardoise pki request STATION_DIR --renew`.",
        )
    if at > office.moment(station["not_after"]):
        raise Refused(
            f"{station['name']!r} expired on {station['not_after'][:10]}.",
            "Enrol the stick by a request, so that a person compares the fingerprint again.",
        )


def list_issued(args: argparse.Namespace, at: datetime) -> dict[str, Any] | None:
    """Every certificate that was issued here with its state; needs no passphrase."""
    index = office.read_index(args.folder)
    cas = [
        {**c, "name": office.ca_file(c["number"]), "kind": "issuing CA"}
        for c in office.authorities(args.folder, index)
    ]
    rows = [{"kind": str(LeafKind.STATION), **row, "state": state(row, at)} for row in (*cas, *index["stations"])]
    if args.json:
        return {"certificates": rows}
    for row in rows:
        since = f"  {row['reason']}, {row['revoked_at'][:10]}" if "revoked_at" in row else ""
        line = f"{row['state']:<9} until {row['not_after'][:10]}  {row['kind']:<24} {row['name']}  {row['serial']}"
        print(line + since)  # noqa: T201
    return None


def state(row: dict[str, Any], at: datetime) -> str:
    """Valid, expiring (30 days or less are left), expired or revoked."""
    if "revoked_at" in row:
        return "revoked"
    left = office.moment(row["not_after"]) - at
    if left < timedelta(0):
        return "expired"
    return "expiring" if left <= EXPIRING else "valid"


def current_ca(args: argparse.Namespace) -> tuple[Authority, dict[str, Any], bytes]:
    """The issuing CA in use, its entry in the list and its passphrase; raises KeyLocked, Refused."""
    entry = office.authorities(args.folder, office.read_index(args.folder))[-1]
    if "revoked_at" in entry:
        raise Refused("The issuing CA was revoked.", "Make a new one: `ardoise pki renew-ca DIR --new-key`.")
    passphrase = office.ask_passphrase(args.passphrase_file, "Passphrase of the issuing CA")
    return office.open_ca(args.folder, entry, passphrase), entry, passphrase


def enter(
    folder: Path, certificate: x509.Certificate, who: tuple[str, LeafKind], entry: dict[str, Any], at: datetime
) -> None:
    """List a certificate before it is given away: one that exists and can't be revoked is worse than the reverse."""
    name, kind = who
    facts = told(certificate)
    key_sha256 = key_digest(certificate)
    with office.changing_index(folder) as index:
        if any(_has_lost(row, key_sha256) for row in index["stations"]):
            raise Refused(
                "This key was revoked because others may have it: it is not certified again.",
                "Enrol the stick with a new key: `ardoise pki request STATION_DIR --renew`.",
            )
        copies = folder / CERTIFICATES
        copies.mkdir(mode=0o700, exist_ok=True)
        write_durably(copies / f"{facts['serial']}.pem", office.pem(certificate))
        index["stations"].append(
            {
                "serial": facts["serial"],
                "name": name,
                "kind": str(kind),
                "issued_at": at.isoformat(),
                "not_after": facts["not_after"],
                "ca_key": entry["key"],
                "key_sha256": key_sha256,
            }
        )


def key_digest(certificate: x509.Certificate) -> str:
    """SHA-256 of a certificate's public key: what its renewals have in common."""
    info = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(info).hexdigest()


def _has_lost(row: dict[str, Any], key_sha256: str) -> bool:
    return row.get("key_sha256") == key_sha256 and row.get("reason") == "key-compromise"


def public_files(
    folder: Path, certificate: x509.Certificate, authority: Authority, registry_key: bytes
) -> list[File]:
    """What a station needs beside its key."""
    return [
        File("station.cert.pem", office.pem(certificate)),
        File("chain.pem", office.pem(authority.certificate)),
        File(office.ROOT, office.read(folder / office.ROOT)),
        File(office.REGISTRY_KEY, registry_key),
    ]


def told(certificate: x509.Certificate) -> dict[str, str]:
    """What a summary says of a certificate."""
    return {
        "serial": f"{certificate.serial_number:x}",
        "not_after": certificate.not_valid_after_utc.isoformat(),
    }


def station_life(days: int) -> timedelta:
    """The validity that was asked for; raises UsageError beyond 400 days."""
    if not 1 <= days <= STATION_LIFE.days:
        raise UsageError(f"A station is issued for 1 to {STATION_LIFE.days} days.")
    return timedelta(days=days)


def read_registry_key(path: Path) -> bytes:
    """A registry's public key in PEM; raises UsageError."""
    try:
        key = load_pem_public_key(office.read(path))
    except ValueError as error:
        raise UsageError(f"{path} is not a public key in PEM.") from error
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"{path} is not an Ed25519 key.")
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def summary_text(summary: dict[str, Any]) -> str:
    """A command's answer on standard output."""
    return json.dumps(summary, indent=2)
