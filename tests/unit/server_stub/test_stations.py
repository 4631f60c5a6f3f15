"""Forks of a station's sequence are noticed on arrival and never refuse a record; gaps are shown and may close."""

import hashlib
import itertools
import logging
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from agent.certificate.evidence import Evidence, encode_evidence
from agent.certificate.receipt import check_receipt
from agent.certificate.record import encode_record
from server_stub.app import create_app
from tests.samples import sample_record
from tests.unit.server_stub.samples import KEY, settings_in

NUMBER = "another record has the same number"
PREDECESSOR = "another record follows the same predecessor"
SUCCESSION = "a record with the next number does not follow it"


def made(unique: int, number: int, previous: Evidence | str = "") -> Evidence:
    """A record with this number after that one; `unique` makes its id and bytes its own."""
    record = sample_record(number=unique, sequence=number)
    digest = previous if isinstance(previous, str) else previous.record_sha256
    link = replace(record.station_link, sequence=number, previous_record_sha256=digest)
    return Evidence(encode_record(replace(record, station_link=link)), b"signed", b"%PDF-")


ONE = made(1, 1)
TWO = made(2, 2, ONE)
THREE = made(3, 3, TWO)
FOUR = made(4, 4, THREE)


def put(registry: TestClient, evidence: Evidence) -> str:
    answer = registry.put(f"/v1/certificates/{evidence.record_sha256}", content=encode_evidence(evidence))
    assert answer.status_code in {200, 201}
    check_receipt(answer.content, evidence, KEY.public_key())
    return str(answer.headers.get("Ardoise-Remark", ""))


def forks(registry: TestClient, evidence: Evidence) -> list[tuple[str, str]]:
    found = registry.get(f"/v1/certificates/{evidence.record_sha256}").json()["forks"]
    return [(each["kind"], each["record_sha256"]) for each in found]


@pytest.mark.parametrize("order", itertools.permutations((ONE, TWO, THREE, FOUR)), ids=lambda _: "")
def test_whatever_the_order_of_one_history_there_is_no_fork(tmp_path: Path, order: tuple[Evidence, ...]) -> None:
    with TestClient(create_app(settings_in(tmp_path))) as registry:
        assert [put(registry, each) for each in order] == [""] * 4
        page = registry.get("/stations").text
        assert "1 to 4" in page
        assert "records in forks" not in page


@pytest.mark.parametrize(
    ("there", "arriving", "kind"),
    [
        ((ONE, TWO), made(9, 2, ONE), NUMBER),
        ((ONE, TWO), made(9, 3, ONE), PREDECESSOR),
        ((ONE, TWO), made(9, 3, "cd" * 32), SUCCESSION),
        ((THREE,), made(9, 2, ONE), SUCCESSION),
    ],
)
def test_a_fork_is_archived_remembered_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, there: tuple[Evidence, ...], arriving: Evidence, kind: str
) -> None:
    caplog.set_level(logging.WARNING, "ardoise-registry")
    with TestClient(create_app(settings_in(tmp_path))) as registry:
        for each in there:
            assert put(registry, each) == ""
        assert kind in put(registry, arriving)
        assert kind in put(registry, arriving), "a lost answer is asked for again"
        assert [name for name, _ in forks(registry, arriving)] == [kind]
    assert sum("fork in a station's sequence" in line for line in caplog.messages) == 1
    # Both name each other, after a new start too.
    with TestClient(create_app(settings_in(tmp_path))) as registry:
        ((_, other),) = forks(registry, arriving)
        for mine, theirs in ((arriving.record_sha256, other), (other, arriving.record_sha256)):
            page = registry.get(f"/certificates/{mine}").text
            assert f'/certificates/{theirs}"' in page
            assert kind in page
        assert "2 records in forks" in registry.get("/stations").text


def test_another_station_may_have_the_same_numbers(tmp_path: Path) -> None:
    record = sample_record(number=9, sequence=1)
    stranger = replace(record, issuer=replace(record.issuer, station="stick-of-others"))
    with TestClient(create_app(settings_in(tmp_path))) as registry:
        assert put(registry, ONE) == ""
        assert put(registry, Evidence(encode_record(stranger), b"signed", b"%PDF-")) == ""


def test_gaps_are_shown_and_close(tmp_path: Path) -> None:
    late = made(8, 8, "ab" * 32)
    with TestClient(create_app(settings_in(tmp_path))) as registry:
        for each in (ONE, FOUR, late):
            assert put(registry, each) == ""
        page = registry.get("/stations").text
        assert "5: 2 to 3, 5 to 7" in page
        put(registry, THREE)
        assert "4: 2, 5 to 7" in registry.get("/stations").text
        put(registry, TWO)
        assert "3: 5 to 7" in registry.get("/stations").text


def test_a_number_beyond_every_count_is_archived_all_the_same(tmp_path: Path) -> None:
    with TestClient(create_app(settings_in(tmp_path))) as registry:
        assert put(registry, made(9, 10**30)) == ""
        assert put(registry, made(11, 2**63 - 1, "cd" * 32)) == ""
        assert put(registry, made(10, 2**62, "ab" * 32)) == ""


def test_what_was_archived_before_is_judged_at_the_next_start(tmp_path: Path) -> None:
    """Version 2 of the tables knew no places."""
    second = made(9, 2, ONE)
    with TestClient(create_app(settings_in(tmp_path))) as registry:
        for each in (ONE, TWO, second):
            put(registry, each)
    with sqlite3.connect(tmp_path / "registry.sqlite") as database:
        for table in ("forks", "station_links"):
            database.execute(f"DROP TABLE {table}")
        database.execute("UPDATE head SET schema_version = 2")
    database.close()
    with TestClient(create_app(settings_in(tmp_path))) as registry:
        assert forks(registry, second) == [(NUMBER, hashlib.sha256(TWO.record).hexdigest())]
