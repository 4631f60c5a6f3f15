"""PUT /v1/certificates: what each kind of upload is answered with, and that the answer can always be asked for again."""

import base64
import hashlib
import json
import sqlite3

import pytest
import rfc8785
from starlette.testclient import TestClient

from agent.certificate.evidence import Evidence, encode_evidence
from agent.certificate.receipt import check_receipt
from agent.errors import EnvironmentLacks, UsageError
from server_stub.app import create_app
from server_stub.store import Conflict, Store
from tests.samples import AT
from tests.unit.server_stub.samples import KEY, OTHER_KEY, by_signature, evidence_of, settings_in

_PROBLEM = "application/problem+json"


@pytest.fixture
def registry(tmp_path):
    """The application in memory over a database in a file."""
    with TestClient(create_app(settings_in(tmp_path))) as client:
        yield client


def _put(registry: TestClient, evidence: Evidence, sha256: str = "", body: bytes | None = None, **headers: str):
    content = encode_evidence(evidence) if body is None else body
    return registry.put(f"/v1/certificates/{sha256 or evidence.record_sha256}", content=content, headers=headers)


def _rows(folder, table: str = "certificates") -> int:
    with sqlite3.connect(folder / "registry.sqlite") as database:
        return database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_first_upload_is_created_and_the_same_again_gets_the_same_receipt(registry, tmp_path):
    first, again = _put(registry, evidence_of(1)), _put(registry, evidence_of(1))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.content == again.content
    assert check_receipt(first.content, evidence_of(1), KEY.public_key()).sequence == 1
    assert _rows(tmp_path) == 1


def test_sequence_has_no_gap_where_uploads_were_refused(registry):
    def number(evidence: Evidence) -> int:
        return check_receipt(_put(registry, evidence).content, evidence, KEY.public_key()).sequence

    assert number(evidence_of(1)) == 1
    assert _put(registry, evidence_of(1, signature=b"other")).status_code == 409
    assert _put(registry, evidence_of(5, signature=b"bad")).status_code == 422
    assert _put(registry, evidence_of(1)).status_code == 200
    assert _put(registry, evidence_of(6, signature=b"unknown")).status_code == 202
    assert number(evidence_of(2)) == 2


def test_other_bytes_under_an_archived_id_conflict_and_change_nothing(registry):
    evidence = evidence_of(1)
    _put(registry, evidence)
    receipt = registry.get(f"/v1/certificates/{evidence.record_sha256}/receipt").content
    others = [
        encode_evidence(Evidence(evidence.record, b"other signature", evidence.document)),
        encode_evidence(Evidence(evidence.record, evidence.signature, b"other document")),
        encode_evidence(Evidence(evidence.record + b" ", evidence.signature, evidence.document)),
    ]
    for body in others:
        answer = _put(registry, evidence, body=body)
        assert (answer.status_code, answer.headers["content-type"]) == (409, _PROBLEM)
    assert registry.get(f"/v1/certificates/{evidence.record_sha256}/document").content == evidence.document
    assert _put(registry, evidence).content == receipt


def test_second_record_with_the_same_record_id_conflicts(registry):
    evidence = evidence_of(1)
    form = json.loads(evidence.record) | {"salt": "00" * 16}
    assert _put(registry, evidence).status_code == 201
    answer = _put(registry, Evidence(rfc8785.dumps(form), b"signed", b"document"))
    assert (answer.status_code, "record_id" in answer.json()["detail"]) == (409, True)


def test_digest_in_the_address_must_be_the_records(registry, tmp_path):
    answer = _put(registry, evidence_of(1), sha256="0" * 64)
    assert (answer.status_code, answer.headers["content-type"]) == (422, _PROBLEM)
    assert answer.json()["step"] == "digest"
    assert _rows(tmp_path) == 0


def test_refusal_of_the_verifier_names_the_step(registry, tmp_path):
    answer = _put(registry, evidence_of(1, signature=b"bad"))
    assert answer.status_code == 422
    assert answer.json()["step"] == "record: 2 signature"
    assert (_rows(tmp_path), _rows(tmp_path, "quarantine")) == (0, 0)


@pytest.mark.parametrize("body", [b"", b"{}", b"<html>", b"null", b"\x1f\x8b" + b"0" * 50, b"[" * 90_000], ids=repr)
def test_malformed_body_is_refused(registry, body):
    answer = _put(registry, evidence_of(1), body=body)
    assert (answer.status_code, answer.json()["step"]) == (422, "body")


