"""The page says what the record says, whatever devices call themselves; and only such a page is sealed."""

import io
from dataclasses import replace

import pikepdf
import pytest

from agent.certificate.cades import sign_detached
from agent.certificate.document import extract_text
from agent.certificate.figures import capacity, duration, percent
from agent.certificate.page import render_page
from agent.certificate.page_text import missing_words, page_faults, shown, verified_words
from agent.certificate.record import encode_record
from agent.certificate.report import FailureKind
from agent.certificate.seal import seal_page, seal_pdf
from agent.certificate.verify import verify_document
from agent.errors import CertificateError
from agent.model.drive import HiddenAreas, HiddenAreaState
from agent.model.job import Pause, PauseReason
from agent.model.language import Language
from agent.model.machine import Environment
from agent.model.record import DocumentKind, Headline, Record, SessionEnd, document_kind
from tests.samples import AT, HEADLINES, KINDS, sample_record, sanitized_drive, throwaway_pki
from tests.unit.certificate.conftest import Good


def _page(record: Record, template: bytes | None = None) -> bytes:
    data = encode_record(record)
    return render_page(record, data, sign_detached(data, throwaway_pki().station, AT), template)


def _text(record: Record) -> str:
    return " ".join(extract_text(_page(record)).split())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("environment", list(Environment))
def test_every_page_says_what_it_must(kind: str, environment: Environment) -> None:
    record = sample_record(kind, environment=environment)
    assert record.headline is HEADLINES.get(kind, Headline.SANITIZED)
    assert page_faults(extract_text(_page(record)), record, encode_record(record), provisional=True) == []


def test_what_is_not_sanitized_is_never_called_a_certificate() -> None:
    text = _text(sample_record("no-drive"))
    assert "Certificate of Sanitization" not in text
    assert "This is a record, not a certificate of sanitization." in text


@pytest.mark.parametrize("kind", ["server", "excluded"])
def test_some_sanitized_media_make_a_partial_certificate(kind: str) -> None:
    record = sample_record(kind)
    text = _text(record)
    assert "Partial Certificate of Sanitization" in text
    assert "only the media marked \u201csanitized\u201d are certified" in text
    interrupted = replace(record, ended=SessionEnd.INTERRUPTED)
    assert document_kind(record) is DocumentKind.PARTIAL_CERTIFICATE
    assert document_kind(interrupted) is DocumentKind.RECORD
    assert "Sanitization Record" in _text(interrupted)


def test_the_failed_medium_is_named_with_its_first_bad_sector() -> None:
    text = _text(sample_record("server"))
    for words in (
        "7 of 8 storage media",
        "This medium is not certified as sanitized.",
        "ZA1DEAD8",
        "first at LBA 3907018584",
        "2 000 393 515 008",
        "failed",
    ):
        assert words in text


def test_where_it_was_made_stands_in_the_headline() -> None:
    assert "Not made in the live image: host" in _text(sample_record(environment=Environment.HOST))
    assert "SPECIMEN: simulated machine, no real drive was touched" in _text(
        sample_record(environment=Environment.SIMULATED)
    )
    assert "SPECIMEN" not in _text(sample_record())


def test_hidden_areas_that_nobody_examined_stand_beside_the_headline() -> None:
    unknown = HiddenAreas(HiddenAreaState.NOT_EXAMINED)
    record = sample_record()
    unexamined = replace(record, drives=(replace(record.drives[0], hidden_areas=unknown),))
    words = "Hidden areas (HPA, DCO, AMA) of 1 medium were not examined: not covered."
    text = _text(unexamined)
    assert text.index("SANITIZED") < text.index(words) < text.index("Manufacturer")
    assert words in verified_words(unexamined, encode_record(unexamined))
    assert words not in _text(record)


def test_coverage_stands_beside_a_sampled_read_back() -> None:
    text = _text(sample_record("sampled"))
    assert "9.99 % of the medium" in text
    assert "sampled: 51 211 018 240 bytes expected" in text


def test_no_page_promises_what_nobody_can_know() -> None:
    for kind in KINDS:
        text = _text(sample_record(kind)).lower()
        assert "unrecoverable" not in text
        assert "irrecoverable" not in text


def test_device_text_is_text() -> None:
    text = extract_text(_page(sample_record("hostile")))
    for words in (
        "[/red]",
        "#eval(1) $x$ *b* @ref",
        "=cmd|'/C calc'!A0?/ByteRange[0 1 2 9]",
        "W" * 40,
        "?? \\u{41} `raw` <label>",
    ):
        assert missing_words(text, [words]) == []


def test_every_printable_character_can_be_shown() -> None:
    # PDF/A refuses a character that no embedded font holds, so one odd serial number would cost the whole certificate.
    odd = [shown(chr(c)) for c in range(0x20, 0x3000)] + ["\U0001f600", "硬", "\ud7ff"]
    lines = ["".join(odd[i : i + 40]) for i in range(0, len(odd), 40)]
    record = replace(sample_record(), drives=tuple(sanitized_drive(line, "S") for line in lines))
    assert _page(replace(record, drives=record.drives[:100])).startswith(b"%PDF-")


