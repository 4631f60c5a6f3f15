"""Fifty stations at once, each losing its first answers: nothing lost, nothing doubled, no 5xx."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
import requests
from requests.adapters import HTTPAdapter

from agent.certificate.evidence import Evidence, encode_evidence
from agent.certificate.receipt import check_receipt
from agent.registry.client import Archived
from agent.registry.uploader import UploadOutcome, upload_pending
from tests.unit.registry.helpers import client_for, outbox_with, record_id
from tests.unit.server_stub.samples import KEY, evidence_of, running, settings_in

_CLIENTS = 50
_UPLOADS = 200


class LosesFirstAnswers(HTTPAdapter):
    """Lets each request reach the registry, and drops its first answer once the registry has committed."""

    def __init__(self) -> None:
        super().__init__()
        self.dropped: dict[str, bytes] = {}

    def send(self, request, **options):
        """Send for real; the first answer for each address is lost."""
        response = super().send(request, **options)
        if request.url not in self.dropped:
            self.dropped[request.url] = response.content
            response.close()
            raise requests.ConnectionError("the answer was lost")
        return response


@pytest.fixture
def registry(tmp_path):
    with running(settings_in(tmp_path)) as url:
        yield url


def _upload_share(url: str, numbers: range) -> dict[int, tuple[bytes, bytes]]:
    session, adapter = requests.Session(), LosesFirstAnswers()
    session.mount("http://", adapter)
    client = client_for(url, session=session)
    found = {}
    for number in numbers:
        answer = client.upload(evidence_of(number))
        assert isinstance(answer, Archived)
        lost = adapter.dropped[f"{url}/v1/certificates/{evidence_of(number).record_sha256}"]
        found[number] = (lost, answer.receipt)
    session.close()
    return found


def _database(folder, question: str) -> list[tuple]:
    with sqlite3.connect(folder / "registry.sqlite") as database:
        return database.execute(question).fetchall()


def test_two_hundred_uploads_by_fifty_clients_that_lose_each_first_answer(registry, tmp_path):
    for number in range(1, _UPLOADS + 1):
        evidence_of(number)
    shares = [range(start, _UPLOADS + 1, _CLIENTS) for start in range(1, _CLIENTS + 1)]
    with ThreadPoolExecutor(_CLIENTS) as pool:
        found = {k: v for share in pool.map(partial(_upload_share, registry), shares) for k, v in share.items()}
    assert sorted(found) == list(range(1, _UPLOADS + 1))
    assert all(lost == second for lost, second in found.values())
    receipts = {n: check_receipt(receipt, evidence_of(n), KEY.public_key()) for n, (_, receipt) in found.items()}
    assert sorted(r.sequence for r in receipts.values()) == list(range(1, _UPLOADS + 1))
    rows = _database(tmp_path, "SELECT sequence, record_sha256 FROM certificates ORDER BY sequence")
    assert rows == sorted((r.sequence, r.record_sha256) for r in receipts.values())
    assert _database(tmp_path, "PRAGMA integrity_check") == [("ok",)]


def test_race_of_identical_and_different_bytes_under_one_id(registry, tmp_path):
    evidence = evidence_of(1)
    bodies = [encode_evidence(evidence)] * 25 + [
        encode_evidence(Evidence(evidence.record, evidence.signature, b"%%PDF another %d" % n)) for n in range(25)
    ]
    start = threading.Barrier(len(bodies))

    def put(body: bytes) -> tuple[bytes, int, bytes]:
        start.wait(30)
        answer = requests.put(f"{registry}/v1/certificates/{evidence.record_sha256}", data=body, timeout=60)
        return body, answer.status_code, answer.content

    with ThreadPoolExecutor(len(bodies)) as pool:
        answers = list(pool.map(put, bodies))
    (archived,) = {body for body, status, _ in answers if status == 201}
    assert sorted(status for _, status, _ in answers).count(201) == 1
    assert {status for body, status, _ in answers if body != archived} == {409}
    assert {status for body, status, _ in answers if body == archived} <= {200, 201}
    assert len({content for body, _, content in answers if body == archived}) == 1
    assert _database(tmp_path, "SELECT count(*), max(sequence) FROM certificates") == [(1, 1)]
    assert _database(tmp_path, "SELECT sequence FROM head") == [(1,)]


def test_two_processes_worth_of_stores_share_one_file(tmp_path):
    # Two applications over one file lock each other only through the database.
    def archive(urls: tuple[str, str], number: int) -> bytes:
        return client_for(urls[number % 2]).upload(evidence_of(number)).receipt

    with (
        running(settings_in(tmp_path)) as first,
        running(settings_in(tmp_path)) as second,
        ThreadPoolExecutor(16) as pool,
    ):
        receipts = list(pool.map(partial(archive, (first, second)), range(1, 41)))
        again = list(pool.map(partial(archive, (second, first)), range(1, 41)))
    assert receipts == again
    assert _database(tmp_path, "SELECT count(*), max(sequence) FROM certificates") == [(40, 40)]


def test_uploads_of_unknown_stations_in_parallel_are_each_kept_once(registry, tmp_path):
    def put(number: int) -> int:
        evidence = evidence_of(number % 5 + 1, signature=b"unknown")
        url = f"{registry}/v1/certificates/{evidence.record_sha256}"
        return requests.put(url, data=encode_evidence(evidence), timeout=60).status_code

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(put, range(60))) == {202}
    assert _database(tmp_path, "SELECT count(*), sum(attempts) FROM quarantine") == [(5, 60)]


def test_registry_that_was_stopped_gets_each_record_exactly_once_later(tmp_path):
    evidence_folder = tmp_path / "evidence"
    evidence_folder.mkdir()
    outbox = outbox_with(evidence_folder, 1, 2, 3)
    with running(settings_in(tmp_path)) as url:
        pass
    silent = upload_pending(outbox, client_for(url))
    assert [r.outcome for r in silent.results] == [UploadOutcome.PENDING] * 3
    assert "can't be reached" in silent.results[0].detail
    with running(settings_in(tmp_path)) as url:
        assert upload_pending(outbox, client_for(url)).complete
        assert upload_pending(outbox, client_for(url)).results == ()
    assert _database(tmp_path, "SELECT count(*), max(sequence) FROM certificates") == [(3, 3)]
    for number in (1, 2, 3):
        receipt = (evidence_folder / record_id(number) / "receipt.json").read_bytes()
        assert check_receipt(receipt, evidence_of(number), KEY.public_key()).sequence == number
