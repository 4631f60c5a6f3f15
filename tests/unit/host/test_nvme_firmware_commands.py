"""Sanitize and Format NVM through an nvme-cli that lies, fails and forgets as drives do."""

from pathlib import Path

import pytest

from agent.errors import AgentError, EraseRunning, IdentityChanged, MediaBusy, MediaVanished, Refused, ToolFailed
from agent.host.firmware import FirmwareCommand
from agent.host.nvme_firmware import nvme_command
from agent.model.firmware import CommandState
from agent.model.sanitization import Technique
from tests.conftest import Allow
from tests.unit.host.nvme_answers import (
    FakeNvme,
    add_namespace,
    controller,
    namespace,
    namespace_list,
    nvme_machine,
    sanitize_log,
)
from tests.unit.host.trees import NVME_PATH, Tree, put

NODE = "/dev/nvme0n1"
BLOCK = Technique.NVME_SANITIZE_BLOCK_ERASE
OVER = Technique.NVME_SANITIZE_OVERWRITE
CRYPTO = Technique.NVME_SANITIZE_CRYPTO_ERASE
FORMAT = Technique.NVME_FORMAT_USER_DATA_ERASE
# nvme-cli prints the controller's status so and ends with 1 (nvme_show_status of 2.13)
INVALID_OPCODE = (
    "echo 'NVMe status: Invalid Command Opcode: A reserved coded value or an unsupported value in the command opcode"
    " field(0x2001)' >&2; exit 1"
)


@pytest.fixture
def nvme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allow_programs: Allow) -> FakeNvme:
    allow_programs("nvme")
    fake = FakeNvme(tmp_path, monkeypatch)
    fake.answer("ctrl", controller({328: b"\x07\x00\x00\x00"}))
    return fake


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return nvme_machine(tmp_path / "root")


def carried_out(tree: Tree, technique: Technique) -> FirmwareCommand:
    command = nvme_command(NODE, technique, tree.roots)
    assert command.prepare() == ()
    command.start()
    assert command.settle() == ()
    return command


# sanitize ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("technique", "options"),
    [
        (BLOCK, "--sanact=2"),
        (OVER, "--sanact=3 --owpass=1 --ovrpat=0"),
        (CRYPTO, "--sanact=4"),
    ],
)
def test_what_is_asked_for(nvme: FakeNvme, tree: Tree, technique: Technique, options: str) -> None:
    carried_out(tree, technique)
    assert nvme.asked_to("sanitize") == f"sanitize /dev/nvme0 {options}"


def test_an_overwrite_without_deallocation(nvme: FakeNvme, tree: Tree) -> None:
    nvme.answer("ctrl", controller({328: b"\x07\x00\x00\x40"}))
    carried_out(tree, OVER)
    assert nvme.asked_to("sanitize").endswith(" --no-dealloc")
    carried_out(tree, BLOCK)
    assert not nvme.asked[-1].endswith(" --no-dealloc")


def test_it_runs_and_completes(nvme: FakeNvme, tree: Tree) -> None:
    nvme.script("sanitize", nvme.becomes(sanitize_log(2, sprog=0x4000, scdw10=2)))
    command = nvme_command(NODE, BLOCK, tree.roots)
    assert command.in_background
    assert command.status().state is CommandState.NEVER
    command.prepare()
    tool = command.start()
    assert (tool.argv[:3], tool.code) == (("nvme", "sanitize", "/dev/nvme0"), 0)
    status = command.status()
    assert (status.state, status.progress_permille) == (CommandState.RUNNING, 250)
    nvme.answer("log", sanitize_log(0x101, scdw10=2))
    assert command.status().state is CommandState.DONE


def test_a_drive_that_forgets(nvme: FakeNvme, tree: Tree) -> None:
    # accepted, exit 0, and the log says "never" (peers-faults.md 2, forget)
    nvme.script("sanitize", nvme.becomes(sanitize_log(0x100)))
    assert carried_out(tree, BLOCK).status().state is CommandState.NEVER


def test_a_drive_that_fails(nvme: FakeNvme, tree: Tree) -> None:
    nvme.script("sanitize", nvme.becomes(sanitize_log(3, scdw10=2)))
    assert carried_out(tree, BLOCK).status().state is CommandState.FAILED


def test_a_stuck_progress_stays_running(nvme: FakeNvme, tree: Tree) -> None:
    # Intel 660p: SPROG 655 for ever (nvme-cli#752)
    nvme.script("sanitize", nvme.becomes(sanitize_log(2, sprog=655, scdw10=2)))
    command = carried_out(tree, BLOCK)
    assert {command.status().progress_permille for _ in range(3)} == {9}


