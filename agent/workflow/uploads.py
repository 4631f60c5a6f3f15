"""Uploading beside the work: one thread, asked to try, never waited for by a screen."""

import logging
import random
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from agent.certificate.receipt import load_registry_key, registry_id
from agent.certificate.record import decode_record
from agent.certificate.trust import Trust, load_trust
from agent.errors import AgentError, EnvironmentLacks, MalformedRecord
from agent.model.record import ClockCheck, Record
from agent.registry.client import RegistryClient
from agent.registry.finals import FinalCheck, ask_checkpoint
from agent.registry.outbox import Outbox, SetAside
from agent.registry.uploader import UploadOutcome, UploadReport, upload_pending
from agent.workflow.clock_check import clock_remark
from agent.workflow.evidence_view import view_of
from agent.workflow.publishing import RECORD
from agent.workflow.view import EvidenceView, UploadState

log = logging.getLogger(__name__)

_STATES = {
    UploadOutcome.ARCHIVED: UploadState.ARCHIVED,
    UploadOutcome.QUARANTINED: UploadState.QUARANTINED,
    UploadOutcome.REJECTED: UploadState.REJECTED,
    UploadOutcome.PENDING: UploadState.PENDING,
}


@dataclass(frozen=True)
class Backoff:
    """Seconds until what waits is tried again by itself: doubled after each attempt, up to the most, and spread."""

    first: float = 15.0
    most: float = 300.0
    spread: float = 0.25

    def after(self, attempts: int) -> float:
        """The pause after this many attempts in vain (1 and more)."""
        pause = min(self.most, self.first * 2.0 ** min(attempts - 1, 16))
        # Sticks that lost the same network must not all come back in the same second.
        return pause * (1.0 + random.uniform(0.0, self.spread))  # noqa: S311 - no secret


@dataclass(frozen=True)
class Registry:
    """Where to upload and the key by which receipts are checked (PEM); an empty address means: not asked.

    `root_pem` and `log_key` are what final documents are verified by; without the root none is fetched.
    """

    url: str
    key_pem: bytes | None
    root_pem: bytes | None = None
    log_key: bytes | None = None

    @property
    def trust(self) -> Trust | None:
        """Root and log key as the verifier takes them; raises UsageError."""
        return None if self.root_pem is None else load_trust(self.root_pem, None, self.log_key)


def connect(registry: Registry) -> RegistryClient:
    """A client; raises EnvironmentLacks without a key, UsageError for an address that may not be used."""
    if registry.key_pem is None:
        raise EnvironmentLacks(
            "The registry's public key is not there, so no receipt could be checked.",
            "Put registry.pub.pem into the station's folder, or name the key with --registry-key.",
        )
    return RegistryClient(registry.url, load_registry_key(registry.key_pem))


def _id_of(registry: Registry) -> str | None:
    return registry_id(load_registry_key(registry.key_pem)) if registry.url and registry.key_pem else None


