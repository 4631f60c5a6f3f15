"""A registry that lies, stumbles or is not there: the record stays in the outbox, and the words say what happened."""

import socket
import time

import pytest
import requests

from agent.certificate.evidence import Evidence
from agent.certificate.receipt import make_receipt
from agent.errors import EnvironmentLacks, ReceiptInvalid, RegistryRejected, RegistryUnavailable, UsageError
from agent.registry.client import ATTEMPTS, Archived, Quarantined, registry_key
from agent.registry.uploader import UploadOutcome, upload_pending
from tests.samples import AT
from tests.unit.registry.helpers import Waits, client_for, outbox_with, record_id
from tests.unit.registry.liars import http, lying
from tests.unit.server_stub.samples import KEY, OTHER_KEY, evidence_of


class SmallSendBuffer(requests.adapters.HTTPAdapter):
    """Sends through a socket that holds little, as a slow line does."""

    def init_poolmanager(self, *args, **options):
        super().init_poolmanager(*args, socket_options=[(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 * 1024)], **options)


def _good(_body: bytes, _number: int) -> bytes:
    return http("201 Created", make_receipt(evidence_of(1), AT, 1, KEY))


_LIES = {
    "200 without receipt": (http("200 OK", b"{}"), ReceiptInvalid, "no receipt"),
    "200 without anything": (http("200 OK"), ReceiptInvalid, "no receipt"),
    "201 without receipt": (http("201 Created", b'{"status":"archived"}'), ReceiptInvalid, "no receipt"),
    "204": (http("204 No Content"), RegistryUnavailable, "Unexpected answer 204"),
    "HTML": (http("200 OK", b"<html>Welcome", "text/html; charset=utf-8"), ReceiptInvalid, "text/html"),
    "receipt called HTML": (None, ReceiptInvalid, "text/html"),
    "redirect to plain http": (
        http("301 Moved", b"", "text/html", "Location: http://192.0.2.1/v1"), RegistryUnavailable, "redirects are never"
    ),
    "redirect without place": (http("307 Temporary Redirect"), RegistryUnavailable, "redirects are never"),
    "huge body": (http("200 OK", b" " * 70_000), RegistryUnavailable, "far too large"),
    "404 of a web server": (http("404 Not Found", b"<html>", "text/html"), RegistryUnavailable, "Unexpected answer 404"),
    "202 in HTML": (http("202 Accepted", b"<html>", "text/html"), RegistryUnavailable, "Unexpected answer 202"),
    "not HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n", RegistryUnavailable, "can't be reached"),
    "hangs up": (b"", RegistryUnavailable, "can't be reached"),
    "breaks off": (http("200 OK", b"{}")[:-1], RegistryUnavailable, "can't be reached"),
    "deep JSON": (http("422 Unprocessable", b"[" * 60_000), RegistryRejected, "422"),
}  # fmt: skip


@pytest.mark.parametrize("lie", _LIES)
def test_lie_leaves_the_record_in_the_outbox(tmp_path, lie):
    answer, error, words = _LIES[lie]
    answer = answer if answer is not None else http("200 OK", make_receipt(evidence_of(1), AT, 1, KEY), "text/html")
    outbox = outbox_with(tmp_path, 1)
    with lying(lambda *_: answer) as (url, _):
        with pytest.raises(error, match=words) as caught:
            client_for(url).upload(evidence_of(1))
        report = upload_pending(outbox, client_for(url))
    assert caught.value.exit_code == 4
    assert caught.value.remedy
    (result,) = report.results
    assert result.outcome is (UploadOutcome.REJECTED if error is RegistryRejected else UploadOutcome.PENDING)
    assert not report.complete
    assert [r.record_id for r in outbox.scan().pending] == [record_id(1)]
    assert not (tmp_path / record_id(1) / "receipt.json").exists()


@pytest.mark.parametrize(
    ("number", "key", "words"),
    [(1, OTHER_KEY, "another registry"), (2, KEY, "for another record"), (2, OTHER_KEY, "another registry")],
)
def test_receipt_of_somebody_else_or_something_else_archives_nothing(tmp_path, number, key, words):
    outbox = outbox_with(tmp_path, 1)
    receipt = make_receipt(evidence_of(number), AT, 1, key)
    with lying(lambda *_: http("200 OK", receipt)) as (url, _):
        report = upload_pending(outbox, client_for(url))
    assert words in report.results[0].detail
    assert not (tmp_path / record_id(1) / "receipt.json").exists()


def test_good_answer_archives(tmp_path):
    outbox = outbox_with(tmp_path, 1)
    with lying(_good) as (url, bodies):
        report = upload_pending(outbox, client_for(url))
        assert upload_pending(outbox, client_for(url)).results == ()
    assert report.complete
    assert report.results[0].outcome is UploadOutcome.ARCHIVED
    assert len(bodies) == 1


