"""Registries and evidence for tests; the verifier is a plain function here, the real one has tests of its own."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.certificate.evidence import Evidence
from agent.certificate.record import decode_record, encode_record
from server_stub.app import create_app
from server_stub.serving import serve_in_thread
from server_stub.settings import Settings
from server_stub.verdict import Accept, KeepApart, Refuse
from tests.samples import AT, sample_record

KEY = Ed25519PrivateKey.from_private_bytes(b"a registry's key, only for tests")
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(b"another registry's key for tests")


@cache
def evidence_of(number: int = 1, kind: str = "laptop", signature: bytes = b"signed") -> Evidence:
    """Evidence with a real record; signature and document are opaque."""
    return Evidence(
        encode_record(sample_record(kind, number=number)), signature, b"%PDF-1.7 view of " + b"%d" % number
    )


def by_signature(evidence: Evidence, at: datetime) -> Accept | KeepApart | Refuse:
    """A verifier that reads its verdict from the opaque signature."""
    if evidence.signature.startswith(b"unknown"):
        return KeepApart("unknown station", "the chain does not lead to a trusted root")
    if evidence.signature.startswith(b"bad"):
        return Refuse("record: 2 signature", "the signature does not verify")
    return Accept(decode_record(evidence.record), test_root=False)


def settings_in(folder: Path, **changes) -> Settings:
    """Settings with a database in this folder."""
    plain = Settings(KEY, by_signature, f"sqlite:///{folder / 'registry.sqlite'}", clock=lambda: AT)
    return replace(plain, **changes)


@contextmanager
def running(settings: Settings):
    """The registry over loopback; yields its address."""
    with serve_in_thread(create_app(settings)) as registry:
        yield registry.base_url
