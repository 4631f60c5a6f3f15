"""A stick's certificate soon over, renewed, and revoked after a theft (Show 5), as docs/ceremony.md says."""

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import PASSPHRASE, Shop, ardoise, record_folders, serials


def _serial(pki: Path) -> str:
    rows = json.loads(ardoise("pki", "list", pki, "--json").out)["certificates"]
    return [row["serial"] for row in rows if row["kind"] == "station"][-1]


@pytest.mark.timeout(280)
def test_warned_renewed_and_revoked(tmp_path: Path, bench, evidence: Path) -> None:
    words = tmp_path / "words"
    words.write_text(PASSPHRASE + "\n")
    pki, station = tmp_path / "pki", tmp_path / "station"
    given = ["--passphrase-file", words]
    short = ["--name", "stick-07", "--out", station, "--days", "20"]
    for argv in (["init", pki, "--organisation", "X", "--test"], ["issue-station", pki, *short]):
        assert ardoise("pki", *argv, *given).code == 0
    shop = Shop(pki, station, words)
    machine = bench("laptop", size_mib=16, pace=0)
    session = ["sanitize", "--all", "--confirm", *serials(machine), *shop.desk(evidence), "--machine", machine]

    first = ardoise(*session)
    assert first.code == 0, first.err
    assert "let the office renew it" in first.err
    (old,) = record_folders(evidence)
    assert "expiring" in ardoise("pki", "list", pki).out

    assert ardoise("pki", "renew", pki, _serial(pki), "--out", tmp_path / "new", *given).code == 0
    key_before = (station / "station.key.pem").read_bytes()
    assert ardoise("pki", "accept", station, tmp_path / "new", *given).code == 0
    assert (station / "station.key.pem").read_bytes() == key_before

    second = ardoise(*session)
    assert second.code == 0, second.err
    assert "let the office renew it" not in second.err
    (new,) = [folder for folder in record_folders(evidence) if folder != old]
    trust = ["--trust", pki / "root.pem", "--crl", pki / "crl.pem"]
    assert [ardoise("verify", folder, *trust).code for folder in (old, new)] == [0, 0]

    stolen = ["--reason", "key-compromise", "--invalidity-date", "2026-01-01"]
    assert ardoise("pki", "revoke", pki, _serial(pki), *stolen, *given).code == 0
    for folder in (old, new):  # one key, two certificates: the thief has both
        done = ardoise("verify", folder, *trust)
        assert done.code == 1
        assert "revoked" in done.out + done.err
    refused = ardoise("pki", "renew", pki, _serial(pki), "--out", tmp_path / "no", *given)
    assert (refused.code, "revoked" in refused.err) == (3, True)
