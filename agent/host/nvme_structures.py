"""What an NVMe drive answers, decoded from its raw bytes: Identify Controller and Namespace, namespace lists, Sanitize Status.

Offsets: NVM Express Base Specification 2.0 (Identify, CNS 01h, 02h, 10h; log page 81h; SSI: revision 2.1) and NVM Command
Set Specification 1.0 (Identify Namespace, CNS 00h). Everything is little-endian. nvme-cli's text and JSON are never read:
their shape changed between releases (wipers.md 0.3).
"""

from dataclasses import dataclass

from agent.model.firmware import CommandState, DeviceStatus

IDENTIFY_BYTES = 4096
SANITIZE_LOG_BYTES = 512
ALL_NAMESPACES = 0xFFFFFFFF

BLOCK_ERASE = 2
OVERWRITE = 3
CRYPTO_ERASE = 4

_NOT_REPORTED = 0xFFFFFFFF
_OVERWRITE_PASSES_ESTIMATED = 16
_IN_PROGRESS = 2
_MEDIA_VERIFICATION = 5

# The states that the standard defines; every other one stays unknown.
_STATES = {
    0: CommandState.NEVER,
    1: CommandState.DONE,
    2: CommandState.RUNNING,
    3: CommandState.FAILED,
    # Completed although the blocks were deallocated against the host's wish.
    4: CommandState.DONE,
}


def _number(data: bytes, first: int, last: int) -> int:
    return int.from_bytes(data[first : last + 1], "little")


def _text(data: bytes, first: int, last: int) -> str:
    return data[first : last + 1].decode("latin-1").strip(" \0")


@dataclass(frozen=True)
class NvmeController:
    """Identify Controller (CNS 01h): identity and what the drive can erase; capacities in bytes."""

    serial: str
    model: str
    firmware: str
    qualified_name: str
    admin_commands: int
    capacity_total: int
    capacity_unallocated: int
    rpmb_units: int
    sanitize: int
    namespaces_most: int
    format_attributes: int

    @property
    def supports_format(self) -> bool:
        """Format NVM (OACS bit 1)."""
        return bool(self.admin_commands & 1 << 1)

    @property
    def supports_security(self) -> bool:
        """Security Send and Receive (OACS bit 0)."""
        return bool(self.admin_commands & 1 << 0)

    @property
    def manages_namespaces(self) -> bool:
        """Namespace Management (OACS bit 3): namespaces may exist that are attached to nothing."""
        return bool(self.admin_commands & 1 << 3)

    @property
    def sanitize_actions(self) -> tuple[int, ...]:
        """The Sanitize Actions that it supports (SANICAP bits 1, 2, 0), the strongest first."""
        bits = {BLOCK_ERASE: 1, OVERWRITE: 2, CRYPTO_ERASE: 0}
        return tuple(action for action, bit in bits.items() if self.sanitize & 1 << bit)

    @property
    def formats_all(self) -> bool:
        """Format NVM sets all namespaces whatever was asked (FNA bit 0)."""
        return bool(self.format_attributes & 1 << 0)

    @property
    def erases_all(self) -> bool:
        """A secure erase by Format NVM reaches all namespaces whatever was asked (FNA bits 0 and 1)."""
        return bool(self.format_attributes & 0b11)

    @property
    def formats_crypto(self) -> bool:
        """Cryptographic erase by Format NVM (FNA bit 2)."""
        return bool(self.format_attributes & 1 << 2)

    @property
    def leaves_what_it_overwrote(self) -> bool:
        """Whether a sanitize without deallocation is possible (SANICAP NDI 0) and followed by no other change (NODMMAS 01b)."""
        return not self.sanitize & 1 << 29 and self.sanitize >> 30 == 0b01

    @property
    def words(self) -> tuple[str, ...]:
        """The fields that it is judged by, for the record."""
        return (
            f"OACS 0x{self.admin_commands:04x}",
            f"SANICAP 0x{self.sanitize:08x}",
            f"FNA 0x{self.format_attributes:02x}",
            f"NN {self.namespaces_most}",
            f"TNVMCAP {self.capacity_total}",
            f"UNVMCAP {self.capacity_unallocated}",
        )

    def same_drive(self, other: "NvmeController") -> bool:
        """Whether both answers came from one NVM subsystem."""
        return (self.serial, self.model, self.qualified_name) == (other.serial, other.model, other.qualified_name)


def decode_controller(data: bytes) -> NvmeController:
    """Identify Controller from its 4096 bytes."""
    return NvmeController(
        serial=_text(data, 4, 23),
        model=_text(data, 24, 63),
        firmware=_text(data, 64, 71),
        qualified_name=_text(data, 768, 1023),
        admin_commands=_number(data, 256, 257),
        capacity_total=_number(data, 280, 295),
        capacity_unallocated=_number(data, 296, 311),
        rpmb_units=_number(data, 312, 315) & 0b111,
        sanitize=_number(data, 328, 331),
        namespaces_most=_number(data, 516, 519),
        format_attributes=data[524],
    )


