"""The authorities: root and issuing CA made, the CA renewed, certificates revoked, the lists of the revoked renewed."""

import argparse
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from agent.certificate.pki import (
    ISSUING_CA_NAME,
    ROOT_CRL_LIFE,
    ROOT_LIFE,
    Authority,
    Revoked,
    make_crl,
    make_issuing_ca,
    make_root,
    new_key,
)
from agent.certificate.trust import load_crls
from agent.durable import write_durably, write_synced
from agent.errors import Refused, UsageError
from agent.pki_cli import folder as office
from agent.pki_cli.folder import File, Index

REASONS = {
    "unspecified": x509.ReasonFlags.unspecified,
    "key-compromise": x509.ReasonFlags.key_compromise,
    "ca-compromise": x509.ReasonFlags.ca_compromise,
    "affiliation-changed": x509.ReasonFlags.affiliation_changed,
    "superseded": x509.ReasonFlags.superseded,
    "cessation-of-operation": x509.ReasonFlags.cessation_of_operation,
}
"""RFC 5280 5.3.1, without those that have no use here."""


def init(args: argparse.Namespace, at: datetime) -> dict[str, Any]:
    """A root, an issuing CA below it, empty lists of the revoked and the registry's key, in a new folder."""
    office.must_be_new(args.folder)
    organisation = args.organisation.strip() or ("Ardoise test bench" if args.test else "Unnamed organisation")
    office.check_name(organisation, "organisation")
    if not args.organisation:
        office.say(f"No --organisation was given: certificates will say {organisation!r}.")
    root_words, ca_words = _new_passphrases(args)
    root = make_root(organisation, at, test=args.test)
    issuing_ca = make_issuing_ca(root, at, life=ROOT_LIFE)
    registry = Ed25519PrivateKey.generate()
    index = {
        "crl_number": 1,
        "root_crl_number": 1,
        "authorities": [office.ca_entry(1, 1, issuing_ca.certificate)],
        "stations": [],
    }
    files = [
        File(office.ROOT_KEY, office.lock(root.private_key, root_words), secret=True),
        File(office.ROOT, office.pem(root.certificate)),
        File(office.ROOT_CRL, office.pem(make_crl(root, (), 1, at, ROOT_CRL_LIFE))),
        File(office.ca_key_file(1), office.lock(issuing_ca.private_key, ca_words), secret=True),
        File(office.ca_file(1), office.pem(issuing_ca.certificate)),
        File(office.crl_file(1), office.pem(make_crl(issuing_ca, (), 1, at))),
        # A registry starts unattended, so its key has no passphrase: the file's mode is its only guard.
        File("registry.key.pem", _unlocked(registry), secret=True),
        File(office.REGISTRY_KEY, _public_pem(registry)),
        File(office.INDEX, office.index_bytes(index)),
    ]
    office.make_folder(args.folder, files)
    office.say(f"Made {args.folder}. Now `ardoise pki backup`: the root's key belongs offline, in two places.")
    office.say(f"Give {office.ROOT} to those who verify.")
    root_sha256 = office.fingerprint(root.certificate)
    return {"folder": str(args.folder), "organisation": organisation, "root_sha256": root_sha256, "test": args.test}


def renew_ca(args: argparse.Namespace, at: datetime) -> dict[str, Any]:
    """A new certificate for the issuing CA, with its key or with a new one, signed by the root from its backup."""
    years = args.years
    if not 1 <= years <= 20:
        raise UsageError("An issuing CA is made for 1 to 20 years.")
    office.same_root(args.folder, args.root or args.folder)
    root = office.open_root(args.root or args.folder, args.root_passphrase_file)
    passphrase = _passphrase_of_ca(args)
    with office.changing_index(args.folder) as index:
        present = office.authorities(args.folder, index)
        latest = present[-1]
        number = len(present) + 1
        key_number = number if args.new_key else latest["key"]
        name = f"{ISSUING_CA_NAME} {key_number}" if key_number > 1 else ISSUING_CA_NAME
        key = new_key() if args.new_key else office.open_ca(args.folder, latest, passphrase).private_key
        renewed = make_issuing_ca(root, at, key, life=timedelta(days=365 * years), common_name=name)
        if args.new_key:
            _write_key(args.folder / office.ca_key_file(number), office.lock(key, passphrase))
            index["crl_number"] += 1
            crl = make_crl(renewed, (), index["crl_number"], at)
            write_durably(args.folder / office.crl_file(number), office.pem(crl))
            _write_bundle(args.folder, range(1, number), {number: office.pem(crl)})
        write_durably(args.folder / office.ca_file(number), office.pem(renewed.certificate))
        index["authorities"].append(office.ca_entry(number, key_number, renewed.certificate))
    office.say(f"Stations are issued with {office.ca_file(number)} from now on; those that exist stay as they are.")
    not_after = renewed.certificate.not_valid_after_utc.isoformat()
    return {"ca": office.ca_file(number), "crl": office.crl_file(key_number), "not_after": not_after}


