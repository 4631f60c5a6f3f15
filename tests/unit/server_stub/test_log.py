"""The log: whatever is receipted is in it, also after crashes; tiles and checkpoints as C2SP tlog-tiles asks for them."""

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pymerkle
import pytest
import requests
from sqlalchemy import select

from agent.certificate.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from agent.certificate.evidence import encode_evidence
from agent.certificate.log_proof import check_proof
from agent.certificate.note import parse_verifier_key
from agent.certificate.receipt import read_receipt
from agent.errors import EnvironmentLacks
from server_stub.app import create_app
from server_stub.authority import open_folder
from server_stub.log_files import LogFiles
from server_stub.store import Store
from server_stub.tables import certificates, log_entries
from server_stub.translog import append_entry, sign_head
from tests.samples import ORIGIN, log_key
from tests.unit.server_stub.proven import NOW, authority, proven_registry, proven_settings
from tests.unit.server_stub.samples import KEY, evidence_of

_PROJECT = Path(__file__).parents[3]
LOG = log_key()[1]


def put(url: str, number: int) -> requests.Response:
    evidence = evidence_of(number)
    return requests.put(
        f"{url}/v1/certificates/{evidence.record_sha256}", data=encode_evidence(evidence), timeout=60
    )


def get(url: str, path: str) -> requests.Response:
    return requests.get(f"{url}/{path}", timeout=30)


def expected_root(digests: list[bytes]) -> bytes:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for digest in digests:
        tree.append_entry(digest)
    return tree.get_root()


def digest_of(number: int) -> bytes:
    return bytes.fromhex(evidence_of(number).record_sha256)


def test_fifty_uploads_at_once_are_all_logged_under_one_root(tmp_path: Path) -> None:
    with proven_registry(tmp_path) as url, ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda number: put(url, number), range(1, 51)))
        assert [answer.status_code for answer in answers] == [201] * 50
        head = open_checkpoint(get(url, "checkpoint").content, [LOG])
        entries = get(url, "tile/entries/000.p/50").content
        by_place = [entries[at + 2 : at + 34] for at in range(0, len(entries), 34)]
        assert (head.size, head.root) == (50, expected_root(by_place))
        assert sorted(by_place) == sorted(digest_of(number) for number in range(1, 51))
        for number, answer in enumerate(answers, 1):
            digest = digest_of(number)
            proof = get(url, f"v1/certificates/{digest.hex()}/log-proof").content
            logged = check_proof(proof, digest, [LOG])
            assert logged.index == read_receipt(answer.content).sequence - 1 == by_place.index(digest)


def test_tiles_over_http_and_as_files_are_the_same(tmp_path: Path) -> None:
    with proven_registry(tmp_path) as url:
        for number in range(1, 4):
            put(url, number)
        tile = get(url, "tile/0/000.p/3")
        leaves = [hashlib.sha256(b"\x00" + digest_of(number)).digest() for number in range(1, 4)]
        assert tile.content == b"".join(leaves)
        assert tile.headers["Content-Type"] == "application/octet-stream"
        assert "immutable" in tile.headers["Cache-Control"]
        assert get(url, "tile/0/000.p/2").content == b"".join(leaves[:2])
        assert get(url, "checkpoint").headers["Content-Type"] == "text/plain; charset=utf-8"
        for missing in ("tile/0/000", "tile/0/000.p/4", "tile/1/000.p/1", "tile/0/001.p/1", "tile/0/000.p/03",
                        "tile/0/..%2f000", "tile/entries/000.p/4", "tile/64/000"):  # fmt: skip
            assert get(url, missing).status_code == 404, missing
        for name in ("checkpoint", "log.vkey", "tile/0/000.p/3", "tile/entries/000.p/3"):
            assert (tmp_path / "log" / name).read_bytes() == get(url, name).content
        assert parse_verifier_key(get(url, "log.vkey").text) == LOG


def test_a_tree_of_more_than_one_tile(tmp_path: Path) -> None:
    digests = [hashlib.sha256(str(n).encode()).digest() for n in range(600)]
    settings = proven_settings(tmp_path)
    store = Store(settings.database, KEY, authority())
    files = LogFiles(tmp_path / "log", store.engine, authority().log)
    for begin in range(0, 600, 100):
        with store.writing() as connection:
            for digest in digests[begin : begin + 100]:
                append_entry(connection, digest)
            sign_head(connection, authority().log)
        files.update()
    store.close()
    head = open_checkpoint((tmp_path / "log/checkpoint").read_bytes(), [LOG])
    assert (head.size, head.root) == (600, expected_root(digests))
    folder = tmp_path / "log/tile"
    assert {len((folder / name).read_bytes()) for name in ("0/000", "0/001")} == {8192}
    assert len((folder / "0/002.p/88").read_bytes()) == 88 * 32
    first = (folder / "0/000").read_bytes()
    assert first == b"".join(hashlib.sha256(b"\x00" + digest).digest() for digest in digests[:256])
    assert (folder / "1/000.p/2").read_bytes()[:32] == expected_root(digests[:256])


