"""What a registry needs to run; everything with an effect is passed in."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.certificate.evidence import MAX_BODY_BYTES
from agent.certificate.trust import Trust
from server_stub.authority import Authority
from server_stub.verdict import Verifier

DEFAULT_DATABASE = "sqlite:///ardoise-registry.sqlite"


def system_time() -> datetime:
    """Wall time in UTC, whole milliseconds."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


@dataclass(frozen=True)
class Settings:
    """The registry's key, its verifier, its database, and its limits (bytes, seconds).

    With `authority` it stamps, proves and seals as far as that has the keys; `trust` is what a final document is verified by
    before it is kept; the log's files are written to `log_folder`; `outside_tsa` is the address of a second authority.
    """

    key: Ed25519PrivateKey
    verifier: Verifier
    database: str = DEFAULT_DATABASE
    clock: Callable[[], datetime] = system_time
    max_body_bytes: int = MAX_BODY_BYTES
    body_seconds: float = 120.0
    quarantine_entries: int = 2_000
    quarantine_bytes: int = 2 * 1024**3
    page_size: int = 50
    authority: Authority | None = None
    log_folder: Path | None = None
    trust: Callable[[], Trust] | None = None
    outside_tsa: str = ""
