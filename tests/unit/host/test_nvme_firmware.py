"""What is read of an NVMe drive before anything is done to it."""

from pathlib import Path

import pytest

from agent.host import discover
from agent.host.nvme_firmware import read_nvme
from agent.host.nvme_topology import find_place
from agent.model.firmware import CommandState, FirmwareReading, Obstacle
from agent.model.sanitization import Technique
from tests.conftest import Allow
from tests.unit.host.nvme_answers import (
    SECTORS,
    SERIAL,
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
SANITIZE = {
    Technique.NVME_SANITIZE_BLOCK_ERASE,
    Technique.NVME_SANITIZE_OVERWRITE,
    Technique.NVME_SANITIZE_CRYPTO_ERASE,
}


@pytest.fixture
def nvme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allow_programs: Allow) -> FakeNvme:
    allow_programs("nvme")
    return FakeNvme(tmp_path, monkeypatch)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return nvme_machine(tmp_path / "root")


def techniques(reading: FirmwareReading) -> list[Technique]:
    return [offer.technique for offer in reading.offers]


def remarks(reading: FirmwareReading, technique: Technique) -> str:
    (offer,) = (offer for offer in reading.offers if offer.technique is technique)
    return "; ".join(offer.remarks)


def test_what_it_says_it_can_do(nvme: FakeNvme, tree: Tree) -> None:
    nvme.answer("log", sanitize_log(0, fields={12: (90).to_bytes(4, "little")}))
    reading = read_nvme(NODE, tree.roots)
    assert techniques(reading) == [
        Technique.NVME_SANITIZE_BLOCK_ERASE,
        Technique.NVME_SANITIZE_CRYPTO_ERASE,
        Technique.NVME_FORMAT_USER_DATA_ERASE,
        Technique.NVME_FORMAT_CRYPTO_ERASE,
    ]
    assert [offer.minutes for offer in reading.offers] == [2, None, None, None]
    assert [offer.erased_hex for offer in reading.offers] == [("00", "ff"), (), ("00", "ff"), ()]
    assert (reading.obstacles, reading.also_hit) == ((), ())
    assert reading.status.state is CommandState.NEVER
    assert reading.raw[:3] == ("OACS 0x0006", "SANICAP 0x00000003", "FNA 0x04")


def test_only_questions_are_asked_and_all_through_this_node(nvme: FakeNvme, tree: Tree) -> None:
    read_nvme(NODE, tree.roots)
    assert nvme.asked == [
        "id-ctrl /dev/nvme0n1 --raw-binary",
        "id-ns /dev/nvme0n1 --namespace-id=1 --raw-binary",
        "sanitize-log /dev/nvme0n1 --raw-binary",
    ]


def test_qemu_offers_no_crypto_erase_whatever_it_would_answer(nvme: FakeNvme, tree: Tree) -> None:
    # QEMU 10: oacs 0x12a, fna 0, sanicap 0, and "success" for --ses=2 (drives.md 4)
    nvme.answer("ctrl", controller({256: b"\x2a\x01", 328: bytes(4), 516: b"\x00\x01\x00\x00", 524: b"\x00"}))
    nvme.answer("allocated", namespace_list(1))
    reading = read_nvme(NODE, tree.roots)
    assert techniques(reading) == [Technique.NVME_FORMAT_USER_DATA_ERASE]
    assert reading.status.state is CommandState.NEVER


def test_an_overwrite_leaves_its_blocks_where_nothing_follows_it(nvme: FakeNvme, tree: Tree) -> None:
    nvme.answer("ctrl", controller({328: b"\x04\x00\x00\x40"}))
    nvme.answer("log", sanitize_log(0, fields={20: (1600).to_bytes(4, "little")}))
    (offer, *_) = read_nvme(NODE, tree.roots).offers
    assert (offer.technique, offer.minutes) == (Technique.NVME_SANITIZE_OVERWRITE, 2)
    assert (offer.erased_hex, offer.remarks) == (("00",), ())


def test_a_running_sanitize_forbids_everything(nvme: FakeNvme, tree: Tree) -> None:
    nvme.answer("log", sanitize_log(2, sprog=655, scdw10=2))
    reading = read_nvme(NODE, tree.roots)
    (found,) = reading.obstacles
    assert (found.obstacle, found.forbids) == (Obstacle.SANITIZE_RUNNING, ())
    assert "SPROG 0x028f" in found.detail
    assert (reading.status.state, reading.status.progress_permille) == (CommandState.RUNNING, 9)


def test_after_a_failed_sanitize_only_another_one_is_allowed(nvme: FakeNvme, tree: Tree) -> None:
    nvme.answer("log", sanitize_log(3))
    (found,) = read_nvme(NODE, tree.roots).obstacles
    assert found.obstacle is Obstacle.SANITIZE_FAILED
    assert Technique.OVERWRITE in found.forbids
    assert not SANITIZE & set(found.forbids)


