"""The registry's final document on the stick: verified before it is kept, asked for again, never in the way of a receipt."""

import hashlib
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from agent.certificate.report import Degree
from agent.certificate.trust import Trust
from agent.certificate.verify import verify_document
from agent.registry.client import RegistryClient, Timing
from agent.registry.finals import FinalCheck, ask_checkpoint, final_in
from agent.registry.outbox import Outbox
from agent.registry.uploader import upload_pending
from server_stub.finals import Finals
from tests.samples import log_key
from tests.unit.registry.helpers import client_for, record_id
from tests.unit.server_stub.proven import NOW, PKI, proven_registry, real_evidence, trust
from tests.unit.server_stub.samples import KEY


def check(given: Trust | None = None, at: datetime = NOW) -> FinalCheck:
    return FinalCheck(given or trust(), lambda received: max(at, received))


def outbox_with(folder: Path, *numbers: int) -> Outbox:
    outbox = Outbox(folder)
    folder.mkdir(exist_ok=True)
    for number in numbers:
        evidence = real_evidence(number)
        files = {
            "record.json": evidence.record,
            "record.json.p7s": evidence.signature,
            "certificate.pdf": evidence.document,
        }
        outbox.publish(record_id(number), files)
    return outbox


def test_an_upload_ends_with_the_final_document_beside_the_provisional_one(tmp_path: Path) -> None:
    outbox = outbox_with(tmp_path / "evidence", 1, 2)
    with proven_registry(tmp_path) as url:
        report = upload_pending(outbox, client_for(url), check())
        assert report.complete
        assert report.final_remarks == {}
    for number in (1, 2):
        folder = outbox.evidence / record_id(number)
        final = folder / "certificate.final.pdf"
        assert final_in(folder) == final
        assert verify_document(final.read_bytes(), trust(), NOW, Degree.LOGGED).valid
        assert (folder / "certificate.pdf").read_bytes() == real_evidence(number).document
    # The head of the log came with it, and the newest is kept alone.
    assert [path.name for path in (outbox.evidence / "log-checkpoints").iterdir()] == ["2"]
    # What is whole stays whole for the next scan.
    assert outbox.scan().pending == ()
    assert outbox.scan().set_aside == ()


def test_what_the_registry_makes_later_is_fetched_later(tmp_path: Path) -> None:
    outbox = outbox_with(tmp_path / "evidence", 1)
    folder = outbox.evidence / record_id(1)
    with proven_registry(tmp_path, trust=lambda: PKI.trust) as url:
        assert upload_pending(outbox, client_for(url), check()).complete
        assert final_in(folder) is None
    with proven_registry(tmp_path) as url:
        report = upload_pending(outbox, client_for(url), check())
        assert report.results == ()
        assert final_in(folder) is not None


def test_a_torn_file_is_fetched_again(tmp_path: Path) -> None:
    outbox = outbox_with(tmp_path / "evidence", 1)
    folder = outbox.evidence / record_id(1)
    with proven_registry(tmp_path) as url:
        upload_pending(outbox, client_for(url), check())
        whole = (folder / "certificate.final.pdf").read_bytes()
        for torn in (b"", whole[:-1], whole[: len(whole) // 2], bytes(len(whole))):
            (folder / "certificate.final.pdf").write_bytes(torn)
            assert final_in(folder) is None
            upload_pending(outbox, client_for(url), check())
            assert (folder / "certificate.final.pdf").read_bytes() == whole


def test_another_sealed_document_under_that_name_is_not_the_final_one(tmp_path: Path) -> None:
    outbox = outbox_with(tmp_path / "evidence", 1, 2)
    first, second = (outbox.evidence / record_id(number) / "certificate.final.pdf" for number in (1, 2))
    with proven_registry(tmp_path) as url:
        upload_pending(outbox, client_for(url), check())
        whole = second.read_bytes()
        for other in (first.read_bytes(), real_evidence(2).document):
            second.write_bytes(other)
            assert final_in(second.parent) is None
            upload_pending(outbox, client_for(url), check())
            assert second.read_bytes() == whole


@pytest.mark.parametrize(
    "lie", ["another record", "its own copy", "changed", "nothing", "page of HTML", "far too large"]
)
def test_what_does_not_verify_is_not_kept_and_the_record_stays_archived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    outbox = outbox_with(tmp_path / "evidence", 1, 2)
    first, second = (outbox.evidence / record_id(number) for number in (1, 2))
    with proven_registry(tmp_path) as url:
        upload_pending(outbox, client_for(url), check())
        whole = (first / "certificate.final.pdf").read_bytes()
        answers = {
            "another record": whole,
            "its own copy": real_evidence(2).document,
            "changed": whole.replace(b"/Name", b"/Nome", 1),
            "nothing": b"",
            "page of HTML": b"<!doctype html><p>Sign in",
            "far too large": bytes(17 * 1024 * 1024),
        }
        (second / "certificate.final.pdf").unlink()
        monkeypatch.setattr(Finals, "document", lambda *_: answers[lie])
        report = upload_pending(outbox, client_for(url), check())
    assert report.complete
    assert list(report.final_remarks) == [record_id(2)]
    assert final_in(second) is None
    assert not (second / "certificate.final.pdf").exists()
    assert outbox.is_archived(record_id(2))


def test_another_logs_document_is_not_kept(tmp_path: Path) -> None:
    outbox = outbox_with(tmp_path / "evidence", 1)
    given = Trust(PKI.trust.roots, (), (log_key("other")[1],))
    with proven_registry(tmp_path) as url:
        report = upload_pending(outbox, client_for(url), check(given))
    assert "log" in report.final_remarks[record_id(1)]
    assert outbox.checkpoints() == ()


def test_without_the_logs_key_a_document_is_kept_and_no_checkpoint(tmp_path: Path) -> None:
    outbox = outbox_with(tmp_path / "evidence", 1)
    with proven_registry(tmp_path) as url:
        upload_pending(outbox, client_for(url), check(PKI.trust))
    assert final_in(outbox.evidence / record_id(1)) is not None
    assert outbox.checkpoints() == ()


def test_a_kept_checkpoint_never_goes_back(tmp_path: Path) -> None:
    outbox = outbox_with(tmp_path / "evidence")
    for size, note in ((5, b"five"), (3, b"three"), (12, b"twelve")):
        outbox.keep_checkpoint(size, note)
        if size == 3:
            assert outbox.checkpoints() == (b"five", b"three")
    assert outbox.checkpoints() == (b"twelve",)


@pytest.mark.parametrize("off", [timedelta(0), timedelta(days=-7000), timedelta(hours=3)])
def test_the_clock_is_compared_with_the_registrys_date(tmp_path: Path, off: timedelta) -> None:
    outbox = outbox_with(tmp_path / "evidence")
    timing = Timing(now=lambda: datetime.now(NOW.tzinfo) + off)
    with proven_registry(tmp_path) as url:
        found = ask_checkpoint(outbox, RegistryClient(url, KEY.public_key(), timing=timing), trust())
    assert found is not None
    assert found.source == "registry"
    assert abs(timedelta(milliseconds=found.offset_ms) - off) < timedelta(seconds=3)
    assert len(outbox.checkpoints()) == 1


def test_the_final_document_belongs_to_the_record_on_the_stick(tmp_path: Path) -> None:
    outbox = outbox_with(tmp_path / "evidence", 1)
    with proven_registry(tmp_path) as url:
        upload_pending(outbox, client_for(url), check())
    receipt = json.loads((outbox.evidence / record_id(1) / "receipt.json").read_bytes())
    assert receipt["record_sha256"] == hashlib.sha256(real_evidence(1).record).hexdigest()