class Uploads:
    """The upload state of every record in one evidence folder, and the thread that changes it."""

    def __init__(self, outbox: Outbox, registry: Registry, backoff: Backoff | None = None) -> None:
        self._outbox = outbox
        self._backoff = backoff or Backoff()
        self._in_vain = 0
        self._timer: threading.Timer | None = None
        self._closed = False
        self._registry = registry
        self._registry_id = _id_of(registry)
        self._lock = threading.Lock()
        self._last: dict[str, tuple[UploadState, str]] = {}
        self._views: tuple[EvidenceView, ...] = ()
        self._set_aside: tuple[SetAside, ...] = ()
        self._thread: threading.Thread | None = None
        self._again = False
        self._final_remarks: dict[str, str] = {}
        self._clock_check: ClockCheck | None = None

    def refresh(self) -> None:
        """Look at the evidence folder anew; what is corrupt is set aside and told; raises EvidenceError."""
        scan = self._outbox.scan(self._registry_id)
        views = []
        for folder in sorted(self._outbox.evidence.iterdir()):
            record = _record_in(folder)
            if record is not None:
                views.append(view_of(record, folder, *self._state(folder)))
        with self._lock:
            self._views = tuple(views)
            self._set_aside += scan.set_aside

    def views(self) -> tuple[EvidenceView, ...]:
        """All records, oldest first, as of the last look."""
        with self._lock:
            return self._views

    def view(self, record_id: str) -> EvidenceView | None:
        """One record as of the last look."""
        return next((v for v in self.views() if v.record_id == record_id), None)

    def set_aside(self) -> tuple[SetAside, ...]:
        """What was found corrupt since the start."""
        with self._lock:
            return self._set_aside

    def start(self) -> None:
        """Try to upload all that waits, in the background; asked again while it runs, it runs once more."""
        if not self._registry.url:
            return
        with self._lock:
            if self._closed:
                return
            self._stop_timer()
            self._again = True
            if self._thread is not None and self._thread.is_alive():
                return
            self._thread = threading.Thread(target=self._run, name="upload", daemon=True)
            self._thread.start()

    def start_if_waiting(self) -> None:
        """Try what earlier sessions left behind, in the background."""
        if any(v.upload is UploadState.PENDING for v in self.views()):
            self.start()

    def close(self) -> None:
        """Try nothing more by itself."""
        with self._lock:
            self._closed = True
            self._stop_timer()

    def wait(self, timeout: float) -> bool:
        """Wait for the background attempt, at most `timeout` seconds; whether none is running."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(timeout)
        return thread is None or not thread.is_alive()

    def run_now(self) -> UploadReport:
        """Upload all that waits and return what became of it; raises AgentError."""
        trust = self._registry.trust
        check = None if trust is None else FinalCheck(trust, self._judged_at)
        report = upload_pending(self._outbox, connect(self._registry), check)
        for record_id, remark in report.final_remarks.items():
            log.warning("%s: %s", record_id, remark)
        with self._lock:
            self._set_aside += report.set_aside
            self._final_remarks = dict(report.final_remarks)
            for result in report.results:
                self._last[result.record_id] = (_STATES[result.outcome], f"{result.detail} {result.remedy}".strip())
        self.refresh()
        return report

    def ask_log(self) -> None:
        """Learn the log's newest head and how far the clock is off, in the background; nothing waits for the answer."""
        if self._registry.url and self._registry.key_pem and self._registry.log_key:
            threading.Thread(target=self._ask_log, name="checkpoint", daemon=True).start()

    def clock_check(self) -> ClockCheck | None:
        """How far the station's clock was from the registry's, where that could be asked since the start."""
        with self._lock:
            return self._clock_check

    def _ask_log(self) -> None:
        try:
            trust = self._registry.trust
            checked = ask_checkpoint(self._outbox, connect(self._registry), trust) if trust else None
        except AgentError as error:
            log.warning("the log's checkpoint: %s", error)
            return
        with self._lock:
            self._clock_check = checked

    @staticmethod
    def _judged_at(received_at: datetime) -> datetime:
        # A dead clock can't judge certificates; the registry's signed receipt says when it was at least.
        now = datetime.now(UTC)
        return received_at if clock_remark(now) else max(now, received_at)

    def _run(self) -> None:
        while self._take_request():
            self._mark_uploading()
            try:
                self.run_now()
            except AgentError as error:
                log.warning("upload: %s", error)
                self._fail(str(error))
            except Exception as error:
                log.exception("the upload ended unexpectedly")
                self._fail(f"The upload ended unexpectedly ({type(error).__name__}); the records wait here.")

    def _plan_next(self) -> None:
        # Called with the lock held, by the thread that ends: what waits is tried again later, without being asked.
        if not any(v.upload is UploadState.PENDING for v in self._views):
            self._in_vain = 0
        elif not self._closed:
            self._in_vain += 1
            self._timer = threading.Timer(self._backoff.after(self._in_vain), self.start)
            self._timer.daemon = True
            self._timer.start()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _take_request(self) -> bool:
        with self._lock:
            again, self._again = self._again, False
            if not again:
                # Under the same lock as a request, so that none falls between the last look and the end.
                self._thread = None
                self._plan_next()
            return again

    def _mark_uploading(self) -> None:
        with self._lock:
            self._views = tuple(
                v
                if v.upload is UploadState.ARCHIVED
                else replace(v, upload=UploadState.UPLOADING, upload_detail="")
                for v in self._views
            )

    def _fail(self, detail: str) -> None:
        with self._lock:
            self._views = tuple(
                v
                if v.upload is UploadState.ARCHIVED
                else replace(v, upload=UploadState.PENDING, upload_detail=detail)
                for v in self._views
            )

    def _state(self, folder: Path) -> tuple[UploadState, str]:
        # Receipts were checked before they were stored; only the asked registry's own one says archived.
        if self._outbox.is_archived(folder.name, self._registry_id):
            with self._lock:
                return UploadState.ARCHIVED, self._final_remarks.get(folder.name, "")
        with self._lock:
            known = self._last.get(folder.name)
        if known is not None and known[0] is not UploadState.ARCHIVED:
            return known
        return (UploadState.PENDING if self._registry.url else UploadState.NOT_ASKED), ""


def _record_in(folder: Path) -> Record | None:
    try:
        return decode_record((folder / RECORD).read_bytes())
    except (OSError, MalformedRecord):
        return None