def _passphrase_of_ca(args: argparse.Namespace) -> bytes:
    """The CA's passphrase, or a first one where nothing is left that the old one would open; raises KeyLocked, Refused."""
    latest = office.authorities(args.folder, office.read_index(args.folder))[-1]
    if "revoked_at" not in latest:
        passphrase = office.ask_passphrase(args.passphrase_file, "Passphrase of the issuing CA")
        # All keys of issuing CAs have one passphrase, because `crl` renews all their lists at once.
        office.open_ca(args.folder, latest, passphrase)
        return passphrase
    if not args.new_key:
        raise Refused("The issuing CA was revoked: its key is not certified again.", "Give --new-key.")
    test = office.is_test(args.folder)
    return office.ask_new_passphrase(args.passphrase_file, "New passphrase for the issuing CA", test=test)


def _write_key(path: Path, data: bytes) -> None:
    # Left behind by a run that was cut before the list named it: nothing was ever signed with it.
    path.unlink(missing_ok=True)
    write_synced(path, data, 0o600)


def revoke(args: argparse.Namespace, at: datetime) -> dict[str, Any]:
    """Put a certificate on its CA's list of the revoked; done again, it stays as it was first said."""
    serial = office.normal_serial(args.serial)
    when, since = _moments(args, at)
    passphrase = office.ask_passphrase(args.passphrase_file, "Passphrase of the issuing CA")
    with office.changing_index(args.folder) as index:
        found = [station for station in index["stations"] if station["serial"] == serial]
        if not found:
            raise UsageError(
                f"No station with the serial {args.serial} was issued here.", "See `ardoise pki list DIR`."
            )
        for station in _of_one_key(index, found[0], args.reason):
            _mark(station, args.reason, when, since)
        names = _write_crls(args.folder, index, passphrase, at)
    crl_name = office.CRLS
    office.say(f"Give the new {crl_name} to the registry and to those who verify.")
    return {"station": found[0]["name"], **_told(found[0]), "crl": crl_name, "renewed": names}


def _of_one_key(index: Index, station: dict[str, Any], reason: str) -> list[dict[str, Any]]:
    # A stolen key is stolen under each certificate that it ever got.
    if reason != "key-compromise" or "key_sha256" not in station:
        return [station]
    return [s for s in index["stations"] if s.get("key_sha256") == station["key_sha256"]]


def revoke_ca(args: argparse.Namespace, at: datetime) -> dict[str, Any]:
    """Put an issuing CA on the root's list: everything that it issued loses its trust."""
    serial = office.normal_serial(args.serial)
    when, since = _moments(args, at)
    office.same_root(args.folder, args.root or args.folder)
    root = office.open_root(args.root or args.folder, args.root_passphrase_file)
    with office.changing_index(args.folder) as index:
        found = [entry for entry in index["authorities"] if entry["serial"] == serial]
        if not found:
            raise UsageError(f"No issuing CA has the serial {args.serial}.", "See `ardoise pki list DIR`.")
        _mark(found[0], args.reason, when, since)
        _write_root_crl(args.folder, index, root, at)
    office.say("Give root-crl.pem to the registry and to those who verify, and make a new CA: renew-ca --new-key.")
    return {"ca": office.ca_file(found[0]["number"]), **_told(found[0]), "crl": office.ROOT_CRL}


def crl(args: argparse.Namespace, at: datetime) -> dict[str, Any]:
    """Renew the issuing CAs' lists of the revoked."""
    passphrase = office.ask_passphrase(args.passphrase_file, "Passphrase of the issuing CA")
    with office.changing_index(args.folder) as index:
        names = _write_crls(args.folder, index, passphrase, at)
    return {"crl": office.CRLS if names else None, "number": index["crl_number"], "renewed": names}


def root_crl(args: argparse.Namespace, at: datetime) -> dict[str, Any]:
    """Renew the root's list of revoked CAs."""
    office.same_root(args.folder, args.root or args.folder)
    root = office.open_root(args.root or args.folder, args.root_passphrase_file)
    with office.changing_index(args.folder) as index:
        _write_root_crl(args.folder, index, root, at)
    return {"crl": office.ROOT_CRL, "number": index["root_crl_number"]}


