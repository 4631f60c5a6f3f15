"""Enrolment: the key is made on the stick and stays there; a request goes to the office, a certificate comes back."""

import argparse
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from agent.certificate.enrolment import check_fingerprint, load_request, request_fingerprint
from agent.certificate.pki import make_request, new_key
from agent.certificate.station import StationKey, check_belongs
from agent.durable import sync_folder, write_durably, write_synced
from agent.errors import Refused, StationError
from agent.pki_cli import folder as office
from agent.pki_cli.folder import File
from agent.pki_cli.leaves import certify, current_ca
from agent.workflow import station as stick
from agent.workflow.station import open_private_key, open_station


def request(args: argparse.Namespace, at: datetime) -> dict[str, Any]:
    """Make a key and a request for it on the stick; with --renew for a station that exists."""
    _ = at
    name = _renewed(args) if args.renew else _made(args)
    written = (args.folder / stick.REQUEST).read_bytes()
    groups = request_fingerprint(load_request(written)[2])
    office.say(f"Send {args.folder / stick.REQUEST} to the office, and read this aloud to them, group by group:")
    office.say(f"\n    {groups}\n")
    return {"request": str(args.folder / stick.REQUEST), "station": name, "fingerprint": groups}


def enrol(args: argparse.Namespace, at: datetime) -> dict[str, Any]:
    """Certify a request whose fingerprint a person compared; raises Refused for a wrong or a missing one."""
    office.must_be_new(args.out)
    name, public_key, asked = load_request(office.read(args.request))
    office.check_name(name, "station's name")
    check_fingerprint(asked, args.fingerprint)
    authority, entry, _ = current_ca(args)
    return certify(args, (name, public_key, at), authority, entry)


def accept(args: argparse.Namespace, at: datetime) -> dict[str, Any]:
    """Put a certificate from the office on the stick, if it is for the stick's key and below the stick's root."""
    names = (stick.CERTIFICATE, stick.CHAIN, stick.ROOT)
    parts = {name: office.read(args.bundle / name) for name in names}
    _check_root(args.folder, parts[stick.ROOT])
    passphrase = office.ask_passphrase(args.passphrase_file, "Passphrase of the station")
    is_next = _is_for_next_key(args.folder, parts, passphrase, at)
    registry_key = args.bundle / stick.REGISTRY
    if registry_key.is_file():
        parts[stick.REGISTRY] = office.read(registry_key)
    # The certificate last but the key, and the key by a rename: cut anywhere between, `accept` again completes it.
    for name in (stick.ROOT, stick.REGISTRY, stick.CHAIN, stick.CERTIFICATE):
        if name in parts:
            write_durably(args.folder / name, parts[name])
    if is_next:
        (args.folder / stick.NEXT_KEY).replace(args.folder / stick.KEY)
    (args.folder / stick.REQUEST).unlink(missing_ok=True)
    sync_folder(args.folder)
    opened = open_station(args.folder, passphrase, at)
    root_sha256 = office.fingerprint(opened.key.chain.root)
    office.say(f"{opened.key.issuer.station!r} may sign until {opened.key.not_after:%Y-%m-%d}.")
    return {
        "station": opened.key.issuer.station,
        "organisation": opened.key.issuer.organisation,
        "serial": opened.key.chain.signer.serial,
        "not_after": opened.key.not_after.isoformat(),
        "root_sha256": root_sha256,
        "new_key": is_next,
    }


def _made(args: argparse.Namespace) -> str:
    office.must_be_new(args.folder)
    office.check_name(args.name or "", "station's name (--name)")
    name = str(args.name)
    if args.token_module is not None:
        key, files = _token_key(args)
    else:
        passphrase = office.ask_new_passphrase(args.passphrase_file, "New passphrase for the station", test=False)
        made = new_key()
        key, files = made, [File(stick.KEY, office.lock(made, passphrase), secret=True)]
    office.make_folder(args.folder, [*files, File(stick.REQUEST, office.pem(make_request(name, key)))])
    return name


def _token_key(args: argparse.Namespace) -> tuple[ec.EllipticCurvePrivateKey, list[File]]:
    from agent.host.token import make_token_key  # noqa: PLC0415 - only who has a token needs its library

    pin = office.ask_passphrase(args.passphrase_file, "PIN of the token")
    place, key = make_token_key(args.token_module, args.token_label, pin)
    return key, [File(stick.TOKEN, place.to_json())]


def _renewed(args: argparse.Namespace) -> str:
    passphrase = office.ask_passphrase(args.passphrase_file, "Passphrase of the station")
    key = _present_key(args.folder, passphrase)
    name = key.issuer.station
    if not (args.folder / stick.KEY).exists():
        # A token's key stays in its token.
        write_durably(args.folder / stick.REQUEST, office.pem(make_request(name, key.private_key)))
        return name
    made = new_key()
    waiting = args.folder / stick.NEXT_KEY
    waiting.unlink(missing_ok=True)
    write_synced(waiting, office.lock(made, passphrase), 0o600)
    write_durably(args.folder / stick.REQUEST, office.pem(make_request(name, made)))
    return name


def _present_key(folder: Path, passphrase: bytes) -> StationKey:
    parts = [office.read(folder / name) for name in (stick.CERTIFICATE, stick.CHAIN, stick.ROOT)]
    return check_belongs(open_private_key(folder, passphrase), parts[0], parts[1], parts[2])


def _check_root(folder: Path, root_pem: bytes) -> None:
    present = folder / stick.ROOT
    if present.exists() and present.read_bytes() != root_pem:
        raise Refused(
            "The certificate is below another root than the one that this stick knows.",
            "Enrol the stick anew in an empty folder, if the organisation really has a new root.",
        )


def _is_for_next_key(folder: Path, parts: dict[str, bytes], passphrase: bytes, at: datetime) -> bool:
    """Whether the certificate is for the key that waits, and not for the one in use; raises StationError for neither."""
    pems = (parts[stick.CERTIFICATE], parts[stick.CHAIN], parts[stick.ROOT])
    waiting = folder / stick.NEXT_KEY
    try:
        check_belongs(open_private_key(folder, passphrase), *pems, at=at)
    except StationError:
        if not os.path.lexists(waiting):
            raise
        check_belongs(open_private_key(folder, passphrase, waiting.name), *pems, at=at)
        return True
    return False
