"""A registry with all its keys, and sealed evidence of stations below the same root."""

from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509

from agent.certificate.cades import sign_detached
from agent.certificate.evidence import Evidence
from agent.certificate.page import render_page
from agent.certificate.pki import make_crl
from agent.certificate.record import encode_record
from agent.certificate.seal import seal_page
from agent.certificate.trust import LeafKind, Trust
from server_stub.app import create_app
from server_stub.authority import Authority
from server_stub.serving import serve_in_thread
from server_stub.settings import Settings
from server_stub.translog import LogSigner
from tests.samples import AT, ORIGIN, Pki, leaf_key, log_key, sample_record, throwaway_pki
from tests.unit.server_stub.samples import KEY, by_signature

NOW = AT + timedelta(hours=2)
PKI: Pki = throwaway_pki()


@cache
def authority(origin: str = ORIGIN, seed: str = "log") -> Authority:
    """All keys of a registry."""
    return Authority(
        LogSigner(origin, log_key(seed)[0]),
        leaf_key(PKI, LeafKind.TIME_STAMPING),
        leaf_key(PKI, LeafKind.REGISTRY),
    )


def crl(*revoked: tuple[int, datetime, x509.ReasonFlags], at: datetime = AT) -> x509.CertificateRevocationList:
    """The issuing CA's CRL."""
    return make_crl(PKI.issuing_ca, revoked, 1, at)


def trust(given: x509.CertificateRevocationList | None = None) -> Trust:
    """What an auditor has who knows root and log."""
    return Trust(PKI.trust.roots, () if given is None else (given,), (log_key()[1],))


@cache
def real_evidence(number: int = 1, kind: str = "laptop") -> Evidence:
    """Evidence as a station makes it, its document provisional."""
    record = sample_record(kind, number=number, issuer=PKI.station.issuer)
    data = encode_record(record)
    signature = sign_detached(data, PKI.station, AT)
    page = render_page(record, data, signature)
    return Evidence(data, signature, seal_page(page, PKI.station, AT))


def proven_settings(folder: Path, **changes: object) -> Settings:
    """Settings of a registry with all keys; its verifier reads the verdict from the signature's beginning."""
    values: dict[str, object] = {
        "database": f"sqlite:///{folder / 'registry.sqlite'}",
        "clock": lambda: NOW,
        "authority": authority(),
        "log_folder": folder / "log",
        "trust": lambda: Trust(PKI.trust.roots, (crl(),)),
    }
    return Settings(KEY, by_signature, **(values | changes))  # type: ignore[arg-type]


@contextmanager
def proven_registry(folder: Path, **changes: object):
    """A registry with all keys over loopback; yields its address."""
    with serve_in_thread(create_app(proven_settings(folder, **changes))) as registry:
        yield registry.base_url
