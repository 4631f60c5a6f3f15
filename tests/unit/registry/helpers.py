"""What the tests of outbox and client share."""

import random
from datetime import UTC, datetime

import requests

from agent.certificate.evidence import Evidence
from agent.registry.client import RegistryClient, Timing
from agent.registry.outbox import Outbox
from tests.unit.server_stub.samples import KEY, evidence_of

NOW = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)


class Waits:
    """Records what was slept instead of sleeping."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def timing(self, seed: int = 1, now: datetime = NOW) -> Timing:
        """Timing with this sleep and repeatable jitter."""
        return Timing(sleep=self.slept.append, now=lambda: now, fraction=random.Random(seed).random)


def client_for(url: str, waits: Waits | None = None, key=KEY, session: requests.Session | None = None, **more):
    """A client of a local registry that never really waits between attempts."""
    return RegistryClient(url, key.public_key(), session=session, timing=(waits or Waits()).timing(), **more)


def record_id(number: int = 1) -> str:
    """A record id; another for each number."""
    return f"019aa{number:03x}-5e00-7abc-8def-0123456789ab"


def files_of(number: int = 1, evidence: Evidence | None = None) -> dict[str, bytes]:
    """The files of one record as the workflow publishes them."""
    evidence = evidence or evidence_of(number)
    return {
        "record.json": evidence.record,
        "record.json.p7s": evidence.signature,
        "certificate.pdf": evidence.document,
    }


def outbox_with(folder, *numbers: int) -> Outbox:
    """An outbox in which these records wait."""
    outbox = Outbox(folder)
    for number in numbers:
        outbox.publish(record_id(number), files_of(number))
    return outbox