def test_a_database_without_log_is_logged_at_the_next_start(tmp_path: Path) -> None:
    """Version 1 of the tables had neither log nor proofs."""
    with proven_registry(tmp_path, authority=None) as url:
        for number in (1, 2, 3):
            put(url, number)
    with sqlite3.connect(tmp_path / "registry.sqlite") as database:
        for table in ("log_entries", "log_tiles", "log_head", "proofs"):
            database.execute(f"DROP TABLE {table}")
        database.execute("UPDATE head SET schema_version = 1")
    database.close()
    with proven_registry(tmp_path) as url:
        assert open_checkpoint(get(url, "checkpoint").content, [LOG]).size == 3
        for number in (1, 2, 3):
            proof = get(url, f"v1/certificates/{digest_of(number).hex()}/log-proof").content
            assert check_proof(proof, digest_of(number), [LOG]).index == number - 1


def test_what_was_archived_without_keys_gets_its_proofs_later(tmp_path: Path) -> None:
    with proven_registry(tmp_path, authority=None) as url:
        put(url, 1)
        assert get(url, "checkpoint").status_code == 404
        assert get(url, f"v1/certificates/{digest_of(1).hex()}/log-proof").status_code == 404
    with proven_registry(tmp_path) as url:
        assert get(url, f"v1/certificates/{digest_of(1).hex()}/time-stamp").status_code == 200


def test_an_older_database_does_not_sign_a_second_history(tmp_path: Path) -> None:
    with proven_registry(tmp_path) as url:
        put(url, 1)
    kept = (tmp_path / "registry.sqlite").read_bytes()
    with proven_registry(tmp_path) as url:
        put(url, 2)
    (tmp_path / "registry.sqlite").write_bytes(kept)
    with pytest.raises(EnvironmentLacks, match="does not continue the log"):
        create_app(proven_settings(tmp_path))


def test_a_head_published_meanwhile_by_another_process_is_never_taken_back(tmp_path: Path) -> None:
    ahead = sign_checkpoint(Checkpoint(ORIGIN, 5, b"5" * 32), log_key()[0])
    with proven_registry(tmp_path) as url:
        put(url, 1)
        (tmp_path / "log" / "checkpoint").write_bytes(ahead)
        put(url, 2)
        assert (tmp_path / "log" / "checkpoint").read_bytes() == ahead


def test_another_history_of_the_same_size_is_refused(tmp_path: Path) -> None:
    with proven_registry(tmp_path) as url:
        put(url, 1)
    (tmp_path / "registry.sqlite").unlink()
    with proven_registry(tmp_path, log_folder=None) as url:
        put(url, 2)
    with pytest.raises(EnvironmentLacks, match="does not continue the log"):
        create_app(proven_settings(tmp_path))


def test_another_logs_key_and_folder_are_refused(tmp_path: Path) -> None:
    with proven_registry(tmp_path) as url:
        put(url, 1)
    with pytest.raises(EnvironmentLacks, match="is not of this log"):
        create_app(proven_settings(tmp_path, authority=authority(seed="other")))
    with pytest.raises(EnvironmentLacks, match="holds the log"):
        create_app(proven_settings(tmp_path, authority=authority(origin="log.example/another")))


@pytest.mark.parametrize("damage", [
    "UPDATE log_tiles SET hashes = zeroblob(64) WHERE level = 0",
    "DELETE FROM log_tiles",
    "UPDATE log_head SET root = zeroblob(32)",
    "UPDATE log_head SET size = 1",
])  # fmt: skip
def test_a_damaged_tree_is_not_signed(tmp_path: Path, damage: str) -> None:
    with proven_registry(tmp_path) as url:
        put(url, 1)
        put(url, 2)
    with sqlite3.connect(tmp_path / "registry.sqlite") as database:
        database.execute(damage)
    database.close()
    with pytest.raises(EnvironmentLacks):
        create_app(proven_settings(tmp_path))


