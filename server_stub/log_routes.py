"""The log over HTTP, as C2SP tlog-tiles asks for it, and the proofs and final documents of records."""

from http import HTTPStatus
from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Path
from sqlalchemy import Engine
from starlette.responses import Response

from agent.certificate.record import decode_record
from agent.certificate.tiles import parse_place
from agent.model.language import Language
from agent.model.record import document_kind
from server_stub.catalogue import Catalogue
from server_stub.finals import Finals, NotMade
from server_stub.problems import Problem
from server_stub.translog import LogSigner, read_head, served_entries, served_tile

Sha256 = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256 of record.json in hex")]

_TEXT = "text/plain; charset=utf-8"
_BYTES = "application/octet-stream"
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_NOT_LOGGED = "The log has not grown so far."


def log_router(engine: Engine, signer: LogSigner | None) -> APIRouter:
    """Checkpoint, tiles, entries and the log's key."""
    router = APIRouter()

    @router.get("/checkpoint")
    def checkpoint() -> Response:
        """The newest checkpoint that the log signed."""
        with engine.connect() as connection:
            note = read_head(connection).checkpoint
        if not note:
            raise Problem(HTTPStatus.NOT_FOUND, "This registry's log signs no checkpoints.")
        return Response(note, media_type=_TEXT)

    @router.get("/log.vkey")
    def key() -> Response:
        """The key by which checkpoints are verified; to be compared with the one that was handed over."""
        if signer is None:
            raise Problem(HTTPStatus.NOT_FOUND, "This registry's log has no key.")
        return Response(f"{signer.verifier.text}\n", media_type=_TEXT)

    @router.get("/tile/entries/{place:path}")
    def entries(place: str) -> Response:
        """The entries of the log below a tile of level 0."""
        tile = parse_place("0", place)
        with engine.connect() as connection:
            data = None if tile is None else served_entries(connection, tile)
        return _immutable(data)

    @router.get("/tile/{level}/{place:path}")
    def tile(level: str, place: str) -> Response:
        """One tile of the log's tree."""
        wanted = parse_place(level, place)
        with engine.connect() as connection:
            data = None if wanted is None else served_tile(connection, wanted)
        return _immutable(data)

    return router


def proof_router(finals: Finals, catalogue: Catalogue) -> APIRouter:
    """What proves a record's time and place in the log, and its final document."""
    router = APIRouter(prefix="/v1/certificates/{sha256}")
    # Pages are drawn for whoever asks: two at a time, and the others wait without holding a thread.
    making = CapacityLimiter(2)

    @router.get("/final", response_class=Response)
    async def final(sha256: Sha256) -> Response:
        """The sealed document with all proofs; made when it is first asked for, the same bytes ever after."""
        return await to_thread.run_sync(_final, finals, catalogue, sha256, None, limiter=making)

    @router.get("/final/{language}", response_class=Response)
    async def final_in(sha256: Sha256, language: Language) -> Response:
        """The same in another language: the same record and proofs, a page and a seal of its own."""
        return await to_thread.run_sync(_final, finals, catalogue, sha256, language, limiter=making)

    @router.get("/time-stamp", response_class=Response)
    def time_stamp(sha256: Sha256) -> Response:
        """The registry's time stamp over the station's signature."""
        return _proof(sha256, "time_stamp", "application/timestamp-reply", "record.json.p7s.tsr")

    @router.get("/log-proof", response_class=Response)
    def log_proof(sha256: Sha256) -> Response:
        """The proof that the record is in the log."""
        return _proof(sha256, "log_proof", _TEXT, "record.json.tlog-proof")

    @router.get("/outside-stamp", response_class=Response)
    def outside_stamp(sha256: Sha256) -> Response:
        """A time stamp of an authority outside of this registry, over the station's signature."""
        return _proof(sha256, "outside_stamp", "application/timestamp-reply", "record.json.p7s.outside.tsr")

    def _proof(sha256: str, name: str, media_type: str, title: str) -> Response:
        data = finals.proof(sha256, name)
        if data is None:
            raise _absent()
        return Response(data, media_type=media_type, headers=_attachment(title))

    return router


def _final(finals: Finals, catalogue: Catalogue, sha256: str, language: Language | None) -> Response:
    found = finals.document(sha256, language)
    if found is None:
        raise _absent()
    if isinstance(found, NotMade):
        if found.for_now:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, found.reason, retry_after=3600)
        raise Problem(HTTPStatus.NOT_FOUND, found.reason)
    name = document_kind(decode_record(catalogue.file(sha256, "record") or b"")).file_name
    suffix = "" if language is None else f".{language.value}"
    return Response(found, media_type="application/pdf", headers=_attachment(f"{sha256[:16]}{suffix}.{name}"))


def _immutable(data: bytes | None) -> Response:
    if data is None:
        raise Problem(HTTPStatus.NOT_FOUND, _NOT_LOGGED)
    return Response(data, media_type=_BYTES, headers=_FOR_EVER)


def _attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _absent() -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, "Nothing of this kind is archived under this digest.")
