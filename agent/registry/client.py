"""The registry's client: one upload, tried a bounded number of times; what it returns as archived was checked.

It never follows a redirect, never speaks plain http but to this machine itself, and never reads more than a receipt needs.
"""

import io
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import requests
import urllib3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from agent.certificate.evidence import Evidence, encode_evidence
from agent.certificate.receipt import check_receipt, load_registry_key
from agent.errors import EnvironmentLacks, ReceiptInvalid, RegistryRejected, RegistryUnavailable, UsageError
from agent.model.drive import printable
from agent.registry.answer import MAX_ANSWER_BYTES, Answer, problem_text, read_answer, retry_after, unreachable
from agent.registry.deadline import deadline_session, time_limits

CONNECT_SECONDS = 10.0
READ_SECONDS = 45.0
# The largest record over a line of 56 kbit/s; an answer has, once the record is sent, twice READ_SECONDS.
ATTEMPT_SECONDS = 600.0
ATTEMPTS = 5
BACKOFF_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0

_LATER = "The record stays in the outbox; upload again later."
_REJECTING = {HTTPStatus.CONFLICT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY}


@dataclass(frozen=True)
class Archived:
    """The registry keeps the evidence; `receipt` was checked and is to be stored as it is."""

    receipt: bytes


@dataclass(frozen=True)
class Quarantined:
    """The registry keeps the evidence apart until it knows the station; there is no receipt."""

    reason: str


@dataclass(frozen=True)
class Timing:
    """Where time and chance come from, so that tests need neither."""

    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    fraction: Callable[[], float] = random.random


class RegistryClient:
    """One registry: its address, the key by which its receipts are checked, and the patience with it."""

    def __init__(
        self,
        base_url: str,
        key: Ed25519PublicKey,
        *,
        session: requests.Session | None = None,
        timing: Timing | None = None,
        timeouts: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS),
        attempt_seconds: float = ATTEMPT_SECONDS,
        attempts: int = ATTEMPTS,
    ) -> None:
        """Raise UsageError for an address that is neither https nor on this machine.

        `timeouts` are of silence, `attempt_seconds` is for the whole of one attempt; a session given here must keep it itself.
        """
        self.base_url, loopback = _checked_address(base_url)
        self.key = key
        self._session = session or deadline_session()
        self._timing = timing or Timing()
        self._timeouts = timeouts
        self._attempt_seconds = attempt_seconds
        self._attempts = attempts
        # A proxy named in the environment never stands between two programs on one machine.
        self._session.trust_env = not loopback

    def upload(self, evidence: Evidence) -> Archived | Quarantined:
        """Send the evidence until there is an answer; raises RegistryUnavailable, RegistryRejected, ReceiptInvalid."""
        body = encode_evidence(evidence)
        for attempt in range(1, self._attempts + 1):
            wait: float | None = None
            try:
                answer = self._put(evidence.record_sha256, body)
                if not _is_temporary(answer.status):
                    return self._judge(answer, evidence)
                problem = RegistryUnavailable(
                    f"The registry answered {answer.status}{problem_text(answer)}.", _LATER
                )
                wait = retry_after(answer, self._timing.now())
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                # Not every error of urllib3 is translated, for example one about a proxy's name.
                problem = unreachable(self.base_url, error, self._timing.now())
            if attempt == self._attempts or (wait is not None and wait > LONGEST_WAIT_SECONDS):
                raise problem
            self._timing.sleep(self._backoff(attempt) if wait is None else wait + self._backoff(1))
        raise RegistryUnavailable("No attempt was made.", _LATER)

    def get(self, path: str, limit: int = MAX_ANSWER_BYTES) -> Answer:
        """One attempt to fetch what lies at this path, at most `limit` bytes; raises RegistryUnavailable."""
        try:
            with (
                time_limits(self._attempt_seconds, 2 * self._timeouts[1]),
                self._session.get(
                    f"{self.base_url}{path}",
                    headers={"Accept-Encoding": "identity"},
                    timeout=self._timeouts,
                    allow_redirects=False,
                    stream=True,
                    auth=_no_credentials,
                ) as response,
            ):
                return read_answer(response, self._attempt_seconds, self._timing.monotonic, limit)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise unreachable(self.base_url, error, self._timing.now()) from error

    def now(self) -> datetime:
        """The time by which this client judges."""
        return self._timing.now()

    def _backoff(self, attempt: int) -> float:
        # Full jitter: 50 stations that come back at once must not knock at once.
        return self._timing.fraction() * min(LONGEST_WAIT_SECONDS, BACKOFF_SECONDS * 2.0**attempt)

    def _put(self, sha256: str, body: bytes) -> Answer:
        with (
            time_limits(self._attempt_seconds, 2 * self._timeouts[1]),
            self._session.put(
                f"{self.base_url}/v1/certificates/{sha256}",
                # As a file it is sent in pieces, and the time-out holds for each: a slow line may take minutes.
                data=io.BytesIO(body),
                headers={
                    "Content-Type": "application/json",
                    "Accept": "application/json, application/problem+json",
                    "Accept-Encoding": "identity",
                },
                timeout=self._timeouts,
                allow_redirects=False,
                stream=True,
                auth=_no_credentials,
            ) as response,
        ):
            return read_answer(response, self._timeouts[1], self._timing.monotonic)

    def _judge(self, answer: Answer, evidence: Evidence) -> Archived | Quarantined:
        if answer.status in {HTTPStatus.OK, HTTPStatus.CREATED}:
            if not answer.is_json:
                raise ReceiptInvalid(
                    f"The registry answered {answer.status} with {answer.kind} instead of a receipt.",
                    "Something else may answer at this address, for example a login page of the network.",
                )
            check_receipt(answer.body, evidence, self.key)
            return Archived(answer.body)
        if answer.status == HTTPStatus.ACCEPTED and answer.is_json:
            return Quarantined(problem_text(answer).removeprefix(": ") or "no reason given")
        if answer.status in _REJECTING:
            raise RegistryRejected(
                f"The registry refuses this record ({answer.status}{problem_text(answer)}).",
                "The record stays in the outbox; show this to who runs the registry.",
            )
        if answer.location is not None:
            raise RegistryUnavailable(
                f"The registry redirects to {printable(answer.location, 120)!r}; redirects are never followed.",
                "Give the registry's own https address; a login page of the network may stand in between.",
            )
        raise RegistryUnavailable(
            f"Unexpected answer {answer.status} ({answer.kind}){problem_text(answer)}.",
            "Check the registry's address; the record stays in the outbox.",
        )


