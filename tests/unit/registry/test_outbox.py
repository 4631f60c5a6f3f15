"""A record is visible whole or not at all; what is damaged is kept aside and told."""

import errno
import multiprocessing
import os
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import agent.durable
import agent.registry.outbox
import agent.registry.writable
from agent.certificate.receipt import make_receipt
from agent.errors import EvidenceError
from agent.registry.folder import CorruptFolder, read_folder
from agent.registry.outbox import Outbox
from agent.registry.writable import check_writable
from tests.samples import AT
from tests.unit.registry.helpers import files_of, outbox_with, record_id
from tests.unit.server_stub.samples import KEY, evidence_of


def _receipt(number: int) -> bytes:
    return make_receipt(evidence_of(number), AT, number, KEY)


def _waiting(outbox: Outbox) -> list[str]:
    return [record.record_id for record in outbox.scan().pending]


def test_published_record_is_whole_and_waits(tmp_path):
    outbox = outbox_with(tmp_path, 1)
    folder = tmp_path / record_id(1)
    assert sorted(p.name for p in folder.iterdir()) == [
        "certificate.pdf",
        "manifest.json",
        "record.json",
        "record.json.p7s",
    ]
    assert all((folder / name).read_bytes() == data for name, data in files_of(1).items())
    assert [p.name for p in tmp_path.iterdir()] == [record_id(1)]
    (record,) = outbox.scan().pending
    assert outbox.load(record) == evidence_of(1)


def test_publishing_the_same_again_is_no_error_and_other_bytes_are(tmp_path):
    outbox = outbox_with(tmp_path, 1, 1)
    with pytest.raises(EvidenceError, match="Another record"):
        outbox.publish(record_id(1), files_of(1) | {"record.json.p7s": b"other"})
    assert read_folder(tmp_path / record_id(1)) == files_of(1)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("../escape", {}),
        (record_id(1).upper(), {}),
        (record_id(1), {"record.pdf": b"second document"}),
        (record_id(1), {"../x": b"outside"}),
        (record_id(1), {"certificate.pdf": None}),
        (record_id(1), {"record.json": b""}),
    ],
    ids=str,
)
def test_only_the_files_of_one_record_are_published(tmp_path, name, changes):
    files = {name: data for name, data in (files_of(1) | changes).items() if data is not None}
    with pytest.raises(ValueError, match="not the files"):
        Outbox(tmp_path).publish(name, files)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["at once", "in the record", "in the document", "in the manifest"])
def test_full_folder_leaves_nothing_visible(tmp_path, monkeypatch, place):
    outbox = outbox_with(tmp_path, 1)
    sizes = [len(data) for data in files_of(2).values()]
    left = [
        {"at once": 0, "in the record": 1, "in the document": sum(sizes) - 1, "in the manifest": sum(sizes) + 1}[
            place
        ]
    ]
    write = os.write

    def short_of_space(descriptor, data):
        if left[0] <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        count = write(descriptor, bytes(data)[: left[0]])
        left[0] -= count
        return count

    monkeypatch.setattr(agent.durable.os, "write", short_of_space)
    with pytest.raises(EvidenceError, match="is full") as caught:
        outbox.publish(record_id(2), files_of(2))
    assert "stick" in caught.value.remedy
    assert [p.name for p in tmp_path.iterdir()] == [record_id(1)]


def test_every_file_and_folder_is_synced_before_it_shows(tmp_path, monkeypatch):
    steps: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def seen_fsync(descriptor):
        steps.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name)
        fsync(descriptor)

    def seen_rename(self, target):
        steps.append("RENAME")
        return rename(self, target)

    monkeypatch.setattr(agent.durable.os, "fsync", seen_fsync)
    monkeypatch.setattr(Path, "rename", seen_rename)
    Outbox(tmp_path).publish(record_id(1), files_of(1))
    shown = steps.index("RENAME")
    assert steps[:4] == ["record.json", "record.json.p7s", "certificate.pdf", "manifest.json"]
    assert steps[4].startswith(f".{record_id(1)}.")
    assert steps[shown + 1 :] == [tmp_path.name]


@pytest.mark.parametrize("name", ["record.json", "record.json.p7s", "certificate.pdf", "manifest.json"])
@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "folder", "dangling"])
def test_damaged_record_is_set_aside_and_told(tmp_path, name, damage):
    outbox = outbox_with(tmp_path, 1, 2)
    path = tmp_path / record_id(1) / name
    data = path.read_bytes()
    path.unlink()
    if damage == "flip":
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    elif damage == "truncate":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "folder":
        path.mkdir()
    else:
        path.symlink_to("/nowhere")
    if (name, damage) == ("manifest.json", "dangling"):
        # As good as no manifest: the three files speak for themselves.
        assert _waiting(outbox) == [record_id(1), record_id(2)]
        return
    scan = outbox.scan()
    assert [r.record_id for r in scan.pending] == [record_id(2)]
    (aside,) = scan.set_aside
    assert (aside.was, aside.now.parent) == (tmp_path / record_id(1), tmp_path / "set-aside")
    assert aside.reason
    assert (aside.now / ("record.json" if name != "record.json" else "certificate.pdf")).exists()
    assert outbox.scan().set_aside == ()


