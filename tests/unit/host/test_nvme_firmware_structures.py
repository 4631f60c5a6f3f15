"""Raw answers of NVMe drives: bytes at the offsets of the standard, and what they mean."""

import pytest

from agent.host.nvme_structures import (
    BLOCK_ERASE,
    CRYPTO_ERASE,
    OVERWRITE,
    decode_controller,
    decode_namespace,
    decode_namespace_list,
    decode_sanitize_log,
)
from agent.model.firmware import CommandState, DeviceStatus
from tests.unit.host.nvme_answers import MODEL, SERIAL, controller, namespace, namespace_list, sanitize_log


@pytest.mark.parametrize(
    ("sstat", "state"),
    [
        (0, CommandState.NEVER),
        (1, CommandState.DONE),
        (2, CommandState.RUNNING),
        (3, CommandState.FAILED),
        # completed, and deallocated although the host had asked for no deallocation
        (4, CommandState.DONE),
        # not defined by any revision up to 2.1
        (5, CommandState.UNKNOWN),
        (6, CommandState.UNKNOWN),
        (7, CommandState.UNKNOWN),
    ],
)
@pytest.mark.parametrize(
    "others", [0x0000, 0x0100, 0x0008, 0x00F8, 0xFE00], ids=["none", "GDE", "1 pass", "31", "new"]
)
def test_the_state_is_in_the_three_low_bits_alone(sstat: int, others: int, state: CommandState) -> None:
    assert decode_sanitize_log(sanitize_log(sstat | others)).status.state is state


def test_the_words_are_those_of_the_drive() -> None:
    # SSTAT 0101h with SPROG FFFFh and SCDW10 2h: what nvme-cli showed of a completed block erase (drives.md 4)
    data = bytes.fromhex("ffff 0101 02000000".replace(" ", "")) + b"\xff" * 24 + bytes(480)
    assert decode_sanitize_log(data).status == DeviceStatus(
        CommandState.DONE, ("SSTAT 0x0101", "SPROG 0xffff", "SCDW10 0x00000002")
    )


@pytest.mark.parametrize(
    ("sprog", "permille"), [(0, 0), (655, 9), (23551, 359), (41983, 640), (0x8000, 500), (0xFFFF, 999)]
)
def test_progress_is_a_numerator_of_65536(sprog: int, permille: int) -> None:
    # 655 is where the Intel 660p stays for ever (nvme-cli#752), 23551 and 41983 were seen in drives.md 4
    assert decode_sanitize_log(sanitize_log(2, sprog=sprog)).status.progress_permille == permille


def test_there_is_no_progress_but_while_it_runs() -> None:
    assert decode_sanitize_log(sanitize_log(1, sprog=0x8000)).status.progress_permille is None


def test_a_drive_that_waits_for_its_media_to_be_verified_is_not_on_its_way() -> None:
    # revision 2.1: SSI (byte 36) bits 3:0 = 5, Media Verification; SSTAT says "in progress" meanwhile
    status = decode_sanitize_log(sanitize_log(2, fields={36: b"\x05"})).status
    assert (status.state, status.raw[-1]) == (CommandState.UNKNOWN, "SSI 0x05")
    processing = decode_sanitize_log(sanitize_log(2, sprog=1, fields={36: b"\x01"})).status
    assert processing.state is CommandState.RUNNING


def test_estimates() -> None:
    # ETO 11:08, ETBE 15:12, ETCE 19:16, ETOWND 23:20, ETBEND 27:24, ETCEND 31:28, in seconds; ETO is about 16 passes
    seconds = (16 * 3600, 61, 1, 32 * 3600, 600, 0xFFFFFFFF)
    fields = {8 + 4 * i: value.to_bytes(4, "little") for i, value in enumerate(seconds)}
    log = decode_sanitize_log(sanitize_log(0, fields=fields))
    assert [log.minutes(action, deallocate=True) for action in (OVERWRITE, BLOCK_ERASE, CRYPTO_ERASE)] == [60, 2, 1]
    assert [log.minutes(action, deallocate=False) for action in (OVERWRITE, BLOCK_ERASE, CRYPTO_ERASE)] == [
        120,
        10,
        None,
    ]