@pytest.mark.parametrize("language", list(Language))
def test_a_stations_own_copy_is_marked_as_provisional(language: Language) -> None:
    record = replace(sample_record(), language=language)
    data = encode_record(record)
    page = extract_text(render_page(record, data, b"signature"))
    final = extract_text(render_page(record, data, b"signature", proofs={"crl.pem": b"list"}))
    assert page_faults(page, record, data, provisional=True) == []
    assert page_faults(final, record, data) == []
    mark = {"en": "PROVISIONAL", "fr": "PROVISOIRE", "de": "VORLÄUFIG"}[language]
    assert mark in page_faults(final, record, data, provisional=True)
    assert mark not in final


def test_the_registry_attaches_its_proofs() -> None:
    record = sample_record()
    data = encode_record(record)
    proofs = {
        "record.json.p7s.tsr": b"\x30\x03\x02\x01\xff",
        "record.json.tlog-proof": b"a\n\nb\n",
        "crl.pem": b"pem\n",
    }
    page = render_page(record, data, b"\xff", proofs=proofs)
    with pikepdf.open(io.BytesIO(page)) as pdf:
        attached = {name: pdf.attachments[name].get_file().read_bytes() for name in pdf.attachments}
    assert attached == {**proofs, "record.json": data, "record.json.p7s": b"\xff"}


def test_the_page_is_the_same_each_time() -> None:
    record = sample_record("server")
    assert _page(record) == _page(record)


def test_the_pages_form_is_archival_and_accessible(good: Good) -> None:
    with pikepdf.open(io.BytesIO(good.pdf)) as pdf:
        with pdf.open_metadata() as meta:
            said = (meta["pdfaid:part"], meta["pdfaid:conformance"], meta["pdfuaid:part"])
        assert said == ("3", "A", "1")
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang) == "en"
        assert sorted(pdf.attachments) == ["record.json", "record.json.p7s"]
        assert len(pdf.Root.AF) == 2
        relationships = {str(f.get("/UF")): str(f.AFRelationship) for f in pdf.Root.AF}
        assert relationships == {"record.json": "/Data", "record.json.p7s": "/Supplement"}


def test_sealing_again_gives_the_same_bytes(good: Good) -> None:
    page = render_page(sample_record(), good.record, good.signature)
    assert seal_page(page, good.pki.station, AT) == good.pdf


def test_a_template_that_hides_something_is_not_sealed() -> None:
    attach = b"""#import "common.typ": attach-evidence
#attach-evidence()
#set document(title: "x")
= SANITIZED
"""
    with pytest.raises(CertificateError, match="does not say"):
        seal_page(_page(sample_record(), attach), throwaway_pki().station, AT)


def test_a_template_that_attaches_nothing_is_not_sealed() -> None:
    with pytest.raises(CertificateError, match="exactly one record"):
        seal_page(_page(sample_record(), b'#set document(title: "x")\n= SANITIZED'), throwaway_pki().station, AT)


def test_a_broken_template_says_so() -> None:
    with pytest.raises(CertificateError, match="can't be made"):
        _page(sample_record(), b"#nothing-of-this-name")


def test_a_page_that_shows_another_serial_number_is_refused_though_sealed() -> None:
    pki = throwaway_pki()
    record, other = sample_record(), sample_record(number=2)
    data = encode_record(record)
    view_of_other = render_page(other, encode_record(other), sign_detached(data, pki.station, AT))
    honest = _page(record)
    with pikepdf.open(io.BytesIO(view_of_other)) as pdf, pikepdf.open(io.BytesIO(honest)) as right:
        for name in ("record.json", "record.json.p7s"):
            pdf.attachments[name].get_file().obj.write(right.attachments[name].get_file().read_bytes())
        changed = io.BytesIO()
        pdf.save(changed)
    with pytest.raises(CertificateError, match="does not say"):
        seal_page(changed.getvalue(), pki.station, AT)
    report = verify_document(seal_pdf(changed.getvalue(), pki.station, AT), pki.trust, AT)
    assert report.failure is FailureKind.SEAL
    assert report.failed_step is not None
    assert report.failed_step.name == "page"


def test_shares_are_rounded_down() -> None:
    assert [percent(*p) for p in ((0, 0), (0, 9), (99_999_999, 100_000_000), (9, 9))] == [
        "0 %",
        "0.00 %",
        "99.99 %",
        "100 %",
    ]


def test_capacities_and_durations_in_words() -> None:
    assert [capacity(n) for n in (512_110_190_592, 4_000_787_030_016, 512)] == ["512.1 GB", "4.001 TB", "512 bytes"]
    assert [duration(n) for n in (1_250, 61_000, 7_260_000)] == ["1.2 s", "1 min 01 s", "2 h 01 min"]


def test_pauses_are_part_of_what_it_took() -> None:
    drive = replace(sanitized_drive(), duration_ms=3_600_000)
    record = replace(sample_record("laptop"), drives=(drive,))
    assert "Duration 1 h 00 min" in _text(record)
    assert "Pauses" not in _text(record)
    reasons = (PauseReason.TEMPERATURE, PauseReason.OPERATOR, PauseReason.TEMPERATURE)
    paused = replace(drive, pauses=tuple(Pause(reason, "63 °C", AT, 61_000) for reason in reasons))
    words = "Pauses 3 min 03 s (temperature, operator)"
    assert words in _text(replace(record, drives=(paused,)))
