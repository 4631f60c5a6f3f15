"""The registry's Ed25519 key: made once, kept on the server, its public half copied to the stations."""

import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from agent.durable import sync_folder, write_synced
from agent.errors import EnvironmentLacks, Refused
from agent.key_mode import is_shared, keeps_modes

_MAKE = "Make one with `ardoise-registry keygen FILE`."


def make_key(path: Path) -> Path:
    """Write a new private key (mode 0600) and its public half to FILE.pub, which is returned; raises Refused, EnvironmentLacks."""
    public = path.with_name(path.name + ".pub")
    if os.path.lexists(path) or os.path.lexists(public):
        raise Refused(
            f"{str(path)!r} or its .pub is there already.", "A registry keeps its key; choose another name."
        )
    key = Ed25519PrivateKey.generate()
    try:
        write_synced(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), mode=0o600)
        write_synced(public, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        sync_folder(path.absolute().parent)
    except OSError as error:
        raise EnvironmentLacks(
            f"{str(path)!r} can't be written: {error.strerror}.", "Choose another folder."
        ) from error
    return public


def load_key(path: Path) -> Ed25519PrivateKey:
    """The private key from its file, which must be its owner's alone; raises EnvironmentLacks."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise EnvironmentLacks(
            f"The registry's key {str(path)!r} can't be read: {error.strerror}.", _MAKE
        ) from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise EnvironmentLacks(f"{str(path)!r} holds no private key without a passphrase.", _MAKE) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise EnvironmentLacks(f"{str(path)!r} is no Ed25519 key.", _MAKE)
    check_private(path)
    return key


def check_private(path: Path) -> None:
    """Raise EnvironmentLacks where others than the owner may read or write a key that no passphrase guards."""
    if is_shared(path):
        how = f"chmod 600 {path}" if keeps_modes(path) else "keep it on a file system with modes, not on FAT"
        raise EnvironmentLacks(
            f"Group or others may read the key {str(path)!r}, and it has no passphrase.",
            f"As its owner: {how}. If somebody may have copied it, make a new one.",
        )