@pytest.mark.parametrize("sha256", ["x", "A" * 64, "0" * 63, "0" * 65, "%2e%2e%2f", "' OR 1=1 --"])
def test_address_must_be_a_digest(registry, sha256):
    answer = _put(registry, evidence_of(1), sha256=sha256)
    assert answer.status_code in {404, 422}
    assert answer.headers["content-type"] == _PROBLEM


def test_body_up_to_the_limit_is_taken_and_one_byte_more_is_not(tmp_path):
    size = len(encode_evidence(evidence_of(1)))
    for limit, status in ((size - 1, 413), (size, 201)):
        with TestClient(create_app(settings_in(tmp_path, max_body_bytes=limit))) as registry:
            answer = _put(registry, evidence_of(1))
            assert answer.status_code == status
    assert _rows(tmp_path) == 1


def test_default_limit_is_four_mebibytes(registry):
    answer = _put(registry, evidence_of(1), body=b" " * (4 * 2**20 + 1))
    assert (answer.status_code, answer.headers["content-type"]) == (413, _PROBLEM)


def test_document_of_almost_three_mebibytes_is_taken(registry):
    big = Evidence(evidence_of(1).record, b"signed", bytes(3 * 2**20 - 2**16))
    assert _put(registry, big).status_code == 201


def test_compressed_body_is_refused_unread(registry):
    assert _put(registry, evidence_of(1), **{"Content-Encoding": "gzip"}).status_code == 415


def test_unknown_station_is_kept_apart_once_without_receipt(registry, tmp_path):
    evidence = evidence_of(1, signature=b"unknown")
    answers = [_put(registry, evidence) for _ in range(3)]
    assert {a.status_code for a in answers} == {202}
    assert answers[0].json()["reason"] == "unknown station"
    assert "signature" not in answers[0].json()
    assert (_rows(tmp_path), _rows(tmp_path, "quarantine")) == (0, 1)
    absent = registry.get(f"/v1/certificates/{evidence.record_sha256}")
    assert (absent.status_code, "quarantine" in absent.json()["detail"]) == (404, True)


def test_quarantine_keeps_the_evidence_byte_for_byte(registry, tmp_path):
    evidence = evidence_of(1, signature=b"unknown")
    _put(registry, evidence)
    with sqlite3.connect(tmp_path / "registry.sqlite") as database:
        ((body,),) = database.execute("SELECT body FROM quarantine").fetchall()
    assert body == encode_evidence(evidence)


def test_known_station_moves_its_record_out_of_quarantine(tmp_path):
    evidence = evidence_of(1, signature=b"unknown")
    with TestClient(create_app(settings_in(tmp_path))) as registry:
        assert _put(registry, evidence).status_code == 202
    settings = settings_in(tmp_path)
    known = lambda e, at: settings.verifier(Evidence(e.record, b"signed", e.document), at)  # noqa: E731
    with TestClient(create_app(settings_in(tmp_path, verifier=known))) as registry:
        assert _put(registry, evidence).status_code == 201
    assert (_rows(tmp_path), _rows(tmp_path, "quarantine")) == (1, 0)


@pytest.mark.parametrize("limit", [{"quarantine_entries": 1}, {"quarantine_bytes": 30_000}], ids=str)
def test_full_quarantine_asks_to_come_back_and_forgets_nothing(tmp_path, limit):
    if "quarantine_bytes" in limit:
        limit = {"quarantine_bytes": len(encode_evidence(evidence_of(1, signature=b"unknown"))) + 10}
    with TestClient(create_app(settings_in(tmp_path, **limit))) as registry:
        assert _put(registry, evidence_of(1, signature=b"unknown")).status_code == 202
        full = _put(registry, evidence_of(2, signature=b"unknown"))
        assert (full.status_code, full.headers["retry-after"]) == (503, "3600")
        assert _put(registry, evidence_of(1, signature=b"unknown")).status_code == 202
        assert _put(registry, evidence_of(3)).status_code == 201


def test_downloads_are_byte_for_byte_what_came(registry):
    evidence = evidence_of(1)
    receipt = _put(registry, evidence).content
    base = f"/v1/certificates/{evidence.record_sha256}"
    for name, data in (
        ("record", evidence.record),
        ("signature", evidence.signature),
        ("document", evidence.document),
    ):
        assert registry.get(f"{base}/{name}").content == data
    answer = registry.get(f"{base}/receipt")
    assert answer.content == receipt
    assert answer.headers["content-disposition"].startswith('attachment; filename="019aa001-')


