"""Realistic records and throw-away keys for tests: one place, so that every area tests against the same shapes.

The machines are constructed; outcomes and headline come from the model's own rules, as in the program.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.certificate.note import VerifierKey, verifier_key
from agent.certificate.pki import (
    ROOT_LIFE,
    Authority,
    issue_leaf,
    issue_station,
    make_crl,
    make_issuing_ca,
    make_root,
)
from agent.certificate.station import StationKey
from agent.certificate.trust import Chain, LeafKind, Trust
from agent.model.drive import Exclusion, ExclusionReason, HiddenAreas, HiddenAreaState, Identity, SerialSource
from agent.model.health import HealthReport, SelfTestKind, SelfTestState, SelfTestStatus, Verdict
from agent.model.job import JobState, VerificationResult
from agent.model.machine import Environment
from agent.model.passes import PassKind, PassResult, PassSpec, SectorError
from agent.model.record import (
    SCHEMA,
    DriveRecord,
    Headline,
    Issuer,
    Operator,
    Outcome,
    Record,
    RecordTime,
    SessionEnd,
    StationLink,
    machine_headline,
    medium_outcome,
)
from agent.model.sanitization import Method, Policy, Technique, VerificationKind
from tests.sample_hosts import HOSTS, LAPTOP, TOOL

AT = datetime(2026, 11, 21, 14, 30, 0, tzinfo=UTC)
KINDS = ("laptop", "tablet", "server", "many", "no-drive", "hostile", "excluded", "sampled")

_SECTOR = 512
_GB = 1_000_000_000


@dataclass(frozen=True)
class Pki:
    """A whole throw-away trust chain in memory."""

    root: Authority
    issuing_ca: Authority
    station: StationKey

    @property
    def trust(self) -> Trust:
        """Trust in this root alone, without a CRL."""
        return Trust((self.root.certificate,))

    def revoking(self, at: datetime = AT) -> Trust:
        """Trust with a CRL that lists the station."""
        entry = (self.station.chain.leaf.serial_number, at, x509.ReasonFlags.key_compromise)
        return replace(self.trust, crls=(make_crl(self.issuing_ca, (entry,), 2, at),))

    def revoking_ca(self, at: datetime = AT) -> Trust:
        """Trust with a root's CRL that lists the issuing CA."""
        entry = (self.issuing_ca.certificate.serial_number, at, x509.ReasonFlags.ca_compromise)
        return replace(self.trust, root_crl=make_crl(self.root, (entry,), 2, at))


def fixed_key(seed: str) -> ec.EllipticCurvePrivateKey:
    """A P-256 key that is the same in each run; for tests only, anyone can compute it."""
    return ec.derive_private_key(int.from_bytes(hashlib.sha256(seed.encode()).digest()) >> 8, ec.SECP256R1())


@cache
def throwaway_pki(
    *,
    test: bool = True,
    name: str = "a",
    organisation: str = "Ateliers du Léman",
    days: int = 400,
    at: datetime = AT,
) -> Pki:
    """Root, issuing CA and one station; the same keys for the same arguments, without passphrases."""
    root = make_root(organisation, at, test=test, key=fixed_key(f"root {name}"))
    issuing_ca = make_issuing_ca(root, at, life=ROOT_LIFE, key=fixed_key(f"issuing {name}"))
    issued = issue_station(issuing_ca, f"stick-{name}", at, timedelta(days=days), fixed_key(f"station {name}"))
    chain = Chain(issued.certificate, issuing_ca.certificate, root.certificate)
    return Pki(root, issuing_ca, StationKey(chain, issued.private_key))


ORIGIN = "log.example/ardoise"


def leaf_key(pki: Pki, kind: LeafKind, *, name: str = "", at: datetime = AT, days: int = 20 * 365) -> StationKey:
    """A key of this kind below the chain's issuing CA; the same for the same arguments."""
    common_name = name or f"registry.example {kind}"
    key = fixed_key(f"{pki.root.certificate.subject.rfc4514_string()} {kind} {name}")
    issued = issue_leaf(pki.issuing_ca, common_name, kind, at, life=timedelta(days=days), key=key)
    return StationKey(
        Chain(issued.certificate, pki.issuing_ca.certificate, pki.root.certificate), issued.private_key
    )


def log_key(seed: str = "log") -> tuple[Ed25519PrivateKey, VerifierKey]:
    """A log's key, the same in each run, and its verifier key under ORIGIN."""
    key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"{seed} key".encode()).digest())
    return key, verifier_key(ORIGIN, key.public_key())