def test_a_state_that_no_standard_names_is_an_obstacle(nvme: FakeNvme, tree: Tree) -> None:
    nvme.answer("log", sanitize_log(6))
    reading = read_nvme(NODE, tree.roots)
    (found,) = reading.obstacles
    assert found.obstacle is Obstacle.UNREADABLE
    assert Technique.OVERWRITE not in found.forbids
    assert set(found.forbids) > SANITIZE
    assert reading.status.state is CommandState.UNKNOWN


def test_no_sanitize_without_a_status_to_watch(nvme: FakeNvme, tree: Tree) -> None:
    (nvme.folder / "log").unlink()
    reading = read_nvme(NODE, tree.roots)
    assert techniques(reading) == [Technique.NVME_FORMAT_USER_DATA_ERASE, Technique.NVME_FORMAT_CRYPTO_ERASE]
    (found,) = reading.obstacles
    assert (found.obstacle, set(found.forbids)) == (Obstacle.UNREADABLE, SANITIZE)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("ctrl", b""),
        ("ctrl", bytes(4096)),
        ("ctrl", controller()[:4095]),
        ("ctrl", controller() + b"\n"),
        ("ns", namespace()[:512]),
        ("ns", bytes(4096)),
        # 2.13's JSON, where somebody asks for it, says it another way than 2.3's
        ("ctrl", b'{"sn":"S4EVNX0N123456","sanicap":7,"oacs":7}'),
    ],
    ids=["nothing", "zeros", "short", "long", "short ns", "zero ns", "JSON"],
)
def test_an_answer_that_is_not_the_structure(nvme: FakeNvme, tree: Tree, name: str, data: bytes) -> None:
    nvme.answer(name, data)
    reading = read_nvme(NODE, tree.roots)
    (found,) = reading.obstacles
    assert (reading.offers, found.obstacle) == ((), Obstacle.UNREADABLE)
    # an overwrite does not need what could not be read
    assert found.forbids
    assert Technique.OVERWRITE not in found.forbids


def test_a_short_sanitize_log_offers_no_sanitize(nvme: FakeNvme, tree: Tree) -> None:
    nvme.answer("log", b'{"nvme0":{"sprog":65535,"sstat":{"status":"(1) Completed"}}}')
    reading = read_nvme(NODE, tree.roots)
    assert not SANITIZE & set(techniques(reading))
    assert reading.status.state is CommandState.UNKNOWN


def test_another_drive_answers(nvme: FakeNvme, tree: Tree) -> None:
    nvme.answer("ctrl", controller({4: b"ANOTHER             "}))
    (found,) = read_nvme(NODE, tree.roots).obstacles
    assert found.obstacle is Obstacle.UNREADABLE
    assert "another drive" in found.detail


