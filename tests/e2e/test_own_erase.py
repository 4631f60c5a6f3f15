"""A drive that erases itself, from the command line to the sealed page, by the simulated machine's own firmware."""

import json
from pathlib import Path

import pytest
from pypdf import PdfReader

from agent.model.firmware import CommandState, DeviceStatus, FirmwareReading, TechniqueOffer
from agent.model.json_form import to_json_form
from agent.model.sanitization import Technique
from tests.e2e.conftest import ardoise, record_folders, serials

BLOCK = TechniqueOffer(Technique.NVME_SANITIZE_BLOCK_ERASE, 2, ("00", "ff"))
FORMAT = TechniqueOffer(Technique.NVME_FORMAT_USER_DATA_ERASE, None, ("00", "ff"))
CRYPTO = TechniqueOffer(Technique.NVME_SANITIZE_CRYPTO_ERASE, 1)


def give_firmware(machine: Path, *offers: TechniqueOffer, **more: object) -> Path:
    """Let the Surface's drive erase itself as told; its image."""
    status = DeviceStatus(CommandState.NEVER, ("simulated",))
    reading = FirmwareReading(offers, (), status, (), ())
    document = {"seconds": "1", "erases": ["0-1"], "value_hex": "00", "ends": "completed", **more}
    document |= {"refuses": more.get("refuses", False), "hangs": False, "reading": to_json_form(reading)}
    folder = machine / "drives" / "nvme0n1"
    (folder / "firmware.json").write_text(json.dumps(document))
    return folder / "image"


def run(machine: Path, shop, evidence: Path, *options: str):
    """`ardoise sanitize --all`; how it ended and the record."""
    names = serials(machine)
    done = ardoise(
        "sanitize", "--all", "--confirm", *names, *shop.desk(evidence), "--machine", machine, "--json", *options
    )
    (folder,) = record_folders(evidence)
    return done, folder, json.loads((folder / "record.json").read_text())


def page_text(folder: Path) -> str:
    (page,) = folder.glob("*.pdf")
    return " ".join(" ".join(p.extract_text() for p in PdfReader(page).pages).split())


def verified(folder: Path, shop) -> int:
    (page,) = folder.glob("*.pdf")
    return ardoise("verify", page, "--trust", shop.root).code


def test_a_block_erase_is_certified_as_purge(bench, shop, evidence) -> None:
    machine = bench("surface-pro-7", size_mib=16, pace=0)
    image = give_firmware(machine, BLOCK, FORMAT)
    done, folder, record = run(machine, shop, evidence, "--require", "purge")
    assert done.code == 0, done.err
    (drive,) = record["drives"]
    assert drive["outcome"] == "sanitized"
    assert drive["technique"] == "nvme sanitize block erase"
    assert drive["level_reached"] == "purge"
    assert not drive["passes"]
    assert drive["attempts"][0]["status_after"]["raw"] == ["simulated: completed"]
    assert not image.read_bytes().strip(b"\0")
    assert verified(folder, shop) == 0
    text = page_text(folder)
    assert "Purge / Purge" in text
    assert "by the drive itself" in text
    assert "different afterwards" in text


@pytest.mark.parametrize(
    ("more", "outcome"),
    [
        ({"erases": []}, "failed"),
        ({"erases": ["0-0.1", "0.4-1"]}, "failed"),
        ({"ends": "failed"}, "failed"),
        ({"ends": "never started"}, "unknown"),
        ({"value_hex": ""}, "failed"),
    ],
)
def test_no_lie_is_certified(bench, shop, evidence, more, outcome) -> None:
    machine = bench("surface-pro-7", size_mib=16, pace=0)
    give_firmware(machine, BLOCK, **more)
    done, folder, record = run(machine, shop, evidence, "--technique", "nvme-sanitize-block-erase")
    assert done.code == 1
    assert record["drives"][0]["outcome"] == outcome
    assert record["headline"] == "INCOMPLETE"
    assert list(folder.glob("record.pdf"))
    assert verified(folder, shop) == 1


def test_the_ladder_goes_down_to_the_overwrite(bench, shop, evidence) -> None:
    machine = bench("surface-pro-7", size_mib=16, pace=0)
    give_firmware(machine, BLOCK, FORMAT, erases=["0-0.5"])
    done, folder, record = run(machine, shop, evidence)
    assert done.code == 0, done.err
    (drive,) = record["drives"]
    assert [a["technique"] for a in drive["attempts"]] == [BLOCK.technique, FORMAT.technique]
    assert drive["technique"] == "overwrite"
    assert drive["level_reached"] == "clear"
    assert "Attempt 2" in page_text(folder)
    assert verified(folder, shop) == 0


def test_a_new_key_is_clear_and_says_what_it_shows(bench, shop, evidence) -> None:
    machine = bench("surface-pro-7", size_mib=16, pace=0)
    give_firmware(machine, CRYPTO, value_hex="")
    done, folder, record = run(machine, shop, evidence, "--technique", "nvme-sanitize-crypto-erase")
    assert done.code == 0, done.err
    assert record["drives"][0]["level_reached"] == "clear"
    assert "of the medium only" in page_text(folder)
