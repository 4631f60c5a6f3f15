"""The office's folder of `ardoise pki`: its files, its list of what was issued, and how passphrases are asked for.

A folder is created whole or not at all, and no key is ever overwritten. The list `issued.json` says which CA is in use: it is
written last, so a power cut leaves the old state or the new one.
"""

import fcntl
import getpass
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from agent.certificate.pki import Authority, lock_key, unlock_key
from agent.certificate.trust import is_test_root
from agent.durable import sync_folder, write_durably, write_synced
from agent.errors import Refused, StationError, UsageError
from agent.workflow.station import read_passphrase

MINIMUM_PASSPHRASE = 8
INDEX = "issued.json"
ROOT_KEY, ROOT, ROOT_CRL = "root.key.pem", "root.pem", "root-crl.pem"
REGISTRY_KEY = "registry.pub.pem"

Index = dict[str, Any]


@dataclass(frozen=True)
class File:
    """A file of a new folder; keys are for their owner alone."""

    name: str
    data: bytes
    secret: bool = False


def ca_file(number: int) -> str:
    """The certificate of the folder's issuing CA with this number, counted from 1."""
    return "ca.pem" if number == 1 else f"ca-{number}.pem"


def ca_key_file(number: int) -> str:
    """The issuing CA's key that was new with this number."""
    return "ca.key.pem" if number == 1 else f"ca-{number}.key.pem"


CRLS = "crl.pem"
"""All lists one after the other, that of the first key first: the one file to hand out (RFC 7468 2 allows many)."""


def crl_file(key_number: int) -> str:
    """The list of what the key with this number issued and was revoked; the first key's stands in CRLS alone."""
    return CRLS if key_number == 1 else f"crl-{key_number}.pem"


def ca_entry(number: int, key_number: int, certificate: x509.Certificate) -> dict[str, Any]:
    """What the list says of an issuing CA."""
    return {
        "number": number,
        "key": key_number,
        "serial": f"{certificate.serial_number:x}",
        "not_after": certificate.not_valid_after_utc.isoformat(),
    }


def authorities(folder: Path, index: Index) -> list[dict[str, Any]]:
    """The folder's issuing CAs, the one in use last; a folder made before they were listed has one."""
    if "authorities" not in index:
        index["authorities"] = [ca_entry(1, 1, read_certificate(folder / ca_file(1)))]
    return list(index["authorities"])


def open_ca(folder: Path, entry: dict[str, Any], passphrase: bytes) -> Authority:
    """An issuing CA with its key; raises KeyLocked, StationError."""
    certificate = read_certificate(folder / ca_file(entry["number"]))
    return _authority(certificate, read(folder / ca_key_file(entry["key"])), passphrase, "issuing CA")


def open_root(folder: Path, passphrase_file: Path | None) -> Authority:
    """The root with its key, from the folder or from a backup; raises KeyLocked, UsageError, StationError."""
    certificate = read_certificate(folder / ROOT)
    if not (folder / ROOT_KEY).is_file():
        raise UsageError(
            f"The root's key is not in {folder}: it is kept offline.", "Give one of its backups: --root BACKUP."
        )
    key_pem = read(folder / ROOT_KEY)
    passphrase = ask_passphrase(passphrase_file, "Passphrase of the root")
    return _authority(certificate, key_pem, passphrase, "root")


def _authority(certificate: x509.Certificate, key_pem: bytes, passphrase: bytes, title: str) -> Authority:
    authority = Authority(certificate, unlock_key(key_pem, passphrase))
    if authority.private_key.public_key() != certificate.public_key():
        raise StationError(f"The {title}'s key does not belong to its certificate.", "Take both from one backup.")
    return authority


def same_root(folder: Path, other: Path) -> bytes:
    """The root's certificate, where both folders hold the same; raises Refused."""
    root = read(folder / ROOT)
    if read_certificate(folder / ROOT) != read_certificate(other / ROOT):
        raise Refused(f"{other} is of another root than {folder}.", "Take the backup that belongs to this folder.")
    return root


