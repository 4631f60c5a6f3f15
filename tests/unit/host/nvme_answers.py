"""An nvme-cli that answers from files, and answers laid out by hand.

Offsets as the standards print them: NVM Express Base Specification 2.0 (Identify Controller, Sanitize Status), NVM Command
Set Specification 1.0 (Identify Namespace). Options are refused as nvme-cli 2.13 refuses them.
"""

from pathlib import Path

import pytest

from tests.unit.host.programs import install
from tests.unit.host.trees import NVME_PATH, Tree, put

SERIAL = "S4EVNX0N123456"
MODEL = "Samsung SSD 970 EVO Plus 500GB"
SECTORS = 1_000_215_216


def laid_out(length: int, fields: dict[int, bytes]) -> bytes:
    """Zeros with these bytes at these offsets."""
    data = bytearray(length)
    for offset, value in fields.items():
        data[offset : offset + len(value)] = value
    return bytes(data)


def controller(fields: dict[int, bytes] | None = None) -> bytes:
    """Identify Controller: security and format (OACS 0007h), block and crypto erase, FNA 04h, one namespace at most."""
    return laid_out(
        4096,
        {
            4: SERIAL.ljust(20).encode(),
            24: MODEL.ljust(40).encode(),
            64: b"2B2QEXM7",
            256: b"\x06\x00",
            280: (500_107_862_016).to_bytes(16, "little"),
            328: b"\x03\x00\x00\x00",
            516: b"\x01\x00\x00\x00",
            524: b"\x04",
            768: b"nqn.2014.08.org.nvmexpress:144d144dS4EVNX0N123456",
            **(fields or {}),
        },
    )


def namespace(fields: dict[int, bytes] | None = None) -> bytes:
    """Identify Namespace: SECTORS blocks of 512 bytes in LBA format 0 of two; format 1 has 4096."""
    blocks = SECTORS.to_bytes(8, "little")
    return laid_out(
        4096,
        {
            0: blocks,
            8: blocks,
            16: blocks,
            25: b"\x01",
            128: b"\x00\x00\x09\x02",
            132: b"\x00\x00\x0c\x00",
            **(fields or {}),
        },
    )


def sanitize_log(
    sstat: int, *, sprog: int = 0xFFFF, scdw10: int = 0, fields: dict[int, bytes] | None = None
) -> bytes:
    """Sanitize Status (81h); estimates not reported."""
    return laid_out(
        512,
        {
            0: sprog.to_bytes(2, "little"),
            2: sstat.to_bytes(2, "little"),
            4: scdw10.to_bytes(4, "little"),
            8: b"\xff" * 24,
            **(fields or {}),
        },
    )


def namespace_list(*numbers: int) -> bytes:
    """Namespace List (CNS 02h, 10h)."""
    return b"".join(number.to_bytes(4, "little") for number in numbers).ljust(4096, b"\0")


_SCRIPT = """
f() {{ if [ -e {folder}/$1-${{2##*/}} ]; then cat {folder}/$1-${{2##*/}}; else cat {folder}/$1; fi; }}
case "$1" in
  id-ctrl) f ctrl $2 ;;
  id-ns) f ns $2 ;;
  sanitize-log) [ -e {folder}/log ] || {{ echo 'NVMe status: Invalid Log Page: The log page is not supported(0x4109)' >&2; exit 1; }}; f log $2 ;;
  admin-passthru)
    case "$*" in
      *--opcode=0x06*--cdw10=0x10*) f allocated $2 ;;
      *--opcode=0x06*--cdw10=0x2*) f active $2 ;;
      *--opcode=0x82*) f discovery $2 ;;
      *) exit 1 ;;
    esac
    echo 'Admin Command is Success and result: 0x00000000' >&2 ;;
  sanitize) . {folder}/sanitize ;;
  format) . {folder}/format ;;
  *) exit 1 ;;
esac
"""


class FakeNvme:
    """Answers are files that a test may change at any time; `asked` are the argument lists so far."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder / "answers"
        self.folder.mkdir()
        self._log = install(folder / "bin", monkeypatch, "nvme", _SCRIPT.format(folder=self.folder))
        self.answer("ctrl", controller())
        self.answer("ns", namespace())
        self.answer("log", sanitize_log(0, sprog=0xFFFF))
        self.script("sanitize", "exit 0")
        self.script("format", "echo 'Success formatting namespace:1'")

    def answer(self, name: str, data: bytes) -> None:
        """Bytes of one question; `ctrl-nvme1` is for one node alone."""
        (self.folder / name).write_bytes(data)

    def script(self, name: str, text: str) -> None:
        """What sanitize or format does."""
        (self.folder / name).write_text(text + "\n")

    def becomes(self, data: bytes, name: str = "log", then: str = "exit 0") -> str:
        """A script that changes an answer as the drive does once it has the command."""
        self.answer(f"{name}.next", data)
        return f"cp {self.folder}/{name}.next {self.folder}/{name}; {then}"

    @property
    def asked(self) -> list[str]:
        """The argument lists, oldest first."""
        return self._log.read_text().splitlines() if self._log.exists() else []

    def asked_to(self, word: str) -> str:
        """The one argument list that starts with a word."""
        (line,) = (line for line in self.asked if line.startswith(word + " "))
        return line


def nvme_machine(root: Path, *, serial: str = SERIAL) -> Tree:
    """One NVMe drive with one namespace; its controller is live."""
    tree = Tree(root)
    add_namespace(tree, "nvme0n1", 1)
    put(tree.roots.sys / "devices" / NVME_PATH / "serial", serial.ljust(20) + "\n")
    put(tree.roots.sys / "devices" / NVME_PATH / "state", "live\n")
    put(tree.roots.sys / "devices" / NVME_PATH / "transport", "pcie\n")
    return tree


def add_namespace(tree: Tree, name: str, nsid: int) -> Path:
    """A namespace of the controller nvme0."""
    return tree.disk(name, NVME_PATH, sectors=SECTORS, attributes={"nsid": f"{nsid}\n"})