def test_without_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tree: Tree) -> None:
    monkeypatch.setattr("agent.host.run.SEARCH_PATH", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    (found,) = read_nvme(NODE, tree.roots).obstacles
    assert "not installed" in found.detail


def test_a_node_that_is_gone(nvme: FakeNvme, tree: Tree) -> None:
    (found,) = read_nvme("/dev/nvme9n1", tree.roots).obstacles
    assert found.obstacle is Obstacle.UNREADABLE
    assert nvme.asked == []


# several namespaces ------------------------------------------------------------------------------------------


def many(nvme: FakeNvme, tree: Tree, fields: dict[int, bytes]) -> FirmwareReading:
    """Namespace 2 has a node, namespace 7 is attached to nothing; 1 GiB belongs to no namespace."""
    add_namespace(tree, "nvme0n2", 2)
    nvme.answer("allocated", namespace_list(1, 2, 7))
    nvme.answer("active", namespace_list(1, 2))
    many_fields = {256: b"\x0a\x00", 296: (1 << 30).to_bytes(16, "little"), 516: b"\x20\x00\x00\x00"}
    nvme.answer("ctrl", controller({**many_fields, **fields}))
    return read_nvme(NODE, tree.roots)


def test_sanitize_hits_the_other_namespaces_attached_or_not(nvme: FakeNvme, tree: Tree) -> None:
    reading = many(nvme, tree, {})
    assert reading.also_hit == ("/dev/nvme0n2", "namespace 7 (no node)")
    assert "alone, not /dev/nvme0n2, namespace 7 (no node)" in remarks(
        reading, Technique.NVME_FORMAT_USER_DATA_ERASE
    )
    assert "1073741824 bytes that belong to no namespace" in remarks(reading, Technique.NVME_FORMAT_USER_DATA_ERASE)
    assert "alone" not in remarks(reading, Technique.NVME_SANITIZE_BLOCK_ERASE)


def test_a_format_of_one_namespace_hits_no_other(nvme: FakeNvme, tree: Tree) -> None:
    assert many(nvme, tree, {328: bytes(4)}).also_hit == ()


@pytest.mark.parametrize("fna", [b"\x01", b"\x02"])
def test_a_format_that_reaches_all(nvme: FakeNvme, tree: Tree, fna: bytes) -> None:
    reading = many(nvme, tree, {328: bytes(4), 524: fna})
    assert reading.also_hit == ("/dev/nvme0n2", "namespace 7 (no node)")
    assert "alone" not in remarks(reading, Technique.NVME_FORMAT_USER_DATA_ERASE)


def test_without_namespace_management_the_active_ones_are_all(nvme: FakeNvme, tree: Tree) -> None:
    reading = many(nvme, tree, {256: b"\x02\x00"})
    assert reading.also_hit == ("/dev/nvme0n2",)


@pytest.mark.parametrize("data", [b"", bytes(4096), b"[   0]:0x1\n[   1]:0x2\n"], ids=["short", "empty", "text"])
def test_unknown_namespaces_are_an_obstacle(nvme: FakeNvme, tree: Tree, data: bytes) -> None:
    add_namespace(tree, "nvme0n2", 2)
    nvme.answer("allocated", data)
    nvme.answer("ctrl", controller({256: b"\x0a\x00", 516: b"\x20\x00\x00\x00"}))
    reading = read_nvme(NODE, tree.roots)
    assert (reading.offers, [found.obstacle for found in reading.obstacles]) == ((), [Obstacle.UNREADABLE])


# where the node leads ----------------------------------------------------------------------------------------


def multipath(root: Path, *, states: dict[str, str]) -> Tree:
    """Native multipath: nvme0n1 and nvme0n2 hang on the subsystem, whose controllers are numbered otherwise."""
    tree = Tree(root)
    subsystem = tree.roots.sys / "devices/virtual/nvme-subsystem/nvme-subsys0"
    for name, state in states.items():
        folder = tree.roots.sys / "devices/pci0000:00" / name
        put(folder / "state", state + "\n")
        put(folder / "serial", SERIAL + "\n")
        # hidden paths, as the kernel names them: subsystem, controller, head
        for nsid in (1, 2):
            path = folder / f"nvme0c{name.removeprefix('nvme')}n{nsid}"
            put(path / "nsid", f"{nsid}\n")
            put(path / "hidden", "1\n")
            put(path / "size", f"{SECTORS}\n")
            (tree.roots.sys / "block" / path.name).symlink_to(path)
        subsystem.mkdir(parents=True, exist_ok=True)
        (subsystem / name).symlink_to(folder)
    for nsid in (1, 2):
        name = f"nvme0n{nsid}"
        folder = subsystem / name
        put(folder / "nsid", f"{nsid}\n")
        put(folder / "size", f"{SECTORS}\n")
        (folder / "device").symlink_to(subsystem)
        (tree.roots.sys / "class/block" / name).symlink_to(folder)
        (tree.roots.sys / "block" / name).symlink_to(folder)
    listed = tree.roots.sys / "class/nvme-subsystem"
    listed.mkdir(parents=True)
    (listed / "nvme-subsys0").symlink_to(subsystem)
    return tree


def test_the_controller_is_the_one_of_sysfs_not_of_the_name(tmp_path: Path) -> None:
    tree = multipath(tmp_path, states={"nvme1": "live", "nvme2": "live"})
    place = find_place(tree.roots, NODE)
    assert (place.controller, place.nsid, place.serial) == ("/dev/nvme1", 1, SERIAL)
    assert place.others == (("nvme0n2", 2),)
    assert place.capacity_bytes == SECTORS * 512


def test_a_controller_that_is_live_is_preferred(tmp_path: Path) -> None:
    tree = multipath(tmp_path, states={"nvme1": "connecting", "nvme2": "live"})
    assert find_place(tree.roots, NODE).controller == "/dev/nvme2"


def test_two_controllers_of_a_subsystem_are_no_more_drives_than_it_has_namespaces(
    nvme: FakeNvme, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discover, "read_signatures", lambda _nodes: ())
    tree = multipath(tmp_path / "two", states={"nvme1": "live", "nvme2": "live"})
    nvme.answer("active", namespace_list(1, 2))
    nvme.answer("ctrl", controller({516: b"\x20\x00\x00\x00"}))
    drives = discover.discover_drives(tree.roots, (), live=False)
    assert [drive.node for drive in drives] == ["/dev/nvme0n1", "/dev/nvme0n2"]
    assert read_nvme(NODE, tree.roots).also_hit == ("/dev/nvme0n2",)


def test_one_controller_without_multipath(tree: Tree) -> None:
    add_namespace(tree, "nvme0n2", 5)
    put(tree.roots.sys / "class/nvme-subsystem/nvme-subsys0/subsysnqn", "nqn\n")
    (tree.roots.sys / "class/nvme-subsystem/nvme-subsys0/nvme0").symlink_to(tree.roots.sys / "devices" / NVME_PATH)
    place = find_place(tree.roots, NODE)
    assert (place.controller, place.others) == ("/dev/nvme0", (("nvme0n2", 5),))
