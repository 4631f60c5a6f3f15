"""Whether a record is there whole, asked without moving anything."""

import pytest

from tests.unit.registry.helpers import outbox_with, record_id


def test_published_record_is_whole_with_and_without_manifest(tmp_path):
    outbox = outbox_with(tmp_path, 1)
    assert outbox.is_whole(record_id(1))
    (tmp_path / record_id(1) / "manifest.json").unlink()
    assert outbox.is_whole(record_id(1))


@pytest.mark.parametrize("name", ["record.json", "record.json.p7s", "certificate.pdf", "manifest.json"])
def test_damaged_record_is_not_whole_and_stays_where_it_is(tmp_path, name):
    outbox = outbox_with(tmp_path, 1)
    (tmp_path / record_id(1) / name).write_bytes(b"torn")
    assert not outbox.is_whole(record_id(1))
    assert [p.name for p in tmp_path.iterdir()] == [record_id(1)]


def test_record_that_is_hidden_or_missing_or_elsewhere_is_not_whole(tmp_path):
    outbox = outbox_with(tmp_path, 1)
    assert not outbox.is_whole(record_id(2))
    assert not outbox.is_whole(f"../{tmp_path.name}/{record_id(1)}")
    (tmp_path / record_id(1)).rename(tmp_path / f".{record_id(1)}.0badcafe.new")
    assert not outbox.is_whole(record_id(1))