def test_redirect_is_not_followed():
    with lying(_good) as (target, reached):
        answer = http("308 Permanent Redirect", b"", "text/html", f"Location: {target}/v1/certificates/x")
        with lying(lambda *_: answer) as (url, _), pytest.raises(RegistryUnavailable):
            client_for(url).upload(evidence_of(1))
    assert reached == []


def test_answer_in_pieces_is_read():
    receipt = make_receipt(evidence_of(1), AT, 1, KEY)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    pieces = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in (receipt[:100], receipt[100:])) + b"0\r\n\r\n"
    with lying(lambda *_: head + pieces) as (url, _):
        assert client_for(url).upload(evidence_of(1)) == Archived(receipt)


def test_endless_chunks_are_cut():
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    with (
        lying(
            lambda *_: head + b"1000\r\n" + b" " * 4096 + b"\r\n" + (b"1000\r\n" + b" " * 4096 + b"\r\n") * 99
        ) as (url, _),
        pytest.raises(RegistryUnavailable, match="far too large"),
    ):
        client_for(url).upload(evidence_of(1))


def test_registry_that_never_answers_is_given_up_in_time():
    def never(_body, _number):
        time.sleep(0.6)
        return b""

    with lying(never) as (url, bodies), pytest.raises(RegistryUnavailable, match="did not answer in time"):
        client_for(url, timeouts=(1.0, 0.1), attempts=2).upload(evidence_of(1))
    assert len(bodies) == 2


def test_answer_that_trickles_is_given_up_in_time(monkeypatch):
    ticks = iter([0.0, *(float(n) for n in range(20, 4000, 20))])
    waits = Waits()
    receipt = make_receipt(evidence_of(1), AT, 1, KEY)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    trickle = head + b"".join(b"1\r\n%c\r\n" % byte for byte in receipt) + b"0\r\n\r\n"
    with lying(lambda *_: trickle) as (url, _):
        client = client_for(url, waits)
        object.__setattr__(client._timing, "monotonic", lambda: next(ticks))
        with pytest.raises(RegistryUnavailable, match="too slowly"):
            client.upload(evidence_of(1))


def test_slow_line_may_take_longer_than_any_time_out():
    evidence = Evidence(evidence_of(1).record, b"signed", bytes(300_000))
    receipt = make_receipt(evidence, AT, 1, KEY)
    session = requests.Session()
    session.mount("http://", SmallSendBuffer())
    with lying(lambda *_: http("201 Created", receipt), pause=0.03) as (url, _):
        client = client_for(url, session=session, timeouts=(0.3, 0.3), attempts=1)
        begun = time.monotonic()
        assert client.upload(evidence) == Archived(receipt)
        assert time.monotonic() - begun > 0.35


def test_back_off_grows_with_full_jitter_and_is_bounded():
    waits = Waits()
    oops = http("500 Oops", b"<html>", "text/html")
    with lying(lambda *_: oops) as (url, bodies), pytest.raises(RegistryUnavailable, match="answered 500"):
        client_for(url, waits).upload(evidence_of(1))
    assert len(bodies) == ATTEMPTS
    assert len(waits.slept) == ATTEMPTS - 1
    assert all(0 <= slept <= 0.5 * 2 ** (n + 1) for n, slept in enumerate(waits.slept))
    others = Waits()
    assert [0.0] != waits.slept != others.slept


def test_stumbling_registry_archives_in_the_end():
    answers = [
        b"",
        http("503 Busy", b"{}"),
        http("429 Slow down", b"{}"),
        http("502 Bad Gateway", b"<html>", "text/html"),
    ]
    with lying(lambda body, n: answers[n - 1] if n <= len(answers) else _good(body, n)) as (url, bodies):
        assert isinstance(client_for(url).upload(evidence_of(1)), Archived)
    assert len(set(bodies)) == 1
    assert len(bodies) == 5


@pytest.mark.parametrize("asked", ["7", "Sat, 21 Nov 2026 15:00:07 GMT"])
def test_retry_after_is_obeyed_in_seconds_and_as_a_date(asked):
    waits = Waits()
    busy = http("503 Busy", b"{}", "application/json", f"Retry-After: {asked}")
    with lying(lambda body, n: busy if n == 1 else _good(body, n)) as (url, _):
        client_for(url, waits).upload(evidence_of(1))
    (slept,) = waits.slept
    assert 7 <= slept <= 8


@pytest.mark.parametrize("asked", ["86400", "999999999999999999999", "Sat, 21 Nov 2036 15:00:07 GMT"])
def test_long_retry_after_ends_the_attempt_instead_of_blocking(asked):
    waits = Waits()
    busy = http("503 Busy", b"{}", "application/json", f"Retry-After: {asked}")
    with lying(lambda *_: busy) as (url, bodies), pytest.raises(RegistryUnavailable):
        client_for(url, waits).upload(evidence_of(1))
    assert (waits.slept, len(bodies)) == ([], 1)


