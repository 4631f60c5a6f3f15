"""Eight drives of which one dies half-way (issue: the dying drive of the server)."""

import json
import subprocess
from pathlib import Path

from tests.e2e.conftest import ardoise, record_folders, serials


def test_seven_sanitized_one_failed_by_serial_and_lba(bench, shop, evidence, allow_programs) -> None:
    allow_programs("pdftotext")
    machine: Path = bench("server", pace=0)
    names = serials(machine)
    assert len(names) == 8
    done = ardoise("sanitize", "--all", "--confirm", *names, *shop.desk(evidence), "--machine", machine, "--json")
    assert done.code == 1, done.err
    assert done.json["headline"] == "INCOMPLETE"
    outcomes = {m["serial"]: m for m in done.json["media"]}
    failed = [m for m in outcomes.values() if m["outcome"] != "sanitized"]
    assert len(outcomes) == 8
    assert len(failed) == 1
    assert failed[0]["outcome"] == "failed"

    (folder,) = record_folders(evidence)
    assert (folder / "certificate.pdf").is_file()
    assert not (folder / "record.pdf").exists()
    text = subprocess.run(
        ["pdftotext", folder / "certificate.pdf", "-"], check=True, capture_output=True, text=True
    ).stdout
    assert "INCOMPLETE" in text
    assert "Partial Certificate" in text
    record = json.loads((folder / "record.json").read_text())
    dead = next(d for d in record["drives"] if d["outcome"] == "failed")
    dying = next(p for p in (machine / "drives").glob("*/faults.json"))
    capacity = (dying.parent / "image").stat().st_size
    half = int(capacity * json.loads(dying.read_text())["write_error_from_fraction"])
    expected = half // int(dead["identity"]["logical_sector_bytes"])
    # Blocks below may still have been under way when the drive died: those of the other three workers, 4 MiB each at most.
    blocks_before = (expected - int(failed[0]["first_bad_lba"])) * int(dead["identity"]["logical_sector_bytes"])
    assert 0 <= blocks_before <= 3 * (4 << 20)
    assert failed[0]["serial"] in done.err
    assert ardoise("verify", folder, "--trust", shop.root).code == 1


def test_one_of_eight_by_serial_leaves_the_others_alone(bench, shop, evidence) -> None:
    machine: Path = bench("server", pace=0)
    name = serials(machine)[0]
    before = {p.parent.name: p.read_bytes() for p in (machine / "drives").glob("*/image")}
    done = ardoise(
        "sanitize", "--drive", name, "--confirm", name, *shop.desk(evidence), "--machine", machine, "--json"
    )
    assert done.code == 0, done.err
    assert done.json["headline"] == "INCOMPLETE"
    changed = [n for n, data in before.items() if (machine / "drives" / n / "image").read_bytes() != data]
    assert len(changed) == 1
    assert sorted(m["outcome"] for m in done.json["media"]) == ["not selected"] * 7 + ["sanitized"]
