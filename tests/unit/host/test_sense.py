"""Sense data in both formats, byte by byte as SPC-5 and SAT-4 lay them out."""

import pytest

from agent.host.sense import parse_sense


def test_a_descriptor_with_all_registers() -> None:
    found = parse_sense(bytes.fromhex("72 01 00 1d 00 00 00 0e 09 0c 01 04 12 34 44 11 55 22 66 33 40 51"))
    assert found is not None
    assert (found.key, found.code, found.qualifier) == (1, 0x00, 0x1D)
    assert found.ata is not None
    assert (found.ata.count_high, found.ata.count_low) == (0x12, 0x34)
    assert (found.ata.lba_high, found.ata.lba_low) == (0x665544, 0x332211)
    assert found.ata.words() == "status 51h error 04h count 1234h lba 665544332211h device 40h"


def test_upper_halves_need_the_extend_bit() -> None:
    found = parse_sense(bytes.fromhex("72 01 00 1d 00 00 00 0e 09 0c 00 04 12 34 44 11 55 22 66 33 40 51"))
    assert found is not None
    assert found.ata is not None
    assert (found.ata.count_high, found.ata.lba_high) == (None, None)


def test_fixed_format_has_the_lower_halves() -> None:
    found = parse_sense(bytes.fromhex("f0 00 0b 04 51 40 34 0a e0 11 22 33 00 00 00 00 00 00"))
    assert found is not None
    assert found.key == 0x0B
    assert found.ata is not None
    assert found.ata.words() == "status 51h error 04h count --34h lba ------332211h device 40h"


def test_fixed_format_without_valid_has_no_registers() -> None:
    found = parse_sense(bytes.fromhex("70 00 05 00 00 00 00 0a 00 00 00 00 20 00 00 00 00 00"))
    assert found is not None
    assert found.words() == "sense 5h/20h/00h"
    assert found.ata is None


@pytest.mark.parametrize(
    "text",
    [
        "70 00 02 00 00 00 00 0a 00 00 00 00 04 1b 00 80 40 00",
        "72 02 04 1b 00 00 00 08 02 06 00 00 80 40 00 00",
        # behind another descriptor
        "72 02 04 1b 00 00 00 14 00 0a 80 00 00 00 00 00 00 00 00 00 02 06 00 00 80 40 00 00",
    ],
)
def test_progress(text: str) -> None:
    found = parse_sense(bytes.fromhex(text))
    assert found is not None
    assert (found.key, found.code, found.qualifier, found.progress) == (2, 0x04, 0x1B, 0x4000)


@pytest.mark.parametrize(
    "text",
    [
        "70 00 02 00 00 00 00 0a 00 00 00 00 04 1b 00 00 40 00",
        "72 02 04 1b 00 00 00 08 02 06 00 00 00 40 00 00",
        # sense key specific bytes of an illegal request point at a field
        "70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 c0 40 00",
        "70 00 02 00 00 00 00 06 00 00 00 00 04 1b",
    ],
)
def test_no_progress(text: str) -> None:
    found = parse_sense(bytes.fromhex(text))
    assert found is not None
    assert found.progress is None


@pytest.mark.parametrize("text", ["", "00" * 18, "70 00 02", "72 02 04", "7f" * 18])
def test_what_is_no_sense(text: str) -> None:
    assert parse_sense(bytes.fromhex(text)) is None


@pytest.mark.parametrize("length", range(8, 22))
def test_a_descriptor_cut_short_gives_no_registers(length: int) -> None:
    whole = bytes.fromhex("72 01 00 1d 00 00 00 0e 09 0c 01 04 12 34 44 11 55 22 66 33 40 51")
    found = parse_sense(whole[:length])
    assert found is not None
    assert found.ata is None
