"""A receipt speaks for the registry that gave it: another one has to be asked, and no receipt is ever lost for it."""

import errno
import os

import pytest

import agent.registry.outbox
from agent.certificate.receipt import make_receipt, registry_id
from agent.errors import EvidenceError
from agent.registry.uploader import UploadOutcome, upload_pending
from tests.samples import AT
from tests.unit.registry.helpers import client_for, outbox_with, record_id
from tests.unit.registry.liars import http, lying
from tests.unit.server_stub.samples import KEY, OTHER_KEY, evidence_of

_A, _B = registry_id(KEY.public_key()), registry_id(OTHER_KEY.public_key())


def _receipt(key=KEY, sequence: int = 1) -> bytes:
    return make_receipt(evidence_of(1), AT, sequence, key)


def _upload(outbox, key):
    with lying(lambda *_: http("201 Created", _receipt(key))) as (url, bodies):
        return upload_pending(outbox, client_for(url, key=key)), len(bodies)


def _receipts(folder) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in (folder / record_id(1)).glob("receipt*")}


def test_registry_that_has_nothing_is_asked_though_another_has_it(tmp_path):
    outbox = outbox_with(tmp_path, 1)
    assert _upload(outbox, KEY)[0].complete
    report, asked = _upload(outbox, OTHER_KEY)
    assert ([r.outcome for r in report.results], asked) == ([UploadOutcome.ARCHIVED], 1)
    assert _receipts(tmp_path) == {"receipt.json": _receipt(OTHER_KEY), f"receipt.{_A[:16]}.json": _receipt(KEY)}


def test_registry_that_is_not_there_leaves_the_record_waiting_for_it(tmp_path):
    outbox = outbox_with(tmp_path, 1)
    outbox.store_receipt(record_id(1), _receipt(KEY))
    with lying(lambda *_: b"") as (url, _):
        report = upload_pending(outbox, client_for(url, key=OTHER_KEY))
    assert ([r.outcome for r in report.results], report.complete) == ([UploadOutcome.PENDING], False)
    assert _receipts(tmp_path) == {"receipt.json": _receipt(KEY)}


def test_without_a_key_any_receipt_counts(tmp_path):
    outbox = outbox_with(tmp_path, 1)
    outbox.store_receipt(record_id(1), _receipt(KEY))
    assert outbox.scan().pending == ()
    assert [r.record_id for r in outbox.scan(_B).pending] == [record_id(1)]
    assert outbox.scan(_A).pending == ()


def test_both_registries_stay_answered(tmp_path):
    outbox = outbox_with(tmp_path, 1)
    for key in (KEY, OTHER_KEY, KEY, OTHER_KEY):
        _upload(outbox, key)
    assert _upload(outbox, KEY) == _upload(outbox, OTHER_KEY)
    assert _upload(outbox, KEY)[1] == 0
    assert len(_receipts(tmp_path)) == 2


def test_is_archived_says_where(tmp_path):
    outbox = outbox_with(tmp_path, 1)
    assert not outbox.is_archived(record_id(1))
    outbox.store_receipt(record_id(1), _receipt(KEY))
    asked = (None, _A, _B)
    assert [outbox.is_archived(record_id(1), r) for r in asked] == [True, True, False]
    outbox.store_receipt(record_id(1), _receipt(OTHER_KEY))
    assert [outbox.is_archived(record_id(1), r) for r in asked] == [True, True, True]
    (tmp_path / record_id(1) / "receipt.json").write_bytes(b"")
    assert [outbox.is_archived(record_id(1), r) for r in asked] == [False, True, False]
    assert not outbox.is_archived("../" + tmp_path.name + "/" + record_id(1))
    assert not outbox.is_archived(record_id(2))


def test_damaged_kept_receipt_is_set_aside_and_asked_for_again(tmp_path):
    outbox = outbox_with(tmp_path, 1)
    outbox.store_receipt(record_id(1), _receipt(KEY))
    outbox.store_receipt(record_id(1), _receipt(OTHER_KEY))
    kept = tmp_path / record_id(1) / f"receipt.{_A[:16]}.json"
    kept.write_bytes(b"torn")
    scan = outbox.scan(_A)
    assert [r.record_id for r in scan.pending] == [record_id(1)]
    assert [(a.was, a.now.read_bytes()) for a in scan.set_aside] == [(kept, b"torn")]


@pytest.mark.parametrize("former", ["of the same registry", "torn"])
def test_no_former_receipt_is_overwritten(tmp_path, former):
    data = _receipt(KEY, 7) if former == "of the same registry" else b"torn"
    outbox = outbox_with(tmp_path, 1)
    outbox.store_receipt(record_id(1), data)
    outbox.store_receipt(record_id(1), _receipt(KEY, 8))
    outbox.store_receipt(record_id(1), _receipt(KEY, 9))
    assert _receipts(tmp_path)["receipt.json"] == _receipt(KEY, 9)
    assert {data, _receipt(KEY, 8)} <= {p.read_bytes() for p in tmp_path.rglob("*receipt*")}


def test_receipt_that_can_not_be_kept_is_not_replaced(tmp_path):
    outbox = outbox_with(tmp_path, 1)
    outbox.store_receipt(record_id(1), b"torn")
    (tmp_path / "set-aside").write_bytes(b"a file where the folder should be")
    with pytest.raises(EvidenceError, match="could not be moved"):
        outbox.store_receipt(record_id(1), _receipt(KEY))
    assert _receipts(tmp_path) == {"receipt.json": b"torn"}


def test_full_stick_keeps_the_former_receipt_in_its_place(tmp_path, monkeypatch):
    outbox = outbox_with(tmp_path, 1)
    outbox.store_receipt(record_id(1), _receipt(KEY))

    def full(_path, _data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(agent.registry.outbox, "write_durably", full)
    with pytest.raises(EvidenceError, match="is full"):
        outbox.store_receipt(record_id(1), _receipt(OTHER_KEY))
    assert _receipts(tmp_path) == {"receipt.json": _receipt(KEY)}