def sample_record(
    kind: str = "laptop",
    *,
    issuer: Issuer | None = None,
    environment: Environment = Environment.LIVE_IMAGE,
    sequence: int = 1,
    number: int = 1,
) -> Record:
    """A record that its own evidence supports; `kind` is one of KINDS, `number` makes another id, salt and serials."""
    drives = _DRIVES[kind](number)
    host = HOSTS.get(kind, LAPTOP)
    ended = SessionEnd.COMPLETED
    started = AT - timedelta(hours=3)
    return Record(
        schema=SCHEMA,
        record_id=f"019aa{number % 4096:03x}-5e00-7abc-8def-0123456789ab",
        salt=hashlib.sha256(f"salt {number}".encode()).hexdigest()[:32],
        environment=environment,
        specimen=environment is Environment.SIMULATED,
        headline=machine_headline(drives, host, ended),
        ended=ended,
        issuer=issuer or throwaway_pki().station.issuer,
        operator=Operator("op-7f3a"),
        time=RecordTime(started, AT, "rtc", clock_plausible=True, clock_remark=""),
        station_link=StationLink(sequence, "" if sequence == 1 else "ab" * 32),
        tool=TOOL,
        host=host,
        policy=Policy(verification=VerificationKind.SAMPLED) if kind == "sampled" else Policy(),
        drives=drives,
    )


def sanitized_drive(
    model: str = "SAMSUNG MZVLB512HAJQ-000L7",
    serial: str = "S3TNNX0K512345",
    capacity: int = 512_110_190_592,
    node: str = "/dev/nvme0n1",
    **changes: object,
) -> DriveRecord:
    """One medium that was overwritten and read back in full."""
    identity = Identity(
        model, serial, "4L7QEXG7", "eui.0025388b71b0c123", capacity, _SECTOR, 4096, SerialSource.DEVICE
    )
    one_pass = PassResult(
        number=1,
        spec=PassSpec(PassKind.RANDOM),
        key_sha256="5d" * 32,
        bytes_expected=capacity,
        bytes_written=capacity,
        direct_io=True,
        started_at=AT - timedelta(hours=3),
        duration_ms=capacity // 900_000,
        error_count=0,
        first_errors=(),
    )
    drive = DriveRecord(
        node=node,
        bay="",
        bus="NVMe" if "nvme" in node else "SATA",
        media_type="solid-state drive" if "nvme" in node else "magnetic hard disk drive",
        rotation_rpm=None if "nvme" in node else 7200,
        removable=False,
        soldered=False,
        signatures_before=("gpt", "ntfs"),
        hidden_areas=HiddenAreas(HiddenAreaState.NOT_APPLICABLE if "nvme" in node else HiddenAreaState.NONE_FOUND),
        identity=identity,
        identity_at_open=identity,
        identity_at_end=identity,
        exclusions=(),
        outcome=Outcome.UNKNOWN,
        state=JobState.SANITIZED,
        reason="",
        technique=Technique.OVERWRITE,
        pass_set="random",
        level_planned=Method.CLEAR,
        level_required=Method.CLEAR,
        level_reached=Method.CLEAR,
        plan_reasons=("one overwriting pass reaches Clear (NIST SP 800-88r2)",),
        not_covered=("spare and remapped blocks that the host cannot address",),
        started_at=AT - timedelta(hours=3),
        ended_at=AT - timedelta(hours=1),
        duration_ms=2 * capacity // 900_000,
        passes=(one_pass,),
        verification=_verification(capacity),
        health_before=_health(Verdict.OK),
        health_after=_health(Verdict.OK),
    )
    drive = replace(drive, **changes)  # type: ignore[arg-type]
    return replace(drive, outcome=medium_outcome(drive))


