"""A registry that keeps the line alive with single bytes gets no more time than one that is silent."""

import socket
import time

import pytest
import requests

from agent.certificate.evidence import Evidence
from agent.certificate.receipt import make_receipt
from agent.errors import RegistryUnavailable
from agent.registry.client import Archived
from agent.registry.deadline import DeadlineAdapter
from tests.samples import AT
from tests.unit.registry.helpers import Waits, client_for
from tests.unit.registry.liars import dripping, http, lying
from tests.unit.server_stub.samples import KEY, evidence_of

_OK = b"HTTP/1.1 200 OK\r\n"
_DRIPS = {
    "before the status": (b"", b"H"),
    "in the status line": (b"HTTP/1.1 200 ", b"O"),
    "in one header": (_OK + b"X-A: ", b"a"),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "in the body": (_OK + b"Content-Type: application/json\r\nContent-Length: 9999\r\n\r\n", b" "),
    "in a chunk's length": (_OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
}


class _SmallSendBuffer(DeadlineAdapter):
    def init_poolmanager(self, *args, **options):
        super().init_poolmanager(*args, socket_options=[(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 * 1024)], **options)


def _until_closed(lasted: list[float]) -> float:
    for _ in range(300):
        if lasted:
            break
        time.sleep(0.01)
    return lasted[0]


@pytest.mark.parametrize("place", _DRIPS)
def test_dripping_answer_is_given_up_once_and_the_line_closed(place):
    waits = Waits()
    with dripping(*_DRIPS[place]) as (url, lasted):
        begun = time.monotonic()
        with pytest.raises(RegistryUnavailable, match="answers too slowly"):
            client_for(url, waits, timeouts=(1.0, 0.15)).upload(evidence_of(1))
        assert time.monotonic() - begun < 3
        assert _until_closed(lasted) < 3
    assert (waits.slept, len(lasted)) == ([], 1)


def test_whole_attempt_ends_even_where_an_answer_could_take_longer():
    with dripping(_OK, b"X-A: a\r\n") as (url, _):
        begun = time.monotonic()
        with pytest.raises(RegistryUnavailable, match="answers too slowly"):
            client_for(url, timeouts=(1.0, 30.0), attempt_seconds=0.3).upload(evidence_of(1))
        assert time.monotonic() - begun < 3


def test_registry_that_takes_a_record_by_drops_is_given_up():
    session = requests.Session()
    session.mount("http://", _SmallSendBuffer())
    evidence = Evidence(evidence_of(1).record, b"signed", bytes(3_000_000))
    with lying(lambda *_: b"", pause=0.1) as (url, bodies):
        begun = time.monotonic()
        with pytest.raises(RegistryUnavailable, match="takes the record too slowly"):
            client_for(url, session=session, attempt_seconds=0.4).upload(evidence)
        assert time.monotonic() - begun < 8
    assert bodies == []


def test_proxy_that_drips_is_given_up(monkeypatch):
    with dripping(b"HTTP/1.1 200 OK\r\nX-A: ", b"a") as (proxy, _):
        monkeypatch.setenv("https_proxy", proxy)
        monkeypatch.delenv("no_proxy", raising=False)
        begun = time.monotonic()
        with pytest.raises(RegistryUnavailable, match="answers too slowly"):
            client_for("https://registry.example", timeouts=(1.0, 0.15)).upload(evidence_of(1))
        assert time.monotonic() - begun < 3


def test_next_attempt_on_the_same_line_has_its_whole_time():
    receipt = make_receipt(evidence_of(1), AT, 1, KEY)
    busy = http("503 Busy", b"{}").replace(b"Connection: close\r\n", b"")

    def slow(_body: bytes, number: int) -> bytes:
        time.sleep(0.8)
        return busy if number < 3 else http("201 Created", receipt)

    with lying(slow) as (url, _):
        client = client_for(url, timeouts=(1.0, 1.0), attempt_seconds=2.0)
        assert client.upload(evidence_of(1)) == Archived(receipt)
