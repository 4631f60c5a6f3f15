"""A sitting whose every answer a test sets: no thread, no clock, no medium."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from agent.errors import AgentError, Refused
from agent.model.drive import (
    Bus,
    Drive,
    Exclusion,
    ExclusionReason,
    HiddenAreas,
    HiddenAreaState,
    Identity,
    MediaType,
    SerialSource,
    confirmable_name,
)  # fmt: skip
from agent.model.health import HealthReport, SelfTestKind, SelfTestState, SelfTestStatus, Verdict
from agent.model.job import JobSnapshot, JobState, Progress
from agent.model.machine import Battery, Environment, MachineInventory, StorageController
from agent.model.passes import PassKind, PassSpec
from agent.model.record import Headline, Outcome
from agent.model.sanitization import (  # fmt: skip
    Method,
    PassSet,
    Plan,
    Policy,
    Refusal,
    Resumption,
    Rung,
    Technique,
)
from agent.model.session import InspectedDrive
from agent.workflow.before_erase import needed_before
from agent.workflow.view import (
    Caution,
    EvidenceView,
    Inspection,
    MediumView,
    PlanSet,
    SittingView,
    Stage,
    StationView,
    UploadState,
)  # fmt: skip
from tests.tui.fake_before import FakeBefore
from tests.tui.fake_rest import FakeRest

CODE = "KRTB"
GB = 10**9
HOSTILE_MODEL = "[/red]"
HOSTILE_SERIAL = "=cmd|' /C calc'!A0\nZZZZZZZZZZZZZZZZZZZZZZZZZZ"

PASS_SETS = (
    PassSet("random", "one random pass", "NIST SP 800-88r2", (PassSpec(PassKind.RANDOM),)),
    PassSet("zeros", "one pass of zeros", "NIST SP 800-88r2", (PassSpec(PassKind.PATTERN, "00"),)),
    PassSet(
        "dod", "three passes: 00, ff, random", "DoD 5220.22-M",
        (PassSpec(PassKind.PATTERN, "00"), PassSpec(PassKind.PATTERN, "ff"), PassSpec(PassKind.RANDOM)),
    ),
)  # fmt: skip


def make_drive(number: int = 0, **changes: object) -> Drive:
    """A healthy SATA disk that is on offer; identity fields may be named as well."""
    identity = Identity(
        model="ST1000LM035-1RK172", serial=f"WDE{number:02d}K7QX", firmware="LCM2", wwn=f"5000c500a1b2c3{number:02d}",
        capacity_bytes=1000 * GB, logical_sector_bytes=512, physical_sector_bytes=4096, serial_source=SerialSource.DEVICE,
    )  # fmt: skip
    own = {k: v for k, v in changes.items() if k in Identity.__dataclass_fields__}
    drive = Drive(
        node=f"/dev/sd{chr(97 + number)}", identity=replace(identity, **own), bus=Bus.SATA, media_type=MediaType.HARD_DISK,
        rotation_rpm=5400, removable=False, soldered=False, bay="", signatures=("gpt", "ntfs"),
        hidden_areas=HiddenAreas(HiddenAreaState.NONE_FOUND), exclusions=(),
    )  # fmt: skip
    return replace(drive, **{k: v for k, v in changes.items() if k not in own})


def make_health(verdict: Verdict = Verdict.OK, *reasons: str, **changes: object) -> HealthReport:
    """A report with plausible figures."""
    report = HealthReport(
        verdict,
        reasons,
        True,
        11873,
        34,
        0,
        0,
        0,
        None,
        None,
        SelfTestStatus(SelfTestState.PASSED, SelfTestKind.SHORT),
        0,
        "ab" * 32,
    )
    return replace(report, **changes)


INVENTORY = MachineInventory(
    "LENOVO", "ThinkPad T480", "20L5", "PF1ABCDE", "", "laptop", "N24ET76W", "2024-02-27", "Intel Core i5-8350U",
    16 * 2**30, (Battery("BAT0", 87, 48000, 41000, 212, True),), (StorageController("00:17.0", "Intel SATA AHCI", "ahci", False),),
    ("/sys/block", "NVMe controllers", "eMMC hosts"),
)  # fmt: skip

STICK = make_drive(
    25, node="/dev/sdz", model="SanDisk Ultra Fit", serial="4C530001230712", capacity_bytes=16 * GB, bus=Bus.USB,
    media_type=MediaType.REMOVABLE_FLASH, rotation_rpm=None, removable=True, exclusions=(Exclusion(ExclusionReason.BOOT_MEDIUM),),
)  # fmt: skip


def laptop_drives() -> tuple[InspectedDrive, ...]:
    """One healthy SSD, one suspect disk, one that is mounted, one whose serial is a bridge's."""
    ssd = make_drive(
        0, node="/dev/nvme0n1", model="KIOXIA KBG40ZNS256G", serial="Z9NPH2A4QX7M", capacity_bytes=256 * GB, bus=Bus.NVME,
        media_type=MediaType.SOLID_STATE, rotation_rpm=None, soldered=True, signatures=("gpt", "vfat", "BitLocker"),
    )  # fmt: skip
    disk = make_drive(1)
    mounted = make_drive(
        2,
        model="Samsung SSD 860 EVO",
        exclusions=(Exclusion(ExclusionReason.MOUNTED, "/home"),),
        media_type=MediaType.SOLID_STATE,
    )
    bridge = make_drive(
        3,
        model="ASMT 2115",
        serial="123456789",
        bus=Bus.USB,
        serial_source=SerialSource.BRIDGE,
        capacity_bytes=500 * GB,
    )
    return (
        InspectedDrive(ssd, make_health(percentage_used=3, self_test=SelfTestStatus(SelfTestState.NEVER_RUN))),
        InspectedDrive(disk, make_health(Verdict.SUSPECT, "8 sectors wait for reallocation", pending_sectors=8)),
        InspectedDrive(mounted, make_health(Verdict.OLD, "52,311 power-on hours", power_on_hours=52311)),
        InspectedDrive(bridge, None),
    )


