"""One vector: its files, how it is judged, and the verdict that each verifier must give; with what all vectors are made of."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from agent.certificate.cades import sign_detached
from agent.certificate.page import render_page
from agent.certificate.record import encode_record
from agent.certificate.seal import seal_page
from agent.model.machine import Environment
from agent.model.record import Record, document_kind
from tests.samples import AT, Pki, sample_record, throwaway_pki

FOLDER = Path(__file__).parent
LATER = AT + timedelta(days=30)


@dataclass(frozen=True)
class Case:
    """One vector.

    `rule` is the rule that it keeps or breaks. A broken one names the kind of failure and the step of `ardoise verify`;
    scope.py says what the other verifiers must answer then. `set_is` is what a folder of several records is together:
    whole, or with a gap or a fork in its station's sequence.
    """

    name: str
    files: dict[str, bytes]
    why: str
    failure: str | None = None
    step: str | None = None
    trust: str = "root"
    crl: str | None = None
    log: str | None = None
    checkpoint: str | None = None
    at: datetime = LATER
    degree: str = "signed"
    set_is: str | None = None
    rule: str = "good"


def pki(name: str, *, test: bool = False, days: int = 400) -> Pki:
    """A chain of fixed keys."""
    return made_pki(name, test, days)


@cache
def made_pki(name: str, test: bool, days: int) -> Pki:
    """The same, made once: past the cache that all tests share, for serial numbers are the vectors' own."""
    return throwaway_pki.__wrapped__(test=test, name=name, organisation="Société des vecteurs", days=days)


def good(
    pki: Pki, kind: str = "laptop", *, number: int = 1, environment: Environment = Environment.LIVE_IMAGE
) -> Record:
    """A record that names the station of this chain."""
    return sample_record(kind, issuer=pki.station.issuer, number=number, environment=environment)


def signed(pki: Pki, data: bytes) -> dict[str, bytes]:
    """Record and signature under their names."""
    return {"record.json": data, "record.json.p7s": sign_detached(data, pki.station, AT)}


def page_of(pki: Pki, record: Record) -> bytes:
    """The unsealed page of a record."""
    files = signed(pki, encode_record(record))
    return render_page(record, files["record.json"], files["record.json.p7s"])


def sealed(pki: Pki, record: Record) -> dict[str, bytes]:
    """The sealed document of a record."""
    return {document_kind(record).file_name: seal_page(page_of(pki, record), pki.station, AT)}


def ruled(rule: str, cases: list[Case]) -> list[Case]:
    """The same cases, all about one rule."""
    return [replace(case, rule=rule) for case in cases]
