"""Codes and labels: what a scanner reads from the printed picture is checked with nothing but certificates."""

import hashlib
import io
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import zxingcpp
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from PIL import Image
from pypdf import PdfReader

from agent.__main__ import main
from agent.certificate import base45
from agent.certificate.cades import sign_detached
from agent.certificate.document import extract_text
from agent.certificate.label_page import LabelLayout, Labelled, render_labels
from agent.certificate.page import render_page
from agent.certificate.page_text import missing_words
from agent.certificate.qr import PREFIX, QrReport, qr_svg, qr_text, verify_qr
from agent.certificate.record import encode_record
from agent.certificate.seal import seal_page
from agent.certificate.trust import LeafKind
from agent.certificate.verify import verify_document
from agent.model.language import Language
from agent.model.machine import Environment
from agent.model.record import Headline, Record
from tests.samples import AT, KINDS, Pki, leaf_key, sample_record, throwaway_pki
from tests.unit.statements.conftest import Workshop

REAL = throwaway_pki(test=False)
DPI = 300


def _labelled(kind: str = "laptop", pki: Pki = REAL, **changes: object) -> Labelled:
    record = replace(sample_record(kind, issuer=pki.station.issuer), **changes)
    return Labelled(record, hashlib.sha256(encode_record(record)).hexdigest())


def _code(labelled: Labelled, pki: Pki = REAL) -> str:
    return qr_text(labelled.record, labelled.sha256, pki.station)


def _check(text: str, pki: Pki = REAL, record: tuple[Record, str] | None = None, at=AT, trust=None) -> QrReport:
    chain = pki.station.chain
    return verify_qr(text, [chain.leaf, chain.issuing_ca], trust or REAL.trust, at, record)