def _new_passphrases(args: argparse.Namespace) -> tuple[bytes, bytes]:
    if args.root_passphrase_file is None and args.passphrase_file is not None:
        words = office.ask_new_passphrase(args.passphrase_file, "Passphrase for the new keys", test=args.test)
        return words, words
    root = office.ask_new_passphrase(args.root_passphrase_file, "New passphrase for the root", test=args.test)
    return root, office.ask_new_passphrase(
        args.passphrase_file, "New passphrase for the issuing CA", test=args.test
    )


def _moments(args: argparse.Namespace, at: datetime) -> tuple[datetime, datetime | None]:
    when = _moment(args.date, "--date") if args.date else at
    since = _moment(args.invalidity_date, "--invalidity-date") if args.invalidity_date else None
    if when > at or (since is not None and since > when):
        raise UsageError(
            "A revocation does not lie in the future, and the doubt begins before it.",
            "Check --date and --invalidity-date.",
        )
    return when, since


def _moment(text: str, option: str) -> datetime:
    try:
        value = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"{option} {text!r} is not a date.", "Write it as 2026-11-29 or 2026-11-29T14:30Z."
        ) from error
    # A day without a zone is taken as UTC: the list holds nothing else (RFC 5280 5.1.2.6).
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)


def _mark(entry: dict[str, Any], reason: str, when: datetime, since: datetime | None) -> None:
    if "revoked_at" in entry:
        office.say(f"It was revoked before, on {entry['revoked_at']} ({entry['reason']}); that stays.")
        return
    entry["revoked_at"] = when.isoformat()
    entry["reason"] = reason
    if since is not None:
        entry["invalidity_date"] = since.isoformat()


def _told(entry: dict[str, Any]) -> dict[str, Any]:
    names = ("serial", "revoked_at", "reason", "invalidity_date")
    return {name: entry[name] for name in names if name in entry}


def _write_crls(folder: Path, index: Index, passphrase: bytes, at: datetime) -> list[str]:
    """One list for each key that ever issued here, so that certificates of an earlier CA can still be looked up."""
    present = office.authorities(folder, index)
    index["crl_number"] += 1
    # Of a revoked CA nothing is trusted, so it needs no list; its key may be lost.
    latest_of_key = {entry["key"]: entry for entry in present if "revoked_at" not in entry}
    made: dict[int, bytes] = {}
    for key_number, entry in latest_of_key.items():
        issued = [s for s in index["stations"] if s.get("ca_key", 1) == key_number]
        issuing_ca = office.open_ca(folder, entry, passphrase)
        made[key_number] = office.pem(make_crl(issuing_ca, _revoked(issued), index["crl_number"], at))
    # The list first: a revocation that only the old CRL knew would be lost with the next one.
    office.write_index(folder, index)
    for key_number, data in made.items():
        if key_number > 1:
            write_durably(folder / office.crl_file(key_number), data)
    _write_bundle(folder, sorted({entry["key"] for entry in present}), made)
    return [office.crl_file(key_number) for key_number in made]


def _write_bundle(folder: Path, key_numbers: Iterable[int], new: Mapping[int, bytes]) -> None:
    """Every key's list in one file; of a revoked CA the last that it signed, for what was stamped in its time."""
    lists = {number: _first_list(folder / office.crl_file(number)) for number in key_numbers} | dict(new)
    write_durably(folder / office.CRLS, b"".join(data for _, data in sorted(lists.items())))


def _first_list(path: Path) -> bytes:
    return office.pem(load_crls(office.read(path))[0]) if path.exists() else b""


def _write_root_crl(folder: Path, index: Index, root: Authority, at: datetime) -> None:
    index["root_crl_number"] = index.get("root_crl_number", 0) + 1
    entries = _revoked(office.authorities(folder, index))
    crl = make_crl(root, entries, index["root_crl_number"], at, ROOT_CRL_LIFE)
    office.write_index(folder, index)
    write_durably(folder / office.ROOT_CRL, office.pem(crl))


def _revoked(entries: list[dict[str, Any]]) -> tuple[Revoked, ...]:
    return tuple(
        Revoked(
            int(entry["serial"], 16),
            office.moment(entry["revoked_at"]),
            REASONS[entry["reason"]],
            office.moment(entry["invalidity_date"]) if "invalidity_date" in entry else None,
        )
        for entry in entries
        if "revoked_at" in entry
    )


def _unlocked(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _public_pem(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
