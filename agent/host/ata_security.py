"""SECURITY ERASE UNIT, normal and enhanced, under one published password: set it, erase, see that the drive has dropped it.

A crash in between leaves the drive locked by a password that this program, and anybody who reads the journal, can give back. The
status is word 128 of the drive's own IDENTIFY data: an erase that completed has cleared the password, one that did not has not.
Source: ACS-4, Security feature set.
"""

from dataclasses import dataclass

from agent.errors import ToolFailed
from agent.host import sg_io
from agent.host.ata_capabilities import AtaCapabilities, SecurityState
from agent.host.ata_device import ask_descriptor_sense, read_capabilities
from agent.host.firmware_tool import refused_by_text, run_tool
from agent.model.firmware import CommandState, DeviceStatus, TechniqueOffer, ToolRun
from agent.model.sanitization import Technique

PASSWORD = "ardoise"
"""Published, in the documentation and in every journal: it protects nothing, and locks nobody out. hdparm pads it with zero bytes."""

_USER = ("--user-master", "u")
_OPTIONS = {
    Technique.ATA_SECURITY_ERASE: "--security-erase",
    Technique.ATA_SECURITY_ERASE_ENHANCED: "--security-erase-enhanced",
}
_COMMAND_SECONDS = 60.0
_LEAST_SECONDS = 2 * 3600.0
# hdparm waits for the drive by a rule of its own: the estimate and 60 minutes, or 30 MB each second and 30 minutes, whichever is
# longer. Stopping it before would leave an erase that nobody waits for.
_AFTER_HDPARM_MINUTES = 80
_MEGABYTES_EACH_SECOND = 30
_AFTER_CAPACITY_SECONDS = 40 * 60.0


class AtaSecurityErase:
    """One of the two modes on one drive, as a FirmwareCommand; `start` takes as long as the drive does."""

    def __init__(self, node: str, offer: TechniqueOffer, sectors: int) -> None:
        self._node = node
        self._offer = offer
        self._option = _OPTIONS[offer.technique]
        self._patience = patience_seconds(offer.minutes, sectors)
        self._ours = False
        self._started = False

    @property
    def offer(self) -> TechniqueOffer:
        """The technique, with what the drive says of it."""
        return self._offer

    @property
    def secret_note(self) -> str:
        """The password, and how anybody takes it back."""
        return secret_note(self._node)

    @property
    def in_background(self) -> bool:
        """The drive answers nothing until it is done."""
        return False

    def status(self) -> DeviceStatus:
        """Word 128: still enabled after the erase is failed, cleared is done only where `prepare` saw it enabled; raises ToolFailed."""
        found = read_capabilities(self._node)
        if found is None:
            return DeviceStatus(CommandState.UNKNOWN, ("IDENTIFY DEVICE data without a right checksum",))
        raw = tuple(word for word in found.raw if word.startswith(("word 85 ", "word 128 ")))
        if not self._started:
            return DeviceStatus(CommandState.NEVER, raw)
        if found.security.enabled:
            return DeviceStatus(CommandState.FAILED, raw)
        return DeviceStatus(CommandState.DONE if self._ours else CommandState.NEVER, raw)

    def prepare(self) -> tuple[ToolRun, ...]:
        """Set the password and see that the drive has it; raises ToolMissing, ToolFailed."""
        before = _readable(self._node).security
        if problem := _problem(before):
            raise _refusal(self._node, problem)
        sense = ask_descriptor_sense(self._node)
        done = _hdparm(self._node, "--security-set-pass")
        # From here on a password of ours may stand, whatever hdparm says; one that stood before is another's until hdparm
        # says that it was replaced.
        accepted = done.code == 0 and not refused_by_text(done.output)
        self._ours = accepted or not before.enabled
        after = _readable(self._node).security
        if not accepted or not after.enabled or after.locked:
            raise ToolFailed(done.argv, done.code, f"the password was not set: {done.output}", self.secret_note)
        return sense, done

    def start(self) -> ToolRun:
        """Run the erase to its end; raises ToolMissing."""
        self._started = True
        return _hdparm(self._node, self._option, self._patience)

    def settle(self) -> tuple[ToolRun, ...]:
        """Give the drive back without our password; raises ToolMissing, ToolFailed where it still stands or can't be told."""
        if not self._ours:
            return ()
        lift = lift_password(self._node)
        if not lift.lifted:
            argv = lift.tools[-1].argv if lift.tools else (sg_io.NAME, "IDENTIFY DEVICE", self._node)
            raise ToolFailed(argv, lift.tools[-1].code if lift.tools else 0, lift.words, self.secret_note)
        return lift.tools

    def close(self) -> None:
        """Nothing is held."""


