"""Hidden areas: what hdparm 9.65 prints, with the format strings of its binary, and what may be believed of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from agent.host.hidden_areas import NOT_APPLICABLE, NOT_EXAMINED, read_hidden_areas
from agent.host.scsi import AtaIdentify, ata_identify
from agent.model.drive import Bus, HiddenAreas, HiddenAreaState
from tests.conftest import Allow
from tests.unit.host.programs import install
from tests.unit.host.trees import identify_page

SECTORS = 976773168
N_DISABLED = f"printf '\\n/dev/sda:\\n max sectors   = {SECTORS}/{SECTORS}, HPA is disabled\\n'"
N_ENABLED = f"printf '\\n/dev/sda:\\n max sectors   = {SECTORS}/976775168, HPA is enabled\\n'"
AMA_ENABLED = f"printf '\\n/dev/sda:\\n max sectors   = {SECTORS}/976775168, ACCESSIBLE MAX ADDRESS enabled\\n'"
LOST_SENSE = "printf ' SG_IO: bad/missing sense data, sb[]:  f0 00 0b 04 41\\n' >&2; "


@pytest.fixture
def ata(allow_programs: Allow) -> AtaIdentify:
    allow_programs("hdparm")
    identify = ata_identify(identify_page(words={82: 1 << 10}))
    assert identify is not None
    assert identify.hpa_supported
    return identify


def examine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ata: AtaIdentify, script: str) -> HiddenAreas:
    install(tmp_path / "bin", monkeypatch, "hdparm", script)
    return read_hidden_areas("/dev/sda", Bus.SATA, ata, SECTORS)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (N_DISABLED, HiddenAreas(HiddenAreaState.NONE_FOUND, SECTORS, SECTORS)),
        (N_ENABLED, HiddenAreas(HiddenAreaState.PRESENT, SECTORS, 976775168)),
        (AMA_ENABLED, HiddenAreas(HiddenAreaState.PRESENT, SECTORS, 976775168)),
        # what 9.65 said of a disk that is not ATA, with exit 0.
        ("echo ' max sectors   = 0/1, HPA is enabled'", NOT_EXAMINED),
        (
            f"echo ' max sectors   = {SECTORS}/14715056, HPA setting seems invalid (buggy kernel device driver?)'",
            NOT_EXAMINED,
        ),
        (f"echo ' max sectors   = {SECTORS}/{SECTORS}, HPA is enabled'", NOT_EXAMINED),
        (f"echo ' max sectors   = {SECTORS - 1}/{SECTORS - 1}, HPA is disabled'", NOT_EXAMINED),
        # Another disk's answer: the kernel shows more sectors than hdparm says are accessible.
        (f"echo ' max sectors   = {SECTORS - 1}/{SECTORS}, HPA is enabled'", NOT_EXAMINED),
        # an aborted command, exit 0.
        (LOST_SENSE + N_DISABLED, NOT_EXAMINED),
        ("exit 5", NOT_EXAMINED),
        ("true", NOT_EXAMINED),
    ],
)
def test_hpa(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ata: AtaIdentify, script: str, expected: HiddenAreas
) -> None:
    assert examine(tmp_path, monkeypatch, ata, script) == expected


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (f"printf 'DCO Checksum verified.\\n\\tReal max sectors: {SECTORS}\\n'", HiddenAreaState.NONE_FOUND),
        (f"printf 'DCO Checksum verified.\\n\\tReal max sectors: {SECTORS + 9000}\\n'", HiddenAreaState.PRESENT),
        # nonsense of bridges
        ("printf '\\tReal max sectors: 1\\n'", HiddenAreaState.NOT_EXAMINED),
        (
            "echo 'HDIO_DRIVE_CMD(dco_identify) failed: Input/output error' >&2; exit 5",
            HiddenAreaState.NOT_EXAMINED,
        ),
    ],
)
def test_dco_is_asked_where_the_drive_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ata: AtaIdentify, answer: str, state: HiddenAreaState
) -> None:
    script = f'if [ "$1" = -N ]; then {N_DISABLED}; else {answer}; fi'
    assert examine(tmp_path, monkeypatch, replace(ata, dco_supported=True), script).state is state


def test_nothing_is_asked_of_a_disk_without_identify_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = install(tmp_path / "bin", monkeypatch, "hdparm", N_DISABLED)
    assert read_hidden_areas("/dev/sda", Bus.SATA, None, SECTORS) == NOT_EXAMINED
    assert read_hidden_areas("/dev/sda", Bus.USB, None, SECTORS) == NOT_EXAMINED
    assert read_hidden_areas("/dev/nvme0n1", Bus.NVME, None, SECTORS) == NOT_APPLICABLE
    assert not log.exists()


def test_a_packet_device_is_no_disk() -> None:
    assert ata_identify(identify_page(words={0: 0x8580})) is None
