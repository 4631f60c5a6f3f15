"""Words, shapes and colours of states and outcomes: never a colour alone, never green against red (users.md F02)."""

from dataclasses import dataclass

from textual.content import Content

from agent.model.drive import Bus, Drive, ExclusionReason, HiddenAreaState, MediaType
from agent.model.health import SelfTestState, Verdict
from agent.model.job import JobSnapshot, JobState, PauseReason
from agent.model.machine import Environment
from agent.model.record import Headline, Outcome
from agent.model.sanitization import Method, Technique, VerificationKind
from agent.text import N_, _
from agent.tui.glyphs import ACT, DONE, FAILED, RUNNING
from agent.workflow.view import UploadState

DONE_STYLE = "bold $done-text on $done-back"
ACT_STYLE = "bold $act-text on $act-back"
FAILED_STYLE = "bold $failed-text on $failed-back"
RUNNING_STYLE = "bold $running-text on $running-back"
QUIET_STYLE = "$quiet"


STICK_MISSING = N_("The stick was pulled out. The drives go on. Put the same stick back; do not switch off.")


@dataclass(frozen=True)
class Sign:
    """One state as a person sees it: word, shape and colours."""

    word: str
    shape: str
    style: str

    def pill(self, width: int = 0) -> Content:
        """Shape and word on the state's colour, padded to a width."""
        text = f" {self.shape} {_(self.word)} " if self.shape else f" {_(self.word)} "
        return Content.styled(text.ljust(width), self.style)


JOB_SIGNS: dict[JobState, Sign] = {
    JobState.READY: Sign(N_("READY"), RUNNING, RUNNING_STYLE),
    JobState.CONFIRMED: Sign(N_("WAITING"), RUNNING, RUNNING_STYLE),
    JobState.CHECKING: Sign(N_("CHECKING"), RUNNING, RUNNING_STYLE),
    JobState.SANITIZING: Sign(N_("SANITIZING"), RUNNING, RUNNING_STYLE),
    JobState.VERIFYING: Sign(N_("VERIFYING"), RUNNING, RUNNING_STYLE),
    JobState.SANITIZED: Sign(N_("SANITIZED"), DONE, DONE_STYLE),
    JobState.SANITIZED_WITH_EXCEPTIONS: Sign(N_("EXCEPTIONS"), ACT, ACT_STYLE),
    JobState.FAILED: Sign(N_("FAILED"), FAILED, FAILED_STYLE),
    JobState.INTERRUPTED: Sign(N_("INTERRUPTED"), FAILED, FAILED_STYLE),
    JobState.UNKNOWN: Sign(N_("UNKNOWN"), FAILED, FAILED_STYLE),
    JobState.REFUSED: Sign(N_("REFUSED"), ACT, ACT_STYLE),
}

PAUSE_SIGNS: dict[PauseReason, Sign] = {
    PauseReason.OPERATOR: Sign(N_("PAUSED"), ACT, ACT_STYLE),
    PauseReason.TEMPERATURE: Sign(N_("TOO HOT"), ACT, ACT_STYLE),
}

OUTCOME_SIGNS: dict[Outcome, Sign] = {
    Outcome.SANITIZED: Sign(N_("SANITIZED"), DONE, DONE_STYLE),
    Outcome.SANITIZED_WITH_EXCEPTIONS: Sign(N_("EXCEPTIONS"), ACT, ACT_STYLE),
    Outcome.FAILED: Sign(N_("FAILED"), FAILED, FAILED_STYLE),
    Outcome.INTERRUPTED: Sign(N_("INTERRUPTED"), FAILED, FAILED_STYLE),
    Outcome.UNKNOWN: Sign(N_("UNKNOWN"), FAILED, FAILED_STYLE),
    Outcome.REFUSED: Sign(N_("REFUSED"), ACT, ACT_STYLE),
    Outcome.NOT_SELECTED: Sign(N_("NOT SELECTED"), ACT, ACT_STYLE),
}

HEADLINE_SIGNS: dict[Headline, Sign] = {
    Headline.SANITIZED: Sign(N_("SANITIZED"), DONE, DONE_STYLE),
    Headline.INCOMPLETE: Sign(N_("INCOMPLETE"), FAILED, FAILED_STYLE),
    Headline.NO_MEDIUM_FOUND: Sign(N_("NO MEDIUM FOUND"), ACT, ACT_STYLE),
}

UPLOAD_SIGNS: dict[UploadState, Sign] = {
    UploadState.NOT_ASKED: Sign(N_("on this stick only"), RUNNING, RUNNING_STYLE),
    UploadState.PENDING: Sign(N_("upload pending"), ACT, ACT_STYLE),
    UploadState.UPLOADING: Sign(N_("uploading"), RUNNING, RUNNING_STYLE),
    UploadState.ARCHIVED: Sign(N_("archived"), DONE, DONE_STYLE),
    UploadState.QUARANTINED: Sign(N_("in quarantine"), ACT, ACT_STYLE),
    UploadState.REJECTED: Sign(N_("rejected"), FAILED, FAILED_STYLE),
}

VERDICT_SIGNS: dict[Verdict, tuple[str, str]] = {
    Verdict.OK: (DONE, "$done"),
    Verdict.OLD: (ACT, "$act"),
    Verdict.SUSPECT: (ACT, "bold $act"),
    Verdict.FAIL: (FAILED, "bold $failed"),
    Verdict.UNKNOWN: ("?", "$quiet"),
}

