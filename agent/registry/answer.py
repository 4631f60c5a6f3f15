"""What a registry answered: read with a limit of size and time, and put into words; pure but for the reading."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

import requests
import urllib3

from agent.errors import RegistryUnavailable
from agent.model.drive import printable

MAX_ANSWER_BYTES = 64 * 1024

_PIECE = 4096
_CLOCK_WORDS = ("not yet valid", "has expired")


@dataclass(frozen=True)
class Answer:
    """A whole answer; `location` is set for a redirect."""

    status: int
    kind: str
    body: bytes
    location: str | None
    retry_after: str | None
    date: str | None = None

    @property
    def is_json(self) -> bool:
        """Whether the answer calls itself JSON."""
        return self.kind == "application/json" or self.kind.endswith("+json")


def read_answer(
    response: requests.Response, seconds: float, monotonic: Callable[[], float], limit: int = MAX_ANSWER_BYTES
) -> Answer:
    """Read at most `limit` bytes for at most so long; raises RegistryUnavailable beyond either, requests' errors when it breaks off."""
    kind = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
    return Answer(
        status=response.status_code,
        kind=printable(kind, 60) or "no type",
        body=_read_body(response, monotonic() + seconds, monotonic, limit),
        location=response.headers.get("Location", "") if 300 <= response.status_code < 400 else None,
        retry_after=response.headers.get("Retry-After"),
        date=response.headers.get("Date"),
    )


def problem_text(answer: Answer) -> str:
    """ ": " and the detail of a problem (RFC 9457) made safe for one line, or nothing."""
    if not answer.is_json:
        return ""
    try:
        problem = json.loads(answer.body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(problem, dict):
        return ""
    said = next((problem[k] for k in ("detail", "reason", "title") if isinstance(problem.get(k), str)), "")
    return f": {printable(said, 200).rstrip('.')}" if said.strip() else ""


def retry_after(answer: Answer, now: datetime) -> float | None:
    """Seconds to wait as the registry asks (RFC 9110 10.2.3: seconds or a date), None where it does not or not legibly."""
    text = (answer.retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (ValueError, TypeError):
        return None


def unreachable(
    base_url: str, error: requests.RequestException | urllib3.exceptions.HTTPError, now: datetime
) -> RegistryUnavailable:
    """Why there was no answer, with the remedy; a dead clock looks like an invalid certificate."""
    later = "The record stays in the outbox; upload again later."
    if isinstance(error, requests.exceptions.SSLError):
        if any(word in str(error) for word in _CLOCK_WORDS):
            return RegistryUnavailable(
                "The registry's TLS certificate is not valid at this machine's time; the clock may be wrong.",
                f"This machine says {now:%Y-%m-%d %H:%M} UTC: correct it, then upload again.",
            )
        return RegistryUnavailable(f"No trusted TLS connection to {base_url}.", f"Check the address. {later}")
    if isinstance(error, requests.exceptions.ReadTimeout):
        return RegistryUnavailable(f"The registry at {base_url} took the record but did not answer in time.", later)
    if isinstance(error, requests.exceptions.Timeout):
        return RegistryUnavailable(
            f"The registry at {base_url} does not answer.", f"Check network and address. {later}"
        )
    return RegistryUnavailable(
        f"The registry at {base_url} can't be reached.", f"Check network and address. {later}"
    )


def _read_body(response: requests.Response, deadline: float, monotonic: Callable[[], float], limit: int) -> bytes:
    body = bytearray()
    try:
        while piece := response.raw.read1(_PIECE, decode_content=False):
            body += piece
            if len(body) > limit:
                raise RegistryUnavailable(
                    "The registry's answer is far too large.", "Check the registry's address."
                )
            if monotonic() > deadline:
                raise RegistryUnavailable("The registry answers too slowly.", "Upload again later.")
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise requests.ConnectionError("the answer broke off") from error
    return bytes(body)