@dataclass(frozen=True)
class PasswordLift:
    """Whether no password stands on the drive now, the programs that were run for it, and the same in words for a person."""

    lifted: bool
    words: str
    tools: tuple[ToolRun, ...] = ()


def lift_password(node: str) -> PasswordLift:
    """Unlock and disable with our password where any stands, one try each; raises ToolMissing, ToolFailed (no answer of the drive).

    A wrong password costs one of the drive's five attempts, which come back with power.
    """
    state = _readable(node).security
    if not state.enabled:
        return PasswordLift(lifted=True, words="No password is set.")
    if state.frozen or state.expired:
        reason = "security frozen" if state.frozen else "out of password attempts"
        return PasswordLift(
            lifted=False, words=f"A password is set, and the drive is {reason}: take its power away, try again."
        )
    tools = [ask_descriptor_sense(node)]
    if state.locked:
        tools.append(_hdparm(node, "--security-unlock"))
    if not _readable(node).security.locked:
        tools.append(_hdparm(node, "--security-disable"))
    after = _readable(node).security
    if not after.enabled:
        return PasswordLift(lifted=True, words="Our password stood on it and was taken back.", tools=tuple(tools))
    words = "The drive is locked by" if after.locked else "The drive keeps"
    return PasswordLift(
        lifted=False, words=f"{words} a password that is not ours, or it refused.", tools=tuple(tools)
    )


def secret_note(node: str) -> str:
    """The published password in words, with the commands that take it back."""
    prefix = f"hdparm {' '.join(_USER)}"
    return (
        f'While the drive erases itself it has the user password "{PASSWORD}" (padded with zero bytes). If it stays locked: '
        f"{prefix} --security-unlock {PASSWORD} {node} and then {prefix} --security-disable {PASSWORD} {node}"
    )


def patience_seconds(minutes: int | None, sectors: int) -> float:
    """How long an erase may take: twice the drive's estimate and 10 minutes, at least 2 hours, and longer than hdparm waits."""
    by_estimate = (minutes or 0) * 2 * 60.0 + 600.0
    by_hdparm = ((minutes or 0) + _AFTER_HDPARM_MINUTES) * 60.0
    by_capacity = sectors / 2048 / _MEGABYTES_EACH_SECOND + _AFTER_CAPACITY_SECONDS
    return max(_LEAST_SECONDS, by_estimate, by_hdparm, by_capacity)


def _hdparm(node: str, option: str, timeout: float = _COMMAND_SECONDS) -> ToolRun:
    return run_tool(("hdparm", *_USER, option, PASSWORD, node), timeout)


def _readable(node: str) -> AtaCapabilities:
    found = read_capabilities(node)
    if found is None:
        raise _refusal(node, "its IDENTIFY DEVICE data have no right checksum")
    return found


def _problem(state: SecurityState) -> str:
    if not state.supported:
        return "the drive has no Security feature set"
    if state.frozen:
        return "the drive is security frozen"
    if state.expired:
        return "the drive's password attempts are used up"
    return "the drive is locked by a password" if state.locked else ""


def _refusal(node: str, words: str) -> ToolFailed:
    return ToolFailed((sg_io.NAME, "IDENTIFY DEVICE", node), 0, words)