def hostile_drives() -> tuple[InspectedDrive, ...]:
    """Device text that is markup, has control characters, or is as long as a serial may be."""
    first = make_drive(
        0, model=HOSTILE_MODEL, serial=HOSTILE_SERIAL, firmware="[bold]", bay="[b]", signatures=("[/]", "\x1b[31m")
    )
    second = make_drive(
        1,
        model="\u202eevil\u0007[link=x]",
        serial="X" * 40,
        exclusions=(Exclusion(ExclusionReason.HELD, "[/dm]\n0"),),
    )
    third = make_drive(2, model="硬盘 {0} %s ~", serial="")
    return (
        InspectedDrive(first, make_health(Verdict.FAIL, "[/red] said\nno")),
        InspectedDrive(second, None),
        InspectedDrive(third, make_health()),
    )


def make_job(
    number: int, state: JobState = JobState.SANITIZING, done: float = 0.42, **changes: object
) -> JobSnapshot:
    """One snapshot; `done` is the fraction of the running phase."""
    total = 1000 * GB
    moving = state in {JobState.SANITIZING, JobState.VERIFYING}
    progress = (
        Progress(1, 1, int(total * done), total, 187e6, (1 - done) * total / 187e6, 0)
        if moving
        else Progress(0, 0, 0, 0, None, None, 0)
    )
    job = JobSnapshot(
        f"job-{number}",
        f"/dev/sd{chr(97 + number)}",
        "ST1000LM035-1RK172",
        f"WDE{number:02d}K7QX",
        state,
        progress,
        "",
    )
    return replace(job, **changes)


