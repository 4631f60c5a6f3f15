"""One sitting at one machine: the only way from a drive to a record, for the screen and for the command line alike."""

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from agent.engine.engine import Engine
from agent.engine.journal import Journal, SessionEvent
from agent.engine.power_policy import power_now
from agent.errors import AgentError, Refused
from agent.host.machine import Machine
from agent.model.clock import Clock
from agent.model.drive import Drive
from agent.model.health import HealthReport, SelfTestKind
from agent.model.job import JobSnapshot
from agent.model.pass_sets import PASS_SETS
from agent.model.sanitization import PassSet, Policy
from agent.model.session import InspectedDrive, SessionHeader
from agent.registry.outbox import Outbox
from agent.workflow.before_erase import BeforeErase
from agent.workflow.bracket import with_clock
from agent.workflow.cautions import with_cautions
from agent.workflow.clock_check import clock_notice
from agent.workflow.confirmation import check_code, check_names
from agent.workflow.desk import Desk, check_desk, check_operator, make_header, station_view
from agent.workflow.ending import make_ending, only_silent_ones_left, problem_of, without_claims
from agent.workflow.inspection import inspect_machine, read_health, thermometer
from agent.workflow.locks import forget_recorded, kept_locks, lift_locks
from agent.workflow.plan_set import check_plans, firmware_by_node, make_plan_set
from agent.workflow.publishing import publish
from agent.workflow.recording import Ending, build_record
from agent.workflow.recovery import only_sitting, recover
from agent.workflow.resuming import (
    check_still_offered,
    forget_retired,
    kept_jobs,
    make_keys,
    offer_again,
    retire,
)
from agent.workflow.station import expiry_notice
from agent.workflow.stick import PULLED_OUT, Stick, blames_stick
from agent.workflow.thawing import Rest
from agent.workflow.uploads import Uploads
from agent.workflow.view import EvidenceView, Inspection, PlanSet, SittingView, Stage, StationView

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.2
_STICK_NEEDED = frozenset({Stage.RUNNING, Stage.RECORDING, Stage.RECORD_FAILED})


