"""A download is named as the file is named on the stick."""

from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from agent.certificate.evidence import Evidence, encode_evidence
from agent.certificate.record import encode_record
from agent.model.record import DocumentKind, Headline, SessionEnd, document_kind
from server_stub.app import create_app
from tests.samples import sample_record
from tests.unit.server_stub.samples import settings_in

_WHOLE = sample_record("laptop")
_PARTIAL = sample_record("server", number=2)
_NONE = sample_record("no-drive", number=3)
_CUT_OFF = replace(sample_record("server", number=4), headline=Headline.INCOMPLETE, ended=SessionEnd.INTERRUPTED)


@pytest.mark.parametrize(
    ("record", "kind", "name"),
    [
        (_WHOLE, DocumentKind.CERTIFICATE, "certificate.pdf"),
        (_PARTIAL, DocumentKind.PARTIAL_CERTIFICATE, "certificate.pdf"),
        (_NONE, DocumentKind.RECORD, "record.pdf"),
        (_CUT_OFF, DocumentKind.RECORD, "record.pdf"),
    ],
    ids=["whole", "partial", "nothing", "interrupted"],
)
def test_document_is_named_by_what_it_certifies(tmp_path, record, kind, name):
    assert document_kind(record) is kind
    evidence = Evidence(encode_record(record), b"signed", b"%PDF-1.7")
    base = f"/v1/certificates/{evidence.record_sha256}"
    with TestClient(create_app(settings_in(tmp_path))) as registry:
        assert registry.put(base, content=encode_evidence(evidence)).status_code == 201
        answer = registry.get(f"{base}/document")
        signature = registry.get(f"{base}/signature")
    assert answer.headers["content-disposition"] == f'attachment; filename="{record.record_id}.{name}"'
    assert (answer.headers["content-type"], answer.content) == ("application/pdf", b"%PDF-1.7")
    assert signature.headers["content-disposition"].endswith('.record.json.p7s"')