def make_medium(
    number: int = 0, outcome: Outcome = Outcome.SANITIZED, reason: str = "", lba: int | None = None
) -> MediumView:
    """One medium of a record."""
    level = "clear" if outcome is Outcome.SANITIZED else "none"
    return MediumView(
        f"/dev/sd{chr(97 + number)}", "ST1000LM035-1RK172", f"WDE{number:02d}K7QX", outcome, level, reason, lba
    )


def make_evidence(
    headline: Headline = Headline.SANITIZED,
    upload: UploadState = UploadState.ARCHIVED,
    number: int = 1,
    name: str = "",
    **changes: object,
) -> EvidenceView:
    """One record on stable storage."""
    record_id = f"019ab4c2-77d1-7c3e-9a41-6f20c4d8e{number:03d}"
    folder = Path("/run/ardoise/evidence") / record_id
    name = name or ("certificate.pdf" if headline is Headline.SANITIZED else "record.pdf")
    detail = {
        UploadState.ARCHIVED: "receipt 1482 checked",
        UploadState.PENDING: "no answer yet; next attempt in 40 s",
    }.get(upload, "")
    evidence = EvidenceView(record_id, folder, folder / name, headline, "100", (make_medium(),), upload, detail)
    return replace(evidence, **changes)


def own_ladder(drive: Drive) -> tuple[Rung, ...]:
    """A drive that can erase itself in two ways, else the overwrite."""
    ladder = (
        Rung(Technique.NVME_SANITIZE_BLOCK_ERASE, Method.PURGE, 2, ("00", "ff")),
        Rung(Technique.NVME_FORMAT_USER_DATA_ERASE, Method.CLEAR, None, ("00", "ff")),
        Rung(Technique.OVERWRITE, Method.CLEAR),
    )
    return ladder if drive.media_type.is_flash else ()