def test_a_completion_of_another_action_is_not_ours(nvme: FakeNvme, tree: Tree) -> None:
    nvme.script("sanitize", nvme.becomes(sanitize_log(0x101, scdw10=4)))
    assert carried_out(tree, BLOCK).status().state is CommandState.UNKNOWN


def test_before_the_start_an_old_completion_is_told_as_it_is(nvme: FakeNvme, tree: Tree) -> None:
    nvme.answer("log", sanitize_log(0x101, scdw10=4))
    status = nvme_command(NODE, BLOCK, tree.roots).status()
    assert (status.state, status.raw[2]) == (CommandState.DONE, "SCDW10 0x00000004")


def test_refused_where_an_old_completion_stands_in_the_log(nvme: FakeNvme, tree: Tree) -> None:
    nvme.answer("log", sanitize_log(0x101, scdw10=2))
    nvme.script("sanitize", INVALID_OPCODE)
    command = carried_out(tree, BLOCK)
    status = command.status()
    assert status.state is CommandState.NEVER
    assert status.raw[-1].startswith("NVMe status: Invalid Command Opcode")


def test_refused_by_text_and_running_all_the_same(nvme: FakeNvme, tree: Tree) -> None:
    nvme.script("sanitize", nvme.becomes(sanitize_log(2, sprog=1, scdw10=2), then=INVALID_OPCODE))
    assert carried_out(tree, BLOCK).status().state is CommandState.RUNNING


def test_refused_because_another_sanitize_is_running(nvme: FakeNvme, tree: Tree) -> None:
    command = nvme_command(NODE, BLOCK, tree.roots)
    nvme.answer("log", sanitize_log(2, sprog=655, scdw10=2))
    nvme.script("sanitize", "echo 'NVMe status: Sanitize In Progress(0x1d)' >&2; exit 1")
    command.prepare()
    command.start()
    assert command.status().state is CommandState.RUNNING


@pytest.mark.parametrize(
    "script",
    [
        "echo 'sanitize: Input/output error' >&2; exit 1",
        "echo 'sanitize: Interrupted system call' >&2; exit 1",
        "kill -9 $$",
        "echo 'NVMe status: Sanitize Failed(0x1c)'; exit 0",
    ],
)
def test_whatever_the_tool_says_an_old_completion_is_not_made_ours(nvme: FakeNvme, tree: Tree, script: str) -> None:
    """The log is word for word what it was: the engine compares the words (is_attributable)."""
    nvme.answer("log", sanitize_log(0x101, scdw10=2))
    nvme.script("sanitize", script)
    command = nvme_command(NODE, BLOCK, tree.roots)
    before = command.status()
    command.prepare()
    command.start()
    assert command.status() == before


def test_a_status_that_is_cut_off(nvme: FakeNvme, tree: Tree) -> None:
    command = carried_out(tree, BLOCK)
    nvme.answer("log", sanitize_log(1)[:37])
    with pytest.raises(ToolFailed, match="37 bytes instead of 512"):
        command.status()


def test_the_command_goes_to_the_controller_that_leads_to_the_node(nvme: FakeNvme, tree: Tree) -> None:
    parent = tree.roots.sys / "devices" / NVME_PATH
    parent.rename(parent.with_name("nvme3"))
    for link in (tree.roots.sys / "class/block/nvme0n1", tree.roots.sys / "block/nvme0n1"):
        link.unlink()
        link.symlink_to(parent.with_name("nvme3") / "nvme0n1")
    device = parent.with_name("nvme3") / "nvme0n1/device"
    device.unlink()
    device.symlink_to(parent.with_name("nvme3"))
    carried_out(tree, BLOCK)
    assert nvme.asked_to("sanitize").startswith("sanitize /dev/nvme3 ")


# what stands before the start --------------------------------------------------------------------------------


@pytest.mark.parametrize("technique", [BLOCK, FORMAT])
def test_the_controller_answers_for_another_drive(nvme: FakeNvme, tree: Tree, technique: Technique) -> None:
    command = nvme_command(NODE, technique, tree.roots)
    nvme.answer("ctrl-nvme0", controller({4: b"ANOTHER             "}))
    with pytest.raises(IdentityChanged):
        command.prepare()
    assert not [line for line in nvme.asked if line.startswith(("sanitize ", "format "))]


@pytest.mark.parametrize("technique", [BLOCK, FORMAT])
@pytest.mark.parametrize("step", ["prepare", "start", "status"])
def test_the_node_leads_to_another_drive(nvme: FakeNvme, tree: Tree, technique: Technique, step: str) -> None:
    command = nvme_command(NODE, technique, tree.roots)
    put(tree.roots.sys / "devices" / NVME_PATH / "serial", "ANOTHER\n")
    with pytest.raises(IdentityChanged):
        getattr(command, step)()
    assert not [line for line in nvme.asked if line.startswith(("sanitize ", "format "))]


