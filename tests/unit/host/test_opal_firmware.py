"""TCG discovery as drives answered it to others (sedutil's issues), and a PSID that no record ever sees."""

from pathlib import Path

import pytest

from agent.errors import IdentityChanged, MediaBusy, Refused, ToolFailed
from agent.host.firmware import FirmwareCommand
from agent.host.opal_discovery import decode_discovery, decode_query
from agent.host.opal_firmware import joined, psid_revert, read_opal
from agent.model.firmware import CommandState, DeviceStatus, FirmwareReading, Obstacle
from agent.model.sanitization import Technique
from tests.conftest import Allow
from tests.unit.host.nvme_answers import FakeNvme, add_namespace, controller, nvme_machine
from tests.unit.host.programs import install
from tests.unit.host.trees import Tree, put, sata

PSID = "ABCDEFGH23456789JKLMNPQR23456789"

# sedutil#340: Crucial MX500; Block SID (0402h) says "SID is not the default, not blocked" (01h)
MX500 = bytes.fromhex(
    """
    000000b0 00000001 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000
    0001100c 11000000 00000000 00000000 0002100c 0b000000 00000000 00000000
    0003101c 01000000 00000000 00000200 00000000 00000001 00000000 00000000
    0201100c 00000009 03000000 00000000 0202100c 0000000a 00a00000 00000001
    02031010 08880001 00000400 09000000 00000000 0402100c 01000000 00000000 00000000
    """
).ljust(2048, b"\0")
# sedutil#503: Kioxia XG8
XG8_QUERY = """
/dev/sda NVMe KXG8AZNV1T02 LA KIOXIA                   5108APLA 937FC863F6HU        \n\
TPer function (0x0001)
    ACKNAK = N, ASYNC = N. BufferManagement = N, comIDManagement  = N, Streaming = Y, SYNC = Y
Locking function (0x0002)
    Locked = N, LockingEnabled = Y, LockingSupported = Y, MBRDone = N, MBREnabled = N, MediaEncrypt = Y
Geometry function (0x0003)
    Align = Y, Alignment Granularity = 1 (512), Logical Block size = 512, Lowest Aligned LBA = 0
SingleUser function (0x0201)
    ALL = N, ANY = N, Policy = Y, Locking Objects = 9
OPAL 2.0 function (0x0203)
    Base comID = 0x2000, Initial PIN = 0x00, Reverted PIN = 0x00, comIDs = 1
    Locking Admins = 4, Locking Users = 9, Range Crossing = N
**** 1 **** Unknown function codes IGNORED
"""
# sedutil#325: Samsung PM810, Opal 1, locked
PM810_QUERY = """
/dev/sda ATA SAMSUNG SSD PM810 FDE 2.5" 256GB         AXM77D1Q       S0S8NEAB909523
TPer function (0x0001)
    ACKNAK = N, ASYNC = N. BufferManagement = N, comIDManagement  = N, Streaming = Y, SYNC = Y
Locking function (0x0002)
    Locked = Y, LockingEnabled = Y, LockingSupported = Y, MBRDone = N, MBREnabled = Y, MediaEncrypt = Y
Opal V1.0 function (0x0200)
Base comID = 0x1002, comIDs = 1
"""
REVERTED_QUERY = XG8_QUERY.replace("LockingEnabled = Y", "LockingEnabled = N")
# sedutil 1.20 of Debian 13 about /dev/null, exit 136
UNSUPPORTED = "echo 'DtaDevOS::init ERROR - unknown drive type' >&2; echo 'Invalid or unsupported disk /dev/sda' >&2; exit 136"


def locking(bits: int) -> bytes:
    """The MX500's answer with another Locking byte: bit 0 supported, 1 enabled, 2 locked, 3 media encryption."""
    data = bytearray(MX500)
    data[48 + 16 + 4] = bits
    return bytes(data)


def block_sid(bits: int) -> bytes:
    """The MX500's answer with another Block SID byte: bit 0 SID is not the default, bit 1 SID is blocked."""
    data = bytearray(MX500)
    data[MX500.index(b"\x04\x02\x10\x0c") + 4] = bits
    return bytes(data)