def test_a_full_disk_for_the_files_does_not_hold_up_receipts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proven_registry(tmp_path) as url:

        def full(*_arguments: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("server_stub.log_files.write_durably", full)
        assert put(url, 1).status_code == 201
        assert open_checkpoint((tmp_path / "log/checkpoint").read_bytes(), [LOG]).size == 0
        monkeypatch.undo()
        assert put(url, 2).status_code == 201
        assert open_checkpoint((tmp_path / "log/checkpoint").read_bytes(), [LOG]).size == 2


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from agent.certificate.evidence import decode_evidence
    from tests.unit.server_stub import proven
    from server_stub import store, log_files, proving
    from server_stub.app import create_app
    from server_stub.store import Store
    from server_stub.verdict import Accept
    from agent.certificate.record import decode_record

    def die(*arguments, **more):
        os.kill(os.getpid(), signal.SIGKILL)

    step, folder = sys.argv[1], Path(sys.argv[2])
    settings = proven.proven_settings(folder)
    opened = Store(settings.database, settings.key, settings.authority)
    # Made by the test: certificates have random serial numbers, another process would make other records.
    evidence = decode_evidence((folder / "body").read_bytes())
    files = log_files.LogFiles(folder / "log", opened.engine, settings.authority.log)
    if step == "before log":
        store.log_record = die
    elif step == "before proofs":
        store.add_proofs = die
    elif step == "in proofs":
        proving.make_token = die
    opened.archive(evidence, Accept(decode_record(evidence.record), test_root=False), proven.NOW)
    if step == "before files":
        die()
    log_files.write_durably_before = log_files.write_durably
    def only_tiles(path, data, *more):
        die() if path.name == "checkpoint" else log_files.write_durably_before(path, data, *more)
    log_files.write_durably = only_tiles
    files.update()
"""


@pytest.mark.parametrize("step", ["before log", "before proofs", "in proofs", "before files", "before checkpoint"])
def test_a_kill_between_any_two_steps_leaves_all_or_nothing(tmp_path: Path, step: str, allow_programs) -> None:
    allow_programs(Path(sys.executable).name)
    with proven_registry(tmp_path) as url:
        put(url, 1)
    (tmp_path / "body").write_bytes(encode_evidence(evidence_of(2)))
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PYTHONPATH": str(_PROJECT)}
    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), step, str(tmp_path)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    settings = proven_settings(tmp_path)
    store = Store(settings.database, KEY, authority())
    with store.engine.connect() as connection:
        archived = connection.execute(
            select(certificates.c.record_sha256).order_by(certificates.c.sequence)
        ).scalars()
        logged = connection.execute(select(log_entries.c.entry).order_by(log_entries.c.number)).scalars()
        assert [bytes.fromhex(each) for each in archived] == list(logged)
    store.close()
    with proven_registry(tmp_path) as url:
        assert put(url, 2).status_code == (200 if step in {"before files", "before checkpoint"} else 201)
        assert put(url, 3).status_code == 201
        head = open_checkpoint(get(url, "checkpoint").content, [LOG])
        assert (head.size, head.root) == (3, expected_root([digest_of(number) for number in (1, 2, 3)]))
        assert (tmp_path / "log/checkpoint").read_bytes() == get(url, "checkpoint").content


def test_serial_numbers_of_stamps_never_repeat(tmp_path: Path) -> None:
    from agent.certificate.timestamp import open_token, token_of  # noqa: PLC0415

    serials = []
    for begin in (1, 11):
        with proven_registry(tmp_path) as url, ThreadPoolExecutor(5) as pool:
            list(pool.map(lambda number: put(url, number), range(begin, begin + 10)))
            for number in range(begin, begin + 10):
                response = get(url, f"v1/certificates/{digest_of(number).hex()}/time-stamp").content
                stamp = open_token(token_of(response), hashlib.sha256(evidence_of(number).signature).digest())
                assert stamp.time == NOW
                serials.append(stamp.serial)
    assert len(set(serials)) == 20
    assert min(serials[10:]) > max(serials[:10])


def test_a_tree_that_is_changed_while_the_registry_runs_is_not_signed_on(tmp_path: Path) -> None:
    with proven_registry(tmp_path) as url:
        put(url, 1)
        put(url, 2)
        signed = get(url, "checkpoint").content
        with sqlite3.connect(tmp_path / "registry.sqlite") as database:
            database.execute("UPDATE log_tiles SET hashes = zeroblob(64) WHERE level = 0")
        database.close()
        assert put(url, 3).status_code == 503
        assert get(url, "checkpoint").content == signed
        assert get(url, f"v1/certificates/{digest_of(3).hex()}").status_code == 404


def test_a_lost_key_is_never_made_anew(tmp_path: Path) -> None:
    open_folder(tmp_path / "keys", "log.example/a")
    before = (tmp_path / "keys" / "log.vkey").read_bytes()
    (tmp_path / "keys" / "log.key").unlink()
    with pytest.raises(EnvironmentLacks, match="is missing"):
        open_folder(tmp_path / "keys", "log.example/a")
    assert (tmp_path / "keys" / "log.vkey").read_bytes() == before