class FakeSitting:
    """Answers what the test put into its attributes, and notes what it was told."""

    def __init__(self, drives: tuple[InspectedDrive, ...] | None = None) -> None:
        self.station = StationView(
            Environment.SIMULATED, True, "Recycl'ordi", "station-07", "CN=Ardoise TEST root", "K07", Path("/run/ardoise/evidence"),
            "https://registry.example",
        )  # fmt: skip
        found = laptop_drives() if drives is None else drives
        self.inspection = Inspection(INVENTORY, (*found, InspectedDrive(STICK, None)), STICK)
        self.state = SittingView(Stage.READY, None, "", "")
        self.jobs: tuple[JobSnapshot, ...] = ()
        self.records: tuple[EvidenceView, ...] = ()
        self.told: list[str] = []
        self.inspect_error: AgentError | None = None
        self.start_error: AgentError | None = None
        self.notes: tuple[str, ...] = ()
        self.self_test = SelfTestStatus(SelfTestState.RUNNING, SelfTestKind.SHORT, 60, 2)
        self.cut_off: Resumption | None = None
        self.own_erase = False
        self.rest = FakeRest()
        self.cautions: tuple[Caution, ...] = ()
        self.started: list[tuple[PlanSet, str]] = []
        self.before = FakeBefore()

    def station_view(self) -> StationView:
        return self.station

    def recovered(self) -> tuple[EvidenceView, ...]:
        return ()

    def notices(self) -> tuple[str, ...]:
        return self.notes

    def inspect(self) -> Inspection:
        self.told.append("inspect")
        if self.inspect_error:
            raise self.inspect_error
        return self.inspection

    def pass_sets(self) -> tuple[PassSet, ...]:
        return PASS_SETS

    def plan(self, nodes: Sequence[str], policy: Policy) -> PlanSet:
        found = tuple(d.drive for d in self.inspection.drives)
        chosen = [d for d in found if d.node in nodes]
        pass_set = next(p for p in PASS_SETS if p.name == policy.pass_set)
        flash = [d for d in chosen if d.media_type.is_flash and len(pass_set.passes) > 1]
        first = [d for f in self.inspection.drives if needed_before(f) and (d := f.drive) in chosen]
        plans = tuple(self._plan(d, pass_set, policy) for d in chosen if d not in (*flash, *first))
        names = tuple(confirmable_name(p.drive, found) for p in plans)
        return PlanSet(
            policy, plans,
            (
                *(Refusal(d, ("more than one pass only wears out flash",)) for d in flash),
                *(Refusal(d, ("out of an overwrite's reach",)) for d in first),
            ),
            tuple(d for d in found if d.on_offer and d.node not in nodes), tuple(d for d in found if not d.on_offer), CODE, names,
            tuple(n == p.drive.node for n, p in zip(names, plans, strict=True)),
            tuple(p.drive.node for p in plans) if self.cut_off else (), self.cautions,
        )  # fmt: skip

    def _plan(self, drive: Drive, pass_set: PassSet, policy: Policy) -> Plan:
        missed = ("spare blocks and over-provisioned space are not reached",) if drive.media_type.is_flash else ()
        reasons = ("overwriting is the strongest technique that this medium offers here",)
        ladder = own_ladder(drive) if self.own_erase else ()
        if drive.node in self.before.psids:
            ladder = (Rung(Technique.OPAL_PSID_REVERT, Method.CLEAR), Rung(Technique.OVERWRITE, Method.CLEAR))
        if ladder:
            missed, reasons = (), ("the strongest technique that this medium offers",)
        return Plan(
            drive,
            ladder[0].technique if ladder else Technique.OVERWRITE,
            pass_set,
            policy.verification,
            ladder[0].level if ladder else Method.CLEAR,
            policy.required,
            reasons,
            missed,
            self.cut_off if policy.resume else None,
            ladder,
        )

    def confirm_and_start(self, plans: PlanSet, code: str) -> None:
        if self.start_error:
            raise self.start_error
        if code != plans.code:
            raise Refused("The code is wrong.")
        self.started.append((plans, code))
        self.jobs = tuple(make_job(n, JobState.CHECKING) for n in range(len(plans.plans)))
        self.state = replace(self.state, stage=Stage.RUNNING)

    def snapshots(self) -> tuple[JobSnapshot, ...]:
        return self.jobs

    def retry_record(self) -> None:
        self.told.append("retry record")

    def cancel(self, node: str | None = None) -> None:
        self.told.append(f"cancel {node}")

    def pause(self, node: str | None = None) -> None:
        self.told.append(f"pause {node}")

    def proceed(self, node: str | None = None) -> None:
        self.told.append(f"proceed {node}")

    def view(self) -> SittingView:
        return self.state

    def upload_now(self) -> None:
        self.told.append("upload")

    def uploads(self) -> tuple[EvidenceView, ...]:
        return self.records

    def start_self_test(self, node: str, kind: SelfTestKind) -> None:
        self.told.append(f"self-test {node} {kind.value}")

    def abort_self_test(self, node: str) -> None:
        self.told.append(f"abort {node}")
        self.self_test = SelfTestStatus(SelfTestState.ABORTED, SelfTestKind.SHORT)

    def read_health(self, node: str) -> HealthReport:
        return make_health(self_test=self.self_test)

    def new_round(self) -> None:
        self.told.append("new round")
        self.state = SittingView(Stage.READY, None, "", "")

    # for tests ------------------------------------------------------------------------------------------------

    def run(self, *jobs: JobSnapshot) -> None:
        """Put the sitting into RUNNING with these jobs."""
        self.jobs = jobs
        self.state = SittingView(Stage.RUNNING, None, "", "")

    def record(self, evidence: EvidenceView) -> None:
        """Put the sitting into RECORDED with this record."""
        self.records = (evidence, *self.records)
        self.state = SittingView(Stage.RECORDED, evidence, "", "")

    def fail_to_record(self, problem: str, remedy: str) -> None:
        """Put the sitting into RECORD_FAILED."""
        self.state = SittingView(Stage.RECORD_FAILED, None, problem, remedy)
