"""The registry's folder: its log's key, and the certificates with which it stamps and seals, where it has them."""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from agent.certificate.note import is_key_name, parse_verifier_key
from agent.certificate.station import StationKey, load_leaf_key
from agent.certificate.trust import LeafKind
from agent.durable import sync_folder, write_durably, write_synced
from agent.errors import EnvironmentLacks, StationError, UsageError
from server_stub.keys import check_private, load_key
from server_stub.translog import LogSigner

LOG_KEY, LOG_VERIFIER, LOG_FILES = "log.key", "log.vkey", "log"
CHAIN, ROOT = "chain.pem", "root.pem"
_NAMES = {LeafKind.REGISTRY: "seal", LeafKind.TIME_STAMPING: "tsa"}


@dataclass(frozen=True)
class Authority:
    """What the registry signs with beside its receipts; without `tsa` and `seal` no final document is made."""

    log: LogSigner
    tsa: StationKey | None = None
    seal: StationKey | None = None

    def stamps_at(self, time: datetime) -> StationKey | None:
        """The key for time stamps while its certificates are valid."""
        return self.tsa if self.tsa is not None and _is_valid(self.tsa, time) else None

    def seals_at(self, time: datetime) -> StationKey | None:
        """The key for seals while its certificates are valid."""
        return self.seal if self.seal is not None and _is_valid(self.seal, time) else None


def open_folder(folder: Path, default_origin: str) -> Authority:
    """The registry's keys; the log's own is made at the first start; raises EnvironmentLacks, UsageError."""
    if not os.path.lexists(folder / LOG_KEY):
        if os.path.lexists(folder / LOG_VERIFIER):
            # A log that goes on with another key is another log to everybody who knows this one.
            raise EnvironmentLacks(
                f"{str(folder / LOG_KEY)!r} is missing, and {LOG_VERIFIER} names the key that belongs there.",
                f"Restore {LOG_KEY} from a copy; remove {LOG_VERIFIER} only where no record was ever logged.",
            )
        make_log_key(folder, default_origin)
    try:
        return Authority(
            _log_signer(folder), _leaf_key(folder, LeafKind.TIME_STAMPING), _leaf_key(folder, LeafKind.REGISTRY)
        )
    except OSError as error:
        raise EnvironmentLacks(
            f"The registry's folder {str(folder)!r} can't be read: {error.strerror}.", "Check --folder."
        ) from error


def make_log_key(folder: Path, origin: str) -> Path:
    """Make the log's key (mode 0600) and its verifier key, which is returned; raises UsageError, EnvironmentLacks."""
    if not is_key_name(origin):
        raise UsageError(
            f"{origin!r} can't name a log.", "Give a name like log.example/ardoise, without spaces and plus signs."
        )
    if os.path.lexists(folder / LOG_KEY):
        raise EnvironmentLacks(
            f"{str(folder / LOG_KEY)!r} is there already.", "A log keeps its key; choose another folder."
        )
    key = Ed25519PrivateKey.generate()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # First its public half: a private key without a name would be of no use after a crash.
        write_durably(folder / LOG_VERIFIER, f"{LogSigner(origin, key).verifier.text}\n".encode())
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_synced(folder / LOG_KEY, pem, mode=0o600)
        sync_folder(folder)
    except OSError as error:
        raise EnvironmentLacks(
            f"{str(folder)!r} can't be written: {error.strerror}.", "Choose another folder."
        ) from error
    return folder / LOG_VERIFIER


def _log_signer(folder: Path) -> LogSigner:
    verifier = parse_verifier_key((folder / LOG_VERIFIER).read_text(encoding="utf-8"))
    signer = LogSigner(verifier.name, load_key(folder / LOG_KEY))
    if signer.verifier != verifier:
        raise EnvironmentLacks(
            f"{LOG_VERIFIER} does not belong to {LOG_KEY}.", "Restore both from the same copy of the folder."
        )
    return signer


def _leaf_key(folder: Path, kind: LeafKind) -> StationKey | None:
    name = _NAMES[kind]
    if not (folder / f"{name}.cert.pem").exists():
        return None
    check_private(folder / f"{name}.key.pem")
    parts = [(folder / file).read_bytes() for file in (f"{name}.key.pem", f"{name}.cert.pem", CHAIN, ROOT)]
    try:
        return load_leaf_key(*parts, kind=kind)
    except StationError as error:
        raise EnvironmentLacks(f"The registry's {name} key can't be used: {error.message}", error.remedy) from error


def _is_valid(key: StationKey, time: datetime) -> bool:
    chain: tuple[x509.Certificate, ...] = (key.chain.leaf, key.chain.issuing_ca, key.chain.root)
    return all(c.not_valid_before_utc <= time <= c.not_valid_after_utc for c in chain)