@pytest.mark.parametrize("name", ["record.json", "record.json.p7s", "certificate.pdf"])
def test_missing_file_sets_the_record_aside(tmp_path, name):
    outbox = outbox_with(tmp_path, 1)
    (tmp_path / record_id(1) / name).unlink()
    scan = outbox.scan()
    assert (scan.pending, len(scan.set_aside)) == ((), 1)


def test_files_copied_by_hand_need_no_manifest(tmp_path):
    outbox = outbox_with(tmp_path, 1)
    (tmp_path / record_id(1) / "manifest.json").unlink()
    assert _waiting(outbox) == [record_id(1)]


def test_symbolic_link_to_a_folder_is_set_aside_unread(tmp_path):
    outbox = outbox_with(tmp_path / "a" if (tmp_path / "a").mkdir() is None else tmp_path, 1)
    elsewhere = tmp_path / "elsewhere"
    (tmp_path / "a" / record_id(1)).rename(elsewhere)
    (tmp_path / "a" / record_id(1)).symlink_to(elsewhere)
    assert outbox.scan().pending == ()
    assert read_folder(elsewhere) == files_of(1)


def test_whole_left_over_of_a_crash_is_adopted(tmp_path):
    outbox = outbox_with(tmp_path, 1)
    (tmp_path / record_id(1)).rename(tmp_path / f".{record_id(1)}.0badcafe.new")
    scan = outbox.scan()
    assert [r.record_id for r in scan.pending] == [record_id(1)]
    assert scan.set_aside == ()
    assert read_folder(tmp_path / record_id(1), manifest_required=True) == files_of(1)


def test_partial_left_over_of_a_crash_is_set_aside(tmp_path):
    outbox = outbox_with(tmp_path, 1)
    (tmp_path / record_id(1) / "manifest.json").unlink()
    (tmp_path / record_id(1)).rename(tmp_path / f".{record_id(1)}.0badcafe.new")
    scan = outbox.scan()
    assert (scan.pending, len(scan.set_aside)) == ((), 1)
    assert "interrupted publication" in scan.set_aside[0].reason


def test_publishing_over_a_damaged_folder_keeps_the_damaged_one_aside(tmp_path):
    outbox = outbox_with(tmp_path, 1)
    (tmp_path / record_id(1) / "record.json").write_bytes(b"")
    outbox.publish(record_id(1), files_of(1))
    assert read_folder(tmp_path / record_id(1)) == files_of(1)
    assert len(list((tmp_path / "set-aside").iterdir())) == 1


def test_record_with_receipt_no_longer_waits(tmp_path):
    outbox = outbox_with(tmp_path, 1, 2)
    path = outbox.store_receipt(record_id(1), _receipt(1))
    assert path.read_bytes() == _receipt(1)
    assert _waiting(outbox) == [record_id(2)]


@pytest.mark.parametrize("kind", ["empty", "other JSON", "zeros", "of another record"])
def test_useless_receipt_is_set_aside_and_the_record_waits_again(tmp_path, kind):
    receipt = {"empty": b"", "other JSON": b"{}", "zeros": bytes(400), "of another record": _receipt(2)}[kind]
    outbox = outbox_with(tmp_path, 1)
    outbox.store_receipt(record_id(1), receipt)
    scan = outbox.scan()
    assert [r.record_id for r in scan.pending] == [record_id(1)]
    assert scan.set_aside[0].now.read_bytes() == receipt


def test_folder_damaged_after_the_scan_is_not_uploaded(tmp_path):
    outbox = outbox_with(tmp_path, 1)
    (record,) = outbox.scan().pending
    (record.folder / "record.json").write_bytes(b"{}")
    with pytest.raises(EvidenceError, match="differs"):
        outbox.load(record)


def test_journal_and_strange_folders_stay_where_they_are(tmp_path):
    (tmp_path / "journal").mkdir()
    (tmp_path / "photos of the shop").mkdir()
    assert Outbox(tmp_path).scan() == type(Outbox(tmp_path).scan())((), ())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["journal", "photos of the shop"]


def test_missing_evidence_folder_is_told(tmp_path):
    for act in (Outbox(tmp_path / "no").scan, lambda: Outbox(tmp_path / "no").publish(record_id(1), files_of(1))):
        with pytest.raises(EvidenceError):
            act()