def ask_passphrase(file: Path | None, prompt: str) -> bytes:
    """A passphrase from the first line of a file or from the terminal, never from the command line."""
    if file is not None:
        return read_passphrase(file)
    if not sys.stdin.isatty():
        raise UsageError("There is no terminal to ask for a passphrase.", "Use --passphrase-file.")
    return getpass.getpass(f"{prompt}: ").encode()


def ask_new_passphrase(file: Path | None, prompt: str, *, test: bool) -> bytes:
    """A passphrase for a new key, asked for twice; raises UsageError where it is too short or they differ."""
    passphrase = ask_passphrase(file, prompt)
    if file is None and getpass.getpass("Once more: ").encode() != passphrase:
        raise UsageError("The two passphrases differ.", "Try again.")
    if len(passphrase) < (1 if test else MINIMUM_PASSPHRASE):
        raise UsageError(f"The passphrase is shorter than {MINIMUM_PASSPHRASE} bytes.", "Take several words.")
    return passphrase


@contextmanager
def changing_index(folder: Path) -> Iterator[Index]:
    """The list of issued certificates under a lock, written back when the block ends well."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder.", "Is this a folder of `ardoise pki init`?")
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        index = read_index(folder)
        authorities(folder, index)
        yield index
        write_index(folder, index)
    finally:
        os.close(descriptor)


def read_index(folder: Path) -> Index:
    """The list of issued certificates; raises UsageError."""
    try:
        index = json.loads(read(folder / INDEX))
    except ValueError as error:
        raise UsageError(f"{folder / INDEX} is not JSON.", "Restore the folder from its last copy.") from error
    if not isinstance(index, dict) or not isinstance(index.get("stations"), list):
        raise UsageError(f"{folder / INDEX} lists no stations.", "Restore the folder from its last copy.")
    return index


def write_index(folder: Path, index: Index) -> None:
    """Put the list in place, whole or not at all."""
    write_durably(folder / INDEX, index_bytes(index), 0o600)


def index_bytes(index: Index) -> bytes:
    """The list as its file holds it."""
    return json.dumps(index, indent=2, ensure_ascii=False).encode() + b"\n"


def lock(key: ec.EllipticCurvePrivateKey, passphrase: bytes) -> bytes:
    """The key as it is stored."""
    return lock_key(key, passphrase)


def make_folder(folder: Path, files: list[File]) -> None:
    """Create a folder with these files, or nothing; raises OSError."""
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


def must_be_new(folder: Path) -> None:
    """Raise Refused where something is there already."""
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        raise Refused(f"{folder} exists and is not empty; keys are never overwritten.", "Choose another folder.")


def check_name(name: str, what: str) -> None:
    """Raise UsageError for what no certificate holds (RFC 5280 appendix A.1: at most 64 characters)."""
    if not name.isprintable() or not name.strip() or len(name) > 64:
        raise UsageError(f"The {what} must be 1 to 64 printable characters.")


def read(path: Path) -> bytes:
    """The content of a file; raises UsageError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path} can't be read: {error.strerror}.", "Is this a folder of `ardoise pki init`?"
        ) from error


def read_certificate(path: Path) -> x509.Certificate:
    """A certificate in PEM; raises UsageError."""
    try:
        return x509.load_pem_x509_certificate(read(path))
    except ValueError as error:
        raise UsageError(f"{path} is not a certificate in PEM.") from error


def pem(value: x509.Certificate | x509.CertificateRevocationList | x509.CertificateSigningRequest) -> bytes:
    """The value in PEM."""
    return value.public_bytes(Encoding.PEM)


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of a certificate, in hexadecimal."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def normal_serial(text: str) -> str:
    """A serial number as the list spells it."""
    return text.strip().lower().replace(":", "").removeprefix("0x").lstrip("0")


def is_test(folder: Path) -> bool:
    """Whether the folder's root is a throw-away one."""

    return is_test_root(read_certificate(folder / ROOT))


def moment(text: str) -> datetime:
    """A moment of the list."""
    return datetime.fromisoformat(text)


def say(text: str) -> None:
    """Words for the person, beside the summary on standard output."""
    print(text, file=sys.stderr)  # noqa: T201
