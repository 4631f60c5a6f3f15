"""The defaults for each kind of drive, against levels that were written down from trust.md A2 and A4 and not from the program."""

import pytest

from agent.engine.planning import make_plan
from agent.model.drive import MediaType
from agent.model.levels import level_of
from agent.model.sanitization import Method, Plan, Policy, Refusal, Technique
from tests.plan_cases import PLAN_CASES
from tests.plans_page import PAGE, page

EXPECTED = {
    "SATA disk": "ata security erase enhanced: purge, overwrite: clear",
    "SATA disk with the SANITIZE feature set": (
        "ata sanitize overwrite: purge, ata security erase enhanced: purge, overwrite: clear"
    ),
    "SATA SSD": "ata sanitize block erase: purge, ata security erase enhanced: clear, overwrite: clear",
    "SATA SSD without SANITIZE": "ata security erase enhanced: clear, overwrite: clear",
    "SATA SSD without SANITIZE, frozen": "overwrite: clear",
    "NVMe with sanitize": (
        "nvme sanitize block erase: purge, nvme sanitize overwrite: purge, nvme format user data erase: clear, overwrite: clear"
    ),
    "NVMe with sanitize and a second namespace": "overwrite: clear",
    "NVMe without sanitize": "nvme format user data erase: clear, overwrite: clear",
    "self-encrypting NVMe that only changes its key": "nvme sanitize crypto erase: clear, overwrite: clear",
    "SAS disk": "scsi sanitize overwrite: purge, overwrite: clear",
    "SAS disk with two actuators, each a disk of its own": "overwrite: clear",
    "eMMC 5.1": "mmc erase and sanitize: purge, overwrite: clear",
    "eMMC 4.41": "mmc secure erase: purge, overwrite: clear",
    "USB stick, named": "overwrite: clear",
    "SATA SSD behind a USB bridge, named": "overwrite: clear",
    "virtual disk": "overwrite: clear",
    "virtual disk that offers an erase of its own": "overwrite: clear",
    "virtual disk of a RAID controller": "refused",
    "any drive whose sanitize is running at start": "refused",
}


@pytest.mark.parametrize("case", PLAN_CASES, ids=lambda c: c.name)
def test_the_default_plan(case):
    planned = make_plan(case.drive, Policy(), firmware=case.firmware)
    if isinstance(planned, Refusal):
        assert EXPECTED[case.name] == "refused"
        return
    assert isinstance(planned, Plan)
    assert ", ".join(f"{r.technique.value}: {r.level.value}" for r in planned.rungs) == EXPECTED[case.name]


def test_the_page_is_what_the_program_plans():
    assert page() == PAGE.read_text()
    assert {case.name for case in PLAN_CASES} == set(EXPECTED)


PURGE_ON_DISKS = {
    Technique.ATA_SANITIZE_OVERWRITE,
    Technique.ATA_SECURITY_ERASE_ENHANCED,
    Technique.NVME_SANITIZE_OVERWRITE,
    Technique.SCSI_SANITIZE_OVERWRITE,
}
PURGE_ON_FLASH = {
    Technique.ATA_SANITIZE_OVERWRITE,
    Technique.ATA_SANITIZE_BLOCK_ERASE,
    Technique.NVME_SANITIZE_BLOCK_ERASE,
    Technique.NVME_SANITIZE_OVERWRITE,
    Technique.SCSI_SANITIZE_BLOCK_ERASE,
    Technique.SCSI_SANITIZE_OVERWRITE,
    Technique.MMC_SANITIZE,
    Technique.MMC_SECURE_ERASE,
}
KEY_CHANGES = {
    Technique.ATA_SANITIZE_CRYPTO_SCRAMBLE,
    Technique.NVME_SANITIZE_CRYPTO_ERASE,
    Technique.NVME_FORMAT_CRYPTO_ERASE,
    Technique.SCSI_SANITIZE_CRYPTO_ERASE,
    Technique.OPAL_PSID_REVERT,
}


@pytest.mark.parametrize("technique", Technique)
def test_no_level_is_higher_than_the_sources_say(technique, monkeypatch):
    on_disks = level_of(technique, MediaType.HARD_DISK)
    on_flash = [level_of(technique, t) for t in MediaType if t.is_flash]
    assert (on_disks is Method.PURGE) == (technique in PURGE_ON_DISKS)
    assert {level is Method.PURGE for level in on_flash} == {technique in PURGE_ON_FLASH}
    unknown = level_of(technique, MediaType.UNKNOWN)
    assert unknown.rank <= min(on_disks.rank, *(level.rank for level in on_flash))
    if technique is not Technique.OVERWRITE:
        assert level_of(technique, MediaType.VIRTUAL) is Method.NONE
    # A source that nobody has looked at proves nothing.
    claimed = level_of(technique, MediaType.SOLID_STATE, purge_source="a source")
    assert claimed is level_of(technique, MediaType.SOLID_STATE)
    monkeypatch.setattr("agent.model.levels.PURGE_SOURCES", frozenset({(technique, "a source")}))
    listed = level_of(technique, MediaType.SOLID_STATE, purge_source="a source")
    assert (listed is not claimed) == (technique in KEY_CHANGES)


def test_purge_asked_of_a_drive_that_reaches_clear_only_is_refused():
    case = next(c for c in PLAN_CASES if c.name == "NVMe without sanitize")
    refused = make_plan(case.drive, Policy(required=Method.PURGE), firmware=case.firmware)
    assert isinstance(refused, Refusal)
    assert "Purge is required" in refused.reasons[0]


def test_several_passes_of_a_contract_are_an_overwrite():
    case = next(c for c in PLAN_CASES if c.name == "SATA disk")
    planned = make_plan(case.drive, Policy(pass_set="dod-3"), firmware=case.firmware)
    assert isinstance(planned, Plan)
    assert planned.technique is Technique.OVERWRITE
    assert not planned.ladder


def test_why_a_second_namespace_keeps_the_drive_from_erasing_itself():
    case = next(c for c in PLAN_CASES if "second namespace" in c.name)
    planned = make_plan(case.drive, Policy(), firmware=case.firmware)
    assert isinstance(planned, Plan)
    assert any("/dev/nvme0n2" in reason for reason in planned.reasons)
    asked = make_plan(case.drive, Policy(technique="nvme sanitize block erase"), firmware=case.firmware)
    assert isinstance(asked, Refusal)
