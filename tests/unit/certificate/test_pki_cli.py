"""`ardoise pki`: a chain, stations and a revocation list, whole or not at all, never overwritten."""

import argparse
import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from agent import pki_cli
from agent.certificate.cades import sign_detached
from agent.certificate.record import encode_record
from agent.certificate.report import FailureKind
from agent.certificate.station import StationKey, load_station_key
from agent.certificate.trust import load_trust
from agent.certificate.verify import verify_record
from agent.errors import EnvironmentLacks, KeyLocked, Refused, UsageError
from agent.pki_cli import folder
from tests.samples import sample_record

WORDS = "eight words are better than these"


@pytest.fixture
def words(tmp_path: Path) -> Path:
    file = tmp_path / "words"
    file.write_text(WORDS + "\n")
    return file


@pytest.fixture(autouse=True)
def _quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    lock = folder.lock_key
    monkeypatch.setattr(folder, "lock_key", lambda key, words: lock(key, words, iterations=1000))


def _run(*argv: str) -> int:
    parser = argparse.ArgumentParser()
    pki_cli.add_pki_commands(parser.add_subparsers(dest="command"))
    return pki_cli.run_pki(parser.parse_args(["pki", *argv]))


def _chain(place: Path, words: Path, *options: str) -> Path:
    assert (
        _run("init", str(place / "pki"), "--organisation", "Réseau", "--passphrase-file", str(words), *options) == 0
    )
    return place / "pki"


def _station(pki: Path, out: Path, words: Path, *options: str) -> None:
    assert (
        _run(
            "issue-station",
            str(pki),
            "--name",
            "stick-1",
            "--out",
            str(out),
            "--passphrase-file",
            str(words),
            *options,
        )
        == 0
    )


