"""One of the drive's own techniques on one medium: markers, the command, the drive's own status to its end, the read-back.

An exit code is never a verdict, and neither is a status alone. What was started and can't be confirmed is neither
repeated nor followed by anything else.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from agent.engine.course import Course
from agent.engine.crew import TICK_SECONDS
from agent.engine.erased import ReadBackPlan, read_erased
from agent.engine.identity_check import check_attachment, check_identity
from agent.engine.journal import CommandEvent, Journal
from agent.engine.markers import MarkerPlan, check_changed, plan_markers, plant
from agent.engine.means import Means
from agent.engine.power_policy import PowerVerdict, judge_power, power_now
from agent.engine.surroundings import Cancelled
from agent.engine.verification import planned_regions
from agent.errors import AgentError, EraseRunning, IdentityChanged, MediaError, Refused, ToolMissing
from agent.host.firmware import FirmwareCommand
from agent.host.machine import Machine, Medium
from agent.model.clock import Clock
from agent.model.drive import Drive, Identity
from agent.model.firmware import (
    CommandOutcome,
    CommandState,
    DeviceStatus,
    ErasedReadBack,
    FirmwareResult,
    MarkerCheck,
    ToolRun,
    is_attributable,
)
from agent.model.firmware_evidence import MOST_SEEN
from agent.model.sanitization import Plan, Rung, Technique

_LOG = logging.getLogger(__name__)
NOT_ASKED = DeviceStatus(CommandState.UNKNOWN, ("not asked",))


@dataclass(frozen=True)
class Ask:
    """What the job hands over: whom to ask, what is planned, and what it wants to know meanwhile."""

    job_id: str
    plan: Plan
    rung: Rung
    machine: Machine
    journal: Journal
    clock: Clock
    means: Means
    course: Course
    opened: Callable[[Identity, bool], None]
    starting: Callable[[str], None]
    verifying: Callable[[], None]
    progress: Callable[[int], None]


class _NotStarted(Exception):
    """The technique can't be used on this drive now; nothing was started."""


class _Unconfirmed(Exception):
    """It was started, and what became of it is not known."""


