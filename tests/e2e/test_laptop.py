"""The main job on a laptop, judged by programs that are not ours (issue: headless on the laptop machine)."""

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from agent.certificate.pki import issue_station, lock_key, make_issuing_ca, make_root
from tests.bench.recover import photorec_found, planted_digests, planted_tokens, strings_found
from tests.e2e.conftest import PASSPHRASE, Shop, ardoise, make_shop, record_folders, serials


def planted(machine: Path) -> tuple[Path, dict]:
    """The image of the laptop's disk and what was planted in it."""
    return machine / "drives" / "sda" / "image", json.loads((machine / "planted.json").read_text())["drives"]["sda"]


def pdfsig(document: Path, root: Path, folder: Path) -> str:
    """What poppler says of a sealed page, with this root in its store."""
    store = folder / "nss"
    store.mkdir()
    subprocess.run(["certutil", "-N", "-d", f"sql:{store}", "--empty-password"], check=True, capture_output=True)
    subprocess.run(
        ["certutil", "-A", "-d", f"sql:{store}", "-n", "root", "-t", "CT,C,C", "-i", str(root)],
        check=True,
        capture_output=True,
    )
    done = subprocess.run(
        ["pdfsig", "-nssdir", f"sql:{store}", str(document)], capture_output=True, text=True, check=False
    )
    return done.stdout


