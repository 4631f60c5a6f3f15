"""The table of models: every row sourced and plain, and what it does to a reading."""

import json
import time

import pytest

from agent.host.ata_firmware import read_ata
from agent.host.firmware_quirks import FirmwareQuirks, firmware_quirks, parse_quirks
from agent.model.drive import Bus
from agent.model.firmware import Obstacle
from agent.model.sanitization import Technique
from tests.unit.host.scsi_answers import Answers, data
from tests.unit.host.trees import identify_page

EMPTY = {"denied": [], "purge_by_key_change": []}
ROW = {
    "model": "ACME [A-Z0-9]*",
    "techniques": ["ata sanitize block erase"],
    "reason": "hangs",
    "sources": ["https://example.org/1"],
}


def table(**changes: object) -> str:
    return json.dumps({**EMPTY, "denied": [{**ROW, **changes}]})


@pytest.mark.parametrize(
    ("model", "techniques"),
    [
        (
            "INTEL SSDPEKNW512G8",
            {
                Technique.NVME_SANITIZE_BLOCK_ERASE,
                Technique.NVME_SANITIZE_OVERWRITE,
                Technique.NVME_SANITIZE_CRYPTO_ERASE,
            },
        ),
        ("INTEL SSDPEKKF256G8L", {Technique.NVME_FORMAT_USER_DATA_ERASE, Technique.NVME_FORMAT_CRYPTO_ERASE}),
        ("HFS001TEJ9X101N", {Technique.NVME_FORMAT_USER_DATA_ERASE, Technique.NVME_FORMAT_CRYPTO_ERASE}),
        ("PC801 NVMe SK hynix 512GB", {Technique.NVME_FORMAT_USER_DATA_ERASE, Technique.NVME_FORMAT_CRYPTO_ERASE}),
        ("MAG4FA", {Technique.MMC_SECURE_ERASE}),
    ],
)
def test_models_with_a_known_fault(model: str, techniques: set[Technique]) -> None:
    (found,) = firmware_quirks().obstacles(model)
    assert found.obstacle is Obstacle.DENIED_MODEL
    assert set(found.forbids) == techniques
    assert "https://" in found.detail


@pytest.mark.parametrize("model", ["", "XINTEL SSDPEKNW512G8", "INTEL SSDPEKKF256G8", "MAG4FAX", "Samsung SSD 970"])
def test_models_without(model: str) -> None:
    assert firmware_quirks().obstacles(model) == ()


def test_spaces_around_a_model_do_not_matter() -> None:
    assert firmware_quirks().obstacles("  INTEL SSDPEKNW512G8   ")


def test_a_changed_key_is_purge_only_with_a_source() -> None:
    row = {
        "model": r"ACME \d[A-Z]*",
        "techniques": ["ata sanitize crypto scramble"],
        "source": "https://example.org/2",
    }
    quirks = parse_quirks(json.dumps({**EMPTY, "purge_by_key_change": [row]}))
    assert quirks.purge_source("ACME 5X", Technique.ATA_SANITIZE_CRYPTO_SCRAMBLE) == "https://example.org/2"
    assert quirks.purge_source("ACME 5X", Technique.NVME_FORMAT_CRYPTO_ERASE) == ""
    assert quirks.purge_source("ACME X", Technique.ATA_SANITIZE_CRYPTO_SCRAMBLE) == ""


@pytest.mark.parametrize(
    "pattern", ["(a+)+b", "a.*b{3}", "^a", "", "a(?=b)", r"\1", "[^a]*", "a**", r"a\w", "a|(b)"]
)
def test_patterns_that_could_take_long_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="plain pattern"):
        parse_quirks(table(model=pattern))


@pytest.mark.parametrize(
    "changes",
    [{"techniques": ["magic"]}, {"techniques": []}, {"sources": []}, {"sources": ["hearsay"]}],
)
def test_rows_that_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        parse_quirks(table(**changes))


def test_a_long_model_takes_no_time() -> None:
    began = time.monotonic()
    assert firmware_quirks().obstacles("INTEL SSDPEKNW" + "0" * 1_000_000 + "!") != ()
    assert time.monotonic() - began < 1.0


def test_a_denied_ata_model_is_an_obstacle(drive: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    quirks: FirmwareQuirks = parse_quirks(table())
    monkeypatch.setattr("agent.host.ata_firmware.firmware_quirks", lambda: quirks)
    drive.to(
        "85 08 0e 00 00 00 01 00 00 00 00 00 00 00 ec 00", data(identify_page("ACME SSD1", words={82: 0})[60:])
    )
    (found,) = read_ata("/dev/sdx", Bus.SATA).obstacles
    assert (found.obstacle, found.forbids) == (
        Obstacle.DENIED_MODEL,
        (Technique.ATA_SANITIZE_BLOCK_ERASE,),
    )