class Sitting:
    """Inspect, plan, confirm, follow, record, upload. Every method may be called from any thread."""

    silence_seconds = 90.0
    """How long a stopped drive may stay silent before the record is made without its answer."""
    stick_seconds = 3.0
    """How often a stick that was pulled is looked for."""

    def __init__(self, machine: Machine, desk: Desk, clock: Clock) -> None:
        """Check everything that could lose a record later, and record sessions that were interrupted; raises AgentError."""
        check_operator(desk.operator)
        self._machine = machine
        self._desk = desk
        self._clock = clock
        self._started_at = clock.now()
        self._lock = threading.RLock()
        self._inspection: Inspection | None = None
        self._engine: Engine | None = None
        self._recorder: threading.Thread | None = None
        self._session: SessionHeader | None = None
        self._ending: Ending | None = None
        self._journal: Journal | None = None
        self._stage = Stage.READY
        self._problem = ("", "")
        self._stopped: dict[str | None, float] = {}
        self._done = threading.Event()
        self._closed = threading.Event()
        self._stick_lost = False
        self._outbox = Outbox(desk.evidence)
        self._uploads = Uploads(self._outbox, desk.registry)
        check_desk(self._desk, self._machine)
        with ExitStack() as held:
            hold = held.enter_context(only_sitting(desk.evidence))
            self._journals = hold.folder
            self._stick = Stick(machine, desk.evidence, hold)
            self.rest = Rest(machine, self._stick, self.inspect, lambda: self._stage)
            # Damaged records are set aside first, so that a journal beside one is not taken for recorded.
            self._uploads.refresh()
            recovered = recover(self._journals, desk.station, self._outbox, clock)
            self._uploads.refresh()
            self._recovered = tuple(p.record.record_id for p in recovered.published)
            self._kept = kept_jobs(self._journals, machine.environment)
            self._locks = kept_locks(self._journals, machine.environment)
            self._remarks = recovered.remarks
            self.before = BeforeErase(machine, self._journals, clock, self._inspected, self.inspect)
            self._held = held.pop_all()
        self._uploads.start_if_waiting()
        self._uploads.ask_log()

    # what is there --------------------------------------------------------------------------------------------

    def station_view(self) -> StationView:
        """Where and as whom this sitting runs."""
        return station_view(self._desk, self._machine)

    def recovered(self) -> tuple[EvidenceView, ...]:
        """Records of interrupted sessions that were made at this start."""
        return tuple(v for v in self._uploads.views() if v.record_id in self._recovered)

    def notices(self) -> tuple[str, ...]:
        """What a person should know before starting, in plain text."""
        corrupt = tuple(f"Set aside: {a.was.name} ({a.reason})." for a in self._uploads.set_aside())
        expiry = expiry_notice(self._desk.station.key, self._started_at)
        return (*clock_notice(self._started_at), *expiry, *self._remarks, *self.before.prepared.remarks(), *corrupt)

    def inspect(self) -> Inspection:
        """Find all drives and read their health; takes seconds; raises AgentError."""
        found = inspect_machine(self._machine)
        if self._locks:
            drives = [f.drive for f in found.drives]
            self._remarks += lift_locks(self._machine, drives, self._locks, self._journals)
            self._locks = kept_locks(self._journals, self._machine.environment)
            found = inspect_machine(self._machine)
        found = self.before.prepared.attached(found)
        with self._lock:
            if self._stage is Stage.READY:
                self._inspection = found
        return found

    def pass_sets(self) -> tuple[PassSet, ...]:
        """What can be chosen as passes."""
        return PASS_SETS

    def read_health(self, node: str) -> HealthReport | None:
        """The verdict on one drive, read anew."""
        return read_health(self._machine, self._found(node))

    def start_self_test(self, node: str, kind: SelfTestKind) -> None:
        """Start the drive's own self-test; raises AgentError where it refuses."""
        self._machine.start_self_test(self._found(node), kind)

    def abort_self_test(self, node: str) -> None:
        """Abort the running self-test; raises AgentError."""
        self._machine.abort_self_test(self._found(node))

    # plan and confirm -----------------------------------------------------------------------------------------

    def plan(self, nodes: Sequence[str], policy: Policy) -> PlanSet:
        """Plans and refusals for these nodes; nothing is touched; raises UsageError, Refused for unknown nodes."""
        chosen = [self._found(node) for node in nodes]
        firmware = firmware_by_node(self._inspection)
        psids = frozenset(d.node for d in chosen if self._machine.has_psid(d))
        plans = make_plan_set(chosen, self._drives(), policy, self._kept, firmware, psids=psids)
        return with_cautions(plans, self._inspection, power_now(self._machine))

    def confirm_and_start(self, plans: PlanSet, code: str) -> None:
        """Start what the shown code confirms; raises Refused, EvidenceError, with nothing touched."""
        check_code(plans, code)
        self._start(plans)

    def confirm_names_and_start(self, plans: PlanSet, names: Sequence[str]) -> None:
        """Start what is confirmed drive by drive; raises Refused, EvidenceError, with nothing touched."""
        check_names(plans, names)
        self._start(plans)

    def _start(self, plans: PlanSet) -> None:
        with self._lock, self.rest.awake():
            if self._stage is not Stage.READY or self._inspection is None:
                raise Refused("This machine is already being worked on.", "Wait until its record is there.")
            self.before.check_idle()
            check_plans(plans, self._drives())
            if plans.plans:
                self._machine.permit_writing()
            check_desk(self._desk, self._machine)
            self._stick.hold()
            self._kept = kept_jobs(self._journals, self._machine.environment)
            check_still_offered(plans.plans, self._kept)
            header = make_header(self._machine, self._desk, self._inspection, plans, self._clock.now())
            keys = make_keys(self._journals, header, self._kept)
            journal = Journal.create(self._journals, header)
            heat = thermometer(self._machine)
            limit = self._desk.max_drives
            engine = Engine(self._machine, journal, self._clock, limit, thermometer=heat, keys=keys)
            try:
                retire(self._journals, self._kept, plans.plans)
                engine.start(plans.plans)
            except AgentError:
                journal.close()
                raise
            self._session, self._engine, self._journal = header, engine, journal
            self._ending = None
            self._stage = Stage.RUNNING
            self._recorder = threading.Thread(
                target=self._guarded, args=(self._follow,), name="recorder", daemon=True
            )
            self._recorder.start()

    # follow ---------------------------------------------------------------------------------------------------

    def snapshots(self) -> tuple[JobSnapshot, ...]:
        """Every job at this moment."""
        engine = self._engine
        return engine.snapshots() if engine else ()

    def cancel(self, node: str | None = None) -> None:
        """Stop one job or all; what was done is recorded as interrupted."""
        if self._engine:
            self._engine.cancel(node)
            self._stopped.setdefault(node, self._clock.monotonic())

    def pause(self, node: str | None = None) -> None:
        """Let one job or all stand still before their next block; nothing is lost."""
        if self._engine:
            self._engine.pause(node)

    def proceed(self, node: str | None = None) -> None:
        """Let one job go on whatever holds it, or all that stand still by hand."""
        if self._engine:
            self._engine.proceed(node)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the record is on stable storage or could not be made; whether that came within `timeout` seconds."""
        return self._done.wait(timeout)

    def view(self) -> SittingView:
        """The whole sitting at this moment."""
        with self._lock:
            session = self._session if self._stage is Stage.RECORDED else None
            evidence = self._uploads.view(session.record_id) if session else None
            stage, problem, journal = self._stage, self._problem, self._journal
            lost = self._stick_lost
        # Without a session nothing is lost with the stick; whether one can begin is asked when it does.
        missing = stage in _STICK_NEEDED and (lost or self._stick.missing(journal))
        may_pull = stage not in _STICK_NEEDED and self._machine.runs_from_memory is True
        return SittingView(stage, evidence, *problem, stick_missing=missing, may_pull=may_pull)

    def retry_record(self) -> None:
        """Try again to record a finished session, for example after the stick was put back; never blocks."""
        with self._lock:
            if self._stage is not Stage.RECORD_FAILED:
                return
            self._stage, self._problem = Stage.RECORDING, ("", "")
            self._stick_lost = False
            self._done.clear()
            self._recorder = threading.Thread(
                target=self._guarded, args=(self._record,), name="recorder", daemon=True
            )
            self._recorder.start()

    def new_round(self) -> None:
        """Go back to the beginning after a record is there; raises Refused before that."""
        with self._lock:
            if self._stage not in {Stage.RECORDED, Stage.READY}:
                raise Refused(
                    "The record of this session is not on stable storage yet.", "Wait, or try to record again."
                )
            self._engine = self._session = self._journal = self._inspection = self._ending = None
            self._stage = Stage.READY
            self._stopped = {}
            self._done.clear()

    # upload ---------------------------------------------------------------------------------------------------

    def upload_now(self) -> None:
        """Try to upload all that waits, in the background."""
        self._uploads.start()

    def upload_settled(self, timeout: float) -> bool:
        """Wait for the background attempt, at most `timeout` seconds; whether none is running."""
        return self._uploads.wait(timeout)

    def uploads(self) -> tuple[EvidenceView, ...]:
        """All records of the evidence folder, with their way to the registry."""
        return self._uploads.views()

    def close(self) -> None:
        """Let another sitting use the evidence folder; jobs must have ended."""
        self._closed.set()
        self._uploads.close()
        self._held.close()

    # inside ---------------------------------------------------------------------------------------------------

    def _drives(self) -> tuple[Drive, ...]:
        with self._lock:
            return tuple(f.drive for f in self._inspection.drives) if self._inspection else ()

    def _inspected(self, node: str) -> InspectedDrive:
        with self._lock:
            if self._stage is not Stage.READY:
                raise Refused("This machine is already being worked on.", "Wait until its record is there.")
            drives = self._inspection.drives if self._inspection else ()
        drive = self._found(node)
        return next(f for f in drives if f.drive == drive)

    def _found(self, node: str) -> Drive:
        for drive in self._drives():
            if drive.node == node:
                return drive
        raise Refused(f"{node!r} was not found on this machine.", "Look at the list of drives again.")

    def _guarded(self, work: Callable[[], None]) -> None:
        # The top of a thread: whatever ends it unexpectedly must reach the person, or a screen would wait for ever.
        try:
            work()
        except Exception as error:
            log.exception("the recorder ended unexpectedly")
            problem = f"The record could not be made ({type(error).__name__})."
            self._finish(
                Stage.RECORD_FAILED, (problem, "Keep the evidence folder and report this; the journal is in it.")
            )

    def _follow(self) -> None:
        engine, journal = self._engine, self._journal
        if engine is None or journal is None:
            return
        looked = self._clock.monotonic()
        while not engine.wait(_LOOK_SECONDS) and not self._hangs(engine):
            now = self._clock.monotonic()
            if journal.away and now - looked >= self.stick_seconds:
                looked = now
                self._stick.bring_back(journal)
        with self._lock:
            self._stage = Stage.RECORDING
        self._record()

    def _hangs(self, engine: Engine) -> bool:
        return only_silent_ones_left(engine, dict(self._stopped), self._clock.monotonic(), self.silence_seconds)

    def _ended(self, engine: Engine, journal: Journal) -> Ending:
        if self._ending is None:
            self._ending = make_ending(
                engine.results(),
                engine.snapshots(),
                lambda drive: read_health(self._machine, drive),
                self._clock.now,
            )
            try:
                journal.append(SessionEvent(self._ending.ended, self._ending.issued_at))
            except AgentError as error:
                # The record itself is about to be made; without the line, a crash now is recorded as an interruption.
                log.warning("end of session not journalled: %s", error.message)
        return self._ending

    def _wait_for_stick(self, journal: Journal) -> None:
        while not self._closed.wait(self.stick_seconds):
            with self._lock:
                if self._stage is not Stage.RECORD_FAILED or self._recorder is not threading.current_thread():
                    return
            if self._stick.is_back(journal):
                self.retry_record()
                return

    def _record(self) -> None:
        session, engine, journal = self._session, self._engine, self._journal
        if session is None or engine is None or journal is None:
            raise Refused("There is no session to record.")
        ending = self._ended(engine, journal)
        if not self._stick.bring_back(journal):
            self._fail_to_record(journal, PULLED_OUT, stick=True)
            return
        ending = without_claims(ending, journal.lost_results())
        issuer = self._desk.station.key.issuer
        try:
            publish(
                session.record_id,
                lambda link: with_clock(build_record(session, ending, link, issuer), self._uploads.clock_check()),
                self._desk.station,
                self._outbox,
                self._clock.now(),
            )
            self._uploads.refresh()
        except (AgentError, OSError) as error:
            message, remedy = problem_of(error)
            log.error("the record could not be made: %s", message)  # noqa: TRY400 - told to the person with its remedy
            stick = blames_stick(error) or self._stick.missing(journal)
            self._fail_to_record(journal, PULLED_OUT if stick else (message, remedy), stick=stick)
            return
        journal.close()
        forget_recorded(self._journals, session.record_id)
        self.before.recorded(ending)
        self._locks = kept_locks(self._journals, self._machine.environment)
        offer_again(self._journals, self._kept, ending.results)
        forget_retired(self._journals, self._kept)
        self._kept = kept_jobs(self._journals, self._machine.environment)
        # Before the end is announced, so that whoever waits for the upload waits for this one.
        self._uploads.start()
        self._finish(Stage.RECORDED, ("", ""))

    def _fail_to_record(self, journal: Journal, problem: tuple[str, str], *, stick: bool) -> None:
        self._finish(Stage.RECORD_FAILED, problem, stick_lost=stick)
        if stick:
            self._wait_for_stick(journal)

    def _finish(self, stage: Stage, problem: tuple[str, str], *, stick_lost: bool = False) -> None:
        with self._lock:
            self._stage, self._problem, self._stick_lost = stage, problem, stick_lost
        self._done.set()