@pytest.mark.parametrize("technique", [BLOCK, FORMAT])
def test_the_drive_is_gone(nvme: FakeNvme, tree: Tree, technique: Technique) -> None:
    command = nvme_command(NODE, technique, tree.roots)
    (tree.roots.sys / "class/block/nvme0n1").unlink()
    for step in (command.prepare, command.start, command.status):
        with pytest.raises(MediaVanished):
            step()


def test_what_erases_another_namespace_too_is_no_command_for_this_one(nvme: FakeNvme, tree: Tree) -> None:
    add_namespace(tree, "nvme0n2", 2)
    nvme.answer("active", namespace_list(1, 2))
    nvme.answer("ctrl", controller({328: b"\x02\x00\x00\x00", 516: b"\x02\x00\x00\x00"}))
    with pytest.raises(Refused, match="would erase /dev/nvme0n2 too"):
        nvme_command(NODE, BLOCK, tree.roots)
    # a format of namespace 1 does not reach it
    nvme_command(NODE, FORMAT, tree.roots).prepare()
    nvme.answer("ctrl", controller({516: b"\x02\x00\x00\x00", 524: b"\x02"}))
    with pytest.raises(Refused):
        nvme_command(NODE, FORMAT, tree.roots)


def test_another_namespace_came_and_was_mounted_meanwhile(nvme: FakeNvme, tree: Tree) -> None:
    nvme.answer("active", namespace_list(1))
    nvme.answer("ctrl", controller({328: b"\x02\x00\x00\x00", 516: b"\x02\x00\x00\x00"}))
    command = nvme_command(NODE, BLOCK, tree.roots)
    tree.mount(add_namespace(tree, "nvme0n2", 2), "/home")
    with pytest.raises(MediaBusy, match="/dev/nvme0n2 is in use: mounted") as told:
        command.prepare()
    assert "/home" not in str(told.value)


@pytest.mark.parametrize("technique", [BLOCK, FORMAT])
def test_a_partition_of_it_is_mounted(nvme: FakeNvme, tree: Tree, technique: Technique) -> None:
    part = tree.partition((tree.roots.sys / "class/block/nvme0n1").resolve(), "nvme0n1p1")
    tree.mount(part, "/mnt")
    with pytest.raises(MediaBusy):
        nvme_command(NODE, technique, tree.roots).prepare()


@pytest.mark.parametrize(
    ("technique", "fields"),
    [
        (OVER, {328: b"\x03\x00\x00\x00"}),
        (Technique.NVME_FORMAT_CRYPTO_ERASE, {524: b"\x00"}),
        (FORMAT, {256: b"\x00\x00"}),
        (Technique.ATA_SECURITY_ERASE, {}),
    ],
)
def test_what_the_drive_does_not_offer(
    nvme: FakeNvme, tree: Tree, technique: Technique, fields: dict[int, bytes]
) -> None:
    nvme.answer("ctrl", controller(fields))
    with pytest.raises(Refused):
        nvme_command(NODE, technique, tree.roots)


# what stands against it --------------------------------------------------------------------------------------


@pytest.mark.parametrize("technique", [BLOCK, FORMAT])
def test_no_command_while_a_sanitize_of_somebody_runs(nvme: FakeNvme, tree: Tree, technique: Technique) -> None:
    nvme.answer("log", sanitize_log(2, sprog=655, scdw10=2))
    with pytest.raises(EraseRunning, match="a sanitize is running"):
        nvme_command(NODE, technique, tree.roots)


def test_after_a_failed_sanitize_there_is_no_format_but_another_sanitize(nvme: FakeNvme, tree: Tree) -> None:
    nvme.answer("log", sanitize_log(3, scdw10=2))
    with pytest.raises(Refused, match="a sanitize failed") as told:
        nvme_command(NODE, FORMAT, tree.roots)
    assert not isinstance(told.value, EraseRunning)
    assert nvme_command(NODE, BLOCK, tree.roots).offer.technique is BLOCK


@pytest.mark.parametrize("technique", [BLOCK, FORMAT])
def test_no_command_in_a_state_that_no_standard_names(nvme: FakeNvme, tree: Tree, technique: Technique) -> None:
    nvme.answer("log", sanitize_log(6))
    with pytest.raises(Refused, match="capabilities not readable"):
        nvme_command(NODE, technique, tree.roots)


def test_without_a_status_there_is_no_sanitize_but_a_format(nvme: FakeNvme, tree: Tree) -> None:
    (nvme.folder / "log").unlink()
    with pytest.raises(Refused, match="sanitize status"):
        nvme_command(NODE, BLOCK, tree.roots)
    assert nvme_command(NODE, FORMAT, tree.roots).offer.technique is FORMAT


