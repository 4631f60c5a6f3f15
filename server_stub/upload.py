"""PUT of evidence: read with limits, compared with what is there, verified, archived; every answer can be asked for again."""

import asyncio
import hashlib
import logging
from collections.abc import Callable
from http import HTTPStatus

import rfc8785
from anyio import CapacityLimiter, to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from agent.certificate.evidence import decode_evidence
from agent.errors import AgentError, MalformedRecord
from server_stub.problems import Problem
from server_stub.settings import Settings
from server_stub.store import Conflict, QuarantineFull, Receipted, Store
from server_stub.verdict import KeepApart, Refuse

_log = logging.getLogger("ardoise-registry")

_READ_AT_ONCE = 32
_VERIFY_AT_ONCE = 4
_DRAIN_FACTOR = 4
_REMARKS_SAID = 5


class Uploads:
    """Takes uploads; bounds how many are in memory and how many are verified at one time."""

    def __init__(self, settings: Settings, store: Store, followers: tuple[Callable[[], None], ...] = ()) -> None:
        self._settings = settings
        self._store = store
        self._followers = followers
        self._reading = asyncio.Semaphore(_READ_AT_ONCE)
        self._verifying = CapacityLimiter(_VERIFY_AT_ONCE)

    async def put(self, request: Request, sha256: str) -> Response:
        """201 or 200 with the receipt, or 202 in quarantine; raises Problem for everything else."""
        async with self._reading:
            try:
                async with asyncio.timeout(self._settings.body_seconds):
                    body = await self._read(request)
            except TimeoutError as error:
                raise Problem(HTTPStatus.REQUEST_TIMEOUT, "The body did not arrive in time.") from error
            except ClientDisconnect as error:
                raise Problem(HTTPStatus.BAD_REQUEST, "The body broke off.") from error
            return await to_thread.run_sync(self._take, sha256, body, limiter=self._verifying)

    async def _read(self, request: Request) -> bytes:
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the body without a content encoding.")
        limit, size, body = self._settings.max_body_bytes, 0, bytearray()
        async for piece in request.stream():
            size += len(piece)
            if size <= limit:
                body += piece
            elif size > limit * _DRAIN_FACTOR:
                break
            else:
                # Read on for a while: a client that is still sending would miss the answer.
                body.clear()
        if size > limit:
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body may hold at most {limit} bytes.")
        return bytes(body)

    def _take(self, sha256: str, body: bytes) -> Response:
        before = self._store.archived(sha256, hashlib.sha256(body).hexdigest())
        if before is not None:
            return _answer(before)
        try:
            evidence = decode_evidence(body)
        except MalformedRecord as error:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, error.message, step="body") from error
        if evidence.record_sha256 != sha256:
            detail = "The record's SHA-256 is not the one in the address."
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, step="digest")
        now = self._settings.clock()
        verdict = self._settings.verifier(evidence, now)
        if isinstance(verdict, Refuse):
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, verdict.detail, step=verdict.step)
        if not isinstance(verdict, KeepApart):
            found = self._store.archive(evidence, verdict, now)
            self._follow()
            return _answer(found)
        try:
            limits = self._settings.quarantine_entries, self._settings.quarantine_bytes
            self._store.keep_apart(evidence, verdict, now, *limits)
        except QuarantineFull as error:
            detail = "The quarantine is full; somebody has to look at it."
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, retry_after=3600) from error
        return _quarantined(sha256, verdict)

    def _follow(self) -> None:
        try:
            for follower in self._followers:
                follower()
        except AgentError as error:
            # What is archived is logged in the database: its files follow with the next record, or at the next start.
            _log.error("%s", error)


def _answer(found: Receipted | Conflict) -> Response:
    if isinstance(found, Conflict):
        raise Problem(HTTPStatus.CONFLICT, found.detail)
    status = HTTPStatus.CREATED if found.created else HTTPStatus.OK
    # Beside the receipt, whose signed form has no room for it.
    headers = {"Ardoise-Remark": "; ".join(found.remarks[:_REMARKS_SAID])} if found.remarks else None
    return Response(found.receipt, status, headers, media_type="application/json")


def _quarantined(sha256: str, verdict: KeepApart) -> Response:
    body = {
        "status": "quarantined",
        "record_sha256": sha256,
        "reason": verdict.reason,
        "detail": f"{verdict.reason}: {verdict.detail}",
    }
    return Response(rfc8785.dumps(body), HTTPStatus.ACCEPTED, media_type="application/json")
