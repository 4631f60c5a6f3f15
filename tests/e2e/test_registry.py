"""The registry is away during the run and comes back later: uploaded exactly once, the receipt checked."""

import json
from pathlib import Path
from urllib.request import urlopen

from tests.e2e.conftest import RegistryProcess, ardoise, record_folders, serials


def test_uploaded_exactly_once_after_an_outage(bench, shop, evidence: Path, registry: RegistryProcess) -> None:
    registry.start()
    registry.stop()
    machine = bench("laptop", size_mib=16, pace=0)
    run = ["--evidence", evidence, "--registry", registry.url]
    done = ardoise(
        "sanitize", "--all", "--confirm", *serials(machine), *shop.desk(evidence), "--machine", machine,
        "--registry", registry.url, "--json",
    )  # fmt: skip
    assert done.code == 4, done.err
    assert done.json["archived"] is False
    (folder,) = record_folders(evidence)
    assert not (folder / "receipt.json").exists()
    assert ardoise("upload", *run, "--station", shop.station).code == 4

    registry.start()
    for _ in range(2):
        done = ardoise("upload", *run, "--station", shop.station, "--json")
        assert done.code == 0, done.err
    receipt = json.loads((folder / "receipt.json").read_text())
    assert receipt["sequence"] == "1"
    with urlopen(f"{registry.url}/v1/certificates/{receipt['record_sha256']}/record") as answer:
        assert answer.read() == (folder / "record.json").read_bytes()
    # A stick that lost the answer sends again and gets the very same receipt.
    first = (folder / "receipt.json").read_bytes()
    (folder / "receipt.json").unlink()
    assert ardoise("upload", *run, "--station", shop.station).code == 0
    assert (folder / "receipt.json").read_bytes() == first