def test_controller_identity() -> None:
    found = decode_controller(controller())
    assert (found.serial, found.model, found.firmware) == (SERIAL, MODEL, "2B2QEXM7")
    assert found.qualified_name == "nqn.2014.08.org.nvmexpress:144d144dS4EVNX0N123456"


@pytest.mark.parametrize(
    ("sanicap", "actions"),
    [
        (0b000, ()),
        (0b001, (CRYPTO_ERASE,)),
        (0b010, (BLOCK_ERASE,)),
        (0b100, (OVERWRITE,)),
        (0b111, (BLOCK_ERASE, OVERWRITE, CRYPTO_ERASE)),
        # NDI and NODMMAS alone are no action
        (0xE0000000, ()),
    ],
)
def test_sanitize_actions(sanicap: int, actions: tuple[int, ...]) -> None:
    assert decode_controller(controller({328: sanicap.to_bytes(4, "little")})).sanitize_actions == actions


@pytest.mark.parametrize(
    ("sanicap", "expected"),
    [
        (0x40000004, True),  # NODMMAS 01b: nothing else is changed
        (0x00000004, False),  # 00b: not defined (before 1.4)
        (0x80000004, False),  # 10b: changed afterwards
        (0x60000004, False),  # NDI: refused, or deallocated all the same
    ],
)
def test_whether_what_was_overwritten_stays(sanicap: int, expected: bool) -> None:
    assert decode_controller(controller({328: sanicap.to_bytes(4, "little")})).leaves_what_it_overwrote is expected


@pytest.mark.parametrize(
    ("fna", "formats_all", "erases_all", "crypto"),
    [
        (0b000, False, False, False),
        (0b001, True, True, False),
        (0b010, False, True, False),
        (0b100, False, False, True),
        (0b1000, False, False, False),
    ],
)
def test_format_attributes(fna: int, formats_all: bool, erases_all: bool, crypto: bool) -> None:
    found = decode_controller(controller({524: bytes([fna])}))
    assert (found.formats_all, found.erases_all, found.formats_crypto) == (formats_all, erases_all, crypto)


@pytest.mark.parametrize(
    ("oacs", "expected"),
    [(0, (False, False, False)), (1, (True, False, False)), (2, (False, True, False)), (8, (False, False, True))],
)
def test_optional_admin_commands(oacs: int, expected: tuple[bool, bool, bool]) -> None:
    found = decode_controller(controller({256: oacs.to_bytes(2, "little")}))
    assert (found.supports_security, found.supports_format, found.manages_namespaces) == expected


def test_capacities_of_the_controller() -> None:
    found = decode_controller(controller({296: (1 << 70).to_bytes(16, "little"), 312: b"\x03\x00\x00\x00"}))
    assert (found.capacity_total, found.capacity_unallocated, found.rpmb_units) == (500_107_862_016, 1 << 70, 3)


def test_namespace() -> None:
    found = decode_namespace(namespace({26: b"\x11", 29: b"\x09", 32: b"\x99", 132: b"\x08\x00\x0c\x00"}))
    assert (found.format_index, found.block_bytes, found.metadata_bytes) == (1, 4096, 8)
    assert (found.extended_metadata, found.protection, found.protection_first) == (True, 1, True)
    assert found.percent_left == 25


def test_a_format_progress_without_its_valid_bit_is_none() -> None:
    assert decode_namespace(namespace({32: b"\x19"})).percent_left == 0


def test_more_than_sixteen_formats() -> None:
    # NLBAF is zero-based; FLBAS bits 6:5 are the index's upper bits only where there are more than 16 formats
    entry = {128 + 4 * 17: b"\x00\x00\x0c\x00"}
    assert decode_namespace(namespace({25: b"\x11", 26: b"\x21", **entry})).format_index == 17
    assert decode_namespace(namespace({25: b"\x0f", 26: b"\x21", **entry})).format_index == 1


def test_namespace_lists() -> None:
    assert decode_namespace_list(namespace_list(1, 2, 0xFFFFFFFE)) == (1, 2, 0xFFFFFFFE)
    assert decode_namespace_list(bytes(4096)) == ()
    assert len(decode_namespace_list(b"\x01\x00\x00\x00" * 1024)) == 1024