def _publish_for_ever(folder: str, first: int) -> None:
    outbox = Outbox(Path(folder))
    for number in range(first, 4096):
        outbox.publish(record_id(number), files_of(1))


def test_sigkill_at_random_moments_shows_only_whole_records(tmp_path):
    chance = random.Random(20261121)
    context = multiprocessing.get_context("fork")
    seen = 0
    for round_number in range(20):
        child = context.Process(target=_publish_for_ever, args=(str(tmp_path), 200 * round_number))
        child.start()
        deadline = time.monotonic() + 10
        while len(list(tmp_path.glob("019aa*"))) <= seen and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(chance.random() * 0.03)
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        whole = list(tmp_path.glob("019aa*"))
        assert all(read_folder(f, manifest_required=True) == files_of(1) for f in whole)
        seen = len(whole)
    assert seen >= 20
    scan = Outbox(tmp_path).scan()
    assert seen <= len(scan.pending) <= seen + 20
    assert not list(tmp_path.glob(".*"))


def test_scan_waits_for_a_publication_instead_of_taking_its_folder(tmp_path, monkeypatch):
    half_written, go_on = threading.Event(), threading.Event()

    def slow_write(path, data):
        agent.durable.write_synced(path, data)
        half_written.set()
        assert go_on.wait(30)

    monkeypatch.setattr(agent.registry.outbox, "write_synced", slow_write)
    outbox = Outbox(tmp_path)
    with ThreadPoolExecutor(2) as pool:
        publication = pool.submit(outbox.publish, record_id(1), files_of(1))
        assert half_written.wait(30)
        scan = pool.submit(Outbox(tmp_path).scan)
        with pytest.raises(TimeoutError):
            scan.result(0.2)
        go_on.set()
        publication.result(30)
        assert [r.record_id for r in scan.result(30).pending] == [record_id(1)]
    assert not (tmp_path / "set-aside").exists()


# check_writable -----------------------------------------------------------------------------------------------


def test_good_folder_is_left_as_it_was(tmp_path):
    check_writable(tmp_path, minimum_free_mib=1)
    assert list(tmp_path.iterdir()) == []


def test_missing_folder_is_refused_with_remedy(tmp_path):
    with pytest.raises(EvidenceError, match="not there") as caught:
        check_writable(tmp_path / "no")
    assert "--evidence" in caught.value.remedy
    assert caught.value.exit_code == 3


def test_folder_in_which_nobody_can_write_is_refused():
    # Not even root can make a file in sysfs; both errors that kernels give for it end here.
    with pytest.raises(EvidenceError, match=r"permission|read-only"):
        check_writable(Path("/sys/kernel"))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.EROFS, "read-only"),
        (errno.ENOSPC, "full"),
        (errno.EDQUOT, "full"),
        (errno.EACCES, "permission"),
        (errno.EIO, "can't be written"),
    ],
)
def test_what_the_system_says_is_told_with_remedy(tmp_path, code, words):
    def refused(path, data):
        path.write_bytes(b"begun")
        raise OSError(code, os.strerror(code))

    with pytest.raises(EvidenceError, match=words) as caught:
        check_writable(tmp_path, write=refused)
    assert caught.value.remedy
    assert list(tmp_path.iterdir()) == []


def test_folder_whose_entries_can_not_be_synced_is_refused(tmp_path, monkeypatch):
    def failing(_folder):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(agent.registry.writable, "sync_folder", failing)
    with pytest.raises(EvidenceError, match="can't be written"):
        check_writable(tmp_path)


def test_too_little_space_is_refused_before_anything_starts(tmp_path):
    with pytest.raises(EvidenceError, match="has 63 MiB left; 64 MiB"):
        check_writable(tmp_path, free_bytes=lambda _: 64 * 2**20 - 1)
    check_writable(tmp_path, free_bytes=lambda _: 64 * 2**20)


def test_read_folder_refuses_a_giant(tmp_path):
    folder = outbox_with(tmp_path, 1).evidence / record_id(1)
    os.truncate(folder / "certificate.pdf", 10**9)
    with pytest.raises(CorruptFolder, match="too large"):
        read_folder(folder)


@pytest.mark.parametrize("lack", [errno.EMFILE, errno.ENFILE, errno.ENOMEM])
def test_what_this_machine_lacks_for_a_moment_is_no_damage(tmp_path, monkeypatch, lack):
    outbox = outbox_with(tmp_path, 1)
    real = os.open

    def lacking(path, *rest, **more):
        if str(path).endswith("record.json"):
            raise OSError(lack, os.strerror(lack))
        return real(path, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", lacking)
        with pytest.raises(EvidenceError, match="can't be read now"):
            outbox.scan()
        assert not outbox.is_whole(record_id(1))
    assert _waiting(outbox) == [record_id(1)]
