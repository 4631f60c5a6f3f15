"""The drive's own erases of the lab, each with what may be wrong with the drive: data for lab_own_erase.py.

The expected outcomes are written down here by hand, from what the fault is: none of them is *sanitized* but those that change nothing
of what the drive promised.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.lab.disk import MIB
from tests.lab.network import Remote

SIZE = 16 * MIB
SECTORS = SIZE // 512
SANITIZED, FAILED, UNKNOWN, REFUSED = "sanitized", "failed", "unknown", "refused"
_NOT_DONE = (FAILED, UNKNOWN)


@dataclass(frozen=True)
class OwnFault:
    """What is wrong with a drive (`config`, as its model reads it), and what may become of it; `because` stands in the reason.

    How much is left depends on the moment where `moving`. `psid` is what somebody reads from the drive's label and types.
    """

    key: str
    config: dict[str, Any]
    outcomes: tuple[str, ...]
    because: str = ""
    moving: bool = False
    psid: str = ""


@dataclass(frozen=True)
class Kind:
    """One kind of drive on the network; `nodes` is how the kernel counts them, `image` the medium's file below LAB/NUMBER."""

    key: str
    protocol: str
    port: int
    nodes: str
    image: str

    def remote(self, number: int) -> Remote:
        """What the guest logs in to for its drive of this number, from 0."""
        node = self.nodes.format(n=number, letter=chr(ord("a") + number))
        return Remote(self.protocol, f"{_NAMES[self.protocol]}:drive-{number}", node, self.port)

    def serial(self, number: int) -> str:
        """The serial number of a drive."""
        return f"LAB{number:04d}"

    def config(self, number: int, fault: dict[str, Any]) -> dict[str, Any]:
        """What the model of one drive reads."""
        place, target = f"LAB/{number}", self.remote(number).target
        if self is NVME_KIND:
            own = {
                "subnqn": target,
                "folder": place,
                "serial": self.serial(number),
                "namespaces": [{"bytes": SIZE}],
            }
            return own | fault
        identity = {"serial": self.serial(number), "wwn": 0x5000C500A1B2C300 + number}
        files = {"image": f"{place}/{self.image}", "state": f"{place}/state", "size": SIZE}
        # SCSI keeps no word of an erase that ended: it has to be long enough to be seen at work, by a busy guest too.
        faults = {"erase_seconds": 2.0 if self is SAS else 0.6, **fault}
        return {"iqn": target, "kind": self.key, **files, "identity": identity, "faults": faults}

    def slow(self, seconds: float, *, cached: bool) -> dict[str, Any]:
        """What makes its drive's own erase take so long, and gives it a write cache that goes with its power."""
        if self is NVME_KIND:
            timing = {"sanitize": seconds, "format": seconds}
            return {"timing": timing, "capabilities": {"volatile_cache": cached}}
        return {"erase_seconds": seconds, "write_cache": cached}


@dataclass(frozen=True)
class Erase:
    """One technique of one kind of drive."""

    technique: str
    kind: Kind
    faults: tuple[OwnFault, ...] = field(default=())

    @property
    def word(self) -> str:
        """The technique as the command line takes it."""
        return self.technique.replace(" ", "-")

    def of(self, *, refused: bool) -> tuple[OwnFault, ...]:
        """The faults with which a plan must be refused, or the others."""
        return tuple(f for f in self.faults if (f.outcomes == (REFUSED,)) == refused)


_NAMES = {"iscsi": "iqn.2026-11.test.ardoise", "nvme": "nqn.2026-11.test.ardoise"}
ATA = Kind("ata", "iscsi", 3260, "/dev/sd{letter}", "image")
SAS = Kind("sas", "iscsi", 3260, "/dev/sd{letter}", "image")
NVME_KIND = Kind("nvme", "nvme", 4420, "/dev/nvme{n}n1", "namespace-1")