EXCLUSION_WORDS: dict[ExclusionReason, str] = {
    ExclusionReason.BOOT_MEDIUM: N_("the stick this system runs from"),
    ExclusionReason.MOUNTED: N_("mounted"),
    ExclusionReason.SWAP: N_("swap in use"),
    ExclusionReason.LVM: N_("held by LVM"),
    ExclusionReason.RAID: N_("held by software RAID"),
    ExclusionReason.LUKS: N_("held by an open encrypted volume"),
    ExclusionReason.HELD: N_("held by another device"),
    ExclusionReason.READ_ONLY: N_("read-only"),
    ExclusionReason.ZERO_SIZE: N_("zero size"),
    ExclusionReason.REMOVABLE: N_("removable"),
    ExclusionReason.VIRTUAL_RAID_DISK: N_("virtual disk of a RAID controller"),
    ExclusionReason.IDENTITY_UNREADABLE: N_("identity unreadable"),
    ExclusionReason.NETWORK: N_("a disk on the network"),
    ExclusionReason.DIED: N_("no longer answering"),
}

MEDIA_WORDS: dict[MediaType, str] = {
    MediaType.HARD_DISK: N_("magnetic hard disk drive"),
    MediaType.SOLID_STATE: N_("solid-state drive"),
    MediaType.EMBEDDED_FLASH: N_("embedded flash (eMMC, UFS)"),
    MediaType.REMOVABLE_FLASH: N_("removable flash"),
    MediaType.VIRTUAL: N_("virtual disk"),
    MediaType.UNKNOWN: N_("type unknown"),
}

_SHORT_MEDIA = {
    MediaType.HARD_DISK: "HDD",
    MediaType.SOLID_STATE: "SSD",
    MediaType.EMBEDDED_FLASH: "eMMC",
    MediaType.REMOVABLE_FLASH: "flash",
}

HIDDEN_WORDS: dict[HiddenAreaState, str] = {
    HiddenAreaState.NOT_APPLICABLE: N_("not applicable"),
    HiddenAreaState.NONE_FOUND: N_("none found"),
    HiddenAreaState.PRESENT: N_("present"),
    HiddenAreaState.NOT_EXAMINED: N_("not examined"),
}

SELF_TEST_WORDS: dict[SelfTestState, str] = {
    SelfTestState.NEVER_RUN: N_("never run"),
    SelfTestState.RUNNING: N_("running"),
    SelfTestState.PASSED: N_("passed"),
    SelfTestState.FAILED: N_("failed"),
    SelfTestState.ABORTED: N_("aborted"),
    SelfTestState.UNKNOWN: N_("unknown"),
}

METHOD_WORDS: dict[Method, str] = {Method.NONE: N_("none"), Method.CLEAR: "Clear", Method.PURGE: "Purge"}
TECHNIQUE_WORDS: dict[Technique, str] = {
    Technique.OVERWRITE: N_("overwrite"),
    Technique.ATA_SANITIZE_OVERWRITE: N_("ATA sanitize, overwrite"),
    Technique.ATA_SANITIZE_BLOCK_ERASE: N_("ATA sanitize, block erase"),
    Technique.ATA_SANITIZE_CRYPTO_SCRAMBLE: N_("ATA sanitize, new key"),
    Technique.ATA_SECURITY_ERASE_ENHANCED: N_("ATA enhanced security erase"),
    Technique.ATA_SECURITY_ERASE: N_("ATA security erase"),
    Technique.NVME_SANITIZE_BLOCK_ERASE: N_("NVMe sanitize, block erase"),
    Technique.NVME_SANITIZE_OVERWRITE: N_("NVMe sanitize, overwrite"),
    Technique.NVME_SANITIZE_CRYPTO_ERASE: N_("NVMe sanitize, new key"),
    Technique.NVME_FORMAT_USER_DATA_ERASE: N_("NVMe format, user data erase"),
    Technique.NVME_FORMAT_CRYPTO_ERASE: N_("NVMe format, new key"),
    Technique.SCSI_SANITIZE_BLOCK_ERASE: N_("SCSI sanitize, block erase"),
    Technique.SCSI_SANITIZE_OVERWRITE: N_("SCSI sanitize, overwrite"),
    Technique.SCSI_SANITIZE_CRYPTO_ERASE: N_("SCSI sanitize, new key"),
    Technique.MMC_SANITIZE: N_("eMMC erase and sanitize"),
    Technique.MMC_SECURE_ERASE: N_("eMMC secure erase"),
    Technique.OPAL_PSID_REVERT: N_("Opal revert by PSID"),
}
VERIFICATION_WORDS: dict[VerificationKind, str] = {
    VerificationKind.FULL: N_("full read-back"),
    VerificationKind.SAMPLED: N_("sampled read-back"),
}
ENVIRONMENT_WORDS: dict[Environment, str] = {
    Environment.LIVE_IMAGE: N_("live system"),
    Environment.HOST: N_("installed system"),
    Environment.SIMULATED: N_("simulated machine"),
}


def job_sign(job: JobSnapshot) -> Sign:
    """The sign of a job: that it stands still says more than what it was about to do."""
    return JOB_SIGNS[job.state] if job.pause is None else PAUSE_SIGNS[job.pause]


def stick_line() -> Content:
    """What a person reads while the stick is missing, in the loudest colour."""
    return Content.styled(f" {FAILED} {_(STICK_MISSING)} ", FAILED_STYLE)


def type_words(drive: Drive) -> str:
    """Bus and kind of a drive in at most ten characters."""
    kind = _SHORT_MEDIA.get(drive.media_type, "")
    bus = "" if drive.bus is Bus.UNKNOWN else drive.bus.value
    if drive.bus is Bus.MMC and kind == "eMMC":
        return kind
    return f"{bus} {kind}".strip() or "?"