def registry_key(path: Path | None) -> Ed25519PublicKey:
    """The key by which receipts are checked; raises EnvironmentLacks, because without it nothing can be called archived."""
    remedy = (
        "Copy the registry's .pub file to the station's folder as registry.pub.pem, or name it with --registry-key."
    )
    if path is None:
        raise EnvironmentLacks("The registry's public key is not there, so no receipt could be checked.", remedy)
    try:
        pem = path.read_bytes()
    except OSError as error:
        raise EnvironmentLacks(
            f"The registry's key {str(path)!r} can't be read: {error.strerror}.", remedy
        ) from error
    return load_registry_key(pem)


def _is_temporary(status: int) -> bool:
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.REQUEST_TIMEOUT,
    }


def _checked_address(base_url: str) -> tuple[str, bool]:
    remedy = "Give it as https://HOST[:PORT]; http is for this machine itself (http://127.0.0.1:8799)."
    try:
        parts = urlsplit(base_url)
        host, _ = parts.hostname, parts.port
        # What a later look-up or request would stumble over: empty or long labels, signs that no host name has.
        (host or "").encode("idna")
        requests.Request("PUT", base_url).prepare()
    except ValueError as error:
        raise UsageError(f"The registry's address {printable(base_url)!r} is no address.", remedy) from error
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment:
        raise UsageError(f"The registry's address {printable(base_url)!r} is no address.", remedy)
    if parts.username is not None or parts.password is not None:
        raise UsageError("The registry's address holds a name or password.", remedy)
    loopback = _is_loopback(host)
    if parts.scheme == "http" and not loopback:
        raise UsageError(f"The registry's address {printable(base_url)!r} is not encrypted.", remedy)
    return base_url.rstrip("/"), loopback


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _no_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    # Keeps requests from sending what it finds in a .netrc file.
    return request
