"""The lists and certificates of `ardoise pki` as openssl judges them: shape, reason, dates, an earlier CA, a lost one."""

import json
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from agent.certificate.pki import lock_key
from agent.certificate.trust import is_registry, is_station, is_tsa, load_crls
from agent.errors import EnvironmentLacks, KeyLocked, Refused, StationError, UsageError
from agent.pki_cli import folder
from tests.unit.certificate.test_pki_cli import _run

ROOT_WORDS, CA_WORDS, STICK_WORDS, BACKUP_WORDS = "root root root", "office office", "stick stick", "in two places"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, allow_programs) -> None:
    monkeypatch.setattr(folder, "lock_key", lambda key, words: lock_key(key, words, iterations=1000))
    allow_programs("openssl")


class Office:
    """One office with its commands, each with the right passphrases."""

    def __init__(self, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.place, self.capsys, self.pki = place, capsys, place / "office"
        for name, text in (("r", ROOT_WORDS), ("c", CA_WORDS), ("s", STICK_WORDS), ("b", BACKUP_WORDS)):
            (place / name).write_text(text + "\n")
        self.ca = ["--passphrase-file", str(place / "c")]
        self.stick = ["--passphrase-file", str(place / "s")]
        self.root = ["--root-passphrase-file", str(place / "r")]
        self.run("init", self.pki, "--organisation", "Réseau", *self.root, *self.ca)

    def run(self, command: str, *argv: object) -> dict:
        """Run a command that must succeed."""
        self.capsys.readouterr()
        assert _run(command, *map(str, argv)) == 0
        out = self.capsys.readouterr().out
        return json.loads(out) if out.startswith("{") else {"text": out}

    def enrolled(self, name: str = "stick-1") -> Path:
        """The folder of a stick that was enrolled by a request."""
        stick = self.place / name
        asked = self.run("request", stick, "--name", name, *self.stick)
        self.certified(stick, asked["fingerprint"], f"{name}.bundle")
        return stick

    def certified(self, stick: Path, fingerprint: str, bundle: str) -> dict:
        """Enrol and accept."""
        out = self.place / bundle
        self.run("enrol", self.pki, stick / "station.csr.pem", "--fingerprint", fingerprint, "--out", out, *self.ca)
        return self.run("accept", stick, out, *self.stick)

    def rows(self) -> list[dict]:
        """What `list` says."""
        return self.run("list", self.pki, "--json")["certificates"]

    def serial(self, name: str) -> str:
        """The last serial under this name."""
        return [r["serial"] for r in self.rows() if r["name"] == name][-1]

    def verify(self, certificate: Path, purpose: str = "any", ca: str = "ca.pem", crl: str = "crl.pem") -> str:
        """openssl's verdict on a certificate with both lists."""
        argv = [
            "openssl", "verify", "-x509_strict", "-crl_check_all", "-purpose", purpose, "-CAfile", self.pki / "root.pem",
            "-untrusted", self.pki / ca, "-CRLfile", self.pki / crl, "-CRLfile", self.pki / "root-crl.pem", certificate,
        ]  # fmt: skip
        done = subprocess.run(list(map(str, argv)), capture_output=True, text=True, check=False)
        return done.stdout + done.stderr


@pytest.fixture
def office(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    return Office(tmp_path, capsys)


def _certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_openssl_accepts_chain_and_lists(office: Office) -> None:
    stick = office.enrolled()
    office.run(
        "issue-registry", office.pki, "--name", "registry.example", "--out", office.place / "registry", *office.ca
    )
    seal, tsa = (office.place / "registry" / f"{n}.cert.pem" for n in ("seal", "tsa"))
    assert "OK" in office.verify(stick / "station.cert.pem")
    assert "OK" in office.verify(seal)
    assert "OK" in office.verify(tsa, "timestampsign")
    # openssl's own view of the purposes: a seal can't stamp, a station neither.
    assert "OK" not in office.verify(seal, "timestampsign")
    assert "OK" not in office.verify(stick / "station.cert.pem", "timestampsign")
    station_certificate = _certificate(stick / "station.cert.pem")
    shapes = [
        (is_station(c), is_registry(c), is_tsa(c))
        for c in (station_certificate, _certificate(seal), _certificate(tsa))
    ]
    assert shapes == [(True, False, False), (False, True, False), (False, False, True)]
    assert (_certificate(tsa).not_valid_after_utc - datetime.now(UTC)).days > 19 * 365


def test_revocation_has_reason_and_dates(office: Office) -> None:
    stick = office.enrolled()
    office.run("revoke", office.pki, office.serial("stick-1"), "--reason", "key-compromise", "--invalidity-date",
               "2026-01-02T03:04Z", "--date", datetime.now(UTC).date().isoformat(), *office.ca)  # fmt: skip
    assert "certificate revoked" in office.verify(stick / "station.cert.pem")
    argv = ["openssl", "crl", "-in", str(office.pki / "crl.pem"), "-noout", "-text"]
    text = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert re.search(r"Reason Code:\s+Key Compromise", text)
    assert re.search(r"Invalidity Date:\s+Jan  2 03:04:00 2026 GMT", text)
    # Said again, otherwise: what was published stays.
    office.run("revoke", office.pki, office.serial("stick-1"), "--reason", "superseded", *office.ca)
    assert [r["reason"] for r in office.rows() if r["state"] == "revoked"] == ["key-compromise"]


@pytest.mark.parametrize(
    "options", [["--date", "2099-01-01"], ["--date", "yesterday"], ["--invalidity-date", "2099-01-01"]]
)
def test_dates_that_can_not_be(office: Office, options: list[str]) -> None:
    office.enrolled()
    with pytest.raises(UsageError, match=r"date|future"):
        office.run("revoke", office.pki, office.serial("stick-1"), *options, *office.ca)
    assert {r["state"] for r in office.rows()} == {"valid"}


def test_a_stolen_key_is_revoked_under_all_its_certificates_and_never_certified_again(office: Office) -> None:
    stick = office.enrolled()
    first = office.serial("stick-1")
    office.run("renew", office.pki, first, "--out", office.place / "again", *office.ca)
    office.run("accept", stick, office.place / "again", *office.stick)
    second = office.serial("stick-1")
    assert first != second
    office.run("revoke", office.pki, second, "--reason", "key-compromise", *office.ca)
    assert [r["state"] for r in office.rows() if r["name"] == "stick-1"] == ["revoked", "revoked"]
    with pytest.raises(Refused, match="not trusted again"):
        office.run("renew", office.pki, first, "--out", office.place / "third", *office.ca)
    # A new key on the same stick is enrolled as ever.
    asked = office.run("request", stick, "--renew", *office.stick)
    assert office.certified(stick, asked["fingerprint"], "new")["new_key"] is True
    assert "OK" in office.verify(stick / "station.cert.pem")


def test_only_the_right_fingerprint_enrols(office: Office) -> None:
    stick = office.place / "stick"
    right = office.run("request", stick, "--name", "stick-1", *office.stick)["fingerprint"]
    assert re.fullmatch(r"(?:[A-Z2-7]{4} ){5}[A-Z2-7]{4}", right)
    enrol = ["enrol", office.pki, stick / "station.csr.pem", "--out", office.place / "bundle", *office.ca]
    wrong = ("B" if right[0] != "B" else "C") + right[1:]
    for given in ([], ["--fingerprint", wrong], ["--fingerprint", right[:-1]], ["--fingerprint", " "]):
        with pytest.raises(Refused) as refused:
            office.run(*enrol, *given)
        assert right not in str(refused.value)
    assert not (office.place / "bundle").exists()
    office.run(*enrol, "--fingerprint", right.lower().replace(" ", "-"))
    argv = ["openssl", "req", "-in", str(stick / "station.csr.pem"), "-noout", "-verify"]
    assert "OK" in subprocess.run(argv, capture_output=True, text=True, check=True).stderr


def test_a_changed_request_is_refused(office: Office) -> None:
    stick = office.place / "stick"
    right = office.run("request", stick, "--name", "stick-1", *office.stick)["fingerprint"]
    request = x509.load_pem_x509_csr((stick / "station.csr.pem").read_bytes())
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415

    der = bytearray(request.public_bytes(Encoding.DER))
    der[-1] ^= 1
    changed = office.place / "changed.pem"
    changed.write_bytes(x509.load_der_x509_csr(bytes(der)).public_bytes(Encoding.PEM))
    with pytest.raises(Refused, match="its own key"):
        office.run("enrol", office.pki, changed, "--fingerprint", right, "--out", office.place / "out", *office.ca)


def test_a_stick_takes_no_certificate_of_another(office: Office) -> None:
    first, second = office.enrolled("one"), office.enrolled("two")
    before = {p.name: p.read_bytes() for p in first.iterdir()}
    with pytest.raises(StationError, match="does not belong"):
        office.run("accept", first, office.place / "two.bundle", *office.stick)
    foreign = Office(_made(office.place / "foreign"), office.capsys)
    foreign.enrolled("three")
    with pytest.raises(Refused, match="another root"):
        office.run("accept", first, foreign.place / "three.bundle", *office.stick)
    with pytest.raises(KeyLocked):
        office.run("accept", first, office.place / "one.bundle", *office.ca)
    assert {p.name: p.read_bytes() for p in first.iterdir()} == before
    assert second.exists()


def _made(path: Path) -> Path:
    path.mkdir()
    return path


def test_backups_are_tried_and_the_root_goes_offline(office: Office) -> None:
    a, b = office.place / "A", office.place / "B"
    words = ["--backup-passphrase-file", office.place / "b"]
    with pytest.raises(UsageError, match="Give --to twice"):
        office.run("backup", office.pki, "--to", a, *words, *office.root)
    office.run("backup", office.pki, "--to", a, "--to", b, "--take-offline", *words, *office.root)
    assert not (office.pki / "root.key.pem").exists()
    with pytest.raises(UsageError, match="kept offline"):
        office.run("root-crl", office.pki, *office.root)
    for backup in (a, b):
        office.run("check-backup", backup, *words)
        argv = [
            "openssl",
            "pkey",
            "-in",
            str(backup / "root.key.pem"),
            "-passin",
            f"file:{office.place / 'b'}",
            "-noout",
        ]
        subprocess.run(argv, check=True, capture_output=True)
        with pytest.raises(KeyLocked):
            office.run("check-backup", backup, "--backup-passphrase-file", office.place / "r")
    assert (
        office.run("root-crl", office.pki, "--root", b, "--root-passphrase-file", office.place / "b")["number"] == 2
    )
    office.run("restore", office.pki, a, *words, *office.root)
    assert office.run("root-crl", office.pki, *office.root)["number"] == 3


def test_a_backup_that_reads_back_wrong_does_not_count(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from agent.pki_cli import backup  # noqa: PLC0415

    monkeypatch.setattr(backup, "_read_from_medium", lambda path: path.read_bytes().replace(b"A", b"B"))
    with pytest.raises(EnvironmentLacks, match="does not hold what was written"):
        office.run("backup", office.pki, "--to", office.place / "A", "--to", office.place / "B", "--take-offline",
                   "--backup-passphrase-file", office.place / "b", *office.root)  # fmt: skip
    assert (office.pki / "root.key.pem").exists()


def test_a_lost_ca_is_revoked_and_replaced(office: Office) -> None:
    stick = office.enrolled()
    office.run("revoke-ca", office.pki, office.serial("ca.pem"), "--reason", "ca-compromise", *office.root)
    assert "certificate revoked" in office.verify(stick / "station.cert.pem")
    with pytest.raises(Refused, match="issuing CA was revoked"):
        office.run("issue-station", office.pki, "--name", "x", "--out", office.place / "x", *office.ca)
    (office.place / "c").write_text("quite other words\n")
    office.run("renew-ca", office.pki, "--new-key", *office.root, *office.ca)
    second = office.enrolled("stick-2")
    assert "OK" in office.verify(second / "station.cert.pem", ca="ca-2.pem", crl="crl-2.pem")
    office.run("revoke", office.pki, office.serial("stick-2"), *office.ca)
    assert "certificate revoked" in office.verify(second / "station.cert.pem", ca="ca-2.pem", crl="crl-2.pem")


def test_one_file_holds_the_lists_of_all_cas(office: Office) -> None:
    first = office.enrolled()
    office.run("renew-ca", office.pki, "--new-key", *office.root, *office.ca)
    second = office.enrolled("stick-2")

    def said() -> list[str]:
        pairs = ((first, "ca.pem"), (second, "ca-2.pem"))
        return [office.verify(stick / "station.cert.pem", ca=ca) for stick, ca in pairs]

    assert all(answer.endswith("OK\n") for answer in said())
    office.run("revoke", office.pki, office.serial("stick-1"), *office.ca)
    assert "certificate revoked" in said()[0]
    assert said()[1].endswith("OK\n")
    assert office.run("revoke", office.pki, office.serial("stick-2"), *office.ca)["crl"] == "crl.pem"
    assert all("certificate revoked" in answer for answer in said())
    office.run("revoke-ca", office.pki, office.serial("ca.pem"), "--reason", "ca-compromise", *office.root)
    office.run("crl", office.pki, *office.ca)
    lists = load_crls((office.pki / "crl.pem").read_bytes())
    # Of the revoked CA the last list stays: what was stamped in its time is judged by it.
    assert [len(list(each)) for each in lists] == [1, 1]
    assert [each.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number for each in lists] == [4, 5]


def test_a_ca_renewed_with_its_key_leaves_stations_valid(office: Office) -> None:
    stick = office.enrolled()
    office.run("renew-ca", office.pki, "--years", "10", *office.root, *office.ca)
    assert "OK" in office.verify(stick / "station.cert.pem")
    assert "OK" in office.verify(stick / "station.cert.pem", ca="ca-2.pem")
    second = office.enrolled("stick-2")
    assert "OK" in office.verify(second / "station.cert.pem", ca="ca-2.pem")


@pytest.mark.parametrize("last", ["station.cert.pem", "chain.pem", "root.pem"])
def test_a_renewal_cut_by_a_power_loss_is_completed_by_accepting_again(
    office: Office, monkeypatch: pytest.MonkeyPatch, last: str
) -> None:
    from agent.pki_cli import enrol  # noqa: PLC0415

    stick = office.enrolled()
    asked = office.run("request", stick, "--renew", *office.stick)
    write = enrol.write_durably

    def cut(path: Path, data: bytes, mode: int = 0o644) -> None:
        write(path, data, mode)
        if path.name == last:
            raise KeyboardInterrupt

    monkeypatch.setattr(enrol, "write_durably", cut)
    with pytest.raises(KeyboardInterrupt):
        office.certified(stick, asked["fingerprint"], "new")
    monkeypatch.setattr(enrol, "write_durably", write)
    assert office.run("accept", stick, office.place / "new", *office.stick)["new_key"] is True
    assert not (stick / "next.key.pem").exists()
    assert "OK" in office.verify(stick / "station.cert.pem")


@pytest.mark.parametrize("content", ["", "[]", "{}", "null"])
def test_a_spoiled_list_is_named(office: Office, content: str) -> None:
    (office.pki / "issued.json").write_text(content)
    with pytest.raises(UsageError, match=r"issued\.json"):
        office.run("list", office.pki)
    with pytest.raises(UsageError, match=r"issued\.json"):
        office.run("crl", office.pki, *office.ca)
    assert (office.pki / "issued.json").read_text() == content


def test_a_list_that_stays_is_written_before_the_crl(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from agent.pki_cli import authority  # noqa: PLC0415

    office.enrolled()
    serial, write = office.serial("stick-1"), authority.write_durably

    def cut(path: Path, data: bytes, mode: int = 0o644) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(authority, "write_durably", cut)
    with pytest.raises(KeyboardInterrupt):
        office.run("revoke", office.pki, serial, "--reason", "superseded", *office.ca)
    monkeypatch.setattr(authority, "write_durably", write)
    assert [r["state"] for r in office.rows() if r["name"] == "stick-1"] == ["revoked"]
    office.run("crl", office.pki, *office.ca)
    assert "certificate revoked" in office.verify(office.place / "stick-1" / "station.cert.pem")
