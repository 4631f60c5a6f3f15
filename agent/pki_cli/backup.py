"""Backups of the root: encrypted copies in new folders, each opened again and tried before it counts."""

import argparse
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from agent.certificate.pki import Authority, unlock_key
from agent.durable import sync_folder, write_synced
from agent.errors import EnvironmentLacks, KeyLocked, Refused, UsageError
from agent.pki_cli import folder as office
from agent.pki_cli.folder import File


def backup(args: argparse.Namespace, at: datetime) -> dict[str, Any]:
    """Two copies or more of the root's key, each checked by opening it; then the original may be taken away."""
    _ = at
    targets: list[Path] = args.to
    if len({path.absolute() for path in targets}) < 2:
        raise UsageError("One backup is none.", "Give --to twice, on two sticks that are kept in two places.")
    for target in targets:
        office.must_be_new(target)
    root = office.open_root(args.folder, args.root_passphrase_file)
    test = office.is_test(args.folder)
    words = office.ask_new_passphrase(args.backup_passphrase_file, "New passphrase for the backups", test=test)
    for target in targets:
        key_pem = office.lock(root.private_key, words)
        office.make_folder(
            target,
            [
                File(office.ROOT_KEY, key_pem, secret=True),
                File(office.ROOT, office.pem(root.certificate)),
                File(office.ROOT_CRL, office.read(args.folder / office.ROOT_CRL)),
            ],
        )
        _check(target, root, words)
        office.say(f"{target}: written, read back, opened, and it signs for this root.")
    if len({target.stat().st_dev for target in targets}) < len(targets):
        office.say("Note: two of these folders are on one device. What takes the one takes the other.")
    if args.take_offline:
        (args.folder / office.ROOT_KEY).unlink()
        sync_folder(args.folder)
        office.say(
            f"The root's key was removed from {args.folder}. A memory chip may still hold its encrypted bytes."
        )
    return {
        "backups": [str(target) for target in targets],
        "root_sha256": office.fingerprint(root.certificate),
        "root_key_in_folder": (args.folder / office.ROOT_KEY).exists(),
    }


def restore(args: argparse.Namespace, at: datetime) -> dict[str, Any]:
    """Put the root's key from a backup back into the folder that it belongs to."""
    _ = at
    if (args.folder / office.ROOT_KEY).exists():
        raise Refused(f"{args.folder} has the root's key already; keys are never overwritten.", "Nothing to do.")
    office.same_root(args.folder, args.backup)
    root = office.open_root(args.backup, args.backup_passphrase_file)
    test = office.is_test(args.folder)
    words = office.ask_new_passphrase(args.root_passphrase_file, "New passphrase for the root", test=test)
    write_synced(args.folder / office.ROOT_KEY, office.lock(root.private_key, words), 0o600)
    sync_folder(args.folder)
    _check(args.folder, root, words)
    office.say(f"The root's key is in {args.folder} again. Take it away when the work is done.")
    return {"folder": str(args.folder), "root_sha256": office.fingerprint(root.certificate)}


def check(args: argparse.Namespace, at: datetime) -> dict[str, Any]:
    """Open a backup and try it: once a year, so that a dead stick is noticed while the other one lives."""
    _ = at
    root = office.open_root(args.backup, args.backup_passphrase_file)
    _try(root, args.backup)
    office.say(f"{args.backup}: opened, and it signs for this root.")
    return {"backup": str(args.backup), "root_sha256": office.fingerprint(root.certificate)}


def _check(folder: Path, root: Authority, words: bytes) -> None:
    key_pem = _read_from_medium(folder / office.ROOT_KEY)
    certificate = office.read_certificate(folder / office.ROOT)
    try:
        read_back = Authority(certificate, unlock_key(key_pem, words))
    except KeyLocked as error:
        raise _spoiled(folder) from error
    if certificate != root.certificate:
        raise _spoiled(folder)
    _try(read_back, folder)


def _spoiled(folder: Path) -> EnvironmentLacks:
    return EnvironmentLacks(f"{folder} does not hold what was written.", "Take another stick.")


def _read_from_medium(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        # What the page cache holds would say nothing of the stick.
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        return os.read(descriptor, 65536)
    finally:
        os.close(descriptor)


def _try(root: Authority, folder: Path) -> None:
    challenge = os.urandom(32)
    signature = root.private_key.sign(challenge, ec.ECDSA(hashes.SHA256()))
    public = root.certificate.public_key()
    try:
        if not isinstance(public, ec.EllipticCurvePublicKey):
            raise EnvironmentLacks(f"{folder} holds no root of this program.", "Take the other backup.")
        public.verify(signature, challenge, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise EnvironmentLacks(
            f"{folder}: the key does not sign for its root.", "Take the other backup."
        ) from error