def failed_drive(
    serial: str = "ZA1DEAD8", capacity: int = 4_000_787_030_016, node: str = "/dev/sdh"
) -> DriveRecord:
    """One medium that refused writes half-way, its first bad sector located."""
    good = sanitized_drive("ST4000NM0035-1V4107", serial, capacity, node)
    half = capacity // 2
    broken = replace(
        good.passes[0],
        bytes_written=half,
        error_count=3,
        first_errors=(SectorError(half // _SECTOR, 8, "EIO"), SectorError(half // _SECTOR + 4096, 8, "EIO")),
    )
    return _rejudged(
        good,
        state=JobState.FAILED,
        reason=f"write error at LBA {half // _SECTOR}",
        level_reached=Method.NONE,
        passes=(broken,),
        verification=None,
        health_after=_health(Verdict.FAIL),
    )


def _rejudged(drive: DriveRecord, **changes: object) -> DriveRecord:
    changed = replace(drive, **changes)  # type: ignore[arg-type]
    return replace(changed, outcome=medium_outcome(changed))


def _verification(capacity: int, read: int | None = None) -> VerificationResult:
    sampled = read is not None
    read = capacity if read is None else read
    return VerificationResult(
        kind=VerificationKind.SAMPLED if sampled else VerificationKind.FULL,
        of_pass=1,
        bytes_expected=read,
        bytes_read=read,
        bytes_matching=read,
        direct_io=True,
        started_at=AT - timedelta(hours=2),
        duration_ms=capacity // 1_000_000,
        mismatched_sectors=0,
        first_mismatches=(),
        unreadable_sectors=0,
        first_unreadable=(),
        sample_seed="c0ffee" * 8 if sampled else "",
    )


def _health(verdict: Verdict) -> HealthReport:
    bad = verdict is Verdict.FAIL
    return HealthReport(
        verdict=verdict,
        reasons=("24 pending sectors",) if bad else (),
        self_assessment_passed=not bad,
        power_on_hours=11_842,
        temperature_celsius=38,
        reallocated_sectors=8 if bad else 0,
        pending_sectors=24 if bad else 0,
        uncorrectable_errors=3 if bad else 0,
        media_errors=None,
        percentage_used=None,
        self_test=SelfTestStatus(SelfTestState.PASSED, SelfTestKind.SHORT),
        smartctl_exit_status=8 if bad else 0,
        snapshot_sha256="e3" * 32,
    )


def _laptop_drives(number: int) -> tuple[DriveRecord, ...]:
    return (sanitized_drive(serial=f"S3TNNX0K{number:06d}"),)


def _server_drives(number: int) -> tuple[DriveRecord, ...]:
    good = tuple(
        sanitized_drive(
            "ST4000NM0035-1V4107", f"ZC1{number:02d}0{i}XK", 4_000_787_030_016, f"/dev/sd{'abcdefg'[i]}", bay=str(i)
        )
        for i in range(7)
    )
    return (*good, replace(failed_drive(), bay="7"))


def _many_drives(number: int) -> tuple[DriveRecord, ...]:
    return tuple(
        sanitized_drive(
            "HGST HUS726T6TALE6L4",
            f"V8H{number:02d}{i:03d}R",
            6_001_175_126_016,
            f"/dev/sd{chr(97 + i)}",
            bay=str(i),
        )
        for i in range(24)
    )


def _hostile_drives(_: int) -> tuple[DriveRecord, ...]:
    return (
        sanitized_drive("[/red]", "=cmd|'/C calc'!A0\n/ByteRange[0 1 2 9]", 256 * _GB, "/dev/sda"),
        sanitized_drive("#eval(1) $x$ *b* @ref", "<script>\u202egnp.exe\x1b[31m" + "W" * 17, 256 * _GB, "/dev/sdb"),
        sanitized_drive("硬盘 \\u{41} `raw` <label>", "W" * 40, 256 * _GB, "/dev/sdc"),
        sanitized_drive("", "", 256 * _GB, "/dev/sdd"),
    )


def _excluded_drives(number: int) -> tuple[DriveRecord, ...]:
    mounted = _rejudged(
        sanitized_drive("KINGSTON SA400S37240G", f"50026B77{number:08d}", 240_057_409_536, "/dev/sdb"),
        exclusions=(Exclusion(ExclusionReason.MOUNTED, "/srv"),),
        state=JobState.REFUSED,
        reason="mounted",
        technique=None,
        pass_set="",
        level_planned=Method.NONE,
        level_reached=Method.NONE,
        passes=(),
        verification=None,
        identity_at_open=None,
        identity_at_end=None,
        started_at=None,
        ended_at=None,
        duration_ms=0,
        health_after=None,
    )
    return (*_laptop_drives(number), mounted)


def _sampled_drives(number: int) -> tuple[DriveRecord, ...]:
    capacity = 512_110_190_592
    check = _verification(capacity, read=capacity // 10 // 4096 * 4096)
    return (sanitized_drive(serial=f"S3TNNX0K{number:06d}", verification=check),)


_DRIVES = {
    "laptop": _laptop_drives,
    "tablet": lambda n: (
        sanitized_drive("KBG30ZPZ256G TOSHIBA", f"59RF70{n:06d}", 256_060_514_304, soldered=True),
    ),
    "server": _server_drives,
    "many": _many_drives,
    "no-drive": lambda _: (),
    "hostile": _hostile_drives,
    "excluded": _excluded_drives,
    "sampled": _sampled_drives,
}

HEADLINES = {"server": Headline.INCOMPLETE, "no-drive": Headline.NO_MEDIUM_FOUND, "excluded": Headline.INCOMPLETE}