def test_metadata_says_where_the_files_are_and_names_no_person(registry):
    evidence = evidence_of(1)
    _put(registry, evidence)
    said = registry.get(f"/v1/certificates/{evidence.record_sha256}").json()
    assert said["headline"] == "SANITIZED"
    assert hashlib.sha256(registry.get(said["files"]["record"]).content).hexdigest() == said["record_sha256"]
    assert "op-7f3a" not in json.dumps(said)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/certificates/" + "0" * 64, 404),
        ("GET", "/v1/certificates/" + "0" * 64 + "/record", 404),
        ("GET", "/v1/certificates/" + "0" * 64 + "/body", 404),
        ("GET", "/v1/certificates/no-digest", 422),
        ("DELETE", "/v1/certificates/" + "0" * 64, 405),
        ("POST", "/v1/certificates", 404),
        ("GET", "/docs", 404),
    ],
)
def test_errors_are_problems(registry, method, path, status):
    answer = registry.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, _PROBLEM)
    said = answer.json()
    assert (said["status"], said["type"], bool(said["title"]), bool(said["detail"])) == (
        status,
        "about:blank",
        True,
        True,
    )


def test_database_that_fails_is_a_503_and_the_upload_succeeds_later(tmp_path):
    app = create_app(settings_in(tmp_path))
    with TestClient(app) as registry, sqlite3.connect(tmp_path / "registry.sqlite") as database:
        database.execute(
            "CREATE TRIGGER full BEFORE INSERT ON certificates BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
        )
        database.commit()
        answer = _put(registry, evidence_of(1))
        assert (answer.status_code, answer.headers["content-type"]) == (503, _PROBLEM)
        assert "full" not in answer.text
        database.execute("DROP TRIGGER full")
        database.commit()
        again = _put(registry, evidence_of(1))
    assert again.status_code == 201
    assert check_receipt(again.content, evidence_of(1), KEY.public_key()).sequence == 1


def test_database_keeps_what_was_committed_through_a_restart(tmp_path):
    with TestClient(create_app(settings_in(tmp_path))) as registry:
        receipt = _put(registry, evidence_of(1)).content
    with TestClient(create_app(settings_in(tmp_path))) as registry:
        again = _put(registry, evidence_of(1))
        assert (again.status_code, again.content) == (200, receipt)
        assert check_receipt(_put(registry, evidence_of(2)).content, evidence_of(2), KEY.public_key()).sequence == 2


def test_losers_of_a_race_get_the_same_receipt_and_take_no_number(tmp_path):
    # The store by itself: over HTTP, the first look already finds what is archived, but for a race.
    store = Store(f"sqlite:///{tmp_path / 'x.sqlite'}", KEY)
    accepted = [by_signature(evidence_of(n), AT) for n in (1, 2)]
    first = store.archive(evidence_of(1), accepted[0], AT)
    again = store.archive(evidence_of(1), accepted[0], AT)
    other = store.archive(evidence_of(1, signature=b"other"), accepted[0], AT)
    second = store.archive(evidence_of(2), accepted[1], AT)
    store.close()
    assert (first.created, again.created, again.receipt == first.receipt) == (True, False, True)
    assert isinstance(other, Conflict)
    assert check_receipt(second.receipt, evidence_of(2), KEY.public_key()).sequence == 2


def test_every_connection_writes_ahead_and_syncs_in_full(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'x.sqlite'}", KEY)
    with store.engine.connect() as connection:
        asked = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")
        }
    store.close()
    # https://www.sqlite.org/pragma.html#pragma_synchronous: 2 is FULL.
    assert asked == {"journal_mode": "wal", "synchronous": 2}


def test_database_of_another_registry_is_refused(tmp_path):
    Store(f"sqlite:///{tmp_path / 'x.sqlite'}", KEY).close()
    with pytest.raises(EnvironmentLacks, match="another key"):
        Store(f"sqlite:///{tmp_path / 'x.sqlite'}", OTHER_KEY)


@pytest.mark.parametrize("url", ["nonsense", "sqlite://", "sqlite:///:memory:", "nodialect://x/y"])
def test_unusable_database_url_is_a_usage_error(url):
    with pytest.raises(UsageError):
        Store(url, KEY)


def test_database_that_can_not_be_opened_is_told_with_remedy(tmp_path):
    (tmp_path / "broken.sqlite").write_bytes(b"this is no database" * 100)
    for name in ("broken.sqlite", "no/such/folder.sqlite"):
        with pytest.raises(EnvironmentLacks) as caught:
            Store(f"sqlite:///{tmp_path / name}", KEY)
        assert "--database" in caught.value.remedy


def test_body_is_base64_of_the_three_files():
    body = json.loads(encode_evidence(evidence_of(1)))
    assert base64.b64decode(body["record"]) == evidence_of(1).record
