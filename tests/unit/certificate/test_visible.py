"""A headline that nobody can see is none: neither sealed nor believed."""

import pytest

from agent.certificate.page import render_page
from agent.certificate.record import encode_record
from agent.certificate.report import StepFailed
from agent.certificate.seal import seal_page, seal_pdf
from agent.certificate.verify import verify_document
from agent.certificate.visible import look_at
from agent.errors import CertificateError
from tests.samples import AT, KINDS, sample_record, throwaway_pki
from tests.vectors.case import pki
from tests.vectors.hidden import TEMPLATES, page


@pytest.mark.parametrize("kind", KINDS)
def test_our_own_pages_show_it(kind: str) -> None:
    record = sample_record(kind)
    data = encode_record(record)
    assert look_at(render_page(record, data, b"signature"), record.headline.value).unseen == ""


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_hidden_headline_is_neither_sealed_nor_believed(name: str) -> None:
    a = pki("a")
    made = page(a, name)
    with pytest.raises(CertificateError, match="not sealed"):
        seal_page(made, a.station, AT)
    report = verify_document(seal_pdf(made, a.station, AT), a.trust, AT)
    assert report.failed_step is not None
    assert (report.valid, report.failed_step.name) == (False, "page")
    assert "headline" in report.failed_step.detail


def test_another_headline_is_not_there() -> None:
    record = sample_record()
    data = encode_record(record)
    assert "does not show" in look_at(render_page(record, data, b"signature"), "INCOMPLETE").unseen


def test_what_is_no_pdf() -> None:
    with pytest.raises(StepFailed):
        look_at(b"%PDF-1.7\n", throwaway_pki().station.issuer.station)
