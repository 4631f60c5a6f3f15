"""The grid: what is wrong with a drive, and what a run on it must come to."""

from __future__ import annotations

from dataclasses import dataclass

from tests.lab.guest import Case, Moment
from tests.lab.layers import LOOP, SECTORS, Piece, Stack

MIDDLE = SECTORS // 2
LAST = SECTORS - 8
PAGE = 8
MEBIBYTE = 2048

SANITIZED = "sanitized"
EXCEPTIONS = "sanitized with exceptions"
FAILED = "failed"
REFUSED = "refused"


_PLAIN = Stack()
STALLS = "dmsetup suspend --noflush --nolockfs faulty && sleep 30 && dmsetup resume faulty"


@dataclass(frozen=True)
class Fault:
    """One row: a drive, what happens to it, and the verdict that it must lead to.

    `left` are the planted bytes that the fault itself keeps, None where they depend on the moment; `share` is that moment, of the bytes
    written. `then` are the shell commands of the moment; `because` is a word of a refusal.
    """

    key: str
    words: str
    outcome: str
    left: int | None = 0
    stack: Stack = _PLAIN
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    share: float | None = None
    then: str = ""
    runs: int = 1
    node: str = LOOP
    options: tuple[str, ...] = ()
    sampled: bool = False
    because: str = ""

    def case(self, argv: tuple[str, ...]) -> Case:
        """What the guest does for this row."""
        moment = None
        if self.share is not None:
            moment = Moment(round(self.share * self.stack.sectors), self.then, paused=self.then != STALLS)
        before = (*(self.stack.commands() if self.node == LOOP else ()), *self.before)
        return Case(argv, self.node, before, self.after, moment, self.runs)


def _holes(kind: str, words: str, outcome: str, left: int) -> tuple[Fault, ...]:
    places = {"start": 0, "middle": MIDDLE, "end": LAST}
    return tuple(
        Fault(f"{kind}-{name}", f"4 KiB {words}, {name}", outcome, left, Stack(pieces=(Piece(at, PAGE, kind),)))
        for name, at in places.items()
    )


def _drops(name: str, words: str, start: int, sectors: int, *, sampled: bool = True) -> Fault:
    stack = Stack(pieces=(Piece(start, sectors, "drop"),))
    return Fault(
        f"drop-{name}", f"writes acknowledged and dropped: {words}", FAILED, sectors * 512, stack, sampled=sampled
    )


_DIES = "dmsetup suspend --noflush --nolockfs faulty && dmsetup load faulty --table '0 131072 error' && dmsetup resume faulty"
_BAD = f"{MIDDLE}-{MIDDLE + PAGE - 1}"
_NULL_BLK = "/sys/kernel/config/nullb/nullb0"
_SCSI = "/sys/bus/pseudo/drivers/scsi_debug/add_host"
_TO_FILE = "dd of=/dev/ubdb bs=1M oflag=direct status=none"
_FROM_FILE = "dd if=/dev/ubdb bs=1M iflag=direct status=none"

FAULTS: tuple[Fault, ...] = (
    Fault("healthy", "none", SANITIZED, sampled=True),
    *_holes("write-error", "that refuse to be written (EIO)", FAILED, 4096),
    *_holes("both-error", "that refuse to be written and read", FAILED, 4096),
    *_holes("read-error", "that refuse to be read", EXCEPTIONS, 0),
    *_holes("stale", "that read as before, after a good write", FAILED, 0),
    _drops("all", "all", 0, SECTORS),
    _drops("1m", "1 MiB in the middle", MIDDLE, MEBIBYTE),
    _drops("4k", "4 KiB in the middle", MIDDLE, PAGE, sampled=False),
    _drops("first", "first MiB", 0, MEBIBYTE),
    _drops("last", "last MiB", SECTORS - MEBIBYTE, MEBIBYTE),
    Fault("odd", "131,069 sectors, no multiple of 4 KiB", SANITIZED, stack=Stack(sectors=131_069), sampled=True),
    Fault("4kn", "4,096-byte logical sectors", SANITIZED, stack=Stack(sector_bytes=4096), sampled=True),
    Fault(
        "4kn-partial",
        "4,096-byte logical sectors, last MiB not whole",
        SANITIZED,
        stack=Stack(sectors=SECTORS + 3 * PAGE, sector_bytes=4096),
    ),
    Fault(
        "heals",
        "4 KiB unreadable until written",
        SANITIZED,
        stack=Stack(pieces=(Piece(0, SECTORS, "dust"),)),
        before=(
            f"for n in $(seq {MIDDLE} {MIDDLE + PAGE - 1}); do dmsetup message faulty 0 addbadblock $n; done >/dev/null",
            "dmsetup message faulty 0 enable",
        ),
    ),
    Fault(
        "bad-blocks",
        "4 KiB bad in the driver's own list",
        FAILED,
        4096,
        Stack(device="/dev/nullb0"),
        before=(f"echo +{_BAD} >{_NULL_BLK}/badblocks",),
        after=(f"echo -{_BAD} >{_NULL_BLK}/badblocks", f"{_TO_FILE} if=/dev/nullb0 iflag=direct"),
    ),
    Fault("vanish", "answers EIO from 40 % on", FAILED, None, Stack(delay_ms=40), share=0.4, then=_DIES),
    Fault(
        "gone",
        "SCSI disk deleted at 30 %",
        FAILED,
        None,
        before=(
            f"echo 1 >{_SCSI}",
            "until [ -b /dev/sda ]; do sleep 0.05; done",
            f"{_FROM_FILE} of=/dev/sda oflag=direct",
        ),
        share=0.3,
        then="echo 1 >/sys/block/sda/device/delete",
        after=(
            "echo '- - -' >/sys/class/scsi_host/host0/scan",
            "until ls /dev/sd? >/dev/null 2>&1; do sleep 0.05; done",
            f"{_TO_FILE} if=$(ls /dev/sd?) iflag=direct",
        ),
        node="/dev/sda",
        options=("scsi_debug.dev_size_mb=64", "scsi_debug.delay=4"),
    ),
    Fault("stall", "silent for 30 s at 40 %", SANITIZED, stack=Stack(delay_ms=40), share=0.4, then=STALLS),
    Fault(
        "kill",
        "program killed (SIGKILL) at 40 %, started again",
        SANITIZED,
        stack=Stack(delay_ms=40),
        share=0.4,
        then="kill -9 $PID",
        runs=2,
    ),
    Fault(
        "mounted",
        "mounted",
        REFUSED,
        None,
        before=("mkfs.vfat $NODE >/dev/null", "mkdir /run/donor", "mount $NODE /run/donor"),
        after=("umount /run/donor",),
        because="mounted",
    ),
    Fault(
        "held",
        "an active device-mapper device on it, not mounted",
        REFUSED,
        SECTORS * 512,
        before=(f"dmsetup create vg-lv --table '0 {SECTORS} linear {LOOP} 0'",),
        after=("dmsetup remove vg-lv",),
        because="held",
    ),
    Fault(
        "fake-size",
        "says 64 MiB, has 32: the second half is the first again",
        FAILED,
        stack=Stack(pieces=(Piece(MIDDLE, MIDDLE, "alias"),)),
    ),
)
"""Random and zeros must come to the same, but for `fake-size`: a repeated pattern can't show addresses that alias."""

BY_KEY = {fault.key: fault for fault in FAULTS}


def expected(fault: Fault, passes: str) -> str:
    """The outcome that this row must come to with these passes."""
    return SANITIZED if (fault.key, passes) == ("fake-size", "zeros") else fault.outcome
