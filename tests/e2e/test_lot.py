"""A lot from the receipt to the sealed summary, with the real commands and a simulated machine that is really erased."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.conftest import Shop, ardoise, serials
from tests.e2e.test_laptop import pdfsig

GONE = "CD35-2;PF-NEVER-SEEN;laptop\r\n"


@pytest.fixture
def lot(bench, shop: Shop, evidence: Path, tmp_path: Path) -> Path:
    """A lot of one erased laptop, announced with another that never came."""
    machine = bench("laptop", size_mib=16, pace=0)
    confirm = serials(machine)
    done = ardoise("sanitize", "--machine", machine, "--all", *shop.desk(evidence), "--confirm", *confirm, "--json")
    assert done.code == 0, done.err
    (record,) = [path.parent for path in evidence.glob("*/record.json")]
    serial = json.loads((record / "record.json").read_bytes())["host"]["serial"]
    listed = tmp_path / "list.csv"
    listed.write_text(f"asset_tag;serial;kind\r\nCD35-1;{serial};laptop\r\n{GONE}")
    folder = tmp_path / "lot"
    shutil.copytree(record, folder / "one")
    signing = ["--station", shop.station, "--passphrase-file", shop.passphrase]
    people = ["--donor", "d-1", "--handed-over-by", "p-1", "--received-by", "op-2"]
    done = ardoise("intake", listed, "--out", folder / "intake", "--lot", "L-1", *people, *signing)
    assert done.code == 0, done.err
    done = ardoise(
        "accept", folder / "one", "--validator", "val-1", "--decision", "accept", *signing, "--trust", shop.root
    )
    assert done.code == 0, done.err
    return folder


def _seal(shop: Shop, lot: Path, *more: object) -> tuple[int, str]:
    signing = ["--station", shop.station, "--passphrase-file", shop.passphrase, "--trust", shop.root]
    done = ardoise("lot", "seal", lot, "--lot", "L-1", "--donor", "d-1", "--require-acceptance", *signing, *more)
    return done.code, done.err


def test_the_missing_machine_is_an_exception_and_the_summary_verifies_with_openssl(
    lot: Path, shop: Shop, tmp_path: Path, allow_programs
) -> None:
    allow_programs("openssl", "pdfdetach", "pdftotext", "pdfsig", "certutil")
    assert _seal(shop, lot, "--page-language", "fr")[0] == 1
    sealed = json.loads((lot / "lot.json").read_bytes())
    assert [found["kind"] for found in sealed["exceptions"]] == ["missing"]
    assert sealed["totals"]["accepted"] == "1"
    assert ardoise("lot", "verify", lot, "--trust", shop.root).code == 1
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run(["pdfdetach", "-saveall", "-o", str(out), str(lot / "lot.pdf")], check=True)
    assert (out / "lot.json").read_bytes() == (lot / "lot.json").read_bytes()
    arguments = [
        "-cades",
        "-binary",
        "-inform",
        "DER",
        "-in",
        str(out / "lot.json.p7s"),
        "-content",
        str(out / "lot.json"),
    ]
    trusted = ["-CAfile", str(shop.root), "-purpose", "any", "-out", "/dev/null"]
    subprocess.run(["openssl", "cms", "-verify", *arguments, *trusted], check=True, capture_output=True)
    text = subprocess.run(
        ["pdftotext", str(lot / "lot.pdf"), "-"], capture_output=True, text=True, check=True
    ).stdout
    # Letters of the headline stand apart; spaces do not count.
    assert "INCOMPLET" in "".join(text.split())
    assert "PF-NEVER-SEEN" in text
    seen = pdfsig(lot / "lot.pdf", shop.root, tmp_path)
    assert "Total document signed" in seen
    assert "Signature is Valid" in seen
    assert "Certificate is Trusted" in seen


def test_a_tampered_record_in_the_lot_is_refused(lot: Path, shop: Shop) -> None:
    record = lot / "one" / "record.json"
    record.write_bytes(record.read_bytes().replace(b'"op-17"', b'"op-18"'))
    code, words = _seal(shop, lot)
    assert code == 1
    assert "step 2 (signature)" in words
    assert not (lot / "lot.json").exists()