class FakeSedutil:
    """sedutil-cli whose query and revert are scripts."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        script = f'case "$1" in --query) . {folder}/query ;; --yes*) . {folder}/revert ;; *) exit 1 ;; esac'
        self._log = install(folder / "bin", monkeypatch, "sedutil-cli", script)
        self.answers(XG8_QUERY)
        self.does("revert", "echo 'revertTper completed successfully'")

    def answers(self, text: str, then: str = "exit 0") -> None:
        """What --query prints."""
        (self._folder / "query.txt").write_text(text)
        self.does("query", f"cat {self._folder}/query.txt; {then}")

    def does(self, name: str, script: str) -> None:
        """What query or revert does."""
        (self._folder / name).write_text(script + "\n")

    @property
    def asked(self) -> list[str]:
        """The argument lists, oldest first."""
        return self._log.read_text().splitlines() if self._log.exists() else []


@pytest.fixture
def sedutil(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allow_programs: Allow) -> FakeSedutil:
    allow_programs("sedutil-cli")
    return FakeSedutil(tmp_path, monkeypatch)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    tree = Tree(tmp_path / "root")
    sata(tree)
    return tree


# discovery ---------------------------------------------------------------------------------------------------


def test_raw_discovery() -> None:
    found = decode_discovery(MX500)
    assert found is not None
    assert (found.subsystem, found.locking_enabled, found.locked) == ("Opal 2", True, False)
    assert (found.media_encryption, found.sid_blocked) == (True, False)


@pytest.mark.parametrize(
    ("bits", "expected"),
    [(0b1001, (False, False, True)), (0b1111, (True, True, True)), (0b0011, (True, False, False))],
)
def test_locking_bits(bits: int, expected: tuple[bool, bool, bool]) -> None:
    found = decode_discovery(locking(bits))
    assert found is not None
    assert (found.locking_enabled, found.locked, found.media_encryption) == expected


@pytest.mark.parametrize(("bits", "blocked"), [(0b00, False), (0b01, False), (0b10, True), (0b11, True)])
def test_block_sid_bits(bits: int, blocked: bool) -> None:
    found = decode_discovery(block_sid(bits))
    assert found is not None
    assert found.sid_blocked is blocked


@pytest.mark.parametrize(
    "data",
    [b"", bytes(2048), MX500[:48], MX500[:60], b"\xff" * 2048, bytes(48) + MX500[48:]],
    ids=["empty", "zeros", "header", "first feature", "ones", "length 0"],
)
def test_no_discovery(data: bytes) -> None:
    assert decode_discovery(data) is None


def test_a_class_without_a_key() -> None:
    pyrite = MX500.replace(b"\x02\x03\x10\x10", b"\x03\x02\x10\x10")
    found = decode_discovery(pyrite)
    assert found is not None
    assert found.subsystem == ""


def test_query_text() -> None:
    found = decode_query(XG8_QUERY)
    assert found is not None
    assert found.words == (
        "TCG Opal 2",
        "Locked N",
        "LockingEnabled Y",
        "MediaEncryption Y",
        "SID blocked not told",
    )
    # releases after 1.20 name Block SID and print the Locking line another way
    newer = XG8_QUERY.replace("LockingSupported = Y", "MBR shadowing Not Supported = N") + (
        "BlockSID function (0x0402)\n    BlockSIDState = Y, SIDvalueState = 1, HardReset  = 0\n"
    )
    blocked = decode_query(newer)
    assert blocked is not None
    assert blocked.sid_blocked is True


@pytest.mark.parametrize("text", ["", "Locking function (0x0002)\n", "/dev/sda ATA Locked = \n"])
def test_no_query_text(text: str) -> None:
    assert decode_query(text) is None


# reading -----------------------------------------------------------------------------------------------------


def test_a_drive_with_its_lock_open(sedutil: FakeSedutil, tree: Tree) -> None:
    put(tree.roots.sys / "module/libata/parameters/allow_tpm", "1\n")
    reading = read_opal("/dev/sda", tree.roots)
    (offer,) = reading.offers
    assert (offer.technique, offer.erased_hex) == (Technique.OPAL_PSID_REVERT, ())
    assert "PSID that is printed on the drive's label" in offer.remarks[0]
    assert reading.obstacles == ()
    assert reading.raw[-1] == "libata.allow_tpm 1"
    assert sedutil.asked == ["--query /dev/sda"]


def test_a_locked_drive_allows_nothing_but_the_revert(sedutil: FakeSedutil, tree: Tree) -> None:
    sedutil.answers(PM810_QUERY)
    reading = read_opal("/dev/sda", tree.roots)
    (found,) = reading.obstacles
    assert found.obstacle is Obstacle.OPAL_LOCKED
    assert set(Technique) - set(found.forbids) == {Technique.OPAL_PSID_REVERT}
    assert len(reading.offers) == 1


@pytest.mark.parametrize("script", [UNSUPPORTED, "exit 1", "echo nonsense", "kill -9 $$"])
def test_no_answer_stops_nobody(sedutil: FakeSedutil, tree: Tree, script: str) -> None:
    sedutil.does("query", script)
    put(tree.roots.sys / "module/libata/parameters/allow_tpm", "0\n")
    reading = read_opal("/dev/sda", tree.roots)
    assert (reading.offers, reading.obstacles) == ((), ())
    assert reading.raw[-1] == "libata.allow_tpm 0"


def test_no_revert_without_a_key(sedutil: FakeSedutil, tree: Tree) -> None:
    sedutil.answers(XG8_QUERY.replace("MediaEncrypt = Y", "MediaEncrypt = N"))
    assert read_opal("/dev/sda", tree.roots).offers == ()
    sedutil.answers(XG8_QUERY.replace("OPAL 2.0 function (0x0203)", "PYRITE 2.0 function (0x0303)"))
    assert read_opal("/dev/sda", tree.roots).offers == ()


def test_an_nvme_drive_is_asked_in_raw_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allow_programs: Allow
) -> None:
    allow_programs("nvme")
    fake, tree = FakeNvme(tmp_path, monkeypatch), nvme_machine(tmp_path / "root")
    fake.answer("ctrl", controller({256: b"\x07\x00"}))
    fake.answer("discovery", block_sid(0b11))
    reading = read_opal("/dev/nvme0n1", tree.roots)
    (found,) = reading.obstacles
    assert (found.obstacle, found.forbids) == (
        Obstacle.BLOCK_SID,
        (Technique.NVME_FORMAT_USER_DATA_ERASE, Technique.NVME_FORMAT_CRYPTO_ERASE),
    )
    assert fake.asked[-1] == (
        "admin-passthru /dev/nvme0n1 --opcode=0x82 --namespace-id=0 --cdw10=0x01000100 --cdw11=2048"
        " --data-len=2048 --read --raw-binary"
    )


def test_an_nvme_drive_without_security_commands_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allow_programs: Allow
) -> None:
    allow_programs("nvme")
    fake, tree = FakeNvme(tmp_path, monkeypatch), nvme_machine(tmp_path / "root")
    assert read_opal("/dev/nvme0n1", tree.roots).raw == ("TCG: none found",)
    assert len(fake.asked) == 1


def test_a_revert_reaches_all_namespaces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allow_programs: Allow
) -> None:
    allow_programs("nvme")
    fake, tree = FakeNvme(tmp_path, monkeypatch), nvme_machine(tmp_path / "root")
    fake.answer("ctrl", controller({256: b"\x01\x00"}))
    fake.answer("discovery", MX500)
    other = add_namespace(tree, "nvme0n2", 2)
    assert read_opal("/dev/nvme0n1", tree.roots).also_hit == ("/dev/nvme0n2",)
    tree.mount(other, "/home")
    with pytest.raises(MediaBusy, match="/dev/nvme0n2"):
        psid_revert("/dev/nvme0n1", PSID, tree.roots).prepare()
    assert read_opal("/dev/nvme9n1", tree.roots).offers == ()


def test_readings_of_one_drive_are_joined(sedutil: FakeSedutil, tree: Tree) -> None:
    own = FirmwareReading((), (), DeviceStatus(CommandState.NEVER, ("own",)), ("/dev/nvme0n2",), ("own",))
    both = joined(own, read_opal("/dev/sda", tree.roots))
    assert (both.status, both.also_hit, both.raw[0]) == (own.status, own.also_hit, "own")
    assert [offer.technique for offer in both.offers] == [Technique.OPAL_PSID_REVERT]


# revert ------------------------------------------------------------------------------------------------------


def revert(tree: Tree) -> FirmwareCommand:
    return psid_revert("/dev/sda", PSID, tree.roots)


def test_the_psid_is_in_no_record(sedutil: FakeSedutil, tree: Tree) -> None:
    sedutil.does("revert", f"echo 'using {PSID} {PSID}'; exit 1")
    command = revert(tree)
    command.prepare()
    tool = command.start()
    assert sedutil.asked[-1] == f"--yesIreallywanttoERASEALLmydatausingthePSID {PSID} /dev/sda"
    assert tool.argv == ("sedutil-cli", "--yesIreallywanttoERASEALLmydatausingthePSID", "PSID", "/dev/sda")
    assert tool.output == "using PSID PSID"
    assert PSID not in repr((tool, command.status(), command.offer, command))


def test_the_psid_is_in_no_error(sedutil: FakeSedutil, tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.host.opal_firmware._TIMEOUT_SECONDS", 0.2)
    sedutil.does("revert", f"echo {PSID} >&2; exec sleep 30")
    command = revert(tree)
    tool = command.start()
    assert tool.code is None
    assert PSID not in repr(tool)
    assert command.status().state is CommandState.UNKNOWN


@pytest.mark.parametrize(
    "typed", ["abcd-efgh-2345-6789-jklm-npqr-2345-6789", "ABCDEFGH 23456789 JKLMNPQR 23456789\n"]
)
def test_the_psid_as_people_type_it(sedutil: FakeSedutil, tree: Tree, typed: str) -> None:
    command = psid_revert("/dev/sda", typed, tree.roots)
    command.start()
    assert f" {PSID} " in sedutil.asked[-1]


@pytest.mark.parametrize("typed", ["", PSID[:-1], PSID + "A", PSID[:-1] + "!", PSID[:-1] + "É"])
def test_what_is_no_psid(sedutil: FakeSedutil, tree: Tree, typed: str) -> None:
    with pytest.raises(Refused) as caught:
        psid_revert("/dev/sda", typed, tree.roots)
    assert not typed or typed not in str(caught.value)
    assert sedutil.asked == []


@pytest.mark.parametrize(
    ("script", "after", "state"),
    [
        ("echo 'revertTper completed successfully'", REVERTED_QUERY, CommandState.DONE),
        # said so, and the lock is as it was (sedutil#267, #291, #468)
        ("echo 'revertTper completed successfully'", XG8_QUERY, CommandState.UNKNOWN),
        ("echo 'revertTper completed successfully'", PM810_QUERY, CommandState.UNKNOWN),
        ("echo 'revertTper completed successfully'; exit 1", REVERTED_QUERY, CommandState.UNKNOWN),
        ("true", REVERTED_QUERY, CommandState.UNKNOWN),
        (
            "echo 'method status code NOT_AUTHORIZED' >&2; echo 'Session start failed rc = 1' >&2; exit 1",
            XG8_QUERY,
            CommandState.FAILED,
        ),
        ("echo 'method status code AUTHORITY_LOCKED_OUT' >&2; exit 18", XG8_QUERY, CommandState.FAILED),
        ("echo 'One or more header fields have 0 length' >&2; exit 136", XG8_QUERY, CommandState.UNKNOWN),
        ("echo 'method status code TPER_MALFUNCTION' >&2; exit 15", XG8_QUERY, CommandState.UNKNOWN),
        ("kill -9 $$", REVERTED_QUERY, CommandState.UNKNOWN),
    ],
)
def test_what_revert_says(sedutil: FakeSedutil, tree: Tree, script: str, after: str, state: CommandState) -> None:
    command = revert(tree)
    assert command.status().state is CommandState.UNKNOWN
    assert command.prepare() == ()
    sedutil.does("revert", script)
    command.start()
    sedutil.answers(after)
    assert command.status().state is state


def test_an_enterprise_drive_keeps_locking_enabled(sedutil: FakeSedutil, tree: Tree) -> None:
    # sedutil#469: ST4000NM0043 after its revert
    sedutil.answers(XG8_QUERY.replace("OPAL 2.0 function (0x0203)", "Enterprise function (0x0100)"))
    command = revert(tree)
    command.prepare()
    command.start()
    assert command.status().state is CommandState.DONE


def test_no_answer_after_the_revert(sedutil: FakeSedutil, tree: Tree) -> None:
    command = revert(tree)
    command.start()
    sedutil.does("query", UNSUPPORTED)
    with pytest.raises(ToolFailed):
        command.status()


@pytest.mark.parametrize("step", ["prepare", "start", "status"])
def test_the_node_leads_to_another_drive(sedutil: FakeSedutil, tree: Tree, step: str) -> None:
    command = revert(tree)
    asked = len(sedutil.asked)
    put((tree.roots.sys / "class/block/sda").resolve() / "size", "4096\n")
    with pytest.raises(IdentityChanged):
        getattr(command, step)()
    assert len(sedutil.asked) == asked


def test_a_mounted_drive(sedutil: FakeSedutil, tree: Tree) -> None:
    tree.mount((tree.roots.sys / "class/block/sda").resolve(), "/mnt")
    with pytest.raises(MediaBusy):
        revert(tree).prepare()


def test_close_forgets_the_psid(sedutil: FakeSedutil, tree: Tree) -> None:
    released: list[int] = []
    command = psid_revert("/dev/sda", PSID, tree.roots, lambda: released.append(1))
    command.close()
    assert released == [1]
    assert PSID not in repr(vars(command))