class FirmwareErase:
    """One attempt; `run` never raises for what the drive does.

    `stopped` says by whom, where a person or the stick ended it early.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._drive: Drive = ask.plan.drive
        self._tools: list[ToolRun] = []
        self._seen: list[DeviceStatus] = []
        self._before = self._after = NOT_ASKED
        self._markers: MarkerCheck | None = None
        self._read_back: ErasedReadBack | None = None
        self._started_at: datetime = ask.clock.now()
        self._began = ask.clock.monotonic()
        self.identity_at_end: Identity | None = None
        self.stopped = ""
        self._exit_code: int | None = None
        self._sequence: int | None = None
        self._begun = self._tool_runs = False

    def run(self) -> FirmwareResult:
        """Carry the technique out, as far as it goes; raises EvidenceError where the journal does not take what is to begin."""
        outcome, reason = self._outcome()
        result = FirmwareResult(
            technique=self._ask.rung.technique,
            outcome=outcome,
            reason=reason,
            status_before=self._before,
            seen=tuple(self._seen),
            status_after=self._after,
            tools=tuple(self._tools),
            markers=self._markers,
            read_back=self._read_back,
            started_at=self._started_at,
            duration_ms=self._since(self._began),
        )
        if result.outcome is CommandOutcome.DONE and not is_attributable(result):
            return replace(result, **self._not_this_one())
        return result

    def _not_this_one(self) -> dict[str, Any]:
        if self._refused:
            return {"outcome": CommandOutcome.NOT_RUNNING, "reason": "the drive refused the command"}
        words = "the drive says that it completed an erase, as it did before: whether this one, is not known"
        return {"outcome": CommandOutcome.UNCONFIRMED, "reason": words}

    @property
    def _refused(self) -> bool:
        # An exit code proves no success; but one that says no, with nothing running, is a refusal.
        return self._exit_code not in {0, None}

    def _outcome(self) -> tuple[CommandOutcome, str]:
        power = judge_power(power_now(self._ask.machine), self._ask.rung)
        if power.verdict is PowerVerdict.REFUSED:
            return CommandOutcome.NOT_RUNNING, power.reason
        try:
            command = self._ask.machine.firmware_command(self._drive, self._ask.rung.technique)
        except EraseRunning as error:
            # Nothing may follow: what is running would erase or spoil it, and its end would look like ours.
            return CommandOutcome.UNCONFIRMED, error.message
        except AgentError as error:
            return CommandOutcome.NOT_RUNNING, error.message
        try:
            markers = self._prepare(command)
            self._command(command)
            self._look_afterwards(markers)
        except Exception as error:  # noqa: BLE001 - told as what it means for the drive, or raised again
            return self._ended_by(error, command)
        finally:
            command.close()
        if self._after.state is not CommandState.DONE:
            revert = self._ask.rung.technique is Technique.OPAL_PSID_REVERT
            words = "the drive refused the PSID" if revert else "the drive says that its erase failed"
            return CommandOutcome.NOT_RUNNING, words
        return CommandOutcome.DONE, ""

    def _ended_by(self, error: Exception, command: FirmwareCommand) -> tuple[CommandOutcome, str]:
        """What an attempt came to that did not go to its end; raises again what came before the command and is not the drive's."""
        words = error.message if isinstance(error, AgentError) else f"defect of the program: {type(error).__name__}"
        if isinstance(error, _NotStarted):
            return CommandOutcome.NOT_RUNNING, str(error)
        if isinstance(error, Cancelled):
            self.stopped = words
        elif not isinstance(error, _Unconfirmed) and not self._begun:
            raise error
        if isinstance(error, Cancelled) and not self._begun:
            return CommandOutcome.NOT_RUNNING, words
        if not isinstance(error, AgentError | _Unconfirmed):
            _LOG.error("the erase of %s is no longer followed", self._drive.node, exc_info=error)
        told = str(error) if isinstance(error, _Unconfirmed) else words
        # Once the drive was told to erase itself, whatever went wrong here is no reason to deny it.
        return CommandOutcome.UNCONFIRMED, "; ".join(part for part in (told, command.secret_note) if part)

    # --- before

    def _prepare(self, command: FirmwareCommand) -> MarkerPlan | None:
        self._ask_before(command)
        try:
            markers = self._plant()
        except MediaError as error:
            if self._before.state is not CommandState.FAILED:
                raise _NotStarted(error.message) from error
            # After a sanitize that failed a drive takes nothing but a new one: without markers it proves nothing, and yet
            # it gives the drive back to what comes next.
            markers = None
        # Anew: writing the markers changes what an NVMe drive says of an old sanitize (Global Data Erased).
        self._ask_before(command)
        self._announce(command)
        return markers

    def _ask_before(self, command: FirmwareCommand) -> None:
        try:
            self._before = command.status()
        except AgentError as error:
            raise _NotStarted(f"the drive does not tell its status: {error.message}") from error
        if self._before.state is CommandState.RUNNING:
            raise _Unconfirmed("an erase that this session did not start is running in the drive")

    def _plant(self) -> MarkerPlan:
        identity = self._drive.identity
        markers = plan_markers(
            identity.capacity_bytes,
            identity.logical_sector_bytes,
            key_change=not self._ask.rung.erased_hex,
        )
        self._ask.starting(f"markers for {self._ask.rung.technique.value}")
        medium = self._open()
        self._sequence = medium.sequence
        try:
            self._markers = plant(markers, medium, self._ask.means, identity.capacity_bytes)
        finally:
            medium.close()
        return markers

    def _open(self) -> Medium:
        medium = self._ask.machine.open_medium(self._drive)
        try:
            seen = medium.read_identity()
            check_identity(self._drive, seen, medium)
            self._ask.opened(seen, self._begun)
        except BaseException:
            medium.close()
            raise
        return medium

    def _announce(self, command: FirmwareCommand) -> None:
        ask = self._ask
        ask.journal.announce(
            CommandEvent(ask.job_id, ask.rung.technique, command.secret_note, self._before, ask.clock.now())
        )
        ask.starting(ask.rung.technique.value)
        self._begun = True

    # --- the command

    def _command(self, command: FirmwareCommand) -> None:
        size = self._drive.identity.capacity_bytes
        self._ask.means.begin(size, size)
        try:
            self._tools += command.prepare()
        except AgentError as error:
            self._settle(command)
            raise _NotStarted(error.message) from error
        except BaseException:
            self._settle(command)
            raise
        try:
            self._run_tool(command)
            self._follow(command)
        finally:
            self._settle(command)

    def _run_tool(self, command: FirmwareCommand) -> None:
        ended = threading.Event()
        outcome: list[ToolRun | BaseException] = []

        def run() -> None:
            try:
                outcome.append(command.start())
            except BaseException as error:  # noqa: BLE001 - raised again below, by whoever waits for it
                outcome.append(error)
            finally:
                ended.set()

        threading.Thread(target=run, name=f"{self._ask.means.name}-erase", daemon=True).start()
        self._tool_runs = True
        while not ended.wait(TICK_SECONDS):
            self._look_around()
        self._tool_runs = False
        (told,) = outcome
        if isinstance(told, ToolRun):
            self._tools.append(told)
            self._exit_code = told.code
        elif isinstance(told, ToolMissing | MediaError):
            # Somebody else's, another drive's or nobody's node: nothing was sent to it.
            raise _NotStarted(told.message) from told
        elif isinstance(told, AgentError):
            raise _Unconfirmed(f"the command may have been started: {told.message}") from told
        else:
            raise told

    def _look_around(self) -> None:
        try:
            self._ask.means.look_around()
        except AgentError as error:
            self.stopped = error.message
            raise _Unconfirmed(f"no longer watched ({error.message}); the drive goes on by itself") from error

    def _follow(self, command: FirmwareCommand) -> None:
        """Ask until the drive says something final; what it says last is `status_after`."""
        course = self._ask.course
        moved, answered = time.monotonic(), time.monotonic()
        progress = -1
        while True:
            self._look_around()
            now = time.monotonic()
            try:
                status = command.status()
            except IdentityChanged as error:
                raise _Unconfirmed(f"the medium is not the one that was planned: {error.message}") from error
            except AgentError as error:
                if now - answered > course.silence:
                    raise _Unconfirmed(f"the drive no longer tells its status: {error.message}") from error
                time.sleep(course.poll)
                continue
            if status.state is CommandState.UNKNOWN and command.in_background and now - answered <= course.silence:
                # A link that was reset, a drive that is becoming ready: it is asked again for a while.
                self._after = status
                time.sleep(course.poll)
                continue
            answered = now
            self._note(status)
            if status.state is not CommandState.RUNNING:
                self._judge_status(status)
                return
            if (status.progress_permille or 0) != progress:
                progress, moved = status.progress_permille or 0, now
                self._ask.progress(progress)
            elif now - moved > max(course.no_progress, course.per_estimated_minute * (self._ask.rung.minutes or 0)):
                raise _Unconfirmed(
                    f"the drive's erase has not moved from {progress / 10:.1f} % for {now - moved:.0f} s"
                )
            time.sleep(course.poll)

    def _note(self, status: DeviceStatus) -> None:
        self._after = status
        if len(self._seen) < MOST_SEEN and (not self._seen or self._seen[-1].state is not status.state):
            self._seen.append(status)

    def _judge_status(self, status: DeviceStatus) -> None:
        if status.state is CommandState.DONE or status.state is CommandState.FAILED:
            return
        if status.state is CommandState.NEVER:
            if self._refused:
                raise _NotStarted("the drive refused the command")
            raise _Unconfirmed("the drive took the command and says that none was ever started")
        raise _Unconfirmed("the drive does not tell what became of its erase")

    def _settle(self, command: FirmwareCommand) -> None:
        if self._tool_runs:
            # The drive is at it: it would leave every other question unanswered until it has ended.
            return
        try:
            self._tools += command.settle()
        except AgentError as error:
            raise _Unconfirmed(f"the drive could not be given back: {error.message}") from error

    # --- after

    def _look_afterwards(self, markers: MarkerPlan | None) -> None:
        """Markers and read-back, once the drive says that it is done."""
        if self._after.state is not CommandState.DONE or self._markers is None or markers is None:
            return
        self._ask.verifying()
        medium = self._reopen()
        try:
            check_attachment(self._drive, self._sequence, medium)
            key_change = not self._ask.rung.erased_hex
            size = self._drive.identity.capacity_bytes
            self._markers = check_changed(
                markers, self._markers, medium, self._ask.means, 0 if key_change else size
            )
            if not key_change:
                self._read_back = self._read(medium)
            self.identity_at_end = medium.read_identity()
            check_identity(self._drive, self.identity_at_end, medium)
        except MediaError as error:
            raise _Unconfirmed(f"the medium could not be read back: {error.message}") from error
        finally:
            medium.close()

    def _read(self, medium: Medium) -> ErasedReadBack:
        regions, seed = planned_regions(self._ask.plan)
        began = self._ask.clock.monotonic()
        plan = ReadBackPlan(self._ask.plan.verification, regions, seed, self._ask.rung.erased_hex)
        return read_erased(plan, medium, self._ask.means, lambda: self._since(began))

    def _reopen(self) -> Medium:
        """The same medium again: some drives go away for a while after their erase."""
        until = time.monotonic() + self._ask.course.reappear
        while True:
            try:
                return self._open()
            except (MediaError, Refused) as error:
                if time.monotonic() > until:
                    raise _Unconfirmed(f"the medium did not come back: {error.message}") from error
            self._look_around()
            time.sleep(self._ask.course.poll)

    def _since(self, began: float) -> int:
        return round((self._ask.clock.monotonic() - began) * 1000)