def expired_shop(folder: Path) -> Shop:
    """A TEST root made two years ago, whose station's 400 days are over."""
    then = datetime.now(UTC) - timedelta(days=730)
    root = make_root("Recycl'Ordi", then, test=True)
    issuing = make_issuing_ca(root, then)
    issued = issue_station(issuing, "old", then, timedelta(days=400))
    station = folder / "old-station"
    station.mkdir()
    (folder / "old-passphrase").write_text(PASSPHRASE)
    (station / "station.key.pem").touch(mode=0o600)
    (station / "station.key.pem").write_bytes(lock_key(issued.private_key, PASSPHRASE.encode(), iterations=2048))
    for name, certificate in [
        ("station.cert", issued.certificate),
        ("chain", issuing.certificate),
        ("root", root.certificate),
    ]:
        (station / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    return Shop(folder, station, folder / "old-passphrase")


@pytest.fixture
def sanitized(bench, shop: Shop, evidence: Path, registry) -> tuple[Path, Path, dict]:
    """The laptop after a complete run with upload: machine, record folder, the command's answer."""
    machine = bench("laptop", pace=0)
    registry.start()
    names = serials(machine)
    done = ardoise(
        "sanitize",
        "--all",
        "--confirm",
        *names,
        *shop.desk(evidence),
        "--machine",
        machine,
        "--registry",
        registry.url,
        "--json",
    )
    assert done.code == 0, done.err
    return machine, record_folders(evidence)[0], done.json


def test_all_planted_files_are_there_before_and_none_after(bench, shop, evidence, allow_programs) -> None:
    allow_programs("strings", "photorec")
    machine = bench("laptop", pace=0)
    image, drive = planted(machine)
    assert planted_tokens(drive)
    assert planted_digests(drive)
    assert strings_found(image, planted_tokens(drive)).missing == frozenset()
    assert photorec_found(image, drive).missing == frozenset()

    done = ardoise(
        "sanitize", "--all", "--confirm", *serials(machine), *shop.desk(evidence), "--machine", machine, "--json"
    )
    assert done.code == 0, done.err
    assert strings_found(image, planted_tokens(drive)).found == frozenset()
    assert photorec_found(image, drive).found == frozenset()
    for path in evidence.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"DUPONT-PERSO" not in data, f"a partition label reached {path.name}"


def test_openssl_pdfsig_and_our_verifier_accept_it(sanitized, shop, tmp_path, allow_programs) -> None:
    allow_programs("openssl", "pdfsig", "certutil", "pdftotext")
    _, folder, answer = sanitized
    assert answer["archived"] is True
    assert answer["headline"] == "SANITIZED"
    assert sorted(p.name for p in folder.iterdir()) == sorted(
        ["certificate.pdf", "manifest.json", "receipt.json", "record.json", "record.json.p7s"]
    )
    check = subprocess.run(
        [
            "openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", folder / "record.json.p7s",
            "-content", folder / "record.json", "-CAfile", shop.root, "-purpose", "any", "-out", "/dev/null",
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert check.returncode == 0, check.stderr

    said = pdfsig(folder / "certificate.pdf", shop.root, tmp_path)
    assert "Total document signed" in said
    assert "Signature is Valid" in said
    assert "Certificate is Trusted" in said

    text = subprocess.run(
        ["pdftotext", "-layout", folder / "certificate.pdf", "-"], capture_output=True, text=True, check=True
    )
    assert "SPECIMEN" in text.stdout
    done = ardoise("verify", folder, "--trust", shop.root)
    assert done.code == 0, done.err + done.out


def test_the_registry_and_verifier_of_another_root_refuse_a_specimen(
    sanitized, registry, tmp_path: Path, evidence: Path
) -> None:
    _, folder, _ = sanitized
    other = tmp_path / "other"
    other.mkdir()
    real = make_shop(other, test=False)
    assert ardoise("verify", folder, "--trust", real.root).code == 1
    registry.stop()
    registry.root, registry.key, registry.database = real.root, real.pki / "registry.key.pem", other / "r.sqlite"
    registry.folder = other / "registry.folder"
    registry.start()
    (folder / "receipt.json").unlink()
    done = ardoise(
        "upload",
        "--evidence",
        evidence,
        "--registry",
        registry.url,
        "--registry-key",
        real.pki / "registry.pub.pem",
    )
    assert done.code == 4
    assert not (folder / "receipt.json").exists()


def test_a_simulated_machine_is_never_signed_for_under_a_real_root(bench, tmp_path, evidence) -> None:
    machine = bench("laptop", size_mib=16)
    before = (machine / "drives/sda/image").read_bytes()
    real = make_shop(tmp_path, test=False)
    done = ardoise("sanitize", "--all", "--confirm", *serials(machine), *real.desk(evidence), "--machine", machine)
    assert done.code == 3
    assert "TEST" in done.err or "--test" in done.err
    assert (machine / "drives/sda/image").read_bytes() == before


@pytest.mark.parametrize("confirm", [[], ["--confirm", "WRONG"], ["--confirm", "/dev/sda"]])
def test_nothing_starts_without_the_drives_own_name(bench, shop, evidence, confirm) -> None:
    machine = bench("laptop", size_mib=16)
    before = (machine / "drives/sda/image").read_bytes()
    done = ardoise("sanitize", "--all", *confirm, *shop.desk(evidence), "--machine", machine)
    assert done.code == 3
    assert (machine / "drives/sda/image").read_bytes() == before
    assert record_folders(evidence) == []


def test_purge_is_not_promised_by_an_overwrite(bench, shop, evidence) -> None:
    machine = bench("laptop", size_mib=16)
    names = serials(machine)
    done = ardoise(
        "sanitize", "--all", "--require", "purge", "--confirm", *names, *shop.desk(evidence), "--machine", machine
    )
    assert done.code == 3
    assert "urge" in done.err
    assert record_folders(evidence) == []


def test_bad_desks_are_refused_before_anything_is_touched(bench, shop, evidence, tmp_path) -> None:
    machine = bench("laptop", size_mib=16)
    names = serials(machine)
    before = (machine / "drives/sda/image").read_bytes()
    wrong = tmp_path / "wrong"
    wrong.write_text("not it\n")
    run = ["sanitize", "--all", "--confirm", *names, "--machine", machine, "--operator", "op-1", "--station"]
    cases = [
        [shop.station, "--passphrase-file", wrong, "--evidence", evidence],
        [tmp_path / "nowhere", "--passphrase-file", shop.passphrase, "--evidence", evidence],
        [shop.station, "--passphrase-file", shop.passphrase, "--evidence", tmp_path / "missing"],
    ]
    for case in cases:
        done = ardoise(*run, *case)
        assert done.code == 3, done.err
        assert len(done.err.splitlines()) <= 3
    assert (machine / "drives/sda/image").read_bytes() == before


def test_an_expired_station_is_refused_before_anything_is_touched(bench, evidence, tmp_path) -> None:
    machine = bench("laptop", size_mib=16)
    before = (machine / "drives/sda/image").read_bytes()
    done = ardoise(
        "sanitize",
        "--all",
        "--confirm",
        *serials(machine),
        *expired_shop(tmp_path).desk(evidence),
        "--machine",
        machine,
    )
    assert done.code == 3
    assert "expired" in done.err
    assert (machine / "drives/sda/image").read_bytes() == before


def test_the_list_shows_the_word_that_confirms(bench) -> None:
    machine = bench("hostile", size_mib=16)
    done = ardoise("list", "--machine", machine, "--json")
    assert done.code == 0, done.err
    assert [d["confirm"] for d in done.json["drives"] if d["on_offer"]] == serials(machine)
    assert ardoise("list", "--machine", machine).code == 0


def test_the_stations_records_are_chained(bench, shop, evidence, tmp_path) -> None:
    station = tmp_path / "chained"
    shutil.copytree(shop.station, station)
    (station / "sequence.json").unlink(missing_ok=True)
    own = Shop(shop.pki, station, shop.passphrase)
    machine = bench("no-drive")
    for _ in range(3):
        assert ardoise("sanitize", "--all", *own.desk(evidence), "--machine", machine).code in {0, 1}
    links = [json.loads((f / "record.json").read_text())["station_link"] for f in record_folders(evidence)]
    assert [link["sequence"] for link in links] == ["1", "2", "3"]
    assert links[0]["previous_record_sha256"] == ""
    assert len({link["previous_record_sha256"] for link in links}) == 3


def test_self_tests_are_started_followed_and_judged(bench) -> None:
    machine = bench("laptop", size_mib=16)
    done = ardoise("test", *serials(machine), "--machine", machine, "--json")
    assert done.code == 0, done.err
    (report,) = done.json.values()
    assert report["self_test"]["state"] == "passed"
    assert report["verdict"] == "SUSPECT"
    done = ardoise("test", "/dev/nope", "--machine", machine)
    assert done.code == 2


def test_the_dying_drives_self_test_is_no_success(bench) -> None:
    machine = bench("server", pace=0)
    done = ardoise("test", "/dev/sdc", "--machine", machine)
    assert done.code == 1, done.err