@dataclass(frozen=True)
class NvmeNamespace:
    """Identify Namespace (CNS 00h): sizes in logical blocks, the format in use, and what is left of a running format in percent."""

    size: int
    capacity: int
    used: int
    format_index: int
    block_bytes: int
    metadata_bytes: int
    extended_metadata: bool
    protection: int
    protection_first: bool
    format_progress: int

    @property
    def percent_left(self) -> int:
        """What remains to be formatted (FPI bits 6:0), 0 where the drive does not tell (FPI bit 7)."""
        return self.format_progress & 0x7F if self.format_progress & 0x80 else 0

    def same_shape(self, other: "NvmeNamespace") -> bool:
        """Whether size and format are as before."""
        return self.shape == other.shape

    @property
    def shape(self) -> tuple[int, ...]:
        """Size, capacity and format."""
        sizes = (self.size, self.capacity, self.block_bytes, self.metadata_bytes)
        return (*sizes, self.protection, self.extended_metadata)

    @property
    def words(self) -> tuple[str, ...]:
        """The fields that it is judged by, for the record."""
        return (
            f"NSZE {self.size}",
            f"NCAP {self.capacity}",
            f"NUSE {self.used}",
            f"LBAF {self.format_index} ({self.block_bytes} + {self.metadata_bytes})",
            f"FPI 0x{self.format_progress:02x}",
        )


def decode_namespace(data: bytes) -> NvmeNamespace:
    """Identify Namespace from its 4096 bytes."""
    formatted, protection = data[26], data[29]
    # FLBAS bits 6:5 extend the index where there are more than 16 formats (NLBAF is zero-based), and are reserved elsewhere.
    index = formatted & 0xF | ((formatted >> 5 & 0b11) << 4 if data[25] > 15 else 0)
    entry = 128 + index * 4
    return NvmeNamespace(
        size=_number(data, 0, 7),
        capacity=_number(data, 8, 15),
        used=_number(data, 16, 23),
        format_index=index,
        block_bytes=1 << data[entry + 2] if data[entry + 2] else 0,
        metadata_bytes=_number(data, entry, entry + 1),
        extended_metadata=bool(formatted & 1 << 4),
        protection=protection & 0b111,
        protection_first=bool(protection & 1 << 3),
        format_progress=data[32],
    )


def decode_namespace_list(data: bytes) -> tuple[int, ...]:
    """Namespace identifiers of a list (CNS 02h, 10h) from its 4096 bytes: ascending, closed by a zero where it is not full."""
    numbers = [_number(data, i, i + 3) for i in range(0, IDENTIFY_BYTES, 4)]
    return tuple(numbers[: numbers.index(0)]) if 0 in numbers else tuple(numbers)


@dataclass(frozen=True)
class SanitizeLog:
    """Sanitize Status (log page 81h); estimates in seconds as the drive says them."""

    progress: int
    status_word: int
    command_word: int
    estimates: tuple[int, ...]
    state_word: int

    @property
    def action(self) -> int:
        """The Sanitize Action of the command that the status is about (SCDW10 bits 2:0)."""
        return self.command_word & 0b111

    @property
    def status(self) -> DeviceStatus:
        """What the drive says; a success is one of two values (SSTAT bits 2:0), whatever the other bits say."""
        code = self.status_word & 0b111
        state = _STATES.get(code, CommandState.UNKNOWN)
        # Revision 2.1: a drive that waits for its media to be verified says "in progress" and stays there until it is told to leave.
        if code == _IN_PROGRESS and self.state_word & 0xF == _MEDIA_VERIFICATION:
            state = CommandState.UNKNOWN
        permille = self.progress * 1000 // 65536 if state is CommandState.RUNNING else None
        return DeviceStatus(state, self.words, permille)

    @property
    def words(self) -> tuple[str, ...]:
        """The fields as they came, Global Data Erased (SSTAT bit 8) and overwrite passes (bits 7:3) among them."""
        words = (
            f"SSTAT 0x{self.status_word:04x}",
            f"SPROG 0x{self.progress:04x}",
            f"SCDW10 0x{self.command_word:08x}",
        )
        return (*words, f"SSI 0x{self.state_word:02x}") if self.state_word else words

    def minutes(self, action: int, *, deallocate: bool) -> int | None:
        """The drive's estimate for one run of an action, rounded up; None where it gives none (FFFFFFFFh)."""
        place = {OVERWRITE: 0, BLOCK_ERASE: 1, CRYPTO_ERASE: 2}[action] + (0 if deallocate else 3)
        seconds = self.estimates[place]
        if seconds == _NOT_REPORTED:
            return None
        # ETO is about 16 passes; this program asks for one.
        passes = _OVERWRITE_PASSES_ESTIMATED if action == OVERWRITE else 1
        return -(-seconds // (60 * passes))


def decode_sanitize_log(data: bytes) -> SanitizeLog:
    """Sanitize Status from the first 37 bytes at least of its 512."""
    return SanitizeLog(
        progress=_number(data, 0, 1),
        status_word=_number(data, 2, 3),
        command_word=_number(data, 4, 7),
        # ETO, ETBE, ETCE, and the same without deallocation: ETOWND, ETBEND, ETCEND.
        estimates=tuple(_number(data, first, first + 3) for first in range(8, 32, 4)),
        state_word=data[36],
    )
