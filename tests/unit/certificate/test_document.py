"""A seal by a trusted station is still refused where the document is not shaped as a certificate is."""

import io

import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, append_signature_field
from pyhanko.sign.signers.cms_embedder import SigMDPSetup

from agent.certificate import seal
from agent.certificate.document import find_seal
from agent.certificate.page import _FOLDER, render_page
from agent.certificate.report import FailureKind, Report, StepFailed
from agent.certificate.verify import verify_document
from tests.samples import AT, sample_record
from tests.unit.certificate.conftest import Good

THIRD = b"""
#pdf.attach("more.json", bytes("{}"), relationship: "data", mime-type: "application/json", description: "more")
"""


def _page(good: Good, template: bytes | None = None) -> bytes:
    return render_page(sample_record(), good.record, good.signature, template)


def _sealed(good: Good, page: bytes) -> Report:
    return verify_document(seal.seal_pdf(page, good.pki.station, AT), good.pki.trust, AT)


def _fails_at(report: Report, step: str) -> bool:
    return report.failure is FailureKind.SEAL and report.failed_step is not None and report.failed_step.name == step


def test_the_plain_way_is_valid(good: Good) -> None:
    assert _sealed(good, _page(good)).valid


def test_a_seal_that_does_not_certify(good: Good, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "SigMDPSetup", lambda **_: None)
    assert _fails_at(_sealed(good, _page(good)), "attachments")


@pytest.mark.parametrize("allowed", [MDPPerm.FILL_FORMS, MDPPerm.ANNOTATE])
def test_a_seal_that_allows_changes(good: Good, monkeypatch: pytest.MonkeyPatch, allowed: MDPPerm) -> None:
    monkeypatch.setattr(seal, "SigMDPSetup", lambda **o: SigMDPSetup(**{**o, "docmdp_perms": allowed}))
    report = _sealed(good, _page(good))
    assert _fails_at(report, "attachments")
    assert report.failed_step is not None
    assert "allows changes" in report.failed_step.detail


def test_a_second_field(good: Good) -> None:
    writer = IncrementalPdfFileWriter(io.BytesIO(_page(good)))
    append_signature_field(writer, SigFieldSpec("Other"))
    page = io.BytesIO()
    writer.write(page)
    report = _sealed(good, page.getvalue())
    assert _fails_at(report, "attachments")
    assert report.failed_step is not None
    assert "another signature field" in report.failed_step.detail


def test_another_kind_of_signature(good: Good, monkeypatch: pytest.MonkeyPatch) -> None:
    make = seal.SignatureObject
    monkeypatch.setattr(
        seal, "SignatureObject", lambda **o: make(**{**o, "subfilter": seal.SigSeedSubFilter.ADOBE_PKCS7_DETACHED})
    )
    assert _fails_at(_sealed(good, _page(good)), "attachments")


def test_a_third_attachment(good: Good) -> None:
    with_more = (_FOLDER / "certificate.typ").read_bytes() + THIRD
    assert _fails_at(_sealed(good, _page(good, with_more)), "attachments")


def test_the_whole_file_is_covered_or_nothing(good: Good) -> None:
    for changed in (good.pdf + b" ", good.pdf[:-1], b" " + good.pdf, b"", b"%PDF-1.7", good.pdf + good.pdf):
        with pytest.raises(StepFailed, match="No single signature"):
            find_seal(changed)
    with pytest.raises(StepFailed, match="are allowed"):
        find_seal(b" " * (16 * 1024 * 1024 + 1))


def test_an_imitated_byte_range_in_device_text_is_passed_over(good: Good) -> None:
    # The attached record may stand in the file in clear, with whatever a drive calls itself.
    imitation = b'#set document(keywords: "/ByteRange [0 1 2 3] /ByteRange [0 10 20 30]")\n'
    page = _page(good, imitation + (_FOLDER / "certificate.typ").read_bytes())
    assert page.count(b"/ByteRange [0 ") >= 2
    assert find_seal(seal.seal_pdf(page, good.pki.station, AT)).byte_range[1] > 1000
    assert _sealed(good, page).valid


def test_too_many_signature_ranges_are_refused_before_any_is_looked_at() -> None:
    many = b"%PDF-1.7\n" + b"".join(b"/ByteRange [0 %d %d 9]" % (n, n + 1) for n in range(2000))
    with pytest.raises(StepFailed, match="too many"):
        find_seal(many)