def _open(place: Path, words: str = WORDS) -> StationKey:
    names = ("station.key.pem", "station.cert.pem", "chain.pem", "root.pem")
    return load_station_key(*((place / name).read_bytes() for name in names), words.encode())


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_station_signs_and_is_revoked(tmp_path: Path, words: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pki = _chain(tmp_path, words)
    _station(pki, tmp_path / "station", words)
    summaries = capsys.readouterr().out
    serial = json.loads(summaries[summaries.index("}\n") + 2 :])["serial"]
    key = _open(tmp_path / "station")
    record = sample_record(issuer=key.issuer)
    data, now = encode_record(record), datetime.now(UTC)
    signature = sign_detached(data, key, now)
    root = (pki / "root.pem").read_bytes()
    assert key.issuer.organisation == "Réseau"
    assert verify_record(data, signature, load_trust(root, (pki / "crl.pem").read_bytes()), now).valid
    assert (
        _run("revoke", str(pki), serial.upper(), "--reason", "key-compromise", "--passphrase-file", str(words)) == 0
    )
    after = verify_record(data, signature, load_trust(root, (pki / "crl.pem").read_bytes()), datetime.now(UTC))
    assert after.failure is FailureKind.REVOKED


def test_a_revocation_stays_in_every_later_list(
    tmp_path: Path, words: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pki = _chain(tmp_path, words)
    for number in (1, 2):
        _station(pki, tmp_path / f"s{number}", words)
    serials = [s["serial"] for s in json.loads((pki / "issued.json").read_text())["stations"]]
    for serial in serials:
        assert _run("revoke", str(pki), serial, "--passphrase-file", str(words)) == 0
    assert _run("crl", str(pki), "--passphrase-file", str(words)) == 0
    crl = x509.load_pem_x509_crl((pki / "crl.pem").read_bytes())
    assert sorted(entry.serial_number for entry in crl) == sorted(int(s, 16) for s in serials)
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 4


def test_modes_and_keys(tmp_path: Path, words: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.umask(0)
    pki = _chain(tmp_path, words)
    _station(pki, tmp_path / "station", words)
    assert [_mode(path) for path in (pki, tmp_path / "station")] == [0o700, 0o700]
    secret = [*pki.glob("*.key.pem"), *(tmp_path / "station").glob("*.key.pem")]
    assert {_mode(path) for path in secret} == {0o600}
    assert len(secret) == 4
    locked = [path for path in secret if b"ENCRYPTED" in path.read_bytes()]
    assert {path.name for path in secret} - {path.name for path in locked} == {"registry.key.pem"}
    registry = load_pem_private_key((pki / "registry.key.pem").read_bytes(), None)
    public = load_pem_public_key((tmp_path / "station" / "registry.pub.pem").read_bytes())
    assert registry.public_key() == public
    said = capsys.readouterr()
    assert WORDS not in said.out + said.err


def test_nothing_is_overwritten(tmp_path: Path, words: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pki = _chain(tmp_path, words)
    _station(pki, tmp_path / "station", words)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(Refused, match="never overwritten"):
        _chain(tmp_path, words)
    with pytest.raises(Refused, match="never overwritten"):
        _station(pki, tmp_path / "station", words)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_failed_write_leaves_no_half_folder(
    tmp_path: Path, words: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(path: Path, data: bytes, mode: int = 0o644) -> None:
        if path.name == "ca.pem":
            raise OSError(28, "No space left on device", str(path))
        path.write_bytes(data)

    monkeypatch.setattr(folder, "write_synced", full)
    with pytest.raises(EnvironmentLacks, match="No space left"):
        _chain(tmp_path, words)
    assert [path.name for path in tmp_path.iterdir()] == ["words"]


def test_roots_for_tests_say_so(tmp_path: Path, words: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pki = _chain(tmp_path, words, "--test")
    _station(pki, tmp_path / "station", words)
    assert _open(tmp_path / "station").is_test
    assert "TEST" in x509.load_pem_x509_certificate((pki / "root.pem").read_bytes()).subject.rfc4514_string()
    real = tmp_path / "real"
    real.mkdir()
    _station(_chain(real, words), real / "station", words)
    assert not _open(real / "station").is_test


def test_the_stations_own_passphrase(tmp_path: Path, words: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pki, other = _chain(tmp_path, words), tmp_path / "other"
    other.write_text("something else entirely\n")
    _station(pki, tmp_path / "station", words, "--station-passphrase-file", str(other))
    assert _open(tmp_path / "station", "something else entirely")
    with pytest.raises(KeyLocked):
        _open(tmp_path / "station")


@pytest.mark.parametrize("days", ["0", "401", "-1"])
def test_no_station_outlives_its_time(
    tmp_path: Path, words: Path, days: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pki = _chain(tmp_path, words)
    with pytest.raises(UsageError, match="1 to 400 days"):
        _station(pki, tmp_path / "station", words, "--days", days)


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 65])
def test_names_that_no_certificate_holds(
    tmp_path: Path, words: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pki = _chain(tmp_path, words)
    with pytest.raises(UsageError, match="printable"):
        _run(
            "issue-station", str(pki), "--name", name, "--out", str(tmp_path / "s"), "--passphrase-file", str(words)
        )


def test_what_is_missing_is_named(tmp_path: Path, words: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pki = _chain(tmp_path, words)
    with pytest.raises(UsageError, match="--passphrase-file"):
        _run("init", str(tmp_path / "other"))
    with pytest.raises(UsageError, match="No station with the serial"):
        _run("revoke", str(pki), "1234", "--passphrase-file", str(words))
    with pytest.raises(UsageError, match="can't be read"):
        _station(tmp_path / "nothing", tmp_path / "s", words)
    with pytest.raises(UsageError, match="public key in PEM"):
        _station(pki, tmp_path / "s", words, "--registry-key", str(pki / "root.pem"))
    wrong = tmp_path / "wrong"
    wrong.write_text("not the passphrase\n")
    with pytest.raises(KeyLocked):
        _station(pki, tmp_path / "s", wrong)
    wrong.write_text("short\n")
    with pytest.raises(UsageError, match="shorter"):
        _run("init", str(tmp_path / "other"), "--passphrase-file", str(wrong))
    assert not (tmp_path / "s").exists()
    assert not (tmp_path / "other").exists()
