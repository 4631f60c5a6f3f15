"""What waits for the registry is tried again by itself: networks come back without telling anybody."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from agent.errors import AgentError
from agent.model.sanitization import Policy
from agent.registry.outbox import Outbox
from agent.registry.uploader import UploadReport
from agent.workflow.sitting import Sitting
from agent.workflow.uploads import Backoff, Registry, Uploads
from agent.workflow.view import UploadState

_QUICK = Backoff(first=0.01, most=0.02, spread=0.0)


@dataclass
class FakeView:
    """As much of a record's view as the uploads look at."""

    record_id: str = "one"
    upload: UploadState = UploadState.PENDING
    upload_detail: str = ""


@dataclass
class Attempts:
    """A registry that answers after some attempts in vain."""

    uploads: Uploads
    in_vain: int
    seen: list[float] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def __call__(self) -> UploadReport:
        self.seen.append(time.monotonic())
        if len(self.seen) <= self.in_vain:
            raise AgentError("The registry can't be reached.", "Wait.")
        self.uploads._views = (FakeView(upload=UploadState.ARCHIVED),)  # type: ignore[assignment]
        self.done.set()
        return UploadReport((), ())


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.setattr("agent.workflow.uploads.replace", lambda view, **new: FakeView(view.record_id, **new))

    def make(in_vain: int, backoff: Backoff = _QUICK) -> Attempts:
        uploads = Uploads(Outbox(tmp_path), Registry("", None), backoff)
        uploads._registry = Registry("https://registry.example", None)
        uploads._views = (FakeView(),)  # type: ignore[assignment]
        attempts = Attempts(uploads, in_vain)
        uploads.run_now = attempts  # type: ignore[method-assign]
        return attempts

    return make


def test_two_failures_then_archived_without_being_asked_again(make) -> None:  # type: ignore[no-untyped-def]
    attempts = make(in_vain=2)
    attempts.uploads.start()
    assert attempts.done.wait(10)
    assert attempts.uploads.wait(10)
    time.sleep(0.1)
    assert len(attempts.seen) == 3
    assert attempts.uploads.views()[0].upload is UploadState.ARCHIVED


def test_closed_tries_nothing_more(make) -> None:  # type: ignore[no-untyped-def]
    attempts = make(in_vain=99, backoff=Backoff(first=0.3, most=0.3, spread=0.0))
    attempts.uploads.start()
    assert attempts.uploads.wait(10)
    attempts.uploads.close()
    seen = len(attempts.seen)
    time.sleep(0.6)
    assert len(attempts.seen) == seen == 1
    assert attempts.uploads.views()[0].upload is UploadState.PENDING


def test_what_an_earlier_session_left_is_tried_at_the_start(make) -> None:  # type: ignore[no-untyped-def]
    attempts = make(in_vain=0)
    attempts.uploads.start_if_waiting()
    assert attempts.done.wait(10)
    attempts.uploads.start_if_waiting()
    attempts.uploads.wait(10)
    assert len(attempts.seen) == 1


def test_pauses_double_up_to_five_minutes_and_are_spread() -> None:
    fixed = Backoff(spread=0.0)
    assert [fixed.after(n) for n in (1, 2, 3, 4, 5, 6, 60)] == [15, 30, 60, 120, 240, 300, 300]
    pauses = {Backoff().after(1) for _ in range(50)}
    assert len(pauses) > 1
    assert all(15 <= p <= 18.75 for p in pauses)


def test_a_sitting_tries_what_an_earlier_one_left_and_stops_with_its_end(machine, desk, clock, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    first = Sitting(machine("no-drive"), desk, clock)
    first.inspect()
    plans = first.plan([], Policy())
    first.confirm_and_start(plans, plans.code)
    assert first.wait(60)
    first.close()
    attempts: list[Uploads] = []

    def in_vain(uploads: Uploads) -> UploadReport:
        attempts.append(uploads)
        raise AgentError("The registry can't be reached.", "Wait.")

    monkeypatch.setattr(Uploads, "run_now", in_vain)
    pem = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    registry = Registry("http://127.0.0.1:9", pem)
    second = Sitting(machine("no-drive"), replace(desk, registry=registry), clock)
    assert second.upload_settled(10)
    assert len(attempts) == 1
    assert [v.upload for v in second.uploads()] == [UploadState.PENDING]
    second.close()
    second.upload_now()
    assert second.upload_settled(10)
    assert len(attempts) == 1
    assert attempts[0]._timer is None