_BAD = "sectors that can't be read, SMART failing"
_HOUR = "takes an hour (by a clock that is 900 times as fast)"
_HEALTHY = OwnFault("healthy", {}, (SANITIZED,))
_COMMON = (
    _HEALTHY,
    OwnFault("erased as ff", {"sanitize_value": "ff", "security_value": "ff"}, (SANITIZED,)),
    OwnFault("does nothing", {"erase": "nothing"}, (FAILED,), "unchanged"),
    OwnFault("does half", {"erase": "half"}, (FAILED,), "unchanged"),
    OwnFault("leaves a gap", {"erase": "gap"}, (FAILED,), "unchanged"),
    OwnFault("refuses", {"erase": "refuses"}, (FAILED,)),
    OwnFault("refuses, sense as libata's", {"erase": "refuses", "sense": "libata"}, (FAILED,)),
    OwnFault("comes back as another", {"serial_after": "OTHER0001"}, (UNKNOWN,), "not the one that was planned"),
    OwnFault("drops every write", {"drops_all_writes": True}, (FAILED,), "read back as they were written"),
    OwnFault("drops writes of its middle", {"drops_writes": [[9824, 1640]]}, (FAILED,), "read back as they were"),
    OwnFault("was blank, does nothing", {"blank": True, "erase": "nothing"}, (FAILED,), "unchanged"),
    OwnFault("loses every answer", {"sense": "lost"}, (REFUSED,)),
    OwnFault(_BAD, {"bad_sectors": [[5000, 8], [20000, 8]], "smart_failing": True}, (SANITIZED,)),
    OwnFault(_HOUR, {"erase_seconds": 3600.0, "clock_factor": 900.0}, (SANITIZED,)),
)
_SANITIZE = (
    *_COMMON,
    OwnFault("fails half-way", {"erase": "fails"}, (FAILED,), "failed"),
    OwnFault("fails at the end", {"erase": "fails", "stops_at": 0.9}, (FAILED,), "failed"),
    OwnFault("hangs at 65 %", {"erase": "hangs"}, (UNKNOWN,), "has not moved"),
    OwnFault("forgets its status", {"forgets_status": True}, (UNKNOWN,)),
    OwnFault("lies: completed at once", {"completes_at_once": True, "erase": "nothing"}, (FAILED,), "unchanged"),
    OwnFault(
        "says completed too early", {"completes_at_once": True, "erase_seconds": 30.0}, _NOT_DONE, moving=True
    ),
    OwnFault(
        "completed years ago, does nothing",
        {"stale_completed": True, "completes_at_once": True, "erase": "nothing"},
        _NOT_DONE,
    ),
    OwnFault(
        "was running at start",
        {"running_at_start": 0.3, "erase_seconds": 600.0},
        (REFUSED,),
        "running",
        moving=True,
    ),
    OwnFault("sanitize frozen", {"sanitize_frozen": "always"}, (REFUSED,), "frozen"),
)
_SECURITY = (
    *(f for f in _COMMON if f.key != "loses every answer"),
    # Word 128 comes as data, not as sense: it tells all the same.
    OwnFault("loses every answer", {"sense": "lost"}, (SANITIZED, *_NOT_DONE)),
    OwnFault("stops at 90 %", {"erase": "fails", "stops_at": 0.9}, _NOT_DONE),
    OwnFault("stops at 90 %, sense as libata's", {"erase": "fails", "stops_at": 0.9, "sense": "libata"}, _NOT_DONE),
    OwnFault("frozen", {"frozen": "always"}, (REFUSED,), "frozen"),
    OwnFault("frozen, sense as libata's", {"frozen": "always", "sense": "libata"}, (REFUSED,), "frozen"),
    OwnFault("locked by somebody", {"locked": True}, (REFUSED,), "locked"),
)
_NOISE_AFTER = OwnFault("noise after it", {"sanitize_value": "noise", "security_value": "noise"}, (FAILED,))


def _of(faults: tuple[OwnFault, ...], *without: str) -> tuple[OwnFault, ...]:
    return tuple(f for f in faults if f.key not in without)


_SAS = (
    *_of(
        _SANITIZE,
        "sanitize frozen",
        "loses every answer",
        "refuses, sense as libata's",
        "forgets its status",
        "lies: completed at once",
        # The kernel asks such a drive for its first sector again and again, 180 s long each time: no matter for ten minutes.
        "was running at start",
    ),
    # SCSI keeps no word of success: what was never seen at work is not known to have ended.
    OwnFault(
        "lies: completed at once", {"completes_at_once": True, "erase": "nothing"}, (UNKNOWN,), "does not tell"
    ),
)
# After a change of the key anything may stand there: what is said of a gap is said by markers alone.
_FF = "erased as ff"


def _nvme(
    key: str, outcomes: tuple[str, ...], because: str = "", *, moving: bool = False, **config: Any
) -> OwnFault:
    timing = {"sanitize": 0.6, "format": 0.2}
    return OwnFault(key, {"timing": timing, **config}, outcomes, because, moving)


def _nvme_common(what: str) -> tuple[OwnFault, ...]:
    return (
        _nvme("healthy", (SANITIZED,)),
        _nvme("does nothing", (FAILED,), "unchanged", faults={what: "nothing"}),
        _nvme("does half", (FAILED,), "unchanged", faults={what: "half"}),
        _nvme("leaves a gap", (FAILED,), "unchanged", faults={what: "gap"}),
        _nvme("invalid opcode", (FAILED,), faults={what: "invalid-opcode"}),
        _nvme("invalid field", (FAILED,), faults={what: "invalid-field"}),
        _nvme("fails half-way", _NOT_DONE, faults={what: "fails"}),
        _nvme(
            "comes back as another",
            (UNKNOWN,),
            "not the one that was planned",
            faults={"serial_after_erase": "OTHER"},
        ),
        _nvme("drops every write", (FAILED,), "read back as they were", faults={"drop_writes": True}),
        _nvme(
            "sectors that can never be read, SMART failing",
            (FAILED,),
            faults={"bad_reads": [[5000, 5199]]},
            smart={"critical_warning": 4},
        ),
        _nvme(
            "was blank, does nothing", (FAILED,), "unchanged", faults={what: "nothing"}, before={"trimmed": True}
        ),
    )