# RFC 9285 4.3 and 4.4.
@pytest.mark.parametrize(
    ("data", "text"),
    [(b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581"), (b"ietf!", "QED8WEX0"), (b"", "")],
)
def test_base45_as_the_rfc_shows_it(data: bytes, text: str) -> None:
    assert (base45.encode(data), base45.decode(text)) == (text, data)


@pytest.mark.parametrize("text", ["GGX", ":::", "A", "BB8A", "bb8", "ÀB8", "::"])
def test_base45_refuses_what_no_encoder_writes(text: str) -> None:
    with pytest.raises(ValueError):
        base45.decode(text)


def _by_hand(text: str) -> tuple[bytes, bytes, bytes]:
    """Protected header, payload and signature, cut out by RFC 8949's and RFC 9052's rules alone."""
    data = base45.decode(text.removeprefix(PREFIX))
    # Tag 18, an array of four.
    assert data[:2] == b"\xd2\x84"
    parts, at = [], 2
    for _ in range(4):
        if data[at] == 0xA0:
            at += 1
            continue
        assert data[at] == 0x58
        parts.append(data[at + 2 : at + 2 + data[at + 1]])
        at += 2 + data[at + 1]
    assert at == len(data)
    return tuple(parts)  # type: ignore[return-value]


def test_the_code_is_a_cose_message_that_others_can_check() -> None:
    protected, payload, signature = _by_hand(_code(_labelled()))
    # RFC 9052 4.4, written by hand: an array of four, "Signature1", the header, no external data, the payload.
    signed = b"\x84\x6aSignature1" + b"\x58" + bytes([len(protected)]) + protected + b"\x40"
    signed += b"\x58" + bytes([len(payload)]) + payload
    der = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
    key = REAL.station.chain.leaf.public_key()
    key.verify(der, signed, ec.ECDSA(hashes.SHA256()))
    with pytest.raises(InvalidSignature):
        key.verify(der, signed + b"x", ec.ECDSA(hashes.SHA256()))
    fingerprint = hashlib.sha256(REAL.station.leaf).digest()
    # {1: -7, 34: [-16, fingerprint]}: ES256, x5t by SHA-256 (RFC 9053 2.1, RFC 9360 2, RFC 9054 2.1).
    assert protected == b"\xa2\x01\x26\x18\x22\x82\x2f\x58\x20" + fingerprint


@pytest.mark.parametrize("kind", KINDS)
def test_every_record_fits_and_verifies(kind: str) -> None:
    labelled = _labelled(kind)
    report = _check(_code(labelled), record=(labelled.record, labelled.sha256))
    assert (report.valid, report.failed_step) == (True, None)
    assert report.coded is not None
    assert report.coded.headline is labelled.record.headline


def test_without_the_record_that_step_is_not_checked() -> None:
    report = _check(_code(_labelled()))
    assert report.valid
    assert report.steps[-1].status.value == "not checked"


def test_one_changed_letter_is_never_valid() -> None:
    text = _code(_labelled())
    for place in range(len(PREFIX), len(text), 7):
        other = "A" if text[place] != "A" else "B"
        assert not _check(text[:place] + other + text[place + 1 :]).valid


def _failed_step(report: QrReport) -> str:
    assert report.failed_step is not None
    assert report.coded is None
    return report.failed_step.name


def test_what_is_wrong_is_found_at_its_step() -> None:
    labelled, other = _labelled(), throwaway_pki(test=False, name="b")
    text = _code(labelled)
    assert _failed_step(_check(text, other)) == "certificate"
    assert _failed_step(_check(_code(labelled, other), other)) == "chain"
    assert _failed_step(_check(text, at=AT + timedelta(days=500))) == "validity"
    assert _failed_step(_check(text, trust=REAL.revoking())) == "revocation"
    assert _failed_step(_check(text, trust=REAL.revoking_ca())) == "revocation"
    assert _failed_step(_check("HC1:" + text)) == "form"
    better = replace(labelled.record, headline=Headline.INCOMPLETE)
    assert _failed_step(_check(text, record=(better, labelled.sha256))) == "record"
    assert _failed_step(_check(text, record=(labelled.record, "00" * 32))) == "record"


def test_a_simulated_machine_is_a_specimen() -> None:
    labelled = _labelled("tablet", environment=Environment.SIMULATED, specimen=True)
    assert _failed_step(_check(_code(labelled))) == "specimen"
    test = throwaway_pki(test=True, name="t")
    assert _check(_code(_labelled("tablet", test), test), test, trust=test.trust).valid


@pytest.mark.parametrize("layout", LabelLayout)
@pytest.mark.parametrize("kind", KINDS)
def test_a_scanner_reads_the_printed_label(kind: str, layout: LabelLayout, tmp_path: Path, allow_programs) -> None:
    allow_programs("pdftoppm")
    labelled = _labelled(kind)
    (tmp_path / "label.pdf").write_bytes(render_labels([labelled], REAL.station, Language.FRENCH, layout))
    command = [
        "pdftoppm",
        "-r",
        str(DPI),
        "-png",
        "-singlefile",
        str(tmp_path / "label.pdf"),
        str(tmp_path / "label"),
    ]
    subprocess.run(command, check=True)
    with Image.open(tmp_path / "label.png") as picture:
        (seen,) = zxingcpp.read_barcodes(picture)
    assert seen.text == _code(labelled)
    assert seen.ec_level == "M"


@pytest.mark.parametrize("language", Language)
def test_a_label_says_outcome_serial_date_and_organisation(language: Language) -> None:
    labelled = _labelled("server")
    text = extract_text(render_labels([labelled], REAL.station, language))
    headline = {"en": "INCOMPLETE", "fr": "INCOMPLET", "de": "UNVOLLSTÄNDIG"}[language]
    host = labelled.record.host
    assert missing_words(text, [headline, host.serial, "2026-11-21", "Ateliers du Léman"]) == []


def test_a_dead_clock_puts_no_date_on_a_machine() -> None:
    record = sample_record(issuer=REAL.station.issuer)
    labelled = _labelled(time=replace(record.time, clock_plausible=False))
    text = extract_text(render_labels([labelled], REAL.station, Language.ENGLISH))
    assert "2026-11-21" not in text
    assert missing_words(text, ["no date"]) == []


def test_a_specimen_s_label_says_so() -> None:
    labelled = _labelled(environment=Environment.SIMULATED, specimen=True)
    assert "SPÉCIMEN" in extract_text(render_labels([labelled], REAL.station, Language.FRENCH))


def test_label_and_code_as_commands(workshop: Workshop, tmp_path: Path, capsys) -> None:
    folder = workshop.add(workshop.laptop())
    out = tmp_path / "labels.pdf"
    arguments = ["label", str(workshop.lot), "--out", str(out), *workshop.signing, *workshop.trusting]
    assert main(arguments) == 0
    assert out.read_bytes().startswith(b"%PDF")
    assert main(arguments) == 3
    record = workshop.laptop()
    text = qr_text(record, hashlib.sha256(encode_record(record)).hexdigest(), workshop.pki.station)
    certificates = [str(workshop.station / "station.cert.pem"), str(workshop.station / "chain.pem")]
    check = ["code", text, "--certificates", *certificates, *workshop.trusting]
    assert main([*check, "--record", str(folder)]) == 0
    assert "SANITIZED" in capsys.readouterr().out
    assert main([*check[:1], text[:-1] + "%", *check[2:]]) == 1


@pytest.mark.parametrize("first_failed", [True, False])
def test_of_a_machine_s_records_only_the_one_that_decides_gets_a_label(
    workshop: Workshop, tmp_path: Path, capsys, first_failed: bool
) -> None:
    failed = replace(sample_record("server", issuer=workshop.pki.station.issuer), host=workshop.laptop().host)
    good = workshop.laptop(2)
    for record, number in ((failed, 1 if first_failed else 3), (good, 2)):
        link = replace(record.station_link, sequence=number, previous_record_sha256="ab" * 32 if number > 1 else "")
        workshop.add(replace(record, station_link=link, record_id=f"019aa00{number}-5e00-7abc-8def-0123456789ab"))
    out = tmp_path / "labels.pdf"
    arguments = ["label", str(workshop.lot), "--out", str(out), *workshop.signing, *workshop.trusting]
    assert main(arguments) == 0
    assert "Left out: 1, overruled by another record" in capsys.readouterr().err
    text = extract_text(out.read_bytes())
    assert ("SANITIZED" in text, "INCOMPLETE" in text) == (first_failed, not first_failed)


def test_what_was_set_aside_gets_no_label_and_a_closed_folder_stops_them(
    workshop: Workshop, tmp_path: Path
) -> None:
    folder = workshop.add(workshop.laptop())
    (workshop.lot / "set-aside").mkdir()
    folder.rename(workshop.lot / "set-aside" / folder.name)
    arguments = [
        "label",
        str(workshop.lot),
        "--out",
        str(tmp_path / "l.pdf"),
        *workshop.signing,
        *workshop.trusting,
    ]
    assert main(arguments) == 2
    workshop.add(workshop.laptop(2))
    (workshop.lot / "elsewhere").symlink_to(tmp_path)
    assert main(arguments) == 2
    (workshop.lot / "elsewhere").unlink()
    assert main(arguments) == 0


def test_a_label_for_a_tampered_record_is_not_drawn(workshop: Workshop, tmp_path: Path) -> None:
    folder = workshop.add(workshop.laptop())
    file = folder / "record.json"
    file.write_bytes(file.read_bytes().replace(b"S3TNNX0K", b"S3TNNX0L"))
    arguments = ["label", str(folder), "--out", str(tmp_path / "l.pdf"), *workshop.signing, *workshop.trusting]
    assert main(arguments) == 1
    assert not (tmp_path / "l.pdf").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_the_code_stands_on_the_machine_s_page_and_takes_none_more(
    kind: str, tmp_path: Path, allow_programs
) -> None:
    allow_programs("pdftoppm")
    labelled = _labelled(kind)
    data = encode_record(labelled.record)
    signature = sign_detached(data, REAL.station, AT)
    code = qr_svg(labelled.record, labelled.sha256, REAL.station)
    plain = render_page(labelled.record, data, signature)
    sealed = seal_page(render_page(labelled.record, data, signature, code=code), REAL.station, AT)
    assert verify_document(sealed, REAL.trust, AT).valid
    assert len(PdfReader(io.BytesIO(sealed)).pages) == len(PdfReader(io.BytesIO(plain)).pages)
    (tmp_path / "page.pdf").write_bytes(sealed)
    command = [
        "pdftoppm",
        "-r",
        str(DPI),
        "-png",
        "-singlefile",
        str(tmp_path / "page.pdf"),
        str(tmp_path / "page"),
    ]
    subprocess.run(command, check=True)
    with Image.open(tmp_path / "page.png") as picture:
        (seen,) = zxingcpp.read_barcodes(picture)
    assert seen.text == _code(labelled)


def test_a_registry_may_sign_the_code_of_a_final_document() -> None:
    labelled, key = _labelled(), leaf_key(REAL, LeafKind.REGISTRY)
    text = qr_text(labelled.record, labelled.sha256, key)
    certificates = [key.chain.leaf, key.chain.issuing_ca]
    assert verify_qr(text, certificates, REAL.trust, AT, (labelled.record, labelled.sha256)).valid


def test_a_time_stamping_authority_may_not() -> None:
    labelled, key = _labelled(), leaf_key(REAL, LeafKind.TIME_STAMPING)
    text = qr_text(labelled.record, labelled.sha256, key)
    assert _failed_step(verify_qr(text, [key.chain.leaf, key.chain.issuing_ca], REAL.trust, AT)) == "chain"
