"""The registry's decision with the auditor's own verifier: archive, quarantine or refusal, each for its own reason."""

import os
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from starlette.testclient import TestClient

from agent.certificate.cades import sign_detached
from agent.certificate.evidence import Evidence, encode_evidence
from agent.certificate.page import render_page
from agent.certificate.record import encode_record
from agent.certificate.seal import seal_page
from agent.errors import EnvironmentLacks, UsageError
from agent.model.machine import Environment
from server_stub.app import create_app
from server_stub.judge import Judge, TrustFiles
from server_stub.verdict import Accept, KeepApart, Refuse
from tests.samples import AT, Pki, sample_record, throwaway_pki
from tests.unit.server_stub.samples import settings_in


def pki_of(name: str) -> Pki:
    """One chain for each name; certificates of two calls with other arguments would differ."""
    return throwaway_pki(name=name)


@cache
def sealed(pki: str = "a", number: int = 1, *, specimen: bool = True) -> Evidence:
    """Evidence as a station makes it, record, signature and sealed document."""
    key = pki_of(pki).station
    environment = Environment.SIMULATED if specimen else Environment.LIVE_IMAGE
    record = sample_record(number=number, issuer=key.issuer, environment=environment)
    data = encode_record(record)
    signature = sign_detached(data, key, AT)
    return Evidence(data, signature, seal_page(render_page(record, data, signature), key, AT))


def _judge(folder: Path, pki: Pki, crl: bytes | None = None) -> Judge:
    root = folder / "root.pem"
    root.write_bytes(pki.root.certificate.public_bytes(Encoding.PEM))
    if crl is None:
        return Judge(TrustFiles(root, None))
    (folder / "crl.pem").write_bytes(crl)
    return Judge(TrustFiles(root, folder / "crl.pem"))


def _crl(pki: Pki, *, revoked: bool) -> bytes:
    trust = pki.revoking()
    if not revoked:
        from agent.certificate.pki import make_crl  # noqa: PLC0415

        trust = replace(trust, crls=(make_crl(pki.issuing_ca, (), 1, AT),))
    return trust.crls[0].public_bytes(Encoding.PEM)


@pytest.fixture
def judge(tmp_path):
    return _judge(tmp_path, pki_of("a"))


@pytest.mark.parametrize("specimen", [True, False])
def test_valid_evidence_is_accepted_and_the_throw_away_root_noted(judge, specimen):
    verdict = judge(sealed(specimen=specimen), AT)
    assert isinstance(verdict, Accept)
    assert (verdict.record.specimen, verdict.test_root) == (specimen, True)


def test_specimen_of_another_root_is_refused(judge):
    verdict = judge(sealed("b"), AT)
    assert isinstance(verdict, Refuse)
    assert "specimen of another root" in verdict.detail
    assert "chain" in verdict.step


def test_unknown_station_is_kept_apart(judge):
    verdict = judge(sealed("b", specimen=False), AT)
    assert isinstance(verdict, KeepApart)
    assert verdict.reason == "unknown station"


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (AT + timedelta(days=401), "station certificate expired"),
        (AT - timedelta(days=30), "station certificate not yet valid"),
    ],
)
def test_station_outside_its_time_is_kept_apart(judge, at, reason):
    verdict = judge(sealed(), at)
    assert isinstance(verdict, KeepApart)
    assert verdict.reason == reason


def test_revoked_station_is_kept_apart(tmp_path):
    pki = pki_of("a")
    assert isinstance(_judge(tmp_path, pki, _crl(pki, revoked=False))(sealed(), AT), Accept)
    verdict = _judge(tmp_path, pki, _crl(pki, revoked=True))(sealed(), AT)
    assert isinstance(verdict, KeepApart)
    assert verdict.reason == "station revoked"


def test_new_crl_is_read_without_a_restart(tmp_path):
    pki = pki_of("a")
    judge = _judge(tmp_path, pki, _crl(pki, revoked=False))
    assert isinstance(judge(sealed(), AT), Accept)
    (tmp_path / "new").write_bytes(_crl(pki, revoked=True))
    os.replace(tmp_path / "new", tmp_path / "crl.pem")
    assert isinstance(judge(sealed(), AT), KeepApart)
    (tmp_path / "crl.pem").unlink()
    with pytest.raises(EnvironmentLacks, match=r"crl\.pem"):
        judge(sealed(), AT)


@pytest.mark.parametrize("part", ["record", "signature", "document"])
def test_flipped_byte_is_refused(judge, part):
    good = sealed()
    data = bytearray(getattr(good, part))
    data[len(data) // 2] ^= 0x01
    verdict = judge(replace(good, **{part: bytes(data)}), AT)
    assert isinstance(verdict, Refuse)
    assert verdict.step.startswith("document" if part == "document" else "record")


def test_document_of_another_record_is_refused(judge):
    verdict = judge(replace(sealed(), document=sealed(number=2).document), AT)
    assert isinstance(verdict, Refuse)
    assert verdict.step == "document: same record"


def test_document_with_another_signature_of_the_same_record_is_refused(judge):
    good = sealed()
    again = sign_detached(good.record, pki_of("a").station, AT + timedelta(seconds=1))
    assert again != good.signature
    verdict = judge(replace(good, signature=again), AT)
    assert isinstance(verdict, Refuse)
    assert verdict.step == "document: same record"


def test_trust_files_must_be_there_and_be_roots(tmp_path):
    with pytest.raises(EnvironmentLacks, match="can't be read"):
        TrustFiles(tmp_path / "no.pem", None)
    (tmp_path / "root.pem").write_bytes(b"no root")
    with pytest.raises(UsageError):
        TrustFiles(tmp_path / "root.pem", None)


def test_whole_way_through_http(tmp_path):
    judge = _judge(tmp_path, pki_of("a"))
    with TestClient(create_app(settings_in(tmp_path, verifier=judge))) as registry:

        def put(evidence: Evidence):
            return registry.put(f"/v1/certificates/{evidence.record_sha256}", content=encode_evidence(evidence))

        assert put(sealed()).status_code == 201
        assert put(sealed()).status_code == 200
        refused = put(sealed("b"))
        assert (refused.status_code, refused.json()["step"]) == (422, "record: 3 chain")
        kept = put(sealed("b", 5, specimen=False))
        assert (kept.status_code, kept.json()["reason"]) == (202, "unknown station")
        page = registry.get("/").text
        assert "SPECIMEN" in page
        assert "throw-away root" in registry.get(f"/certificates/{sealed().record_sha256}").text
        both = b"".join(pki_of(n).root.certificate.public_bytes(Encoding.PEM) for n in ("a", "b"))
        (tmp_path / "root.pem").write_bytes(both)
        assert put(sealed("b", 5, specimen=False)).status_code == 201