_NVME_SANITIZE = (
    *_nvme_common("sanitize"),
    _nvme("hangs at 65 %", (UNKNOWN,), "has not moved", faults={"sanitize": "hangs"}),
    _nvme("forgets its status", (UNKNOWN,), faults={"sanitize": "forgets"}),
    _nvme("lies: completed at once", (FAILED, UNKNOWN), faults={"sanitize": "lies"}),
    _nvme(
        "says completed too early",
        _NOT_DONE,
        faults={"sanitize": "early"},
        timing={"sanitize": 30.0, "format": 0.2},
        moving=True,
    ),
    _nvme(
        "completed years ago, ignores the command",
        _NOT_DONE,
        faults={"sanitize": "ignored"},
        before={"sstat": 0x101, "scdw10": 2},
    ),
    _nvme(
        "was running at start",
        (REFUSED,),
        "running",
        before={"running": 2},
        timing={"sanitize": 600.0},
        moving=True,
    ),
    _nvme(_HOUR, (SANITIZED,), timing={"sanitize": 3600.0, "factor": 1 / 900}),
    _nvme("has no sanitize", (REFUSED,), "does not offer", capabilities={"sanicap": 0}),
)

LABEL = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_NOT_THE_LABEL = "A" * 32


def _opal(
    key: str,
    outcomes: tuple[str, ...],
    because: str = "",
    *,
    psid: str = LABEL,
    tcg: dict[str, Any] | None = None,
    **config: Any,
) -> OwnFault:
    return OwnFault(key, {"tcg": {"psid": LABEL, **(tcg or {})}, **config}, outcomes, because, psid=psid)


_PSID = (
    _opal("healthy", (SANITIZED,)),
    _opal("somebody is its owner", (SANITIZED,), tcg={"owned": True, "sid": "SOMEBODY"}),
    # Which authority Block SID stops is SID alone (Block SID Authentication 1.00, 4.2).
    _opal("Block SID was sent", (SANITIZED,), tcg={"block_sid": True}),
    _opal("does nothing", (FAILED,), "unchanged", tcg={"revert": "nothing"}),
    _opal("another drive's PSID", (FAILED,), "refused the PSID", psid=_NOT_THE_LABEL),
    _opal("takes no PSID any more", (FAILED,), "refused the PSID", tcg={"psid_tries": 0}),
    _opal("drops every write", (FAILED,), "read back as they were", faults={"drop_writes": True}),
    _opal("was blank, does nothing", (FAILED,), "unchanged", tcg={"revert": "nothing"}, before={"trimmed": True}),
    _opal("its PSID was not typed", (REFUSED,), "PSID has not been typed", psid=""),
    OwnFault("has no TCG subsystem", {}, (REFUSED,), "does not offer"),
)

ERASES: tuple[Erase, ...] = (
    Erase("ata sanitize block erase", ATA, (*_SANITIZE, _NOISE_AFTER)),
    Erase("ata sanitize crypto scramble", ATA, _of(_SANITIZE, _FF)),
    Erase("ata sanitize overwrite", ATA, _of(_SANITIZE, _FF)),
    Erase("ata security erase", ATA, (*_SECURITY, _NOISE_AFTER)),
    Erase("ata security erase enhanced", ATA, _SECURITY),
    Erase("scsi sanitize block erase", SAS, _SAS),
    Erase("scsi sanitize cryptographic erase", SAS, _of(_SAS, _FF)),
    Erase("scsi sanitize overwrite", SAS, _of(_SAS, _FF)),
    Erase("nvme sanitize block erase", NVME_KIND, _NVME_SANITIZE),
    Erase("nvme sanitize crypto erase", NVME_KIND, _NVME_SANITIZE),
    Erase("nvme sanitize overwrite", NVME_KIND, _NVME_SANITIZE),
    Erase("nvme format user data erase", NVME_KIND, _nvme_common("format")),
    Erase("nvme format crypto erase", NVME_KIND, _nvme_common("format")),
    Erase("opal psid revert", NVME_KIND, _PSID),
)
# A revert changes the key at once: there is no time in which the power could go.
CUT_ERASES = tuple(erase for erase in ERASES if erase.faults is not _PSID)