@pytest.mark.parametrize("asked", ["soon", "-5", "²", ""])
def test_illegible_retry_after_is_ignored(asked):
    busy = http("503 Busy", b"{}", "application/json", f"Retry-After: {asked}".encode().decode("latin-1"))
    with lying(lambda body, n: busy if n == 1 else _good(body, n)) as (url, _):
        assert isinstance(client_for(url).upload(evidence_of(1)), Archived)


@pytest.mark.parametrize("status", ["409 Conflict", "413 Too Large", "422 Unprocessable"])
def test_refusal_is_told_in_safe_words_and_not_repeated(status):
    problem = b'{"detail":"bad \\u001b[31m[/red] \\u202estep\\n' + b"x" * 500 + b'"}'
    answer = http(status, problem, "application/problem+json")
    with lying(lambda *_: answer) as (url, bodies), pytest.raises(RegistryRejected) as caught:
        client_for(url).upload(evidence_of(1))
    assert len(bodies) == 1
    assert "bad ?[31m[/red] ?step?xxx" in caught.value.message
    assert len(caught.value.message) < 300


def test_quarantine_is_not_archived_and_says_why(tmp_path):
    outbox = outbox_with(tmp_path, 1)
    answer = http("202 Accepted", b'{"detail":"station revoked: on 2026-01-01"}')
    with lying(lambda *_: answer) as (url, _):
        assert client_for(url).upload(evidence_of(1)) == Quarantined("station revoked: on 2026-01-01")
        report = upload_pending(outbox, client_for(url))
    assert report.results[0].outcome is UploadOutcome.QUARANTINED
    assert "station revoked" in report.results[0].detail
    assert len(outbox.scan().pending) == 1


def test_silent_registry_is_asked_for_one_record_only(tmp_path):
    outbox = outbox_with(tmp_path, *range(1, 30))
    with lying(lambda *_: b"") as (url, bodies):
        report = upload_pending(outbox, client_for(url))
    assert len(bodies) == ATTEMPTS
    assert {r.outcome for r in report.results} == {UploadOutcome.PENDING}
    assert len(report.results) == 29


def test_one_refused_record_does_not_hold_up_the_others(tmp_path):
    outbox = outbox_with(tmp_path, 1, 2)
    receipt = make_receipt(evidence_of(2), AT, 1, KEY)
    with lying(lambda _, n: http("422 No", b"{}") if n == 1 else http("201 Created", receipt)) as (url, _):
        report = upload_pending(outbox, client_for(url))
    assert [r.outcome for r in report.results] == [UploadOutcome.REJECTED, UploadOutcome.ARCHIVED]


@pytest.mark.parametrize(
    "address",
    [
        "http://registry.example", "http://192.0.2.1:8799", "ftp://127.0.0.1", "registry.example", "", "https://",
        "https://user:secret@registry.example", "https://registry.example/?x=1", "http://127.0.0.1.example.com",
        "https://[::1", "https://host:99999", "http://localhost.example",
    ],
)  # fmt: skip
def test_unsafe_address_is_refused(address):
    with pytest.raises(UsageError) as caught:
        client_for(address)
    assert "https://HOST" in caught.value.remedy
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["https://registry.example/ardoise/", "http://127.0.0.1:8799", "http://[::1]:1", "http://localhost"]
)
def test_safe_address_is_taken(address):
    assert client_for(address).base_url == address.rstrip("/")


def test_proxy_of_the_environment_is_not_asked_for_this_machine(monkeypatch):
    with lying(lambda *_: b"") as (proxy, reached), lying(_good) as (url, _):
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.setenv("HTTP_PROXY", proxy)
        assert isinstance(client_for(url).upload(evidence_of(1)), Archived)
    assert reached == []


def test_password_file_of_the_user_is_not_sent(tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine registry.example login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    seen = []

    class Adapter(requests.adapters.BaseAdapter):
        def send(self, request, **options):
            seen.append(dict(request.headers))
            raise requests.ConnectionError("no network in tests")

        def close(self):
            return None

    session = requests.Session()
    session.mount("https://", Adapter())
    with pytest.raises(RegistryUnavailable):
        client_for("https://registry.example", session=session, attempts=1).upload(evidence_of(1))
    assert "Authorization" not in seen[0]


def test_missing_registry_key_is_refused_with_remedy(tmp_path):
    for path in (None, tmp_path / "no.pem"):
        with pytest.raises(EnvironmentLacks) as caught:
            registry_key(path)
        assert "--registry-key" in caught.value.remedy
        assert caught.value.exit_code == 3
