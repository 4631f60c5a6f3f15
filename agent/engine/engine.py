"""Jobs of a sitting: one thread for each drive, snapshots for whoever looks, results for the record."""

import threading
from collections.abc import Sequence

from agent.engine.course import COURSE, Course
from agent.engine.crew import PACE, Pace
from agent.engine.heat import Thermometer
from agent.engine.job import OPERATOR, Job
from agent.engine.journal import Journal
from agent.engine.pass_keys import KeysByPass, new_keys
from agent.engine.recovery import job_id_of
from agent.engine.stream import self_check
from agent.engine.surroundings import Surroundings
from agent.engine.transfer import PATIENCE, Patience
from agent.errors import Refused
from agent.host.machine import Machine
from agent.model.clock import Clock
from agent.model.job import JobResult, JobSnapshot, PauseReason
from agent.model.sanitization import Plan


class Engine:
    """Carries confirmed plans out. Knows no screen: it is asked, it never tells.

    Threads are daemons: a drive that hangs in the kernel must not keep the program from ending, and the journal holds
    what a killed job had done.
    """

    def __init__(
        self,
        machine: Machine,
        journal: Journal,
        clock: Clock,
        max_parallel: int | None = None,
        *,
        patience: Patience = PATIENCE,
        pace: Pace = PACE,
        keys: Sequence[KeysByPass] | None = None,
        thermometer: Thermometer | None = None,
        course: Course = COURSE,
    ) -> None:
        """`keys` of the random passes for each plan; without them, the system's, and nothing can go on later."""
        self._around = Surroundings(machine, clock, journal, patience, pace, course)
        self._journal = journal
        self._max_parallel = max_parallel
        self._keys = keys
        self._thermometer = thermometer
        self._jobs: tuple[Job, ...] = ()
        self._threads: tuple[threading.Thread, ...] = ()

    def start(self, plans: Sequence[Plan]) -> None:
        """Start all jobs and return; the plans are those that the journal's header names, confirmed by a person.

        Raises Refused, EvidenceError or SelfCheckFailed, then nothing was touched.
        """
        if self._jobs:
            raise Refused("This sitting has already begun.")
        if tuple(plans) != self._journal.header.plans:
            raise Refused("The plans to carry out are not those that the journal names.")
        if len({p.drive.node for p in plans}) != len(plans):
            raise Refused("Two plans name the same drive.")
        self_check()
        keys = self._keys or [new_keys(plan) for plan in plans]
        jobs = tuple(
            Job(job_id_of(index), plan, self._around, own)
            for index, (plan, own) in enumerate(zip(plans, keys, strict=True))
        )
        for job in jobs:
            job.confirm()
        slots = threading.Semaphore(self._max_parallel or max(1, len(jobs)))
        self._jobs = jobs
        self._threads = tuple(
            threading.Thread(target=job.run, args=(slots,), name=f"ardoise-{job.job_id}", daemon=True)
            for job in jobs
        )
        for thread in self._threads:
            thread.start()
        for job in jobs:
            self._measure(job)

    def _measure(self, job: Job) -> None:
        if self._thermometer is None:
            return
        self._thermometer.watch(
            job.plan.drive,
            job.gate,
            lambda: job.snapshot().silent_seconds is None,
            f"ardoise-{job.job_id}-heat",
        )

    def snapshots(self) -> tuple[JobSnapshot, ...]:
        """Every job at this moment, in the order of the plans."""
        return tuple(job.snapshot() for job in self._jobs)

    def cancel(self, node: str | None = None, by: str = OPERATOR) -> None:
        """Stop the job on this node, or all: they end as INTERRUPTED at their next block."""
        for job in self._jobs:
            if node is None or job.node == node:
                job.cancel(by)

    def pause(self, node: str | None = None) -> None:
        """Let the job on this node, or all, stand still before their next block; those that have begun keep their turns."""
        for job in self._jobs:
            if node is None or job.node == node:
                job.gate.hold(PauseReason.OPERATOR)

    def proceed(self, node: str | None = None) -> None:
        """Lift what the job on this node is said to be held by, a temperature included; or all pauses by hand."""
        for job in self._jobs:
            if node is None:
                job.gate.lift(PauseReason.OPERATOR)
            elif job.node == node:
                job.gate.lift_told()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until every job has ended, at most `timeout` seconds; whether they have."""
        deadline = None if timeout is None else self._around.clock.monotonic() + timeout
        for thread in self._threads:
            left = None if deadline is None else max(0.0, deadline - self._around.clock.monotonic())
            thread.join(left)
        return not self.running

    def results(self) -> tuple[JobResult, ...]:
        """Results of the jobs that have ended, in the order of the plans."""
        return tuple(job.result for job in self._jobs if job.result is not None)

    @property
    def running(self) -> bool:
        """Whether a job has not ended."""
        return any(job.result is None for job in self._jobs)
