"""The machine-readable interface under /v1."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from agent.certificate.record import decode_record
from agent.model.record import document_kind
from server_stub.catalogue import FILES, AnyRow, Catalogue
from server_stub.problems import Problem
from server_stub.upload import Uploads

Sha256 = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256 of record.json in hex")]

_TYPES = {
    "record": ("application/json", "record.json"),
    "signature": ("application/pkcs7-signature", "record.json.p7s"),
    "receipt": ("application/json", "receipt.json"),
}


def api_router(uploads: Uploads, catalogue: Catalogue) -> APIRouter:
    """The routes for upload, metadata and downloads."""
    router = APIRouter()

    @router.put("/v1/certificates/{sha256}", status_code=HTTPStatus.CREATED)
    async def put_certificate(request: Request, sha256: Sha256) -> Response:
        """Archive evidence; the same bytes again give the same receipt."""
        return await uploads.put(request, sha256)

    @router.get("/v1/certificates/{sha256}")
    def get_certificate(sha256: Sha256) -> dict[str, Any]:
        """What is archived under this digest."""
        found = catalogue.certificate(sha256)
        if found is None:
            raise _absent(catalogue, sha256)
        forks = [
            {"kind": fork.kind, "record_sha256": fork.record_sha256} for fork in catalogue.forks(found[0].sequence)
        ]
        return {**_metadata(*found), "forks": forks}

    def get_file(sha256: Sha256, name: str) -> Response:
        found = catalogue.certificate(sha256)
        data = catalogue.file(sha256, name)
        if found is None or data is None:
            raise _absent(catalogue, sha256)
        media_type, title = _TYPES.get(name) or ("application/pdf", _document_name(catalogue, sha256))
        headers = {"Content-Disposition": f'attachment; filename="{found[0].record_id}.{title}"'}
        return Response(data, media_type=media_type, headers=headers)

    for name in FILES:
        router.add_api_route(
            f"/v1/certificates/{{sha256}}/{name}",
            _bound(get_file, name),
            methods=["GET"],
            name=f"get_{name}",
            response_class=Response,
        )
    return router


def _bound(get_file: Any, name: str) -> Any:  # noqa: ANN401 - FastAPI reads the inner signature
    def get(sha256: Sha256) -> Response:
        response: Response = get_file(sha256, name)
        return response

    return get


def _document_name(catalogue: Catalogue, sha256: str) -> str:
    # As on the stick, from the record itself: a column for the headline can't tell a partial certificate.
    return document_kind(decode_record(catalogue.file(sha256, "record") or b"")).file_name


def _metadata(row: AnyRow, drives: tuple[AnyRow, ...]) -> dict[str, Any]:
    names = (
        "record_sha256", "evidence_sha256", "record_id", "received_at", "issued_at", "headline", "environment",
        "specimen", "test_root", "organisation", "station",
    )  # fmt: skip
    base = f"/v1/certificates/{row.record_sha256}"
    return {
        **{name: getattr(row, name) for name in names},
        "sequence": str(row.sequence),
        "media": [{"outcome": d.outcome, "level_reached": d.level_reached} for d in drives],
        "files": {name: f"{base}/{name}" for name in FILES},
    }


def _absent(catalogue: Catalogue, sha256: str) -> Problem:
    if catalogue.is_quarantined(sha256):
        return Problem(HTTPStatus.NOT_FOUND, "Not archived: it is kept in quarantine.")
    return Problem(HTTPStatus.NOT_FOUND, "Nothing is archived under this digest.")