def test_close_releases(nvme: FakeNvme, tree: Tree) -> None:
    released: list[int] = []
    command = nvme_command(NODE, BLOCK, tree.roots, lambda: released.append(1))
    command.close()
    assert (released, command.secret_note) == ([1], "")


# format ------------------------------------------------------------------------------------------------------


def test_format_keeps_the_format_in_use(nvme: FakeNvme, tree: Tree) -> None:
    # FLBAS 11h: format 1 with metadata in the block; DPS 0Ah: type 2, in the first bytes of the metadata
    nvme.answer("ns", namespace({26: b"\x11", 29: b"\x0a", 132: b"\x08\x00\x0c\x00"}))
    carried_out(tree, FORMAT)
    assert nvme.asked_to("format") == (
        "format /dev/nvme0n1 --namespace-id=1 --ses=1 --lbaf=1 --pi=2 --pil=1 --ms=1 --timeout=86400000"
    )


def test_format_with_a_new_key(nvme: FakeNvme, tree: Tree) -> None:
    carried_out(tree, Technique.NVME_FORMAT_CRYPTO_ERASE)
    assert " --ses=2 --lbaf=0 --pi=0 --pil=0 --ms=0 " in nvme.asked_to("format")


@pytest.mark.parametrize(
    ("script", "state"),
    [
        ("echo 'Success formatting namespace:1'", CommandState.DONE),
        # FNA bit 0: nvme-cli formats all of them whatever it was told
        ("echo 'Success formatting namespace:ffffffff'", CommandState.DONE),
        ("echo 'Success formatting namespace:2'", CommandState.UNKNOWN),
        ("echo 'Success formatting namespace:1'; exit 1", CommandState.UNKNOWN),
        ("true", CommandState.UNKNOWN),
        ("echo 'Sending format operation ...' >&2", CommandState.UNKNOWN),
        ("echo 'format: Input/output error' >&2", CommandState.UNKNOWN),
        ("echo 'format: Input/output error' >&2; exit 1", CommandState.UNKNOWN),
        ("echo 'NVMe status: Invalid Namespace or Format(0xb)' >&2; exit 0", CommandState.UNKNOWN),
        (INVALID_OPCODE, CommandState.FAILED),
        ("echo 'NVMe status: Internal Error: not completed successfully(0x6)' >&2; exit 1", CommandState.FAILED),
        ("kill -9 $$", CommandState.UNKNOWN),
        (
            "printf 'Failed to open nvme0n1.\\nNamespace is currently busy.\\n' >&2; exit 1",
            CommandState.NEVER,
        ),
    ],
)
def test_what_format_says(nvme: FakeNvme, tree: Tree, script: str, state: CommandState) -> None:
    nvme.script("format", script)
    command = carried_out(tree, FORMAT)
    assert not command.in_background
    assert command.status().state is state


@pytest.mark.parametrize(
    "fields",
    [
        {0: (999).to_bytes(8, "little")},
        {8: (999).to_bytes(8, "little")},
        {26: b"\x01"},
        {29: b"\x01"},
        {128: b"\x08\x00\x09\x00"},
    ],
    ids=["size", "capacity", "block", "protection", "metadata"],
)
def test_a_namespace_of_another_shape_is_not_done(nvme: FakeNvme, tree: Tree, fields: dict[int, bytes]) -> None:
    command = carried_out(tree, FORMAT)
    nvme.answer("ns", namespace(fields))
    assert command.status().state is CommandState.UNKNOWN


def test_a_size_that_the_kernel_does_not_share_is_not_done(nvme: FakeNvme, tree: Tree) -> None:
    command = carried_out(tree, FORMAT)
    put((tree.roots.sys / "class/block/nvme0n1").resolve() / "size", "8\n")
    assert command.status().state is CommandState.UNKNOWN


def test_a_namespace_that_does_not_answer_is_not_done(nvme: FakeNvme, tree: Tree) -> None:
    command = carried_out(tree, FORMAT)
    nvme.answer("ns", bytes(4096))
    with pytest.raises(AgentError):
        command.status()


def test_format_progress(nvme: FakeNvme, tree: Tree) -> None:
    # FPI (byte 32): bit 7 the field is valid, bits 6:0 percent that remains
    command = carried_out(tree, FORMAT)
    nvme.answer("ns", namespace({32: b"\x99"}))
    status = command.status()
    assert (status.state, status.progress_permille) == (CommandState.RUNNING, 750)
    nvme.answer("ns", namespace({32: b"\x80"}))
    assert command.status().state is CommandState.DONE


def test_before_the_start_nothing_is_told_of_formats(nvme: FakeNvme, tree: Tree) -> None:
    command = nvme_command(NODE, FORMAT, tree.roots)
    assert command.status().state is CommandState.UNKNOWN
    nvme.answer("ns", namespace({32: b"\xe4"}))
    assert command.status().state is CommandState.RUNNING
